"""Integration: an analytic solution, sensitivities against finite differences, and what cannot be integrated."""

import numpy as np
import pytest
import sympy

from kansym.dynamics.integration import CannotIntegrateError, flow_of
from kansym.symbolic.parametric import ParametricForm

X, Y, A, B = sympy.symbols("x y a b")


def flow(*expressions, variables=(X, Y), scale=None, values=(0.7, 1.3)):
    forms = []
    for expression in expressions:
        constants = tuple(symbol for symbol in (A, B) if expression.has(symbol))
        forms.append(ParametricForm(expression, variables, constants, np.array(values[: len(constants)])))
    return flow_of(forms, variables, np.ones(len(forms)) if scale is None else scale, False)


def test_logistic_growth_is_that_of_the_closed_form():
    t = np.linspace(0, 5, 20)
    found = flow(A * X * (1 - X / B), variables=(X,)).integrate(np.array([0.1]), t, np.array([1.5, 2.0]))
    assert found[:, 0] == pytest.approx(2.0 / (1 + (2.0 / 0.1 - 1) * np.exp(-1.5 * t)), rel=1e-8)


def test_sensitivities_are_those_of_finite_differences():
    system = flow(Y - A * X**3, sympy.sin(X) * A - B * Y)
    t, start, values, h = np.linspace(0, 2, 5), np.array([0.4, -0.3]), np.array([0.7, 0.9, 1.3]), 1e-5
    states, slopes = system.sensitivities(start, t, values)
    assert states == pytest.approx(system.integrate(start, t, values), abs=1e-8)
    for k in range(5):
        step = h * np.eye(5)[k]
        above, below = (system.integrate(start + sign * step[:2], t, values + sign * step[2:]) for sign in (1.0, -1.0))
        assert slopes[:, :, k] == pytest.approx((above - below) / (2 * h), abs=1e-5)


@pytest.mark.parametrize("expression", [X**2, sympy.log(X - 1), (X - 2) ** sympy.Rational(1, 3)])
def test_what_runs_away_or_has_no_value_is_an_error(expression):
    with pytest.raises(CannotIntegrateError):
        flow(expression, variables=(X,)).integrate(np.array([1.0]), np.linspace(0, 3, 10), np.empty(0))


def test_stiff_systems_are_named():
    fast = flow(-1e4 * (X - sympy.cos(Y)), sympy.S.One)
    fast.integrate(np.array([0.0, 0.0]), np.linspace(0, 3, 30), np.empty(0))
    assert fast.is_stiff
    slow = flow(-X, sympy.S.One)
    slow.integrate(np.array([1.0, 0.0]), np.linspace(0, 3, 30), np.empty(0))
    assert not slow.is_stiff


def test_functions_that_python_lacks_are_those_of_scipy():
    bessel = flow(sympy.besselj(0, X), variables=(X,))
    assert np.isfinite(bessel.integrate(np.array([0.5]), np.linspace(0, 1, 5), np.empty(0))).all()
