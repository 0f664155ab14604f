"""Inner functions of two columns."""

import math

import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from kansym.structure.inner import SLOPES, InnerFunction, inner_functions, with_fitted_number
from kansym.structure.surrogate import best_surrogate

A, B, C = sympy.symbols("a b c", positive=True)
X_SYMBOL, Z_SYMBOL = sympy.symbols("x z", real=True)
few = settings(max_examples=30)
HALF = sympy.Rational(1, 2)

PLANTED = [
    (A - B, (0.0, 0.0)),
    (2 * A + B, (0.0, 0.0)),
    (A**2 + B**2, (1.0, 1.0)),
    (A**2 - 3 * B**2, (1.0, 1.0)),
    (A * B, (-1.0, -1.0)),
    (A**2 / B, (-1.0, -1.0)),
    (1 / A + 1 / B, (-2.0, -2.0)),
    (A + B**2, (0.0, 1.0)),
    (sympy.sqrt(A) + B, (-0.5, 0.0)),
    (A**3 - 1 / B, (2.0, -2.0)),
    (sympy.log(A) + B, (-1.0, 0.0)),
]


def independent(first, second, symbols, X, law):
    """Largest sine of the angle between two gradients: 0 where one is a function of the other."""
    p, q = (law(one, symbols).value_and_gradient(X)[1] for one in (first, second))
    cross = p[:, 0] * q[:, 1] - p[:, 1] * q[:, 0]
    return float(np.abs(cross / (np.linalg.norm(p, axis=1) * np.linalg.norm(q, axis=1))).max())


@pytest.mark.parametrize("outer", [sympy.tanh, sympy.exp, lambda h: sympy.atan(h) + h / 3], ids=["tanh", "exp", "atan"])
@pytest.mark.parametrize("inner, slopes", PLANTED, ids=[str(one) for one, _ in PLANTED])
def test_planted(box, law, inner, slopes, outer):
    X = box(200, (0.5, 1.5), (0.5, 1.5))
    (found,) = inner_functions(law(outer(inner), (A, B)), X)
    assert (found.i, found.j, found.slopes) == (0, 1, slopes) and found.misfit < 1e-6
    expression, values = found.apply((A, B), X)
    assert independent(expression, inner, (A, B), X, law) < 1e-6
    np.testing.assert_allclose(values, law(expression, (A, B)).predict(X), rtol=1e-12)


@few
@given(
    st.sampled_from([1, 2, 3, -1, -2, HALF, -HALF]),
    st.sampled_from([1, 2, 3, -1, -2, HALF, -HALF]),
    st.floats(0.2, 5.0),
    st.booleans(),
)
def test_sums_of_powers_of_any_ratio(box, law, p, q, ratio, minus):
    inner = A**p - ratio * B**q if minus else A**p + ratio * B**q
    X = box(150, (0.5, 1.5), (0.5, 1.5))
    (found,) = inner_functions(law(sympy.exp(inner / 4), (A, B)), X)
    assert found.slopes == (float(p - 1), float(q - 1))
    sign = -1 if minus else 1
    assert found.ratio == pytest.approx(sign * float(p) / float(q) / ratio, rel=1e-6)
    # Ratios near small fractions are taken for them, within two per cent.
    assert independent(found.apply((A, B), X)[0], inner, (A, B), X, law) < 0.02


WRONG = [
    A + sympy.tanh(A * B),
    sympy.sin(2 * A) + sympy.exp(B),
    A * B + sympy.cos(A + 2 * B),
    sympy.exp(-A) * sympy.sin(3 * B),
    (A + B) / (1 + A * B),
]


@pytest.mark.parametrize("expression", WRONG, ids=str)
def test_wrong_hypotheses_are_unsure(box, law, expression):
    X = box(300, (0.3, 2.5), (0.3, 2.5))
    assert all(found.misfit > 0.02 for found in inner_functions(law(expression, (A, B)), X, loose=math.inf))


def test_the_right_pair_of_three_comes_first(box, law):
    X = box(300, None, None, None)
    for order in ((A, B, C), (C, A, B), (B, C, A)):
        first = inner_functions(law(C**2 + sympy.sin(A - B) * (1 + C), order), X)[0]
        assert {order[first.i], order[first.j]} == {A, B} and first.slopes == (0.0, 0.0)
        assert first.i < first.j and first.ratio == pytest.approx(-1.0)


