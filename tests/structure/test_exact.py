"""What linear algebra finds of a problem are formulas for the user's y."""

import numpy as np
import pytest
import sympy

from kansym import clock
from kansym.structure.exact import beside, featured, short_sums
from kansym.structure.problem import Problem
from kansym.structure.shortening import at_once

A, B, C = SYMBOLS = sympy.symbols("a b c", real=True)


def laws(whole, *, any_function):
    return at_once(whole, lambda *_: iter(()), any_function=any_function, until=np.inf)


def first(engine, expression, box, values, low=0.3):
    X = box(900, *[(low, 4)] * 3)
    # In units in which neither columns nor target are of moderate size, which formulas for y undo.
    scales = np.array([1e6, 1.0, 1.0])
    y = 1e-7 * values(expression, SYMBOLS, X)
    whole = Problem.of(X * scales, y, SYMBOLS)
    with clock.running(clock.Clock()):
        found = next(engine(whole), None)
    truth = sympy.Float(1e-7) * expression.xreplace({A: A / 1e6})
    return found, truth, box(200, *[(low, 4)] * 3, seed=1) * scales


@pytest.mark.parametrize(
    ("engine", "expression"),
    [
        (lambda whole: laws(whole, any_function=False), (A + B) / (1 + A * C)),
        (lambda whole: laws(whole, any_function=True), B - C + sympy.sqrt(A**2 + B * C)),
        (lambda whole: short_sums(whole, np.inf), A * sympy.sin(B) + sympy.exp(-C)),
        (lambda whole: featured(whole, np.inf), (1 - A**2) / (1 + A * sympy.cos(B))),
        (lambda whole: beside(whole, np.inf), A * B + B * sympy.exp(B) - C * B**2),
    ],
    ids=["rational", "algebraic", "short sums", "featured", "mixed"],
)
def test_a_law_in_the_units_of_the_user(engine, expression, box, values, agree):
    found, truth, X = first(engine, expression, box, values)
    assert found is not None
    assert agree(found[0], truth, SYMBOLS, X, relative=1e-7)


def test_without_functions_there_are_no_roots(box, values):
    found, _, _ = first(lambda whole: laws(whole, any_function=False), sympy.sqrt(A + B) + C, box, values)
    assert found is None
