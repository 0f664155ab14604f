"""Orthogonal distance regression: against odrpack, a dense minimisation, closed forms and simulated tables."""

import numpy as np
import odrpack
import pytest
import scipy.optimize

from kansym.errors import ArgumentError
from kansym.fitting import orthogonal
from kansym.fitting.input_errors import curvature_shift, second_slopes_at, slopes_at
from kansym.fitting.orthogonal import orthogonal_fit
from kansym.symbolic.naming import plain_symbol
from kansym.symbolic.parametric import ParametricForm, columns_of
from kansym.symbolic.parser import parse_expression
from kansym.symbolic.refit import refit


def form_of(text, columns, constants):
    """A form of the columns with named starting values."""
    expression = parse_expression(text, [*columns, *constants])
    symbols = tuple(map(plain_symbol, columns)), tuple(map(plain_symbol, constants))
    return ParametricForm(expression, *symbols, np.array(list(constants.values()), dtype=float))


def decay():
    return form_of("A*exp(-t/tau) + B", ["t"], {"A": 2.5, "tau": 1.5, "B": 0.8})


@pytest.fixture
def table():
    """Decays with unequal errors of both columns: X, y, x_error, y_error."""
    rng = np.random.default_rng(0)
    t = np.linspace(0, 5, 30)
    x_error, y_error = 0.05 + 0.02 * rng.random((30, 1)), 0.03 + 0.04 * rng.random(30)
    X = t[:, None] + x_error * rng.standard_normal((30, 1))
    return X, 3 * np.exp(-t / 2) + 1 + y_error * rng.standard_normal(30), x_error, y_error


# -- the minimum -------------------------------------------------------------------------------------------------------


def test_agrees_with_odrpack_as_it_comes(table):
    X, y, x_error, y_error = table
    fit = orthogonal_fit(decay(), X, y, x_error=x_error, y_error=y_error)
    plain = odrpack.odr_fit(
        lambda x, b: b[0] * np.exp(-x / b[1]) + b[2],
        X[:, 0],
        y,
        np.array([2.5, 1.5, 0.8]),
        weight_x=x_error[:, 0] ** -2,
        weight_y=y_error**-2,
        sstol=1e-14,
        partol=1e-12,
    )
    np.testing.assert_allclose(fit.form.values, plain.beta, rtol=1e-6)
    np.testing.assert_allclose(fit.deltas[:, 0], plain.delta, atol=1e-6)
    assert fit.chi2 == pytest.approx(plain.sum_square, rel=1e-10)
    # What odrpack calls a covariance is not scaled by the residuals, its standard deviations are.
    np.testing.assert_allclose(fit.covariance, plain.cov_beta, rtol=1e-3)
    scaled = orthogonal_fit(decay(), X, y, x_error=x_error, y_error=y_error, scale_errors=True)
    np.testing.assert_allclose(scaled.errors, plain.sd_beta, rtol=1e-3)
    assert fit.converged and fit.rank == 3 and fit.ndf == 27


def test_agrees_with_a_minimisation_over_constants_and_inputs_of_two_columns():
    rng = np.random.default_rng(3)
    X = rng.uniform(1, 3, (12, 2))
    x_error = np.column_stack([np.full(12, 0.05), np.where(np.arange(12) % 3 == 0, 0.0, 0.1)])
    y = 1.5 * X[:, 0] ** 2 / X[:, 1] + 0.05 * rng.standard_normal(12)
    X = X + x_error * rng.standard_normal(X.shape)
    form = form_of("c*x**p/z", ["x", "z"], {"c": 1.4, "p": 1.9})

    def residuals(z):
        moved = X + x_error * z[2:].reshape(X.shape)
        return np.append((y - z[0] * moved[:, 0] ** z[1] / moved[:, 1]) / 0.05, z[2:])

    dense = scipy.optimize.least_squares(residuals, np.append([1.4, 1.9], np.zeros(24)), xtol=1e-15, ftol=1e-15)
    fit = orthogonal_fit(form, X, y, x_error=x_error, y_error=0.05)
    np.testing.assert_allclose(fit.form.values, dense.x[:2], rtol=1e-6)
    assert fit.chi2 == pytest.approx(2 * dense.cost, rel=1e-9)
    assert (fit.deltas[::3, 1] == 0).all()
    # The covariance is the block of the full normal matrix of the constants and all inputs.
    normal = np.linalg.pinv(dense.jac.T @ dense.jac)
    np.testing.assert_allclose(fit.covariance, normal[:2, :2], rtol=1e-4)


