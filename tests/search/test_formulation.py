"""Losses, leave-one-out and constants of formulas, against direct computations."""

from dataclasses import replace

import numpy as np
import pytest
import scipy.optimize
import sympy
import torch

from kansym import clock
from kansym.data import make_dataset, split
from kansym.data.noise import noise_floor
from kansym.data.weights import mean_square, row_weights
from kansym.extraction.composition import AffineMap
from kansym.kan.network import Network
from kansym.primitives import default_library, primitive_from_expression
from kansym.search.formulation import (
    BEHIND,
    FAR_BEHIND,
    LARGE,
    MEASURED_BITS,
    _with_credit,
    formulate,
    from_expression,
    gets_algebra,
    is_hopeless,
    judge,
    polished,
)
from kansym.search.lengths import description_length_of
from kansym.search.rows import FitRows, leave_one_out, losses
from kansym.search.smaller_forms import MAX_CONSTANTS, _expected
from kansym.symbolic import parametrize, refit
from kansym.symbolic.complexity import FEW_ROWS, FREE_BITS, description_length, formula_bits, misfit_bits
from kansym.symbolic.own_functions import own_functions
from kansym.symbolic.snapping import SnapResult

F = sympy.Float
X = sympy.Symbol("x", positive=True)


def bench_of(x, y, *, noise=None, seed=0, fraction=0.2, **arguments):
    dataset = make_dataset(np.asarray(x)[:, None], y, names=["x"], **arguments)
    train, validation = split(dataset, validation_fraction=fraction, seed=seed)
    return FitRows.of(dataset, train, validation, noise_floor(dataset) if noise is None else noise)


def fitted(expression, x, y, weights=None):
    return refit(parametrize(expression, (X,)), x[:, None], y, weights=weights).form


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("value", [0, 1])
def test_what_is_expected_of_a_smaller_form_is_exact_for_linear_constants(rng, weighted, value):
    x = rng.uniform(0.5, 3, 60)
    y = 1.1 + 0.7 * x + 0.3 * x**2 + 0.1 * rng.normal(size=60)
    errors = {"y_error": rng.uniform(0.05, 0.2, 60)} if weighted else {}
    fit_rows = bench_of(x, y, noise=0.1 if weighted else 1e-9, **errors)
    form = fit_rows.fit(parametrize(F(1.1) + F(0.7) * X + F(0.3) * X**2, fit_rows.variables)).form
    expected, n = _expected(form, fit_rows), len(y)
    for constant in form.constants:
        smaller = form.with_constant(constant, sympy.Integer(value))
        misfit = misfit_bits(n, fit_rows.fit(smaller).loss, fit_rows.noise_floor, errors_given=weighted)
        misfit += formula_bits(smaller, n, 1)
        assert expected(constant, value, smaller) == pytest.approx(misfit, abs=1e-6)


CUBIC = F(1.1) + F(0.7) * X + F(0.3) * X**2 + F(0.2) * X**3


@pytest.mark.parametrize("weighted", [False, True])
def test_leave_one_out_is_that_of_refits_for_linear_constants(rng, weighted):
    x = rng.uniform(0.5, 3, 15)
    y = np.sin(x) + 0.1 * rng.normal(size=15)
    weights = rng.uniform(0.5, 2, 15) if weighted else None
    design = np.vander(x, 4)
    root = np.ones(15) if weights is None else np.sqrt(weights)
    errors = []
    for k in range(15):
        kept = np.arange(15) != k
        solution = np.linalg.lstsq(design[kept] * root[kept, None], y[kept] * root[kept], rcond=None)[0]
        errors.append(y[k] - design[k] @ solution)
    expected = np.average(np.square(errors), weights=weights)
    found = leave_one_out(fitted(CUBIC, x, y, weights), x[:, None], y, weights)
    assert found == pytest.approx(expected, rel=1e-10)


