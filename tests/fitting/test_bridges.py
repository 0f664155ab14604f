"""Bridges: lmfit and iminuit, fitted to the same table, come to the same constants and errors."""

import lmfit
import numpy as np
import pandas as pd
import pytest

import kansym
from kansym.errors import ArgumentError, DataError
from kansym.fitting.bridges import formula_to_iminuit, formula_to_lmfit, safe_names
from kansym.fitting.known_form import fit_columns as fit_constants
from kansym.symbolic.formula import Constant, Formula
from kansym.symbolic.parser import parse_expression

DECAY = "A*exp(-t/tau) + B"


@pytest.fixture
def decay():
    rng = np.random.default_rng(7)
    t = np.linspace(0, 10, 30)
    error = 0.02 + 0.01 * t
    return t, 3 * np.exp(-t / 2.5) + 0.7 + error * rng.standard_normal(30), error


@pytest.mark.parametrize("known", [True, False])
def test_lmfit_comes_to_the_same(decay, known):
    t, y, error = decay
    fit = fit_constants(DECAY, {"t": t}, y, y_error=error if known else None)
    model, parameters = fit.to_lmfit()
    assert {name: parameters[name].stderr for name in fit.errors} == pytest.approx(fit.errors)
    parameters["tau"].value *= 1.3
    options = {"weights": 1 / error, "scale_covar": False} if known else {}
    result = model.fit(y, parameters, t=t, **options)
    assert result.best_values == pytest.approx(fit.values, rel=1e-5)
    assert {name: result.params[name].stderr for name in fit.errors} == pytest.approx(fit.errors, rel=1e-3)


@pytest.mark.parametrize("scale", [False, True, None])
def test_iminuit_comes_to_the_same(decay, scale):
    t, y, error = decay
    fit = fit_constants(DECAY, {"t": t}, y, y_error=None if scale is None else error, scale_errors=bool(scale))
    minuit = fit.to_iminuit()
    minuit.values["tau"] *= 1.2
    minuit.tol = 1e-6
    minuit.migrad()
    minuit.hesse()
    assert minuit.values.to_dict() == pytest.approx(fit.values, rel=1e-4)
    # Minuit takes the second derivatives of chi-squared, which differ from the products of first ones a little.
    assert minuit.errors.to_dict() == pytest.approx(fit.errors, rel=0.05)
    assert minuit.fval == pytest.approx(fit.ndf if scale in (True, None) else fit.chi2, rel=1e-6)


def test_bounds_and_fixed_constants_are_handed_on(decay):
    t, y, error = decay
    bounds = {"k": (0.5, 2.0)}
    fit = fit_constants("A*exp(-k*t) + B", {"t": t}, y, y_error=error, bounds=bounds, fixed={"B": 0.7})
    assert fit.values["k"] == 0.5
    for bridge in (fit, fit.formula):
        model, parameters = bridge.to_lmfit()
        assert (parameters["k"].min, parameters["k"].max) == bounds["k"]
        parameters["A"].value *= 1.1
        best = model.fit(y, parameters, t=t, weights=1 / error, scale_covar=False).best_values
        # lmfit sees a constant through a sine of its bounds, and stops short of them.
        assert best["k"] == pytest.approx(0.5, rel=0.01) and best["A"] == pytest.approx(fit.values["A"], rel=0.01)
    for minuit in (fit.to_iminuit(), fit.formula.to_iminuit(t[:, None], y, error)):
        assert minuit.limits["k"] == bounds["k"]
        minuit.values["A"] *= 1.1
        minuit.migrad()
        assert minuit.values["k"] == pytest.approx(0.5, rel=0.01)
    assert not fit.to_lmfit()[1]["B"].vary and fit.to_iminuit().fixed["B"]


def test_iminuit_with_errors_of_the_inputs(decay):
    t, y, error = decay
    fit = fit_constants(DECAY, {"t": t}, y, y_error=error, x_error={"t": 0.1})
    minuit = fit.to_iminuit()
    assert minuit.fcn(minuit.values) == pytest.approx(fit.chi2, rel=1e-9)
    minuit.migrad()
    minuit.hesse()
    for name, value in fit.values.items():
        assert minuit.values[name] == pytest.approx(value, abs=0.05 * fit.errors[name])
    assert minuit.errors.to_dict() == pytest.approx(fit.errors, rel=0.08)


