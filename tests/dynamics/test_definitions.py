"""A measured rate of a measured state is a definition, with its factor of one told; another factor is none."""

import numpy as np
import pytest
import sympy

from kansym.dynamics.definitions import with_definitions
from kansym.dynamics.finish import settled
from kansym.dynamics.ranking import fitted_system
from kansym.dynamics.setting import Setting
from kansym.dynamics.smoothing import smooth
from kansym.dynamics.trajectories import read_trajectories
from kansym.symbolic.naming import plain_symbol
from kansym.symbolic.parametric import ParametricForm

THETA, OMEGA = plain_symbol("theta"), plain_symbol("omega")


@pytest.mark.parametrize(("scale", "told"), [(1.0, True), (0.9, False)])
def test_a_rate_that_was_measured_is_a_definition(make_table, scale, told):
    def rates(_, x):
        return [x[1] / scale, -9.0 * scale * np.sin(x[0])]

    t = np.linspace(0, 4, 120)
    table = make_table(rates, [[1.2, 0.0], [0.4, 1.0]], t, ["theta", "omega"], noise=0.01)
    data = read_trajectories(table, time="t", states=["theta", "omega"], trajectory="run")
    setting = Setting.of(data, smooth(data), 1, explicit_time=False)
    a, b = map(sympy.Symbol, "ab")
    forms = [
        ParametricForm(a * OMEGA, (THETA, OMEGA), (a,), np.array([1.01])),
        ParametricForm(b * sympy.sin(THETA), (THETA, OMEGA), (b,), np.array([-8.9])),
    ]
    setting, best = settled(setting, fitted_system(setting, forms, 1, most=100), until=np.inf, numbers=False)
    factor = best.fitted[0].values[0]
    assert factor == pytest.approx(1 / scale, abs=0.02) and factor != 1
    after, found = with_definitions(setting, best, until=np.inf)
    assert bool(found) == told
    if told:
        (one,) = found
        assert (one.state, one.rate, one.factor) == ("theta", "omega", factor) and 0 < one.error < 0.01
        assert after.fitted[0].expression == OMEGA and len(after.fitted[1].constants) == 1
        assert "omega is the rate of theta by definition" in str(one) and "errors from one" in str(one)
    else:
        assert after is best
