"""One fit of a formula's constants with everything that is known about errors: what searches and users share."""

from dataclasses import dataclass

import numpy as np

from kansym.data.dataset import Dataset
from kansym.errors import ArgumentError, DataError
from kansym.fitting.counts import all_zero
from kansym.fitting.least_squares import Measurements, Minimum, least_squares
from kansym.fitting.orthogonal import bent_covariance
from kansym.fitting.outliers import Outlier, outliers_of, robust_limit, studentized
from kansym.fitting.robust import RobustMinimum, robust_loss, robust_minimum
from kansym.symbolic.parametric import ParametricForm
from kansym.symbolic.refit import LeastSquares
from kansym.symbolic.scaled_columns import RANK_TOLERANCE, unit_columns


@dataclass(frozen=True, eq=False)
class Estimate:
    """Constants with their errors.

    Attributes
    ----------
    form : ParametricForm
        With the fitted values.
    covariance : array (k, k)
        nan for constants that the data do not determine, and for those at their bounds; for all where `no_counts`.
    residuals : array (n,)
        y less the formula, in units of y; with errors of the inputs, at the nearest point of the formula.
    deltas : array (n, d) or None
        From X to the nearest point, with errors of the inputs.
    shift : array (n,) or None
        What was added to y for the curvature of the formula, with errors of the inputs.
    chi2 : float or None
        Sum of squared distances in units of their errors; None without errors of y.
    loss : float
        Weighted mean squared residual in squared units of y.
    ndf, rank : int
        Degrees of freedom, and constants or combinations of them that the data determine, less those at their bounds;
        rows = ndf + rank.
    null_space : array (k, m)
        Directions, constants in units of their own effect, that change nothing.
    residual_sd : float
        Standard deviation of a row of mean weight, from the residuals; nan without degrees of freedom.
    sigma : float
        What the covariance was scaled with: `covariance` is sigma^2 (J'WJ)^-1 with weights of mean 1.
    errors_scaled : bool
        Whether that came from the residuals.
    squares : LeastSquares
        The linearised problem at the minimum: Jacobian and weights.
    effective_error : array (n,)
        Errors of the rows in units of y; ones where they are not known.
    weights : array (n,) or None
        Robust weights, from 0 to 1; None with the linear loss.
    outliers : tuple of Outlier
        Rows beyond what chance allows, the farthest first.
    converged : bool
    no_counts : bool
        Whether y is a number of counts and none are expected on any row. The likelihood falls to one side and has no
        curvature that would be an error.
    """

    form: ParametricForm
    covariance: np.ndarray
    residuals: np.ndarray
    deltas: np.ndarray | None
    shift: np.ndarray | None
    chi2: float | None
    loss: float
    ndf: int
    rank: int
    null_space: np.ndarray
    residual_sd: float
    sigma: float
    errors_scaled: bool
    squares: LeastSquares
    effective_error: np.ndarray
    weights: np.ndarray | None
    outliers: tuple[Outlier, ...]
    converged: bool
    no_counts: bool

    @property
    def values(self) -> np.ndarray:
        """The fitted constants (k,)."""
        return self.form.values

    @property
    def at_bound(self) -> np.ndarray:
        """Which of them (k,) lie at one of their bounds; those that are fixed do."""
        return self.form.at_bound(self.values)

    @property
    def errors(self) -> np.ndarray:
        """Their standard errors (k,); nan where unknown."""
        with np.errstate(invalid="ignore"):
            return np.sqrt(np.diagonal(self.covariance))


def estimate_table(form: ParametricForm, table: Dataset, loss: str) -> Estimate:
    """`estimate` with all that a table knows of its errors."""
    return estimate(
        form,
        table.X,
        table.y,
        y_error=table.y_error,
        x_error=table.x_error,
        sample_weight=table.sample_weight,
        loss=loss,
        counts=table.counts,
        sides=table.y_sides,
    )


def estimate(
    form: ParametricForm,
    X: np.ndarray,
    y: np.ndarray,
    *,
    y_error: np.ndarray | None = None,
    x_error: np.ndarray | None = None,
    sample_weight: np.ndarray | None = None,
    loss: str = "linear",
    scale_errors: bool = False,
    correct_curvature: bool = True,
    near: bool = False,
    counts: bool = False,
    sides: np.ndarray | None = None,
) -> Estimate:
    """Fit the constants from the form's values, which should be near: those of an ordinary fit.

    Constants keep to the bounds of the form. Those that end at one, and those that are fixed, have nan in the
    covariance, and that of the others is for their values.

    Parameters
    ----------
    form : ParametricForm
    X : array (n, d)
    y : array (n,)
    y_error : array (n,), optional
        Standard errors of y, positive. With them the errors of the constants are absolute, unless `scale_errors`.
    x_error : array (n, d), optional
        Standard errors of X, 0 where exact: orthogonal distance regression.
    sample_weight : array (n,), optional
        Weights that multiply each row's part of the sum.
    loss : {"linear", "huber", "soft_l1", "cauchy", "tukey"}, default "linear"
        Linear is least squares. The others limit what outliers do; the covariance is then Huber's, taken from the
        residuals, also where the table has errors. See `kansym.fitting.robust`.
    scale_errors : bool, default False
        With `y_error`: scale the covariance by chi-squared per degree of freedom.
    correct_curvature : bool, default True
        With `x_error`: see `kansym.fitting.orthogonal.orthogonal_fit`.
    near : bool, default False
        With `x_error`: the start is the minimum of another fit, or known to be near; faster on small tables.
    counts : bool, default False
        y is a number of counts, and `y_error` what their errors may be: the maximum of Poisson's likelihood is found.

    sides : array (2, n), optional
        Errors below and above y, see `kansym.fitting.sides`; with `y_error`, which stands for both.

    Raises
    ------
    ArgumentError
        If the loss is unknown, or the formula has no finite value at the start.
    DataError
        If there are errors of X but none of y.
    """
    robust = robust_loss(loss)
    if x_error is not None and y_error is None:
        raise DataError("x_error needs y_error beside it; if errors of y are negligible, give a small number for them")
    form = form.with_values(form.inside(form.values))
    rows = Measurements(X, y, y_error, x_error, sample_weight, counts and y_error is not None, sides)
    if not np.isfinite(form.evaluate(X[rows.weight > 0])).all():
        raise ArgumentError("form has no finite value on some row at its values; start where it has")
    minimum = least_squares(form, rows, form.values, near=near, correct_curvature=correct_curvature, last_digits=True)
    tuned = None
    if robust is not None:
        rank = _rank(form, rows, minimum)
        scaled = y_error is None or scale_errors
        tuned = robust_minimum(
            form, rows, minimum.values, robust, scaled=scaled, rank=rank, correct_curvature=correct_curvature
        )
        minimum = tuned.minimum
    return _described(form, rows, minimum, tuned, scale_errors or y_error is None)


