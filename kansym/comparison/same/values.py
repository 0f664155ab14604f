"""Two formulas at the same places, with 50 digits."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from mpmath import libmp

from kansym.comparison.same.functions import ZERO, Number, Undefined, magnitude
from kansym.comparison.same.meeting import Check, Meeting, Point, Side, meet
from kansym.comparison.same.points import Places
from kansym.comparison.same.program import Program, Value

BITS = 170
"""50 digits."""

GUARD = 66
"""Bits, 20 digits, that cancellation and rounding may take."""

ABSORBED = 33
"""Bits, 10 digits, of these, for terms that are small beside others; where they are smaller, more digits are used."""

MOST_ABSORBED = 5000
"""Bits, 1500 digits, below which no term is looked for."""

NEAR = 1e-6
"""In units of the box's width: how far from a place with one value only it is looked whether that is so all around."""

FEW = 8
"""Points with two values that are needed for a decision."""


@dataclass(frozen=True, eq=False)
class Sampled:
    """Values of two formulas.

    Attributes
    ----------
    programs : pair of Program
    places : Places
    points : list of Point
        As many of the places as there was time for.
    values : pair of list of Value or None
        None where a formula has no real value.
    """

    programs: tuple[Program, Program]
    places: Places
    points: list[Point]
    values: tuple[list[Value | None], list[Value | None]]

    def common(self, *kinds: str) -> list[int]:
        """Indices of points with two values, of these kinds or of all."""
        first, second = self.values
        return [
            i
            for i in range(len(self.points))
            if first[i] is not None and second[i] is not None and (not kinds or self.places.kinds[i] in kinds)
        ]

    def numbers(self, index: int) -> tuple[Number, Number]:
        """Both values at a point that has them."""
        first, second = self.values[0][index], self.values[1][index]
        if first is None or second is None:
            raise Undefined
        return first.number, second.number

    def difference(self, *kinds: str) -> float:
        """Largest relative difference at these points; nan without one.

        In units of the larger value, and at least a hundredth of the median size.
        """
        shares = [_share(*self.numbers(i), self._floor) for i in self.common(*kinds)]
        return max(shares, default=float("nan"))

    def worst(self, count: int) -> list[int]:
        """The points with the largest differences."""
        return sorted(self.common(), key=lambda i: -_share(*self.numbers(i), self._floor))[:count]

    def scale(self, index: int) -> Number:
        """The unit of the difference at a point."""
        return _larger((*map(libmp.mpf_abs, self.numbers(index)), self._floor))

    def absorbed(self, index: int) -> float:
        """Bits by which the smallest term of either formula is below the largest."""
        values = self.values[0][index], self.values[1][index]
        return max((value.absorbed for value in values if value is not None), default=0.0)

    def undefined_apart(self, *kinds: str) -> int:
        """Number of places of these kinds where one formula has a value and the other has none.

        Next to the edge of a domain rounding decides, and at a removable singularity the way a formula is written;
        a place counts if it is the same all around.
        """
        first, second = self.values
        found = 0
        for i in range(len(self.points)):
            if (first[i] is None) != (second[i] is None) and self.places.kinds[i] in kinds:
                found += self._apart_around(i)
        return found

    def _apart_around(self, index: int) -> bool:
        x = self.places.points[index]
        apart = 0
        for number in range(4):
            signs = np.where((np.arange(len(x)) >> (number // 2)) % 2 == number % 2, 1.0, -1.0)
            point = exact(x + NEAR * self.places.width * signs)
            values = [_value(program, point) for program in self.programs]
            apart += (values[0] is None) != (values[1] is None)
        return apart >= 3

    @cached_property
    def _floor(self) -> Number:
        sizes = sorted((_larger(map(libmp.mpf_abs, self.numbers(i))) for i in self.common()), key=magnitude)
        if not sizes:
            return ZERO
        return libmp.mpf_div(sizes[len(sizes) // 2], libmp.from_int(100), BITS)


def sample(programs: tuple[Program, Program], places: Places, *, check: Check, in_time: Callable[[], bool]) -> Sampled:
    """Both formulas at all places, or at as many as there is time for."""
    points: list[Point] = []
    values: tuple[list[Value | None], list[Value | None]] = ([], [])
    for row in places.points:
        if not in_time():
            break
        check()
        point = exact(row)
        points.append(point)
        for program, own in zip(programs, values, strict=True):
            own.append(_value(program, point))
    return Sampled(programs, places, points, values)


def exact(row: np.ndarray) -> Point:
    """A row of doubles as numbers with many digits."""
    return tuple(libmp.from_float(float(entry)) for entry in row)


@dataclass(frozen=True)
class Union:
    """`Meeting`, and whether terms of the formulas were too small to be looked at."""

    meeting: Meeting
    saturated: bool


def unite(
    sampled: Sampled, first: Side, second: Side, check: Check, accept: Callable[[Meeting], bool] = lambda meeting: True
) -> Union | None:
    """Move constants of the sides so that both are the same function at all places; None where they are not.

    The constants are found on the points where least is absorbed, with as many digits as that asks for; all other
    points then have to agree as well.

    Parameters
    ----------
    sampled : Sampled
    first, second : Side
    check : callable
    accept : callable
        Whether constants may be moved so.
    """
    movable = sum(len(side.constants) for side in (first, second) if side.movable)
    chosen, bits, saturated = _chosen(sampled, movable)
    if len(chosen) < max(FEW, movable + 4):
        return None
    points = [sampled.points[i] for i in chosen]
    others = sorted(set(sampled.common()) - set(chosen))
    for meeting in meet(first, second, points, bits=bits, aim=bits - GUARD, check=check):
        if accept(meeting) and all(_agree(sampled, i, first, second, meeting, check) for i in others):
            return Union(meeting, saturated)
    return None


def _agree(sampled: Sampled, index: int, first: Side, second: Side, meeting: Meeting, check: Check) -> bool:
    check()
    aim = BITS - GUARD - max(0.0, sampled.absorbed(index) - ABSORBED)
    if aim < BITS / 4:
        return True
    try:
        one = first.program.value(sampled.points[index], meeting.first, BITS).number
        other = second.program.value(sampled.points[index], meeting.second, BITS).number
    except Undefined:
        # At the edge of a domain that moved with the constants.
        return True
    apart = libmp.mpf_sub(one, other, BITS)
    return apart == ZERO or magnitude(apart) - magnitude(_larger((sampled.scale(index), one, other))) <= -aim


def _chosen(sampled: Sampled, movable: int) -> tuple[list[int], int, bool]:
    wanted = max(12, 3 * movable // 2 + 8)
    clear = [i for i in sampled.common() if sampled.absorbed(i) <= MOST_ABSORBED]
    saturated = len(clear) < max(FEW, movable + 4)
    usable = sampled.common() if saturated else clear
    usable.sort(key=lambda i: sampled.absorbed(i))
    beyond = [i for i in usable if sampled.places.kinds[i] == "beyond"]
    within = [i for i in usable if sampled.places.kinds[i] != "beyond"]
    half = wanted // 2
    chosen = (within[: max(half, wanted - len(beyond))] + beyond)[:wanted]
    absorbed = min(max((sampled.absorbed(i) for i in chosen), default=0.0), MOST_ABSORBED)
    return chosen, BITS + int(max(0.0, absorbed - ABSORBED)), saturated


def _value(program: Program, point: Point) -> Value | None:
    try:
        return program.value(point, program.constants, BITS)
    except Undefined:
        return None


def _larger(numbers: Iterable[Number]) -> Number:
    largest = ZERO
    for number in numbers:
        size = libmp.mpf_abs(number)
        if libmp.mpf_gt(size, largest):
            largest = size
    return largest


def _share(first: Number, second: Number, floor: Number) -> float:
    apart = libmp.mpf_abs(libmp.mpf_sub(first, second, BITS))
    if apart == ZERO:
        return 0.0
    return libmp.to_float(libmp.mpf_div(apart, _larger((first, second, floor)), BITS))
