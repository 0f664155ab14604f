"""Constants as results, through a search."""

import numpy as np
import pytest
import sympy

from kansym.data.dataset import make_dataset
from kansym.report.text import text_report
from kansym.run.summary import RunSummary
from kansym.search.discovery import discover
from kansym.search.options import DiscoveryOptions
from kansym.symbolic.constants import constants_of
from kansym.symbolic.formula import Formula
from kansym.symbolic.parametric import ParametricForm
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
