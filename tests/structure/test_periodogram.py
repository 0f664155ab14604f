"""The highest peak over frequencies of one column and of two, and the rows for it."""

import numpy as np
import pytest

from kansym.structure.periodogram import CHANCE, ROWS, STEP, highest_peak, scattered


def peak(law, columns, rows=800, seed=0):
    s = np.random.default_rng(seed).uniform(-1, 1, (rows, columns))
    y = law(*s.T)
    return highest_peak(y / np.linalg.norm(y), s)


@pytest.mark.parametrize("rate", [17.0, 55.0, 410.0, 900.0])
def test_a_wave_of_one_column(rate):
    height, (found,) = peak(lambda x: np.sin(rate * x + 0.3), 1)
    assert height > 0 and abs(found - rate) <= STEP / 2 + 1e-9


@pytest.mark.parametrize("rates", [(30.0, 71.0), (140.0, -230.0), (7.0, 250.0)])
def test_a_wave_of_two_columns(rates):
    height, found = peak(lambda x, z: np.cos(rates[0] * x + rates[1] * z), 2)
    assert height > 0 and np.abs(found - rates).max() <= STEP + 1e-9


@pytest.mark.parametrize("columns", [1, 2])
def test_noise_has_no_peak(columns):
    for seed in range(10):
        noise = np.random.default_rng(seed + 100)
        assert peak(lambda x, *_, noise=noise: noise.normal(size=len(x)), columns, seed=seed)[0] < 0


def test_on_a_grid_the_points_limit_the_frequency():
    s = np.linspace(-1, 1, 101)[:, None]
    y = np.sin(290 * s[:, 0])
    height, (found,) = highest_peak(y / np.linalg.norm(y), s)
    # Its alias on points that are 0.02 apart: 100 pi less 290.
    assert height > 0 and abs(found - (100 * np.pi - 290)) <= STEP / 2


def test_a_column_of_one_value_tells_nothing():
    y = np.ones(50) / np.sqrt(50)
    assert highest_peak(y, np.ones((50, 1)))[0] == -CHANCE
    assert highest_peak(y, np.column_stack([np.linspace(-1, 1, 50), np.ones(50)]))[0] == -CHANCE


def test_scattered_rows_are_all_or_have_no_equal_steps():
    assert np.array_equal(scattered(50), np.arange(50))
    some = scattered(3 * ROWS)
    assert 0.6 * ROWS < len(some) <= ROWS and len(set(np.diff(some))) > 1
    # A wave that each third row of a regular grid takes for a constant.
    assert abs(np.exp(2j * np.pi / 3 * some).mean()) < 0.2
