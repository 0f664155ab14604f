# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportCallIssue=false
"""Tables whose inputs have errors: rows in units of these errors, and derivatives of a formula by its columns."""

import copy
from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np
import sympy

from kansym.errors import ArgumentError
from kansym.symbolic.evaluation import MODULES, finite_column, stable_powers, with_real_symbols
from kansym.symbolic.parametric import ParametricForm, columns_of
from kansym.symbolic.refit import LeastSquares
from kansym.symbolic.scaled_columns import zero_if_undefined
from kansym.symbolic.tape import Tape


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
            slopes = zero_if_undefined(slopes_at(self.form, self.columns(xi), values))
            return zero_if_undefined(slopes * (self.sx / self.sy[:, None]))

    def jacobian(self, values: np.ndarray, xi: np.ndarray) -> np.ndarray:
        with np.errstate(all="ignore"):
            jacobian = zero_if_undefined(self.form.jacobian_at(self.columns(xi), values))
            return zero_if_undefined(jacobian / self.sy[:, None])

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


def curvature_shift(form: ParametricForm, X: np.ndarray, *, x_error: np.ndarray, y_error: np.ndarray) -> np.ndarray:
    """How far the curvature of the formula moves the mean distance of a row from it, in units of y.

    A point scattered about a curve lies on its outer side more often: in units of the errors its signed distance has
    the mean -kappa/2, to leading order, with kappa the curvature (for several inputs, the trace of the second
    fundamental form). In units of y that is ``(tr H - g'Hg/V)/2`` with g and H the first and second derivatives of
    the formula in units of the errors and V = 1 + g'g. A fit whose y is raised by this much has no bias of that order
    (Amemiya and Fuller, Ann. Statist. 16 (1988) 147).

    Parameters
    ----------
    form : ParametricForm
    X : array (n, d)
        Where the formula is taken: the nearest points.
    x_error : array (n, d)
    y_error : array (n,)

    Returns
    -------
    array (n,)
        0 where a derivative does not exist.
    """
    columns = columns_of(X, len(form.variables))
    d = len(columns)
    with np.errstate(all="ignore"):
        scale = x_error / y_error[:, None]
        slopes = zero_if_undefined(slopes_at(form, columns, form.values)) * scale
        variance = 1 + (slopes**2).sum(axis=1)
        bends = second_slopes_at(form, columns, form.values)
        trace, along, place = np.zeros(len(X)), np.zeros(len(X)), 0
        for i in range(d):
            for j in range(i, d):
                bend = zero_if_undefined(bends[:, place] * scale[:, i] * x_error[:, j])
                place += 1
                trace += bend if i == j else 0.0
                along += (1 if i == j else 2) * bend * slopes[:, i] * slopes[:, j]
        return 0.5 * y_error * zero_if_undefined(trace - along / variance)


def slopes_at(form: ParametricForm, columns: Sequence[np.ndarray], values: np.ndarray) -> np.ndarray:
    """Derivatives (n, d) of the formula with respect to its columns; nan where not finite and real."""
    # With columns in the place of constants.
    tape = _tape(form.expression, form.constants, form.variables)
    return _table(lambda: tape.derivatives([*values, *columns]), len(columns[0]))


def second_slopes_at(form: ParametricForm, columns: Sequence[np.ndarray], values: np.ndarray) -> np.ndarray:
    """Second derivatives (n, d (d + 1)/2) with respect to columns i <= j, in lexical order."""
    function = _compiled_bends(form.expression, form.variables, form.constants)
    return _table(lambda: function(*columns, *values), len(columns[0]))


def _table(parts: Callable[[], Sequence[object]], n: int) -> np.ndarray:
    with np.errstate(all="ignore"):
        return np.column_stack([finite_column(part, n) for part in parts()])


@lru_cache(maxsize=512)
def _tape(expression: sympy.Expr, constants: tuple[sympy.Symbol, ...], variables: tuple[sympy.Symbol, ...]) -> Tape:
    return Tape(stable_powers(expression), constants, variables)


@lru_cache(maxsize=512)
def _compiled_bends(
    expression: sympy.Expr, variables: tuple[sympy.Symbol, ...], constants: tuple[sympy.Symbol, ...]
) -> Callable:
    prepared, x, c = with_real_symbols(expression, variables, constants)
    if prepared is sympy.nan:
        return lambda *arguments: [np.nan] * len(x)
    prepared = stable_powers(prepared)
    slopes = [sympy.diff(prepared, symbol) for symbol in x]
    derivatives = [sympy.diff(slopes[i], x[j]) for i in range(len(x)) for j in range(i, len(x))]
    # The derivative of a sign is zero but for a spike that no row can lie on.
    derivatives = [derivative.replace(sympy.DiracDelta, lambda *_: sympy.S.Zero) for derivative in derivatives]
    return sympy.lambdify([*x, *c], derivatives, modules=MODULES, cse=True)
