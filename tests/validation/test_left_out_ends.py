"""A formula fitted without the rows at an end of a column, against these rows."""

import numpy as np
import pytest
import scipy.stats
import sympy

from kansym import Dataset
from kansym.fitting.known_form import fit_columns as fit_constants
from kansym.fitting.residuals import residuals_of
from kansym.search.final_fit import refitted
from kansym.symbolic.formula import Formula
from kansym.validation.left_out_ends import FEWEST_ROWS, worst_left_out_end

X = sympy.Symbol("x")
x = np.linspace(0.5, 3, 60)


def worst(expression, y, error=0.05, given=True, table=x):
    dataset = Dataset(table[:, None], y, ("x",), y_error=np.full(len(y), error) if given else None)
    formula, _ = refitted(Formula(expression, ("x",), "y", 1, 0.0, 0.0, 0.0), dataset)
    return worst_left_out_end(residuals_of(formula, dataset), ("x",))


LINE = sympy.Float(1.1) * X + sympy.Float(0.3)


def test_against_the_normal_equations(rng):
    y = 1.2 * x + 0.2 + 0.05 * rng.normal(size=60)
    found = worst(LINE, y)
    expected = []
    for out in (np.arange(6), np.arange(54, 60)):
        kept = np.setdiff1d(np.arange(60), out)
        design = np.column_stack([x, np.ones(60)])
        covariance = 0.05**2 * np.linalg.inv(design[kept].T @ design[kept])
        values = np.linalg.lstsq(design[kept], y[kept], rcond=None)[0]
        residual = y[out] - design[out] @ values
        total = 0.05**2 * np.eye(6) + design[out] @ covariance @ design[out].T
        expected.append(float(residual @ np.linalg.solve(total, residual)))
    assert found.rows == 6 and found.ratio == pytest.approx(np.sqrt(max(expected) / 6), rel=1e-6)
    assert found.p_value == pytest.approx(min(1.0, 2 * scipy.stats.chi2.sf(max(expected), 6)), rel=1e-6)


def test_many_rows_at_an_end_give_the_same_without_their_covariance(rng, monkeypatch):
    y = 1.2 * x + 0.2 + 0.05 * rng.normal(size=60)
    written_out = worst(LINE, y)
    monkeypatch.setattr("kansym.validation.left_out_ends.MOST_DENSE", 2)
    assert worst(LINE, y).ratio == pytest.approx(written_out.ratio, rel=1e-12)


@pytest.mark.long
@pytest.mark.parametrize("given", [True, False])
def test_a_right_form_is_off_as_often_as_p_says(given):
    # The smaller of two p-values, times two: uniform but for the correction.
    found = []
    for seed in range(150):
        y = 1.2 * x + 0.2 + 0.05 * np.random.default_rng(seed).normal(size=60)
        found.append(worst(LINE, y, given=given).p_value)
    assert 0.03 < np.mean(np.array(found) < 0.1) < 0.17


def test_a_form_that_imitates_the_law_in_the_middle_is_off_at_an_end(rng):
    y = 3 * np.exp(-x / 0.9) + 0.005 * rng.normal(size=60)
    parabola = sympy.Float(3.0) - sympy.Float(2.0) * X + sympy.Float(0.4) * X**2
    assert worst(parabola, y, 0.005).p_value < 1e-6
    assert worst(sympy.Float(2.9) * sympy.exp(-sympy.Float(1.0) * X), y, 0.005).p_value > 1e-3


def test_few_rows_and_no_constants_are_not_asked(rng):
    few = x[: FEWEST_ROWS - 1]
    assert worst(LINE, 1.2 * few + 0.05 * rng.normal(size=len(few)), table=few) is None
    assert worst(X, x + 0.05 * rng.normal(size=60)) is None


def test_bounds_hold_without_the_ends_too(rng):
    y = 1.2 * x + 0.01 + 0.05 * rng.normal(size=60)
    known = fit_constants("a*x + b", {"x": x}, y, y_error=np.full(60, 0.05), bounds={"b": (0.1, None)})
    dataset = Dataset(x[:, None], y, ("x",), y_error=np.full(60, 0.05))
    residuals = residuals_of(known.formula, dataset)
    found = worst_left_out_end(residuals, ("x",))
    ratios = []
    for out in (np.arange(6), np.arange(54, 60)):
        kept = np.setdiff1d(np.arange(60), out)
        # The offset is at its bound, and the slope alone is fitted.
        assert np.polyfit(x[kept], y[kept], 1)[1] < 0.1
        slope = x[kept] @ (y[kept] - 0.1) / (x[kept] @ x[kept])
        total = 0.05**2 * (np.eye(6) + np.outer(x[out], x[out]) / (x[kept] @ x[kept]))
        residual = y[out] - slope * x[out] - 0.1
        ratios.append(np.sqrt(float(residual @ np.linalg.solve(total, residual)) / 6))
    assert found.ratio == pytest.approx(max(ratios), rel=1e-6)
