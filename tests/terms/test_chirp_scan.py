"""The scan over phases: a wave's cell is the highest, and noise has no peak."""

import numpy as np
import pytest

from kansym.terms.chirp_scan import STEP, peaks
from kansym.terms.waves import WaveRows


def scanned(law, columns, seed=0):
    X = np.random.default_rng(seed).uniform(-1, 1, (400, columns))
    y = law(*X.T)
    rows = WaveRows.of(X, y, np.ones(len(y)), scaled=True)
    return peaks(y, rows, 3), rows


CASES = {
    "one column": (1, lambda x: 14 * x - 6 * (2 * x**2 - 1) + 5 * (4 * x**3 - 3 * x)),
    "two columns": (2, lambda x, y: 9 * x + 7 * x * y - 3 * (2 * y**2 - 1)),
    "three columns": (3, lambda x, y, z: 6 * x - 4 * y + 5 * y * z),
    "short straight waves of two of three": (3, lambda x, y, z: 41 * x + 13 * z),
    "very short straight waves of two": (2, lambda x, y: 180 * x - 240 * y),
    "very short straight waves of two of five": (5, lambda *x: 290 * x[0] + 65 * x[4]),
    "short straight waves of three": (3, lambda x, y, z: 27 * x - 22 * y + 19 * z),
}


@pytest.mark.parametrize("name", CASES)
def test_the_phase_of_a_wave_is_the_highest_peak(name):
    columns, phase = CASES[name]
    (first, *_), rows = scanned(lambda *x: np.sin(phase(*x) + 1.1), columns)
    seen = first.wave().phase(rows)
    # All but its sign, the constant, and what a grid cannot tell.
    off = min(np.std(sign * seen - phase(*rows.X.T)) for sign in (1, -1))
    assert off < STEP / 2 * np.sqrt(len(first.rates) / 2)


def test_on_a_grid_no_wave_is_faster_than_its_points_tell():
    axis = np.linspace(-1, 1, 21)
    X = np.random.default_rng(0).permutation(np.stack(np.meshgrid(axis, axis), -1).reshape(-1, 2))
    y = np.sin(25 * X[:, 0] + 28 * X[:, 1])
    found = peaks(y, WaveRows.of(X, y, np.ones(len(y)), scaled=True), 3)
    assert found and all(np.abs(one.rates[:2]).max() <= np.pi / 2 * 20 for one in found)


def test_a_wave_times_a_column_is_seen_with_its_amplitude():
    (first, *_), _ = scanned(lambda x, y: y * np.cos(12 * (2 * x**2 - 1)), 2)
    assert first.amplitude == (0, 1)


@pytest.mark.parametrize("columns", [1, 2, 3, pytest.param(4, marks=pytest.mark.long), 5])
def test_noise_has_no_peak(columns):
    for seed in range(3):
        found, _ = scanned(lambda x, *_, seed=seed: np.random.default_rng(seed).normal(size=len(x)), columns, seed)
        assert found == []
