# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false
"""Traces of single precision in a formula, taken away before its nodes are counted."""

from collections.abc import Sequence

import numpy as np
import sympy

from kansym.symbolic.parametric import parametrize

ROUNDING = 5e-7
"""Relative rounding error of single precision, with room for a few operations."""

LARGEST_CHANGE = 1e-6
"""Largest change of values, in units of their spread, that still is rounding."""


def without_rounding(formula: sympy.Expr, symbols: Sequence[sympy.Symbol], X: np.ndarray) -> sympy.Expr:
    """The formula with numbers next to whole ones made whole, and without an offset that is rounding error.

    Tools that calculate in single precision hand back ``1.0000001*x + 3e-9`` for ``x``.

    Parameters
    ----------
    formula : sympy.Expr
    symbols : sequence of sympy.Symbol, length d
    X : array (n, d)
        Rows where the result must agree with the formula; else the formula comes back as it was.
    """
    before = parametrize(formula, symbols).evaluate(X)
    if not np.isfinite(before).all():
        return formula
    spread = float(np.std(before))
    whole = {
        number: sympy.Integer(round(float(number)))
        for number in formula.atoms(sympy.Float)
        if 0.5 < abs(number) < 1e6 and abs(float(number) - round(float(number))) <= ROUNDING * abs(float(number))
    }
    result = formula.xreplace(whole)
    offset, rest = result.as_coeff_Add()
    if abs(float(offset)) <= ROUNDING * spread:
        result = rest
    with np.errstate(all="ignore"):
        change = np.max(np.abs(parametrize(result, symbols).evaluate(X) - before)) / spread if spread else np.inf
    return result if change <= LARGEST_CHANGE else formula
