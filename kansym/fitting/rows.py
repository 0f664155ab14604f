"""The rows that constants are fitted to, and the least sum of squares over them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from kansym.fitting.descents import settled
from kansym.symbolic.orthogonal import OrthogonalFit, orthogonal_fit
from kansym.symbolic.parametric import ParametricForm, columns_of
from kansym.symbolic.refit import LeastSquares


@dataclass(frozen=True, eq=False)
class Rows:
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
    """

    X: np.ndarray
    y: np.ndarray
    y_error: np.ndarray | None = None
    x_error: np.ndarray | None = None
    sample_weight: np.ndarray | None = None

    @property
    def error(self) -> np.ndarray:
        """Standard errors of y (n,); ones where they are not known."""
        return np.ones(self.y.shape) if self.y_error is None else self.y_error

    @property
    def weight(self) -> np.ndarray:
        """`sample_weight` (n,), or ones."""
        return np.ones(self.y.shape) if self.sample_weight is None else self.sample_weight

    def weighted(self, factor: np.ndarray) -> "Rows":
        """The rows with their weights multiplied by `factor` (n,)."""
        return replace(self, sample_weight=self.weight * factor)

    def squares(self, form: ParametricForm, error: np.ndarray, deltas: np.ndarray | None = None) -> LeastSquares:
        """Least squares at inputs that are taken as exact, moved by `deltas`, with standard errors `error` of y."""
        # Divided first: the square of an error of 1e-200 is no double.
        weights = self.weight * (error.min() / error) ** 2
        X = self.X if deltas is None else self.X + deltas
        return LeastSquares(form, columns_of(X, X.shape[1]), self.y, weights)

    def mean_error(self, error: np.ndarray) -> float:
        """The error of a row of weight 1 when the weights of `squares` have mean 1."""
        smallest = float(error.min())
        return smallest / float(np.sqrt(np.mean(self.weight * (smallest / error) ** 2)))


@dataclass(frozen=True, eq=False)
class Minimum:
    """The least sum of squares.

    Attributes
    ----------
    values : array (k,)
    statistic : float
        Sum of squared distances in units of their errors, or of squared residuals without errors, with weights.
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


def least(
    form: ParametricForm,
    rows: Rows,
    start: np.ndarray,
    *,
    held: Sequence[int] = (),
    near: bool = False,
    correct_curvature: bool = False,
    last_digits: bool = False,
) -> Minimum:
    """The least sum of squares from `start` (k,).

    Parameters
    ----------
    form : ParametricForm
    rows : Rows
    start : array (k,)
    held : sequence of int
        Constants that keep their values, by index.
    near : bool, default False
        The start is near the minimum, see `kansym.symbolic.orthogonal.orthogonal_fit`.
    correct_curvature : bool, default False
        With errors of the inputs: correct for the curvature of the formula.
    last_digits : bool, default False
        Without errors of the inputs: go on until the gradient shrinks no more.
    """
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
    squares = rows.squares(form, rows.error)
    if last_digits and not held:
        values, converged = settled(squares, start)
    else:
        basis = np.delete(np.eye(len(start)), list(held), axis=1)
        fixed = np.where(basis.any(axis=1), 0.0, start)
        values, _, converged = squares.fit(start, basis=basis, fixed=fixed, linear_first=False)
    distances = (rows.y - form.with_values(values).evaluate(rows.X)) / rows.error
    with np.errstate(all="ignore"):
        statistic = float(np.sum(rows.weight * distances**2))
    return Minimum(values, statistic, distances, rows.error, None, converged)
