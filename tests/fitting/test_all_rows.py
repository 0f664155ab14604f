"""Sums over the parts of a table against the fit of the whole."""

import math
from dataclasses import dataclass

import numpy as np
import pytest
import scipy.stats
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from kansym import Dataset, make_dataset
from kansym.fitting.all_rows import Limit, fit_to_all, residuals_on_all
from kansym.fitting.estimate import estimate_table
from kansym.run.agreement import Agreement
from kansym.symbolic.formula import Formula
from kansym.symbolic.naming import plain_symbol
from kansym.symbolic.parametric import ParametricForm, parametrize

x, z = sympy.symbols("x z")
EVERYTHING = Limit(np.inf, 1.0)


@dataclass(frozen=True, eq=False)
class Parts:
    """A table that is handed out in parts."""

    table: Dataset
    rows: int
    sha256: str = ""

    @property
    def n_rows(self):
        return self.table.n_rows

    def chunks(self):
        for first in range(0, self.n_rows, self.rows):
            numbers = np.arange(first, min(first + self.rows, self.n_rows))
            yield numbers, self.table.take(numbers)


def formula_of(expression):
    return Formula(expression, ("x", "z"), "y", 1, 0.0, 0.0, 0.0)


LAW = sympy.Float(2.01) * sympy.exp(-sympy.Float(0.71) * x) + sympy.Float(0.31) * z
"""Near 2 exp(-0.7 x) + 0.3 z."""


def table(rows=400, noise=0.02, seed=0, **columns):
    rng = np.random.default_rng(seed)
    X = rng.uniform(0, 3, (rows, 2))
    y = 2 * np.exp(-0.7 * X[:, 0]) + 0.3 * X[:, 1] + noise * rng.normal(size=rows)
    return make_dataset(X, y, names=["x", "z"], **columns)


def fitted(data, rows, expression=LAW, limit=EVERYTHING):
    form = parametrize(expression, tuple(plain_symbol(name) for name in data.names))
    return form, fit_to_all(form, formula_of(expression), Parts(data, rows), limit)


@pytest.mark.long
@settings(max_examples=20)
@given(rows=st.integers(1, 500), seed=st.integers(0, 50), given_errors=st.booleans())
def test_parts_give_the_fit_of_the_whole(rows, seed, given_errors):
    errors = np.random.default_rng(seed).uniform(0.01, 0.05, 400) if given_errors else None
    data = table(seed=seed, y_error=errors)
    form, found = fitted(data, rows)
    whole = estimate_table(form, data, "linear")
    # A step below a thousandth of a standard error is not taken.
    assert np.all(np.abs(found.form.values - whole.form.values) <= 1e-3 * np.sqrt(np.diagonal(whole.covariance)))
    assert found.covariance == pytest.approx(whole.covariance, rel=1e-4)
    once = fitted(data, 400)[1]
    assert found.form.values == pytest.approx(once.form.values, rel=1e-12)
    assert found.covariance == pytest.approx(once.covariance, rel=1e-10)


def test_counts_and_errors_on_either_side_are_fitted_by_their_likelihood():
    rng = np.random.default_rng(3)
    X = rng.uniform(0, 3, (3000, 2))
    expected = 20 * np.exp(-0.7 * X[:, 0]) + 3 * X[:, 1]
    expression = sympy.Float(20.3) * sympy.exp(-sympy.Float(0.69) * x) + sympy.Float(3.1) * z
    counts = make_dataset(X, rng.poisson(expected).astype(float), names=["x", "z"], y_error="poisson")
    sides = make_dataset(X, expected + 0.1 * rng.normal(size=3000), names=["x", "z"], y_error=(0.1, 0.2))
    for data in (counts, sides):
        form, found = fitted(data, 700, expression)
        whole = estimate_table(form, data, "linear")
        error = np.sqrt(np.diagonal(whole.covariance))
        assert np.all(np.abs(found.form.values - whole.form.values) < 0.02 * error)
        assert np.sqrt(np.diagonal(found.covariance)) == pytest.approx(error, rel=0.05)


def test_errors_of_inputs_count_by_the_slope():
    data = table(y_error=0.02, x_error=(0.0, 0.1))
    assert data.x_error is not None and data.y_error is not None
    slope = Dataset(data.X, data.y, data.names, y_error=np.hypot(0.02, 0.1 * 0.31 * np.ones(400)))
    assert fitted(data, 90)[1].covariance == pytest.approx(fitted(slope, 90)[1].covariance, rel=1e-9)


def test_constants_that_the_rows_do_not_determine_have_no_error():
    factor, rate, shift, share = constants = sympy.symbols("c0:4", real=True)
    variables = tuple(plain_symbol(name) for name in ("x", "z"))
    expression = factor * sympy.exp(rate * variables[0] + shift) + share * variables[1]
    form = ParametricForm(expression, variables, constants, np.array([2.0, -0.71, 0.01, 0.31]))
    found = fit_to_all(form, formula_of(LAW), Parts(table(), 60), EVERYTHING)
    # The factor and the shift make up for each other.
    assert list(np.isnan(np.diagonal(found.covariance))) == [True, False, True, False]


