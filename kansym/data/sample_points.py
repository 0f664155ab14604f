"""Points inside the box of the data, and around it."""

import numpy as np
import sympy

BEYOND = 0.3
"""The box is extended by this part of its width on either side."""


def box_of(X: np.ndarray) -> np.ndarray:
    """Lowest and highest value of every column of X (n, d), shape (d, 2)."""
    return np.column_stack([X.min(axis=0), X.max(axis=0)])


def extended(box: np.ndarray, share: float = BEYOND) -> np.ndarray:
    """A box (d, 2) with every side longer by `share` of its width at either end.

    A column that is positive in all of the data stays so, and a negative one negative: where the step would cross
    zero, the side is longer by that share of its logarithmic width. Masses and temperatures do not become negative.
    """
    low, high = box.T
    width = high - low
    below, above = low - share * width, high + share * width
    with np.errstate(all="ignore"):
        below = np.where((low > 0) & (below <= 0), low * (low / high) ** share, below)
        above = np.where((high < 0) & (above >= 0), high * (high / low) ** share, above)
    return np.column_stack([below, above])


def halton(count: int, dimension: int) -> np.ndarray:
    """The first points of the Halton sequence, evenly spread in the unit cube, shape (count, dimension).

    As of ``scipy.stats.qmc.Halton(dimension, scramble=False)``, whose module takes longer to import than most tables
    take to search.

    References
    ----------
    J. H. Halton, Numer. Math. 2 (1960) 84, doi:10.1007/BF01386213.
    """
    bases = np.array([sympy.prime(place) for place in range(1, dimension + 1)], dtype=float)
    left, weight = np.repeat(np.arange(count, dtype=float)[:, None], dimension, axis=1), 1.0 / bases
    points = np.zeros((count, dimension))
    while left.any():
        left, digit = np.divmod(left, bases)
        points += digit * weight
        weight = weight / bases
    return points


def shifted_halton(count: int, dimension: int, rng: np.random.Generator) -> np.ndarray:
    """Points (count, dimension) of the Halton sequence, shifted by a random vector (Cranley and Patterson 1976)."""
    return (halton(count, dimension) + rng.random(dimension)) % 1.0


def inside(box: np.ndarray, count: int, *, seed: int) -> np.ndarray:
    """Evenly spread points (count, d) of a box."""
    unit = shifted_halton(count, len(box), np.random.default_rng(seed))
    return box[:, 0] + unit * (box[:, 1] - box[:, 0])


def around(box: np.ndarray, count: int, *, seed: int) -> np.ndarray:
    """Points (count, d) of the extended box that lie outside of the box itself.

    In every row some columns, drawn with equal chances for every column but at least one, lie beyond their range and
    the others within. Even points of the extended box would lie beyond in nearly every column at once where there are
    many columns.
    """
    d = len(box)
    generator = np.random.default_rng(seed)
    points = inside(box, count, seed=seed)
    out = generator.random((count, d)) < 1.0 / d
    lacking = ~out.any(axis=1)
    out[lacking, generator.integers(d, size=int(lacking.sum()))] = True
    larger = extended(box)
    step = generator.random((count, d))
    low = larger[:, 0] + step * (box[:, 0] - larger[:, 0])
    high = box[:, 1] + step * (larger[:, 1] - box[:, 1])
    above = generator.random((count, d)) < 0.5
    return np.where(out, np.where(above, high, low), points)
