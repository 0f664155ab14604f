"""Conserved quantities from runs alone: energies and momenta, as many as there are, and none of a damped motion."""

import numpy as np
import pandas as pd
import pytest
import scipy.integrate

import kansym
from kansym.conserved.noise import state_noise
from kansym.conserved.text import record, text_report
from kansym.dynamics.discovery import fit_dynamics
from kansym.dynamics.trajectories import read_trajectories
from kansym.errors import DataError
from kansym.symbolic.parametric import parametrize
from kansym.symbolic.parser import parse_expression


def runs(rates, starts, names, noise=0.0, length=8.0, points=80):
    g = np.random.default_rng(0)
    t = np.linspace(0, length, points)
    parts = []
    for k, start in enumerate(starts):
        y = scipy.integrate.solve_ivp(rates, (0, length), start, t_eval=t, rtol=1e-10, atol=1e-12).y
        parts.append(pd.DataFrame({"run": k, "t": t} | dict(zip(names, y, strict=True))))
    table = pd.concat(parts, ignore_index=True)
    for name in names:
        table[name] += noise * table[name].std() * g.standard_normal(len(table))
    return table


def swing(t, s):
    return [s[1], -9.81 * np.sin(s[0])]


STARTS = [[0.5, 0.0], [1.2, 0.4], [2.0, -1.0], [2.5, 0.2]]


def found_in(table, states, **options):
    return kansym.find_conserved(
        table, time="t", states=states, run="run", deterministic=True, max_seconds=6, **options
    )


@pytest.fixture(scope="module")
def pendulum():
    table = runs(swing, STARTS, ["theta", "omega"], 0.01)
    return table, found_in(table, ["theta", "omega"])


def test_the_energy_of_a_pendulum(pendulum):
    _, found = pendulum
    (energy,) = found.quantities
    assert str(energy.expression) == "-c0*cos(theta) + omega**2"
    (constant,) = energy.constants
    assert abs(constant.value - 19.62) < 4 * constant.error < 1
    assert energy.spread == pytest.approx(1.0, abs=0.2) and energy.share < 0.05 and energy.between < 0.1
    truth = [start[1] ** 2 - 19.62 * np.cos(start[0]) for start in STARTS]
    assert energy.values == pytest.approx(truth, abs=0.3)


def test_its_report_and_record(pendulum):
    _, found = pendulum
    text = text_report(found)
    assert text.startswith("omega**2 - 19.") and "how smooth the states are" in text
    assert record(found)["quantities"][0]["constants"][0]["name"] == "c0"


def test_it_is_constant_along_the_system_that_is_found_beside_it(pendulum):
    table, found = pendulum
    data = read_trajectories(table, time="t", states=["theta", "omega"], trajectory="run")
    states = [kansym.symbolic.naming.plain_symbol(name) for name in data.states]
    forms = [parametrize(parse_expression(text, data.states), states) for text in ("1.0*omega", "-9.8*sin(theta)")]
    assert found.quantities[0].along(fit_dynamics(data, forms)) < 0.01


def test_two_of_a_top_and_none_of_a_damped_pendulum():
    def top(t, s):
        return [-s[1] * s[2], s[2] * s[0], -s[0] * s[1] / 3]

    starts = np.random.default_rng(1).standard_normal((5, 3)).tolist()
    found = found_in(runs(top, starts, "abc"), list("abc"))
    assert found.number == 2 and all(one.share < 1e-6 for one in found.quantities)
    damped = runs(lambda t, s: [s[1], -9.81 * np.sin(s[0]) - 0.4 * s[1]], STARTS, ["x", "v"])
    assert found_in(damped, ["x", "v"]).number == 0


def test_errors_that_are_given_count(pendulum):
    table, _ = pendulum
    (energy,) = found_in(table, ["theta", "omega"], error={"theta": 0.0125, "omega": 0.033}).quantities
    assert 0.6 < energy.spread < 1.4 and energy.p_value > 0


def test_noise_is_seen_beside_the_motion():
    table = runs(swing, STARTS, ["x", "v"], 0.02, points=150)
    data = read_trajectories(table, time="t", states=["x", "v"], trajectory="run")
    clean = runs(swing, STARTS, ["x", "v"], points=150)
    sizes = np.vstack(state_noise(data)).mean(axis=0)
    assert sizes == pytest.approx(0.02 * clean[["x", "v"]].std().to_numpy(), rel=0.15)


def test_mistakes():
    table = runs(swing, STARTS[:1], ["x", "v"])
    with pytest.raises(DataError, match="at least two"):
        kansym.find_conserved(table, time="t", states="x", run="run")
    with pytest.raises(DataError, match="time and states"):
        kansym.find_conserved(table)
