"""Whole parts taken out of fractions."""

import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from kansym.symbolic.complexity import complexity
from kansym.symbolic.division import divide

X, Y = sympy.symbols("x y", positive=True)


@pytest.mark.parametrize(
    ("fraction", "expected"),
    [
        # The respiration of bacteria, and a predator's prey (Strogatz, p. 288).
        (-(X * Y + X**3 / 2 - 10 * X**2 + X - 20) / (X**2 / 2 + 1), 20 - X - X * Y / (X**2 / 2 + 1)),
        (-X * (Y + X**2 - 3 * X - 4) / (X + 1), -X * (X - 4 + Y / (X + 1))),
        ((X * Y + Y + 1) / (X + 1), Y + 1 / (X + 1)),
        (sympy.exp(X**2 * Y * (X**2 - 1 + Y) / (X + 1)), sympy.exp(X**2 * Y * (X - 1 + Y / (X + 1)))),
    ],
    ids=str,
)
def test_a_shorter_form(fraction, expected):
    found = divide(fraction)
    assert complexity(found) == complexity(expected) < complexity(fraction)
    assert sympy.simplify(found - expected) == 0


@pytest.mark.parametrize(
    "expression",
    [X, X / (1 + Y), (X + 1) / (Y + 2), X**2 / (1 + X), (1 - X) / (1 + X), sympy.sin(X) / (1 + X)],
    ids=str,
)
def test_what_would_not_be_shorter_stays(expression):
    assert divide(expression) == expression


def test_real_constants_are_divided_without_rounding():
    a = sympy.Float(1.2345678901234567)
    found = divide((X * Y + a * X**2 + a * X) / (X + 1))
    assert sympy.Float(a) in found.atoms(sympy.Float)
    assert complexity(found) == complexity(a * X + X * Y / (X + 1))


coefficients = st.integers(-5, 5)


@given(st.lists(coefficients, min_size=3, max_size=4), coefficients, st.integers(1, 5))
def test_the_value_never_changes(above, cross, below):
    numerator = sum((c * X**k for k, c in enumerate(above)), cross * X * Y)
    fraction = numerator / (X + below)
    found = divide(fraction)
    assert complexity(found) <= complexity(fraction)
    point = {X: sympy.Rational(7, 3), Y: sympy.Rational(5, 11)}
    assert sympy.expand(found.subs(point) - fraction.subs(point)) == 0
