# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportAttributeAccessIssue=false
"""The formula without the rows at an end of a column: does it predict them?"""

from dataclasses import dataclass

import numpy as np
import scipy

from kansym.fitting.residuals import Residuals
from kansym.symbolic.refit import jacobian_rank, refit

SHARE, FEWEST = 0.1, 3
"""Share of the rows at an end, and their least number."""

FEWEST_ROWS, SPARE = 20, 4
"""Rows of a table that is asked, and rows that are left above the number of constants."""

MOST_DENSE = 1000
"""Rows whose covariance is written out."""


@dataclass(frozen=True)
class LeftOutEnd:
    """Rows at one end of a column, against the formula fitted to the others.

    Attributes
    ----------
    column : str
    end : str
        "lowest" or "highest".
    rows : int
    ratio : float
        Root mean square of their residuals, in units of what noise and the errors of the constants allow.
    p_value : float
        Probability of as much, with the number of ends that were asked taken into account.
    """

    column: str
    end: str
    rows: int
    ratio: float
    p_value: float


def worst_left_out_end(residuals: Residuals, names: tuple[str, ...]) -> LeftOutEnd | None:
    """The end of a column whose rows the formula predicts worst when it is fitted without them.

    A form that imitates the law in the middle of the data needs its constants from the ends. The squares of the
    residuals are those of noise and of the errors of the constants together, ``r' (1 + J C J')^-1 r`` with C the
    covariance from the other rows and J the derivatives at these; to first order they follow chi-squared, or F where
    the noise is known from the residuals only.

    Parameters
    ----------
    residuals : Residuals
    names : tuple of str
        Columns.

    Returns
    -------
    LeftOutEnd or None
        None for few rows, for exact fits and for formulas without constants.
    """
    n, k = residuals.n, residuals.k
    if n < FEWEST_ROWS or not k or residuals.exact:
        return None
    many = max(FEWEST, round(SHARE * n))
    used = [j for j, symbol in enumerate(residuals.form.variables) if symbol in residuals.form.expression.free_symbols]
    found = []
    for column in used:
        order = np.argsort(residuals.X[:, column], kind="stable")
        ends = (
            ("lowest", order[:many]),
            ("highest", order[-many:]),
        )
        for end, rows in ends:
            square = _square(residuals, rows)
            if square is not None:
                freedom = n - many - k
                known = residuals.sigma is not None
                p = scipy.stats.chi2.sf(square, many) if known else scipy.stats.f.sf(square / many, many, freedom)
                found.append((float(p), column, end, (square / many) ** 0.5))
    if not found:
        return None
    p, column, end, ratio = min(found)
    return LeftOutEnd(names[column], end, many, ratio, min(1.0, p * len(found)))


def _square(residuals: Residuals, out: np.ndarray) -> float | None:
    """Squares of the residuals of some rows, in units of their covariance; None where the others do not fix it."""
    kept = np.ones(residuals.n, dtype=bool)
    kept[out] = False
    k = residuals.k
    if kept.sum() < k + SPARE:
        return None
    weights = None if residuals.weights is None else residuals.weights[kept]
    fit = refit(residuals.form, residuals.X[kept], residuals.y[kept], weights=weights)
    form = fit.form
    if fit.status == "non-finite" or jacobian_rank(form, residuals.X[kept]) < k:
        return None
    with np.errstate(all="ignore"):
        residual = residuals.y - form.evaluate(residuals.X)
        # A constant at its bound is not moved by the rows.
        jacobian = form.jacobian(residuals.X)[:, ~form.at_bound(form.values)]
    if residuals.sigma is None:
        root = np.ones(residuals.n) if residuals.weights is None else np.sqrt(residuals.weights)
        size = np.sqrt(np.sum((root * residual)[kept] ** 2) / (kept.sum() - k))
        sigma = size / np.where(root > 0, root, np.inf)
    else:
        sigma = residuals.sigma
    residual, jacobian = residual / sigma, jacobian / sigma[:, None]
    if not (np.isfinite(residual).all() and np.isfinite(jacobian).all()):
        return None
    lengths = np.linalg.norm(jacobian[kept], axis=0)
    triangle = np.linalg.qr(jacobian[kept] / lengths, mode="r")
    pull = np.linalg.solve(triangle.T, (jacobian[out] / lengths).T)
    if len(out) > MOST_DENSE:
        # The same by Woodbury's identity, with a matrix of the constants in place of one of the rows.
        pulled = pull @ residual[out]
        return float(
            residual[out] @ residual[out] - pulled @ np.linalg.solve(np.eye(len(pull)) + pull @ pull.T, pulled)
        )
    covariance = np.eye(len(out)) + pull.T @ pull
    return float(residual[out] @ np.linalg.solve(covariance, residual[out]))