def test_leave_one_out_is_close_to_refits_for_other_constants(rng):
    x = np.linspace(0.2, 4, 18)
    y = 2.5 * np.exp(-0.9 * x) + 0.3 + 0.02 * rng.normal(size=18)
    form = fitted(F(2.0) * sympy.exp(-F(1.0) * X) + F(0.1), x, y)
    errors = []
    for k in range(18):
        kept = np.arange(18) != k
        other = refit(form, x[kept, None], y[kept]).form
        errors.append(float(other.evaluate(x[k : k + 1, None])[0] - y[k]))
    assert leave_one_out(form, x[:, None], y, None) == pytest.approx(np.mean(np.square(errors)), rel=0.05)


def test_as_many_constants_as_rows_are_no_evidence(rng):
    x, y = rng.uniform(1, 3, 4), rng.normal(size=4)
    assert leave_one_out(fitted(CUBIC, x, y), x[:, None], y, None) == np.inf
    x, y = np.append(x, 4.0), np.append(y, 0.1)
    assert np.isfinite(leave_one_out(fitted(CUBIC, x, y), x[:, None], y, None))


def test_redundant_constants_do_not_count_as_rows_used(rng):
    x = rng.uniform(1, 3, 3)
    y = 2 * x
    # Three constants, of which only the product matters.
    form = parametrize(F(1.1) * X * sympy.exp(F(0.2)) + X * F(0.3), (X,))
    assert np.isfinite(leave_one_out(refit(form, x[:, None], y).form, x[:, None], y, None))


def test_without_constants_leave_one_out_is_the_loss(rng):
    x, y = rng.uniform(1, 3, 9), rng.normal(size=9)
    form = parametrize(X**2, (X,))
    assert leave_one_out(form, x[:, None], y, None) == pytest.approx(np.mean((x**2 - y) ** 2), rel=1e-14)


def test_row_weights():
    x, y = np.array([1.0, 2.0, 3.0]), np.array([1.0, 4.0, 9.0])
    assert row_weights(make_dataset(x[:, None], y)) is None
    error, weight = np.array([0.1, 0.2, 0.4]), np.array([1.0, 2.0, 0.5])
    for found, expected in (
        (row_weights(make_dataset(x[:, None], y, y_error=error)), error**-2),
        (row_weights(make_dataset(x[:, None], y, sample_weight=weight)), weight),
        (row_weights(make_dataset(x[:, None], y, y_error=error, sample_weight=weight)), weight / error**2),
        (row_weights(make_dataset(x[:, None], y * 1e-200, y_error=error * 1e-200)), error**-2),
    ):
        assert found is not None and found.mean() == pytest.approx(1.0, rel=1e-14)
        np.testing.assert_allclose(found / found[0], expected / expected[0], rtol=1e-12)


@pytest.mark.parametrize("scale", [1e-150, 1.0, 1e150])
def test_mean_square_in_any_unit(rng, scale):
    residual, weights = rng.normal(size=50), rng.uniform(0.1, 2, 50)
    assert mean_square(residual * scale, None) == pytest.approx(np.mean(residual**2) * scale * scale, rel=1e-13)
    assert mean_square(residual * scale, weights) == pytest.approx(
        np.average(residual**2, weights=weights) * scale * scale, rel=1e-13
    )


def test_mean_square_at_the_ends_of_double_precision():
    # 1e-400 and 1e400 are no doubles: the result is the nearest one, without a warning or nan.
    assert mean_square(np.array([1e-200, -1e-200]), None) == 0.0
    assert mean_square(np.array([1e200, -1e200]), None) == np.inf
    # An intermediate square must not overflow where the mean does not.
    assert mean_square(np.array([1e154, 0.0, 0.0, 0.0]) * 1.5, None) == pytest.approx(5.625e307, rel=1e-12)
    assert mean_square(np.zeros(3), None) == 0.0
    assert not np.isfinite(mean_square(np.array([1.0, np.nan]), None))


