"""Rows beyond chance: against rows left out one by one, Grubbs's test, and tables without outliers."""

import numpy as np
import pytest
import scipy.stats

from kansym.fitting.known_form import fit_columns as fit_constants
from kansym.fitting.outliers import LEVEL, Outlier, outlier_note


def line(seed, n=30, error=0.1):
    rng = np.random.default_rng(seed)
    x = np.linspace(0, 1, n)
    return x, 1 + 2 * x + error * rng.standard_normal(n)


def test_sigmas_are_those_of_the_row_left_out():
    x, y = line(0)
    y[7] += 1.0
    fit = fit_constants("a + b*x", {"x": x}, y)
    (outlier,) = fit.outliers
    others = np.delete(np.arange(30), 7)
    design = np.column_stack([np.ones(30), x])
    best, rss = np.linalg.lstsq(design[others], y[others], rcond=None)[:2]
    spread = rss[0] / 27 * (1 + design[7] @ np.linalg.inv(design[others].T @ design[others]) @ design[7])
    assert outlier.row == 7
    assert outlier.sigmas == pytest.approx((y[7] - design[7] @ best) / np.sqrt(spread), rel=1e-6)
    assert outlier.residual == pytest.approx(fit.residuals[7])
    assert fit.notes == (outlier_note(fit.outliers, 30, True),)
    assert "Row 7 (+" in fit.notes[0] and "counts like all others" in fit.notes[0]


def test_for_a_mean_it_is_grubbs_test():
    """The limit of Grubbs's statistic max|y - mean|/s, from the quantile of Student's t."""
    n = 20
    quantile = scipy.stats.t.isf(LEVEL / (2 * n), n - 2)
    limit = (n - 1) / np.sqrt(n) * np.sqrt(quantile**2 / (n - 2 + quantile**2))
    base = np.random.default_rng(1).standard_normal(n)

    def statistic(last):
        y = np.append(base[:-1], last)
        return np.abs(y - y.mean()).max() / y.std(ddof=1)

    low, high = 2.0, 50.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if statistic(middle) < limit else (low, middle)
    x = np.ones(n)
    assert not fit_constants("m*x", {"x": x}, np.append(base[:-1], low - 1e-3)).outliers
    assert fit_constants("m*x", {"x": x}, np.append(base[:-1], low + 1e-3)).outliers[0].row == n - 1


@pytest.mark.parametrize("error", [None, 0.1])
@pytest.mark.long
def test_tables_without_outliers_are_left_alone(error):
    """One table in a hundred may have a false one; eight of 200 have a chance of 1e-3."""
    found = 0
    for seed in range(200):
        x, y = line(seed)
        found += bool(fit_constants("a + b*x", {"x": x}, y, y_error=error, start={"a": 1.0, "b": 2.0}).outliers)
    assert found < 8


def test_a_row_that_stands_alone_cannot_be_judged():
    # The formula passes through the last row whatever it is.
    x, y = line(0)
    fit = fit_constants("a + b*x + c*z", {"x": x, "z": np.append(np.zeros(29), 1.0)}, np.append(y[:-1], 1e6))
    assert fit.outliers == ()


def test_rounding_is_no_outlier():
    x = np.linspace(1, 2, 50)
    assert fit_constants("a*x", {"x": x}, 3 * x).outliers == ()


def test_note():
    one = (Outlier(3, 1.0, 7.2),)
    assert outlier_note((), 30, True) == ""
    assert outlier_note(one, 30, False).endswith("The robust loss gave it little weight or none.")
    many = tuple(Outlier(row, 1.0, 5.0) for row in range(9))
    assert "9 of 30 rows" in outlier_note(many, 30, True)
    assert "and 4 more" in outlier_note(many, 300, True)
