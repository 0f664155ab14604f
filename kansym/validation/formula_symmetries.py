# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportCallIssue=false
"""What a formula does not notice: shifts, rotations, boosts, scalings and exchanges of its columns.

A function of x - z does not change where both are shifted, one of x^2 + z^2 where they are turned into each other, one
of x/z where both are scaled. Then the derivatives by the columns, in coordinates in which the group is a shift (x, x^2
and log x), have one ratio on all rows.
"""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

import numpy as np
import sympy

from kansym.symbolic.evaluation import real_functions
from kansym.symbolic.formula import Formula
from kansym.symbolic.naming import plain_symbol
from kansym.symbolic.parametric import parametrize
from kansym.symbolic.text import to_text

SAME = 1e-7
"""Relative difference of derivatives that is rounding: constants of a formula are no further off each other."""

ROWS = 200
"""Rows that derivatives are compared on."""

LARGEST_POWER = 4
"""Numerator and denominator of an exponent in a product of powers."""


class Group(StrEnum):
    """What leaves a formula as it is."""

    TRANSLATION = "translation"
    ROTATION = "rotation"
    BOOST = "boost"
    SCALING = "scaling"
    EXCHANGE = "exchange"


@dataclass(frozen=True)
class FormulaSymmetry:
    """One symmetry of a formula.

    Attributes
    ----------
    group : Group
    columns : tuple of str
    through : str
        The combination of these columns in which alone they stand in the formula; empty for an exchange.
    sign : int
        -1 where an exchange changes the sign of the formula.
    """

    group: Group
    columns: tuple[str, ...]
    through: str = ""
    sign: int = 1

    def __str__(self) -> str:
        names = f"{', '.join(self.columns[:-1])} and {self.columns[-1]}"
        if self.group is Group.EXCHANGE:
            return f"{names} may change places" + (", which changes its sign" if self.sign < 0 else "")
        return f"{names} stand in it as {self.through} alone ({self.group})"


def formula_symmetries(formula: Formula, X: np.ndarray) -> tuple[FormulaSymmetry, ...]:
    """Symmetries of a formula, by its derivatives on rows.

    Parameters
    ----------
    formula : Formula
    X : ndarray, shape (n, d)
        Columns in the order of the formula's variables.

    Returns
    -------
    tuple of FormulaSymmetry
        Empty where the formula has no derivatives on most rows, or stands on a single column.
    """
    X = X[:: max(1, len(X) // ROWS)].astype(np.float64)
    symbols = [plain_symbol(name) for name in formula.variables]
    expression = real_functions(formula.expression.xreplace(dict(zip(_symbols(formula), symbols, strict=True))))
    own = [j for j, symbol in enumerate(symbols) if expression.has(symbol)]
    if len(own) < 2:
        return ()
    slopes = _values([expression.diff(symbols[j]) for j in own], symbols, X)
    keep = np.isfinite(slopes).all(axis=1) & (slopes != 0).all(axis=1)
    if keep.sum() < max(2, len(X) // 2):
        return ()
    slopes, x = slopes[keep], X[keep][:, own]
    names = [formula.variables[j] for j in own]
    found = [*_continuous(slopes, x, names)]
    return (*found, *_exchanges(expression, symbols, X, [(own[i], own[j]) for i, j in _pairs(own, names, found)]))


def _symbols(formula: Formula) -> list[sympy.Symbol]:
    by_name = {str(symbol): symbol for symbol in formula.expression.free_symbols}
    return [by_name.get(name, sympy.Dummy(name)) for name in formula.variables]


def _values(expressions: Sequence[sympy.Expr], symbols: Sequence[sympy.Symbol], X: np.ndarray) -> np.ndarray:
    return np.column_stack([parametrize(one, symbols).evaluate(X) for one in expressions])


def _continuous(slopes: np.ndarray, x: np.ndarray, names: Sequence[str]) -> Iterator[FormulaSymmetry]:
    """Classes of columns whose derivatives have one ratio."""
    symbols = [plain_symbol(name) for name in names]
    with np.errstate(all="ignore"):
        coordinates = {1: slopes, 2: slopes / x, 0: slopes * x}
    for power, own in coordinates.items():
        taken: set[int] = set()
        for first in range(len(names)):
            ratios = {first: Fraction(1)}
            for j in range(first + 1, len(names)):
                ratio = None if first in taken or j in taken else _ratio(own[:, j], own[:, first], whole=power > 0)
                if ratio is not None:
                    ratios[j] = ratio
            if len(ratios) < 2:
                continue
            taken |= set(ratios)
            columns = tuple(names[j] for j in ratios)
            signs = {abs(ratio) == ratio for ratio in ratios.values()}
            if power == 0:
                scale = max(ratio.denominator for ratio in ratios.values())
                through = sympy.Mul(*(symbols[j] ** sympy.Rational(scale * r) for j, r in ratios.items()))
                yield FormulaSymmetry(Group.SCALING, columns, to_text(through))
                continue
            through = sympy.Add(*(int(r) * symbols[j] ** power for j, r in ratios.items()))
            kind = Group.TRANSLATION if power == 1 else Group.ROTATION if signs == {True} else Group.BOOST
            yield FormulaSymmetry(kind, columns, to_text(through))


def _ratio(slopes: np.ndarray, others: np.ndarray, *, whole: bool) -> Fraction | None:
    """The ratio of derivatives where it is one simple number on all rows; 1 or -1 if it must be whole."""
    with np.errstate(all="ignore"):
        ratios = slopes / others
    middle = float(np.median(ratios))
    if not np.isfinite(ratios).all() or np.abs(ratios - middle).max() > SAME * abs(middle):
        return None
    found = Fraction(middle).limit_denominator(LARGEST_POWER)
    if abs(float(found) - middle) > SAME * abs(middle) or not found or abs(found.numerator) > LARGEST_POWER:
        return None
    return None if whole and abs(found) != 1 else found


def _pairs(own: Sequence[int], names: Sequence[str], found: Sequence[FormulaSymmetry]) -> list[tuple[int, int]]:
    """Pairs of columns whose exchange does not follow from what was found."""
    known = [set(one.columns) for one in found]
    pairs = itertools.combinations(range(len(own)), 2)
    return [(i, j) for i, j in pairs if not any({names[i], names[j]} <= one for one in known)]


def _exchanges(
    expression: sympy.Expr, symbols: Sequence[sympy.Symbol], X: np.ndarray, pairs: Sequence[tuple[int, int]]
) -> Iterator[FormulaSymmetry]:
    if not pairs:
        return
    plain = _values([expression], symbols, X)[:, 0]
    for i, j in pairs:
        swapped = X.copy()
        swapped[:, [i, j]] = X[:, [j, i]]
        other = _values([expression], symbols, swapped)[:, 0]
        both = np.isfinite(plain) & np.isfinite(other)
        if both.sum() < max(2, len(X) // 2):
            continue
        size = np.abs(plain[both]).max()
        for sign in (1, -1):
            if np.abs(plain[both] - sign * other[both]).max() <= SAME * size:
                yield FormulaSymmetry(Group.EXCHANGE, (str(symbols[i]), str(symbols[j])), sign=sign)
                break
