"""Smoothing: size of the noise, derivatives within their errors, exact states as such."""

import numpy as np
import pandas as pd
import pytest

from kansym.dynamics.smoothing import KERNELS, smooth, stretches
from kansym.dynamics.trajectories import read_trajectories


def read(t, x):
    return read_trajectories(pd.DataFrame({"t": t, "x": x}), time="t", states=["x"])


@pytest.mark.parametrize("kernel", KERNELS)
def test_derivatives_of_kernels_are_those_of_finite_differences(kernel):
    r, h = np.array([-1.3, 0.4, 2.1]), 1e-5
    values, above, below = kernel(r), kernel(r + h), kernel(r - h)
    for order in range(4):
        assert np.allclose((above[order] - below[order]) / (2 * h), values[order + 1], atol=1e-8)


def test_noise_of_a_constant_size_is_measured_and_derivatives_are_within_their_errors():
    t = np.linspace(0, 10, 120)
    x = np.sin(t) + 0.05 * np.random.default_rng(1).standard_normal(len(t))
    found = smooth(read(t, x))
    assert not found.relative[0] and not found.exact[0]
    assert found.noise[0] == pytest.approx(0.05, rel=0.2)
    inside = t[5:-5]
    curve = found.pieces[0].curves[0]
    misses = (curve(inside, 1) - np.cos(inside)) / curve.error(inside, 1)
    assert np.sqrt(np.mean(misses**2)) < 2


def test_noise_that_is_a_share_of_the_state_is_recognized():
    t = np.linspace(0, 5, 100)
    x = np.exp(-t) * (1 + 0.05 * np.random.default_rng(2).standard_normal(len(t)))
    found = smooth(read(t, x))
    assert found.relative[0]
    assert found.noise[0] == pytest.approx(0.05, rel=0.25)


def test_without_noise_a_curve_goes_through_all_points():
    t = np.sort(np.random.default_rng(3).uniform(0, 6, 80))
    found = smooth(read(t, np.exp(np.sin(t))))
    assert found.exact[0]
    curve = found.pieces[0].curves[0]
    inside = t[10:-10]
    assert np.allclose(curve(inside, 1), np.cos(inside) * np.exp(np.sin(inside)), atol=1e-4)


def test_a_run_is_cut_at_its_gaps():
    t = np.concatenate([np.linspace(0, 1, 20), np.linspace(3, 4, 20)])
    pieces = stretches(read(t, np.sin(t)).runs[0])
    assert [(piece.t[0], piece.t[-1]) for piece in pieces] == [(0, 1), (3, 4)]
    assert [len(piece) for piece in stretches(read(t, np.sin(t)).runs[0], most=10)] == [11, 10, 11, 10]


def test_a_fast_start_is_no_noise_beside_a_state_without_noise(make_table):
    # Two species that compete: the first falls within the first step, which no smooth curve resolves.
    def rates(_, x):
        return [x[0] * (2.5 - x[0] - 1.7 * x[1]), x[1] * (1.8 - x[0] - x[1])]

    table = make_table(rates, [[4.0, 5.0], [2.0, 3.0]], np.linspace(0, 10, 150), ["x", "y"])
    data = read_trajectories(table, time="t", states=["x", "y"], trajectory="run")
    assert smooth(data).exact.all()


@pytest.mark.parametrize("noise", [0.0, 0.01])
def test_a_fast_start_hides_neither_noise_nor_that_there_is_none(noise):
    # The fall within three points is no noise, and what follows it has its own.
    t = np.linspace(0, 10, 150)
    clean = 0.04 + 0.01 * np.sin(2 * t) - 2.1 * np.exp(-28 * t)
    found = smooth(read(t, clean * (1 + noise * np.random.default_rng(7).standard_normal(len(t)))))
    assert found.exact[0] == (noise == 0)
    if noise:
        assert found.relative[0] and found.noise[0] == pytest.approx(noise, rel=0.3)


@pytest.mark.long
def test_spikes_are_no_noise_beside_a_state_without_any(make_table):
    # Roessler's equations: the points do not resolve the third state, whose spikes no smooth curve follows.
    table = make_table(
        lambda _, s: [-5 * s[1] - 5 * s[2], 5 * s[0] + s[1], 5 * s[2] * (s[0] - 5.7) + 1],
        [[2.3, 1.1, 0.8], [-0.1, 4.1, -2.1]],
        np.linspace(0, 10, 150),
        ["x", "y", "z"],
    )
    data = read_trajectories(table, time="t", states=["x", "y", "z"], trajectory="run")
    assert smooth(data).exact.all()
