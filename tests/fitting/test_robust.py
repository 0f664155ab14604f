"""Robust losses: against scipy, by quadrature and by simulation."""

import numpy as np
import pytest
import scipy.integrate
import scipy.optimize
import scipy.stats

from kansym.errors import ArgumentError
from kansym.fitting.known_form import fit_columns as fit_constants
from kansym.fitting.robust import LOSSES, ROBUST, robust_loss

DECAY = "A*exp(-t/tau) + B"


@pytest.fixture
def spoilt():
    """A decay with three wild rows: t, y, error."""
    rng = np.random.default_rng(3)
    t = np.linspace(0, 10, 40)
    y = 3 * np.exp(-t / 2.5) + 0.7 + 0.05 * rng.standard_normal(40)
    y[[5, 20, 33]] += [2.0, -1.5, 4.0]
    return t, y, 0.05


@pytest.mark.parametrize("loss", ROBUST.values(), ids=ROBUST)
def test_losses_are_as_efficient_as_they_say(loss):
    def mean(function):
        points = sorted({-loss.tuning, loss.tuning})
        return scipy.integrate.quad(lambda u: function(u) * scipy.stats.norm.pdf(u), -9, 9, points=points, limit=200)[0]

    efficiency = mean(lambda u: loss.slope(np.float64(u))) ** 2 / mean(lambda u: loss.influence(np.float64(u)) ** 2)
    assert efficiency == pytest.approx(0.95, abs=1e-4)


@pytest.mark.parametrize("loss", ROBUST.values(), ids=ROBUST)
def test_slopes_are_derivatives_of_the_influence(loss):
    u = np.array([-7.0, -2.0, -0.3, 0.0, 0.8, 1.1, 3.0, 9.0])
    numeric = (loss.influence(u + 1e-6) - loss.influence(u - 1e-6)) / 2e-6
    np.testing.assert_allclose(loss.slope(u), numeric, atol=1e-6)
    assert loss.weight(np.zeros(1))[0] == 1


@pytest.mark.parametrize("name", ["huber", "soft_l1", "cauchy"])
def test_agrees_with_scipy_with_errors_of_y(spoilt, name):
    t, y, error = spoilt
    fit = fit_constants(DECAY, {"t": t}, y, y_error=error, loss=name)
    other = scipy.optimize.least_squares(
        lambda c: (c[0] * np.exp(-t / c[1]) + c[2] - y) / error,
        [3, 2.5, 0.7],
        loss=name,
        f_scale=ROBUST[name].tuning,
        xtol=1e-14,
        ftol=1e-14,
        gtol=1e-12,
    )
    np.testing.assert_allclose(list(fit.values.values()), other.x, rtol=1e-5)
    # Huber's covariance of an M-estimate, section 7.6, written out.
    u = (y - other.x[0] * np.exp(-t / other.x[1]) - other.x[2]) / error
    psi, slope = ROBUST[name].influence(u), ROBUST[name].slope(u)
    K = 1 + 3 / 40 * np.var(slope) / slope.mean() ** 2
    jacobian = np.column_stack(
        [np.exp(-t / other.x[1]), other.x[0] * np.exp(-t / other.x[1]) * t / other.x[1] ** 2, np.ones(40)]
    )
    factor = K**2 * np.sum(psi**2) / 37 / slope.mean() ** 2
    np.testing.assert_allclose(fit.covariance, factor * error**2 * np.linalg.inv(jacobian.T @ jacobian), rtol=1e-4)
    assert fit.errors_scaled and fit.loss == name


@pytest.mark.parametrize("known", [True, pytest.param(False, marks=pytest.mark.long)])
def test_wild_rows_do_not_count_with_tukey(spoilt, known):
    t, y, error = spoilt
    good = np.delete(np.arange(40), [5, 20, 33])
    fit = fit_constants(DECAY, {"t": t}, y, y_error=error if known else None, loss="tukey")
    clean = fit_constants(DECAY, {"t": t[good]}, y[good], y_error=error if known else None, loss="tukey")
    for name in fit.values:
        assert fit.values[name] == pytest.approx(clean.values[name], abs=0.6 * clean.errors[name])
        assert fit.errors[name] == pytest.approx(clean.errors[name], rel=0.3)
    assert {outlier.row for outlier in fit.outliers} == {5, 20, 33}
    assert (fit.weights[[5, 20, 33]] == 0).all() and (fit.weights[good] > 0.1).all()
    assert "Row" in fit.notes[-1] and "little weight or none" in fit.notes[-1]
    assert "row 33 (t=8.46154): residual" in str(fit)


@pytest.mark.long
def test_huber_on_a_line_has_the_errors_that_simulation_shows():
    rng = np.random.default_rng(0)
    x = np.linspace(-1, 1, 40)
    found, errors = [], []
    for _ in range(120):
        y = 1 + 2 * x + 0.1 * rng.standard_t(3, 40)
        fit = fit_constants("a + b*x", {"x": x}, y, loss="huber", start={"a": 1.0, "b": 2.0})
        found.append(fit.values["b"])
        errors.append(fit.errors["b"])
    assert np.mean(found) == pytest.approx(2, abs=4 * np.std(found) / np.sqrt(120))
    # The standard deviation of 120 numbers is known to 7 %.
    assert np.sqrt(np.mean(np.square(errors))) == pytest.approx(np.std(found), rel=0.2)


def test_errors_of_the_inputs_and_wild_rows(spoilt):
    t, y, error = spoilt
    fit = fit_constants(DECAY, {"t": t}, y, y_error=error, x_error={"t": 0.05}, loss="tukey")
    assert {outlier.row for outlier in fit.outliers} == {5, 20, 33}
    for name, truth in {"A": 3, "tau": 2.5, "B": 0.7}.items():
        assert abs(fit.values[name] - truth) < 4 * fit.errors[name]


@pytest.mark.long
def test_units_do_not_matter(spoilt):
    t, y, _ = spoilt
    plain = fit_constants(DECAY, {"t": t}, y, loss="tukey")
    fit = fit_constants(DECAY, {"t": t * 1e-9}, y * 1e20, loss="tukey")
    assert fit.values["tau"] * 1e9 == pytest.approx(plain.values["tau"], rel=1e-6)
    assert fit.errors["A"] * 1e-20 == pytest.approx(plain.errors["A"], rel=1e-4)


def test_exact_data_and_unknown_losses():
    x = np.linspace(0, 1, 20)
    fit = fit_constants("a + b*x", {"x": x}, 1 + 2 * x, loss="tukey")
    assert fit.values == pytest.approx({"a": 1, "b": 2}) and fit.outliers == ()
    with pytest.raises(ArgumentError, match="loss must be one of linear, huber, soft_l1, cauchy, tukey, got 'lad'"):
        fit_constants("a + b*x", {"x": x}, x, loss="lad")
    assert [robust_loss(name) is None for name in LOSSES] == [True, False, False, False, False]
