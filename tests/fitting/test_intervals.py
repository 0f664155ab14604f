"""Intervals: against MINOS, lmfit's profiles, and where the answer is known."""

import iminuit
import iminuit.cost
import lmfit
import numpy as np
import pytest
import scipy.stats

from kansym.errors import ArgumentError
from kansym.fitting.estimate import estimate
from kansym.fitting.intervals import intervals_of
from kansym.fitting.known_form import fit_columns as fit_constants
from kansym.fitting.least_squares import Measurements
from kansym.symbolic.naming import plain_symbol
from kansym.symbolic.parametric import ParametricForm
from kansym.symbolic.parser import parse_expression

DECAY = "A*exp(-t/tau) + B"


def model(t, A, tau, B):
    return A * np.exp(-t / tau) + B


@pytest.fixture
def decay():
    rng = np.random.default_rng(0)
    t = np.linspace(0, 6, 20)
    return t, model(t, 3, 2, 0.5) + 0.2 * rng.standard_normal(20)


@pytest.mark.parametrize("level", [0.6827, 0.9545])
def test_agrees_with_minos(decay, level):
    t, y = decay
    found = fit_constants(DECAY, {"t": t}, y, y_error=0.2).intervals(level)
    minuit = iminuit.Minuit(iminuit.cost.LeastSquares(t, y, 0.2, model), A=3, tau=2, B=0.5)
    minuit.tol = 1e-8
    minuit.migrad()
    minuit.minos(cl=level)
    for name, error in minuit.merrors.items():
        ends = minuit.values[name] + np.array([error.lower, error.upper])
        np.testing.assert_allclose(found[name], ends, atol=2e-3 * minuit.errors[name])
    # tau is plainly asymmetric.
    low, high = found["tau"]
    assert high - minuit.values["tau"] > 1.1 * (minuit.values["tau"] - low)


def test_agrees_with_lmfit_where_the_residuals_set_the_scale(decay):
    t, y = decay
    found = fit_constants(DECAY, {"t": t}, y).intervals(0.9)
    fitted = lmfit.Model(model).fit(y, t=t, A=3, tau=2, B=0.5, fit_kws={"xtol": 1e-14, "ftol": 1e-14})
    for name, ends in lmfit.conf_interval(fitted, fitted, sigmas=[0.9]).items():
        np.testing.assert_allclose(found[name], [ends[0][1], ends[-1][1]], rtol=1e-5)


@pytest.mark.parametrize(
    ("known", "method"),
    [
        (True, "profile"),
        (True, "covariance"),
        (True, "bootstrap"),
        (False, "profile"),
        (False, "covariance"),
        pytest.param(False, "bootstrap", marks=pytest.mark.long),
    ],
)
def test_a_straight_line_has_the_textbook_intervals(method, known):
    rng = np.random.default_rng(2)
    x = np.linspace(0, 1, 15)
    y = 1 + 2 * x + 0.1 * rng.standard_normal(15)
    fit = fit_constants("a + b*x", {"x": x}, y, y_error=0.1 if known else None)
    quantile = scipy.stats.norm.ppf(0.95) if known else scipy.stats.t.ppf(0.95, 13)
    found = fit.intervals(0.9, method, samples=1000)
    for name, (low, high) in found.items():
        half = quantile * fit.errors[name]
        # Of the quantiles of 1000 simulated tables some per cent are chance.
        tolerance = 0.15 if method == "bootstrap" else 1e-4
        np.testing.assert_allclose(
            [low, high], [fit.values[name] - half, fit.values[name] + half], atol=tolerance * half
        )
    assert found.notes == () and found.better is None and found.method == method and found.level == 0.9


def test_errors_of_the_inputs(decay):
    t, y = decay
    fit = fit_constants(DECAY, {"t": t}, y, y_error=0.2, x_error={"t": 0.1})
    minuit = fit.to_iminuit()
    minuit.tol = 1e-6
    minuit.migrad()
    minuit.minos()
    found = fit.intervals()
    for name, error in minuit.merrors.items():
        ends = minuit.values[name] + np.array([error.lower, error.upper])
        # MINOS is about the minimum of its function, which the corrected constants are close to.
        np.testing.assert_allclose(found[name], ends, atol=0.05 * fit.errors[name])


