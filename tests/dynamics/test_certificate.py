"""Certificates: a wrong right-hand side is no law, whatever the constants."""

import numpy as np
import sympy

from kansym.dynamics.certificate import certify_system
from kansym.dynamics.finish import settled
from kansym.dynamics.ranking import fitted_system
from kansym.dynamics.setting import Setting
from kansym.dynamics.smoothing import smooth
from kansym.symbolic.parametric import ParametricForm

X, Y, A, B = sympy.symbols("x y a b")


def certificate(data, first):
    setting = Setting.of(data, smooth(data), 1, False)
    second = ParametricForm(A * X * Y - B * Y, (X, Y), (A, B), np.array([0.1, 0.4]))
    best = fitted_system(setting, [first, second], 1, most=40)
    assert best is not None
    return certify_system(*settled(setting, best, until=float("inf")))


def test_the_law_foretells_left_out_runs(noisy_hunters):
    found = certificate(noisy_hunters, ParametricForm(A * X - B * X * Y, (X, Y), (A, B), np.array([1.1, 0.4])))
    assert [one.kind for one in found.verdicts] == ["law", "law"]
    assert all((one.residuals < 3).all() for one in found.left_out)


def test_a_wrong_term_is_no_law(noisy_hunters):
    found = certificate(noisy_hunters, ParametricForm(A * X - B * Y, (X, Y), (A, B), np.array([0.4, 0.6])))
    assert "law" not in [one.kind for one in found.verdicts]
    assert any("times the noise" in reason for reason in found.verdicts[0].reasons)
