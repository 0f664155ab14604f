"""Products of roots under one root."""

import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from kansym.symbolic.complexity import complexity
from kansym.symbolic.roots import join_roots

X, Y, Z = SYMBOLS = sympy.symbols("x y z")
THIRD = sympy.Rational(1, 3)


@pytest.mark.parametrize(
    ("apart", "joined"),
    [
        (sympy.sqrt(X) * sympy.sqrt(Y) / sympy.sqrt(Z), sympy.sqrt(X * Y / Z)),
        (2.5 * Z / (sympy.sqrt(X) * sympy.sqrt(Y)), 2.5 * Z / sympy.sqrt(X * Y)),
        (sympy.exp(sympy.sqrt(X) * sympy.sqrt(1 + Y)) + 1, sympy.exp(sympy.sqrt(X * (1 + Y))) + 1),
        (X**THIRD * Y ** (-THIRD) * sympy.sqrt(Z), (X / Y) ** THIRD * sympy.sqrt(Z)),
    ],
    ids=str,
)
def test_one_root(apart, joined):
    assert join_roots(apart) == joined
    assert complexity(joined) < complexity(apart)


@pytest.mark.parametrize(
    "expression", [X, X**2 * sympy.sqrt(Y), sympy.sqrt(2) * sympy.sqrt(X), X**0.5 * Y**0.5], ids=str
)
def test_nothing_to_join(expression):
    assert join_roots(expression) == expression


exponents = st.sampled_from([sympy.Rational(p, q) for p in (-3, -2, -1, 1, 2, 3) for q in (1, 2, 3)])


@given(st.lists(exponents, min_size=3, max_size=3), st.sampled_from([1.0, -2.5]))
def test_values_stay(powers, factor):
    expression = sympy.Float(factor) * sympy.Mul(*(s**p for s, p in zip(SYMBOLS, powers, strict=True)))
    found = join_roots(expression)
    assert complexity(found) <= complexity(expression)
    point = (0.7, 1.9, 3.1)
    expected = factor * np.prod([v ** float(p) for v, p in zip(point, powers, strict=True)])
    assert float(found.subs(dict(zip(SYMBOLS, point, strict=True)))) == pytest.approx(expected, rel=1e-12)