def test_sides_without_a_bound():
    """Three rates far below saturation: they bound V and K from below only."""
    fit = fit_constants("V*S/(K + S)", {"S": [0.5, 1.0, 2.0]}, [1.0, 1.9, 3.6], y_error=0.5)
    found = fit.intervals(0.95)
    (low, high), limit = found["V"], scipy.stats.chi2.ppf(0.95, 1)
    assert high == np.inf and found["K"][1] == np.inf
    assert "The data set no bound above on V at this level." in found.notes
    # At the lower end chi-squared, K at its best, has risen by the quantile.
    S, y = np.array([0.5, 1.0, 2.0]), np.array([1.0, 1.9, 3.6])
    K = np.linspace(0.01, 20, 200_001)[:, None]
    best = (((y - low * S / (K + S)) / 0.5) ** 2).sum(axis=1).min()
    assert best - fit.chi2 == pytest.approx(limit, rel=1e-3)


def test_the_edge_of_the_domain():
    """sqrt(1 - b*x) needs b <= 1 on these rows, whose errors are too large to keep b from it."""
    x = np.array([0.25, 0.5, 0.75, 1.0])
    found = fit_constants("sqrt(1 - b*x)", {"x": x}, np.sqrt(1 - 0.2 * x), y_error=3.0, start={"b": 0.1}).intervals()
    assert found["b"][1] == pytest.approx(1, abs=1e-6)
    assert found.notes == ("b ends above at 1, where the formula stops being finite or real on these rows.",)
    # Below, chi-squared rises by one in the ordinary way.
    rise = np.sum(((np.sqrt(1 - found["b"][0] * x) - np.sqrt(1 - 0.2 * x)) / 3.0) ** 2)
    assert rise == pytest.approx(1, rel=1e-3)


def test_a_better_minimum_is_reported():
    t = np.sort(np.random.default_rng(4).uniform(0, 20, 60))
    y = np.sin(1.5 * t) + 0.05 * np.cos(7 * t)
    fit = fit_constants("A*sin(w*t)", {"t": t}, y, y_error=1.5, start={"A": 0.3, "w": 2.0})
    assert abs(fit.values["w"] - 1.5) > 0.1
    found = fit.intervals(0.99)
    assert found.better is not None and found.better["w"] == pytest.approx(1.5, abs=0.1)
    assert any("better minimum" in note for note in found.notes)


def test_undetermined_constants_have_no_interval(decay):
    t, y = decay
    fit = fit_constants("A*C*exp(-t/tau) + B", {"t": t}, y, y_error=0.2)
    found = fit.intervals()
    assert found["A"] == (-np.inf, np.inf) and "do not determine A, C" in found.notes[0]
    plain = fit_constants(DECAY, {"t": t}, y, y_error=0.2).intervals()
    np.testing.assert_allclose(found["tau"], plain["tau"], rtol=1e-4)


@pytest.mark.long
def test_bootstrap_takes_out_the_bias_of_strong_curvature():
    """A sine whose phase is uncertain by a third of a radian: the fit alone makes the amplitude too large."""
    expression = parse_expression("A*sin(w*t + p)", ["t", "A", "w", "p"])
    form = ParametricForm(expression, (plain_symbol("t"),), tuple(map(plain_symbol, "Awp")), np.array([2.0, 1.2, 0.4]))
    X = np.linspace(0, 10, 40)[:, None]
    rows = Measurements(X, form.evaluate(X), np.full(40, 0.15), np.full((40, 1), 0.25))
    fit = estimate(form, rows.X, rows.y, x_error=rows.x_error, y_error=rows.y_error, correct_curvature=False, near=True)
    low, high = intervals_of(fit, rows, level=0.5, method="bootstrap", samples=50)["A"]
    assert (low + high) / 2 < fit.values[0] - 0.3 * fit.errors[0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"level": 1.0}, "level must be between 0 and 1"),
        ({"level": True}, "level must be between 0 and 1"),
        ({"method": "magic"}, "method must be one of profile, covariance, bootstrap, got 'magic'"),
        ({"method": "bootstrap", "samples": 5}, "samples must be a whole number of at least 50"),
    ],
)
def test_refuses_what_cannot_be_used(decay, arguments, message):
    t, y = decay
    with pytest.raises(ArgumentError) as caught:
        fit_constants(DECAY, {"t": t}, y, y_error=0.2).intervals(**arguments)
    assert message in str(caught.value)


def test_refusals_of_fits(decay):
    t, y = decay
    robust = fit_constants(DECAY, {"t": t}, y, loss="huber")
    with pytest.raises(ArgumentError, match="needs loss='linear'"):
        robust.intervals()
    assert robust.intervals(method="covariance")["A"][0] < robust.values["A"]
    with pytest.raises(ArgumentError, match="more rows than constants"):
        fit_constants("a + b*x", {"x": [0.0, 1.0]}, [1.0, 3.0]).intervals()