def _rank(form: ParametricForm, rows: Measurements, minimum: Minimum) -> int:
    squares = rows.squares(form, minimum.error, _deltas(minimum))
    return _rank_of(squares, minimum.values)


def _rank_of(squares: LeastSquares, values: np.ndarray) -> int:
    return int((~squares.form.at_bound(values)).sum()) - squares.null_space(values).shape[1]


def _deltas(minimum: Minimum) -> np.ndarray | None:
    return None if minimum.orthogonal is None else minimum.orthogonal.deltas


def _described(
    form: ParametricForm, rows: Measurements, minimum: Minimum, tuned: RobustMinimum | None, scaled: bool
) -> Estimate:
    values, deltas = minimum.values, _deltas(minimum)
    shift = None if minimum.orthogonal is None else minimum.orthogonal.shift
    fitted = form.with_values(values)
    squares = rows.squares(form, minimum.error, deltas)
    null_space = squares.null_space(values)
    rank = _rank_of(squares, values)
    n = int((rows.weight > 0).sum())
    ndf = n - rank
    y = rows.y if shift is None else rows.y + shift
    residuals = y - fitted.evaluate(rows.X if deltas is None else rows.X + deltas)
    with np.errstate(all="ignore"):
        statistic = float(np.sum(rows.weight * minimum.distances**2))
    mean = rows.mean_error(minimum.error)
    loss = squares.loss(values) if deltas is None else mean**2 * statistic / len(rows.y)
    residual_sd = float(np.sqrt(loss * len(rows.y) / ndf)) if ndf > 0 else float("nan")
    # Weights have mean 1, so that they are 1/error^2 times the square of `mean`.
    sigma = residual_sd if scaled else mean
    if tuned is not None:
        sigma = mean * tuned.scale * float(np.sqrt(tuned.factor))
    no_counts = rows.counts and all_zero(fitted.evaluate(rows.X[rows.weight > 0]))
    if no_counts:
        covariance = np.full((len(values), len(values)), np.nan)
    elif shift is None:
        covariance = squares.inverse_normal(values, sigma)[0]
    else:
        covariance = bent_covariance(squares, values, sigma, shift, minimum.error)
    return Estimate(
        form=fitted,
        covariance=covariance,
        residuals=residuals,
        deltas=deltas,
        shift=shift,
        chi2=None if rows.y_error is None else statistic,
        loss=loss,
        ndf=ndf,
        rank=rank,
        null_space=null_space,
        residual_sd=residual_sd,
        sigma=sigma,
        errors_scaled=scaled or tuned is not None,
        squares=squares,
        effective_error=minimum.error,
        weights=None if tuned is None else tuned.weights,
        outliers=_outliers(rows, minimum, tuned, squares, residuals, ndf, not scaled),
        converged=minimum.converged,
        no_counts=no_counts,
    )


def _outliers(
    rows: Measurements,
    minimum: Minimum,
    tuned: RobustMinimum | None,
    squares: LeastSquares,
    residuals: np.ndarray,
    ndf: int,
    known: bool,
) -> tuple[Outlier, ...]:
    rounding = 1e3 * np.finfo(np.float64).eps * float(np.abs(rows.y).max())
    if tuned is not None:
        sigmas = minimum.distances / tuned.scale
        limit = robust_limit(int((rows.weight > 0).sum()), ndf, known)
    else:
        unit = unit_columns(squares.free_jacobian(minimum.values))[0]
        left, singular, _ = np.linalg.svd(unit, full_matrices=False)
        kept = singular > RANK_TOLERANCE * singular.max(initial=0.0)
        leverage = (left[:, kept] ** 2).sum(axis=1)
        sigmas, limit = studentized(minimum.distances, rows.weight, leverage, ndf, known)
    # Residuals of rounding are no Gaussian numbers.
    return outliers_of(np.where(np.abs(residuals) > rounding, sigmas, 0.0), limit, residuals)
