"""Numbers with errors: rounding as the Particle Data Group does it, and propagation with correlations."""

import math

import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st
from uncertainties import ufloat_fromstr

import kansym
from kansym.errors import ArgumentError
from kansym.numbers import measured, measured_latex, percent, probability, short, uncertain_numbers, with_error
from kansym.symbolic.formula import Constant, Formula


@pytest.mark.parametrize(
    ("value", "error", "text", "latex"),
    [
        # The examples of the Review of Particle Physics: 0.827 with errors 0.119 and 0.367.
        (0.827, 0.119, "0.83(12)", "0.83(12)"),
        (0.827, 0.367, "0.8(4)", "0.8(4)"),
        (9.812, 0.0196, "9.812(20)", "9.812(20)"),
        # CODATA 2002: h = 6.6260693(11)e-34 J s.
        (6.6260693e-34, 1.1e-40, "6.6260693(11)e-34", r"6.6260693(11) \times 10^{-34}"),
        (5.0905e7, 9.6e4, "5.090(10)e7", r"5.090(10) \times 10^{7}"),
        (109677.58, 0.2, "109677.58(20)", "109677.58(20)"),
        (1.0, None, "1", "1"),
        (1.5e-9, math.nan, "1.5e-9", r"1.5 \times 10^{-9}"),
        (0.25, 0.0, "0.25", "0.25"),
        # No more than the rounding of double precision.
        (1e22, 1.0, "1e22", r"1 \times 10^{22}"),
        (1.0, 6.7e-16, "1", "1"),
        (1.0, 2e-14, "1.000000000000000(20)", "1.000000000000000(20)"),
    ],
)
def test_writing(value, error, text, latex):
    assert measured(value, error) == text
    assert measured_latex(value, error) == latex


@settings(max_examples=60)
@given(
    st.floats(-1e3, 1e3),
    st.floats(1e-3, 10),
    st.integers(-200, 200),
)
def test_what_is_written_can_be_read_back(value, error, exponent):
    value, error = value * 10.0**exponent, error * 10.0**exponent
    number = ufloat_fromstr(measured(value, error))
    # One digit of at least 3.55 is rounded by at most 0.5.
    assert number.std_dev == pytest.approx(error, rel=0.15)
    assert abs(number.nominal_value - value) <= 0.51 * error


def test_errors_propagate_with_correlations():
    covariance = np.array([[0.04, -0.03, 0.0], [-0.03, 0.09, 0.01], [0.0, 0.01, 0.01]])
    a, b, c = uncertain_numbers({"a": 2.0, "b": 3.0, "c": 5.0}, covariance).values()
    gradient = np.array([3.0 / 5.0, 2.0 / 5.0, -6.0 / 25.0])
    assert (a * b / c).std_dev == pytest.approx(np.sqrt(gradient @ covariance @ gradient), rel=1e-9)
    assert (a - a).std_dev == pytest.approx(0, abs=1e-12)


def test_units_and_unknown_errors():
    covariance = np.array([[1e-60, np.nan, 5e-11], [np.nan, np.nan, np.nan], [5e-11, np.nan, 1e40]])
    numbers = uncertain_numbers({"tiny": 1e-29, "free": 1.0, "huge": 1e21}, covariance)
    assert list(numbers) == ["tiny", "free", "huge"]
    assert numbers["tiny"].std_dev == pytest.approx(1e-30)
    assert math.isnan(numbers["free"].std_dev)
    # Relative errors of 0.1 each and a correlation of one half.
    product = numbers["tiny"] * numbers["huge"]
    assert product.std_dev / product.nominal_value == pytest.approx(np.sqrt(0.01 + 0.01 + 0.01), rel=1e-9)
    with pytest.raises(ArgumentError, match=r"covariance must have shape \(1, 1\)"):
        uncertain_numbers({"a": 1.0}, np.eye(2))


def test_constants_of_a_formula():
    def formula(covariance):
        constants = (Constant("c0", 2.0, 0.2), Constant("c1", 0.5, None, "1/2"), Constant("c2", 4.0, 0.1))
        x = sympy.Symbol("x")
        return Formula(2.0 * x, ("x",), "y", 1, 0.0, 0.0, 0.0, constants, covariance=covariance)

    covariance = np.array([[0.04, np.nan, 0.01], [np.nan, np.nan, np.nan], [0.01, np.nan, 0.01]])
    numbers = formula(covariance).uncertain
    assert numbers["c1"].std_dev == 0
    assert (numbers["c0"] + numbers["c1"] + numbers["c2"]).std_dev == pytest.approx(np.sqrt(0.07))
    with pytest.raises(ArgumentError, match="formula has no covariance"):
        _ = formula(None).uncertain


def test_known_form_gives_correlated_numbers():
    x = np.linspace(0, 1, 20)
    fit = kansym.fit_constants("a + b*x", {"x": x, "y": 1 + 2 * x}, error=0.1)
    a, b = fit.uncertain.values()
    # The value of a line in the middle of its rows has the error of a mean.
    assert (a + 0.5 * b).std_dev == pytest.approx(0.1 / np.sqrt(20), rel=1e-9)
    assert "a = 1.00 ± 0.04" in str(fit)


def test_a_probability_is_never_zero():
    assert (
        probability(0.0) == "p < 1e-300" and probability(0.0312) == "p = 0.031" and probability(3e-9, 1) == "p = 3e-09"
    )


def test_a_share_is_neither_none_nor_all_by_rounding():
    assert [percent(x) for x in (0.0, 0.001, 0.28, 0.999, 1.0)] == ["0 %", "< 1 %", "28 %", "> 99 %", "100 %"]


def test_few_digits_need_no_power_of_ten():
    assert [short(x) for x in (171.0, 1.23, 0.000012, 98765.0)] == ["170", "1.2", "1.2e-05", "99000"]
    assert measured(423.9, 42.0) == "420(40)" and with_error(-9700.0, 1200.0) == "-9700 ± 1200"
    assert measured(1.4e8, 1.0e8) == "1.4(1.0)e8"
