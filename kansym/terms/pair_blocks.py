"""A function of two columns beside functions of the others, in a product or a sum, fitted to all rows at once.

Where two columns come together in one function of a law (the base and the exponent of a power, the two ends of a
difference), a tensor product of splines in both stands for it, some hundred numbers, and one spline for each of the
others. What noise leaves of the law is then seen where an interpolant of all columns averages over few neighbours.

References
----------
de Boor, A Practical Guide to Splines (2001), chapter XVII, on tensor products.
"""

import itertools
import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from scipy.interpolate import BSpline

from kansym.terms.polyadic import (
    CONSTANT,
    HELD_OUT,
    ROWS_PER_NUMBER,
    alternating,
    columns_beside,
    knots,
    solved,
)

PIECES, FIRST = (12, 8), (6, 4)
"""Pieces of the splines of single columns, and of two columns in each of them; and the same in a first look, or where
a table has fewer rows."""

FOLLOWED = 3
"""Pairs that are looked at again, with more pieces."""


@dataclass(frozen=True, eq=False)
class PairBlock:
    """A function of two columns, while splines stand for those of the others.

    Attributes
    ----------
    pair : (int, int)
        The columns.
    values : ndarray, shape (n,)
        Of the function, but for a factor in a product and for a constant in a sum.
    additive : bool
        Whether it stands in a sum.
    error : float
        Root mean square error on held-out rows, weighted, in units of y.
    """

    pair: tuple[int, int]
    values: np.ndarray
    additive: bool
    error: float


def pair_blocks(
    Z: np.ndarray,
    y: np.ndarray,
    *,
    additive: bool,
    weights: np.ndarray | None = None,
    seed: int = 0,
) -> list[PairBlock]:
    """The fits with those pairs of columns that leave least, the best first; none where there are too few rows.

    Parameters
    ----------
    Z : ndarray, shape (n, d)
        d >= 3.
    y : ndarray, shape (n,)
    additive : bool
        Whether the functions are added; else multiplied, with a constant beside them.
    weights : ndarray, shape (n,), optional
        Of the squared residuals.
    seed : int, default 0
        Of the rows that are held out, and the start.
    """
    root = np.ones(len(y)) if weights is None else np.sqrt(weights / weights.mean())
    rows = _Rows(Z, y, root, additive, seed)
    if not rows.enough(FIRST):
        return []
    found = sorted(rows.blocks(itertools.combinations(range(Z.shape[1]), 2), FIRST), key=_error)[:FOLLOWED]
    if rows.enough(PIECES):
        found += rows.blocks((one.pair for one in found), PIECES)
    best: dict[tuple[int, int], PairBlock] = {}
    for one in sorted(found, key=_error):
        best.setdefault(one.pair, one)
    return list(best.values())


@dataclass(frozen=True, eq=False)
class _Rows:
    """Rows, roots of their weights, and how functions of them come together."""

    Z: np.ndarray
    y: np.ndarray
    root: np.ndarray
    additive: bool
    seed: int

    def enough(self, pieces: tuple[int, int]) -> bool:
        """Whether there are rows for so many numbers; a spline of m pieces has m + 3."""
        single, double = pieces
        numbers = (self.Z.shape[1] - 2) * (single + 3) + (double + 3) ** 2
        return ROWS_PER_NUMBER * numbers <= (1 - HELD_OUT) * len(self.y)

    def blocks(self, pairs: Iterable[tuple[int, int]], pieces: tuple[int, int]) -> list[PairBlock]:
        """The fit with each pair of columns."""
        order, held = np.random.default_rng(self.seed).permutation(len(self.y)), int(HELD_OUT * len(self.y))
        singles, doubles = ([_splines(z, number) for z in self.Z.T] for number in pieces)
        found = []
        for pair in pairs:
            one, other = (doubles[k] for k in pair)
            both = (one[:, :, None] * other[:, None, :]).reshape(len(self.y), -1)
            bases = [both, *(basis for k, basis in enumerate(singles) if k not in pair)]
            values, fitted = (self._sum if self.additive else self._product)(bases, order[held:])
            left = (self.root * (fitted - self.y))[order[:held]]
            error = math.sqrt(float(np.mean(left**2)))
            found += [PairBlock(pair, values, self.additive, error)] if math.isfinite(error) else []
        return found

    def _sum(self, bases: list[np.ndarray], rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Values of the function of two columns, and of all."""
        columns = np.hstack(bases)
        solution = solved(columns[rows] * self.root[rows, None], (self.y * self.root)[rows])
        return bases[0] @ solution[: bases[0].shape[1]], columns @ solution

    def _product(self, bases: list[np.ndarray], rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        taken = [basis[rows] for basis in bases]
        extra, generator = columns_beside(taken, (CONSTANT,)), np.random.default_rng(self.seed)
        found = alternating(taken, self.y[rows], self.root[rows], 1, generator, extra, (CONSTANT,))
        values = [basis @ one for basis, one in zip(bases, found, strict=True)]
        return values[0][:, 0], np.prod(values, axis=0).sum(1)


def _splines(z: np.ndarray, pieces: int) -> np.ndarray:
    return BSpline.design_matrix(z, knots(z, pieces), 3).toarray()


def _error(block: PairBlock) -> float:
    return block.error
