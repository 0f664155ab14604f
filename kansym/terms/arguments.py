# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportReturnType=false, reportOperatorIssue=false
"""What functions are functions of: the inputs, simple functions of one, and combinations of two."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import sympy

from kansym.primitives.allowed import AllowedFunctions
from kansym.terms.effort import WIDE

INPUT, OWN, PAIR = 0, 1, 2
"""Levels of an argument: an input, a function of one input, a combination of two."""

NODES = (1, 2, 3)
"""Nodes of an argument of each level."""

LARGEST = 1e60
"""Largest magnitude of a column: powers of it are to stay in double precision."""

LEAST_LOGARITHM = -0.9
"""Smallest value of a column for log(x + 1)."""


@dataclass(frozen=True, eq=False)
class Argument:
    """A column that functions are applied to.

    Attributes
    ----------
    level : int
        `INPUT`, `OWN` or `PAIR`.
    expression : sympy.Expr
        In the inputs.
    column : ndarray, shape (n,)
    """

    level: int
    expression: sympy.Expr
    column: np.ndarray


def arguments(
    X: np.ndarray, variables: tuple[sympy.Symbol, ...], allowed: AllowedFunctions | None = None
) -> list[Argument]:
    """All arguments of a table that are finite and not extreme, the inputs first.

    Parameters
    ----------
    X : ndarray, shape (n, d)
    variables : tuple of Symbol, length d
    allowed : AllowedFunctions, optional
        What formulas may have.
    """
    x = list(X.T)
    found = [Argument(INPUT, variable, column) for variable, column in zip(variables, x, strict=True)]
    found += itertools.chain(_own(x, variables), _pairs(x, variables, wide=len(x) >= WIDE))
    return [
        argument
        for argument in found
        if np.isfinite(argument.column).all()
        and np.ptp(argument.column) > 0
        and np.abs(argument.column).max() < LARGEST
        and (argument.level == INPUT or allowed is None or allowed.permits(argument.expression))
    ]


def _own(x: list[np.ndarray], s: tuple[sympy.Symbol, ...]) -> Iterator[Argument]:
    for symbol, column in zip(s, x, strict=True):
        low = column.min()
        yield Argument(OWN, symbol**2, column**2)
        if low > LEAST_LOGARITHM:
            yield Argument(OWN, sympy.log(symbol + 1), np.log1p(column))
        if low > 0:
            yield Argument(OWN, 1 / symbol, 1 / column)
        if low >= 0:
            yield Argument(OWN, sympy.sqrt(symbol), np.sqrt(column))
        elif column.max() > 0:
            yield Argument(OWN, sympy.Abs(symbol), np.abs(column))


def _pairs(x: list[np.ndarray], s: tuple[sympy.Symbol, ...], *, wide: bool) -> Iterator[Argument]:
    for i, j in itertools.combinations(range(len(x)), 2):
        yield Argument(PAIR, s[i] * s[j], x[i] * x[j])
        yield Argument(PAIR, s[i] - s[j], x[i] - x[j])
        if not wide:
            yield Argument(PAIR, s[i] + s[j], x[i] + x[j])
            yield Argument(PAIR, s[i] ** 2 + s[j] ** 2, x[i] ** 2 + x[j] ** 2)
        for k, m in ((i, j), (j, i)):
            if x[m].min() > 0:
                yield Argument(PAIR, s[k] / s[m], x[k] / x[m])
            if not wide:
                yield Argument(PAIR, s[k] ** 2 * s[m], x[k] ** 2 * x[m])
