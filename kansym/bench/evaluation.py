# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false
"""Values of a formula in double precision, and with 50 digits where that is not enough."""

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import mpmath
import numpy as np
import sympy

from kansym.symbolic.parametric import parametrize

DIGITS = 50


def values(
    expression: sympy.Expr, symbols: Sequence[sympy.Symbol], X: np.ndarray, *, precise: bool = False
) -> np.ndarray:
    """A formula at rows X (n, d), shape (n,); nan where it is not finite and real.

    Parameters
    ----------
    expression : sympy.Expr
    symbols : sequence of sympy.Symbol, length d
    X : array (n, d)
    precise : bool
        With 50 digits, rounded; some tenth of a millisecond a row.
    """
    if precise:
        return precise_values(expression, symbols, X)
    return parametrize(expression, symbols).evaluate(X)


def precise_values(expression: sympy.Expr, symbols: Sequence[sympy.Symbol], X: np.ndarray) -> np.ndarray:
    """`values` with `DIGITS` digits in between."""
    function = _compiled(expression, tuple(symbols))
    with mpmath.workdps(DIGITS):
        return np.array([_value(function, row) for row in X])


@lru_cache(maxsize=64)
def _compiled(expression: sympy.Expr, symbols: tuple[sympy.Symbol, ...]) -> Any:
    plain = [sympy.Symbol(f"x{index}", real=True) for index in range(len(symbols))]
    # Floats are doubles; as text they would be rounded to 15 digits.
    replaced = {number: sympy.Float(number, DIGITS) for number in expression.atoms(sympy.Float)}
    renamed = expression.xreplace(dict(zip(symbols, plain, strict=True))).xreplace(replaced)
    with mpmath.workdps(DIGITS):
        return sympy.lambdify(plain, renamed, modules="mpmath")


def _value(function: Any, row: np.ndarray) -> float:
    try:
        value = function(*(mpmath.mpf(float(entry)) for entry in row))
        if isinstance(value, mpmath.mpc):
            value = value.real if value.imag == 0 else mpmath.nan
        number = float(value)
    except (ArithmeticError, ValueError, TypeError):
        return math.nan
    return number if math.isfinite(number) else math.nan