def test_constants_and_errors_are_those_of_curve_fit(rng):
    x = np.linspace(0.1, 4, 60)
    sigma = rng.uniform(0.01, 0.03, 60)
    y = 2.7 * np.exp(-0.83 * x) + sigma * rng.normal(size=60)
    fit_rows = bench_of(x, y, y_error=sigma)
    found = judge(parametrize(F(2.5) * sympy.exp(-F(0.8) * X), fit_rows.variables), fit_rows, structure="planted")
    assert found is not None
    # All rows, not only those trained on, determine what is handed out.
    values, covariance = scipy.optimize.curve_fit(
        lambda t, a, b: a * np.exp(-b * t), x, y, p0=[2.5, 0.8], sigma=sigma, ftol=1e-14, xtol=1e-14
    )
    by_size = sorted(found.constants, key=lambda constant: -abs(constant.value))
    assert [abs(c.value) for c in by_size] == pytest.approx(values, rel=1e-7)
    assert [c.error for c in by_size] == pytest.approx(np.sqrt(np.diag(covariance)), rel=1e-5)


def test_held_out_losses_are_those_of_constants_that_never_saw_the_rows(rng):
    x = np.linspace(0.5, 3, 100)
    y = 1.7 * x**2 + 0.2 * rng.normal(size=100)
    fit_rows = bench_of(x, y)
    assert len(fit_rows.validation) == 20
    (found, *_) = from_expression(F(1.5) * fit_rows.variables[0] ** 2, fit_rows, structure="planted")
    train, held = fit_rows.train, fit_rows.validation
    alone = np.linalg.lstsq(x[train, None] ** 2, y[train], rcond=None)[0][0]
    together = np.linalg.lstsq(x[:, None] ** 2, y, rcond=None)[0][0]
    assert alone != pytest.approx(together, rel=1e-6)
    assert found.train_loss == pytest.approx(np.mean((alone * x[train] ** 2 - y[train]) ** 2), rel=1e-9)
    assert found.validation_loss == pytest.approx(np.mean((alone * x[held] ** 2 - y[held]) ** 2), rel=1e-9)
    (constant,) = found.constants
    assert constant.value == pytest.approx(together, rel=1e-9)


def test_small_tables_are_judged_by_leave_one_out(rng):
    x = np.linspace(0.5, 3, 12)
    y = 1.7 * x**2 + 0.2 * rng.normal(size=12)
    fit_rows = bench_of(x, y)
    assert len(fit_rows.validation) == 0
    form = refit(parametrize(F(1.5) * fit_rows.variables[0] ** 2, fit_rows.variables), x[:, None], y).form
    train_loss, held_out = losses(form, fit_rows)
    leverage = x**4 / np.sum(x**4)
    residual = form.evaluate(x[:, None]) - y
    assert held_out == pytest.approx(np.mean((residual / (1 - leverage)) ** 2), rel=1e-9)
    assert train_loss == pytest.approx(np.mean(residual**2), rel=1e-12) and held_out > train_loss
    assert description_length_of(form, fit_rows) == description_length(form, 12, held_out, fit_rows.noise_floor, 1)


@pytest.mark.parametrize("noise", [0.2, 1e-5])
def test_constants_of_precise_small_tables_cost_the_rows_that_fix_them(rng, noise):
    x = np.linspace(0.5, 3, 12)
    y = 1.7 * x**2 + noise * rng.normal(size=12)
    fit_rows = bench_of(x, y)
    first = fit_rows.variables[0]
    extra = []
    for expression in (
        F(1.5) * first**2,
        F(1.5) * first**2 + F(0.1) * first,
        F(1.5) * first**2 + F(0.1) * first + F(1),
    ):
        form = refit(parametrize(expression, fit_rows.variables), x[:, None], y).form
        loss = losses(form, fit_rows)[1]
        extra.append(
            description_length_of(form, fit_rows) - description_length(form, 12, loss, fit_rows.noise_floor, 1)
        )
        # A constant is worth a row written without any formula, less three bits, where that is more than log2(12)/2.
        worth = 0.5 * np.log2(np.var(y) / max(loss, fit_rows.noise_floor**2)) - 0.5 * np.log2(12) - FREE_BITS
        assert extra[-1] == pytest.approx(len(form.constants) * max(worth, 0), abs=1e-9)
    assert (extra[0] > 5) == (noise < 1e-3)


