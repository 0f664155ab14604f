"""Places where two formulas are compared: on rows of the data, within their box and beyond it."""

from dataclasses import dataclass

import numpy as np

from kansym.validation.places import BEYOND, inside

INSIDE, OUTSIDE, ROWS = 28, 24, 16

BRANCHED = 3
"""Times as many for formulas with kinks or branches, which may differ in a small part of the box only."""

DECADES = 30.0
"""Half of the points are spread by logarithms in columns whose ends have at least this ratio."""


@dataclass(frozen=True, eq=False)
class Places:
    """Points.

    Attributes
    ----------
    points : array (m, d)
    kinds : array (m,) of str
        "row", "inside" or "beyond", in turn.
    width : array (d,)
        Of the box, or the size of the value where that has no width.
    """

    points: np.ndarray
    kinds: np.ndarray
    width: np.ndarray


def places(X: np.ndarray, box: np.ndarray, *, branched: bool, also: np.ndarray, seed: int) -> Places:
    """Points for the rows X (n, d), the rows number `also` among them, and for a box (d, 2).

    Beyond is the box longer by `BEYOND` of its width at either end. A column that has no negative value in the data
    stays so, and one without positive values too: formulas that differ in such a sign only are the same where the
    column can be. A column with one value is varied as if its size were its width.
    """
    times = BRANCHED if branched else 1
    rows = X[np.unique(np.concatenate([np.linspace(0, len(X) - 1, times * ROWS).astype(int), also]))]
    within = _inside(box, times * INSIDE, seed)
    outer = _beyond(box, times * OUTSIDE, seed)
    points = np.concatenate([rows, within, outer])
    kinds = np.repeat(["row", "inside", "beyond"], [len(rows), len(within), len(outer)])
    # In turn, so that a part of them, when time is short, holds all three kinds.
    turn = np.argsort(
        np.concatenate([np.arange(len(part)) / len(part) for part in (rows, within, outer)]), kind="stable"
    )
    low, high = box.T
    return Places(points[turn], kinds[turn], np.where(high > low, high - low, _size(low)))


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
    generator = np.random.default_rng(seed + 1)
    points = _inside(box, count, seed + 1)
    out = generator.random((count, d)) < 1.0 / d
    lacking = ~out.any(axis=1)
    out[lacking, generator.integers(d, size=int(lacking.sum()))] = True
    lower, upper = _ends(box)
    low, high = box.T
    step = generator.random((count, d))
    above = generator.random((count, d)) < 0.5
    above = np.where(upper == high, False, np.where(lower == low, True, above))
    return np.where(out, np.where(above, upper + step * (high - upper), lower + step * (low - lower)), points)


def _ends(box: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    low, high = box.T
    width = np.where(high > low, high - low, _size(low))
    lower, upper = low - BEYOND * width, high + BEYOND * width
    with np.errstate(all="ignore"):
        lower = np.where((low > 0) & (lower <= 0), low * (low / high) ** BEYOND, lower)
        upper = np.where((high < 0) & (upper >= 0), high * (high / low) ** BEYOND, upper)
    # The powers of subnormal numbers may be anything; so may a column of zeros.
    lower = np.where((low == 0) & (high > 0), 0.0, np.where(np.isfinite(lower), lower, low))
    upper = np.where((high == 0) & (low < 0), 0.0, np.where(np.isfinite(upper), upper, high))
    return lower, upper


def _size(value: np.ndarray) -> np.ndarray:
    return np.where(value != 0, np.abs(value), 1.0)
