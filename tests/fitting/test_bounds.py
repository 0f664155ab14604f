"""Constants within bounds and fixed ones: against scipy, and where the answer is known."""

import json

import numpy as np
import pytest
import scipy.optimize
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from kansym import DiscoveryOptions, make_dataset
from kansym.errors import ArgumentError
from kansym.fitting.known_form import fit_columns as fit_constants
from kansym.fitting.residuals import residuals_of
from kansym.fitting.result import record
from kansym.run.agreement import Agreement
from kansym.symbolic.formula import Formula
from kansym.validation.form import check_constants

DECAY = "A*exp(-t/tau) + B"
NAMES = ("A", "tau", "B")
t = np.linspace(0, 6, 40)


def decay(A, tau, B):
    return A * np.exp(-t / tau) + B


@pytest.fixture
def y():
    return decay(3, 2, 0.02) + 0.2 * np.random.default_rng(0).standard_normal(40)


def by_scipy(y, bounds, start):
    ends = np.array([bounds.get(name, (-np.inf, np.inf)) for name in NAMES]).T
    found = scipy.optimize.least_squares(
        lambda values: (decay(*values) - y) / 0.2, start, bounds=ends, xtol=1e-15, ftol=1e-15, gtol=1e-15
    )
    return found.x, 2 * found.cost


@pytest.mark.parametrize(
    ("bounds", "start", "at_bound"),
    [
        ({"B": (0, np.inf)}, (3, 2, 1), []),
        ({"B": (0.2, np.inf)}, (3, 2, 1), ["B"]),
        ({"B": (0.2, np.inf), "tau": (0, 1.5)}, (3, 1, 1), ["tau"]),
        pytest.param({"A": (0, 2.5)}, (1, 2, 0.5), ["A"], marks=pytest.mark.long),
        ({"A": (0, 2.5), "tau": (0, 1.5)}, (1, 1, 0.5), ["A", "tau"]),
        ({"tau": (2.5, 10)}, (1, 3, 0), ["tau"]),
    ],
)
def test_least_squares_of_scipy(y, bounds, start, at_bound):
    fit = fit_constants(DECAY, {"t": t}, y, y_error=0.2, bounds=bounds)
    values, chi2 = by_scipy(y, bounds, start)
    assert list(fit.at_bound) == at_bound
    np.testing.assert_allclose(list(fit.values.values()), values, rtol=1e-5)
    assert fit.chi2 <= chi2 * (1 + 1e-9)
    # On the bound and not near it: a value that says so, and no error that pretends otherwise.
    for name, value in fit.at_bound.items():
        assert value == fit.values[name] and value in bounds[name] and np.isnan(fit.errors[name])
        assert any(f"{name} is at its bound" in note for note in fit.notes)
    assert fit.ndf == 40 - 3 + len(at_bound)


def test_errors_of_the_others_are_those_at_the_bound(y):
    fit = fit_constants(DECAY, {"t": t}, y, y_error=0.2, bounds={"B": (0.2, None)})
    _, covariance = scipy.optimize.curve_fit(
        lambda t, A, tau: A * np.exp(-t / tau) + 0.2, t, y, (3, 2), sigma=0.2 + 0 * t, absolute_sigma=True
    )
    np.testing.assert_allclose(fit.covariance[:2, :2], covariance, rtol=1e-4)
    assert np.isnan(fit.covariance[2]).all()


@pytest.mark.long
def test_bounds_that_do_not_matter_change_nothing(y):
    plain = fit_constants(DECAY, {"t": t}, y, y_error=0.2)
    fit = fit_constants(DECAY, {"t": t}, y, y_error=0.2, bounds={"A": (0, 100), "tau": (0.1, None), "B": (-5, None)})
    assert fit.values == pytest.approx(plain.values, rel=1e-9) and fit.errors == pytest.approx(plain.errors, rel=1e-7)
    assert fit.notes == () and fit.at_bound == {}
    for name, ends in plain.intervals(0.9).items():
        np.testing.assert_allclose(fit.intervals(0.9)[name], ends, rtol=1e-4)


@settings(max_examples=20)
@given(
    st.integers(0, 10**6),
    st.lists(st.tuples(st.floats(-2, 1), st.floats(0.1, 2)), min_size=4, max_size=4),
)
def test_a_linear_formula_is_bounded_linear_least_squares(seed, ends):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((30, 4))
    y = X @ rng.uniform(-2, 2, 4) + 0.3 * rng.standard_normal(30)
    bounds = {name: (low, low + width) for name, (low, width) in zip("abcd", ends, strict=True)}
    fit = fit_constants("a*p + b*q + c*r + d*s", dict(zip("pqrs", X.T, strict=True)), y, bounds=bounds)
    best = scipy.optimize.lsq_linear(X, y, np.array(list(bounds.values())).T, method="bvls", tol=1e-14)
    np.testing.assert_allclose(list(fit.values.values()), best.x, atol=1e-7)
    assert all(low <= fit.values[name] <= high for name, (low, high) in bounds.items())