def test_the_surest_first_and_none_beyond_what_is_worth_a_try(box, law):
    X = box(300, None, None, None)
    y = law(sympy.tanh(A**2 + B**2) * sympy.exp(C / A) + C, (A, B, C))
    found = inner_functions(y, X, loose=math.inf)
    assert [one.misfit for one in found] == sorted(one.misfit for one in found)
    for loose in (0.01, 0.1):
        fewer = inner_functions(y, X, loose=loose)
        assert [(one.i, one.j) for one in fewer] == [(one.i, one.j) for one in found if one.misfit < loose]


@pytest.mark.parametrize(
    "inner", [X_SYMBOL - Z_SYMBOL, X_SYMBOL**2 + Z_SYMBOL**2, X_SYMBOL * Z_SYMBOL, X_SYMBOL**2 - Z_SYMBOL]
)
def test_columns_of_both_signs(box, law, inner):
    X = box(400, (-2.0, 2.0), (-2.0, 2.0))
    (found,) = inner_functions(law(sympy.atan(inner), (X_SYMBOL, Z_SYMBOL)), X)
    expression, values = found.apply((X_SYMBOL, Z_SYMBOL), X)
    # The gradients of x z at the origin have no direction.
    assert independent(expression, inner, (X_SYMBOL, Z_SYMBOL), X[np.linalg.norm(X, axis=1) > 0.1], law) < 1e-6
    np.testing.assert_allclose(values, law(expression, (X_SYMBOL, Z_SYMBOL)).predict(X), rtol=1e-12)


@pytest.mark.parametrize("mixed", [0, 1])
def test_of_a_quotient_the_column_of_both_signs_is_above(box, law, mixed):
    X = box(300, *([(-2.0, 2.0), None] if mixed == 0 else [None, (-2.0, 2.0)]))
    symbols = (X_SYMBOL, Z_SYMBOL)
    inner = symbols[mixed] / symbols[1 - mixed]
    (found,) = inner_functions(law(sympy.atan(inner), symbols), X)
    expression, values = found.apply(symbols, X)
    assert expression == inner
    np.testing.assert_allclose(values, law(inner, symbols).predict(X), rtol=1e-12)


@pytest.mark.parametrize("signs", [(1, 1), (-1, 1), (1, -1), (-1, -1)], ids=str)
@pytest.mark.parametrize("q", [0.0, -1.0])
def test_values_are_those_of_the_expression(box, values, q, signs):
    X = box(50, None, None) * signs
    for p in SLOPES:
        # A root of a negative column may be refused, without a warning, but log x must not silently be log |x|.
        expression, found = InnerFunction(0, 1, (p, q), 0.7, 0.0).apply((X_SYMBOL, Z_SYMBOL), X)
        np.testing.assert_allclose(found, values(expression, (X_SYMBOL, Z_SYMBOL), X), rtol=1e-12, err_msg=str(p))


@pytest.mark.parametrize("inner", [A - B, A * B, A**2 + B**2, A / B], ids=str)
def test_with_noise_plain_inner_functions_are_found(box, law, inner):
    (found, *_) = inner_functions(law(sympy.tanh(inner), (A, B)), box(300, None, None), noisy=True)
    assert abs(found.ratio) == 1.0 and found.slopes[0] == found.slopes[1] and found.misfit < 1e-6
    expression = found.apply((A, B), box(5, None, None))[0]
    assert any(sympy.simplify(expression * inner**sign).is_number for sign in (1, -1))


@pytest.mark.parametrize("inner", [A - 2 * B, 0.058 * A + B, A**2 + 4 * B**2], ids=str)
def test_with_noise_any_ratio_is_found(box, law, inner):
    (found,) = inner_functions(law(sympy.tanh(inner / 2), (A, B)), box(300, None, None), noisy=True, loose=0.05)
    assert found.real and found.misfit < 1e-6
    assert sympy.simplify(found.apply((A, B), box(5, None, None))[0] / inner).is_number


def test_with_noise_products_have_plain_powers(box, law):
    found = inner_functions(law(sympy.tanh(A * B**2 / 2), (A, B)), box(300, None, None), noisy=True, loose=0.05)
    assert found == []


@pytest.mark.parametrize("power, ratio", [(1, -0.37), (1, 1.7), (2, 2.6)])
@pytest.mark.parametrize("third", [False, True])
def test_a_ratio_is_fitted_to_noisy_rows(box, rng, power, ratio, third):
    X = box(1500, (0.5, 2), (0.5, 2), (0.5, 2))
    inner = ratio * X[:, 0] ** power + X[:, 1] ** power
    y = np.tanh(inner - 1) * (X[:, 2] if third else 1.0)
    y = y + 0.02 * y.std() * rng.normal(size=len(y))
    start = InnerFunction(0, 1, (power - 1.0, power - 1.0), 1.08 * ratio, 0.0, real=True)
    columns = X if third else X[:, :2]
    assert with_fitted_number(start, columns, y, None).ratio == pytest.approx(ratio, rel=0.01)


