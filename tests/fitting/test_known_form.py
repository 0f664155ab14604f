"""`fit_constants`: against scipy and closed forms, without a start, and where the data do not say enough."""

import numpy as np
import pandas as pd
import pytest
import scipy.optimize
import scipy.stats

import kansym
from kansym.errors import ArgumentError, DataError
from kansym.fitting.known_form import fit_columns as fit_constants
from kansym.symbolic.parser import FormulaSyntaxError

DECAY = "A*exp(-t/tau) + B"


@pytest.fixture
def decay():
    """Times, counts with unequal errors, and the errors."""
    rng = np.random.default_rng(7)
    t = np.linspace(0, 10, 40)
    error = 0.02 + 0.01 * t
    return t, 3 * np.exp(-t / 2.5) + 0.7 + error * rng.standard_normal(40), error


def model(t, A, tau, B):
    return A * np.exp(-t / tau) + B


# -- values and errors -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scale", [False, True])
@pytest.mark.parametrize("start", [None, {"A": 1.0, "tau": 1.0, "B": 0.0}])
def test_agrees_with_scipy_with_errors_of_y(decay, scale, start):
    t, y, error = decay
    fit = fit_constants(DECAY, {"t": t}, y, start=start, y_error=error, scale_errors=scale)
    values, covariance = scipy.optimize.curve_fit(
        model, t, y, p0=[3, 2.5, 0.7], sigma=error, absolute_sigma=not scale, xtol=1e-14, ftol=1e-14
    )
    assert list(fit.values) == ["A", "tau", "B"]
    np.testing.assert_allclose(list(fit.values.values()), values, rtol=1e-6)
    np.testing.assert_allclose(fit.covariance, covariance, rtol=1e-4)
    np.testing.assert_allclose(list(fit.errors.values()), np.sqrt(np.diag(covariance)), rtol=1e-4)
    sigma = np.sqrt(np.diag(covariance))
    np.testing.assert_allclose(fit.correlation, covariance / np.outer(sigma, sigma), rtol=1e-4)
    assert fit.errors_scaled is scale
    chi2 = np.sum(((y - model(t, *values)) / error) ** 2)
    assert fit.chi2 == pytest.approx(chi2, rel=1e-8)
    assert fit.ndf == 37
    assert fit.p_value == pytest.approx(scipy.stats.chi2.sf(chi2, 37), rel=1e-6)
    np.testing.assert_allclose(fit.residuals, y - model(t, *values), atol=1e-6)
    np.testing.assert_allclose(fit.formula.predict(t[:, None]), model(t, *values), rtol=1e-6)
    assert fit.notes == ()


def test_without_errors_of_y_the_residuals_set_the_scale(decay):
    t, y, _ = decay
    fit = fit_constants(DECAY, {"t": t}, y)
    values, covariance = scipy.optimize.curve_fit(model, t, y, p0=[3, 2.5, 0.7], xtol=1e-14, ftol=1e-14)
    np.testing.assert_allclose(fit.covariance, covariance, rtol=1e-4)
    assert fit.chi2 is None and fit.p_value is None and fit.errors_scaled
    assert fit.residual_sd == pytest.approx(np.sqrt(np.sum((y - model(t, *values)) ** 2) / 37), rel=1e-8)


def test_straight_line_has_the_closed_form_errors():
    x, error = np.array([1.0, 2.0, 4.0, 7.0]), np.array([0.1, 0.2, 0.1, 0.3])
    fit = fit_constants("a + b*x", {"x": x}, np.array([1.1, 1.9, 4.2, 7.1]), y_error=error)
    w = 1 / error**2
    delta = w.sum() * (w * x**2).sum() - (w * x).sum() ** 2
    assert fit.errors["a"] == pytest.approx(np.sqrt((w * x**2).sum() / delta), rel=1e-12)
    assert fit.errors["b"] == pytest.approx(np.sqrt(w.sum() / delta), rel=1e-12)


def test_two_rows_and_absolute_errors_need_no_residuals():
    fit = fit_constants("a + b*x", {"x": [0.0, 1.0]}, [1.0, 3.0], y_error=0.5)
    assert fit.values == pytest.approx({"a": 1, "b": 2})
    assert fit.errors == pytest.approx({"a": 0.5, "b": 0.5 * np.sqrt(2)})
    assert fit.ndf == 0 and fit.p_value is None
    without = fit_constants("a + b*x", {"x": [0.0, 1.0]}, [1.0, 3.0])
    assert np.isnan(list(without.errors.values())).all()
    assert "no more rows (2) than constants (2)" in without.notes[0]