def test_without_time_a_step_is_taken_all_the_same():
    form = parametrize(LAW, tuple(plain_symbol(name) for name in ("x", "z")))
    late = fit_to_all(form, formula_of(LAW), Parts(table(), 90), EVERYTHING, until=-np.inf)
    settled = fitted(table(), 90)[1]
    assert late.passes == 1 < settled.passes
    error = np.sqrt(np.diagonal(settled.covariance))
    assert np.all(np.abs(late.form.values - settled.form.values) < 0.1 * error)


@pytest.mark.parametrize("factor", [0.5, 2.0])
def test_without_time_errors_are_of_what_the_step_leaves(factor):
    variables = tuple(plain_symbol(name) for name in ("x", "z"))
    # Linear in its constants, so that a single step lands, from however far.
    form = parametrize(2.0 * variables[0] + 0.3 * variables[1], variables)
    off = form.with_values(factor * form.values)
    one, all_steps = (
        fit_to_all(off, formula_of(LAW), Parts(table(), 90), EVERYTHING, until=until) for until in (-np.inf, np.inf)
    )
    assert one.passes == 1
    np.testing.assert_allclose(one.form.values, all_steps.form.values, rtol=1e-10)
    np.testing.assert_allclose(one.covariance, all_steps.covariance, rtol=1e-10)


def test_rows_far_off_are_left_out_where_that_is_asked():
    data = table()
    wrong = data.y.copy()
    wrong[[7, 250]] += 50.0
    spoilt = Dataset(data.X, wrong, data.names)
    clean = Dataset(np.delete(data.X, [7, 250], axis=0), np.delete(data.y, [7, 250]), data.names)
    limit = Limit(6.0, 0.02, leave_out=True)
    assert fitted(spoilt, 90, limit=limit)[1].form.values == pytest.approx(fitted(clean, 90)[1].form.values, rel=1e-9)
    left = residuals_on_all(formula_of(LAW), Parts(spoilt, 90), spoilt, limit)
    assert (left.rows, left.left_out, left.far, left.farthest) == (398, 2, 0, (7, 250))
    counted = residuals_on_all(formula_of(LAW), Parts(spoilt, 90), spoilt, Limit(6.0, 0.02))
    assert (counted.rows, counted.left_out, counted.far, counted.farthest) == (400, 0, 2, (7, 250))


@pytest.mark.parametrize("errors", [None, "some"])
def test_numbers_of_the_fit_are_those_of_the_whole(errors):
    data = table(y_error=None if errors is None else np.random.default_rng(1).uniform(0.01, 0.05, 400))
    formula = formula_of(LAW + sympy.sqrt(z - sympy.Rational(1, 10)) / 10**6)
    left = residuals_on_all(formula, Parts(data, 37), data, EVERYTHING)
    whole = Agreement.of(formula, data)
    parts = Agreement.of_all_rows(formula, data, left)
    assert parts.undefined_rows == whole.undefined_rows > 0
    for name in ("rms", "relative", "one_minus_r2", "plain_rms", "plain_relative"):
        assert getattr(parts, name) == pytest.approx(getattr(whole, name), rel=1e-10)
    assert (parts.reduced_chi2 is None) == (errors is None)
    if errors is not None:
        assert parts.reduced_chi2 == pytest.approx(whole.reduced_chi2, rel=1e-10)


def test_means_in_stretches_are_even_for_noise_and_see_a_small_bend():
    right = formula_of(2 * sympy.exp(-sympy.Rational(7, 10) * x) + sympy.Rational(3, 10) * z)
    p_values = []
    for seed in range(60):
        data = table(4000, seed=seed)
        p_values += [one.p_value for one in residuals_on_all(right, Parts(data, 900), data, EVERYTHING).means[:2]]
    assert scipy.stats.kstest(p_values, "uniform").pvalue > 1e-3
    data = table(40_000)
    bent = Dataset(data.X, data.y + 0.003 * np.sin(4 * data.X[:, 1]), data.names)
    found = residuals_on_all(right, Parts(bent, 9000), bent, EVERYTHING)
    assert found.worst.along == "z" and found.least_p < 1e-6
    assert abs(found.worst.mean) == pytest.approx(0.003, rel=0.5)
    low, high = found.worst.low, found.worst.high
    there = (data.X[:, 1] >= low) & (data.X[:, 1] < high)
    assert found.worst.mean == pytest.approx(float(np.mean((bent.y - right.predict(bent.X))[there])), rel=1e-9)


def test_a_formula_without_values_is_not_fitted():
    undefined = sympy.Float(1.1) * sympy.sqrt(-x - sympy.Float(1.3))
    assert fitted(table(), 50, undefined)[1] is None
    left = residuals_on_all(formula_of(undefined), Parts(table(), 50), table(), EVERYTHING)
    assert left.rows == 0 and left.undefined_rows == 400 and math.isnan(left.rms)
