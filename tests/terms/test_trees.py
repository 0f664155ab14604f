"""Trees of operations: values, derivatives, formulas."""

import numpy as np
import pytest
import sympy
from scipy.differentiate import derivative

from kansym.terms.trees import BINARY, NOTHING_NEW, UNARY, Ranges, Tree

OPERATIONS = [*UNARY, *BINARY]
GENERATOR = np.random.default_rng(3)
COLUMNS = GENERATOR.uniform(0.5, 2.0, (2, 40))
SYMBOLS = sympy.symbols("x y", positive=True)


def leaf(k):
    return Tree(None, input=k)


def started(operation, *columns):
    constants, there = operation.begin(*(Ranges.of(np.atleast_2d(column)) for column in columns))
    return constants[0, there[0]]


def arity(operation):
    return 1 if operation in UNARY else 2


def of(operation):
    return Tree(operation, tuple(leaf(k) for k in range(arity(operation))))


def starts(operation):
    return started(operation, *COLUMNS[: arity(operation)])


def test_where_most_values_are_there_are_starts_too():
    even, lopsided = np.linspace(0.0, 1.0, 41), np.append(np.linspace(0.0, 0.02, 40), 1.0)
    both = Ranges.of(np.array([even, lopsided]), extreme=[3])
    np.testing.assert_allclose(both.widths, [[1.0, np.nan], [1.0, 2 * np.median(lopsided)]])
    np.testing.assert_allclose(both.centres[:, 0], [even[3], lopsided[3]])
    assert np.isnan(both.centres[0, 1]) and both.centres[1, 1] == np.median(lopsided)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.name)
def test_starts_of_many_arguments_are_those_of_each(operation):
    many = np.stack([COLUMNS, COLUMNS - 1.2, 30 * COLUMNS**3, -COLUMNS], 1)[: arity(operation)]
    constants, there = operation.begin(*map(Ranges.of, many))
    assert constants.shape[:2] == there.shape
    for k in range(many.shape[1]):
        np.testing.assert_array_equal(constants[k, there[k]], started(operation, *many[:, k]))


def test_a_quotient_asks_for_a_divisor_of_one_sign():
    quotient = next(one for one in BINARY if one.name == "quotient")
    one, signed = COLUMNS[:1], COLUMNS[:1] - 1.2
    assert len(started(quotient, signed, one)) == len(started(quotient, one, -one)) == 1
    assert len(started(quotient, one, signed)) == 0


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.name)
def test_every_start_has_values(operation):
    theta = starts(operation)
    assert len(theta)
    assert np.isfinite(of(operation).values(COLUMNS, theta)).all()


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.name)
def test_a_formula_has_the_values_of_its_tree(operation):
    tree = of(operation)
    for theta in starts(operation):
        formula = sympy.lambdify(SYMBOLS, tree.expression(SYMBOLS, [sympy.Float(v) for v in theta]))
        np.testing.assert_allclose(formula(*COLUMNS), tree.values(COLUMNS, theta[None])[0], rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("outer", OPERATIONS, ids=lambda one: one.name)
@pytest.mark.parametrize("inner", [UNARY[0], UNARY[2], BINARY[0], BINARY[3]], ids=lambda one: one.name)
def test_slopes_are_derivatives(outer, inner):
    tree = Tree(outer, tuple(of(inner) if k == 0 else leaf(k) for k in range(arity(outer))))
    first = starts(inner)[0]
    values = of(inner).values(COLUMNS, first[None])
    own = started(outer, *[values, COLUMNS[1]][: arity(outer)])
    if not len(own):
        pytest.skip("the outer function has no values there")
    theta = np.concatenate([first, own[0]])
    _, slopes = tree.values_and_slopes(COLUMNS, theta[None])
    assert len(slopes) == tree.constants == len(theta)
    for k, slope in enumerate(slopes):
        # Away from the point where |u| has no slope.
        rows = np.abs(values[0] + theta[-1]) > 0.05 if outer.name == "magnitude" else np.ones(40, bool)

        def at(value, row, k=k):
            moved = np.repeat(theta[None], np.size(value), 0)
            moved[:, k] = np.ravel(value)
            return tree.values(COLUMNS, moved)[:, row].reshape(np.shape(value))

        step = 1e-3 * max(abs(theta[k]), 0.1)
        chosen = np.flatnonzero(rows)[::9]
        numerical = [derivative(at, theta[k], args=(row,), initial_step=step).df for row in chosen]
        exact = np.broadcast_to(slope, (1, 40))[0][chosen]
        np.testing.assert_allclose(exact, numerical, rtol=1e-5, atol=1e-7 * np.abs(exact).max() + 1e-12)


def test_nodes_and_constants_are_counted():
    tree = Tree(UNARY[0], (Tree(BINARY[0], (leaf(0), of(UNARY[2]))),))
    assert tree.constants == 4
    assert tree.nodes == 3 + 2 + 1 + 4 + 1


def test_names_of_what_is_nothing_new_exist():
    names = {one.name for one in OPERATIONS}
    assert NOTHING_NEW.keys() <= names
    assert all(inner <= names for inner in NOTHING_NEW.values())
