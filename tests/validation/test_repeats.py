import numpy as np
import pytest
import scipy.stats

from kansym.validation.repeats import lack_of_fit
from kansym.validation.rows import residuals_of


def _test(discovery):
    return lack_of_fit(residuals_of(discovery.formula, discovery.dataset))


def test_the_f_test_of_a_line_is_that_of_the_textbook(discovered, rng):
    x = np.repeat(np.arange(1.0, 9), 3)
    y = x**2 / 8 + rng.normal(size=24)
    found = _test(discovered(x, y, "1.1*x + 0.1"))
    means = y.reshape(8, 3).mean(axis=1)
    pure = np.sum((y.reshape(8, 3) - means[:, None]) ** 2)
    line = np.polyval(np.polyfit(x, y, 1), np.arange(1.0, 9))
    statistic = (3 * np.sum((means - line) ** 2) / 6) / (pure / 16)
    assert found.statistic == pytest.approx(statistic, rel=1e-6)
    assert found.p_value == pytest.approx(scipy.stats.f.sf(statistic, 6, 16), rel=1e-5)
    assert found.pure_error == pytest.approx(np.sqrt(pure / 16), rel=1e-9)


def test_it_is_not_asked_without_repeated_points(discovered, rng):
    x = np.arange(1.0, 25)
    assert _test(discovered(x, x + rng.normal(size=24), "1.1*x")) is None


def test_copies_of_rows_are_no_repeated_measurements(discovered, rng):
    x = np.arange(1.0, 13)
    y = x + rng.normal(size=12)
    assert _test(discovered(np.tile(x, 2), np.tile(y, 2), "1.1*x")) is None