def test_straight_line_has_demings_closed_form():
    rng = np.random.default_rng(1)
    x = np.linspace(0, 4, 20)
    y = 1 + 2 * x + 0.3 * rng.standard_normal(20)
    x = x + 0.2 * rng.standard_normal(20)
    ratio = (0.3 / 0.2) ** 2
    sxx, syy, sxy = np.var(x), np.var(y), np.cov(x, y, bias=True)[0, 1]
    slope = (syy - ratio * sxx + np.sqrt((syy - ratio * sxx) ** 2 + 4 * ratio * sxy**2)) / (2 * sxy)
    fit = orthogonal_fit(form_of("a + b*x", ["x"], {"a": 0, "b": 1}), x[:, None], y, x_error=0.2, y_error=0.3)
    np.testing.assert_allclose(fit.form.values, [y.mean() - slope * x.mean(), slope], rtol=1e-8)
    # A straight line has no curvature to correct.
    form = form_of("a + b*x", ["x"], {"a": 0, "b": 1})
    corrected = orthogonal_fit(form, x[:, None], y, x_error=0.2, y_error=0.3, correct_curvature=True)
    np.testing.assert_allclose(corrected.form.values, fit.form.values, rtol=1e-12)


def test_exact_inputs_give_the_ordinary_fit(table):
    X, y, _, y_error = table
    fit = orthogonal_fit(decay(), X, y, x_error=0.0, y_error=y_error, scale_errors=True)
    plain = refit(decay(), X, y, weights=y_error**-2)
    np.testing.assert_allclose(fit.form.values, plain.form.values, rtol=1e-8)
    np.testing.assert_allclose(fit.covariance, plain.covariance, rtol=1e-6)
    assert not fit.deltas.any()


def test_elimination_alone_comes_to_the_minimum_of_odrpack(table, monkeypatch):
    X, y, x_error, y_error = table
    fit = orthogonal_fit(decay(), X, y, x_error=x_error, y_error=y_error)
    monkeypatch.setattr(orthogonal, "LARGE", 0)
    monkeypatch.setattr(orthogonal, "by_odrpack", None)
    large = orthogonal_fit(decay(), X, y, x_error=x_error, y_error=y_error)
    np.testing.assert_allclose((large.form.values - fit.form.values) / fit.errors, 0, atol=1e-7)


def test_many_rows():
    rng = np.random.default_rng(0)
    n = 200_000
    t = rng.uniform(0, 5, n)
    y = 3 * np.exp(-t / 2) + 1 + 0.05 * rng.standard_normal(n)
    X = t[:, None] + 0.02 * rng.standard_normal((n, 1))
    fit = orthogonal_fit(decay(), X, y, x_error=0.02, y_error=0.05, correct_curvature=True)
    assert fit.converged
    assert (np.abs(fit.form.values - [3, 2, 1]) < 4 * fit.errors).all()
    assert fit.chi2 / fit.ndf == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize(("x_unit", "y_unit"), [(1e-20, 1e20), (1e20, 1e-20)])
