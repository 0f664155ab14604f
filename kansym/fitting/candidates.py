# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportCallIssue=false
# pyright: reportOperatorIssue=false, reportAssignmentType=false, reportIndexIssue=false, reportGeneralTypeIssues=false
"""Where the constants of a formula may lie: sizes over decades with both signs, and places within a column."""

from dataclasses import dataclass

import numpy as np
import sympy

from kansym.fitting.sizes import expected_sizes
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
    """

    sizes: np.ndarray
    places: np.ndarray

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
        return cls(np.array(ways), places[chosen])

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
        return np.where(placed, low + (high - low) * first, sized)


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