@pytest.mark.parametrize(("x_unit", "y_unit"), [(1.0, 1.0), (1e12, 1e-30), (1e-9, 1e20)])
def test_units_do_not_matter(decay, x_unit, y_unit):
    t, y, error = decay
    fit = fit_constants(DECAY, {"t": t * x_unit}, y * y_unit, y_error=error * y_unit)
    plain = fit_constants(DECAY, {"t": t}, y, y_error=error)
    units = np.array([y_unit, x_unit, y_unit])
    np.testing.assert_allclose(np.array(list(fit.values.values())) / units, list(plain.values.values()), rtol=1e-8)
    np.testing.assert_allclose(np.array(list(fit.errors.values())) / units, list(plain.errors.values()), rtol=1e-6)
    assert fit.chi2 == pytest.approx(plain.chi2, rel=1e-8)


# -- without a start ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "columns", "law", "truth"),
    [
        (
            "A*sin(w*t + p) + B",
            {"t": (0, 20)},
            lambda t: 1.7 * np.sin(2.3 * t + 0.4) + 5,
            {"w": 2.3, "B": 5.0},
        ),
        (
            "A/((x - x0)**2 + g**2)",
            {"x": (3000, 3100)},
            lambda x: 50 / ((x - 3048) ** 2 + 16),
            {"A": 50.0, "x0": 3048.0, "g": 4.0},
        ),
        pytest.param(
            "A*exp(-k*x)",
            {"x": (1000, 1010)},
            lambda x: 1e170 * np.exp(-0.4 * x),
            {"k": 0.4},
            marks=pytest.mark.long,
        ),
        ("V*S/(K + S)", {"S": (1e-7, 5e-5)}, lambda s: 3 * s / (8e-6 + s), {"V": 3.0, "K": 8e-6}),
        (
            "c*x**p*z**q",
            {"x": (1, 50), "z": (0.1, 3)},
            lambda x, z: 4 * x**-1.5 * z**0.7,
            {"c": 4.0, "p": -1.5, "q": 0.7},
        ),
        ("a*log(x/x0)", {"x": (1, 100)}, lambda x: 2 * np.log(x / 7), {"a": 2.0, "x0": 7.0}),
    ],
)
def test_finds_the_constants_of_exact_tables_from_the_data_alone(expression, columns, law, truth):
    rng = np.random.default_rng(3)
    table = {name: rng.uniform(*limits, 60) for name, limits in columns.items()}
    fit = fit_constants(expression, table, law(*table.values()))
    for name, value in truth.items():
        # A phase and the signs of amplitude and frequency go together.
        assert abs(fit.values[name]) == pytest.approx(abs(value), rel=1e-6), name


@pytest.mark.long
def test_an_oscillation_on_even_rows_is_the_slow_one():
    """cos(2 pi f m) at whole m is the same for f, 1 - f, 1 + f, ...: only f below one half is shown by the rows."""
    x = np.arange(60.0)
    for seed in range(2):
        fit = fit_constants("A*cos(2*pi*x/P) + C*sin(2*pi*x/P)", {"x": x}, np.cos(2 * np.pi * x / 17), seed=seed)
        assert abs(fit.values["P"]) == pytest.approx(17, rel=1e-9)


def test_a_width_that_is_squared_comes_out_positive():
    x = np.linspace(-3, 3, 50)
    for seed in range(3):
        fit = fit_constants("A*exp(-((x - m)/s)**2)", {"x": x}, np.exp(-(((x - 0.3) / 0.8) ** 2)), seed=seed)
        assert fit.values == pytest.approx({"A": 1, "m": 0.3, "s": 0.8}, rel=1e-9)


def test_the_seed_decides_and_numpy_is_left_alone(decay):
    t, y, _ = decay
    state = np.random.get_state()[1].copy()
    first, second = (fit_constants(DECAY, {"t": t}, y, seed=5) for _ in range(2))
    assert first.values == second.values and first.errors == second.errors
    assert (np.random.get_state()[1] == state).all()