def test_units_do_not_matter(table, x_unit, y_unit):
    X, y, x_error, y_error = table
    plain = orthogonal_fit(decay(), X, y, x_error=x_error, y_error=y_error, correct_curvature=True)
    start = decay().with_values(decay().values * [y_unit, x_unit, y_unit])
    fit = orthogonal_fit(
        start, X * x_unit, y * y_unit, x_error=x_error * x_unit, y_error=y_error * y_unit, correct_curvature=True
    )
    np.testing.assert_allclose(fit.form.values / [y_unit, x_unit, y_unit], plain.form.values, rtol=1e-7)
    np.testing.assert_allclose(fit.errors / [y_unit, x_unit, y_unit], plain.errors, rtol=1e-6)
    assert fit.chi2 == pytest.approx(plain.chi2, rel=1e-9)


def test_weights_are_copies_of_rows(table):
    X, y, x_error, y_error = table
    weight = np.resize([1.0, 2.0, 0.0], 30)
    copies = np.repeat(np.arange(30), weight.astype(int))
    fit = orthogonal_fit(decay(), X, y, x_error=x_error, y_error=y_error, sample_weight=weight)
    plain = orthogonal_fit(decay(), X[copies], y[copies], x_error=x_error[copies], y_error=y_error[copies])
    np.testing.assert_allclose(fit.form.values, plain.form.values, rtol=1e-7)
    np.testing.assert_allclose(fit.covariance, plain.covariance, rtol=1e-6)
    assert fit.chi2 == pytest.approx(plain.chi2, rel=1e-10)


@pytest.mark.parametrize("near", [False, True])
def test_rows_at_the_edge_of_the_domain(near):
    """The square root has no value below zero, and inputs near zero are scattered there."""
    rng = np.random.default_rng(4)
    x = np.append(np.full(5, 0.01), np.linspace(0.1, 3, 25))
    y = 2 * np.sqrt(x) + 0.05 * rng.standard_normal(30)
    X = np.maximum(x + 0.05 * rng.standard_normal(30), 0)[:, None]
    fit = orthogonal_fit(form_of("a*sqrt(x)", ["x"], {"a": 1.0}), X, y, x_error=0.05, y_error=0.05, near=near)
    assert (X + fit.deltas >= 0).all()
    assert abs(fit.form.values[0] - 2) < 4 * fit.errors[0]


# -- what the data do not say ------------------------------------------------------------------------------------------


def test_constants_that_cannot_be_told_apart_have_no_error(table):
    X, y, x_error, y_error = table
    form = form_of("A*C*exp(-t/tau) + B", ["t"], {"A": 2.5, "C": 1.2, "tau": 1.5, "B": 0.8})
    fit = orthogonal_fit(form, X, y, x_error=x_error, y_error=y_error)
    plain = orthogonal_fit(decay(), X, y, x_error=x_error, y_error=y_error)
    assert np.isnan(fit.errors[:2]).all()
    np.testing.assert_allclose(fit.errors[2:], plain.errors[1:], rtol=1e-5)
    assert fit.form.values[0] * fit.form.values[1] == pytest.approx(plain.form.values[0], rel=1e-6)
    assert fit.rank == 3 and fit.ndf == 27 and fit.null_space.shape == (4, 1)


def test_held_constants_keep_their_values(table):
    X, y, x_error, y_error = table
    fit = orthogonal_fit(decay(), X, y, x_error=x_error, y_error=y_error, held=(1,))
    plain = orthogonal_fit(
        form_of("A*exp(-t/1.5) + B", ["t"], {"A": 2.5, "B": 0.8}), X, y, x_error=x_error, y_error=y_error
    )
    assert fit.form.values[1] == 1.5
    np.testing.assert_allclose(fit.form.values[[0, 2]], plain.form.values, rtol=1e-8)
    assert fit.chi2 == pytest.approx(plain.chi2, rel=1e-10)


# -- curvature ---------------------------------------------------------------------------------------------------------


