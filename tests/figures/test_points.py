"""Rows of a run: running means, and a noise floor that can be seen."""

import math

import numpy as np
import pytest

from kansym.figures.points import floor_shows, running_mean


def test_running_means_are_means():
    rng = np.random.default_rng(0)
    x, y = rng.uniform(0, 1, 200), rng.normal(size=200)
    mean = running_mean(x, y)
    assert mean is not None and not mean.discrete
    order = np.argsort(x)
    size = round(200 / 8)
    assert mean.mean[0] == pytest.approx(y[order][:size].mean()) and mean.mean[-1] == pytest.approx(
        y[order][-size:].mean()
    )
    assert mean.error[0] == pytest.approx(y[order][:size].std(ddof=1) / math.sqrt(size))
    assert running_mean(x[:7], y[:7]) is None


def test_few_different_inputs_are_averaged_each():
    x = np.repeat([1.0, 2.0, 5.0], 10)
    y = x + np.tile([-1e200, 1e200], 15)
    mean = running_mean(x, y)
    assert mean is not None and mean.discrete
    assert mean.x.tolist() == [1, 2, 5] and np.abs(mean.mean).max() < 1e185
    assert mean.error == pytest.approx([1e200 / 3] * 3)
    weighted = running_mean(x, x * 0 + np.tile([0.0, 1.0], 15), np.tile([1.0, 3.0], 15))
    assert weighted is not None and weighted.mean == pytest.approx([0.75] * 3)


def test_a_floor_too_thin_to_see_is_not_drawn():
    residual = np.array([0.1, -1.0])
    assert floor_shows(0.5, residual) and not floor_shows(1e-9, residual) and not floor_shows(10.0, residual)
