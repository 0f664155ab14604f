"""Factors of polynomials whose degrees are those of laws."""

import pytest
import sympy

from kansym.symbolic.factoring import HIGHEST, factored

x, y, c = sympy.symbols("x y c", positive=True)


@pytest.mark.parametrize(
    "expression",
    [
        x**2 - y**2,
        x * y + x * c,
        sympy.exp(2 * x) - 1,
        sympy.sqrt(x) * y + x,
        1 / x + 1 / y,
        x**3 / 7 + c,
        sympy.sin(x) ** 2 + 2 * sympy.sin(x) + 1,
        sympy.Abs(x - y) * c + x * sympy.Abs(x - y),
        (x + y) ** 30 * (x + c),
        sympy.Integer(6),
        x,
    ],
    ids=str,
)
def test_it_is_that_of_sympy_for_moderate_degrees(expression):
    assert factored(expression) == sympy.factor(expression)


@pytest.mark.parametrize(
    "expression",
    [
        c * x**3 + sympy.exp(c * (x - 703) ** 2) / 2,
        y + 2 * sympy.exp(c * (x - sympy.Rational(70301, 100)) ** 2),
        x ** (HIGHEST // 2 + 1) + c * y ** (HIGHEST // 2 + 1),
        1 + 1 / (c + sympy.exp(c * (y - 911) ** 2)),
    ],
    ids=str,
)
def test_high_degrees_are_left_alone(expression):
    assert factored(expression) is expression
