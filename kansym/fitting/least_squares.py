"""From starting values to the least sum of squares, over rows with their errors."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import scipy.optimize

from kansym import clock
from kansym.data.weights import inverse_squares, mean_error
from kansym.fitting.counts import CountSquares, deviance_residuals, expected_errors
from kansym.fitting.orthogonal import OrthogonalFit, orthogonal_fit
from kansym.fitting.sides import SideSquares, side_errors
from kansym.symbolic.parametric import ParametricForm, columns_of
from kansym.symbolic.refit import BARRIER, LeastSquares
from kansym.symbolic.scaled_columns import RANK_TOLERANCE

STEPS = 500
"""Limit on evaluations of the Jacobian of each way."""

POLISHING = 60
"""Limit on Gauss-Newton steps for the last digits; they end when the gradient shrinks no more."""

PATIENCE = 5
"""Steps in a row that may fail to shrink the gradient: along the flattest direction it rises before it falls."""

FLAT = 1e-6
"""Relative rise of the loss that is rounding: that of exact data is rounding altogether."""

MOST_ROUNDS = 50
"""Limit on rounds of errors and fit, where errors of y follow from the formula and inputs have errors too."""

SETTLED = 1e-9
"""Relative change of the errors at which they are those of the formula."""


@dataclass(frozen=True, eq=False)
class Measurements:
    """A table with its errors.

    Attributes
    ----------
    X : array (n, d)
    y : array (n,)
    y_error : array (n,) or None
        Standard errors of y, positive.
    x_error : array (n, d) or None
        Standard errors of X, 0 where exact; they need `y_error`.
    sample_weight : array (n,) or None
        Weights that multiply each row's part of the sum, none negative.
    counts : bool
        Whether y is a number of counts: Poisson's likelihood is maximised then, and `y_error` is where its weights
        begin.
    sides : array (2, n) or None
        Errors below and above y, where they differ: the one on the side of the formula counts, and `y_error` is what
        stands for them where the formula has no value.
    """

    X: np.ndarray
    y: np.ndarray
    y_error: np.ndarray | None = None
    x_error: np.ndarray | None = None
    sample_weight: np.ndarray | None = None
    counts: bool = False
    sides: np.ndarray | None = None

    @property
    def error(self) -> np.ndarray:
        """Standard errors of y (n,); ones where they are not known."""
        return np.ones(self.y.shape) if self.y_error is None else self.y_error

    @property
    def by_formula(self) -> bool:
        """Whether the errors of y follow from the formula."""
        return self.counts or self.sides is not None

    def error_at(self, expected: np.ndarray) -> np.ndarray:
        """Standard errors of y (n,) for what a formula expects (n,)."""
        if self.counts:
            return expected_errors(expected, self.error)
        if self.sides is None:
            return self.error
        return np.where(np.isfinite(expected), side_errors(self.y, expected, self.sides), self.error)

    @property
    def weight(self) -> np.ndarray:
        """`sample_weight` (n,), or ones."""
        return np.ones(self.y.shape) if self.sample_weight is None else self.sample_weight

    def weighted(self, factor: np.ndarray) -> "Measurements":
        """The rows with their weights multiplied by `factor` (n,)."""
        return replace(self, sample_weight=self.weight * factor)

    def squares(self, form: ParametricForm, error: np.ndarray, deltas: np.ndarray | None = None) -> LeastSquares:
        """Least squares at inputs that are taken as exact, moved by `deltas`, with standard errors `error` of y."""
        weights = self.weight * inverse_squares(error)
        X = self.X if deltas is None else self.X + deltas
        return LeastSquares(form, columns_of(X, X.shape[1]), self.y, weights)

    def likelihood(self, form: ParametricForm) -> LeastSquares:
        """The likelihood at inputs that are taken as exact, as least squares."""
        columns = columns_of(self.X, self.X.shape[1])
        if self.counts:
            return CountSquares(form, columns, self.y, self.weight)
        if self.sides is not None:
            return SideSquares(form, columns, self.y, self.sides, self.weight)
        return self.squares(form, self.error)

    def mean_error(self, error: np.ndarray) -> float:
        """The error of a row of weight 1 when the weights of `squares` have mean 1."""
        return mean_error(error, self.weight)


@dataclass(frozen=True, eq=False)
class Minimum:
    """The least sum of squares.

    Attributes
    ----------
    values : array (k,)
    statistic : float
        Sum of squared distances in units of their errors, or of squared residuals without errors, with weights; of
        counts the deviance.
    distances : array (n,)
        Signed distances of the rows from the formula in units of their errors; residuals without errors.
    error : array (n,)
        What these are in units of y: y_error, with x_error the effective error, ones without errors.
    orthogonal : OrthogonalFit or None
        What was found with errors of the inputs.
    converged : bool
    """

    values: np.ndarray
    statistic: float
    distances: np.ndarray
    error: np.ndarray
    orthogonal: OrthogonalFit | None
    converged: bool


def least_squares(
    form: ParametricForm,
    rows: Measurements,
    start: np.ndarray,
    *,
    held: Sequence[int] = (),
    near: bool = False,
    correct_curvature: bool = False,
    last_digits: bool = False,
) -> Minimum:
    """The least sum of squares from `start` (k,), within the bounds of the form; of counts the least deviance.

    Parameters
    ----------
    form : ParametricForm
    rows : Measurements
    start : array (k,)
    held : sequence of int
        Constants that keep their values, by index.
    near : bool, default False
        The start is near the minimum, see `kansym.fitting.orthogonal.orthogonal_fit`.
    correct_curvature : bool, default False
        With errors of the inputs: correct for the curvature of the formula.
    last_digits : bool, default False
        Without errors of the inputs: go on until the gradient shrinks no more.
    """
    if rows.by_formula and rows.x_error is not None:
        return _by_expected_errors(form, rows, start, held, near, correct_curvature)
    if rows.x_error is not None:
        assert rows.y_error is not None
        fit = orthogonal_fit(
            form.with_values(start),
            rows.X,
            rows.y,
            x_error=rows.x_error,
            y_error=rows.y_error,
            sample_weight=rows.sample_weight,
            correct_curvature=correct_curvature,
            held=held,
            near=near,
        )
        residuals = rows.y + fit.shift - fit.form.evaluate(rows.X + fit.deltas)
        scaled = np.divide(fit.deltas, rows.x_error, out=np.zeros_like(fit.deltas), where=rows.x_error > 0)
        distances = np.copysign(np.sqrt((residuals / rows.y_error) ** 2 + (scaled**2).sum(axis=1)), residuals)
        return Minimum(fit.form.values, fit.chi2, distances, fit.effective_error, fit, fit.converged)
    squares = rows.likelihood(form)
    if last_digits and not held:
        values, converged = polished(squares, start)
    else:
        basis = np.delete(np.eye(len(start)), list(held), axis=1)
        fixed = np.where(basis.any(axis=1), 0.0, start)
        values, _, converged = squares.fit(start, basis=basis, fixed=fixed, linear_first=False)
    found = form.with_values(values).evaluate(rows.X)
    error = rows.error_at(found)
    distances = (rows.y - found) / error
    with np.errstate(all="ignore"):
        parts = deviance_residuals(rows.y, found)[0] if rows.counts else distances
        statistic = float(np.sum(rows.weight * parts**2))
    return Minimum(values, statistic, distances, error, None, converged)


def _by_expected_errors(
    form: ParametricForm,
    rows: Measurements,
    start: np.ndarray,
    held: Sequence[int],
    near: bool,
    correct_curvature: bool,
) -> Minimum:
    """The fit to rows whose inputs have errors: with the errors of y that the formula says, until they stay.

    For errors below and above it is the minimum of their chi-squared; for counts, the quasi-likelihood of Nelder and
    Wedderburn, Journal of the Royal Statistical Society A 135 (1972) 370, doi:10.2307/2344614.
    """
    expected, found = form.with_values(start).evaluate(rows.X), None
    for _ in range(MOST_ROUNDS):
        error = rows.error_at(expected)
        now = replace(rows, y_error=error, counts=False, sides=None)
        found = least_squares(form, now, start, held=held, near=near, correct_curvature=correct_curvature)
        start, expected = found.values, form.with_values(found.values).evaluate(rows.X)
        if float(np.max(np.abs(rows.error_at(expected) / error - 1.0))) < SETTLED:
            break
    assert found is not None
    return found


def best_descent(
    problem: LeastSquares, start: np.ndarray, deadline: float | None = None
) -> tuple[np.ndarray, float, bool]:
    """Values (k,), loss and whether it converged, of the best of several fits from `start` (k,).

    They are: Levenberg-Marquardt on all constants, with the linear ones solved for first and without; on the nonlinear
    ones alone, variable projection; and from a fit of log|y|. From a poor start each of them runs off to infinity
    where another arrives. After `deadline`, a `kansym.clock.now` value, the first of them has to do.
    """
    fits: list[tuple[np.ndarray, float, bool]] = []
    for values, first in _begins(problem, problem.form.inside(start)):
        fits.append(problem.fit(values, STEPS, linear_first=first))
        if clock.late(deadline):
            break
    return min(fits, key=lambda fit: fit[1] if np.isfinite(fit[1]) else np.inf)


def _begins(problem: LeastSquares, start: np.ndarray) -> Iterator[tuple[np.ndarray, bool]]:
    """Where fits begin, and whether the linear constants are solved for first."""
    yield start, True
    yield start, False
    projected = projected_descent(problem, start)
    if projected is not None:
        yield projected, True
    logarithmic = problem.log_fit(start, STEPS)
    if not np.array_equal(logarithmic, start):
        yield logarithmic, True


def polished(problem: LeastSquares, values: np.ndarray) -> tuple[np.ndarray, bool]:
    """The minimum to its last digits, from values near it, and whether the fit converged.

    Gauss-Newton steps go on as long as they shrink the gradient, and the point of the smallest is kept. The loss is
    flat at the minimum and decides nothing there: a relative change of 1e-15 leaves an error of 1e-7 standard errors.
    Where residuals are large a step gains a factor, not twice the digits, so there may be many.
    """
    values, loss, converged = problem.fit(values, STEPS, linear_first=False)
    best, gradient, in_vain = values, np.inf, 0
    held = problem.form.at_bound(values)
    for _ in range(POLISHING):
        with np.errstate(all="ignore"):
            jacobian, residuals = problem.free_jacobian(values), problem.residuals(values)
            lengths = np.sqrt((jacobian**2).sum(axis=0))
            unit = np.divide(jacobian, lengths, out=np.zeros_like(jacobian), where=lengths > 0)
            new_gradient = float(np.linalg.norm(unit.T @ residuals))
            # Also with nan from a step out of the domain, the negated comparison ends the loop.
            if not np.array_equal(problem.form.at_bound(values), held):
                break
            if not (np.isfinite(new_gradient) and problem.loss(values) <= loss * (1 + FLAT)):
                break
            in_vain = 0 if new_gradient < gradient else in_vain + 1
            if in_vain > PATIENCE:
                break
            if not in_vain:
                best, gradient = values, new_gradient
            step = np.linalg.lstsq(unit, -residuals, rcond=RANK_TOLERANCE)[0]
            values = values + np.divide(step, lengths, out=np.zeros_like(step), where=lengths > 0)
    return best, converged


def projected_descent(problem: LeastSquares, start: np.ndarray) -> np.ndarray | None:
    """Levenberg-Marquardt on the nonlinear constants alone, the linear ones always at their best.

    The Jacobian is Kaufman's (BIT 15 (1975) 49, doi:10.1007/BF01932995): derivatives at fixed linear constants, less
    their part in the space of the linear ones.

    Parameters
    ----------
    problem : LeastSquares
    start : array (k,)

    Returns
    -------
    array (k,) or None
        None if all constants are linear, or none is, or the formula is not finite at the start.
    """
    linear = list(problem.form.linear_constants)
    nonlinear = [j for j in range(len(start)) if j not in linear and not problem.form.fixed[j]]
    if not linear or not nonlinear or len(problem.y) < len(start):
        return None

    def completed(z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """All constants, and an orthonormal basis of the directions of the linear ones."""
        values = start.copy()
        values[nonlinear] = z
        design = problem.jacobian(values)[:, linear]
        lengths = np.sqrt((design**2).sum(axis=0))
        unit = np.divide(design, lengths, out=np.zeros_like(design), where=lengths > 0)
        left, singular, right = np.linalg.svd(unit, full_matrices=False)
        kept = singular > RANK_TOLERANCE * max(singular[0], 1e-300)
        residuals = problem.residuals(values)
        step = -(right[kept].T / singular[kept]) @ (left[:, kept].T @ residuals)
        values[linear] += np.divide(step, lengths, out=np.zeros_like(step), where=lengths > 0)
        return values, left[:, kept]

    def residuals(z: np.ndarray) -> np.ndarray:
        with np.errstate(all="ignore"):
            try:
                r = problem.residuals(completed(z)[0])
            except np.linalg.LinAlgError:
                return np.full(len(problem.y), BARRIER)
            return np.clip(np.where(np.isnan(r), BARRIER, r), -BARRIER, BARRIER)

    def jacobian(z: np.ndarray) -> np.ndarray:
        with np.errstate(all="ignore"):
            values, basis = completed(z)
            slopes = problem.jacobian(values)[:, nonlinear]
            projected = slopes - basis @ (basis.T @ slopes)
            return np.where(np.isfinite(projected), projected, 0.0)

    if not np.isfinite(problem.residuals(start)).all():
        return None
    try:
        solution = scipy.optimize.least_squares(
            residuals,
            start[nonlinear],
            jac=jacobian,  # pyright: ignore[reportArgumentType]
            method="lm",
            x_scale="jac",
            max_nfev=STEPS,
        )
        values = completed(solution.x)[0]
    except (np.linalg.LinAlgError, ValueError):
        return None
    return values if np.isfinite(problem.loss(values)) else None
