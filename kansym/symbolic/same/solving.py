"""Whether constants can be set so that two formulas are one, decided by Newton's method with many digits.

Two formulas that are the same but for their numbers agree, once those are right, to as many digits as one cares to
work out; two that merely come near each other stop at some distance, however small. Double precision cannot tell the
one from the other, since constants are known to some ten digits only.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from kansym.symbolic.same.precise import Number, PreciseFormula, Undefined, context, magnitude, numbers, sizes_of
from kansym.symbolic.same.sampled import BITS, Check, Sampled

STEPS = 14

REDUNDANT = (20, 45, 85)
"""Bits that are left of a constant's effect once other constants have made up for what they can of it; with fewer it
counts as redundant. One after another is tried: formulas that hold a constant twice, each time with other rounding,
seem to have effects that shrink as the two come together, and narrow ranges make true ones as small."""

DEFINED = 0.75
"""Share of the points that have to keep a value as constants move: at the edge of a domain they may lose it."""

GUARD = 66
"""Bits, 20 digits, that cancellation and rounding may take."""

ABSORBED = 33
"""Bits, 10 digits, of these, for terms that are small beside others; where they are smaller, more digits are used."""

MOST_ABSORBED = 5000
"""Bits, 1500 digits, below which no term is looked for."""

FEW = 8
"""Points with two values that are needed for a decision."""

Point = tuple[Number, ...]


@dataclass(frozen=True)
class Side:
    """A formula, the values of its constants, and whether they may be moved."""

    formula: PreciseFormula
    constants: tuple[Number, ...]
    movable: bool = True


@dataclass(frozen=True)
class Solution:
    """Where two formulas are one.

    Attributes
    ----------
    first, second : tuple of Number
        Their constants there.
    moves : array (k,)
        How far the movable constants of both were moved, each in units of its size.
    effects : array (k,)
        Largest change of the formula, in units of its value, by a change of each constant by its size; zero where
        nothing had to be moved.
    decided : bool
        Whether no term of the formulas was too small to be looked at.
    """

    first: tuple[Number, ...]
    second: tuple[Number, ...]
    moves: np.ndarray
    effects: np.ndarray
    decided: bool = True


# -- two formulas -----------------------------------------------------------------------------------------------------


def common_solution(
    sampled: Sampled,
    first: Side,
    second: Side,
    check: Check,
    accept: Callable[[Solution], bool] = lambda solution: True,
) -> Solution | None:
    """Constants with which both sides are the same function at all points; None where there are none.

    They are found on the points where least is absorbed, with as many digits as that asks for; all other points then
    have to agree as well.

    Parameters
    ----------
    sampled : Sampled
    first, second : Side
    check : callable
    accept : callable
        Whether constants may be moved so.
    """
    needed = max(FEW, sum(len(side.constants) for side in (first, second) if side.movable) + 4)
    chosen, bits, decided = _chosen(sampled, needed)
    if len(chosen) < needed:
        return None
    points = [numbers(sampled.points[i]) for i in chosen]
    others = sorted(set(sampled.common) - set(chosen))
    for solution in solve_constants(first, second, points, bits=bits, aim=bits - GUARD, check=check):
        if accept(solution) and all(_agree(sampled, i, first, second, solution, check) for i in others):
            return replace(solution, decided=decided)
    return None


def _agree(sampled: Sampled, index: int, first: Side, second: Side, solution: Solution, check: Check) -> bool:
    check()
    aim = BITS - GUARD - max(0.0, sampled.absorbed(index) - ABSORBED)
    if aim < BITS / 4:
        return True
    point = numbers(sampled.points[index])
    try:
        one = first.formula.value(point, solution.first, BITS).number
        other = second.formula.value(point, solution.second, BITS).number
    except Undefined:
        # At the edge of a domain that moved with the constants.
        return True
    unit = max(sampled.unit(index), abs(one), abs(other))
    return one == other or magnitude(one - other) - magnitude(unit) <= -aim


def _chosen(sampled: Sampled, needed: int) -> tuple[list[int], int, bool]:
    """Points where least is absorbed, of all kinds, the bits for them, and whether those see every term."""
    wanted = max(12, 3 * needed // 2 + 2)
    clear = [i for i in sampled.common if sampled.absorbed(i) <= MOST_ABSORBED]
    decided = len(clear) >= needed
    usable = sorted(clear if decided else sampled.common, key=sampled.absorbed)
    beyond = [i for i in usable if sampled.kinds[i] == "beyond"]
    within = [i for i in usable if sampled.kinds[i] != "beyond"]
    chosen = (within[: max(wanted // 2, wanted - len(beyond))] + beyond)[:wanted]
    absorbed = min(max(map(sampled.absorbed, chosen), default=0.0), MOST_ABSORBED)
    return chosen, BITS + int(max(0.0, absorbed - ABSORBED)), decided


def solve_constants(
    first: Side, second: Side, points: Sequence[Point], *, bits: int, aim: int, check: Check
) -> Iterator[Solution]:
    """Move constants until two formulas agree at all points to `aim` bits, relative to the value.

    Gauss-Newton steps, whose linear least squares are solved with all digits as well: the constants of a formula on a
    narrow range are nearly redundant. There may be several solutions, since either formula can hold more constants
    than it needs.

    Parameters
    ----------
    first, second : Side
    points : sequence of Point
        More than there are constants.
    bits : int
        Working precision.
    aim : int
        Well below `bits`.
    check : callable

    Yields
    ------
    Solution
        As they are found.
    """
    movable = any(side.movable and side.constants for side in (first, second))
    for least in REDUNDANT if movable else REDUNDANT[:1]:
        solution = _newton((first, second), points, bits, aim, least, check)
        if solution is not None:
            yield solution
            if not solution.moves.any():
                return


def _newton(
    sides: tuple[Side, Side], points: Sequence[Point], bits: int, aim: int, least: int, check: Check
) -> Solution | None:
    constants = [side.constants for side in sides]
    sizes = [sizes_of(side.constants) if side.movable else () for side in sides]
    moves = [[0] * len(own) for own in sizes]
    effects = np.zeros(sum(map(len, sizes)))
    enough = max(len(effects) + 4, int(DEFINED * len(points)))
    before: int | None = None
    slow = 0
    for step in range(STEPS + 1):
        points, differences = _differences(sides, constants, points, bits, check)
        if len(points) < enough:
            return None
        distance = max(map(magnitude, differences))
        # One step more than needed: the points that are looked at afterwards may lie next to a zero or an edge.
        if distance <= -aim and (before is None or before <= -aim):
            return Solution(constants[0], constants[1], np.array([*moves[0], *moves[1]], dtype=float), effects)
        # A step of Newton's method doubles the digits; a first one or two may have to come near.
        slow = slow + 1 if before is not None and distance > max(before - 4, -aim) else 0
        if slow == 2 or step == STEPS or not len(effects):
            return None
        before = distance
        kept, columns = _columns(sides, constants, sizes, points, bits, check)
        if len(kept) < enough:
            return None
        points, differences = [points[i] for i in kept], [differences[i] for i in kept]
        effects = np.array([float(max(map(abs, column))) for column in columns])
        shifts = iter(_least_squares(columns, differences, bits, (least, distance), check))
        moves = [[move + next(shifts) for move in own] for own in moves]
        constants = [
            tuple(value + move * size for value, move, size in zip(side.constants, *parts, strict=True))
            if side.movable
            else side.constants
            for side, *parts in zip(sides, moves, sizes, strict=True)
        ]
    return None


def _unit(first: Number, second: Number) -> Number:
    larger = max(abs(first), abs(second))
    return larger if larger != 0 else larger + 1


def _differences(
    sides: tuple[Side, Side], constants: list[tuple[Number, ...]], points: Sequence[Point], bits: int, check: Check
) -> tuple[list[Point], list[Number]]:
    """Points where both have a value, and second minus first there in units of the value."""
    kept, found = [], []
    for point in points:
        check()
        try:
            first, second = (
                side.formula.value(point, own, bits).number for side, own in zip(sides, constants, strict=True)
            )
        except Undefined:
            continue
        kept.append(point)
        found.append((second - first) / _unit(first, second))
    return kept, found


def _columns(
    sides: tuple[Side, Side],
    constants: list[tuple[Number, ...]],
    sizes: list[tuple[Number, ...]],
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
        row: list[Number] = []
        try:
            for sign, side, own, size in zip((1, -1), sides, constants, sizes, strict=True):
                if side.movable:
                    value, effects = side.formula.effects(point, own, size, bits)
                    row += [sign * effect for effect in effects]
                else:
                    value = side.formula.value(point, own, bits).number
                values.append(value)
        except Undefined:
            continue
        kept.append(number)
        unit = _unit(*values)
        rows.append([effect / unit for effect in row])
    return kept, [list(column) for column in zip(*rows, strict=True)]


def _least_squares(
    columns: list[list[Number]], target: list[Number], bits: int, least: tuple[int, int], check: Check
) -> list[Number]:
    """The smallest coefficients of the columns that come as near to the target as any.

    With Q R = columns, R x = Q^T target has the smallest solution R^T (R R^T)^-1 Q^T target. That squares the
    condition of R, and so it is worked out with more digits.
    """
    triangle, projected = _triangle(columns, target, bits, least, check)
    mp = context(3 * bits)
    if not triangle:
        return [mp.zero] * len(columns)
    R = mp.matrix(triangle)
    return list(R.T * mp.lu_solve(R * R.T, mp.matrix(projected)))


def _triangle(
    columns: list[list[Number]], target: list[Number], bits: int, least: tuple[int, int], check: Check
) -> tuple[list[list[Number]], list[Number]]:
    """Rows of R for all columns, and the projected target: modified Gram-Schmidt, columns that keep most of their
    length first, as long as they keep so many bits of it.

    Nor must what is left of a column be below the second number: what changes the formula by less than the present
    difference does not explain that, and has its turn once the difference is smaller.
    """
    mp = context(bits)
    share, smallest = least
    left = dict(enumerate(columns))
    lengths = {index: magnitude(mp.fdot(column, column)) for index, column in left.items()}
    triangle: list[list[Number]] = []
    projected: list[Number] = []
    while left:
        check()
        squares = {index: mp.fdot(column, column) for index, column in left.items()}
        usable = [
            index
            for index, square in squares.items()
            if square != 0 and magnitude(square) >= max(lengths[index] - 2 * share, 2 * smallest)
        ]
        if not usable:
            break
        pivot = max(usable, key=lambda index: (magnitude(squares[index]) - lengths[index], -index))
        length = mp.sqrt(squares[pivot])
        unit = [entry / length for entry in left.pop(pivot)]
        row = [mp.zero] * len(columns)
        row[pivot] = length
        for index, column in left.items():
            row[index] = mp.fdot(unit, column)
            left[index] = [entry - row[index] * other for entry, other in zip(column, unit, strict=True)]
        projected.append(mp.fdot(unit, target))
        target = [entry - projected[-1] * other for entry, other in zip(target, unit, strict=True)]
        triangle.append(row)
    return triangle, projected
