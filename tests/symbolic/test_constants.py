"""The constants of a formula as results, and the numbers that are made of them."""

import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from kansym.data.dataset import make_dataset
from kansym.fitting.known_form import fit_columns as fit_constants
from kansym.report.text import text_report
from kansym.run.summary import RunSummary
from kansym.search.discovery import discover
from kansym.search.options import DiscoveryOptions
from kansym.symbolic.constants import constants_of, with_constant_symbols
from kansym.symbolic.formula import Constant, Formula
from kansym.symbolic.parametric import ParametricForm, parametrize
from kansym.units.system import UnitSystem


@pytest.fixture(scope="module")
def fall():
    rng = np.random.default_rng(0)
    t = rng.uniform(0.5, 3, 300)
    s = 9.80665 * t**2 / 2 + rng.normal(0, 0.01, 300)
    table = make_dataset(t[:, None], s, names=["t"], target="s", units=["s"], y_units="m", y_error=0.01)
    return discover(table, DiscoveryOptions(max_seconds=10))


def test_a_measured_constant_has_a_unit_and_a_suggestion(fall):
    (constant,) = fall.formula.constants
    assert constant.unit == "m/s^2"
    assert constant.suggestions[0].startswith("1/2 g (1/2 standard gravity) = 4.903325")
    assert abs(constant.value - 9.80665 / 2) < 3 * constant.error
    # Beside the number, not in place of it.
    assert constant.value != 9.80665 / 2 and constant.snapped is None


def test_report_and_storage(fall):
    text = text_report(RunSummary.of(fall))
    assert "m/s^2" in text and "may be 1/2 g" in text and "c0 = 4.90" in text
    again = Formula.from_dict(fall.formula.to_dict())
    assert again.constants == fall.formula.constants
    np.testing.assert_array_equal(again.covariance, fall.formula.covariance)


def test_correlated_numbers_and_bridges(fall):
    number = fall.formula.uncertain["c0"]
    assert number.std_dev == pytest.approx(fall.formula.constants[0].error, rel=1e-9)
    model, parameters = fall.formula.to_lmfit()
    fit = model.fit(fall.dataset.y, parameters, t=fall.dataset.X[:, 0], weights=1 / 0.01, scale_covar=False)
    assert fit.params["c0"].stderr == pytest.approx(fall.formula.constants[0].error, rel=1e-3)
    minuit = fall.formula.to_iminuit(fall.dataset.X, fall.dataset.y, 0.01)
    minuit.migrad()
    assert minuit.errors[0] == pytest.approx(fall.formula.constants[0].error, rel=1e-2)


@pytest.mark.parametrize(("unit", "power"), [("10^30 kg", 12), ("10^30 kg", -12), ("Mpc", 15)])
def test_a_unit_whose_size_is_no_double_is_not_written(unit, power):
    X = np.linspace(1, 2, 20)[:, None]
    system = UnitSystem.of(make_dataset(X, X[:, 0], names=["m"], units=[unit], y_units="s"))
    c0 = sympy.Symbol("c0")
    form = ParametricForm(c0 * sympy.Symbol("m") ** power, (sympy.Symbol("m"),), (c0,), np.array([2.0]))
    found = system.check(form.expression, {"c0": 2.0})
    (constant,) = constants_of(form, np.array([0.1]), system, found)
    assert found.consistent and constant.unit is None and constant.suggestions == ()


X = sympy.Symbol("x")
A, TAU, W = sympy.symbols("A tau w")
T = np.linspace(0.0, 8.0, 60)


@pytest.mark.parametrize(
    ("law", "used"),
    [
        (A * sympy.exp(-X / TAU), ["A", "tau"]),
        (A * X**2 / 2, ["A"]),
        (A / TAU * X, ["A", "tau"]),
        (A * W * X + TAU, ["A", "tau", "w"]),
        (sympy.exp(-(X**2) / (2 * W**2)), ["w"]),
        (X / (A * TAU), ["A", "tau"]),
        (sympy.sqrt(A) * X, ["A"]),
    ],
    ids=str,
)
def test_the_law_comes_back(law, used):
    constants = [Constant("A", 3.017), Constant("tau", 1.3613), Constant("w", -0.7717)]
    numbers = law.subs({symbol: sympy.Float(c.value) for symbol, c in zip((A, TAU, W), constants, strict=True)})
    form, _ = with_constant_symbols(parametrize(numbers, (X,)), constants)
    assert [symbol.name for symbol in form.constants] == used
    assert sympy.simplify(form.expression - law) == 0
    rows = np.linspace(0.1, 4, 9)[:, None]
    np.testing.assert_allclose(form.evaluate(rows), parametrize(numbers, (X,)).evaluate(rows), rtol=1e-13)


def test_names_that_every_formula_gives_are_only_taken_as_they_are():
    constants = [Constant("c0", 4.0), Constant("c1", 0.5)]
    form, numbers = with_constant_symbols(parametrize(sympy.Float(0.25) * X - sympy.Float(0.5), (X,)), constants)
    assert sorted(symbol.name for symbol in form.constants) != ["c0", "c1"]
    assert -sympy.Symbol("c1") in numbers.values()


@given(st.floats(0.01, 100), st.floats(-100, 100).filter(lambda v: abs(v) > 0.01), st.floats(-9, 9))
def test_values_stay(a, tau, other):
    constants = [Constant("a", a), Constant("tau", tau)]
    expression = sympy.Float(a) * X / sympy.Float(tau) + sympy.Float(other)
    form = parametrize(expression, (X,))
    named, _ = with_constant_symbols(form, constants)
    rows = np.linspace(-3, 3, 7)[:, None]
    np.testing.assert_allclose(named.evaluate(rows), form.evaluate(rows), rtol=1e-12, atol=1e-12)


def test_a_time_constant_keeps_its_name_and_error_everywhere():
    y = 3 * np.exp(-T / 1.36) + 0.5 + 0.01 * np.random.default_rng(0).normal(size=60)
    formula = fit_constants("A*exp(-t/tau) + B", {"t": T}, y).formula
    latex = formula.latex(with_units=True)
    assert r"e^{-t/\tau}" in latex and r"\tau = 1.351(5)" in latex and "c_" not in latex
    assert "tau" in formula.to_code("c") and "unknown" not in formula.to_code("c")
    # Digits of -1/tau follow its error, 0.3 % of it.
    assert len(formula.latex().split("e^{-")[1].split(" t")[0]) <= 7
