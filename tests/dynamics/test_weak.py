"""The weak form: the law leaves what the noise is, and nothing without noise; others leave more."""

import numpy as np
import pandas as pd
import pytest
import sympy

from kansym.dynamics.smoothing import smooth
from kansym.dynamics.trajectories import read_trajectories
from kansym.dynamics.weak import weak_problems
from kansym.symbolic.parametric import parametrize

X, Y, V = sympy.symbols("x y v")


def form(expression, *symbols):
    return parametrize(sympy.S(expression), symbols)


def test_constants_of_the_law_are_found_and_leave_the_noise(noisy_hunters):
    first, second = weak_problems(smooth(noisy_hunters), ["x", "y"])
    law, loss = first.fit(form(1.03 * X - 0.44 * X * Y, X, Y))
    assert np.sort(law.values) == pytest.approx([-0.4, 1.1], abs=0.02)
    assert 0.4 < loss < 2.0
    _, left = second.fit(form(1.03 * X - 0.44 * Y, X, Y))
    assert left > 20


def test_second_order_needs_no_velocity():
    t = np.linspace(0, 8, 120)
    table = pd.DataFrame({"t": t, "x": np.exp(-0.1 * t) * np.cos(2 * t)})
    data = read_trajectories(table, time="t", states=["x"])
    (problem,) = weak_problems(smooth(data), ["x", "v"], order=2)
    law, _ = problem.fit(form(-3.1 * X - 0.33 * V, X, V))
    # x'' = -0.2 x' - (4 + 0.01) x.
    assert np.sort(law.values) == pytest.approx([-4.01, -0.2], rel=1e-5)


def test_inner_constants_are_fitted_too():
    t = np.linspace(0, 6, 90)
    table = pd.DataFrame({"t": t, "x": -np.log(np.exp(-1) + 0.5 * t)})
    data = read_trajectories(table, time="t", states=["x"])
    (problem,) = weak_problems(smooth(data), ["x"])
    # x' = -exp(x)/2.
    law, _ = problem.fit(form(-0.43 * sympy.exp(1.21 * X), X))
    assert np.sort(law.values) == pytest.approx([-0.5, 1.0], rel=1e-4)


def test_a_form_without_values_is_no_fit(noisy_hunters):
    first, _ = weak_problems(smooth(noisy_hunters), ["x", "y"])
    assert first.fit(form(1.1 * sympy.log(-X), X, Y))[1] == np.inf
