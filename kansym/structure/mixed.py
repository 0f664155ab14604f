# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportCallIssue=false
# pyright: reportOperatorIssue=false, reportAssignmentType=false, reportGeneralTypeIssues=false
"""Rational and algebraic laws with elementary functions of columns beside the columns: u + v exp(u), u (v + log(w)).

A function of a column is one more column; only its name tells it from the others.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import sympy

from kansym import clock
from kansym.structure.algebraic import MOST_COLUMNS, implicit_law

DEGREES = ((2, 1, 0), (3, 2, 1), (4, 2, 0), (5, 3, 1))
"""Total degrees of the coefficients of 1, y and y^2, simplest first."""

FEW_TERMS, MANY_TERMS = 250, 500
"""Coefficients for one function, of which there are many choices, and for several at once."""

LEAST, LARGEST_ANGLE, LARGEST_EXPONENT = 0.1, 300.0, 30.0
"""Largest |x| of a column from which its functions are no straight lines, and up to which sines and exponentials say
something."""


@dataclass(frozen=True, eq=False)
class _Beside:
    """Further columns, shape (n, k), and the functions that they are the values of.

    The powers of roots are columns of their own, and those of logarithms are not met.
    """

    expressions: tuple[sympy.Expr, ...]
    values: np.ndarray
    linear: bool


def mixed_laws(
    X: np.ndarray, t: np.ndarray, variables: tuple[sympy.Symbol, ...], *, until: float = math.inf
) -> Iterator[sympy.Expr]:
    """Exact solutions of quadratic equations in the columns and a function of one of them, or one function of all.

    Parameters
    ----------
    X : ndarray, shape (n, d), d <= 7
    t : ndarray, shape (n,)
    variables : tuple of Symbol, length d
    until : float
        `kansym.clock.now` value to stop at.
    """
    if not 0 < X.shape[1] <= MOST_COLUMNS or not (X != 0).any(0).all():
        return
    for beside in _all_beside(X, variables):
        if clock.late(until):
            return
        number = len(beside.expressions)
        symbols = sympy.symbols(f"_beside:{number}")
        law = implicit_law(
            np.column_stack([X, beside.values]),
            t,
            (*variables, *symbols),
            DEGREES,
            most=FEW_TERMS if number == 1 else MANY_TERMS,
            linear=number if beside.linear else 0,
        )
        if law is not None and law.has(*symbols):
            yield law.xreplace(dict(zip(symbols, beside.expressions, strict=True)))


def _all_beside(X: np.ndarray, variables: tuple[sympy.Symbol, ...]) -> Iterator[_Beside]:
    """Functions of single columns; then all logarithms, and all roots."""
    logarithms: list[tuple[sympy.Expr, np.ndarray]] = []
    roots: list[tuple[sympy.Expr, np.ndarray]] = []
    for x, variable in zip(X.T, variables, strict=True):
        size = float(np.abs(x).max())
        if LEAST < size < LARGEST_ANGLE:
            yield _Beside((sympy.sin(variable),), np.sin(x)[:, None], False)
            yield _Beside((sympy.cos(variable),), np.cos(x)[:, None], False)
        if LEAST < size < LARGEST_EXPONENT:
            yield _Beside((sympy.exp(variable),), np.exp(x)[:, None], False)
        if (x > 0).all():
            roots.append((sympy.sqrt(variable), np.sqrt(x)))
        if (x != 0).all():
            # Of columns of both signs the logarithm of a product may exist all the same.
            logarithms.append((sympy.log(variable if (x > 0).all() else sympy.Abs(variable)), np.log(np.abs(x))))
    for together in (logarithms, roots):
        yield from (_Beside((one,), values[:, None], True) for one, values in together)
    for together in (logarithms, roots):
        if len(together) > 1:
            expressions, values = zip(*together, strict=True)
            yield _Beside(expressions, np.column_stack(values), True)
