# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportOperatorIssue=false
"""Waves of y beside a term and under a factor, seen by their range: a sine fills the interval from -1 to 1 exactly.

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

BEYOND, SHORT = 1e-6, 3e-4
"""How far a wave may be beyond the ends, and how far from each its largest values may be."""


EVEN = 0.44
"""Mean of a square of a wave, which is a half, above which it is no fourth power, whose mean is three eighths."""

MOMENTS, CHANCE = (0.0, 0.5, 0.0, 0.375), 0.05
"""Means of the first four powers of a wave of many turns, and how far those of the rows may be from them. The third
side of a triangle less the second, over the first, is between -1 and 1 as well."""


@dataclass(frozen=True, eq=False)
class Bounded:
    """A wave, or an even power of one, in a law: ``(offset + sign*wave**power)/factor``.

    Attributes
    ----------
    offset, factor : Function
    power : int
        One, two or four.
    sign : int
        Of an even power.
    values : ndarray, shape (n,)
        From -1 to 1, or from 0 to 1.
    """

    offset: Function
    factor: Function
    power: int
    sign: int
    values: np.ndarray

    def waves(self) -> Iterator[tuple[np.ndarray, type[sympy.Function] | None]]:
        """Waves whose phases are to be found: the wave; or twice its phase for an even power of a cosine or a sine."""
        if self.power == 1:
            yield self.values, None
            return
        squared = self.values ** (2 / self.power)
        yield 2 * squared - 1, sympy.cos
        yield 1 - 2 * squared, sympy.sin

    def law(self, wave: sympy.Expr) -> sympy.Expr:
        """The target with a formula in place of the wave."""
        return (self.offset.expression + self.sign * wave**self.power) / self.factor.expression

    def used(self) -> set[sympy.Basic]:
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
                    yield from _filling(terms[k], factor, whole - terms[k].values)


def _filling(offset: Function, factor: Function, rest: np.ndarray) -> Iterator[Bounded]:
    """What is left, where it fills an interval."""
    found = []
    if _fills(rest, -1.0):
        found.append(Bounded(offset, factor, 1, 1, np.clip(rest, -1.0, 1.0)))
    for sign in (1, -1):
        if _fills(sign * rest, 0.0):
            values = np.clip(sign * rest, 0.0, 1.0)
            found.append(Bounded(offset, factor, 2 if values.mean() > EVEN else 4, sign, values))
    yield from (one for one in found if _turns(next(one.waves())[0]))


def _turns(wave: np.ndarray) -> bool:
    """Whether the values of a wave are as frequent as those of one that turns many times."""
    means = [float(np.mean(wave**k)) for k in (1, 2, 3, 4)]
    return max(abs(mean - moment) for mean, moment in zip(means, MOMENTS, strict=True)) < CHANCE


def _fills(rest: np.ndarray, least: float) -> bool:
    """Whether something comes near both ends of an interval that ends at one, and beyond neither."""
    low, high = float(rest.min()) - least, 1 - float(rest.max())
    return min(low, high) > -BEYOND and max(low, high) < SHORT
