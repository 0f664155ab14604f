"""Integrated fits: the constants and covariance of the closed form, also from parts of a run."""

import numpy as np
import pytest
import scipy.optimize
import sympy

from kansym.dynamics.integration import CannotIntegrateError, flow_of
from kansym.dynamics.shooting import shoot, shots_of
from kansym.dynamics.trajectories import Trajectory
from kansym.symbolic.parametric import ParametricForm

X, K = sympy.symbols("x k")


def decay(noise=0.02, seed=0):
    t = np.sort(np.random.default_rng(seed).uniform(0, 4, 40))
    x = 3 * np.exp(-0.8 * t) + noise * np.random.default_rng(seed + 1).standard_normal(len(t))
    run = Trajectory("one", t, x[:, None], np.empty((40, 0)))
    flow = flow_of([ParametricForm(-K * X, (X,), (K,), np.array([0.5]))], (X,), np.array([3.0]), False)
    return run, flow


def shots(run, most=None, sigma=0.02):
    return shots_of([run], [np.full_like(run.x, sigma)], [run.x], np.array([0]), most)


def test_constants_and_errors_are_those_of_the_closed_form():
    run, flow = decay()
    fit = shoot(flow, shots(run))
    values, covariance = scipy.optimize.curve_fit(
        lambda t, x0, k: x0 * np.exp(-k * (t - run.t[0])),
        run.t,
        run.x[:, 0],
        [3, 0.5],
        sigma=np.full(len(run), 0.02),
        absolute_sigma=True,
    )
    assert fit.values[0] == pytest.approx(values[1], rel=1e-5)
    assert fit.starts[0, 0] == pytest.approx(values[0], rel=1e-5)
    assert fit.covariance[0, 0] == pytest.approx(covariance[1, 1], rel=1e-3)


def test_parts_of_a_run_share_the_constants_and_know_them_less():
    run, flow = decay()
    whole, parts = shoot(flow, shots(run)), shoot(flow, shots(run, most=10))
    assert len(parts.starts) == 4
    assert abs(parts.values[0] - 0.8) < 4 * np.sqrt(parts.covariance[0, 0])
    assert parts.covariance[0, 0] > whole.covariance[0, 0]


def test_a_constant_that_does_nothing_has_no_error():
    run, _ = decay()
    c = sympy.Symbol("c")
    form = ParametricForm(-K * X + 0 * c, (X,), (K, c), np.array([0.5, 1.0]))
    fit = shoot(flow_of([form], (X,), np.array([3.0]), False), shots(run))
    assert np.isfinite(fit.covariance[0, 0]) and np.isnan(fit.covariance[1, 1])


def test_a_start_that_cannot_be_integrated_is_an_error():
    run, _ = decay()
    flow = flow_of([ParametricForm(K * X**3, (X,), (K,), np.array([5.0]))], (X,), np.array([3.0]), False)
    with pytest.raises(CannotIntegrateError):
        shoot(flow, shots(run))


def test_a_start_that_noise_makes_negative_is_no_end():
    # A population below zero falls without bound under the logistic law.
    t = np.linspace(0, 10, 60)
    x = 70 / (1 + 60 * np.exp(-1.2 * t)) + 3 * np.random.default_rng(4).standard_normal(len(t))
    x[0] = -3.0
    run = Trajectory("one", t, x[:, None], np.empty((60, 0)))
    capacity = sympy.Symbol("c")
    form = ParametricForm(K * X * (1 - X / capacity), (X,), (K, capacity), np.array([1.3, 75.0]))
    flow = flow_of([form], (X,), np.array([70.0]), False)
    fit = shoot(flow, shots(run, sigma=3.0))
    assert fit.starts[0, 0] > 0
    assert (np.abs(fit.values - [1.2, 70]) < 4 * np.sqrt(np.diagonal(fit.covariance))).all()
    # Nor are initial values that another system had, and this one cannot be integrated from.
    assert np.allclose(shoot(flow, shots(run, sigma=3.0), starts=np.array([[-3.0]])).values, fit.values, rtol=1e-4)
