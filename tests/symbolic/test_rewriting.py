"""A found formula in the notation of textbooks."""

import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from kansym.symbolic.canonical import canonicalize
from kansym.symbolic.complexity import complexity
from kansym.symbolic.parametric import ParametricForm, parametrize
from kansym.symbolic.rewriting import absorb_minus, join_logarithms, join_roots, with_factors, with_positive_offsets

X, Y, Z = SYMBOLS = sympy.symbols("x y z")
log, cos, exp = sympy.log, sympy.cos, sympy.exp
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
def test_no_roots_to_join(expression):
    assert join_roots(expression) == expression


exponents = st.sampled_from([sympy.Rational(p, q) for p in (-3, -2, -1, 1, 2, 3) for q in (1, 2, 3)])


@given(st.lists(exponents, min_size=3, max_size=3), st.sampled_from([1.0, -2.5]))
def test_joined_roots_keep_values(powers, factor):
    expression = sympy.Float(factor) * sympy.Mul(*(s**p for s, p in zip(SYMBOLS, powers, strict=True)))
    found = join_roots(expression)
    assert complexity(found) <= complexity(expression)
    point = (0.7, 1.9, 3.1)
    expected = factor * np.prod([v ** float(p) for v, p in zip(point, powers, strict=True)])
    assert float(found.subs(dict(zip(SYMBOLS, point, strict=True)))) == pytest.approx(expected, rel=1e-12)


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
def test_one_logarithm(apart, size):
    joined = join_logarithms(apart)
    assert complexity(joined) <= min(size, complexity(apart))
    assert len(joined.atoms(log)) == 1 or not joined.has(log)


@pytest.mark.parametrize("expression", [X, log(X) + 1, log(X) + Y * log(Y), 1.5 * log(X) + log(Y)], ids=str)
def test_no_logarithms_to_join(expression):
    assert join_logarithms(expression) == expression


def test_coefficients_without_a_common_measure_make_no_giant_power():
    # 7^998610117 has 800 million digits.
    expression = sympy.Rational(100003, 9973) * log(X) + sympy.Rational(99991, 10007) * log(sympy.Integer(7))
    assert join_logarithms(expression) == expression


coefficients = st.sampled_from([sympy.Rational(p, q) for p in (-3, -2, -1, 1, 2, 3) for q in (1, 2, 3)])


@pytest.mark.long
@given(st.lists(coefficients, min_size=3, max_size=3))
def test_joined_logarithms_keep_values(powers):
    expression = sympy.Add(*(p * log(s) for p, s in zip(powers, SYMBOLS, strict=True)), sympy.Float(0.25))
    rows = np.random.default_rng(0).uniform(0.2, 5.0, (20, 3))
    found, expected = (parametrize(e, SYMBOLS).evaluate(rows) for e in (join_logarithms(expression), expression))
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    ("written", "better"),
    [
        (-X * log(Y / Z), X * log(Z / Y)),
        (3 - 2 * log(Y / Z), 3 + 2 * log(Z / Y)),
        (-2 * X * (cos(Y) - 1), 2 * X * (1 - cos(Y))),
        (-X * (Y - Z) / 2, X * (Z - Y) / 2),
        (exp(-X * (Y - Z)), exp(X * (Z - Y))),
        (-X * (X + 2 * Y - 3), X * (3 - X - 2 * Y)),
        (-X * (Y - 1) / (Z - 2) ** 2, X * (1 - Y) / (Z - 2) ** 2),
    ],
    ids=str,
)
def test_a_factor_takes_the_minus(written, better):
    found = absorb_minus(written)
    assert found == better and str(found) == str(better)
    assert complexity(found) <= complexity(written)


@pytest.mark.parametrize(
    "expression",
    [
        -log(X) + 2,
        -log(X / 2),
        -log(Y / Z) * (X - Y),
        -log(1 / X**2 - 1 / Y**2) - 16,
        -X * (Y + Z),
        -X * Y,
        sympy.Float(-2.5) * X * (Y - Z),
        X - Y,
        -((X - Y) ** 2),
        exp(-X),
    ],
    ids=str,
)
def test_no_minus_to_absorb(expression):
    assert absorb_minus(expression) == expression


@given(st.sampled_from([-3, -1, sympy.Rational(-1, 2), 2]), st.floats(-5, 5), st.booleans())
def test_absorbed_signs_keep_values(number, constant, logarithm):
    factor = log(X / (Y + 1)) if logarithm else cos(Y) - sympy.Float(constant)
    expression = sympy.Mul(number, factor, Z, evaluate=False) + X
    rows = np.random.default_rng(0).uniform(0.2, 5.0, (20, 3))
    found, expected = (parametrize(e, SYMBOLS).evaluate(rows) for e in (absorb_minus(expression), expression))
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


def test_a_fitted_constant_below_zero_becomes_positive():
    c, k = sympy.symbols("c k")
    form = ParametricForm(-k / (c + 1 / X), (X,), (c, k), np.array([-0.07, 2.0]))
    better, signs = with_positive_offsets(form)
    assert better.expression == k / (c - 1 / X) and better.values.tolist() == [0.07, 2.0] and signs.tolist() == [-1, 1]
    rows = np.linspace(20, 80, 9)[:, None]
    np.testing.assert_allclose(better.evaluate(rows), form.evaluate(rows), rtol=1e-14)


@pytest.mark.parametrize(
    ("expression", "values"),
    [
        (lambda c, k: -k / (c + X) ** 2, [-0.07, 2.0]),
        (lambda c, k: -k / (c + X), [0.07, 2.0]),
        (lambda c, k: k / (c + X), [-0.07, 2.0]),
        (lambda c, k: -k / (c + X) + c, [-0.07, 2.0]),
        (lambda c, k: -k / (c - X), [-0.07, 2.0]),
    ],
)
def test_other_constants_keep_their_signs(expression, values):
    c, k = sympy.symbols("c k")
    form = ParametricForm(expression(c, k), (X,), (c, k), np.array(values))
    better, signs = with_positive_offsets(form)
    assert better.expression == form.expression and (signs == 1).all()


x, t = sympy.symbols("x t", real=True)


@pytest.mark.parametrize(
    ("expression", "constants"),
    [
        (sympy.sin(x), 2),
        (sympy.exp(-x) + t, 3),
        (sympy.log(1 + x) * t, 3),
        (1 / sympy.sqrt(1 + x**2), 3),
        (sympy.Float(2.5) * sympy.cos(x), 2),
        (x * t, 1),
    ],
)
def test_every_term_and_argument_gets_a_factor(expression, constants):
    scaled = with_factors(expression)
    form = parametrize(scaled, (x, t))
    assert len(form.constants) == constants
    place = {x: 0.3, t: 0.7}
    assert float(scaled.subs(place)) == pytest.approx(float(expression.subs(place)), rel=2e-5)


@pytest.mark.parametrize("factor", [1.0, -1.0, 1 + 2e-16])
def test_algebra_drops_no_factor_that_may_carry_a_unit(factor):
    factor = sympy.Float(factor)
    scaled = with_factors(factor * sympy.exp(factor * x))
    assert len(parametrize(canonicalize(scaled), (x,)).constants) == 2
    assert float(scaled.subs(x, 0.3)) == pytest.approx(float(factor * sympy.exp(0.3 * factor)), rel=2e-5)
