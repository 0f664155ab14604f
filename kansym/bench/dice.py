"""Random choices whose outcome is the same everywhere, and round numbers as a person would write them."""

import math
from collections.abc import Sequence
from typing import TypeVar

import numpy as np

T = TypeVar("T")

ROUND_SHARE = 0.2
"""Constants that are a small whole number or a half, where the range holds one."""

ROUND = (0.5, 1.0, 2.0, 3.0, 4.0)


class Dice:
    """Choices from a generator's plain stream of doubles, which numpy keeps as it is from version to version.

    Parameters
    ----------
    generator : numpy.random.Generator
    """

    def __init__(self, generator: np.random.Generator) -> None:
        self._generator = generator

    def unit(self) -> float:
        """A number between 0 and 1."""
        return float(self._generator.random())

    def between(self, low: float, high: float) -> float:
        """A number between two others, uniform."""
        return low + (high - low) * self.unit()

    def size(self, low: float, high: float) -> float:
        """A positive number between two others, uniform in its logarithm."""
        return math.exp(self.between(math.log(low), math.log(high)))

    def whole(self, low: int, high: int) -> int:
        """A whole number, both ends included."""
        return low + min(int(self.unit() * (high - low + 1)), high - low)

    def chance(self, share: float) -> bool:
        """Whether something of this probability happens."""
        return self.unit() < share

    def pick(self, options: Sequence[T], weights: Sequence[float] | None = None) -> T:
        """One of the options; with weights, in proportion to them."""
        if weights is None:
            return options[self.whole(0, len(options) - 1)]
        left = self.unit() * sum(weights)
        for option, weight in zip(options, weights, strict=True):
            left -= weight
            if left < 0:
                return option
        return options[-1]

    def shuffled(self, options: Sequence[T]) -> list[T]:
        """The options in a random order."""
        rest, order = list(options), []
        while rest:
            order.append(rest.pop(self.whole(0, len(rest) - 1)))
        return order

    def constant(self, low: float, high: float) -> str:
        """A constant as text: uniform in its logarithm, of two to five digits, now and then a small round number."""
        value = self.size(low, high)
        digits = self.whole(2, 5)
        inside = [number for number in ROUND if low < number < high]
        if inside and self.chance(ROUND_SHARE):
            return text_of(self.pick(inside))
        return text_of(float(f"{value:.{digits}g}"))


def text_of(value: float) -> str:
    """A number as a formula spells it, with a point: whole numbers without one are exact."""
    text = f"{value:.12g}"
    return text if "." in text or "e" in text else f"{text}.0"
