"""Systems judged by integrated trajectories: constants that say nothing are left out, the errors are what is left."""

import numpy as np
import pytest
import sympy

from kansym.dynamics.ranking import Ranking, fewer_constants, without_idle_terms
from kansym.dynamics.setting import Setting
from kansym.dynamics.smoothing import closer, smooth, without_noise
from kansym.dynamics.trajectories import read_trajectories
from kansym.symbolic.parametric import parametrize

x, y = sympy.symbols("x y")


def forms(*expressions):
    return [parametrize(one, (x, y)) for one in expressions]


def best_of(ranking):
    """The best system, of which there is one."""
    assert ranking.best is not None
    return ranking.best


def setting_of(table, smoothed=None):
    data = read_trajectories(table, time="t", states=["x", "y"], trajectory="run")
    return Setting.of(data, smoothed or smooth(data), 1, explicit_time=False)


@pytest.fixture(scope="module")
def stiff(make_table):
    """A double well whose fast beginning the points hardly resolve."""
    return make_table(
        lambda _, s: [s[1], s[0] - s[0] ** 3 - 0.18 * s[1]], [[-1.8, -1.8], [5.8, 0.0]], np.linspace(0, 10, 150), "xy"
    )


WELL = (1.0 * y, 1.0 * x - 1.0 * x**3 - 0.18 * y)


@pytest.mark.long
def test_what_looked_like_noise_is_none_where_a_system_leaves_nothing(stiff):
    setting = setting_of(stiff)
    assert not setting.smoothed.exact.any()
    ranking = Ranking(setting, np.inf)
    ranking.horizon([forms(*WELL)])
    smoothed, noise = setting.smoothed, setting.smoothed.noise
    for _ in range(3):
        again = closer(smoothed, setting.data, best_of(ranking).fit.losses)
        if again is None:
            break
        smoothed, ranking = again, ranking.judged_by(setting_of(stiff, again))
    assert smoothed.exact.any() or (smoothed.noise < 1e-3 * noise).all()
    assert np.allclose(np.concatenate([one.values for one in best_of(ranking).fitted]), [1, 1, -1, -0.18], atol=1e-7)


def test_noise_that_a_system_leaves_is_kept(make_table):
    table = make_table(lambda _, s: [s[1], -s[0]], [[1.0, 0.0]], np.linspace(0, 10, 100), "xy", noise=0.02)
    setting = setting_of(table)
    ranking = Ranking(setting, np.inf)
    ranking.horizon([forms(1.0 * y, -1.0 * x)])
    assert closer(setting.smoothed, setting.data, best_of(ranking).fit.losses) is None


def test_without_noise_curves_go_through_all_points_of_the_chosen_states(stiff):
    setting = setting_of(stiff)
    found = without_noise(setting.smoothed, setting.data, np.array([False, True]))
    assert found.exact.tolist() == [False, True]
    for piece, before in zip(found.pieces, setting.smoothed.pieces, strict=True):
        assert piece.curves[0] is before.curves[0]
        assert np.allclose(piece.curves[1](piece.run.t), piece.run.x[:, 1], atol=1e-12)


@pytest.mark.long
def test_terms_and_constants_that_say_nothing_are_left_out(make_table):
    table = make_table(
        lambda _, s: [-0.55 * s[0] + s[0] ** 2 / (s[0] ** 2 + 1), -s[1]],
        [[0.3, 1.0], [2.5, 2.0]],
        np.linspace(0, 10, 150),
        "xy",
    )
    ranking = Ranking(setting_of(table), np.inf)
    tall = -0.55 * x + 1.0000001 - 1.0000001 / (1.0000001 * (x - 1e-9) ** 2 + 1.0) + 1e-8 * y
    ranking.horizon([forms(tall, -1.0 * y)])
    ranking.shorten()
    assert ranking.exact
    assert not best_of(ranking).forms[0].expression.has(y)
    assert len(best_of(ranking).forms[0].constants) <= 3


def test_only_constants_within_their_errors_become_simple_and_measured_ones_stay():
    (form,) = forms(2.0 * x + 1.01 * (y - 0.02) ** 2)
    said = {
        exact: [list(one.values) for _, one in fewer_constants(form, np.full(3, 0.01), exact=exact)]
        for exact in (True, False)
    }
    assert len(said[False]) == 3  # two terms, and the offset
    assert [2.0, 1.01] in said[False]
    assert len(said[True]) == 4 and [2.0, -0.02] in said[True]
    assert len(list(fewer_constants(form, np.full(3, 1e-3), exact=True))) == 2


def test_all_terms_within_their_errors_go_at_once_but_for_one():
    (form,) = forms(2.0 * x + 0.01 * x**2 - 0.02 * y + 0.5)
    errors = {2.0: 0.1, 0.01: 0.1, -0.02: 0.1, 0.5: 0.1}
    kept = without_idle_terms(form, np.array([errors[value] for value in form.values]))
    assert sorted(kept.values) == [0.5, 2.0]
    assert list(without_idle_terms(form, np.full(4, 10.0)).values) == [2.0]
    # A term without a coefficient may be all there is.
    (wave,) = forms(sympy.sin(0.3 * x) + 0.5)
    assert len(without_idle_terms(wave, np.full(2, 10.0)).constants) == 1


@pytest.mark.long
def test_of_several_systems_the_best_is_told_also_where_others_follow(stiff):
    ranking = Ranking(setting_of(stiff), np.inf)
    assert ranking.horizon([forms(1.0 * x, 1.0 * y), forms(WELL[0], WELL[1] + 1e-5 * x**2), forms(*WELL)]) == 2
    assert ranking.parts == 1


@pytest.mark.long
def test_terms_too_many_are_left_out_also_where_motion_is_chaotic(make_table):
    x, y, z = sympy.symbols("x y z")
    table = make_table(
        lambda _, s: [10 * (s[1] - s[0]), s[0] * (28 - s[2]) - s[1], s[0] * s[1] - 8 / 3 * s[2]],
        [[2.3, 8.1, 12.4], [10, 20, 30]],
        np.linspace(0, 6, 200),
        "xyz",
        noise=0.1,
    )
    data = read_trajectories(table, time="t", states=["x", "y", "z"], trajectory="run")
    ranking = Ranking(Setting.of(data, smooth(data), 1, explicit_time=False), np.inf)
    long = [10.0 * y - 10.0 * x + 0.1, 28.0 * x - 1.0 * x * z - 1.0 * y + 1e-3 * z**2 + 0.02 * z, 1.0 * x * y - 2.7 * z]
    assert ranking.horizon([[parametrize(one, (x, y, z)) for one in long]]) == 0
    ranking.shorten()
    law = [[-10, 10], [-1, 28, -1], [1, -8 / 3]]
    for one, values in zip(best_of(ranking).fitted, law, strict=True):
        assert np.allclose(sorted(one.values), sorted(values), rtol=0.02)