@pytest.mark.parametrize("size", [1e-150, 1e150])
def test_bits_of_small_tables_of_any_size(size):
    x = np.linspace(0.5, 3, 12)
    for y in (size * x**2, size * (x**2 + np.sin(40 * x))):
        fit_rows = bench_of(x, y)
        form = refit(parametrize(F(size) * fit_rows.variables[0] ** 2, fit_rows.variables), x[:, None], y).form
        assert np.isfinite(description_length_of(form, fit_rows))


def test_bits_pool_all_rows(rng):
    x = np.linspace(0.5, 3, 100)
    y = 1.7 * x**2 + 0.2 * rng.normal(size=100)
    fit_rows = bench_of(x, y)
    form = parametrize(F(1.5) * fit_rows.variables[0] ** 2, fit_rows.variables)
    everything = np.mean((form.evaluate(x[:, None]) - y) ** 2)
    assert description_length_of(form, fit_rows) == pytest.approx(
        description_length(form, 100, everything, fit_rows.noise_floor, 1), rel=1e-12
    )


def test_an_exact_law_is_snapped_and_simplified(rng):
    x = rng.uniform(0.5, 3, 60)
    y = x**1.5 / (4 * np.pi)
    fit_rows = bench_of(x, y)
    start = F(0.079) * (fit_rows.variables[0] + F(1e-3)) ** F(1.49) + F(1e-4)
    best = min(from_expression(start, fit_rows, structure="planted"), key=lambda f: f.description_length)
    x_ = sympy.Symbol("x")
    assert sympy.simplify(best.expression - x_ ** sympy.Rational(3, 2) / (4 * sympy.pi)) == 0
    assert best.constants == () and best.structure == "planted"
    assert best.validation_loss < 1e-28


def test_what_is_rounding_beside_exact_numbers_goes(rng):
    x = rng.uniform(0.5, 3, 400)
    fit_rows = bench_of(x, 1.48 * np.tanh(4.4 * x))
    z = fit_rows.variables[0]
    tail = F(1.3e-14) * (F(0.7) - z**2) * sympy.sqrt(1 + F(2.3) * z**2)
    (best, *_) = from_expression(F(1.4801) * sympy.tanh(F(4.4002) * z) + tail, fit_rows, structure="one")
    assert not best.expression.has(sympy.sqrt)
    np.testing.assert_allclose(best.predict(x[:, None]), 1.48 * np.tanh(4.4 * x), rtol=1e-12)


def test_a_near_miss_without_noise_becomes_the_law(rng):
    # A power and a whole number that nobody measured come near the logarithm, and a third term nearer.
    x = rng.uniform(0, 5, 400)
    fit_rows = bench_of(x, 0.1369 * np.log(1 + 1.009 * x) + 0.5, noise=1e-12)
    raw = F(39.12) - F(38.52) * (X + 1) ** F(-0.0036) + F(0.0077) / (X + F(3.5))
    best = min(from_expression(raw, fit_rows, structure=()), key=lambda formula: formula.rank)
    assert best.expression.has(sympy.log) and best.complexity <= 10
    assert best.validation_loss < 1e-24


def test_elimination_offers_the_smaller_law(rng):
    x = rng.uniform(0.5, 3, 200)
    y = 2.37 * np.exp(-0.71 * x) + 0.02 * rng.normal(size=200)
    fit_rows = bench_of(x, y)
    v = fit_rows.variables[0]
    found = from_expression(F(2.2) * sympy.exp(-F(0.7) * v) + F(0.03) + F(0.01) * v, fit_rows, structure="planted")
    best = min(found, key=lambda f: f.description_length)
    assert len(best.constants) == 2
    # Nothing but an exponential and its factor: the logarithmic slope is constant.
    x_ = sympy.Symbol("x")
    slope = sympy.simplify(sympy.diff(best.expression, x_) / best.expression)
    assert slope.is_number and float(slope) == pytest.approx(-0.71, abs=0.02)


