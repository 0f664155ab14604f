# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportCallIssue=false
"""Derivatives of a formula with respect to its columns, and what its curvature does to points with errors."""

from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np
import sympy

from kansym.symbolic.parametric import MODULES, ParametricForm, _finite, _prepared, columns_of
from kansym.symbolic.stable import stable_powers


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
        slopes = _known(slopes_at(form, columns, form.values)) * scale
        variance = 1 + (slopes**2).sum(axis=1)
        bends = second_slopes_at(form, columns, form.values)
        trace, along, place = np.zeros(len(X)), np.zeros(len(X)), 0
        for i in range(d):
            for j in range(i, d):
                bend = _known(bends[:, place] * scale[:, i] * x_error[:, j])
                place += 1
                trace += bend if i == j else 0.0
                along += (1 if i == j else 2) * bend * slopes[:, i] * slopes[:, j]
        return 0.5 * y_error * _known(trace - along / variance)


def slopes_at(form: ParametricForm, columns: Sequence[np.ndarray], values: np.ndarray) -> np.ndarray:
    """Derivatives (n, d) of the formula with respect to its columns; nan where not finite and real."""
    return _evaluated(_compiled_slopes(form.expression, form.variables, form.constants, 1), columns, values)


def second_slopes_at(form: ParametricForm, columns: Sequence[np.ndarray], values: np.ndarray) -> np.ndarray:
    """Second derivatives (n, d (d + 1)/2) with respect to columns i <= j, in lexical order."""
    return _evaluated(_compiled_slopes(form.expression, form.variables, form.constants, 2), columns, values)


def _evaluated(function: Callable, columns: Sequence[np.ndarray], values: np.ndarray) -> np.ndarray:
    with np.errstate(all="ignore"):
        parts = function(*columns, *values)
        return np.column_stack([_finite(part, len(columns[0])) for part in parts])


@lru_cache(maxsize=512)
def _compiled_slopes(
    expression: sympy.Expr, variables: tuple[sympy.Symbol, ...], constants: tuple[sympy.Symbol, ...], order: int
) -> Callable:
    prepared, x, c = _prepared(expression, variables, constants)
    if prepared is sympy.nan:
        return lambda *arguments: [np.nan] * len(x)
    prepared = stable_powers(prepared)
    derivatives = [sympy.diff(prepared, symbol) for symbol in x]
    if order == 2:
        pairs = [(i, j) for i in range(len(x)) for j in range(i, len(x))]
        derivatives = [sympy.diff(derivatives[i], x[j]) for i, j in pairs]
    # The derivative of a sign is zero but for a spike that no row can lie on.
    derivatives = [derivative.replace(sympy.DiracDelta, lambda *_: sympy.S.Zero) for derivative in derivatives]
    return sympy.lambdify([*x, *c], derivatives, modules=MODULES, cse=True)


def _known(array: np.ndarray) -> np.ndarray:
    return np.where(np.isfinite(array), array, 0.0)