def test_another_sign_is_found_where_the_bounds_want_it():
    # exp(-t**2/(2*s**2)) has the same values for -s.
    y = 2 * np.exp(-((t - 3) ** 2) / (2 * 0.7**2))
    data = {"t": t}
    text = "A*exp(-(t - m)**2/(2*s**2))"
    assert fit_constants(text, data, y, bounds={"s": (0, None)}).values["s"] == pytest.approx(0.7)
    assert fit_constants(text, data, y, bounds={"s": (None, 0)}).values["s"] == pytest.approx(-0.7)


@pytest.mark.long
def test_a_frequency_between_its_bounds():
    rng = np.random.default_rng(4)
    x = np.linspace(0, 10, 80)
    y = np.sin(2 * x) + 0.8 * np.sin(7 * x) + 0.05 * rng.standard_normal(80)
    assert fit_constants("A*sin(w*x + p)", {"x": x}, y).values["w"] == pytest.approx(2, abs=0.05)
    fit = fit_constants("A*sin(w*x + p)", {"x": x}, y, bounds={"w": (5, 9)})
    assert fit.values["w"] == pytest.approx(7, abs=0.05) and not fit.at_bound


def test_fixed_constants_are_numbers_with_a_unit(y):
    rng = np.random.default_rng(2)
    s = 0.5 * 9.81 * t**2 + 2 * t + 0.05 * rng.standard_normal(40)
    options = {"y_error": 0.05, "units": {"t": "s"}, "y_units": "m"}
    fit = fit_constants("g*t**2/2 + v*t", {"t": t}, s, fixed={"g": 9.81}, **options)
    plain = fit_constants("9.81*t**2/2 + v*t", {"t": t}, s, y_error=0.05)
    assert fit.values["g"] == 9.81 and fit.errors["g"] == 0 and fit.ndf == plain.ndf == 39
    assert fit.values["v"] == pytest.approx(plain.values["v"], rel=1e-10)
    assert fit.errors["v"] == pytest.approx(plain.errors["v"], rel=1e-9)
    g, v = fit.formula.constants
    assert g.held == "fixed" and g.unit == "m/s^2" and v.held is None and fit.at_bound == {}
    assert fit.intervals()["g"] == (9.81, 9.81)
    np.testing.assert_array_equal(fit.covariance[0], 0.0)
    assert fit.uncertain["g"].std_dev == 0 and "g = 9.81 m/s^2  (fixed)" in str(fit)


def test_what_a_product_determines_with_one_factor_fixed(y):
    fit = fit_constants("A*C*exp(-t/tau) + B", {"t": t}, y, y_error=0.2, fixed={"C": 2.0})
    plain = fit_constants(DECAY, {"t": t}, y, y_error=0.2)
    assert 2 * fit.values["A"] == pytest.approx(plain.values["A"], rel=1e-8) and fit.determined == ()
    assert 2 * fit.errors["A"] == pytest.approx(plain.errors["A"], rel=1e-6)


@pytest.mark.parametrize("fixed", [{}, {"A": 3.0}])
def test_profiles_end_at_the_bound(y, fixed):
    """The other end is where scipy's constrained chi-squared has risen by one."""
    bounds = {"B": (0.2, np.inf)}
    fit = fit_constants(DECAY, {"t": t}, y, y_error=0.2, bounds=bounds, fixed=fixed)
    found = fit.intervals()

    def least(name, value):
        free = [other for other in NAMES if other != name and other not in fixed]
        ends = np.array([bounds.get(other, (-np.inf, np.inf)) for other in free]).T

        def residuals(z):
            return (decay(**{**fixed, name: value, **dict(zip(free, z, strict=True))}) - y) / 0.2

        begin = [max(fit.values[other], 0.3) if other == "B" else fit.values[other] for other in free]
        return 2 * scipy.optimize.least_squares(residuals, begin, bounds=ends, xtol=1e-14, ftol=1e-14).cost

    assert fit.at_bound == {"B": 0.2} and found["B"][0] == 0.2
    assert "B ends below at its bound, 0.2." in found.notes
    for name, end in [("B", found["B"][1]), ("tau", found["tau"][0]), ("tau", found["tau"][1])]:
        assert least(name, end) - fit.chi2 == pytest.approx(1, abs=1e-3)
    limits = fit.intervals(method="covariance")
    assert limits["B"] == (0.2, np.inf) and any("B" in note for note in limits.notes)
    with pytest.raises(ArgumentError, match="bootstrap"):
        fit.intervals(method="bootstrap")