def test_elimination_offers_the_smaller_law_within_given_errors(rng):
    x = rng.uniform(0.5, 3, 200)
    fit_rows = bench_of(x, 2.37 * np.exp(-0.71 * x) + 0.02 * rng.normal(size=200), y_error=np.full(200, 0.02))
    v = fit_rows.variables[0]
    # Next to the law, and over these rows no part of it can be left out as it stands.
    raw = F(2.2) * sympy.exp(-F(0.5) * v - F(0.2) * v ** F(1.1)) / (v + F(40.0))
    found = from_expression(raw, fit_rows, structure="planted")
    best = min(found, key=lambda f: f.description_length)
    assert len(best.constants) == 2 and best.expression.has(sympy.exp)


def test_a_line_in_disguise_is_straightened_within_given_errors(rng):
    x = rng.uniform(0.5, 3, 60)
    fit_rows = bench_of(x, 3.7 * np.abs(x - 1.6) + 0.02 * rng.normal(size=60), y_error=np.full(60, 0.02))
    v = fit_rows.variables[0]
    disguised = F(111238.0) * sympy.Abs(F(1 / (174.2 - 1.6)) + 1 / (v - F(174.2)))
    best = min(from_expression(disguised, fit_rows, structure="planted"), key=lambda f: f.description_length)
    assert len(best.constants) == 2
    np.testing.assert_allclose(best.predict(np.array([[1.6], [2.6]])), [0.0, 3.7], atol=0.05)


@pytest.mark.parametrize(("noise", "believed"), [(0.002, True), (0.6, False)])
def test_a_simple_number_saves_no_more_bits_than_its_constant_is_known_to(rng, noise, believed):
    x = rng.uniform(0.5, 3, 60)
    fit_rows = bench_of(x, 2.37 * np.cos(x) + noise * rng.normal(size=60), y_error=np.full(60, noise))
    form = fit_rows.fit(parametrize(F(2.37) * sympy.cos(F(1.001) * fit_rows.variables[0]), fit_rows.variables)).form
    formula = judge(form, fit_rows, structure="planted")
    assert formula is not None
    rounded = fit_rows.fit(parametrize(F(2.37) * sympy.cos(fit_rows.variables[0]), fit_rows.variables)).form
    plain = description_length_of(rounded, fit_rows, final=True) + MEASURED_BITS
    wave = min(formula.constants, key=lambda one: abs(one.value - 1.0))
    credited = _with_credit(
        formula, SnapResult(rounded, ((sympy.Symbol("c1"), wave.value, sympy.Integer(1)),)), fit_rows
    )
    known = float(np.log2(wave.value / wave.error))
    assert bool(plain > formula.description_length - known) is believed
    assert credited.description_length == pytest.approx(max(plain, formula.description_length - known))


def test_a_network_becomes_its_formula(rng):
    x = rng.uniform(1, 5, 80)
    fit_rows = bench_of(x, 3.25 * np.log(x) + 0.5)
    network = Network.create((1, 1), grid=1, generator=torch.Generator().manual_seed(0))
    network.set_symbolic(0, 0, 0, default_library()["log"], a=1.0, b=1.6, c=1.0)
    found = formulate(network, AffineMap([3.0], [2.0], 0.0, 2.0), fit_rows, structure="[1, 1]")
    best = min(found, key=lambda f: f.description_length)
    np.testing.assert_allclose(best.predict(x[:, None]), 3.25 * np.log(x) + 0.5, rtol=1e-10)
    assert best.structure == "[1, 1]"


