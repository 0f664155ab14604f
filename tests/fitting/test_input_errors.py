"""`fit_constants` with errors of the inputs."""

import numpy as np
import pandas as pd
import pytest
import scipy.stats

from kansym.errors import ArgumentError, DataError
from kansym.fitting.estimate import estimate
from kansym.fitting.known_form import fit_columns as fit_constants
from kansym.fitting.orthogonal import orthogonal_fit

DECAY = "A*exp(-t/tau) + B"


@pytest.fixture
def decay():
    rng = np.random.default_rng(7)
    t = np.linspace(0, 6, 40)
    y = 3 * np.exp(-t / 2) + 0.5 + 0.05 * rng.standard_normal(40)
    return t + 0.04 * rng.standard_normal(40), y


def test_constants_residuals_and_chi_squared(decay):
    t, y = decay
    fit = fit_constants(DECAY, {"t": t}, y, y_error=0.05, x_error={"t": 0.04})
    for name, truth in {"A": 3, "tau": 2, "B": 0.5}.items():
        assert abs(fit.values[name] - truth) < 4 * fit.errors[name]
    nearest = t - fit.x_residuals["t"]
    chi2 = np.sum((fit.residuals / 0.05) ** 2 + (fit.x_residuals["t"] / 0.04) ** 2)
    assert fit.chi2 == pytest.approx(chi2, rel=1e-9)
    assert fit.p_value == pytest.approx(scipy.stats.chi2.sf(chi2, 37), rel=1e-9)
    shift = fit.fit.shift
    np.testing.assert_allclose(fit.residuals, y + shift - fit.formula.predict(nearest[:, None]), atol=1e-9)
    # Each point of the formula is the nearest: the vector to the data is at right angles to the curve.
    slope = -fit.values["A"] / fit.values["tau"] * np.exp(-nearest / fit.values["tau"])
    np.testing.assert_allclose(fit.x_residuals["t"] / 0.04**2, -slope * fit.residuals / 0.05**2, atol=1e-3)
    plain = fit_constants(DECAY, {"t": t}, y, y_error=0.05)
    assert fit.errors["A"] > 1.05 * plain.errors["A"] and plain.x_residuals is None


def test_without_errors_it_is_the_ordinary_fit(decay):
    t, y = decay
    fit = fit_constants(DECAY, {"t": t, "u": t}, y, y_error=0.05, x_error={"t": 0.0, "u": 0.3})
    plain = fit_constants(DECAY, {"t": t}, y, y_error=0.05)
    assert fit.values == plain.values and fit.x_residuals is None


def test_the_correction_can_be_left_out(decay):
    t, y = decay
    fit = fit_constants(DECAY, {"t": t}, y, y_error=0.05, x_error={"t": 0.04})
    errors = {"x_error": np.full((40, 1), 0.04), "y_error": np.full(40, 0.05)}
    bare = estimate(fit.fit.form, t[:, None], y, correct_curvature=False, **errors)
    np.testing.assert_allclose(
        bare.values, orthogonal_fit(fit.fit.form, t[:, None], y, **errors).form.values, rtol=1e-9
    )
    assert not bare.shift.any() and bare.chi2 <= fit.chi2


def test_scaled_errors(decay):
    t, y = decay
    fit = fit_constants(DECAY, {"t": t}, y, y_error=0.05, x_error={"t": 0.04})
    scaled = fit_constants(DECAY, {"t": t}, y, y_error=0.05, x_error={"t": 0.04}, scale_errors=True)
    np.testing.assert_allclose(scaled.covariance, fit.covariance * fit.chi2 / fit.ndf, rtol=1e-9)
    # Only the ratio of the errors counts then.
    other = fit_constants(DECAY, {"t": t}, y, y_error=0.1, x_error={"t": 0.08}, scale_errors=True)
    assert other.values["tau"] == pytest.approx(scaled.values["tau"], rel=0.02)


def test_two_columns_of_a_frame():
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"a": rng.uniform(1, 2, 50), "T [K]": rng.uniform(1, 2, 50)})
    y = 2 * frame["a"] ** 1.5 / frame["T [K]"] + 0.02 * rng.standard_normal(50)
    error = np.where(np.arange(50) % 2, 0.03, 0.0)
    frame["T [K]"] += error * rng.standard_normal(50)
    fit = fit_constants("c*a**p/`T [K]`", frame, y, y_error=0.02, x_error={"T [K]": error})
    assert list(fit.x_residuals) == ["T [K]"]
    assert (fit.x_residuals["T [K]"][::2] == 0).all()
    assert abs(fit.values["p"] - 1.5) < 4 * fit.errors["p"]


def test_strong_curvature_is_said():
    t = np.linspace(0, 10, 40)
    fit = fit_constants(
        "A*sin(w*t)", {"t": t}, 2 * np.sin(1.2 * t), y_error=0.15, x_error={"t": 0.3}, start={"A": 2.0, "w": 1.2}
    )
    assert any("A by" in note and "bends within the errors" in note for note in fit.notes)
    assert any("bootstrap" in note for note in fit.notes)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"y_error": None}, DataError, "x_error needs y_error beside it"),
        ({"x_error": 0.1}, ArgumentError, "x_error must map names of columns to errors, such as {'t': 0.1}, got float"),
        ({"x_error": {"s": 0.1}}, ArgumentError, "x_error names 's', which is not a column; columns: t"),
        ({"x_error": {"t": -0.1}}, DataError, "x_error of 't' must not be negative, got -0.1"),
        ({"x_error": {"t": [0.1, 0.2]}}, DataError, "x_error of 't' must be of shape (40,)"),
        ({"x_error": {"t": np.nan}}, DataError, "x_error of 't' has NaN"),
    ],
)
def test_refuses_what_cannot_be_used(decay, change, error, message):
    t, y = decay
    with pytest.raises(error) as caught:
        fit_constants(DECAY, {"t": t}, y, **({"y_error": 0.05, "x_error": {"t": 0.04}} | change))
    assert message in str(caught.value)