def test_a_start_chooses_the_minimum():
    x = np.arange(60.0)
    y = np.cos(2 * np.pi * x / 17)
    expression = "A*cos(2*pi*x/P) + C*sin(2*pi*x/P)"
    fit = fit_constants(expression, {"x": x}, y, start={"A": 1, "C": 0, "P": -17.2})
    assert fit.values["P"] == pytest.approx(-17, rel=1e-9)
    assert fit.start == {"A": 1, "C": 0, "P": -17.2}


def test_a_start_for_some_constants(decay):
    t, y, _ = decay
    fit = fit_constants(DECAY, {"t": t}, y, start={"tau": 2.0})
    assert fit.values == pytest.approx(fit_constants(DECAY, {"t": t}, y).values, rel=1e-8)


# -- what the data do not determine ------------------------------------------------------------------------------------


def test_constants_that_only_occur_as_a_product_get_no_error():
    x = np.linspace(1, 2, 20)
    y = 6 * np.exp(-0.5 * x) + 0.01 * np.sin(9 * x)
    fit = fit_constants("A*C*exp(-k*x)", {"x": x}, y)
    assert np.isnan(fit.errors["A"]) and np.isnan(fit.errors["C"])
    plain = fit_constants("A*exp(-k*x)", {"x": x}, y)
    assert fit.errors["k"] == pytest.approx(plain.errors["k"], rel=1e-6)
    assert fit.values["A"] * fit.values["C"] == pytest.approx(plain.values["A"], rel=1e-8)
    assert fit.ndf == 18
    assert "cannot tell A and C apart" in fit.notes[0] and "only 1 combination" in fit.notes[0]
    assert [constant.error is None for constant in fit.formula.constants] == [True, True, False]


def test_a_constant_without_effect_is_named():
    x = np.linspace(1, 2, 20)
    fit = fit_constants("a*x + b*(x - x)", {"x": x}, 3 * x)
    assert np.isnan(fit.errors["b"]) and fit.values["a"] == pytest.approx(3)
    assert "do not determine b" in fit.notes[0]


def test_more_constants_than_rows():
    fit = fit_constants("a + b*x + c*x**2", {"x": [1.0, 2.0]}, [1.0, 2.0], y_error=0.1)
    assert np.isnan(list(fit.errors.values())).all()
    assert "cannot tell a, b and c apart: they determine only 2 combinations" in fit.notes[0]


# -- arguments ---------------------------------------------------------------------------------------------------------


