"""Small functions of constants, written out, with their gradients."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Part:
    """A function of the constants with its gradient.

    Attributes
    ----------
    text : str
    is_sum : bool
        Whether it needs parentheses in a product.
    members : frozenset of int
        Constants in it, by index.
    value : callable
        Of all constants (k,).
    gradient : callable
        With respect to all constants, shape (k,).
    """

    text: str
    is_sum: bool
    members: frozenset[int]
    value: Callable[[np.ndarray], float]
    gradient: Callable[[np.ndarray], np.ndarray]


def constant_part(name: str, j: int, k: int) -> Part:
    """The j-th of k constants."""
    unit = np.zeros(k)
    unit[j] = 1.0
    return Part(name, False, frozenset([j]), lambda values: float(values[j]), lambda values: unit)


def product_of(parts: Sequence[Part], powers: Sequence[int]) -> Part:
    """A product of whole powers."""

    def value(values: np.ndarray) -> float:
        with np.errstate(all="ignore"):
            factors = [np.float64(part.value(values)) ** power for part, power in zip(parts, powers, strict=True)]
            return float(np.prod(factors))

    def gradient(values: np.ndarray) -> np.ndarray:
        with np.errstate(all="ignore"):
            logarithmic = [
                power * part.gradient(values) / part.value(values) for part, power in zip(parts, powers, strict=True)
            ]
            return value(values) * np.sum(logarithmic, axis=0)

    texts = [(f"({part.text})" if part.is_sum else part.text, power) for part, power in zip(parts, powers, strict=True)]
    above = "*".join(_powered(text, power) for text, power in texts if power > 0) or "1"
    below = [_powered(text, -power) for text, power in texts if power < 0]
    divisor = f"({'*'.join(below)})" if len(below) > 1 else "".join(below)
    members = frozenset().union(*(part.members for part in parts))
    return Part(f"{above}/{divisor}" if below else above, False, members, value, gradient)


def _powered(text: str, power: int) -> str:
    return text if power == 1 else f"{text}**{power}"


def exponential_of(part: Part) -> Part:
    """The exponential of a part."""

    def value(values: np.ndarray) -> float:
        with np.errstate(all="ignore"):
            return float(np.exp(part.value(values)))

    return Part(f"exp({part.text})", False, part.members, value, lambda values: value(values) * part.gradient(values))


def sum_of(parts: Sequence[Part], multiples: Sequence[int]) -> Part:
    """A sum of whole multiples."""

    def value(values: np.ndarray) -> float:
        return float(sum(number * part.value(values) for part, number in zip(parts, multiples, strict=True)))

    def gradient(values: np.ndarray) -> np.ndarray:
        return np.sum([number * part.gradient(values) for part, number in zip(parts, multiples, strict=True)], axis=0)

    text = ""
    for part, number in zip(parts, multiples, strict=True):
        term = part.text if abs(number) == 1 else f"{abs(number)}*{part.text}"
        text += term if not text else f" {'-' if number < 0 else '+'} {term}"
    return Part(text, True, frozenset().union(*(part.members for part in parts)), value, gradient)
