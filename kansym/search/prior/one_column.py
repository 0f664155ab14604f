# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false
"""Whether what a guess lacks is a function of one column, and its constants if it is.

The constants of a guess that lacks a term have moved to make up for it, so that the residuals depend on all columns.
Fitted together with a free curve of the right column they move back, and the curve is what the guess lacks (variable
projection: Golub and Pereyra, SIAM J. Numer. Anal. 10 (1973) 413, doi:10.1137/0710036).
"""

from dataclasses import dataclass

import numpy as np
import scipy.interpolate

from kansym.search.rows import FitRows
from kansym.symbolic.parametric import ParametricForm, columns_of

ROWS = 3000
"""Rows that curves are fitted to."""

LEAST_ROWS = 40
"""Rows below which free curves say nothing."""

KNOTS = 14
"""Most coefficients of a curve."""

ROWS_EACH = 6
"""Rows, and half as many different values of the column, for each coefficient."""

STEPS = 25
"""Gauss-Newton steps."""

NULL = 1e-6
"""Directions of the constants below this singular value, in units of the largest, are left where they are: the curve
can do what they do."""

BELIEVED = 0.8
"""Variance per degree of freedom that a curve must leave, in units of that of the guess alone."""


@dataclass(frozen=True, eq=False)
class Curve:
    """A column of which the missing part is a function.

    Attributes
    ----------
    column : int
    values : array (k,)
        Constants of the guess beside it.
    variance : float
        What is left, per degree of freedom, in squared units of y.
    """

    column: int
    values: np.ndarray
    variance: float


def best_curve(form: ParametricForm, fit_rows: FitRows, *, factor: bool) -> Curve | None:
    """The column whose free curve, as a term or a factor, leaves least; None where none leaves much less.

    Parameters
    ----------
    form : ParametricForm
        The guess, fitted.
    fit_rows : FitRows
    factor : bool
    """
    rows = fit_rows.train[
        np.linspace(0, len(fit_rows.train) - 1, min(len(fit_rows.train), ROWS)).round().astype(np.int64)
    ]
    X, y, weights = fit_rows.rows(rows)
    freedom = len(y) - len(form.constants)
    if len(y) < LEAST_ROWS or freedom < 1:
        return None
    root = np.ones(len(y)) if weights is None else np.sqrt(weights)
    alone = float(np.sum((root * (form.evaluate(X) - y)) ** 2)) / freedom
    found = []
    for column in range(X.shape[1]):
        basis = spline_basis(X[:, column])
        if basis is not None and freedom > basis.shape[1]:
            values, squares = _fitted(form, X, y, root, basis, factor)
            found.append(Curve(column, values, squares / (freedom - basis.shape[1])))
    best = min(found, key=lambda curve: curve.variance, default=None)
    return best if best is not None and best.variance < BELIEVED * alone else None


def spline_basis(x: np.ndarray) -> np.ndarray | None:
    """Cubic B-splines (n, m) with knots at quantiles; None where the column has too few different values."""
    different = np.unique(x)
    m = min(KNOTS, len(x) // ROWS_EACH, 2 * len(different) // ROWS_EACH)
    if m < 4:
        return None
    inner = np.quantile(different, np.linspace(0, 1, m - 2))
    knots = np.concatenate([[inner[0]] * 3, inner, [inner[-1]] * 3])
    return scipy.interpolate.BSpline.design_matrix(x, knots, 3).toarray()


def _fitted(
    form: ParametricForm, X: np.ndarray, y: np.ndarray, root: np.ndarray, basis: np.ndarray, factor: bool
) -> tuple[np.ndarray, float]:
    """Constants of the guess beside a curve, and the weighted sum of squares that is left."""
    columns = columns_of(X, X.shape[1])

    def state(values: np.ndarray) -> tuple[float, np.ndarray, np.ndarray, np.ndarray]:
        """What is left, as a sum and by rows, an orthonormal basis of the curves, and the curve."""
        guess = form.value_at(columns, values)
        design = root[:, None] * (basis * guess[:, None] if factor else basis)
        target = root * (y if factor else y - guess)
        if not (np.isfinite(design).all() and np.isfinite(target).all()):
            return np.inf, target, design, target
        # A guess may reach any size on the way; squares that overflow are no gain.
        with np.errstate(all="ignore"):
            left, singular, right = np.linalg.svd(design, full_matrices=False)
            kept = singular > 1e-10 * singular[0]
            coefficients = right[kept].T @ ((left[:, kept].T @ target) / singular[kept])
            residual = target - design @ coefficients
            squares = float(residual @ residual)
        return (squares if np.isfinite(squares) else np.inf), residual, left[:, kept], basis @ coefficients

    values = np.array(form.values)
    squares, residual, curves, curve = state(values)
    for _ in range(STEPS if len(values) else 0):
        slopes = form.jacobian_at(columns, values) * (curve[:, None] if factor else 1.0) * root[:, None]
        slopes = np.where(np.isfinite(slopes), slopes, 0.0)
        with np.errstate(all="ignore"):
            lengths = np.linalg.norm(slopes, axis=0)
        if not np.isfinite(lengths).all():
            break
        slopes = slopes / np.where(lengths > 0, lengths, 1.0)
        slopes = slopes - curves @ (curves.T @ slopes)
        step = np.linalg.lstsq(slopes, residual, rcond=NULL)[0] / np.where(lengths > 0, lengths, np.inf)
        # Halved until it gains; a step that does not gain at a thousandth of its length is the end.
        for shorter in 0.5 ** np.arange(0, 11, 2):
            trial = state(values + shorter * step)
            if trial[0] < squares * (1 - 1e-9):
                values = values + shorter * step
                squares, residual, curves, curve = trial
                break
        else:
            break
    return values, squares
