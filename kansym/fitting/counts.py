"""Constants of a formula for numbers of counts: the maximum of Poisson's likelihood."""

from typing import Any

import numpy as np

from kansym.fitting.estimate import Estimate, estimate
from kansym.symbolic.parametric import ParametricForm

MOST_ROUNDS = 50

SETTLED = 1e-9
"""Relative change of the errors at which the weights are those of the formula."""

LEAST = 1e-3
"""Expected counts that a row has at least, for its weight."""


def expected_errors(expected: np.ndarray, otherwise: np.ndarray) -> np.ndarray:
    """Roots of expected counts (n,); where a formula has no value, what was taken before."""
    with np.errstate(invalid="ignore"):
        return np.where(np.isfinite(expected), np.sqrt(np.maximum(expected, LEAST)), otherwise)


def poisson_estimate(form: ParametricForm, X: np.ndarray, y: np.ndarray, error: np.ndarray, **more: Any) -> Estimate:
    """Fit the constants to counts.

    Weighted least squares with the variances that the formula itself expects, found anew until they no longer change:
    at the end the derivative of the likelihood vanishes, ``sum (y - f)/f df/dc = 0``, and the covariance is the inverse
    of Fisher's information. Rows with no counts count in full.

    Parameters
    ----------
    form : ParametricForm
        At values near those of an ordinary fit.
    X : array (n, d)
    y : array (n,)
        Counts.
    error : array (n,)
        Errors to begin with.
    **more
        See `kansym.fitting.estimate.estimate`.

    References
    ----------
    Nelder and Wedderburn, Journal of the Royal Statistical Society A 135 (1972) 370, doi:10.2307/2344614.
    """
    found = estimate(form, X, y, y_error=error, **more)
    for _ in range(MOST_ROUNDS):
        again = expected_errors(found.form.evaluate(X), error)
        change = float(np.max(np.abs(again / error - 1.0)))
        error = again
        found = estimate(found.form, X, y, y_error=error, **more)
        if change < SETTLED:
            break
    return found
