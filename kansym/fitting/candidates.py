# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportCallIssue=false
# pyright: reportOperatorIssue=false, reportAssignmentType=false, reportIndexIssue=false, reportGeneralTypeIssues=false
"""Where the constants of a formula may lie: sizes over decades with both signs, and places within a column."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import sympy

from kansym.symbolic.parametric import ParametricForm

DECADES = 2.0
"""Constants are looked for up to this many decades above and below their expected size."""

NEGATIVE_SHARE = 0.3
"""Share of negative candidates: people write formulas so that their constants come out positive."""

PLACE_SHARE = 0.5
"""Share of candidates within the range of a column, for constants that are subtracted from it."""


@dataclass(frozen=True, eq=False)
class Candidates:
    """How to draw values of some constants.

    Attributes
    ----------
    sizes : array (s, q)
        Decimal logarithms of the expected sizes of q constants, by s ways to measure the columns.
    places : array (q, 2)
        Range of the column that a constant is subtracted from; nan for others.
    bounds : array (q, 2)
        Infinite where there are none.
    """

    sizes: np.ndarray
    places: np.ndarray
    bounds: np.ndarray

    @classmethod
    def of(cls, form: ParametricForm, chosen: list[int], X: np.ndarray, y: np.ndarray) -> "Candidates":
        """For the constants of the given indices, from the formula and the data alone.

        Parameters
        ----------
        form : ParametricForm
        chosen : list of int, length q
        X : array (n, d)
        y : array (n,)
        """
        ways = []
        # exp(-x/s) of a column from 1000 to 1010 has an s of size 10, x/s itself one of 1000: both are tried.
        for measure in (lambda column: np.abs(column).max(), np.ptp):
            columns = {symbol: _positive(measure(X[:, j])) for j, symbol in enumerate(form.variables)}
            sizes = expected_sizes(form.expression, form.constants, columns, _positive(np.abs(y).max()), len(y))
            ways.append(sizes[chosen])
        places = np.full((len(form.constants), 2), np.nan)
        for node in form.expression.atoms(sympy.Add):
            for symbol, low, high in _places(node, form, X):
                places[form.constants.index(symbol)] = low, high
        bounds = np.tile([-np.inf, np.inf], (len(places), 1)) if form.bounds is None else form.bounds
        return cls(np.array(ways), places[chosen], bounds[chosen])

    def at(self, unit: np.ndarray, j: int) -> np.ndarray:
        """Values of the j-th constant from points of the unit square, shape (m, 2); even points give even coverage."""
        first, second = unit.T
        low, high = self.places[j]
        placed = np.zeros(len(unit), dtype=bool)
        if np.isfinite(low):
            placed = second < PLACE_SHARE
            second = np.where(placed, second, (second - PLACE_SHARE) / (1 - PLACE_SHARE))
        way = np.minimum((second * len(self.sizes)).astype(int), len(self.sizes) - 1)
        sign = np.where(second * len(self.sizes) - way < NEGATIVE_SHARE, -1.0, 1.0)
        sized = sign * 10.0 ** (self.sizes[way, j] + DECADES * (2 * first - 1))
        return self._inside(np.where(placed, low + (high - low) * first, sized), first, j)

    def _inside(self, values: np.ndarray, unit: np.ndarray, j: int) -> np.ndarray:
        """The values within the bounds: others are mirrored at a single one, and spread evenly between two."""
        low, high = self.bounds[j]
        if np.isfinite([low, high]).all():
            return np.where((values >= low) & (values <= high), values, low + (high - low) * unit)
        mirrored = np.where(values < low, 2 * low - values, values)
        return np.where(mirrored > high, 2 * high - mirrored, mirrored)


def _positive(size: float) -> float:
    return float(size) if np.isfinite(size) and size > 0 else 1.0


def _places(node: sympy.Expr, form: ParametricForm, X: np.ndarray) -> list[tuple[sympy.Symbol, float, float]]:
    """Constants of a sum ``a*x + b*c`` with numbers a and b, and where they cancel the column x."""
    numbers = {term.as_coeff_Mul()[1]: float(term.as_coeff_Mul()[0]) for term in node.args if term.free_symbols}
    found = []
    for j, variable in enumerate(form.variables):
        if variable not in numbers:
            continue
        for symbol in form.constants:
            if symbol in numbers:
                ends = -numbers[variable] / numbers[symbol] * np.array([X[:, j].min(), X[:, j].max()])
                found.append((symbol, float(ends.min()), float(ends.max())))
    return found


_OF_SIZE_ONE = (
    sympy.exp, sympy.sinh, sympy.cosh, sympy.tanh, sympy.sech, sympy.csch, sympy.coth, sympy.asin, sympy.acos,
    sympy.atan, sympy.asinh, sympy.acosh, sympy.atanh, sympy.erf, sympy.erfc, sympy.gamma, sympy.loggamma,
    sympy.besseli, sympy.besselk, sympy.airyai, sympy.airybi, sympy.LambertW, sympy.log,
)  # fmt: skip
"""Functions that do something only where their argument is of order 1."""

OSCILLATING = (sympy.sin, sympy.cos, sympy.tan, sympy.sec, sympy.csc, sympy.cot, sympy.sinc, sympy.besselj)
"""Functions whose argument may be anything between one radian and half a period per row."""


def expected_sizes(
    expression: sympy.Expr, constants: Sequence[sympy.Symbol], columns: Mapping[sympy.Symbol, float], y: float, n: int
) -> np.ndarray:
    """Decimal logarithms of the sizes of the constants, by dimensional analysis with sizes in place of units.

    What adds up is of one size, and the argument of an exponential is of size 1. Each such rule is a linear equation
    for logarithms of sizes; those of columns and target are known, and least squares give those of the constants. In
    ``A*exp(-t/tau)`` tau is as large as t, and A as large as the target.

    Parameters
    ----------
    expression : sympy.Expr
        In the symbols of `constants` and `columns`.
    constants : sequence of sympy.Symbol, length k
    columns : mapping of sympy.Symbol to float
        Size of each column, positive.
    y : float
        Size of the target, positive.
    n : int
        Number of rows, which limits how fast an oscillation can be.

    Returns
    -------
    array (k,)
        0 for a constant that no rule says anything about.
    """
    rules = _Rules(constants, columns, n)
    result = rules.size(expression)
    rules.equal(result, rules.number(math.log10(y)))
    matrix = np.array(rules.equations)
    sizes = np.linalg.lstsq(matrix[:, :-1], -matrix[:, -1], rcond=1e-9)[0]
    return np.clip(sizes, -100.0, 100.0)


class _Rules:
    """Equations between sizes: rows of coefficients of the constants, and a number; each row is zero."""

    def __init__(self, constants: Sequence[sympy.Symbol], columns: Mapping[sympy.Symbol, float], n: int) -> None:
        self.constants, self.columns = list(constants), columns
        self.oscillation = 0.5 * math.log10(math.pi * max(n, 1))
        self.equations: list[np.ndarray] = []

    def number(self, size: float) -> np.ndarray:
        row = np.zeros(len(self.constants) + 1)
        row[-1] = size
        return row

    def equal(self, first: np.ndarray, second: np.ndarray) -> None:
        self.equations.append(first - second)

    def size(self, node: sympy.Expr) -> np.ndarray:
        if node in self.columns:
            return self.number(math.log10(self.columns[node]))
        if node in self.constants:
            row = self.number(0.0)
            row[self.constants.index(node)] = 1.0
            return row
        if not node.args or not node.free_symbols:
            value = abs(complex(node))
            return self.number(math.log10(value) if value > 0 and math.isfinite(value) else 0.0)
        if node.is_Mul:
            return np.sum([self.size(argument) for argument in node.args], axis=0)
        if node.is_Pow:
            base = self.size(node.base)
            if node.exp.is_Number:
                return float(node.exp) * base
            self.equal(self.size(node.exp), self.number(0.0))
            return base
        arguments = [self.size(argument) for argument in node.args]
        if node.is_Add:
            for other in arguments[1:]:
                self.equal(other, arguments[0])
            return np.mean(arguments, axis=0)
        if isinstance(node, sympy.Abs):
            return arguments[0]
        wanted = self.oscillation if isinstance(node, OSCILLATING) else 0.0
        if isinstance(node, (*_OF_SIZE_ONE, *OSCILLATING)):
            self.equal(arguments[-1], self.number(wanted))
        return self.number(0.0)
