"""Orthogonal distance regression: the constants of a formula where the inputs have errors too."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kansym.errors import ArgumentError
from kansym.symbolic.input_slopes import curvature_shift
from kansym.symbolic.orthogonal_steps import by_elimination, by_odrpack, independent_constants
from kansym.symbolic.parametric import ParametricForm
from kansym.symbolic.refit import LeastSquares
from kansym.symbolic.rows_with_errors import RowsWithErrors

LARGE = 100_000
"""Rows above which odrpack is left out: it holds some hundred numbers a row, the elimination steps a few."""

ROUNDS = 30
"""Limit on rounds of shift and fit; each gains about a digit."""

AGREED = 1e-6
"""Change of the constants, in their standard errors, that ends these rounds."""

LARGEST_SHIFT = 1.0
"""Limit on the shift of a row, in its effective errors: beyond, the leading order of the curvature says nothing."""


@dataclass(frozen=True, eq=False)
class OrthogonalFit:
    """Outcome of `orthogonal_fit`.

    Attributes
    ----------
    form : ParametricForm
        With the fitted values.
    covariance : array (k, k)
        Of the constants; rows and columns of constants that the data do not determine are nan.
    chi2 : float
        Sum over the rows of (residual/y_error)^2 + sum_j (delta_j/x_error_j)^2, each times the row's weight.
    ndf : int
        Rows less rank.
    rank : int
        Number of constants, or combinations of them, that the data determine.
    deltas : array (n, d)
        What is added to X to come to the point of the formula that is nearest in units of the errors; 0 for exact
        columns.
    converged : bool
    null_space : array (k, k - rank)
        Directions, constants in units of their own effect, that change nothing.
    effective_error : array (n,)
        sqrt(y_error^2 + sum_j (df/dx_j x_error_j)^2) at the nearest points, in units of y.
    shift : array (n,)
        What was added to y for the curvature of the formula, in units of y; zeros without `correct_curvature`.
    """

    form: ParametricForm
    covariance: np.ndarray
    chi2: float
    ndf: int
    rank: int
    deltas: np.ndarray
    converged: bool
    null_space: np.ndarray
    effective_error: np.ndarray
    shift: np.ndarray

    @property
    def errors(self) -> np.ndarray:
        """Standard errors of the constants, shape (k,); nan where unknown."""
        with np.errstate(invalid="ignore"):
            return np.sqrt(np.diagonal(self.covariance))


def orthogonal_fit(
    form: ParametricForm,
    X: np.ndarray,
    y: np.ndarray,
    *,
    x_error: np.ndarray | float,
    y_error: np.ndarray | float,
    sample_weight: np.ndarray | None = None,
    scale_errors: bool = False,
    correct_curvature: bool = False,
    held: Sequence[int] = (),
    near: bool = False,
) -> OrthogonalFit:
    """Fit all constants to rows whose inputs and outcome have errors, starting from the form's values.

    Chi-squared is minimised over the constants and over the true inputs of every row: the distances of the points from
    the formula, in units of the errors. The package odrpack does it (ODRPACK95: Zwolak, Boggs and Watson, ACM Trans.
    Math. Softw. 33 (2007) 27, doi:10.1145/1268776.1268782), with exact derivatives, on constants in units of their own
    effect and inputs in units of their errors, so that units do not matter. Elimination steps (Britt and Luecke,
    Technometrics 15 (1973) 233) then settle the last digits; above `LARGE` rows they do the whole fit. They are
    weighted least squares with the effective variance ``y_error^2 + sum_j (df/dx_j x_error_j)^2`` taken at the nearest
    points and not at the measured ones, and so come to the same minimum as odrpack.

    The covariance is the inverse of the normal matrix with that effective variance. odrpack's `cov_beta` has the same
    formula and is not used: odrpack has its own test of which constants are determined, and scales `sd_beta` by the
    residuals but `cov_beta` not.

    Where x_error is so large that the formula bends within it, this fit is biased however many rows there are: the
    mean distance of a point from a curve is not zero but half the curvature, in units of the errors.
    `correct_curvature` takes that out to leading order, see `kansym.symbolic.input_slopes.curvature_shift`. Beyond a
    curvature of about one in these units neither values nor errors can be trusted, and a bootstrap should be made.

    Parameters
    ----------
    form : ParametricForm
        Its values are the start: those of an ordinary fit are a good one.
    X : array (n, d)
    y : array (n,)
    x_error : array (n, d), (d,) or float
        Standard errors of the inputs, in their units; 0 where an input is exact.
    y_error : array (n,) or float
        Standard errors of y, positive.
    sample_weight : array (n,), optional
        Non-negative weights that multiply each row's part of chi-squared.
    scale_errors : bool, default False
        Multiply the covariance by chi-squared per degree of freedom: only ratios of errors are then used.
    correct_curvature : bool, default False
        True where values are wanted; False for the plain minimum, which is odrpack's.
    held : sequence of int
        Indices of constants that keep their values; the covariance is nan for all then.
    near : bool, default False
        The start is near the minimum: odrpack is only asked where the elimination steps do not settle. Ten times as
        fast on small tables.

    Returns
    -------
    OrthogonalFit
        Without `correct_curvature` its chi-squared is not above that of the start.

    Raises
    ------
    ArgumentError
        If shapes do not fit, errors are not as above, or the formula is not finite at the start.
    """
    rows = RowsWithErrors(form, X, y, x_error, y_error, sample_weight)
    values = np.array(form.values)
    if not np.isfinite(rows.chi2(values, rows.none)):
        raise ArgumentError("form has no finite value on some row at its values; start where it has")
    fixed = np.zeros(len(values), dtype=bool)
    fixed[list(held)] = True
    fixed |= rows.ordinary(rows.none)._stuck(values)
    free = np.flatnonzero(~fixed)
    values, xi, converged = _minimum(rows, values, free, near)
    shift = np.zeros(rows.y.shape)
    if correct_curvature and len(free):
        values, xi, shift, converged = _corrected(rows, values, xi, free, converged)
    return _outcome(rows.raised(shift), values, xi, shift, converged, free, scale_errors)


def nearest_distances(
    form: ParametricForm,
    X: np.ndarray,
    y: np.ndarray,
    *,
    x_error: np.ndarray | float,
    y_error: np.ndarray | float,
) -> np.ndarray:
    """Signed distances (n,) of rows from a formula at its nearest points, in units of the errors.

    Parameters are those of `orthogonal_fit`; the constants keep their values. The nearest point is looked for from the
    measured input. Infinite where the formula is not finite there.
    """
    rows = RowsWithErrors(form, X, y, x_error, y_error, None)
    if not np.isfinite(rows.chi2(form.values, rows.none)):
        residuals = rows.residuals(form.values, rows.none)
        return np.where(np.isfinite(residuals), residuals, np.inf)
    xi = by_elimination(rows, form.values, rows.none, np.zeros(0, dtype=int))[1]
    residuals = rows.residuals(form.values, xi)
    return np.copysign(np.sqrt(residuals**2 + (xi**2).sum(axis=1)), residuals)


def limited_shift(form: ParametricForm, X: np.ndarray, x_error: np.ndarray, y_error: np.ndarray) -> np.ndarray:
    """`kansym.symbolic.input_slopes.curvature_shift`, no more than `LARGEST_SHIFT`, shape (n,)."""
    wanted = curvature_shift(form, X, x_error=x_error, y_error=y_error)
    limit = LARGEST_SHIFT * RowsWithErrors(form, X, y_error, x_error, y_error, None).effective(
        form.values, np.zeros(X.shape)
    )
    return np.clip(wanted, -limit, limit)


def _minimum(
    rows: RowsWithErrors, values: np.ndarray, free: np.ndarray, near: bool
) -> tuple[np.ndarray, np.ndarray, bool]:
    """Constants (k,), inputs (n, d) in units of their errors, and whether the fit converged."""
    if near or rows.n > LARGE or not len(free):
        found = by_elimination(rows, values, rows.none, free)
        if found[2] or not near or rows.n > LARGE:
            return found
    start = (values, rows.none)
    trial = by_odrpack(rows, values, independent_constants(rows, values, free))
    return by_elimination(rows, *min(start, trial, key=lambda state: rows.chi2(*state)), free)


def _corrected(
    rows: RowsWithErrors, values: np.ndarray, xi: np.ndarray, free: np.ndarray, converged: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray, bool]:
    """The fit of y with the shift of its own curvature; without a shift where that does not come to rest."""
    plain = (values, xi, np.zeros(rows.y.shape), converged)
    shift = plain[2]
    for number in range(ROUNDS):
        wanted = limited_shift(rows.form.with_values(values), rows.X + rows.sx * xi, rows.sx, rows.sy)
        # Half steps after the first rounds: where the shift overshoots, they come to rest.
        shift = shift + (1.0 if number < 5 else 0.5) * (wanted - shift)
        moved, moved_xi, settled = by_elimination(rows.raised(shift), values, xi, free)
        if not settled:
            return plain
        length = rows.length(values, moved - values, moved_xi)
        values, xi = moved, moved_xi
        if length < AGREED:
            return values, xi, shift, True
    return plain


def _outcome(
    rows: RowsWithErrors,
    values: np.ndarray,
    xi: np.ndarray,
    shift: np.ndarray,
    converged: bool,
    free: np.ndarray,
    scale_errors: bool,
) -> OrthogonalFit:
    effective = rows.effective(values, xi)
    squares = rows.ordinary(xi, effective)
    smallest = float(effective.min())
    mean = float(np.mean((rows.root * (smallest / effective)) ** 2))
    null_space = squares.null_space(values)
    k = len(values)
    chi2 = rows.chi2(values, xi)
    ndf = rows.n - (k - null_space.shape[1])
    # LeastSquares has weights of mean 1: they are 1/effective^2 times the square of this.
    sigma = smallest / np.sqrt(mean)
    if scale_errors:
        sigma *= np.sqrt(chi2 / ndf) if ndf > 0 else np.nan
    return OrthogonalFit(
        form=rows.form.with_values(values),
        covariance=bent_covariance(squares, values, float(sigma), shift, effective)
        if len(free) == k
        else np.full((k, k), np.nan),
        chi2=chi2,
        ndf=ndf,
        rank=k - null_space.shape[1],
        deltas=rows.sx * xi,
        converged=converged,
        null_space=null_space,
        effective_error=effective,
        shift=shift,
    )


def bent_covariance(
    squares: LeastSquares, values: np.ndarray, sigma: float, shift: np.ndarray, effective: np.ndarray
) -> np.ndarray:
    """Covariance (k, k) of the constants where the formula bends within the errors of its inputs.

    A point scattered by u along the formula lies kappa u^2/2 off its tangent, in units of the errors: that has the mean
    kappa/2, which `shift` takes out, and the variance kappa^2/2, which adds to that of the distance itself. The fit's
    weights do not know of it, so the covariance is that of least squares with other variances than its weights say
    (the sandwich of Huber 1967). Exact to leading order for one input with errors, a bound for several.

    Parameters
    ----------
    squares : LeastSquares
        Linearised at the minimum, weights 1/effective^2 of mean 1.
    values : array (k,)
    sigma : float
        Error of a row of weight 1.
    shift, effective : array (n,)
        As in `OrthogonalFit`.
    """
    plain = squares.inverse_normal(values, sigma)[0]
    known = np.isfinite(np.diagonal(plain))
    if not shift.any() or not known.any() or not np.isfinite(sigma) or sigma <= 0:
        return plain
    more = 2 * (shift / effective) ** 2
    slopes = squares.jacobian(values)[:, known] * squares.scale / sigma
    inner = (slopes * more[:, None]).T @ slopes
    bread = plain[np.ix_(known, known)]
    covariance = plain.copy()
    covariance[np.ix_(known, known)] = bread + bread @ inner @ bread
    return covariance
