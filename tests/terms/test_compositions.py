"""Constants of compositions: those of least squares, also with rows of their own for each start."""

import numpy as np
import scipy.optimize

from kansym.terms.compositions import EnumeratedRows, descend
from kansym.terms.trees import UNARY, Tree

EXPONENTIAL, ROOT = (
    Tree(next(one for one in UNARY if one.name == name), (Tree(None, input=0),)) for name in ("exp", "root")
)


def fitted(key, theta, rows, steps=60):
    """Constants of one tree, and its state."""
    (found,) = descend([(key, np.array(theta))], rows, steps)
    return found


def rows(seed, rate, n=40):
    rng = np.random.default_rng(seed)
    x = np.sort(rng.uniform(0, 2, n))
    y = 1.3 * np.exp(rate * x) + 0.4 + 0.01 * rng.standard_normal(n)
    return EnumeratedRows(x[None], y, rng.uniform(0.5, 1.5, n), np.ones((1, n)))


def least(one):
    """Constants by scipy."""

    def residual(p):
        return one.root * (p[1] * np.exp(p[0] * one.columns[0]) + p[2]) - one.y

    return scipy.optimize.least_squares(residual, [-1.0, 1.0, 0.0], xtol=1e-14, ftol=1e-14, gtol=1e-14)


def test_they_are_those_of_least_squares():
    one = rows(0, -1.1)
    theta, state = fitted((EXPONENTIAL, 0, 1), [[-0.3], [-2.0]], one)
    best = least(one)
    np.testing.assert_allclose(theta[:, 0], best.x[0], rtol=1e-5)
    np.testing.assert_allclose(state.coefficients[0], best.x[1:], rtol=1e-5)
    np.testing.assert_allclose(state.square, 2 * best.cost, rtol=1e-9)


def test_each_start_may_have_rows_of_its_own():
    each = [rows(k, rate) for k, rate in enumerate((-1.1, -0.4, 0.7))]
    together = EnumeratedRows(
        np.stack([one.columns for one in each], axis=1),
        np.stack([one.y for one in each]),
        np.stack([one.root for one in each]),
        np.stack([one.monomials for one in each], axis=1),
    )
    for background in (0, 1, 2):
        key = (EXPONENTIAL, 0, background)
        theta, state = fitted(key, [[-0.8], [-0.8], [0.4]], together)
        for k, one in enumerate(each):
            alone, expected = fitted(key, [[-0.8 if k < 2 else 0.4]], one)
            # Steps end where a sum of squares changes by 1e-9 of itself, and constants by the root of that.
            np.testing.assert_allclose(state.square[k], expected.square[0], rtol=1e-7)
            np.testing.assert_allclose(theta[k], alone[0], rtol=1e-3)
            np.testing.assert_allclose(state.coefficients[k], expected.coefficients[0], rtol=1e-3)


def test_a_start_without_values_leaves_the_others_alone():
    one = rows(0, -1.1)
    theta, state = fitted((EXPONENTIAL, 0, 1), [[-0.3], [1e6]], one)
    np.testing.assert_allclose(theta[0, 0], least(one).x[0], rtol=1e-5)
    assert theta[1, 0] == 1e6
    assert np.isinf(state.square[1])


def test_trees_that_are_fitted_together_are_fitted_as_each_alone():
    one = rows(0, -1.1)
    # The second has other starts, and is done after other steps.
    trees = [((EXPONENTIAL, 0, 1), [[-0.3], [-2.0], [3.0]]), ((ROOT, 0, 1), [[0.5]]), ((EXPONENTIAL, 0, 1), [[-1.1]])]
    together = descend([(key, np.array(theta)) for key, theta in trees], one, 60)
    for (key, start), (theta, state) in zip(trees, together, strict=True):
        alone, expected = fitted(key, start, one)
        # Which of two equal sums of squares is the less, rounding says.
        np.testing.assert_allclose(theta, alone, rtol=1e-7)
        np.testing.assert_allclose(state.square, expected.square, rtol=1e-9)
        np.testing.assert_allclose(state.coefficients, expected.coefficients, rtol=1e-7)
