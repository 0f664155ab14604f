"""Forms without inner constants: the law is the first of them, and with noise the simplest of those that fit."""

import numpy as np
import pytest
import sympy

from kansym.structure.simple_forms import LARGEST, simple_forms

U, V, W = sympy.symbols("u v w", positive=True)
S = sympy.Symbol("s", real=True)

ONE_COLUMN = [
    2 / sympy.sqrt(1 - U**2),
    U**3 / (sympy.exp(U) - 1) / 3,
    -7 * U * sympy.exp(-(U**2) / 2),
    4 * sympy.log(1 + U) / U,
    sympy.Rational(1, 2) * sympy.cos(U) ** 2,
]
TWO_COLUMNS = [
    2 * U**3 / (sympy.exp(V) - 1),
    pytest.param(3 * U / sympy.sqrt(1 - V**2), marks=pytest.mark.long),
    sympy.asin(U * V) * 2,
    5 / (U**2 + V**2),
    pytest.param(sympy.log(U / V), marks=pytest.mark.long),
]


@pytest.mark.parametrize("expression", ONE_COLUMN, ids=str)
def test_exact_forms_of_one_column(box, values, agree, expression):
    X = box(100, (0.1, 0.9))
    forms = simple_forms(X, values(expression, (U,), X), (U,))
    # Outside of the rows too.
    assert agree(forms[0].expression, expression, (U,), box(50, (0.05, 0.95), seed=4), relative=1e-9)


@pytest.mark.parametrize("expression", TWO_COLUMNS, ids=str)
def test_exact_forms_of_two_columns(box, values, agree, expression):
    X = box(100, (0.1, 0.9), (0.1, 0.9))
    forms = simple_forms(X, values(expression, (U, V), X), (U, V))
    assert agree(forms[0].expression, expression, (U, V), box(50, (0.05, 0.95), (0.05, 0.95), seed=4), relative=1e-9)


@pytest.mark.long
def test_exact_form_of_three_columns(box, values, agree):
    X = box(100, None, None, None)
    expression = sympy.Float(0.25) * U * V / W
    forms = simple_forms(X, values(expression, (U, V, W), X), (U, V, W))
    assert agree(forms[0].expression, expression, (U, V, W), X, relative=1e-12)


def test_columns_of_both_signs(box, values, agree):
    X = box(100, (-2.0, 2.0), (-2.0, 2.0))
    t = values(3 * S * sympy.exp(-(U**2) / 2), (S, U), X)
    assert agree(simple_forms(X, t, (S, U))[0].expression, 3 * S * sympy.exp(-(U**2) / 2), (S, U), X, relative=1e-12)


@pytest.mark.long
def test_a_factor_near_a_small_fraction_needs_no_constant(box, rng):
    X = box(400, None)
    noise = 0.05 * rng.normal(size=400)
    bits = {}
    for factor in (1.0, 0.7345678):
        forms = simple_forms(X, factor * X[:, 0] ** 2 + noise, (U,))
        # In the words that are the shortest.
        (bits[factor],) = [form.bits(400, 1) for form in forms if (form.bare / U**2).is_number]
    # A real factor costs itself and the product; 1 costs nothing but the misfit of at most 8 sigma^2 / ln 2.
    assert 5 < bits[0.7345678] - bits[1.0] < 15


def test_losses_are_those_of_the_formulas_and_bits_are_in_order(box, values, rng):
    X = box(400, None, None)
    t = X[:, 0] * np.exp(-X[:, 1]) + 0.03 * rng.normal(size=400)
    w = rng.uniform(0.1, 3, 400)
    forms = simple_forms(X, t, (U, V), w)
    bits = [form.bits(400, 2) for form in forms]
    assert bits == sorted(bits)
    for form in forms[:30]:
        residual = values(form.expression, (U, V), X) - t
        assert np.mean(w / w.mean() * residual**2) == pytest.approx(form.loss, rel=1e-9)


