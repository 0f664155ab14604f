"""Sums of logarithms as one."""

import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from kansym.symbolic.complexity import complexity
from kansym.symbolic.logarithms import join_logarithms
from kansym.symbolic.parametric import parametrize

X, Y, Z = SYMBOLS = sympy.symbols("x y z")
log = sympy.log


@pytest.mark.parametrize(
    ("apart", "size"),
    [
        (log(X) + log(Y) - 2 * log(Z) + 3, 10),
        (-log(X) - log(Y), 5),
        (log(X) / 2 + log(Y) / 2, 6),
        (3 * log(X) - log(sympy.exp(Y / X) - 1) - 7, 13),
        (sympy.exp(log(X + 1) - log(Y)) * Z, 7),
    ],
    ids=str,
)
def test_fewer_nodes(apart, size):
    joined = join_logarithms(apart)
    assert complexity(joined) <= min(size, complexity(apart))
    assert len(joined.atoms(log)) == 1 or not joined.has(log)


@pytest.mark.parametrize("expression", [X, log(X) + 1, log(X) + Y * log(Y), 1.5 * log(X) + log(Y)], ids=str)
def test_nothing_to_join(expression):
    assert join_logarithms(expression) == expression


def test_coefficients_without_a_common_measure_make_no_giant_power():
    # 7^998610117 has 800 million digits.
    expression = sympy.Rational(100003, 9973) * log(X) + sympy.Rational(99991, 10007) * log(sympy.Integer(7))
    assert join_logarithms(expression) == expression


coefficients = st.sampled_from([sympy.Rational(p, q) for p in (-3, -2, -1, 1, 2, 3) for q in (1, 2, 3)])


@given(st.lists(coefficients, min_size=3, max_size=3))
def test_values_stay(powers):
    expression = sympy.Add(*(p * log(s) for p, s in zip(powers, SYMBOLS, strict=True)), sympy.Float(0.25))
    rows = np.random.default_rng(0).uniform(0.2, 5.0, (20, 3))
    found, expected = (parametrize(e, SYMBOLS).evaluate(rows) for e in (join_logarithms(expression), expression))
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)
