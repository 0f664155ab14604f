"""Factors of polynomials whose degrees are those of laws."""

import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from kansym.symbolic.factoring import HIGHEST, factored
from kansym.symbolic.timelimit import call_with_limit

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
        sympy.sqrt((x**2 + 2 * x * y + y**2) / (x * y + x)),
        c - y,
        -2 * c * x * y + 4 * y - 6,
        (x * y + c * y + x + c) / (x - x * y),
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


_NUMBER = st.integers(-3, 3).filter(bool).map(sympy.Integer)


@given(
    st.lists(st.lists(st.tuples(_NUMBER, st.sampled_from([x, y, c, x * y, c * x])), min_size=1), min_size=1, max_size=3)
)
def test_factors_multiply_to_the_polynomial(sums):
    product = sympy.Mul(*(sympy.Add(*(number * term for number, term in one), 1) for one in sums))
    assert sympy.expand(factored(sympy.expand(product)) - product) == 0


def test_many_symbols_take_no_longer_than_few():
    """The order of generators in which Wang's algorithm takes most of a minute, and a power of the factor as well."""
    a, b, d, e = sympy.symbols("a b d e", positive=True)
    factor, other = a * b * x**2 * y + d * x * c - e * y**2 + b, a * x - d * e * y * c**2 + 1
    product = sympy.expand(factor**2 * other * (a + b * x))
    found = call_with_limit(lambda: factored(product), 20)
    assert sympy.expand(found - product) == 0
    assert sympy.count_ops(found) < sympy.count_ops(product) / 4
