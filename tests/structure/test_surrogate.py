"""The interpolant: exact gradients of itself, near ones of the law, and no units."""

import tracemalloc

import numpy as np
import pytest
import sympy
from scipy.optimize import approx_fprime, minimize_scalar
from scipy.stats import multivariate_normal

from kansym.structure.surrogate import (
    BLOCK,
    CHECK_ROWS,
    MarginalLikelihood,
    best_surrogate,
    check_rows,
    fit_surrogate,
    kernel,
    one_signed,
)

A, B = sympy.symbols("a b")
LAW = sympy.exp(A / 2) * sympy.sin(B) + B
NONE = np.zeros(2, dtype=bool)
BOTH = np.ones(2, dtype=bool)
ROWS = 240


@pytest.fixture(scope="module")
def table(box, law):
    X = box(ROWS, None, (0.5, 3.0))
    return X, law(LAW, (A, B)).predict(X)


def fit(X, y, **options):
    found = fit_surrogate(X, y, **options)
    assert found is not None
    return found


def best(X, y):
    found = best_surrogate(X, y)
    assert found is not None
    return found


def finite_differences(function, X, step=2e-3):
    """Fourth-order differences: the predictions are sums of large numbers, which forbids small steps."""
    slopes = []
    for k in range(X.shape[1]):
        shift = np.zeros(X.shape[1])
        shift[k] = step
        near, far = (function(X + m * shift) - function(X - m * shift) for m in (1, 2))
        slopes.append((8 * near - far) / (12 * step))
    return np.column_stack(slopes)


@pytest.mark.parametrize("theta", [np.array([0.3, -0.5, -4.0]), np.array([1.2, 0.1, -9.0])])
def test_the_marginal_likelihood_is_the_density_of_the_target(theta):
    rng = np.random.default_rng(0)
    Z, t, inverse = rng.normal(size=(25, 2)), rng.normal(size=25), rng.uniform(0.5, 2.0, 25)
    likelihood = MarginalLikelihood(Z, t, inverse)

    def density(theta):
        apart = ((Z[:, None] - Z) / np.exp(theta[:-1])) ** 2
        K = np.exp(-0.5 * apart.sum(axis=2)) + np.diag(np.exp(theta[-1]) * inverse)
        found = minimize_scalar(lambda log: -multivariate_normal.logpdf(t, cov=np.exp(log) * K), bracket=(-2, 2))
        return found.fun  # pyright: ignore[reportAttributeAccessIssue]

    other = np.zeros(3)
    value, slope = likelihood.at(theta)
    assert value - likelihood.at(other)[0] == pytest.approx(density(theta) - density(other), rel=1e-9)
    assert slope == pytest.approx(approx_fprime(theta, lambda x: likelihood.at(x)[0], 1e-6), rel=1e-4, abs=1e-3)


@pytest.mark.parametrize("flip", [1.0, -1.0])
@pytest.mark.parametrize("log_target", [False, True])
@pytest.mark.parametrize("log", [NONE, BOTH, np.array([True, False])], ids=["linear", "log", "mixed"])
def test_gradients_are_those_of_the_prediction(table, log, log_target, flip):
    X, y = table
    # A negative target and negative columns lie on logarithmic axes as well.
    X, y = flip * X, flip * (y + 2.0)
    fitted = fit(X, y, log=log, log_target=log_target, rows=100)
    value, gradient = fitted.value_and_gradient(X[:40])
    np.testing.assert_allclose(value, fitted.predict(X[:40]), rtol=1e-7)
    expected = finite_differences(fitted.predict, X[:40])
    np.testing.assert_allclose(gradient, expected, rtol=1e-5, atol=1e-5 * np.abs(expected).max())


def test_gradients_on_an_axis_of_both_signs_are_those_of_the_prediction(table):
    X, y = table
    X = X - [1.5, 0.0]
    fitted = fit(X, y, log=BOTH, rows=100)
    assert (fitted.axes.median > 0).tolist() == [True, False]
    expected = finite_differences(fitted.predict, X[:40])
    np.testing.assert_allclose(fitted.derivatives(X[:40])[1], expected, rtol=1e-5, atol=1e-5 * np.abs(expected).max())


