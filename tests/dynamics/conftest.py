"""Trajectories of known systems."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
import scipy.integrate

from kansym.dynamics.trajectories import Trajectories, read_trajectories

Rates = Callable[[float, np.ndarray], list[float]]


def table_of(
    rates: Rates, starts: list[list[float]], t: np.ndarray, names: list[str], noise: float = 0.0, seed: int = 0
) -> pd.DataFrame:
    """Runs of a system with noise of a constant size."""
    generator = np.random.default_rng(seed)
    frames = []
    for run, start in enumerate(starts):
        states = scipy.integrate.solve_ivp(rates, (t[0], t[-1]), start, t_eval=t, rtol=1e-11, atol=1e-12).y.T
        states = states[:, : len(names)]
        states = states + noise * generator.standard_normal(states.shape)
        frames.append(pd.DataFrame({"run": run, "t": t, **dict(zip(names, states.T, strict=True))}))
    return pd.concat(frames, ignore_index=True)


def lotka_volterra(_, x):
    return [1.1 * x[0] - 0.4 * x[0] * x[1], 0.1 * x[0] * x[1] - 0.4 * x[1]]


@pytest.fixture(scope="session")
def make_table():
    return table_of


@pytest.fixture(scope="session")
def hunters() -> Trajectories:
    """Lotka and Volterra's system without noise."""
    table = table_of(lotka_volterra, [[10.0, 5.0]], np.linspace(0, 12, 100), ["x", "y"])
    return read_trajectories(table, time="t", states=["x", "y"])


@pytest.fixture(scope="session")
def noisy_hunters() -> Trajectories:
    table = table_of(lotka_volterra, [[10.0, 5.0], [4.0, 2.0]], np.linspace(0, 12, 80), ["x", "y"], noise=0.05)
    return read_trajectories(table, time="t", states=["x", "y"], trajectory="run")
