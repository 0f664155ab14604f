"""Errors of y that follow from the formula: of counts, and where they differ below and above."""

from collections.abc import Callable
from typing import Any

import numpy as np

from kansym.fitting.counts import expected_errors
from kansym.fitting.estimate import Estimate, estimate
from kansym.symbolic.parametric import ParametricForm

MOST_ROUNDS = 50

SETTLED = 1e-9
"""Relative change of the errors at which the weights are those of the formula."""

ErrorsByFormula = Callable[[np.ndarray], np.ndarray]
"""Errors (n,) of the rows from what a formula expects (n,)."""


def errors_by_formula(
    y: np.ndarray, error: np.ndarray | None, *, counts: bool, sides: np.ndarray | None
) -> ErrorsByFormula | None:
    """How errors follow from a formula; None where they do not.

    Parameters
    ----------
    y : array (n,)
    error : array (n,) or None
        Errors before a formula is known; they stay where it has no value.
    counts : bool
        The variance is the expected count (Poisson).
    sides : array (2, n) or None
        Errors below and above y. The one on the side of the formula counts: the likelihood of the two-piece normal
        distribution, whose logarithm is -(y - f)^2/(2 sigma^2) with sigma above where f > y, and below otherwise.

    References
    ----------
    Barlow, Asymmetric statistical errors, arXiv:physics/0406120, which compares it with smoother likelihoods; these
    have no width left two to four errors away, which outliers and starts of a fit are.
    """
    if error is None or (sides is None and not counts):
        return None

    def found(expected: np.ndarray) -> np.ndarray:
        if sides is None:
            return expected_errors(expected, error)
        with np.errstate(invalid="ignore"):
            return np.where(np.isfinite(expected), np.where(expected > y, sides[1], sides[0]), error)

    return found


def reweighted_estimate(
    form: ParametricForm, X: np.ndarray, y: np.ndarray, error: np.ndarray, errors: ErrorsByFormula, **more: Any
) -> Estimate:
    """Fit the constants with the errors that the formula itself says.

    Weighted least squares, with errors found anew until they no longer change: for errors that differ below and above
    it is the minimum of their chi-squared. Counts have a sum of squares of their own, see `kansym.fitting.counts`.

    Parameters
    ----------
    form : ParametricForm
        At values near those of an ordinary fit.
    X : array (n, d)
    y : array (n,)
    error : array (n,)
        Errors to begin with.
    errors : callable
        See `errors_by_formula`.
    **more
        See `kansym.fitting.estimate.estimate`.
    """
    found = estimate(form, X, y, y_error=error, **more)
    for _ in range(MOST_ROUNDS):
        again = errors(found.form.evaluate(X))
        change = float(np.max(np.abs(again / error - 1.0)))
        error = again
        found = estimate(found.form, X, y, y_error=error, **more)
        if change < SETTLED:
            break
    return found