def test_derivatives_are_those_of_finite_differences():
    form = form_of("A*sin(x*z) + B*x**2/z", ["x", "z"], {"A": 1.3, "B": 0.7})
    X = np.random.default_rng(0).uniform(0.5, 2, (7, 2))
    step = 1e-4
    at = lambda *shift: form.evaluate(X + np.array(shift) * step)  # noqa: E731
    slopes = slopes_at(form, columns_of(X, 2), form.values)
    np.testing.assert_allclose(slopes[:, 0], (at(1, 0) - at(-1, 0)) / (2 * step), rtol=1e-6)
    bends = second_slopes_at(form, columns_of(X, 2), form.values)
    np.testing.assert_allclose(bends[:, 0], (at(1, 0) - 2 * at(0, 0) + at(-1, 0)) / step**2, rtol=1e-5)
    mixed = (at(1, 1) - at(1, -1) - at(-1, 1) + at(-1, -1)) / (4 * step**2)
    np.testing.assert_allclose(bends[:, 1], mixed, rtol=1e-5)
    np.testing.assert_allclose(bends[:, 2], (at(0, 1) - 2 * at(0, 0) + at(0, -1)) / step**2, rtol=1e-5)


@pytest.mark.parametrize("place", [0.0, 0.6])
def test_the_mean_distance_from_a_parabola_is_half_its_curvature(place):
    """Simulated: points scattered about one point of y = x^2, and their distances along y from where they are near."""
    rng = np.random.default_rng(2)
    error = 0.1
    form = form_of("c*x**2", ["x"], {"c": 1.0})
    scatter = rng.standard_normal((200_000, 2)) * error
    x, y = place + scatter[:, 0], place**2 + scatter[:, 1]
    near = np.full(x.shape, place)
    for _ in range(50):
        slope = 2 * near
        near = near - ((near - x) + slope * (near**2 - y)) / (1 + slope**2 + 2 * (near**2 - y))
    effective = np.sqrt(1 + 4 * place**2)
    distance = (y - near**2 + 2 * near * (near - x)) / np.sqrt(1 + 4 * near**2)
    shift = curvature_shift(form, np.array([[place]]), x_error=np.full((1, 1), error), y_error=np.array([error]))[0]
    assert distance.mean() == pytest.approx(-shift / effective, rel=0.06)


def test_the_correction_takes_out_the_bias():
    """A sine with errors along it: the plain fit makes the amplitude too large, however many rows there are."""
    rng = np.random.default_rng(6)
    t = rng.uniform(0, 20, 20_000)
    y = 2 * np.sin(1.2 * t + 0.4) + 0.2 * rng.standard_normal(t.shape)
    X = t[:, None] + 0.12 * rng.standard_normal((len(t), 1))
    form = form_of("A*sin(w*t + p)", ["t"], {"A": 2, "w": 1.2, "p": 0.4})
    plain = orthogonal_fit(form, X, y, x_error=0.12, y_error=0.2, near=True)
    corrected = orthogonal_fit(form, X, y, x_error=0.12, y_error=0.2, near=True, correct_curvature=True)
    assert (plain.form.values[0] - 2) / plain.errors[0] > 6
    assert abs(corrected.form.values[0] - 2) < 0.2 * abs(plain.form.values[0] - 2)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"x_error": -0.1}, "x_error must be finite and not negative"),
        ({"x_error": np.ones((3, 2))}, "does not fit X of shape (30, 1)"),
        ({"y_error": 0.0}, "y_error must be finite and positive"),
        ({"sample_weight": -np.ones(30)}, "sample_weight must be 30"),
        ({"y": np.ones(3)}, "do not fit a formula of 1 columns"),
        ({"form": decay().with_values(np.array([1.0, 0.0, 0.0]))}, "no finite value"),
    ],
)
def test_refuses_what_cannot_be_used(table, change, message):
    X, y, x_error, y_error = table
    arguments = {"form": decay(), "X": X, "y": y, "x_error": x_error, "y_error": y_error} | change
    with pytest.raises(ArgumentError) as caught:
        orthogonal_fit(arguments.pop("form"), arguments.pop("X"), arguments.pop("y"), **arguments)
    assert message in str(caught.value)
