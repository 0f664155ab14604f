"""Changes of coordinates: the chain rule, the way back, and what they are for."""

import itertools

import numpy as np
import pytest
import sympy

from kansym.structure.coordinates import POWERS, Coordinates, coordinate_changes
from kansym.structure.problem import Problem
from kansym.structure.separability import separations

A, B, C, U = sympy.symbols("a b c u", positive=True)
CHANGES = [Coordinates(0, 1, powers) for powers in POWERS] + [Coordinates(0, 1, None, sign) for sign in (1, -1)]


def old_column(change):
    """The replaced column a in u and b."""
    if change.powers is None:
        return U - change.sign * B
    p, q = change.powers
    return (U / B**q) ** sympy.Rational(1, p)


@pytest.mark.parametrize("change", CHANGES, ids=lambda one: str(one.powers or one.sign))
def test_the_chain_rule(box, law, change):
    X = box(50, (1.5, 2.5), (0.5, 1.2), None)
    y = sympy.exp(A / 3) * sympy.sin(B) + C * A / B
    value, gradient = law(y, (A, B, C)).value_and_gradient(X)
    expected_value, expected = law(y.xreplace({A: old_column(change)}), (U, B, C)).value_and_gradient(change.inputs(X))
    np.testing.assert_allclose(value, expected_value, rtol=1e-12)
    np.testing.assert_allclose(change.gradient(gradient, X), expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("change", CHANGES, ids=lambda one: str(one.powers or one.sign))
@pytest.mark.parametrize("i, j", [(0, 1), (2, 0)])
def test_the_way_back(box, values, change, i, j):
    X = box(40, None, None, None)
    change = Coordinates(i, j, change.powers, change.sign)
    before = X.copy()
    problem = Problem.of(X, X.sum(1), (A, B, C))
    changed = change.apply(problem)
    np.testing.assert_array_equal(X, before)
    np.testing.assert_array_equal(changed.X, change.inputs(X))
    for column, expression in zip(changed.X.T, changed.columns, strict=True):
        np.testing.assert_allclose(column, values(expression, (A, B, C), X), rtol=1e-12)
    # Only column i is another one.
    others = [k for k in range(3) if k != i]
    np.testing.assert_array_equal(changed.X[:, others], X[:, others])
    assert changed.t is problem.t and changed.outer == problem.outer and len(changed.steps) == 1


def test_all_changes_of_positive_columns(box):
    changes = [one for one in coordinate_changes(box(20, None, None, None)) if not one.shift]
    found = [(one.i, one.j, one.powers, one.sign) for one in changes]
    assert len(found) == len(set(found)) == 6 * (len(POWERS) + 2)
    assert {(i, j) for i, j, _, _ in found} == set(itertools.permutations(range(3), 2))


def test_products_of_columns_of_one_sign_only(box):
    X = box(20, None, (-1.0, 1.0), (-2.0, -1.0))
    found = [one for one in coordinate_changes(X) if not one.shift]
    assert {frozenset((one.i, one.j)) for one in found if one.powers is not None} == {frozenset((0, 2))}
    assert len([one for one in found if one.powers is None]) == 12
    assert all(np.isfinite(one.inputs(X)).all() for one in found)


def test_one_column_has_no_changes(box):
    assert list(coordinate_changes(box(20, None))) == []


@pytest.mark.parametrize(
    "expression, powers, sign",
    [
        (sympy.sin(A * B) * sympy.exp(-B), (1, 1), 1),
        (sympy.tanh(A / B) + sympy.cos(2 * B), (1, -1), 1),
        (sympy.sin(A + B) / (1 + B**2), None, 1),
        (sympy.tanh(A - B) + B**3, None, -1),
    ],
    ids=str,
)
def test_a_column_in_two_places_separates_in_the_right_coordinates(box, law, expression, powers, sign):
    X = box(600, None, None)
    value, gradient = law(expression, (A, B)).value_and_gradient(X)
    assert all(one.misfit > 0.02 for one in separations(value, gradient, X, loose=np.inf))
    change = Coordinates(0, 1, powers, sign)
    found = separations(value, change.gradient(gradient, X), change.inputs(X), loose=np.inf)
    assert found[0].misfit < 0.01
    assert found[0].product == isinstance(expression, sympy.Mul)


def test_a_difference_hidden_in_a_ratio_is_a_shifted_product(box):
    X = box(40, None, None)
    found = [one for one in coordinate_changes(X) if one.shift == 1 and one.powers == (1, 1)]
    assert {(one.i, one.j) for one in found} == {(0, 1), (1, 0)}
    change = next(one for one in found if one.i == 0)
    np.testing.assert_allclose(change.inputs(X)[:, 0], (X[:, 0] - 1) * X[:, 1], rtol=1e-14)
    # A function of the new column alone has no derivative along the old one.
    gradient = np.cos((X[:, :1] - 1) * X[:, 1:]) * np.column_stack([X[:, 1], X[:, 0] - 1])
    assert np.abs(change.gradient(gradient, X)[:, 1]).max() < 1e-12
