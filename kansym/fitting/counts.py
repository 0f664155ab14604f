"""Numbers of counts: the errors that a formula expects of them, and their deviance from it."""

import numpy as np
import scipy.special

LEAST = 1e-3
"""Expected counts that a row has at least, for its weight."""


def expected_errors(expected: np.ndarray, otherwise: np.ndarray) -> np.ndarray:
    """Roots of expected counts (n,); where a formula has no value, what was taken before."""
    with np.errstate(invalid="ignore"):
        return np.where(np.isfinite(expected), np.sqrt(np.maximum(expected, LEAST)), otherwise)


def deviances(counts: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """Twice what the logarithm of Poisson's likelihood of each row (n,) lacks to that of a formula through it.

    Below `LEAST` expected counts it goes on as a parabola with the weight that such rows have in a fit, so that a
    formula that dips below zero has one.

    Parameters
    ----------
    counts, expected : array (n,)
    """
    usual = np.maximum(expected, LEAST)
    deviance = 2 * (usual - counts + scipy.special.xlogy(counts, counts / usual))
    return deviance + ((expected - counts) ** 2 - (usual - counts) ** 2) / LEAST * (expected < LEAST)
