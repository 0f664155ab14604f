"""The linear response of trajectories, against trajectories of changed systems, and what is found with it."""

import math

import numpy as np
import pytest
import sympy

from kansym.dynamics.ranking import Ranked, fitted_system
from kansym.dynamics.response import Response
from kansym.dynamics.setting import Setting
from kansym.dynamics.smoothing import smooth
from kansym.dynamics.trajectories import read_trajectories
from kansym.symbolic.parametric import ParametricForm

X, Y, A, B, C, D = sympy.symbols("x y a b c d")


def form(expression, constants, values, variables=(X, Y)):
    return ParametricForm(sympy.S(expression), variables, constants, np.array(values))


def fitted(setting, forms) -> Ranked:
    found = fitted_system(setting, forms, 1, most=30)
    assert found is not None
    return found


def response_of(setting, ranked) -> Response:
    found = Response.of(setting, ranked)
    assert found is not None
    return found


@pytest.fixture(scope="module")
def saturating(noisy_hunters):
    """Lotka and Volterra's data, and a system that follows them with both equations wrong."""
    setting = Setting.of(noisy_hunters, smooth(noisy_hunters), 1, explicit_time=False)
    forms = [
        form(A * X - B * X * Y / (1 + Y / 60), (A, B), [1.1, 0.4]),
        form(C * X * Y / (1 + X / 60) - D * Y, (C, D), [0.1, 0.4]),
    ]
    return setting, fitted(setting, forms)


def test_a_changed_right_hand_side_moves_the_states_as_foretold(saturating):
    setting, ranked = saturating
    response = response_of(setting, ranked)
    small, change = 1e-5, X * Y / (1 + Y)
    rows = response.grid.X
    moved = []
    for k in (0, 1):
        forms = list(ranked.fitted)
        forms[k] = forms[k].substituted() + small * change
        flow = setting.flow([form(one if k == j else one.substituted(), (), []) for j, one in enumerate(forms)])
        plain = setting.flow([form(one.substituted(), (), []) for one in ranked.fitted])
        parts = []
        for shot, start in zip(setting.shots(1), ranked.fit.starts, strict=True):
            a, b = (one.integrate(start, shot.run.t, np.empty(0)) for one in (flow, plain))
            parts.append(((a - b) / small / shot.sigma).ravel())
        moved.append(np.concatenate(parts))
        foretold = response.A[k] @ (rows[:, 0] * rows[:, 1] / (1 + rows[:, 1]))
        assert np.abs(foretold - moved[k]).max() < 2e-3 * np.abs(moved[k]).max()


def test_constants_and_initial_values_move_the_states_as_the_sensitivities_say(saturating):
    setting, ranked = saturating
    response = response_of(setting, ranked)
    shot, start = setting.shots(1)[0], ranked.fit.starts[0]
    _, slopes = setting.flow(ranked.fitted).sensitivities(start, shot.run.t, ranked.fit.values)
    slopes = (slopes / shot.sigma[:, :, None]).reshape(-1, slopes.shape[2])
    found = np.hstack([response.starts[: len(slopes), :2], *(one[: len(slopes)] for one in response.constants)])
    assert np.abs(found - slopes).max() < 2e-3 * np.abs(slopes).max()


def test_both_equations_are_set_right_at_once(saturating):
    setting, ranked = saturating
    assert ranked.fit.losses.max() > 1.3
    first, *_ = response_of(setting, ranked).systems(math.inf)
    terms = [{term.as_coeff_Mul()[1] for term in sympy.Add.make_args(side)} for side in first]
    assert terms == [{X, X * Y}, {X * Y, Y}]


def test_one_equation_is_judged_whatever_the_constants_of_the_other(noisy_hunters):
    setting = Setting.of(noisy_hunters, smooth(noisy_hunters), 1, explicit_time=False)
    laws = [form(A * X - B * X * Y, (A, B), [1.1, 0.4]), form(C * X * Y - D * Y, (C, D), [0.1, 0.4])]
    ranked = fitted(setting, laws)
    first, second = response_of(setting, ranked).problems()
    for problem, law in ((first, ranked.fitted[0]), (second, ranked.fitted[1])):
        again, loss = problem.fit(law)
        assert again.values == pytest.approx(law.values, rel=1e-4)
        assert 0.7 < loss < 1.3


def test_second_order_with_a_force(make_table):
    t = np.linspace(0, 6, 60)
    table = make_table(lambda s, x: [x[1], -4 * x[0] + np.sin(s)], [[1.0, 0.0]], t, ["x"], noise=0.01)
    table["u"] = np.sin(table["t"])
    data = read_trajectories(table, time="t", states=["x"], inputs=["u"])
    setting = Setting.of(data, smooth(data), 2, explicit_time=False)
    x, v, u = sympy.symbols("x x_dot u")
    law = form(A * x + B * u, (A, B), [-4.0, 1.0], (x, v, u))
    ranked = fitted(setting, [law])
    (problem,) = response_of(setting, ranked).problems()
    _, loss = problem.fit(form(A * x, (A,), [-4.0], (x, v, u)))
    again, least = problem.fit(ranked.fitted[0])
    assert again.values == pytest.approx([-4.0, 1.0], abs=0.05)
    assert least < 1.5 < 5 < loss