@pytest.mark.long
def test_errors_of_the_inputs_and_robust_losses_keep_to_them(y):
    bounds = {"B": (0.2, None)}
    exact = fit_constants(DECAY, {"t": t}, y, y_error=0.2, bounds=bounds)
    fit = fit_constants(DECAY, {"t": t}, y, y_error=0.2, x_error={"t": 1e-4}, bounds=bounds)
    assert fit.at_bound == exact.at_bound == {"B": 0.2} and fit.values == pytest.approx(exact.values, rel=1e-5)
    assert fit.errors["tau"] == pytest.approx(exact.errors["tau"], rel=1e-5)
    wide = fit_constants(DECAY, {"t": t}, y, y_error=0.2, x_error={"t": 0.2}, bounds=bounds)
    held = fit_constants("A*exp(-t/tau) + 0.2", {"t": t}, y, y_error=0.2, x_error={"t": 0.2})
    assert wide.at_bound == {"B": 0.2} and wide.values["tau"] == pytest.approx(held.values["tau"], rel=1e-6)
    robust = fit_constants(DECAY, {"t": t}, y, y_error=0.2, loss="huber", bounds=bounds)
    alone = fit_constants("A*exp(-t/tau) + 0.2", {"t": t}, y, y_error=0.2, loss="huber")
    assert robust.at_bound == {"B": 0.2} and robust.values["tau"] == pytest.approx(alone.values["tau"], rel=1e-6)
    assert robust.errors["tau"] == pytest.approx(alone.errors["tau"], rel=1e-5)


def test_starts_of_all_constants(y):
    start = {"A": 1, "tau": 1, "B": 0.5}
    fit = fit_constants(DECAY, {"t": t}, y, y_error=0.2, start=start, bounds={"B": (0.2, 1)})
    assert fit.start == start and fit.at_bound == {"B": 0.2}
    assert fit.values["tau"] == pytest.approx(by_scipy(y, {"B": (0.2, 1)}, (1, 1, 0.5))[0][1], rel=1e-6)


def test_the_record_has_them(y):
    fit = fit_constants("A*exp(-t/tau) + B + C", {"t": t}, y, y_error=0.2, bounds={"B": (0.2, None)}, fixed={"C": 0})
    found = record(fit, fit.intervals())
    assert found["at_bound"] == {"B": 0.2} and found["bounds"] == {"B": [0.2, None]} and found["fixed"] == ["C"]
    assert found["errors"]["B"] is None and found["errors"]["C"] == 0
    assert [one.held for one in fit.formula.constants] == [None, None, "bound", "fixed"]
    again = Formula.from_dict(json.loads(json.dumps(found["formula"])))
    assert [one.bounds for one in again.constants] == [None, None, (0.2, None), (0.0, 0.0)]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"bounds": {"Q": (0, 1)}}, "bounds names 'Q', which is not a constant"),
        ({"bounds": {"t": (0, 1)}}, "bounds names 't', which is a column"),
        ({"bounds": {"tau": (2, 1)}}, "must have a low end below the high one, got 2 to 1"),
        ({"bounds": {"tau": (2, 2)}}, "give it as fixed"),
        ({"bounds": {"tau": 2}}, "must be a low and a high end, got 2"),
        ({"bounds": {"tau": "ab"}}, "must be a low and a high end"),
        ({"bounds": {"tau": (0, "1")}}, "must be numbers or None"),
        ({"bounds": {"tau": (np.nan, 1)}}, "must be numbers or None"),
        ({"bounds": [("tau", 0, 1)]}, "must map constants"),
        ({"bounds": {"tau": (0, 1)}, "start": {"tau": 2}}, "start of 'tau' is 2, outside of its bounds 0 to 1"),
        ({"bounds": {"tau": (0, 1)}, "fixed": {"tau": 0.5}}, "the constant is fixed"),
        ({"start": {"tau": 1}, "fixed": {"tau": 0.5}}, "the constant is fixed"),
        ({"fixed": {"Q": 1}}, "fixed names 'Q', which is not a constant"),
        ({"fixed": {"tau": np.inf}}, "must be a finite number"),
        ({"bounds": {"tau": (0, 10**400)}}, "bounds of 'tau' must be numbers or None, got .0, a whole number beyond"),
        ({"bounds": {"tau": np.array(5.0)}}, "must be a low and a high end"),
        *((({"fixed": {"tau": one}}, "must be a finite number")) for one in (10**5000, "abc", None, np.nan, True, 1j)),
        ({"fixed": [1]}, "fixed must map constants to numbers, such as {'g': 9.81}, got .1."),
        ({"fixed": {"A": 1, "tau": 2, "B": 3}}, "there is none to fit"),
    ],
)
def test_what_cannot_be_used(y, options, words):
    with pytest.raises(ArgumentError, match=words):
        fit_constants(DECAY, {"t": t}, y, **options)
    if "start" not in options and not {"Q", "t", "A"} & {*options.get("bounds", {}), *options.get("fixed", {})}:
        with pytest.raises(ArgumentError, match=words):
            DiscoveryOptions(guesses=(DECAY,), **options)


def test_constants_that_are_fixed_count_nowhere():
    x = np.linspace(0, 2, 6)
    y = 9.81 * x**2 + 1.5 + 0.1 * np.random.default_rng(1).standard_normal(6)
    fit = fit_constants("g*t^2 + b", {"t": x}, y, y_error=0.1, fixed={"g": 9.81})
    table = make_dataset(x[:, None], y, names=["t"], y_error=0.1)
    assert fit.ndf == 5 and Agreement.of(fit.formula, table).reduced_chi2 == pytest.approx(fit.chi2 / 5)
    residuals = residuals_of(fit.formula, table)
    assert residuals.k == 1
    np.testing.assert_allclose(residuals.leverage, 1 / 6)
    assert [one.name for one in check_constants(fit.formula, residuals).constants] == ["b"]