def test_a_quotient_of_a_difference_is_seen_over_its_whole_range(rng):
    x = rng.normal(size=600) / rng.uniform(0.05, 2.0, 600)
    y = np.tanh(2 * x)
    assert best(x[:, None], y).error < 0.1 * fit(x[:, None], y, log=NONE[:1]).error
    # A column of thousands of normal numbers keeps its axis.
    assert best(rng.normal(size=(600, 1)), y).axes.log.tolist() == [False]


def test_derivatives_are_those_of_the_laid_out_target(table):
    X, y = table
    fitted = fit(X, -y - 2.0, log=NONE, log_target=True, rows=100)
    T, slope = fitted.derivatives(X)
    value, gradient = fitted.value_and_gradient(X)
    np.testing.assert_allclose(T, np.log(-value), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(slope, gradient / value[:, None], rtol=1e-12)


@pytest.mark.parametrize("log", [NONE, BOTH], ids=["linear", "log"])
def test_values_and_gradients_come_near_the_laws(table, law, log):
    X, y = table
    fitted = fit(X, y, log=log)
    assert fitted.error < 5e-4
    fresh = X[:100] * 0.8 + 0.2 * X.mean(0)
    expected_value, expected = law(LAW, (A, B)).value_and_gradient(fresh)
    value, gradient = fitted.value_and_gradient(fresh)
    assert np.sqrt(np.mean((value - expected_value) ** 2)) < 3e-4 * y.std()
    assert np.sqrt(np.mean((gradient - expected) ** 2)) < 1e-3 * np.sqrt(np.mean(expected**2))


def test_the_error_is_that_of_rows_it_has_not_seen(table):
    X, y = table
    fitted = fit(X, y, log=NONE)
    np.testing.assert_array_equal(fitted.check, check_rows(len(y), 0))
    residual = fitted.predict(X[fitted.check]) - y[fitted.check]
    assert fitted.error == pytest.approx(np.sqrt(np.mean(residual**2)) / y.std())
    seen = {tuple(row) for row in fitted.points}
    assert not seen & {tuple(row) for row in fitted.axes.inputs(X[fitted.check])}


def test_more_rows_make_it_better(box, law):
    X = box(600, None, (0.5, 3.0))
    y = law(LAW, (A, B)).predict(X)
    errors = [fit(X, y, log=NONE, rows=rows).error for rows in (20, 60, 400)]
    assert errors[0] > 3 * errors[1] > 9 * errors[2]


@pytest.mark.parametrize("n", [4, 10, 399, 1000, 5000])
def test_held_out_rows(n):
    rows = check_rows(n, 3)
    assert len(rows) == len(set(rows.tolist())) == min(CHECK_ROWS, n // 4)
    assert rows.min() >= 0 and rows.max() < n
    np.testing.assert_array_equal(rows, check_rows(n, 3))


def test_the_seed_chooses_the_rows_and_nothing_else_is_random(table):
    X, y = table
    first, again, other = (fit(X, y, log=NONE, seed=seed, rows=60) for seed in (5, 5, 6))
    np.testing.assert_array_equal(first.weights, again.weights)
    np.testing.assert_array_equal(first.length, again.length)
    assert first.error == again.error
    assert set(first.check.tolist()) != set(other.check.tolist())


@pytest.mark.parametrize("factors", [(2.0**10, 1.0, 1.0), (2.0**-20, 2.0**7, 2.0**30), (1.0, 1.0, -4.0)], ids=str)
def test_units_do_not_matter(table, factors):
    X, y = table
    scale, target = np.array(factors[:2]), factors[2]
    plain = fit(X, y, log=NONE, rows=100)
    scaled = fit(X * scale, y * target, log=NONE, rows=100)
    np.testing.assert_allclose(scaled.predict(X * scale) / target, plain.predict(X), rtol=1e-9, atol=1e-9)
    gradient = scaled.value_and_gradient(X * scale)[1] * scale / target
    np.testing.assert_allclose(gradient, plain.value_and_gradient(X)[1], rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("factors", [(1000.0, 0.3), (1e-9, 1e12), (-1.0, 7.0)], ids=str)
def test_units_do_not_matter_to_the_best_axes(table, factors):
    X, y = table
    plain, scaled = best(X, y), best(X * factors, y * 1e5)
    np.testing.assert_array_equal(plain.axes.log, scaled.axes.log)
    # Length scales are optimised from rounded numbers: equal up to the error, not to rounding.
    allowed = 10 * plain.error * y.std()
    np.testing.assert_allclose(scaled.predict(X * factors) / 1e5, plain.predict(X), rtol=0, atol=allowed)


def test_a_shifted_origin_does_not_matter_on_linear_axes(table):
    X, y = table
    plain = fit(X, y, log=NONE, rows=100)
    origin = np.array([64.0, -32.0])
    shifted = fit(X + origin, y + 16.0, log=NONE, rows=100)
    np.testing.assert_allclose(shifted.predict(X + origin) - 16.0, plain.predict(X), atol=1e-6)


@pytest.fixture(scope="module")
def noisy_table(box, law):
    X = box(800, None, (0.5, 3.0))
    y = law(LAW, (A, B)).predict(X)
    return X, y, y + 0.1 * y.std() * np.random.default_rng(4).normal(size=len(y))


def test_noise_is_smoothed(noisy_table):
    X, y, noisy = noisy_table
    fitted = fit(X, noisy, log=NONE, rows=600)
    # Nearer to the law than the noise is; the error on held-out rows is about that of the noise.
    assert np.sqrt(np.mean((fitted.predict(X) - y) ** 2)) < 0.05 * y.std()
    assert 0.08 < fitted.error < 0.13


def test_noise_is_estimated_relative_to_the_variance_of_the_target(noisy_table):
    X, _, noisy = noisy_table
    assert 0.5 < np.sqrt(fit(X, noisy, log=NONE, rows=600).noise) / 0.1 < 2.0


def test_weights_silence_rows(box, law, rng):
    X = box(500, None, (0.5, 3.0))
    y = law(LAW, (A, B)).predict(X)
    wrong = rng.random(500) < 0.3
    sigma = np.where(wrong, 3.0, 1e-3)
    noisy = y + sigma * rng.normal(size=500)
    off = [
        np.sqrt(np.mean((fit(X, noisy, log=NONE, weights=weights, rows=300).predict(X) - y) ** 2))
        for weights in (None, sigma**-2.0)
    ]
    assert off[1] < 0.05 * off[0]


def test_numbers_beyond_double_precision_are_no_error(box):
    X = box(ROWS, None, None)
    y = np.exp(200 * (X[:, 0] - 2.5))
    assert fit_surrogate(X, y, log=NONE, log_target=True, weights=np.ones(ROWS)) is None


def test_a_column_without_influence_has_the_longest_wave(box):
    X = box(200, None, None, None)
    fitted = fit(X, np.sin(X[:, 0]) * X[:, 1], log=np.zeros(3, dtype=bool))
    assert fitted.length[2] > 20 * fitted.length[:2].max()


def test_decades_are_laid_out_on_logarithmic_axes(rng):
    X = np.column_stack([10 ** rng.uniform(-3, 3, 300), rng.uniform(-1, 1, 300)])
    fitted = best(X, np.log(X[:, 0]) * (2 + X[:, 1]))
    np.testing.assert_array_equal(fitted.axes.log, [True, False])
    assert not fitted.axes.log_target and fitted.error < 1e-4


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_target_over_decades_is_laid_out_on_a_logarithmic_axis(box, sign):
    X = box(300, (0.1, 3.0), (0.1, 3.0))
    fitted = best(X, sign * np.exp(3 * X[:, 0] + X[:, 1] ** 2))
    assert fitted.axes.log_target and fitted.axes.sign == sign
    assert (np.sign(fitted.predict(X)) == sign).all()


@pytest.mark.parametrize("waves", [1, 5, 10, 15])
def test_waves_of_one_column_are_followed(box, waves):
    # Fifty rows per wave and more.
    X = box(800, (1.0, 4.0))
    fitted = best(X, np.sin(2 * np.pi / 3 * waves * X[:, 0]))
    assert fitted.error < 1e-3


@pytest.mark.parametrize("level", [0.0, 3.0, -1e-7])
def test_a_constant_target_is_predicted(box, level):
    X = box(60, None, None)
    fitted = best(X, np.full(60, level))
    np.testing.assert_allclose(fitted.predict(X), level, rtol=1e-9, atol=1e-12)


def test_a_constant_column_does_no_harm(box):
    X = np.column_stack([box(200, None), np.full(200, 7.0)])
    fitted = best(X, np.sin(X[:, 0]))
    assert fitted.error < 1e-4
    assert np.isfinite(fitted.value_and_gradient(X)[1]).all()


@pytest.mark.parametrize("n", [1, 2, 3, 4, 6])
def test_few_rows_are_no_error(box, n):
    X = box(n, None, None)
    fitted = best_surrogate(X, X.sum(1))
    assert fitted is None or np.isfinite(fitted.error)


def test_many_rows_are_predicted_in_blocks(table, rng):
    surrogate = best(*table)
    rows = rng.uniform(0.5, 3.0, (8 * BLOCK + 5, 2))
    tracemalloc.start()
    values = surrogate.predict(rows)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    np.testing.assert_allclose(values, np.concatenate([surrogate.predict(part) for part in np.array_split(rows, 50)]))
    # The kernel of all rows at once takes 8 bytes for every row and point.
    assert peak < 8 * len(rows) * len(surrogate.points)


def test_kernel_is_the_formula(rng):
    P, Q, length = rng.normal(size=(7, 3)), rng.normal(size=(5, 3)), np.array([0.5, 1.0, 20.0])
    expected = np.exp(-0.5 * (((P[:, None] - Q) / length) ** 2).sum(-1))
    np.testing.assert_allclose(kernel(P, Q, length), expected, rtol=1e-12)
    own = kernel(P, P, length)
    np.testing.assert_allclose(np.diag(own), 1.0, rtol=1e-14)
    assert np.linalg.eigvalsh(own).min() > -1e-12


def test_one_signed_excludes_zero():
    X = np.array([[1.0, -1.0, 0.0, 1.0], [2.0, -3.0, 1.0, -1.0]])
    np.testing.assert_array_equal(one_signed(X), [True, True, False, False])


@pytest.fixture
def near_zero(rng):
    """Rows of one column that is a product of others and comes near zero now and then, with a noisy function of it."""
    u = rng.uniform(0, 12, 1200) * rng.uniform(0, 1, 1200) ** 2
    y = 1 / (np.exp(0.7 * u) + 1)
    return u[:, None], y, y + 0.01 * y.std() * rng.normal(size=len(y))


def test_rows_next_to_zero_do_not_stretch_a_logarithmic_axis(near_zero):
    X, _, y = near_zero
    linear, shifted = fit(X, y, log=np.array([False])), fit(X, y, log=np.array([True]), shifted=True)
    assert shifted.axes.shift[0] > 0
    assert max(shifted.error, best(X, y).error) < 1.1 * linear.error


def test_gradients_on_a_shifted_axis(near_zero):
    X, y, _ = near_zero
    found = fit(X[:ROWS], y[:ROWS], log=np.array([True]), shifted=True)
    inside = X[(X[:, 0] > 0.5) & (X[:, 0] < 6)]
    np.testing.assert_allclose(
        found.derivatives(inside)[1], finite_differences(found.predict, inside), rtol=1e-3, atol=1e-5
    )


def test_decades_have_no_shift(rng):
    X = np.exp(rng.uniform(-8, 3, (500, 1)))
    assert fit(X, np.log(X[:, 0]), log=np.array([True]), shifted=True).axes.shift[0] == 0


def test_a_pole_needs_all_of_a_logarithmic_axis(rng):
    x = rng.uniform(0, 6, 1200)
    found = best(x[:, None], 5 / np.sqrt(x) + np.log(1 + x))
    assert found.axes.log[0] and found.axes.shift[0] == 0
