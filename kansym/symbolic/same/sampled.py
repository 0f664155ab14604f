"""Two formulas at the same points: on rows of the data, within their box and beyond it, with 50 digits."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from kansym.data.sample_points import BEYOND, inside
from kansym.symbolic.same.precise import Number, PreciseFormula, Undefined, Value, context, numbers

BITS = 170
"""50 digits."""

INSIDE, OUTSIDE, ROWS = 28, 24, 16

BRANCHED = 3
"""Times as many for formulas with kinks or branches, which may differ in a small part of the box only."""

DECADES = 30.0
"""Half of the points are spread by logarithms in columns whose ends have at least this ratio."""

NEAR = 1e-6
"""In units of the box's width: how far from a point with one value only it is looked whether that is so all around."""

Check = Callable[[], None]
"""Raises when time is up."""


def points_of(
    X: np.ndarray, box: np.ndarray, *, branched: bool, also: np.ndarray, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Points (m, d) for the rows X (n, d), the rows number `also` among them, and for a box (d, 2); and their kinds
    (m,), "row", "inside" or "beyond" in turn, so that a part of them, when time is short, holds all three.

    Beyond is the box longer by `BEYOND` of its width at either end. A column that has no negative value in the data
    stays so, and one without positive values too: formulas that differ in such a sign only are the same where the
    column can be. A column with one value is varied as if its size were its width.
    """
    times = BRANCHED if branched else 1
    rows = X[np.unique(np.concatenate([np.linspace(0, len(X) - 1, times * ROWS).astype(int), also]))]
    parts = (rows, _inside(box, times * INSIDE, seed), _beyond(box, times * OUTSIDE, seed + 1))
    turn = np.argsort(np.concatenate([np.arange(len(part)) / len(part) for part in parts]), kind="stable")
    kinds = np.repeat(["row", "inside", "beyond"], [len(part) for part in parts])
    return np.concatenate(parts)[turn], kinds[turn]


def width_of(box: np.ndarray) -> np.ndarray:
    """Width (d,) of a box; of a side without any the size of its value, and one for zero."""
    low, high = box.T
    return np.where(high > low, high - low, np.where(low != 0, np.abs(low), 1.0))


def _inside(box: np.ndarray, count: int, seed: int) -> np.ndarray:
    points = inside(box, count, seed=seed)
    low, high = box.T
    for j in np.flatnonzero((low > 0) & (high > DECADES * low)):
        share = (points[::2, j] - low[j]) / (high[j] - low[j])
        points[::2, j] = low[j] * (high[j] / low[j]) ** share
    return points


def _beyond(box: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Points of which some columns, at least one, lie beyond their range."""
    d = len(box)
    generator = np.random.default_rng(seed)
    points = _inside(box, count, seed)
    out = generator.random((count, d)) < 1.0 / d
    lacking = ~out.any(axis=1)
    out[lacking, generator.integers(d, size=int(lacking.sum()))] = True
    low, high = box.T
    lower, upper = _ends(box)
    step = generator.random((count, d))
    above = generator.random((count, d)) < 0.5
    above = np.where(upper == high, False, np.where(lower == low, True, above))
    return np.where(out, np.where(above, upper + step * (high - upper), lower + step * (low - lower)), points)


def _ends(box: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    low, high = box.T
    lower, upper = low - BEYOND * width_of(box), high + BEYOND * width_of(box)
    with np.errstate(all="ignore"):
        lower = np.where((low > 0) & (lower <= 0), low * (low / high) ** BEYOND, lower)
        upper = np.where((high < 0) & (upper >= 0), high * (high / low) ** BEYOND, upper)
    # The powers of subnormal numbers may be anything; so may a column of zeros.
    lower = np.where((low == 0) & (high > 0), 0.0, np.where(np.isfinite(lower), lower, low))
    upper = np.where((high == 0) & (low < 0), 0.0, np.where(np.isfinite(upper), upper, high))
    return lower, upper


@dataclass(frozen=True, eq=False)
class Sampled:
    """Values of two formulas.

    Attributes
    ----------
    formulas : pair of PreciseFormula
    points : array (m, d)
        As many as there was time for.
    kinds : array (m,) of str
        "row", "inside" or "beyond".
    width : array (d,)
        Of the box of the data.
    values : pair of list of Value or None
        None where a formula has no real value.
    """

    formulas: tuple[PreciseFormula, PreciseFormula]
    points: np.ndarray
    kinds: np.ndarray
    width: np.ndarray
    values: tuple[list[Value | None], list[Value | None]]

    @cached_property
    def common(self) -> list[int]:
        """Indices of points where both formulas have a value."""
        return [i for i, pair in enumerate(zip(*self.values, strict=True)) if None not in pair]

    def both(self, index: int) -> tuple[Number, Number]:
        """Both values at a point that has them."""
        first, second = self.values[0][index], self.values[1][index]
        if first is None or second is None:
            raise Undefined
        return first.number, second.number

    def difference(self, *kinds: str) -> float:
        """Largest relative difference at points of these kinds; nan without one.

        In units of the larger value, and of at least a hundredth of the median size.
        """
        return max((self.apart(i) for i in self.common if self.kinds[i] in kinds), default=float("nan"))

    def worst(self, count: int) -> list[int]:
        """The points with the largest differences."""
        return sorted(self.common, key=lambda i: -self.apart(i))[:count]

    def apart(self, index: int) -> float:
        """The relative difference at a point."""
        first, second = self.both(index)
        return 0.0 if first == second else float(abs(first - second) / self.unit(index))

    def unit(self, index: int) -> Number:
        """The unit of the difference at a point."""
        return max(*map(abs, self.both(index)), self._floor)

    def absorbed(self, index: int) -> float:
        """Bits by which the smallest term of either formula is below the largest."""
        return max(value.absorbed for values in self.values if (value := values[index]) is not None)

    def undefined_apart(self, kind: str) -> bool:
        """Whether there is a point of this kind where one formula has a value and the other has none.

        Next to the edge of a domain rounding decides, and at a removable singularity the way a formula is written;
        a point counts if it is the same all around.
        """
        return any(
            (first is None) != (second is None) and self.kinds[i] == kind and self._apart_around(self.points[i])
            for i, (first, second) in enumerate(zip(*self.values, strict=True))
        )

    def _apart_around(self, x: np.ndarray) -> bool:
        apart = 0
        for number in range(4):
            signs = np.where((np.arange(len(x)) >> (number // 2)) % 2 == number % 2, 1.0, -1.0)
            first, second = (_value(formula, x + NEAR * self.width * signs) for formula in self.formulas)
            apart += (first is None) != (second is None)
        return apart >= 3

    @cached_property
    def _floor(self) -> Number:
        sizes = sorted(max(map(abs, self.both(i))) for i in self.common)
        return sizes[len(sizes) // 2] / 100 if sizes else context(BITS).zero


def sample(
    formulas: tuple[PreciseFormula, PreciseFormula],
    points: np.ndarray,
    kinds: np.ndarray,
    width: np.ndarray,
    *,
    check: Check,
    in_time: Callable[[], bool],
) -> Sampled:
    """Both formulas at all points, or at as many as there is time for."""
    values: tuple[list[Value | None], list[Value | None]] = ([], [])
    for x in points:
        if not in_time():
            break
        check()
        for formula, own in zip(formulas, values, strict=True):
            own.append(_value(formula, x))
    return Sampled(formulas, points[: len(values[0])], kinds[: len(values[0])], width, values)


def _value(formula: PreciseFormula, x: np.ndarray) -> Value | None:
    try:
        return formula.value(numbers(x), formula.constants, BITS)
    except Undefined:
        return None
