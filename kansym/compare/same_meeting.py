"""Whether constants can be moved so that two formulas become one, decided by Newton's method with many digits.

Two formulas that are the same but for their numbers agree, once those are right, to as many digits as one cares to
work out; two that merely come near each other stop at some distance, however small. Double precision cannot tell the
one from the other, since constants are known to some ten digits only.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from mpmath import libmp

from kansym.compare.same_functions import ONE, ZERO, Number, Undefined, magnitude
from kansym.compare.same_program import Program

STEPS = 14

NEGLIGIBLE = 0.5
"""A direction in which the constants change nothing to this share of all digits is left out: they are redundant."""

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


def meet(first: Side, second: Side, points: Sequence[Point], *, bits: int, aim: int, check: Check) -> Meeting | None:
    """Move constants until two formulas agree at all points to `aim` bits; None where they do not come to it.

    Gauss-Newton steps, whose linear least squares are solved with all digits as well: the constants of a formula on a
    narrow range are nearly redundant.

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
    """
    sides = (first, second)
    constants = [list(first.constants), list(second.constants)]
    sizes = [[_size(value) for value in side.constants] for side in sides]
    moves = [[0.0] * len(side.constants) if side.movable else [] for side in sides]
    effects = np.zeros(sum(map(len, moves)))
    before: int | None = None
    slow = 0
    for step in range(STEPS + 1):
        try:
            differences = _differences(sides, constants, points, bits, check)
        except Undefined:
            return None
        distance = max((magnitude(number) for number in differences if number != ZERO), default=-(10**9))
        if distance <= -aim:
            return Meeting(tuple(constants[0]), tuple(constants[1]), np.array(moves[0] + moves[1]), effects)
        # A step of Newton's method doubles the digits; a first one or two may have to come near.
        slow = slow + 1 if before is not None and distance > before - 4 else 0
        if slow == 2 or step == STEPS or not len(effects):
            return None
        before = distance
        try:
            columns = _columns(sides, constants, sizes, points, bits, check)
        except Undefined:
            return None
        effects = np.array([max(abs(libmp.to_float(number)) for number in column) for column in columns])
        shifts = iter(_least_squares(columns, differences, bits, check))
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
) -> list[Number]:
    """Second minus first in units of the value."""
    found = []
    for point in points:
        check()
        first, second = (
            side.program.value(point, own, bits).number for side, own in zip(sides, constants, strict=True)
        )
        found.append(libmp.mpf_div(libmp.mpf_sub(second, first, bits), _scale(first, second), bits))
    return found


def _columns(
    sides: tuple[Side, Side],
    constants: list[list[Number]],
    sizes: list[list[Number]],
    points: Sequence[Point],
    bits: int,
    check: Check,
) -> list[list[Number]]:
    """Change of first minus second, in units of the value, by each movable constant in units of its size."""
    rows: list[list[Number]] = []
    for point in points:
        check()
        values: list[Number] = []
        slopes: list[Number] = []
        for sign, side, own, size in zip((False, True), sides, constants, sizes, strict=True):
            if side.movable:
                value, gradient = side.program.gradient(point, own, bits)
                parts = [libmp.mpf_mul(slope, unit, bits) for slope, unit in zip(gradient, size, strict=True)]
                slopes.extend(map(libmp.mpf_neg, parts) if sign else parts)
            else:
                value = side.program.value(point, own, bits).number
            values.append(value)
        scale = _scale(*values)
        rows.append([libmp.mpf_div(slope, scale, bits) for slope in slopes])
    return [list(column) for column in zip(*rows, strict=True)]


def _least_squares(columns: list[list[Number]], target: list[Number], bits: int, check: Check) -> list[Number]:
    """Coefficients of the columns that come nearest to the target; zero for redundant ones."""
    order, triangle, projected = _triangle(columns, target, bits, check)
    solution: list[Number] = [ZERO] * len(columns)
    for i in range(len(order) - 1, -1, -1):
        rest = projected[i]
        for j in range(i + 1, len(order)):
            rest = libmp.mpf_sub(rest, libmp.mpf_mul(triangle[i][order[j]], solution[order[j]], bits), bits)
        solution[order[i]] = libmp.mpf_div(rest, triangle[i][order[i]], bits)
    return solution


def _triangle(
    columns: list[list[Number]], target: list[Number], bits: int, check: Check
) -> tuple[list[int], list[dict[int, Number]], list[Number]]:
    """Modified Gram-Schmidt with pivoting: order of the columns that count, rows of R, and the projected target."""
    left = {index: list(column) for index, column in enumerate(columns)}
    lengths = {index: magnitude(_dot(column, column, bits)) for index, column in left.items()}
    target = list(target)
    order: list[int] = []
    triangle: list[dict[int, Number]] = []
    projected: list[Number] = []
    while left:
        check()
        squares = {index: _dot(column, column, bits) for index, column in left.items()}
        pivot = max(squares, key=lambda index: (magnitude(squares[index]) - lengths[index], -index))
        # Squares: the share of the digits counts twice.
        if squares[pivot] == ZERO or magnitude(squares[pivot]) < lengths[pivot] - 2 * NEGLIGIBLE * bits:
            break
        length = libmp.mpf_sqrt(squares[pivot], bits)
        unit = [libmp.mpf_div(entry, length, bits) for entry in left.pop(pivot)]
        row = {pivot: length}
        for index, column in left.items():
            row[index] = _dot(unit, column, bits)
            left[index] = _minus(column, row[index], unit, bits)
        projected.append(_dot(unit, target, bits))
        target = _minus(target, projected[-1], unit, bits)
        order.append(pivot)
        triangle.append(row)
    return order, triangle, projected


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
