import numpy as np
import pytest
import scipy.optimize
import scipy.stats

from kansym.fitting.residuals import residuals_of
from kansym.validation.fit import measure_fit


def test_chi_squared_and_its_probability_are_those_of_a_weighted_line(discovered, rng):
    x, sigma = np.linspace(0, 5, 40), rng.uniform(0.1, 0.4, 40)
    y = 2 * x + 1 + sigma * rng.normal(size=40)
    discovery = discovered(x, y, "2.1*x + 1.1", y_error=sigma)
    fit = measure_fit(discovery, residuals_of(discovery.formula, discovery.dataset))
    slope, level = np.polyfit(x, y, 1, w=1 / sigma)
    chi2 = float(np.sum(((y - slope * x - level) / sigma) ** 2))
    assert fit.chi2 == pytest.approx(chi2, rel=1e-6)
    assert fit.freedom == 38
    assert fit.chi2_p == pytest.approx(scipy.stats.chi2.sf(chi2, 38), rel=1e-4)


def test_r_squared_is_that_of_linregress(discovered, rng):
    x = np.linspace(0, 5, 40)
    y = 2 * x + rng.normal(size=40)
    discovery = discovered(x, y, "2.1*x + 0.1")
    fit = measure_fit(discovery, residuals_of(discovery.formula, discovery.dataset))
    assert 1 - fit.one_minus_r2 == pytest.approx(scipy.stats.linregress(x, y).rvalue ** 2, rel=1e-9)
    assert fit.chi2 is None
    assert fit.held_out_rows == 8
    assert not fit.exact


def test_few_rows_are_left_out_one_by_one(discovered, rng):
    x = np.arange(1.0, 11)
    y = 2 * x + rng.normal(size=10)
    discovery = discovered(x, y, "2.1*x + 0.1")
    fit = measure_fit(discovery, residuals_of(discovery.formula, discovery.dataset))
    errors = [y[i] - np.polyval(np.polyfit(np.delete(x, i), np.delete(y, i), 1), x[i]) for i in range(10)]
    assert fit.held_out_rows == 0
    assert fit.held_out_rms == pytest.approx(np.sqrt(np.mean(np.square(errors))), rel=1e-6)
