# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportOperatorIssue=false, reportReturnType=false
"""The phase of a wave that is known to all digits, however many radians it has.

A row says of its phase only ``+-acos(wave)`` and an unknown number of turns, so that nothing smooth is left to fit
where a phase runs to a million radians. But a row says it to twelve digits. Sums of two or three products of columns,
and all other such sums, meet in the middle: their values on one row, modulo a turn, are sorted, and a pair that is the
row's angle is right by chance once in ten millions. So ``cos(x**4*y + x**3*y**2 + x**2*z + x*y*z + z)`` is found among
billions. One product may have any coefficient: where that product is of order one, a row leaves it a handful of values.
"""

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import sympy

from kansym import clock
from kansym.clock import Work
from kansym.structure.products import Function

TURN = 2 * math.pi

STEEP = 0.9
"""Largest wave of a row whose angle is known to all digits."""

MEETS, HOLDS, NEARLY_ALL = 1e-7, 1e-6, 0.98
"""How near sums meet, what a phase leaves of the wave, and the share of the rows that have digits enough for that."""

CHECKED = 12
"""Rows on which what has met must hold before all are looked at."""

SPLITS = ((1, 0), (2, 0), (2, 1), (2, 2), (3, 0), (3, 1), (3, 2))
"""Products on either side, with the coefficients 1 and -1."""

EFFORTS = ((), (0, 1), (2,), (3,))
"""Products with such coefficients beside one that may have any, from the least effort, which has no such one."""

MOST_SUMS, MOST_MEETINGS = 400_000, 5_000_000
"""Sums of a side, and pairs that meet by chance."""

LARGEST = 10.0
"""Largest coefficient of the product that may have any."""

SHIFTS = (0.0, -math.pi / 2)
"""Of a cosine and a sine."""


def trials(number: int, effort: int) -> int:
    """How many sums, times products that may have any coefficient, of so many products are tried with an effort."""
    if not effort:
        return sum(2**k * math.comb(number, k) for k in range(4) if 2**k * math.comb(number, k) <= MOST_SUMS)
    return sum(2**k * math.comb(number, k) * number for k in EFFORTS[effort])


@dataclass(frozen=True, eq=False)
class _Sums:
    """Signed sums of as many of the products each.

    Attributes
    ----------
    places, signs : ndarray, shape (m, k) of int
    """

    places: np.ndarray
    signs: np.ndarray

    @classmethod
    def of(cls, products: int, number: int) -> "_Sums":
        chosen = list(itertools.combinations(range(products), number))
        places = np.array(chosen, int).reshape(len(chosen), number)
        signs = np.array(list(itertools.product((1, -1), repeat=number)), int)
        return cls(np.repeat(places, len(signs), axis=0), np.tile(signs, (len(places), 1)))

    def on(self, row: np.ndarray, some: np.ndarray | slice = slice(None)) -> np.ndarray:
        """Values of some sums on a row of products (J,)."""
        clock.charge(Work.FORM_VALUES, self.places[some].size)
        return (row[self.places[some]] * self.signs[some]).sum(1)

    def terms(self, k: int) -> list[tuple[int, float]]:
        """Places and coefficients of a sum."""
        return list(zip(self.places[k].tolist(), map(float, self.signs[k].tolist()), strict=True))


def phase_of(
    wave: np.ndarray, products: list[Function], *, effort: int, any_shift: bool = True, until: float = math.inf
) -> sympy.Expr | None:
    """What a wave is the cosine of: a sum of products, of which one may have any coefficient; None where it is none.

    Parameters
    ----------
    wave : ndarray, shape (n,)
        From -1 to 1.
    products : list of Function
    effort : int
        Index into `EFFORTS`; each presumes that those before it have failed.
    any_shift : bool, default True
        Whether sines are looked for as well, as cosines less a right angle.
    until : float
        `kansym.clock.now` value to stop at.
    """
    search = _Search(wave, products, SHIFTS if any_shift else SHIFTS[:1], until)
    found = search.with_any(EFFORTS[effort]) if effort else search.whole()
    for shift, terms in found:
        phase = search.phase(shift, terms)
        if phase is not None:
            return phase
    return None


