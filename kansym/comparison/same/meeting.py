"""Whether constants can be moved so that two formulas become one, decided by Newton's method with many digits.

Two formulas that are the same but for their numbers agree, once those are right, to as many digits as one cares to
work out; two that merely come near each other stop at some distance, however small. Double precision cannot tell the
one from the other, since constants are known to some ten digits only.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from mpmath import libmp

from kansym.comparison.same.functions import ONE, ZERO, Number, Undefined, magnitude
from kansym.comparison.same.program import Program

STEPS = 14

REDUNDANT = (20, 45, 85)
"""Bits that are left of a constant's effect once other constants have made up for what they can of it; with fewer it
is held fixed, as redundant. One after another is tried: formulas that hold a constant twice, each time with other
rounding, seem to have effects that shrink as the two come together, and narrow ranges make true ones as small."""

ALL_BUT = 0.75
"""Share of the points that have to keep a value as constants move: at the edge of a domain they may lose it."""

Point = tuple[Number, ...]
Check = Callable[[], None]
"""Raises when time is up."""


@dataclass(frozen=True)
class Side:
    """A formula, the values of its constants, and whether they may be moved."""

    program: Program
    constants: tuple[Number, ...]
    movable: bool


@dataclass(frozen=True)
class Meeting:
    """Where two formulas are one.

    Attributes
    ----------
    first, second : tuple of Number
        Their constants there.
    moves : array (k,)
        How far the constants of both were moved, each in units of its size.
    effects : array (k,)
        Largest change of the formula, in units of its value, by a change of each constant by its size; zero where
        nothing had to be moved.
    """

    first: tuple[Number, ...]
    second: tuple[Number, ...]
    moves: np.ndarray
    effects: np.ndarray


def meet(first: Side, second: Side, points: Sequence[Point], *, bits: int, aim: int, check: Check) -> Iterator[Meeting]:
    """Move constants until two formulas agree at all points to `aim` bits.

    Gauss-Newton steps, whose linear least squares are solved with all digits as well: the constants of a formula on a
    narrow range are nearly redundant. There may be several such places, since either formula can hold more constants
    than it needs.

    Parameters
    ----------
    first, second : Side
    points : sequence of Point
        More than there are constants.
    bits : int
        Working precision.
    aim : int
        Bits of agreement, relative to the value; well below `bits`.
    check : callable

    Yields
    ------
    Meeting
        As they are found.
    """
    none = not any(side.movable and side.constants for side in (first, second))
    for least in REDUNDANT[:1] if none else REDUNDANT:
        meeting = _meet(first, second, points, bits, aim, least, check)
        if meeting is not None:
            yield meeting
            if not meeting.moves.any():
                return


def _meet(
    first: Side, second: Side, points: Sequence[Point], bits: int, aim: int, least: int, check: Check
) -> Meeting | None:
    sides = (first, second)
    constants = [list(first.constants), list(second.constants)]
    sizes = [[_size(value) for value in side.constants] for side in sides]
    moves = [[0.0] * len(side.constants) if side.movable else [] for side in sides]
    effects = np.zeros(sum(map(len, moves)))
    enough = max(len(effects) + 4, int(ALL_BUT * len(points)))
    before: int | None = None
    slow = 0
    for step in range(STEPS + 1):
        points, differences = _differences(sides, constants, points, bits, check)
        if len(points) < enough:
            return None
        distance = max((magnitude(number) for number in differences if number != ZERO), default=-(10**9))
        # One step more than needed: the places that are looked at afterwards may lie next to a zero or an edge.
        if distance <= -aim and (before is None or before <= -aim):
            return Meeting(tuple(constants[0]), tuple(constants[1]), np.array(moves[0] + moves[1]), effects)
        # A step of Newton's method doubles the digits; a first one or two may have to come near.
        slow = slow + 1 if before is not None and distance > max(before - 4, -aim) else 0
        if slow == 2 or step == STEPS or not len(effects):
            return None
        before = distance
        kept, columns = _columns(sides, constants, sizes, points, bits, check)
        if len(kept) < enough:
            return None
        points, differences = [points[i] for i in kept], [differences[i] for i in kept]
        effects = np.array([max(abs(libmp.to_float(number)) for number in column) for column in columns])
        shifts = iter(_least_squares(columns, differences, bits, (least, distance), check))
        for own, size, moved in zip(constants, sizes, moves, strict=True):
            for index in range(len(moved)):
                shift = next(shifts)
                moved[index] += libmp.to_float(shift)
                own[index] = libmp.mpf_add(own[index], libmp.mpf_mul(shift, size[index]), bits)
    return None


def _size(value: Number) -> Number:
    return ONE if value == ZERO else libmp.mpf_abs(value)


def _scale(first: Number, second: Number) -> Number:
    larger = max((first, second), key=magnitude)
    return ONE if larger == ZERO else libmp.mpf_shift(ONE, magnitude(larger))


def _differences(
    sides: tuple[Side, Side], constants: list[list[Number]], points: Sequence[Point], bits: int, check: Check
) -> tuple[list[Point], list[Number]]:
    """Points where both have a value, and second minus first there in units of the value."""
    kept, found = [], []
    for point in points:
        check()
        try:
            first, second = (
                side.program.value(point, own, bits).number for side, own in zip(sides, constants, strict=True)
            )
        except Undefined:
            continue
        kept.append(point)
        found.append(libmp.mpf_div(libmp.mpf_sub(second, first, bits), _scale(first, second), bits))
    return kept, found


def _columns(
    sides: tuple[Side, Side],
    constants: list[list[Number]],
    sizes: list[list[Number]],
    points: Sequence[Point],
    bits: int,
    check: Check,
) -> tuple[list[int], list[list[Number]]]:
    """Indices of points where all derivatives exist, and the changes of first minus second there, in units of the
    value, by each movable constant in units of its size."""
    kept: list[int] = []
    rows: list[list[Number]] = []
    for number, point in enumerate(points):
        check()
        values: list[Number] = []
        slopes: list[Number] = []
        try:
            for sign, side, own, size in zip((False, True), sides, constants, sizes, strict=True):
                if side.movable:
                    value, gradient = side.program.gradient(point, own, bits)
                    parts = [libmp.mpf_mul(slope, unit, bits) for slope, unit in zip(gradient, size, strict=True)]
                    slopes.extend(map(libmp.mpf_neg, parts) if sign else parts)
                else:
                    value = side.program.value(point, own, bits).number
                values.append(value)
        except Undefined:
            continue
        scale = _scale(values[0], values[1])
        kept.append(number)
        rows.append([libmp.mpf_div(slope, scale, bits) for slope in slopes])
    return kept, [list(column) for column in zip(*rows, strict=True)]


def _least_squares(
    columns: list[list[Number]], target: list[Number], bits: int, least: tuple[int, int], check: Check
) -> list[Number]:
    """The smallest coefficients of the columns that come as near to the target as any.

    With Q R = columns, R x = Q^T target has the smallest solution R^T (R R^T)^-1 Q^T target. That squares the
    condition of R, and so it is worked out with more digits.
    """
    triangle, projected = _triangle(columns, target, bits, least, check)
    bits *= 3
    gram: list[list[Number]] = [[_dot(row, other, bits) for other in triangle] for row in triangle]
    multipliers = _solved(gram, projected, bits)
    return [
        _dot([row[index] for row in triangle], multipliers, bits) if triangle else ZERO for index in range(len(columns))
    ]


def _triangle(
    columns: list[list[Number]], target: list[Number], bits: int, least: tuple[int, int], check: Check
) -> tuple[list[list[Number]], list[Number]]:
    """Rows of R for all columns, and the projected target: modified Gram-Schmidt, columns that keep most of their
    length first, as long as they keep so many bits of it.

    Nor must what is left of a column be below the second number: what changes the formula by less than the present
    difference does not explain that, and has its turn once the difference is smaller.
    """
    share, smallest = least
    left = {index: list(column) for index, column in enumerate(columns)}
    lengths = {index: magnitude(_dot(column, column, bits)) for index, column in left.items()}
    target = list(target)
    triangle: list[list[Number]] = []
    projected: list[Number] = []
    while left:
        check()
        squares = {index: _dot(column, column, bits) for index, column in left.items()}
        usable = [
            index
            for index, square in squares.items()
            if square != ZERO and magnitude(square) >= max(lengths[index] - 2 * share, 2 * smallest)
        ]
        if not usable:
            break
        pivot = max(usable, key=lambda index: (magnitude(squares[index]) - lengths[index], -index))
        length = libmp.mpf_sqrt(squares[pivot], bits)
        unit = [libmp.mpf_div(entry, length, bits) for entry in left.pop(pivot)]
        row: list[Number] = [ZERO] * len(columns)
        row[pivot] = length
        for index, column in left.items():
            row[index] = _dot(unit, column, bits)
            left[index] = _minus(column, row[index], unit, bits)
        projected.append(_dot(unit, target, bits))
        target = _minus(target, projected[-1], unit, bits)
        triangle.append(row)
    return triangle, projected


def _solved(matrix: list[list[Number]], right: list[Number], bits: int) -> list[Number]:
    """Solution of a positive definite system, by elimination."""
    rows: list[list[Number]] = [[*row, value] for row, value in zip(matrix, right, strict=True)]
    for i, row in enumerate(rows):
        for lower in rows[i + 1 :]:
            factor = libmp.mpf_div(lower[i], row[i], bits)
            lower[:] = [*lower[:i], *_minus(lower[i:], factor, row[i:], bits)]
    solution: list[Number] = []
    for i in range(len(rows) - 1, -1, -1):
        rest = libmp.mpf_sub(rows[i][-1], _dot(rows[i][i + 1 : -1], solution, bits), bits)
        solution.insert(0, libmp.mpf_div(rest, rows[i][i], bits))
    return solution


def _dot(first: Sequence[Number], second: Sequence[Number], bits: int) -> Number:
    total = ZERO
    for a, b in zip(first, second, strict=True):
        total = libmp.mpf_add(total, libmp.mpf_mul(a, b, bits), bits)
    return total


def _minus(column: list[Number], factor: Number, unit: Sequence[Number], bits: int) -> list[Number]:
    return [
        libmp.mpf_sub(entry, libmp.mpf_mul(factor, other, bits), bits)
        for entry, other in zip(column, unit, strict=True)
    ]
