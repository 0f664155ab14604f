"""Laws that are exact but long are found again in the columns that their symmetries leave."""

import math

import numpy as np
import pytest
import sympy

from kansym import clock
from kansym.errors import ArgumentError
from kansym.structure.problem import Problem
from kansym.structure.search import Reducer
from kansym.structure.shortening import LawAsInterpolant, at_once
from kansym.symbolic.complexity import complexity

A, B, C, D = SYMBOLS = sympy.symbols("a b c d", positive=True)


def solutions(expression, box, values, variables=SYMBOLS):
    X = box(900, *[(0.3, 3)] * len(variables))
    y = values(expression, variables, X)
    whole = Problem.of(X, y, variables)
    reducer = Reducer(y, seed=0, deadline=np.inf)
    with clock.running(clock.Clock()):
        found = list(at_once(whole, reducer.by_exact, any_function=True, until=np.inf))
    return found, box(200, *[(0.3, 3)] * len(variables), seed=1)


@pytest.mark.parametrize(
    ("expression", "most"),
    [
        (D / ((1 - 0.37 * (A + B) ** 2 / C**2) ** 2 + 0.37 * (A + B) ** 2 / C**2), 3),
        ((A - math.sqrt(5) * B) ** 4 / (C + 0.7 * D), 3),
    ],
    ids=["resonance of a sum", "unequal shares"],
)
def test_a_long_law_is_found_in_fewer_columns(expression, most, box, values, agree):
    found, X = solutions(expression, box, values)
    formula, _ = found[0]
    assert min(problem.dimension for _, problem in found) <= most
    assert agree(formula, expression, SYMBOLS, X, relative=1e-7)
    # It is the shortest of them.
    assert complexity(formula) < max(complexity(other) for other, _ in found)
    assert all(complexity(formula) <= complexity(other) for other, _ in found)


def test_a_law_without_symmetries_stays(box, values, agree):
    expression = (A**2 + 3 * B) / (1 + A * B**2 + 2 * A + C) + D
    found, X = solutions(expression, box, values)
    assert {problem.dimension for _, problem in found} == {4}
    assert agree(found[0][0], expression, SYMBOLS, X, relative=1e-7)


def test_a_law_need_not_have_derivatives_on_all_rows(box, values, agree):
    expression = sympy.sqrt((A - math.sqrt(5) * B) ** 4 / (C + 0.7 * D) - 0.1)
    X = box(900, *[(0.3, 3)] * 4)
    inside = (X[:, 0] - math.sqrt(5) * X[:, 1]) ** 4 / (X[:, 2] + 0.7 * X[:, 3]) > 0.11
    X = X[inside]
    y = values(expression, SYMBOLS, X)
    law = LawAsInterpolant.of(expression, SYMBOLS)
    reducer = Reducer(y, seed=0, deadline=np.inf)
    # On the edge of the root.
    X[:5, 0] = math.sqrt(5) * X[:5, 1] + (0.1 * (X[:5, 2] + 0.7 * X[:5, 3])) ** 0.25
    y[:5] = 0.0
    with clock.running(clock.Clock()):
        (child, *_), *_ = reducer.by_exact(Problem.of(X, y, SYMBOLS), law)
    assert child.dimension == 3


def test_a_constant_beyond_double_precision_costs_no_law(box, values, monkeypatch):
    def refuse(*_):
        raise ArgumentError("law: beyond double precision")

    monkeypatch.setattr("kansym.structure.shortening.parametrize", refuse)
    found, _ = solutions((A - math.sqrt(5) * B) ** 4 / (C + 0.7 * D), box, values)
    assert {problem.dimension for _, problem in found} == {4}


def test_a_law_is_an_interpolant_with_its_own_derivatives(box):
    X = box(50, (0.3, 3), (0.3, 3))
    law = LawAsInterpolant.of(A**2 / (1 + B), (A, B))
    value, gradient = law.value_and_gradient(X)
    a, b = X.T
    np.testing.assert_allclose(value, a**2 / (1 + b), rtol=1e-12)
    np.testing.assert_allclose(gradient, np.column_stack([2 * a / (1 + b), -(a**2) / (1 + b) ** 2]), rtol=1e-12)
