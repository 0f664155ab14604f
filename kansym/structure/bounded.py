# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportOperatorIssue=false
"""Waves of y beside a term and under a factor, seen by their range: a sine fills the interval from -1 to 1, and no more.

In ``x*(x + cos(...))/u`` nothing need be known of the phase, which may be a million radians: of all terms and factors
that a law may have around its wave, hardly ever two leave something that comes within 1e-4 of both ends on thousands of
rows and beyond neither. The rows must have no noise.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import sympy

from kansym import clock
from kansym.clock import Work
from kansym.structure.offsets import factors, offsets
from kansym.structure.products import Function

FEW_ROWS, MORE_ROWS = 12, 100
"""Rows that rule out most terms, and of those that are left."""

MOST_OFFSETS = 1500
"""Terms that are tried with each factor."""

LEAST_ROWS = 300
"""Rows of a table: few do not reach the ends of an interval."""

BEYOND, SHORT = 1e-9, 3e-4
"""How far a wave may be beyond the ends, and how far from each its largest values may be."""


@dataclass(frozen=True, eq=False)
class Bounded:
    """A wave in a law, ``(offset + wave)/factor``.

    Attributes
    ----------
    offset, factor : Function
    wave : ndarray, shape (n,)
        From -1 to 1.
    """

    offset: Function
    factor: Function
    wave: np.ndarray

    def law(self, wave: sympy.Expr) -> sympy.Expr:
        """The target with a formula in place of the wave."""
        return (self.offset.expression + wave) / self.factor.expression

    def free(self) -> set[sympy.Symbol]:
        """Columns of the offset and the factor."""
        return self.offset.expression.free_symbols | self.factor.expression.free_symbols


def bounded(X: np.ndarray, t: np.ndarray, variables: tuple[sympy.Symbol, ...]) -> Iterator[Bounded]:
    """Waves of a target, with the simplest factors and terms first.

    Parameters
    ----------
    X : ndarray, shape (n, d)
    t : ndarray, shape (n,)
    variables : tuple of Symbol, length d
    """
    if len(t) < LEAST_ROWS:
        return
    with np.errstate(all="ignore"):
        terms = offsets(X, variables, MOST_OFFSETS)
        values = np.column_stack([one.values[:MORE_ROWS] for one in terms])
        every = factors(X, variables)
        clock.charge(Work.FORM_VALUES, FEW_ROWS * values.shape[1] * len(every))
        for factor in every:
            whole = t * factor.values
            left = np.abs(whole[:FEW_ROWS, None] - values[:FEW_ROWS]).max(0) < 1 + BEYOND
            for k in np.flatnonzero(left).tolist():
                if np.abs(whole[:MORE_ROWS] - values[:, k]).max() < 1 + BEYOND:
                    wave = whole - terms[k].values
                    if _fills(wave):
                        yield Bounded(terms[k], factor, np.clip(wave, -1.0, 1.0))


def _fills(wave: np.ndarray) -> bool:
    low, high = 1 + float(wave.min()), 1 - float(wave.max())
    return -BEYOND < min(low, high) and max(low, high) < SHORT
