# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false
"""Residuals of a formula on the rows of a table, each in units of its own standard deviation."""

from dataclasses import dataclass

import numpy as np
import sympy

from kansym.data.dataset import Dataset
from kansym.data.weights import root_mean_square, row_weights, spread
from kansym.fitting.input_errors import slopes_at
from kansym.symbolic.constants import CONSTANT_PREFIX, bounded, with_constant_symbols
from kansym.symbolic.formula import Formula
from kansym.symbolic.naming import plain_symbol
from kansym.symbolic.parametric import ParametricForm, columns_of, parametrize

EXACT = 1e-11
"""Root-mean-square residual, relative to that of y, below which a fit is exact: what is left is the rounding of double
precision in data and formula, and says nothing about either."""


@dataclass(frozen=True, eq=False)
class Residuals:
    """A formula on its rows; rows where it is not finite, or that have no weight, are left out.

    Attributes
    ----------
    form : ParametricForm
        The formula, its fitted constants as parameters; those that are fixed or at a bound are numbers.
    X : array (n, d)
    y, predicted : array (n,)
    sigma : array (n,) or None
        Standard errors of y, with those of the inputs folded in; None where the table gives none.
    weights : array (n,) or None
        Mean 1; None where all rows count the same.
    leverage : array (n,)
        Of each row in the linearised fit: how much of its residual the fit has taken up.
    undefined : int
        Rows on which the formula has no finite value.
    """

    form: ParametricForm
    X: np.ndarray
    y: np.ndarray
    predicted: np.ndarray
    sigma: np.ndarray | None
    weights: np.ndarray | None
    leverage: np.ndarray
    undefined: int

    @property
    def n(self) -> int:
        """Number of rows."""
        return len(self.y)

    @property
    def k(self) -> int:
        """Number of fitted constants."""
        return len(self.form.constants)

    @property
    def raw(self) -> np.ndarray:
        """y minus formula (n,), in units of y."""
        return self.y - self.predicted

    @property
    def rms(self) -> float:
        """Weighted root mean square of the residuals, in units of y."""
        return root_mean_square(self.raw, self.weights)

    @property
    def spread(self) -> float:
        """Weighted standard deviation of y."""
        return spread(self.y, self.weights)

    @property
    def exact(self) -> bool:
        """Whether the residuals are at the level of rounding."""
        return self.n > 0 and self.rms <= EXACT * root_mean_square(self.y, self.weights)

    @property
    def standardized(self) -> np.ndarray:
        """Residuals (n,) in units of their own standard deviations (internally studentized), about of variance 1."""
        scaled = self.raw if self.weights is None else self.raw * np.sqrt(self.weights)
        scaled = scaled / np.sqrt(np.maximum(1.0 - self.leverage, 1e-3))
        size = float(np.sqrt(np.mean(scaled**2)))
        return scaled / size if size > 0 else scaled


def residuals_of(formula: Formula, dataset: Dataset) -> Residuals:
    """Residuals of `formula` on `dataset`.

    Errors of the inputs are folded in as effective variance, sigma^2 = sigma_y^2 + sum_i (df/dx_i sigma_i)^2 (Orear,
    Am. J. Phys. 50 (1982) 912, doi:10.1119/1.12972).
    """
    symbols = tuple(plain_symbol(name) for name in formula.variables)
    form, _ = with_constant_symbols(parametrize(formula.expression, symbols), formula.constants, CONSTANT_PREFIX)
    held = {plain_symbol(CONSTANT_PREFIX + one.name): one.value for one in formula.constants if one.held}
    for symbol in [symbol for symbol in form.constants if symbol in held]:
        form = form.with_constant(symbol, sympy.Float(held[symbol]))
    form = bounded(form, formula.constants, CONSTANT_PREFIX)
    predicted = form.evaluate(dataset.X)
    keep = np.isfinite(predicted)
    undefined = int((~keep).sum())
    if dataset.sample_weight is not None:
        keep &= dataset.sample_weight > 0
    sigma = effective_error(formula, dataset)
    weights = row_weights(dataset, sigma)
    if weights is not None:
        weights = weights[keep]
        weights = weights / weights.mean() if len(weights) else weights
    X = dataset.X[keep]
    return Residuals(
        form=form,
        X=X,
        y=dataset.y[keep],
        predicted=predicted[keep],
        sigma=None if sigma is None else sigma[keep],
        weights=weights,
        leverage=_leverage(form, X, weights),
        undefined=undefined,
    )


def effective_error(formula: Formula, dataset: Dataset) -> np.ndarray | None:
    """Standard errors (n,) of y less the formula, from those of y and of the inputs; None without errors of y.

    An input counts by the slope of the formula; where that does not exist, as at a kink, it does not count.
    """
    if dataset.y_error is None or dataset.x_error is None:
        return dataset.y_error
    variables = tuple(plain_symbol(name) for name in formula.variables)
    form = parametrize(formula.expression, variables)
    slopes = slopes_at(form, columns_of(dataset.X, len(variables)), form.values)
    moved = (np.where(np.isfinite(slopes), slopes, 0.0) * dataset.x_error) ** 2
    return np.sqrt(dataset.y_error**2 + moved.sum(axis=1))


def value_errors(residuals: Residuals, points: np.ndarray) -> np.ndarray:
    """Standard errors of the formula's values at points (m, d), from those of its constants, in units of y.

    sqrt(diag(J C J')) of the linearised fit; C is scaled by the errors of y where the table gives them, and by the
    scatter of the residuals otherwise. Combinations of constants that the rows do not determine are left out.
    """
    if not residuals.k or residuals.n <= residuals.k:
        return np.zeros(len(points))
    _, singular, right, scale = _decomposed(residuals.form, residuals.X, residuals.weights)
    pull = (residuals.form.jacobian(points) / scale) @ right.T / singular
    if residuals.sigma is not None:
        variance = 1.0 / float(np.mean(1.0 / residuals.sigma**2))
    else:
        variance = residuals.rms**2 * residuals.n / (residuals.n - residuals.k)
    return np.sqrt(variance * (pull**2).sum(axis=1))


def _leverage(form: ParametricForm, X: np.ndarray, weights: np.ndarray | None) -> np.ndarray:
    if not len(form.constants) or not len(X):
        return np.zeros(len(X))
    left, *_ = _decomposed(form, X, weights)
    return (left**2).sum(axis=1)


def _decomposed(form: ParametricForm, X: np.ndarray, weights: np.ndarray | None) -> tuple[np.ndarray, ...]:
    """Singular values, and vectors, of the weighted derivatives by the constants, and what those were divided by."""
    jacobian = form.jacobian(X)
    jacobian = np.where(np.isfinite(jacobian), jacobian, 0.0)
    if weights is not None:
        jacobian = jacobian * np.sqrt(weights)[:, None]
    peak = np.abs(jacobian).max(axis=0)
    peak = np.where(peak > 0, peak, 1.0)
    length = np.maximum(np.linalg.norm(jacobian / peak, axis=0), 1e-300)
    left, singular, right = np.linalg.svd(jacobian / peak / length, full_matrices=False)
    kept = singular > 1e-10 * singular.max(initial=0.0)
    return left[:, kept], singular[kept], right[kept], peak * length
