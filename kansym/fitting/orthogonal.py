"""Orthogonal distance regression: the constants of a formula where the inputs have errors too.

There are two ways down to the least orthogonal distance: odrpack, and steps that eliminate the inputs row by row.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import odrpack
import scipy.linalg

from kansym.errors import ArgumentError
from kansym.fitting.input_errors import RowsWithErrors, curvature_shift
from kansym.symbolic.parametric import ParametricForm
from kansym.symbolic.refit import (
    RANK_TOLERANCE,
    LeastSquares,
    bounded_solution,
    scaled_svd,
    unit_columns,
    zero_if_undefined,
)

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
    null_space : array (k, m)
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
    `correct_curvature` takes that out to leading order, see `kansym.fitting.input_errors.curvature_shift`. Beyond a
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
    values = form.inside(np.array(form.values))
    if not np.isfinite(rows.chi2(values, rows.none)):
        raise ArgumentError("form has no finite value on some row at its values; start where it has")
    fixed = np.zeros(len(values), dtype=bool)
    fixed[list(held)] = True
    fixed |= rows.ordinary(rows.none).stuck(values) | form.fixed
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
    """`kansym.fitting.input_errors.curvature_shift`, no more than `LARGEST_SHIFT`, shape (n,)."""
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
    trial, xi = by_odrpack(rows, values, independent_constants(rows, values, free))
    trial = rows.form.inside(trial), xi
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
    rank = int((~rows.form.at_bound(values)).sum()) - null_space.shape[1]
    ndf = rows.n - rank
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
        rank=rank,
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


BARRIER = 1e12
"""Residual, in standard errors, of a row where the formula is not finite: the step there is refused."""

STEPS = 200
"""Limit on steps; ten are usual."""

HALVINGS = 30
"""How often a step that does not lower chi-squared is halved before the fit ends."""

SETTLED = 1e-9
"""Length of a step, in standard errors of the constants, that ends the fit."""

INPUTS_SETTLED = 1e-7
"""Largest move of an input, in its standard error, of a fit that has ended."""

FLAT, FLAT_STEPS = 1e-13, 5
"""Relative gain of chi-squared that is none, and how many steps without gain end the fit. In chi-squared 1 is one
standard error: a gain of 1e-13 is a step of 3e-7 standard errors."""


def independent_constants(problem: RowsWithErrors, values: np.ndarray, free: np.ndarray) -> np.ndarray:
    """Those of the free constants that can be told apart at these values."""
    weighted = problem.jacobian(values, problem.none)[:, free]
    weighted = weighted * (problem.root / np.sqrt(1 + (problem.slopes(values, problem.none) ** 2).sum(axis=1)))[:, None]
    rank = scaled_svd(weighted)[3]
    order = scipy.linalg.qr(unit_columns(weighted)[0], mode="r", pivoting=True)[-1]
    return np.sort(free[order[:rank]])


def by_odrpack(problem: RowsWithErrors, values: np.ndarray, free: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Values (k,) and xi (n, d) by odrpack; constants that are not free keep their values."""
    rows = np.flatnonzero(problem.used)
    if not len(free) or len(rows) < len(free):
        return values, problem.none
    lengths = unit_columns((problem.jacobian(values, problem.none) * problem.root[:, None])[:, free])[1]
    units = 1.0 / lengths

    def full(z: np.ndarray) -> np.ndarray:
        result = values.copy()
        with np.errstate(all="ignore"):
            result[free] += units * z
        return result

    def inputs(xi: np.ndarray) -> np.ndarray:
        result = np.zeros_like(problem.X)
        result[rows] = xi.reshape(-1, len(rows)).T
        return result

    def negative_residuals(xi: np.ndarray, z: np.ndarray) -> np.ndarray:
        residuals = problem.residuals(full(z), inputs(xi))[rows]
        return np.clip(np.where(np.isfinite(residuals), -residuals, BARRIER), -BARRIER, BARRIER)

    def by_constants(xi: np.ndarray, z: np.ndarray) -> np.ndarray:
        with np.errstate(all="ignore"):
            jacobian = problem.jacobian(full(z), inputs(xi))[rows][:, free] * units
        return np.ascontiguousarray(np.clip(zero_if_undefined(jacobian), -BARRIER, BARRIER).T)[None]

    def by_inputs(xi: np.ndarray, z: np.ndarray) -> np.ndarray:
        slopes = problem.slopes(full(z), inputs(xi))[rows]
        return np.ascontiguousarray(np.clip(slopes, -BARRIER, BARRIER).T)[None]

    d = problem.X.shape[1]
    weight = problem.root[rows] ** 2
    exact = (problem.sx[rows] == 0).T
    result = odrpack.odr_fit(
        lambda xi, z: negative_residuals(xi, z)[None],
        np.zeros((d, len(rows))),
        np.zeros((1, len(rows))),
        np.zeros(len(free)),
        # Shapes with all axes written out: (d,) and (n,) are the same for d = n.
        weight_x=np.tile(weight, (d, 1))[:, None, :],
        weight_y=weight[None, None, :],
        fix_x=exact,
        jac_beta=by_constants,
        jac_x=by_inputs,
        scale_beta=np.ones(len(free)),
        scale_delta=np.ones((d, len(rows))),
        sstol=1e-14,
        partol=1e-12,
        maxit=STEPS,
    )
    return full(result.beta), inputs(np.where(exact, 0.0, result.delta))


