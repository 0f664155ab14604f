"""Ten functions of one to six inputs, and the rows that every tool gets of them.

They were chosen before any tool had seen one: the five toy functions of the KAN paper (section 3.1), the last cut from
a hundred inputs to six; three of its special functions of two inputs (section 3.2), one of each kind, elliptic, of
Bessel and of Legendre; and for three and five inputs, which it has no toy function of, a distance on the sphere, which
has a kink, and a law of Feynman's lectures in the ranges of the AI Feynman collection.

References
----------
Z. Liu et al., "KAN: Kolmogorov-Arnold Networks", arXiv:2404.19756; S.-M. Udrescu and M. Tegmark, "AI Feynman",
arXiv:1905.11481.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import special

Array = NDArray[np.float64]

TRAINING, VALIDATION, TEST = 2400, 600, 2000
"""Rows to fit, rows to choose by, and rows that only the benchmark sees."""


@dataclass(frozen=True)
class Target:
    """A function with its inputs' ranges and the shape that its structure asks for.

    Attributes
    ----------
    name, formula : str
    ranges : tuple of (float, float)
        One for each input; rows are uniform in them.
    shape : tuple of int
        Of the paper where it has one, else of the formula as sums of functions within functions.
    function : callable
        Maps columns to a column.
    """

    name: str
    formula: str
    ranges: tuple[tuple[float, float], ...]
    shape: tuple[int, ...]
    function: Callable[..., Array]

    @property
    def shapes(self) -> tuple[tuple[int, ...], ...]:
        """What every tool may choose from: the shape above, and that of Kolmogorov's theorem."""
        count = len(self.ranges)
        return self.shape, (count, 2 * count + 1, 1)


@dataclass(frozen=True)
class Rows:
    """Rows as every tool gets them: inputs scaled to [-1, 1], the target to mean 0 and spread 1 in training.

    Attributes
    ----------
    x, y : arrays (n, d) and (n, 1)
    x_validation, y_validation, x_test, y_test : arrays
    """

    x: Array
    y: Array
    x_validation: Array
    y_validation: Array
    x_test: Array
    y_test: Array


def _four_sines(a: Array, b: Array, c: Array, d: Array) -> Array:
    return np.exp((np.sin(np.pi * (a**2 + b**2)) + np.sin(np.pi * (c**2 + d**2))) / 2)


def _six_sines(*x: Array) -> Array:
    return np.exp(np.mean([np.sin(np.pi * one / 2) ** 2 for one in x], axis=0))


def _great_circle(first: Array, second: Array, longitude: Array) -> Array:
    cosine = np.sin(first) * np.sin(second) + np.cos(first) * np.cos(second) * np.cos(longitude)
    return np.arccos(np.clip(cosine, -1.0, 1.0))


UNIT, QUARTER = (-1.0, 1.0), (-np.pi / 2, np.pi / 2)

TARGETS = (
    Target("Bessel", "J0(20 x)", (UNIT,), (1, 1), lambda x: special.j0(20 * x)),
    Target("exp sin", "exp(sin(pi x) + y^2)", (UNIT,) * 2, (2, 1, 1), lambda x, y: np.exp(np.sin(np.pi * x) + y**2)),
    Target("product", "x y", (UNIT,) * 2, (2, 2, 1), lambda x, y: x * y),
    Target("four sines", "exp((sin(pi(a^2 + b^2)) + sin(pi(c^2 + d^2)))/2)", (UNIT,) * 4, (4, 4, 2, 1), _four_sines),
    Target("six sines", "exp(mean of sin(pi x_i/2)^2)", (UNIT,) * 6, (6, 1, 1), _six_sines),
    Target("ellipkinc", "F(phi, m)", (QUARTER, (0.0, 0.95)), (2, 2, 1, 1), special.ellipkinc),
    Target("jv", "J_v(x)", ((0.5, 4.0), (0.0, 10.0)), (2, 3, 1, 1), special.jv),
    Target("lpmv", "P_v^1(x)", ((0.5, 4.0), (-0.9, 0.9)), (2, 3, 1, 1), lambda v, x: special.lpmv(1, v, x)),
    Target(
        "great circle", "angle between two places", (QUARTER, QUARTER, (-np.pi, np.pi)), (3, 4, 3, 1, 1), _great_circle
    ),
    Target(
        "gravity",
        "G m M (1/r - 1/s)",
        ((1.0, 5.0),) * 5,
        (5, 2, 1),
        lambda m, mass, r, s, g: g * m * mass * (1 / s - 1 / r),
    ),
)


def target_named(name: str) -> Target:
    """The target of that name."""
    return {target.name: target for target in TARGETS}[name]


def draw(target: Target, seed: int) -> Rows:
    """Rows without noise; the same seed gives the same rows everywhere."""
    generator = np.random.default_rng(seed)
    ends = np.array([0, TRAINING, TRAINING + VALIDATION, TRAINING + VALIDATION + TEST])
    x = generator.uniform(-1.0, 1.0, (ends[-1], len(target.ranges)))
    low, high = np.array(target.ranges).T
    y = target.function(*((low + high) / 2 + (high - low) / 2 * x).T)[:, None]
    y = (y - y[:TRAINING].mean()) / y[:TRAINING].std()
    parts = [slice(*pair) for pair in pairwise(ends)]
    return Rows(*(array[part] for part in parts for array in (x, y)))
