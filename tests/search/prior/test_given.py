"""Searches for what a given part leaves."""

import numpy as np
import pytest
import sympy

from kansym.data.dataset import make_dataset
from kansym.data.noise import noise_floor
from kansym.data.preparation import split
from kansym.errors import ArgumentError, DataError
from kansym.search.discovery import discover
from kansym.search.options import DiscoveryOptions
from kansym.search.prior.given import LIKE_TERMS, _judged
from kansym.search.prior.part import GivenPart
from kansym.search.prior.starts import first_constants
from kansym.search.results import StopReason
from kansym.search.rows import FitRows
from kansym.symbolic.formula import Formula

RNG = np.random.default_rng(3)
x, z = RNG.uniform(0.5, 4, 300), RNG.uniform(1, 3, 300)
X = np.column_stack([x, z])


def table(y, **more):
    return make_dataset(X, y, names=["x", "z"], **more)


def test_a_term_is_kept_and_the_rest_is_found():
    y = 9.81 * x / 2 + 2 * np.exp(-z / 1.3)
    found = discover(table(y), DiscoveryOptions(max_seconds=30, given="9.81*x/2 + ..."))
    inside = np.column_stack([RNG.uniform(0.2, 5, 50), RNG.uniform(0.8, 4, 50)])
    np.testing.assert_allclose(
        found.formula.predict(inside), 9.81 * inside[:, 0] / 2 + 2 * np.exp(-inside[:, 1] / 1.3), rtol=1e-6
    )
    assert found.dataset.y is not None and found.formula.target == "y"
    assert found.network is None or np.isfinite(found.network.predict(X)).all()


@pytest.mark.long
def test_constants_of_a_given_factor_are_fitted_with_the_rest():
    y = np.exp(-x / 1.7) * np.sin(3 * z) + RNG.normal(0, 1e-3, 300)
    found = discover(table(y), DiscoveryOptions(max_seconds=5, given="exp(-x/tau)*(...)"))
    tau = next(constant for constant in found.formula.constants if constant.name == "tau")
    assert abs(tau.value - 1.7) < 4 * tau.error and tau.error < 0.01


def test_the_start_sees_through_the_other_columns():
    y = np.exp(-x / 1.7) * np.sin(3 * z)
    part = GivenPart.read("exp(-x/tau)*(...)", ("x", "z"))
    assert first_constants(part, table(y), 0)[0] == pytest.approx(1.7, rel=0.05)


def test_nothing_left_and_nothing_defined_are_said():
    with pytest.raises(DataError, match="is a constant"):
        discover(table(2 * x + 3), DiscoveryOptions(max_seconds=2, given="2*x + ..."))
    with pytest.raises(DataError, match="finite value on only"):
        discover(table(x - 10), DiscoveryOptions(max_seconds=2, given="exp(...)"))


@pytest.mark.long
def test_a_factor_of_the_same_column_does_not_hide_the_rest():
    """With a constant for the unknown part, a decay of no time at all leaves y alone; nothing would be left to see."""
    t = np.linspace(0, 8, 60)
    data = make_dataset(t[:, None], 3 * np.exp(-t / 3.2) * np.cos(6 * t), names=["t"], target="x", y_error=1e-3)
    part = GivenPart.read("exp(-t/tau)*(...)", data.names)
    (tau,) = first_constants(part, data, seed=0)
    rest, slope = part.values_of_rest(data.X, data.y, np.array([tau]))
    assert np.isfinite(rest).all() and slope.max() < 1e5 * slope.min()
    found = discover(data, DiscoveryOptions(max_seconds=1, given="exp(-t/tau)*(...)"))
    assert found.stopped != StopReason.AS_GOOD_AS_DATA or found.formula.loss < 1e-5


@pytest.mark.parametrize(("given", "lost"), [("x + ...", True), ("k*x + ...", False), ("2.5*(...)", False)])
def test_constants_are_those_that_the_formula_shows(given, lost):
    """Of a given term and one of its kind that is found, the formula shows the sum."""
    data = table(0.3 * x + 2 * z**2 + RNG.normal(0, 1e-2, 300))
    train, validation = split(data, validation_fraction=0.2, seed=0)
    fit_rows = FitRows.of(data, train, validation, noise_floor(data))
    part = GivenPart.read(given, data.names)
    a, b = sympy.symbols("x z")
    rest = Formula(sympy.Float(-0.7) * a + sympy.Float(1.9) * b**2, data.names, "...", 7, 0.1, 0.1, 50.0)
    _, formula = _judged(part, rest, np.ones(len(part.constants)), fit_rows)
    assert formula is not None
    shown = sorted(float(number) for number in formula.expression.atoms(sympy.Float))
    assert sorted(constant.value for constant in formula.constants) == pytest.approx(shown)
    np.testing.assert_allclose(shown, [0.3, 2.0], atol=0.01)
    assert (LIKE_TERMS in formula.notes) == lost


def test_fixed_and_bounded_constants_of_the_given_part():
    """What is found beside a fixed term of the same kind stays a term of its own."""
    data = table(9.81 * x**2 / 2 + 0.5 * x**2 + 2 * z + RNG.normal(0, 1e-2, 300), y_error=1e-2)
    train, validation = split(data, validation_fraction=0.2, seed=0)
    fit_rows = FitRows.of(data, train, validation, noise_floor(data))
    a, b = sympy.symbols("x z")
    rest = Formula(sympy.Float(0.3) * a**2 + sympy.Float(1.9) * b, data.names, "...", 7, 0.1, 0.1, 50.0)
    for limits, expected, held in (({"g": (9.81, 9.81)}, 9.81, "fixed"), ({"g": (10.0, 11.0)}, None, None)):
        part = GivenPart.read("g*x^2/2 + ...", data.names, limits)
        start = first_constants(part, data, seed=0)
        assert limits["g"][0] <= start[0] <= limits["g"][1]
        _, formula = _judged(part, rest, start, fit_rows)
        assert formula is not None and len(formula.constants) == 3
        g = formula.constants[0]
        assert limits["g"][0] <= g.value <= limits["g"][1] and g.held in (held, "bound")
        assert formula.loss < 1.3e-4
        if expected:
            assert g.value == expected
            assert min(one.value for one in formula.constants) == pytest.approx(0.5, abs=0.01)
    with pytest.raises(ArgumentError, match="bounds names 'Q'"):
        GivenPart.read("g*x^2/2 + ...", data.names, {"Q": (0, 1)})


@pytest.mark.long
def test_bounds_hold_in_the_last_fit():
    data = table(9.81 * x**2 / 2 + 2 * np.sin(z) + RNG.normal(0, 1e-2, 300), y_error=1e-2)
    options = DiscoveryOptions(max_seconds=1.5, given="g*x^2/2 + ...", bounds={"g": (None, 9.7)})
    found = discover(data, options).formula
    assert found.constants[0].name == "g" and found.constants[0].value <= 9.7
