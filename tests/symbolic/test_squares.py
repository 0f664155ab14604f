"""Squares that stand multiplied out in sums."""

import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from kansym.symbolic.complexity import complexity
from kansym.symbolic.parametric import parametrize
from kansym.symbolic.simplification import simplify
from kansym.symbolic.squares import complete_squares

X, Y, Z = SYMBOLS = sympy.symbols("x y z")
F = sympy.Float


@pytest.mark.parametrize(
    ("apart", "together"),
    [
        (X**2 - 2 * X * Y + Y**2 + Z, (X - Y) ** 2 + Z),
        (1 / (F(1.7) * X**2 - F(3.4) * X * Y + F(1.7) * Y**2 + Z**2), 1 / (F(1.7) * (X - Y) ** 2 + Z**2)),
        (4 * X**2 + 4 * X * Y + Y**2 + Z, (2 * X + Y) ** 2 + Z),
        (3 * Z - X**2 - 2 * X * Y - Y**2, 3 * Z - (X + Y) ** 2),
        (X**2 - 2 * X + 1 + Z, (X - 1) ** 2 + Z),
        (X**4 + 2 * X**2 * Y / Z + Y**2 / Z**2 - Z, (X**2 + Y / Z) ** 2 - Z),
        (sympy.sin(X**2 + 2 * X * Y + Y**2 + Z) * Y, sympy.sin((X + Y) ** 2 + Z) * Y),
    ],
    ids=str,
)
def test_three_terms_are_one_square(apart, together):
    found = complete_squares(apart)
    assert sympy.expand(found - apart).equals(0)
    assert complexity(found) == complexity(together) < complexity(apart)


@pytest.mark.parametrize(
    "expression",
    [
        X**2 + 2 * X + Z,
        X**2 - 3 * X * Y + Y**2 + Z,
        X**2 - 2 * X * Y - Y**2 + Z,
        F(1.7) * X**2 - F(3.401) * X * Y + F(1.7) * Y**2 + Z,
        X**3 + 2 * X * Y + Y**2,
        X**2 + Y**2,
    ],
    ids=str,
)
def test_what_is_no_square_stays(expression):
    assert complete_squares(expression) == expression


@given(st.floats(0.1, 50), st.floats(-9, 9).filter(lambda q: abs(q) > 0.1), st.integers(1, 3), st.sampled_from([-1, 1]))
def test_values_stay(p, q, power, sign):
    square = sign * (F(p) * X**power + F(q) * Y * Z) ** 2
    expression = sympy.expand(square) + F(0.7) * Z
    rows = np.random.default_rng(0).uniform(0.2, 5.0, (20, 3))
    found, expected = (parametrize(e, SYMBOLS).evaluate(rows) for e in (complete_squares(expression), expression))
    size = parametrize(F(p) ** 2 * X ** (2 * power) + F(q) ** 2 * (Y * Z) ** 2 + Z, SYMBOLS).evaluate(rows)
    assert (np.abs(found - expected) <= 1e-12 * size).all()
    assert len(sympy.Add.make_args(complete_squares(expression))) == 2


def test_newtons_law_with_one_square_multiplied_out():
    names = sympy.symbols("m x1 x2 y1 y2 z1 z2")
    m, x1, x2, y1, y2, z1, z2 = names
    apart = m / (x1**2 - 2 * x1 * x2 + x2**2 + (y1 - y2) ** 2 + (z1 - z2) ** 2)
    rows = np.random.default_rng(1).uniform([1, 1, 3, 1, 3, 1, 3], [2, 2, 4, 2, 4, 2, 4], (300, 7))
    found = simplify(apart, names, rows, seconds=20.0).expression
    assert complexity(found) == complexity(m / ((x1 - x2) ** 2 + (y1 - y2) ** 2 + (z1 - z2) ** 2))
