from dataclasses import replace

import numpy as np
import pytest

from kansym.fitting.residuals import residuals_of
from kansym.validation.description_length import explained, loo


def _explained(discovery):
    return explained(residuals_of(discovery.formula, discovery.dataset), discovery.noise_floor)


def test_noise_saves_nothing(discovered, rng):
    for _ in range(20):
        x = rng.uniform(0, 1, 50)
        assert _explained(discovered(x, rng.normal(size=50), "0.1*x + 0.1")).saved < 0


def test_the_gain_of_a_line_is_its_left_out_r_squared(discovered, rng):
    x = rng.uniform(0, 1, 60)
    y = 3 * x + rng.normal(size=60)
    discovery = discovered(x, y, "3.1*x + 0.1")
    errors = [y[i] - np.polyval(np.polyfit(np.delete(x, i), np.delete(y, i), 1), x[i]) for i in range(60)]
    mean_errors = [y[i] - np.delete(y, i).mean() for i in range(60)]
    expected = 30 * np.log2(np.mean(np.square(mean_errors)) / np.mean(np.square(errors)))
    found = _explained(discovery)
    assert found.gained == pytest.approx(expected, rel=1e-6)
    assert found.left == pytest.approx(np.mean(np.square(errors)) / np.mean(np.square(mean_errors)), rel=1e-6)


def test_a_frequency_to_many_digits_is_paid_for(discovered, rng):
    """A wave fast enough goes through any few points; the digits of its frequency cost what it gains."""
    x = np.arange(1.0, 31)
    slow = discovered(x, np.sin(0.2 * x + 0.3) + 0.1 * rng.normal(size=30), "1.1*sin(0.2001*x + 0.31)")
    fast = discovered(x, np.sin(1000.2 * x + 0.3) + 0.1 * rng.normal(size=30), "1.1*sin(1000.2001*x + 0.31)")
    assert _explained(fast).cost - _explained(slow).cost == pytest.approx(np.log2(1000.2 / 0.2), abs=1.5)


def test_as_many_constants_as_rows_are_no_evidence(discovered):
    x = np.arange(1.0, 6)
    discovery = discovered(x, np.array([1.0, 3, 2, 5, 4]), "0.1*x")
    residuals = residuals_of(discovery.formula, discovery.dataset)
    first = replace(residuals, X=residuals.X[:1], y=residuals.y[:1], predicted=residuals.predicted[:1],
                    leverage=residuals.leverage[:1])  # fmt: skip
    assert np.isfinite(loo(residuals))
    assert loo(first) == np.inf
