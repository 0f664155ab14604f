# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportCallIssue=false
# pyright: reportOperatorIssue=false, reportAssignmentType=false, reportGeneralTypeIssues=false
"""Rational and algebraic laws with elementary functions of columns beside the columns: u + v exp(u), u (v + log(w)).

A function of a column is one more column; only its name tells it from the others.
"""

import itertools
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

    Attributes
    ----------
    linear : bool
        Whether there are no powers of theirs: those of roots are columns, and those of logarithms are hardly met.
    most : int
        Coefficients that the choice is worth.
    """

    expressions: tuple[sympy.Expr, ...]
    values: np.ndarray
    linear: bool
    most: int


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
    for beside in itertools.chain(_of_single_columns(X, variables), _of_several(X, variables)):
        if clock.late(until):
            return
        symbols = sympy.symbols(f"_beside:{len(beside.expressions)}")
        law = implicit_law(
            np.column_stack([X, beside.values]),
            t,
            (*variables, *symbols),
            DEGREES,
            most=beside.most,
            linear=len(symbols) if beside.linear else 0,
        )
        if law is not None and law.has(*symbols):
            yield law.xreplace(dict(zip(symbols, beside.expressions, strict=True)))


def _of_single_columns(X: np.ndarray, variables: tuple[sympy.Symbol, ...]) -> Iterator[_Beside]:
    for x, variable in zip(X.T, variables, strict=True):
        size = float(np.abs(x).max())
        if LEAST < size < LARGEST_ANGLE:
            yield _Beside((sympy.sin(variable),), np.sin(x)[:, None], False, FEW_TERMS)
            yield _Beside((sympy.cos(variable),), np.cos(x)[:, None], False, FEW_TERMS)
        if LEAST < size < LARGEST_EXPONENT:
            yield _Beside((sympy.exp(variable),), np.exp(x)[:, None], False, FEW_TERMS)
    for expression, values in itertools.chain(_roots(X, variables), _logarithms(X, variables)):
        yield _Beside((expression,), values[:, None], True, FEW_TERMS)


def _of_several(X: np.ndarray, variables: tuple[sympy.Symbol, ...]) -> Iterator[_Beside]:
    """All logarithms, all roots, and the root of a product that is positive where its factors are not."""
    for functions in (_logarithms(X, variables), _roots(X, variables)):
        if len(functions) > 1:
            expressions, values = zip(*functions, strict=True)
            yield _Beside(expressions, np.column_stack(values), True, MANY_TERMS)
    mixed = [k for k, x in enumerate(X.T) if (x > 0).any() and (x < 0).any()]
    for i, j in itertools.combinations(mixed, 2):
        product = X[:, i] * X[:, j]
        if (product > 0).all():
            yield _Beside((sympy.sqrt(variables[i] * variables[j]),), np.sqrt(product)[:, None], True, MANY_TERMS)


def _roots(X: np.ndarray, variables: tuple[sympy.Symbol, ...]) -> list[tuple[sympy.Expr, np.ndarray]]:
    positive = [(x, variable) for x, variable in zip(X.T, variables, strict=True) if (x > 0).all()]
    negative = [(-x, -variable) for x, variable in zip(X.T, variables, strict=True) if (x < 0).all()]
    return [(sympy.sqrt(variable), np.sqrt(x)) for x, variable in positive + negative]


def _logarithms(X: np.ndarray, variables: tuple[sympy.Symbol, ...]) -> list[tuple[sympy.Expr, np.ndarray]]:
    """Of columns of both signs too: the logarithm of a product may exist all the same."""
    columns = [(x, variable) for x, variable in zip(X.T, variables, strict=True) if (x != 0).all()]
    return [(sympy.log(v if (x > 0).all() else sympy.Abs(v)), np.log(np.abs(x))) for x, v in columns]
