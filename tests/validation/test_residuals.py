import numpy as np
import pytest

from kansym.fitting.residuals import effective_error, residuals_of, value_errors


def test_leverages_are_those_of_the_hat_matrix(discovered, rng):
    x = rng.uniform(1, 5, 40)
    residuals = residuals_of(*_parts(discovered(x, 2 * x - 1 + 0.1 * rng.normal(size=40), "2.1*x - 1.2")))
    A = np.column_stack([x, np.ones(40)])
    hat = A @ np.linalg.inv(A.T @ A) @ A.T
    np.testing.assert_allclose(residuals.leverage, np.diagonal(hat), atol=1e-10)


def test_standardized_residuals_have_the_variance_that_noise_has(discovered, rng):
    # Few rows: without the leverages those at the ends would be too small.
    ends, middles = [], []
    x = np.linspace(0, 1, 6)
    for _ in range(100):
        r = residuals_of(*_parts(discovered(x, x + rng.normal(size=6), "1.1*x + 0.1"))).standardized
        ends += [r[0], r[5]]
        middles += [r[2], r[3]]
    # The two of a fit are hardly correlated (0.4 and -0.2): the ratio is known to 0.15. Without leverages it were 0.58.
    assert np.var(ends) / np.var(middles) == pytest.approx(1, abs=0.35)


def test_errors_of_inputs_are_folded_in_through_the_slope(discovered, rng):
    x = np.linspace(1, 4, 30)
    discovery = discovered(x, 3 * x**2, "3*x**2", y_error=0.5, x_error=0.2)
    expected = np.sqrt(0.5**2 + (6 * x * 0.2) ** 2)
    np.testing.assert_allclose(effective_error(discovery.formula, discovery.dataset), expected, rtol=1e-9)
    assert discovered(x, 3 * x**2, "3*x**2").dataset.y_error is None


def test_the_slope_of_an_absolute_value_is_its_sign(discovered):
    x = np.linspace(-1, 2, 31) + 0.05
    discovery = discovered(x, 3.5 * np.abs(x), "3.5*Abs(x)", y_error=0.5, x_error=0.2)
    np.testing.assert_allclose(effective_error(discovery.formula, discovery.dataset), np.hypot(0.5, 0.7), rtol=1e-9)


def test_an_exact_fit_is_known_as_one(discovered, rng):
    x = rng.uniform(1, 5, 40)
    assert residuals_of(*_parts(discovered(x, 2.3 * x**1.5, "2.3*x**(3/2)"))).exact
    noisy = discovered(x, 2.3 * x**1.5 * (1 + 1e-8 * rng.normal(size=40)), "2.3*x**(3/2)")
    assert not residuals_of(*_parts(noisy)).exact


@pytest.mark.parametrize("given", [True, False])
def test_errors_of_values_are_those_of_a_straight_line(discovered, rng, given):
    x, far = rng.uniform(1, 5, 40), np.linspace(-3, 8, 12)
    sigma = rng.uniform(0.05, 0.2, 40)
    columns = {"y_error": sigma} if given else {}
    discovery = discovered(x, 2 * x - 1 + sigma * rng.normal(size=40), "2.1*x - 1.2", **columns)
    found = value_errors(residuals_of(*_parts(discovery)), far[:, None])
    weights = 1 / sigma if given else None
    _, covariance = np.polyfit(x, discovery.dataset.y, 1, w=weights, cov="unscaled" if given else True)
    A = np.column_stack([far, np.ones(12)])
    np.testing.assert_allclose(found, np.sqrt(np.einsum("ij,jk,ik->i", A, covariance, A)), rtol=1e-6)


def _parts(discovery):
    return discovery.formula, discovery.dataset