def test_units_change_the_ratio_only(box, law):
    X = box(200, None, None)
    scaled = law(sympy.tanh(A / 1000 - B), (A, B))
    (found,) = inner_functions(scaled, X * [1000.0, 1.0])
    assert found.slopes == (0.0, 0.0) and found.ratio == pytest.approx(-1e-3)


def test_flat_columns_and_few_rows_say_nothing(box, law):
    X = box(200, None, None)
    assert inner_functions(law(sympy.sin(A), (A, B)), X) == []
    assert inner_functions(law(sympy.sin(A - B), (A, B)), X[:20]) == []


@pytest.mark.parametrize("inner", [A - B, A**2 + B**2, 1 / A + 1 / B, A * B], ids=str)
def test_read_from_an_interpolant(box, law, inner):
    X = box(300, None, None)
    surrogate = best_surrogate(X, law(sympy.exp(-inner / 2), (A, B)).predict(X))
    assert surrogate is not None
    (found,) = inner_functions(surrogate, X)
    assert found.misfit < 0.01
    expression = found.apply((A, B), X)[0]
    assert independent(expression, inner, (A, B), X, law) < 1e-6


@pytest.mark.parametrize("power", [1, -1, 2, -2])
@pytest.mark.parametrize("sign", [1, -1])
def test_with_noise_a_power_may_stand_before_a_function_of_a_sum(box, law, power, sign):
    X = box(300, None, None)
    y = law(B**power * sympy.exp(-((A + sign * B - HALF) ** 2)), (A, B))
    (first, *_) = inner_functions(y, X, noisy=True)
    assert first.powers == (0.0, power) and first.slopes == (0.0, 0.0)
    assert first.ratio == sign and first.misfit < 1e-6


@pytest.mark.parametrize("inner", [(A - 1) / B, A * (B - 1), (A + 1) * B, (A - 1) / (B + 1)], ids=str)
def test_with_noise_columns_less_one_may_be_multiplied(box, law, inner):
    X = box(300, None, None)
    (first, *_) = inner_functions(law(sympy.tanh(inner), (A, B)), X, noisy=True)
    assert any(first.shifts) and first.misfit < 1e-6
    assert independent(first.apply((A, B), X)[0], inner, (A, B), X, law) < 1e-6


@pytest.mark.parametrize("noisy", [False, True])
@pytest.mark.parametrize("power", [1, -1, 2, -2, HALF, -HALF], ids=str)
def test_a_column_may_have_a_zero_of_its_own(box, law, noisy, power):
    X = box(300, (-1.0, 1.0), (0.5, 2.0))
    inner = (X_SYMBOL - sympy.Float(0.3)) * Z_SYMBOL**power
    (first, *_) = inner_functions(law(sympy.atan(inner), (X_SYMBOL, Z_SYMBOL)), X, noisy=noisy, loose=0.05)
    assert first.real and first.shifts[0] == pytest.approx(0.3) and first.misfit < 1e-6
    expression, values = first.apply((X_SYMBOL, Z_SYMBOL), X)
    assert sympy.simplify(expression / inner).subs({X_SYMBOL: 2, Z_SYMBOL: 3}) == pytest.approx(1)
    np.testing.assert_allclose(values, (X[:, 0] - 0.3) * X[:, 1] ** float(power), atol=1e-9)


@pytest.mark.parametrize("zero", [-0.4, 0.05, 0.7])
@pytest.mark.parametrize("power", [1.0, -1.0, -2.0])
def test_a_zero_is_fitted_to_noisy_rows(box, rng, zero, power):
    X = box(1500, (-1, 1), (0.5, 2))
    y = np.tanh((X[:, 0] - zero) * X[:, 1] ** (1 / power))
    y = y + 0.02 * y.std() * rng.normal(size=len(y))
    start = InnerFunction(0, 1, (-1.0, -1.0), power, 0.0, shifts=(zero + 0.05, 0.0), real=True)
    assert with_fitted_number(start, X, y, None).shifts[0] == pytest.approx(zero, abs=0.01)


def test_with_noise_a_power_is_taken_out_only_where_that_is_clearer(box, law):
    found = inner_functions(law(sympy.tanh(A - B), (A, B)), box(300, None, None), noisy=True)
    assert not any(any(one.powers) for one in found)
