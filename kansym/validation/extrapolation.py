"""Formula against network, inside the box of the data and up to 30 % beyond it."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from kansym.data.sample_points import around, box_of, inside

if TYPE_CHECKING:
    from kansym.search.results import Discovery

POINTS = 1000

EXPLODES = 10.0
"""Values farther from the data than this many times their range count as exploding."""

MOST_ABSURD = 0.25
"""Share of the points beyond that may be undefined or explode before it speaks against a formula."""


@dataclass(frozen=True)
class Extrapolation:
    """What the formula does in a box 30 % larger on every side, outside of the data.

    Attributes
    ----------
    inside, beyond : float or None
        Median difference between formula and network, in units of the standard deviation of y; None without a network.
    inside_high, beyond_high : float or None
        The difference that nine of ten points do not exceed.
    undefined : float
        Share of the points beyond where the formula has no finite value.
    exploding : float
        Share of the points beyond where it is farther from the data than ten times their range.
    largest : float
        Largest absolute value beyond, in units of the largest one of the data; nan where it is nowhere finite.
    """

    inside: float | None
    beyond: float | None
    inside_high: float | None
    beyond_high: float | None
    undefined: float
    exploding: float
    largest: float

    @property
    def absurd(self) -> bool:
        """Whether the formula is undefined or explodes on much of the space around the data."""
        return self.undefined + self.exploding > MOST_ABSURD


def extrapolation(discovery: "Discovery", *, seed: int) -> Extrapolation:
    """Evaluate the picked formula, and the network where there is one, inside and beyond.

    A network continues about linearly beyond its grid, so where it and the formula part far outside that is
    information on where the data stop deciding, and proves neither wrong.
    """
    dataset = discovery.dataset
    box = box_of(dataset.X)
    near, far = inside(box, POINTS, seed=seed), around(box, POINTS, seed=seed + 1)
    at_near, at_far = discovery.formula.predict(near), discovery.formula.predict(far)
    spread = float(np.std(dataset.y))
    middle = 0.5 * float(dataset.y.max()) + 0.5 * float(dataset.y.min())
    reach = float(dataset.y.max()) - float(dataset.y.min())
    finite = np.isfinite(at_far)
    with np.errstate(all="ignore"):
        exploding = finite & (np.abs(at_far - middle) > (EXPLODES + 0.5) * reach)
        # Zero in all rows that are left of a robust search, and there is nothing to compare with.
        comparable = finite.any() and dataset.y.any()
        largest = float(np.max(np.abs(at_far[finite])) / np.max(np.abs(dataset.y))) if comparable else math.nan
    differences: tuple[float | None, ...] = (None, None, None, None)
    if discovery.network is not None:
        pairs = [(at_near, discovery.network.predict(near)), (at_far, discovery.network.predict(far))]
        medians = [_quantile(a, b, 0.5, spread) for a, b in pairs]
        highs = [_quantile(a, b, 0.9, spread) for a, b in pairs]
        differences = (*medians, *highs)
    return Extrapolation(
        *differences,
        undefined=float(np.mean(~finite)),
        exploding=float(np.mean(exploding)),
        largest=largest,
    )


def _quantile(first: np.ndarray, second: np.ndarray, level: float, spread: float) -> float:
    finite = np.isfinite(first) & np.isfinite(second)
    if not finite.any() or not spread > 0:
        return math.nan
    with np.errstate(all="ignore"):
        return float(np.quantile(np.abs(first - second)[finite] / spread, level))
