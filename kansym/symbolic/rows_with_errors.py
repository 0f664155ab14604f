"""Rows whose inputs and outcome have errors, in units of these errors."""

import copy

import numpy as np

from kansym.errors import ArgumentError
from kansym.symbolic.input_slopes import slopes_at
from kansym.symbolic.parametric import ParametricForm, columns_of
from kansym.symbolic.refit import LeastSquares, _zero_if_undefined


class RowsWithErrors:
    """The data in units of their errors. Inputs are kept as xi (n, d): the distance from X in units of x_error."""

    def __init__(
        self,
        form: ParametricForm,
        X: np.ndarray,
        y: np.ndarray,
        x_error: np.ndarray | float,
        y_error: np.ndarray | float,
        sample_weight: np.ndarray | None,
    ) -> None:
        X, y = np.asarray(X, dtype=np.float64), np.asarray(y, dtype=np.float64)
        if X.ndim != 2 or y.shape != (len(X),) or not len(y) or X.shape[1] != len(form.variables):
            raise ArgumentError(f"X {X.shape} and y {y.shape} do not fit a formula of {len(form.variables)} columns")
        weight = np.ones(len(y)) if sample_weight is None else np.asarray(sample_weight, dtype=np.float64)
        if weight.shape != y.shape or not np.isfinite(weight).all() or (weight < 0).any() or not weight.any():
            raise ArgumentError(f"sample_weight must be {len(y)} finite non-negative numbers, not all zero")
        try:
            self.sx = np.array(np.broadcast_to(np.asarray(x_error, dtype=np.float64), X.shape))
            self.sy = np.array(np.broadcast_to(np.asarray(y_error, dtype=np.float64), y.shape))
        except ValueError:
            raise ArgumentError(
                f"x_error of shape {np.shape(x_error)} or y_error of shape {np.shape(y_error)} does not fit X of shape "
                f"{X.shape}"
            ) from None
        if not (np.isfinite(self.sx).all() and (self.sx >= 0).all()):
            raise ArgumentError("x_error must be finite and not negative; 0 says that an input is exact")
        if not (np.isfinite(self.sy).all() and (self.sy > 0).all()):
            raise ArgumentError("y_error must be finite and positive")
        self.form, self.X, self.y, self.root = form, X, y, np.sqrt(weight)
        self.used = weight > 0
        self.n = int(self.used.sum())
        self.none = np.zeros(X.shape)
        """Inputs as measured."""

    def columns(self, xi: np.ndarray) -> tuple[np.ndarray, ...]:
        return columns_of(self.X + self.sx * xi, self.X.shape[1])

    def residuals(self, values: np.ndarray, xi: np.ndarray) -> np.ndarray:
        """(y - formula)/y_error (n,); nan where the formula is not finite, 0 on rows without weight."""
        with np.errstate(all="ignore"):
            residuals = (self.y - self.form.value_at(self.columns(xi), values)) / self.sy
        return np.where(self.used, residuals, 0.0)

    def chi2(self, values: np.ndarray, xi: np.ndarray) -> float:
        with np.errstate(all="ignore"):
            parts = self.residuals(values, xi) ** 2 + (xi**2).sum(axis=1)
            total = float(np.sum(self.root**2 * parts))
        return total if np.isfinite(total) else float("inf")

    def slopes(self, values: np.ndarray, xi: np.ndarray) -> np.ndarray:
        with np.errstate(all="ignore"):
            slopes = _zero_if_undefined(slopes_at(self.form, self.columns(xi), values))
            return _zero_if_undefined(slopes * (self.sx / self.sy[:, None]))

    def jacobian(self, values: np.ndarray, xi: np.ndarray) -> np.ndarray:
        with np.errstate(all="ignore"):
            jacobian = _zero_if_undefined(self.form.jacobian_at(self.columns(xi), values))
            return _zero_if_undefined(jacobian / self.sy[:, None])

    def effective(self, values: np.ndarray, xi: np.ndarray) -> np.ndarray:
        """Effective standard error (n,) in units of y."""
        return self.sy * np.sqrt(1 + (self.slopes(values, xi) ** 2).sum(axis=1))

    def raised(self, shift: np.ndarray) -> "RowsWithErrors":
        """The rows with `shift` (n,) added to y."""
        if not shift.any():
            return self
        result = copy.copy(self)
        result.y = self.y + shift
        return result

    def length(self, values: np.ndarray, step: np.ndarray, xi: np.ndarray) -> float:
        """How much the formula moves with a step of the constants, in standard errors: sqrt(step' N step)."""
        with np.errstate(all="ignore"):
            weight = self.root / np.sqrt(1 + (self.slopes(values, xi) ** 2).sum(axis=1))
            return float(np.linalg.norm((self.jacobian(values, xi) @ step) * weight))

    def ordinary(self, xi: np.ndarray, error: np.ndarray | None = None) -> LeastSquares:
        """Least squares at inputs that are taken as exact, with the standard errors `error` of y."""
        error = self.sy if error is None else error
        # Divided first: the square of an error of 1e-200 is no double.
        weights = (self.root * (error.min() / error)) ** 2
        return LeastSquares(self.form, self.columns(xi), self.y, weights)