def test_names_numbers_and_frames(decay):
    t, y, _ = decay
    frame = pd.DataFrame({"t": t, "T [K]": 1.0, "other": ["a"] * 40})
    fit = kansym.fit_constants("gamma*`T [K]`*exp(-t/beta) + E*B", frame.assign(N=y), target="N")
    assert list(fit.values) == ["gamma", "beta", "B"]
    assert fit.values["beta"] == pytest.approx(fit_constants(DECAY, {"t": t}, y).values["tau"], rel=1e-8)
    assert fit_constants("m*g*h", {"h": t, "g": 9.81}, 2 * 9.81 * t).values["m"] == pytest.approx(2)
    assert "tau" in str(fit_constants(DECAY, {"t": t}, y))


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"expression": "A*exp(-t/tau"}, FormulaSyntaxError, "position 12"),
        ({"expression": "A*foo(t)"}, FormulaSyntaxError, "unknown function 'foo'"),
        ({"expression": 3}, ArgumentError, "expression must be a text"),
        ({"expression": "2*t"}, ArgumentError, "has no constants"),
        ({"expression": "A*x"}, ArgumentError, "contains no column of the data; columns: t"),
        ({"data": [1, 2]}, ArgumentError, "data must map names"),
        ({"data": {"t": [1.0, 2.0]}}, DataError, "column 't' must be of shape (4,)"),
        ({"data": {"t": [1.0, 2.0, np.nan, 4.0]}}, DataError, "column 't' has NaN"),
        ({"data": {"t": ["a", "b", "c", "d"]}}, DataError, "column 't'"),
        ({"y": [[1.0, 2.0]]}, DataError, "y must be one-dimensional"),
        ({"y_error": 0.0}, DataError, "y_error must be positive, got 0"),
        ({"start": {"q": 1.0}}, ArgumentError, "start names 'q', which is not a constant"),
        ({"start": {"t": 1.0}}, ArgumentError, "start names 't', which is a column"),
        ({"start": {"A": np.inf}}, ArgumentError, "start['A'] must be a finite number, got inf"),
        ({"start": {"A": 1.0, "tau": -1e-3}}, ArgumentError, "the formula has no finite value on"),
        ({"seed": -1}, ArgumentError, "seed must be"),
        ({"expression": "A*log(-t**2)"}, DataError, "no finite value on 4 of 4 rows, first on row 0 (t=1)"),
    ],
)
def test_refuses_what_cannot_be_used(change, error, message):
    arguments = {"expression": "A*exp(-t/tau)", "data": {"t": [1.0, 2.0, 3.0, 4.0]}, "y": [1.0, 2.0, 3.0, 4.0]} | change
    with pytest.raises(error) as caught:
        fit_constants(**arguments)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_constants_get_the_units_that_the_columns_decide():
    f = np.geomspace(50.0, 2e4, 30)
    gain = 1 / np.sqrt(1 + (f / 1015.0) ** 2) + 1e-3 * np.cos(f)
    fit = fit_constants("1/sqrt(1 + (f/fc)^2)", {"f": f}, gain, target="g", units={"f": "Hz"}, y_units="1")
    assert fit.formula.constants[0].unit == "Hz" and fit.formula.consistent
    line = next(line for line in str(fit).splitlines() if line.startswith("  fc = "))
    assert line.endswith(" Hz") and line.count("fc = ") == 1
    # A unit that cannot be read is noted, and none is made up.
    unread = fit_constants("1/sqrt(1 + (f/fc)^2)", {"f": f}, gain, units={"f": "Herz"}, y_units="1")
    assert unread.formula.constants[0].unit is None and any("did you mean hertz" in note for note in unread.notes)


def test_units_that_do_not_go_together_are_noted():
    x = np.linspace(1.0, 2.0, 12)
    fit = fit_constants("a*x + x^2", {"x": x}, 2 * x + x**2, units={"x": "m"}, y_units="s")
    assert fit.formula.consistent is False and any("units do not go together" in note for note in fit.notes)
    with pytest.raises(ArgumentError, match="units names 'z'"):
        fit_constants("a*x", {"x": x}, x, units={"z": "m"})


@pytest.mark.parametrize("units", [{"units": ["s"]}, {"units": "s"}, {"y_units": 5}])
def test_units_of_another_kind_are_refused(units):
    x = np.linspace(1, 2, 9)
    with pytest.raises(ArgumentError, match=f"^{next(iter(units))} must be a "):
        fit_constants("a*x", {"x": x}, 2 * x, **units)


# -- oscillations ------------------------------------------------------------------------------------------------------


@pytest.mark.long
@pytest.mark.parametrize("seed", [0, 1])
def test_the_lowest_frequency_that_fits_where_times_are_rounded(seed):
    # Rounded times tell the frequencies above the Nyquist limit from the slow one by a few units of chi-squared.
    t = np.round(np.linspace(0, 8, 80), 4)
    y = 3.1 * np.exp(-t / 3.3) * np.cos(2.4 * t + 0.5) + 0.03 * np.random.default_rng(7).normal(size=80)
    fit = fit_constants("A*exp(-t/tau)*cos(w*t + phi)", {"t": t}, y, y_error=0.03, seed=seed)
    assert abs(fit.values["w"]) == pytest.approx(2.4, abs=5 * fit.errors["w"])
    assert not any("Nyquist" in note for note in fit.notes)


def test_a_frequency_above_the_limit_is_told():
    t = np.linspace(0, 8, 40)
    y = np.sin(40.0 * t)
    fit = fit_constants("A*sin(w*t)", {"t": t}, y, start={"A": 1.0, "w": 40.0})
    assert any("Nyquist" in note for note in fit.notes)


def test_uneven_rows_show_fast_oscillations():
    t = np.sort(np.random.default_rng(0).uniform(0, 8, 60))
    y = np.sin(40.0 * t) + 0.01 * np.random.default_rng(1).normal(size=60)
    fit = fit_constants("A*sin(w*t)", {"t": t}, y, seed=0)
    assert abs(fit.values["w"]) == pytest.approx(40.0, abs=0.01)