class _Search:
    """Phases of one wave.

    Parameters
    ----------
    wave : ndarray, shape (n,)
    products : list of Function
    shifts : tuple of float
    until : float
    """

    def __init__(self, wave: np.ndarray, products: list[Function], shifts: tuple[float, ...], until: float) -> None:
        self.wave, self.shifts, self.until = wave, shifts, until
        self.products = [*products, Function.of(sympy.S.One, np.ones(len(wave)))]
        self.values = np.column_stack([one.values for one in self.products])
        self.number = len(products)
        self.angles = np.arccos(wave)
        steep = np.flatnonzero(np.abs(wave) < STEEP)
        # Large phases have few digits left, and small ones say little.
        order = steep[np.argsort(np.abs(self.values[steep]).max(1))]
        self.steep, self.rows = steep, order[len(order) // 8 :][:CHECKED]
        sizes = {k: 2**k * math.comb(self.number, k) for k in range(4)}
        self.sums = {k: _Sums.of(self.number, k) for k, size in sizes.items() if size <= MOST_SUMS}

    def whole(self) -> Iterator[tuple[float, list[tuple[int, float]]]]:
        """Shifts and terms of phases whose coefficients are 1 and -1."""
        for split, shift in itertools.product(SPLITS, self.shifts):
            if not all(k in self.sums for k in split):
                continue
            if clock.late(self.until) or not len(self.rows):
                return
            one, other = (self.sums[k] for k in split)
            # Of a cosine the other angle is that of the same products with other signs.
            first, second = self._meeting(one, other, shift, (1, -1) if shift else (1,))
            for row in self.rows[1:]:
                if not len(first):
                    break
                phase = shift + one.on(self.values[row], first) + other.on(self.values[row], second)
                holds = np.abs(np.cos(phase) - self.wave[row]) < HOLDS
                first, second = first[holds], second[holds]
            for i, j in zip(first[:1].tolist(), second[:1].tolist(), strict=True):
                yield shift, one.terms(i) + other.terms(j)

    def _meeting(self, one: _Sums, other: _Sums, shift: float, signs: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
        """Pairs of sums whose phase is the angle of the first row, with one of the signs."""
        row = self.rows[0]
        own = np.mod(one.on(self.values[row]) + shift, TURN)
        order = np.argsort(own)
        clock.charge(Work.SORTED_VALUES, len(own) + len(other.places))
        own = np.concatenate([own[order] - TURN, own[order], own[order] + TURN])
        rest = other.on(self.values[row])
        wanted = np.mod(np.concatenate([sign * self.angles[row] - rest for sign in signs]), TURN)
        low, high = np.searchsorted(own, wanted - MEETS), np.searchsorted(own, wanted + MEETS)
        number = high - low
        if number.sum() > MOST_MEETINGS:
            return np.empty(0, int), np.empty(0, int)
        second = np.repeat(np.arange(len(wanted)) % len(rest), number)
        place = np.arange(number.sum()) + np.repeat(low - np.cumsum(number) + number, number)
        return order[place % len(order)], second

    def with_any(self, beside: tuple[int, ...]) -> Iterator[tuple[float, list[tuple[int, float]]]]:
        """Shifts and terms of phases one of whose coefficients may be any number; a constant is such a term too."""
        for number in beside:
            if number not in self.sums:
                continue
            for place in range(self.number + 1):
                if clock.late(self.until) or len(self.steep) < CHECKED:
                    return
                # A cosine with a constant is a sine as well.
                for shift in self.shifts if place < self.number else SHIFTS[:1]:
                    yield from self._with(place, self.sums[number], shift)

    def _with(self, place: int, sums: _Sums, shift: float) -> Iterator[tuple[float, list[tuple[int, float]]]]:
        size = np.abs(self.values[self.steep, place])
        with np.errstate(divide="ignore"):
            rows = self.steep[np.argsort(np.abs(np.log(size)))[:CHECKED]]
        row = self.values[rows[0]]
        if not row[place]:
            return
        turns = math.ceil((LARGEST * abs(row[place]) + math.pi) / TURN)
        before = np.mod(-sums.on(row) - shift, TURN)
        for angle in (self.angles[rows[0]], -self.angles[rows[0]]):
            tried = (angle + before[:, None] + TURN * np.arange(-turns, turns + 1)) / row[place]
            clock.charge(Work.FORM_VALUES, 8 * tried.size)
            which, turn = np.nonzero(np.abs(tried) < LARGEST)
            coefficients = tried[which, turn]
            for other in rows[1:]:
                if not len(which):
                    break
                phase = shift + sums.on(self.values[other], which) + coefficients * self.values[other, place]
                holds = np.abs(np.cos(phase) - self.wave[other]) < HOLDS
                which, coefficients = which[holds], coefficients[holds]
            for k, value in zip(which[:1].tolist(), coefficients[:1].tolist(), strict=True):
                yield shift, [*sums.terms(k), (place, value)]

    def phase(self, shift: float, terms: list[tuple[int, float]]) -> sympy.Expr | None:
        """The phase, if it is one on all rows."""
        places, numbers = [place for place, _ in terms], np.array([value for _, value in terms])
        phase = shift + self.values[:, places] @ numbers
        # A step of Gauss and Newton, for the digits that one row does not tell.
        slope = -np.sin(phase) * self.values[:, places[-1]]
        if abs(numbers[-1]) != 1 and slope @ slope > 0:
            numbers[-1] += (self.wave - np.cos(phase)) @ slope / (slope @ slope)
            phase = shift + self.values[:, places] @ numbers
        if np.mean(np.abs(np.cos(phase) - self.wave) < HOLDS) < NEARLY_ALL:
            return None
        pairs = zip(numbers.tolist(), places, strict=True)
        terms = [(int(c) if abs(c) == 1 else sympy.Float(c)) * self.products[k].expression for c, k in pairs]
        return sympy.Add(*terms) - (sympy.pi / 2 if shift else 0)
