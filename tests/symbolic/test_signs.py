"""A minus goes where there is room for it."""

import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from kansym.symbolic.complexity import complexity
from kansym.symbolic.parametric import ParametricForm, parametrize
from kansym.symbolic.signs import absorb_minus, with_positive_offsets

X, Y, Z = SYMBOLS = sympy.symbols("x y z")
log, cos, exp = sympy.log, sympy.cos, sympy.exp


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
def test_nothing_to_do(expression):
    assert absorb_minus(expression) == expression


@given(st.sampled_from([-3, -1, sympy.Rational(-1, 2), 2]), st.floats(-5, 5), st.booleans())
def test_values_stay(number, constant, logarithm):
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