def by_elimination(
    problem: RowsWithErrors, values: np.ndarray, xi: np.ndarray, free: np.ndarray
) -> tuple[np.ndarray, np.ndarray, bool]:
    """Gauss-Newton steps on constants and inputs at once, the inputs eliminated row by row; whether they settled."""
    chi2 = problem.chi2(values, xi)
    flat = 0
    for _ in range(STEPS):
        with np.errstate(all="ignore"):
            slopes = problem.slopes(values, xi)
            variance = 1 + (slopes**2).sum(axis=1)
            ahead = problem.residuals(values, xi) + (slopes * xi).sum(axis=1)
            weight = problem.root / np.sqrt(variance)
            jacobian = problem.jacobian(values, xi)[:, free]
            unit, lengths = unit_columns(jacobian * weight[:, None])
            # QR first: the singular values of the triangle are those of the n rows.
            ends = None
            if problem.form.bounds is not None:
                ends = (problem.form.bounds - values[:, None])[free] * np.where(lengths > 0, lengths, 1.0)[:, None]
            solved = _least_squares(unit, ahead * weight, ends)
            step = np.divide(solved, lengths, out=np.zeros_like(solved), where=lengths > 0)
            left = (ahead - jacobian @ step) / variance
            direction = np.where(problem.used[:, None], slopes * left[:, None], 0.0) - xi
        size = float(np.linalg.norm(unit @ solved))
        far = float(np.abs(direction).max(initial=0.0))
        if not (np.isfinite(size) and np.isfinite(direction).all()):
            return values, xi, False
        for halving in range(HALVINGS):
            part = 0.5**halving
            trial = values.copy()
            trial[free] += part * step
            trial = problem.form.inside(trial)
            trial_xi = xi + part * direction
            trial_chi2 = problem.chi2(trial, trial_xi)
            if trial_chi2 <= chi2:
                break
        else:
            return values, xi, size < 1e-3
        # Chi-squared is flat at the minimum: it may stay while the constants still gain digits. Where steps gain a
        # factor only, as with strong curvature, what is left of it says when to end.
        flat = flat + 1 if chi2 - trial_chi2 <= FLAT * max(chi2, 1.0) else 0
        values, xi, chi2 = trial, trial_xi, trial_chi2
        if (size < SETTLED and far < INPUTS_SETTLED) or flat > FLAT_STEPS:
            return values, xi, True
    return values, xi, False


def _least_squares(matrix: np.ndarray, right: np.ndarray, ends: np.ndarray | None) -> np.ndarray:
    """The solution (k,), within `ends` (k, 2) where there are some."""
    if matrix.shape[1] == 0:
        return np.zeros(0)
    if len(matrix) > matrix.shape[1]:
        q, r = np.linalg.qr(matrix)
        matrix, right = r, q.T @ right
    solved = np.linalg.lstsq(matrix, right, rcond=RANK_TOLERANCE)[0]
    if ends is None or ((solved >= ends[:, 0]) & (solved <= ends[:, 1])).all():
        return solved
    return bounded_solution(matrix, right, ends[:, 0], ends[:, 1])