def test_what_is_not_finite_on_the_rows_is_no_formula(rng):
    x = rng.uniform(0.5, 3, 40)
    fit_rows = bench_of(x, x**2)
    assert from_expression(sympy.log(fit_rows.variables[0] - F(50.0)), fit_rows, structure="planted") == []


def test_a_form_is_finished_once(rng):
    x = rng.uniform(0.5, 3, 60)
    fit_rows = bench_of(x, 1.7 * x**2 + 0.1 * rng.normal(size=60))
    start = F(1.5) * fit_rows.variables[0] ** 2
    assert from_expression(start, fit_rows, structure="first")
    assert from_expression(start, fit_rows, structure="again") == []


def test_tables_in_disguise_are_left_alone(rng):
    x = rng.uniform(0.5, 3, 100)
    fit_rows = bench_of(x, np.sin(x))
    v = fit_rows.variables[0]
    many = sympy.Add(*(F(0.1 + 0.01 * k) * sympy.sin(F(1.1 + 0.13 * k) * v) for k in range(MAX_CONSTANTS)))
    assert from_expression(many, fit_rows, structure="planted") == []


def test_after_the_deadline_only_the_plain_formula_is_made(rng):
    x = rng.uniform(0.5, 3, 200)
    fit_rows = bench_of(x, 2.37 * np.exp(-0.71 * x) + 0.02 * rng.normal(size=200))
    v = fit_rows.variables[0]
    start = F(2.2) * sympy.exp(-F(0.7) * v) + F(0.03) + F(0.01) * v
    found = from_expression(start, fit_rows, structure="planted", deadline=clock.now() - 1)
    assert len(found) == 1 and len(found[0].constants) == 4


def test_a_formula_of_the_last_moment_is_brought_into_shape_if_time_is_left(rng):
    m, v, h = rng.uniform(1, 3, (3, 200))
    y = m * (v**2 / 2 + 9.81 * h) * (1 + 0.01 * rng.normal(size=200))
    dataset = make_dataset(np.column_stack([m, v, h]), y, names=["m", "v", "h"])
    train, validation = split(dataset, validation_fraction=0.2, seed=0)
    fit_rows = FitRows.of(dataset, train, validation, 0.0)
    M, V, H = fit_rows.variables
    raw = F(0.4966) * H * M * (F(19.76) + V**2 / H)
    # Time was up before it was fitted.
    rough = from_expression(raw, fit_rows, structure="one", deadline=0.0)[0]
    assert rough.expression.has(1 / sympy.Symbol("h")), rough
    assert polished(rough, fit_rows, seconds=0.1) is rough
    better = polished(rough, fit_rows, seconds=5.0)
    assert not better.expression.has(1 / sympy.Symbol("h")) and better.description_length < rough.description_length
    assert "1/2" in [constant.near for constant in better.constants], better
    assert polished(better, fit_rows, seconds=5.0) is better and better.structure == "one"


@pytest.mark.parametrize(
    ("number", "noise", "exact"),
    [
        (sympy.Rational(1, 4) / sympy.pi, 0.0, True),
        (sympy.Rational(3, 8) / sympy.pi, 0.0, True),
        (1 / sympy.sqrt(2 * sympy.pi), 1e-8, True),
        (sympy.Rational(1, 4) / sympy.pi, 1e-2, False),  # as good as any other number near it
        (F(0.0795779), 0.0, False),
    ],
    ids=str,
)
def test_a_constant_known_to_many_digits_that_is_a_number_with_pi_is_written_as_one(rng, number, noise, exact):
    x = rng.uniform(1, 5, 300)
    fit_rows = bench_of(x, float(number) / x**2 * (1 + noise * rng.normal(size=300)))
    formula = from_expression(F(float(number)) / X**2, fit_rows, structure="one")[0]
    assert formula.expression.has(sympy.pi) == exact, formula
    assert len(formula.constants) == (0 if exact else 1)
    assert float(formula.expression.subs("x", 1)) == pytest.approx(float(number), rel=max(noise, 1e-12))