def test_among_ties_within_the_noise_the_law_wins(box, rng):
    # Noise of 10 %: dozens of forms fit about as well; U*exp(-V) is the one with two atoms.
    X = box(200, None, None)
    clean = 2 * X[:, 0] * np.exp(-X[:, 1])
    noise = 0.1 * clean.std()
    t = clean + noise * rng.normal(size=200)
    form = simple_forms(X, t, (U, V), floor=noise**2)[0]
    factor, rest = form.expression.as_coeff_Mul()
    assert rest == U * sympy.exp(-V)
    # Its standard error is noise / sqrt(sum of squares), 0.01.
    assert float(factor) == pytest.approx(2, abs=0.05)


def test_losses_below_the_floor_are_ties(box):
    form = simple_forms(box(50, None), box(50, None)[:, 0] ** 2, (U,))[0]
    assert form.bits(50, 1, 1e-4) == pytest.approx(form.bits(50, 1, 1e-2) - 25 * np.log2(100))


def test_a_constant_is_fitted_and_left_out(box, values):
    X = box(200, None)
    t = values(3 * sympy.tanh(U), (U,), X) - 40
    form = simple_forms(X, t, (U,), offset=True)[0]
    # What is left is one and the same number on all rows.
    assert np.ptp(values(form.expression, (U,), X) - t) < 1e-12
    assert form.loss < 1e-24
    # Without one, none of the forms comes near.
    assert min(one.loss for one in simple_forms(X, t, (U,))) > 1e-8


@pytest.mark.parametrize("offset", [False, True])
def test_rows_of_no_weight_do_not_count(box, values, offset):
    X = box(200, None)
    t = 3 * X[:, 0] ** 2 - 40 * offset
    w, good = np.ones(200), np.arange(200) % 7 > 0
    w[~good], t[~good] = 0, 500
    form = simple_forms(X, t, (U,), w, offset=offset)[0]
    left = (values(form.expression, (U,), X) - t)[good]
    assert (np.ptp(left) if offset else np.abs(left).max()) < 1e-12
    assert form.loss < 1e-24


def test_more_rows_than_are_looked_at_first(box, agree):
    X = box(3000, None, None)
    t = X[:, 0] * np.sin(X[:, 1])
    assert agree(simple_forms(X, t, (U, V))[0].expression, U * sympy.sin(V), (U, V), X, relative=1e-12)


def test_large_arguments_have_no_sine(box):
    X = box(100, (2 * LARGEST, 4 * LARGEST))
    forms = simple_forms(X, X[:, 0] ** 2, (U,))
    assert not any(form.expression.has(sympy.sin, sympy.cos) for form in forms)


def test_no_time_left(box, work_clock, monkeypatch):
    X = box(2000, None, None, None)
    # Only the atoms are made.
    monkeypatch.setattr("kansym.structure.simple_forms._best_with", lambda *_: pytest.fail("it goes on"))
    assert simple_forms(X, X[:, 0] * X[:, 1], (U, V, W), until=-1.0) == []


def test_nothing_for_few_rows_no_columns_or_very_many(box):
    X = box(40, *[None] * 4)
    assert simple_forms(X[:19, :1], X[:19, 0], (U,)) == []
    assert simple_forms(X[:, :0], X[:, 0], ()) == []
    assert simple_forms(X, X[:, 0], (U, V, W, S)) == []


@pytest.mark.parametrize("offset", [False, True])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_nothing_for_a_target_that_is_not_finite(box, value, offset):
    X = box(40, None)
    t = X[:, 0].copy()
    t[3] = value
    assert simple_forms(X, t, (U,), offset=offset) == []


@pytest.mark.parametrize(("constant", "offset"), [(0.0, False), (0.0, True), (2.5, True)])
def test_nothing_for_a_target_without_size(box, constant, offset):
    X = box(40, None)
    assert simple_forms(X, np.full(40, constant), (U,), offset=offset) == []
