"""Products of powers and exponentials, of any signs and over any range, are exact by linear algebra."""

import numpy as np
import pytest
import sympy
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from kansym.structure.monomials import monomial_law

A, B, C = SYMBOLS = sympy.symbols("a b c", real=True)

LAWS = [
    A**5 / B**3,
    -1.92 * A * B * sympy.exp(2 * A),
    3 * sympy.Abs(A) ** 0.426 * sympy.exp(-B),
    -sympy.sign(A) * sympy.Abs(A) ** sympy.Rational(1, 3) * B**2,
    sympy.exp(-(A**2) / 2) / B,
    2.5 * B,
]


@pytest.mark.parametrize("expression", LAWS, ids=str)
def test_of_both_signs_and_over_decades(box, law, agree, expression):
    X = box(400, (-9, 9), (-9, 9), (-1, 1))
    found = monomial_law(X, law(expression, SYMBOLS).predict(X), SYMBOLS)
    assert found is not None and found.free_symbols == expression.free_symbols
    assert agree(found, expression, SYMBOLS, box(200, (-12, 12), (-12, 12), (-1, 1), seed=1), relative=1e-7)


@settings(max_examples=30)
@given(st.lists(st.sampled_from([-3, -2, -1, 0, 0.5, 1, 1.5, 2, 0.37]), min_size=3, max_size=3))
def test_exponents_are_what_they_were(box, exponents):
    assume(any(exponents))
    X = box(300, (0.1, 9), (0.1, 9), (0.1, 9))
    found = monomial_law(X, 7.0 * np.prod(X ** np.array(exponents), axis=1), SYMBOLS)
    assert found is not None
    powers = found.as_powers_dict()
    for symbol, exponent in zip(SYMBOLS, exponents, strict=True):
        assert float(powers.get(symbol, 0)) == pytest.approx(exponent, abs=1e-7)
        assert exponent == 0.37 or powers.get(symbol, sympy.S.Zero).is_Rational


OTHERS = [A + B, A * B + 0.01, sympy.sin(A) * B, A / (B + 10), sympy.tanh(A)]


@pytest.mark.parametrize("expression", OTHERS, ids=str)
def test_what_is_no_such_product(box, law, expression):
    X = box(400, (-3, 3), (-3, 3))
    assert monomial_law(X, law(expression, (A, B)).predict(X), (A, B)) is None


def test_signs_that_no_power_has_are_no_law(box, rng):
    X = box(400, (-3, 3), (-3, 3))
    t = np.abs(X[:, 0]) ** 1.5 * X[:, 1] ** 2 * np.sign(rng.normal(size=400))
    assert monomial_law(X, t, (A, B)) is None


def test_noise_few_rows_and_zeros_are_no_law(box, rng):
    X = box(400, (-3, 3), (-3, 3))
    t = X[:, 0] * X[:, 1]
    assert monomial_law(X, t * (1 + 1e-8 * rng.normal(size=400)), (A, B)) is None
    assert monomial_law(X[:10], t[:10], (A, B)) is None
    assert monomial_law(X, np.where(t > 0, t, 0.0), (A, B)) is None
    assert monomial_law(X[:, :0], t, ()) is None
    # A column with a zero is no factor, and the others may still be.
    X[0, 0] = 0.0
    assert monomial_law(X, 3 * X[:, 1] ** 2, (A, B)) is not None