def test_constants_that_cannot_be_told_apart_are_fixed(decay):
    t, y, error = decay
    fit = fit_constants("A*C*exp(-t/tau) + B", {"t": t}, y, y_error=error)
    minuit = fit.to_iminuit()
    assert sorted(minuit.fixed.to_dict().values()) == [False, False, False, True]
    minuit.migrad()
    minuit.hesse()
    assert minuit.errors["tau"] == pytest.approx(fit.errors["tau"], rel=0.05)
    _, parameters = fit.to_lmfit()
    assert sum(parameter.vary for parameter in parameters.values()) == 3


def test_names_with_a_meaning_elsewhere():
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"weights": rng.uniform(1, 2, 20), "T [K]": rng.uniform(1, 2, 20)})
    y = 2 * table["weights"] + 3 * table["T [K]"] + 0.01 * rng.standard_normal(20)
    fit = fit_constants("data*weights + b*`T [K]`", table, y)
    model, parameters = fit.to_lmfit()
    assert model.columns == {"weights": "weights_2", "T [K]": "T__K_"}
    assert model.constants == {"data": "data_2", "b": "b"}
    columns = {model.columns[name]: table[name].to_numpy() for name in table}
    result = model.fit(y.to_numpy(), parameters, **columns)
    assert result.best_values["b"] == pytest.approx(fit.values["b"], rel=1e-8)


def test_safe_names_are_different_identifiers():
    names = ["x", "x ", "x.", "1/T", "lambda", "λ", ""]
    found = safe_names(names, {"x"})
    assert list(found) == names
    assert len(set(found.values())) == len(names)
    assert all(name.isidentifier() and name not in ("x", "lambda") for name in found.values())


def test_formulas_of_a_search():
    rng = np.random.default_rng(1)
    X = rng.uniform(1, 3, (40, 2))
    y = 2.123 * X[:, 0] ** 2 - 0.731 * X[:, 1] + 0.05 * rng.standard_normal(40)
    expression = parse_expression("2.0*x**2 - 0.7*z + 0.0123*z/x", ["x", "z"])
    constants = (Constant("c0", 2.0, 0.1), Constant("c1", 0.7, 0.2))
    formula = Formula(expression, ("x", "z"), "y", 9, 0.0, 0.0, 0.0, constants)
    minuit = formula_to_iminuit(formula, pd.DataFrame(X, columns=["x", "z"]), y, 0.05)
    assert {"c0", "c1"} < set(minuit.parameters) and len(minuit.parameters) == 3
    assert minuit.values["c1"] == 0.7 and minuit.errors["c0"] == 0.1
    minuit.migrad()
    design = np.column_stack([X[:, 0] ** 2, -X[:, 1], X[:, 1] / X[:, 0]])
    best = np.linalg.lstsq(design, y, rcond=None)[0]
    assert minuit.values["c0"] == pytest.approx(best[0], rel=1e-4)
    assert minuit.values["c1"] == pytest.approx(best[1], rel=1e-4)
    assert minuit.errors["c0"] == pytest.approx(0.05 * np.sqrt(np.linalg.inv(design.T @ design)[0, 0]), rel=1e-3)
    model, parameters = formula_to_lmfit(formula)
    assert isinstance(model, lmfit.Model)
    np.testing.assert_allclose(model.eval(parameters, x=X[:, 0], z=X[:, 1]), formula.predict(X), rtol=1e-12)
    unweighted = formula_to_iminuit(formula, X, y)
    free = float(np.sum((y - formula.predict(X)) ** 2)) / 37
    assert unweighted.fcn(unweighted.values) == pytest.approx(np.sum((y - formula.predict(X)) ** 2) / free)


def test_refusals(decay):
    t, y, _ = decay
    with pytest.raises(ArgumentError, match="loss='linear'"):
        fit_constants(DECAY, {"t": t}, y, loss="huber").to_iminuit()
    formula = kansym.fit_constants("a*t", {"t": t, "y": y}).formula
    with pytest.raises(DataError, match=r"X must have shape \(n, 1\)"):
        formula_to_iminuit(formula, t, y)
    with pytest.raises(DataError, match="X lacks the columns"):
        formula_to_iminuit(formula, pd.DataFrame({"s": t}), y)
    with pytest.raises(DataError, match="y_error must be finite and positive"):
        formula_to_iminuit(formula, t[:, None], y, 0.0)
    with pytest.raises(ArgumentError, match="y_error is needed"):
        formula_to_iminuit(formula, t[:1, None], y[:1])