def test_a_function_of_the_user_s_own_is_one_function(rng):
    x = rng.uniform(0.5, 3, 60)
    z = sympy.Symbol("z")
    bump = primitive_from_expression("bump", z**2 * sympy.exp(-z) / (1 + sympy.cos(z / 4)))
    law = F(2.1) * bump.expression.xreplace({bump.expression.free_symbols.pop(): X})
    form = parametrize(law, (X,))
    fit_rows = bench_of(x, form.evaluate(x[:, None]) + 0.01 * rng.normal(size=60))
    own = replace(fit_rows, own=own_functions(default_library().with_primitive(bump)))
    lookalike = description_length_of(parametrize(F(2.1) * sympy.sinh(X), (X,)), own)
    plain = description_length_of(parametrize(F(2.1) * sympy.sinh(X), (X,)), fit_rows)
    assert lookalike == plain
    assert description_length_of(form, own) < description_length_of(form, fit_rows) - 15


# -- what may become the pick -----------------------------------------------------------------------------------------


@pytest.fixture
def planted(rng):
    def of(rows):
        x = rng.uniform(0.5, 3.0, rows)
        dataset = make_dataset(x[:, None], 2.0 * x + 0.1 * rng.normal(size=rows), names=["x"])
        fit_rows = FitRows.of(dataset, *split(dataset, validation_fraction=0.2, seed=0), noise_floor=1e-9)
        (pick, *_) = from_expression(F(1.9) * fit_rows.variables[0], fit_rows, structure="planted")
        return fit_rows, pick

    return of


def test_algebra_is_for_what_is_near_the_pick(planted):
    _, pick = planted(80)
    length, nodes = pick.description_length + BEHIND, pick.complexity
    for few in (True, False):
        assert gets_algebra(1e9, 99, None, few=few)
        assert gets_algebra(length - 1, nodes, pick, few=few) and not gets_algebra(length, nodes, pick, few=few)
    # On the front of few rows, and of what is large that which is better as it is.
    assert gets_algebra(length, nodes - 1, pick, few=True) and not gets_algebra(length, nodes - 1, pick, few=False)
    own = pick.description_length
    assert gets_algebra(own + 1, LARGE, pick, few=False) and not gets_algebra(own + 1, LARGE + 1, pick, few=False)
    assert gets_algebra(own - 1, LARGE + 1, pick, few=False)


def test_what_is_larger_than_the_pick_and_far_behind_is_hopeless(planted):
    _, pick = planted(80)
    length, nodes = pick.description_length + FAR_BEHIND, pick.complexity
    assert not is_hopeless(1e9, 99, None)
    assert is_hopeless(length, nodes, pick) and not is_hopeless(length - 1, nodes, pick)
    assert not is_hopeless(length, nodes - 1, pick)


@pytest.mark.parametrize("rows", [40, 80])
def test_what_is_far_behind_the_pick_stays_as_fitted_and_of_few_rows_is_left_out(planted, rows):
    fit_rows, pick = planted(rows)
    raw = F(3.1) + F(0.4) * sympy.exp(F(0.3) * fit_rows.variables[0])
    found = from_expression(raw, fresh(fit_rows), structure="planted")
    assert found
    longest = found[0].description_length
    again, far = fresh(fit_rows), replace(pick, description_length=longest - FAR_BEHIND - 50)
    found = from_expression(raw, again, structure="planted", pick=far)
    assert len(found) == int(rows >= FEW_ROWS) and set(found) == set(again.rough)
    again, behind = fresh(fit_rows), replace(pick, description_length=longest - (BEHIND + FAR_BEHIND) / 2)
    found = from_expression(raw, again, structure="planted", pick=behind)
    assert found and set(found) == set(again.rough)


def fresh(fit_rows):
    """The same rows, on which nothing was finished yet."""
    return replace(fit_rows, finished={}, eliminated={}, rough={})
