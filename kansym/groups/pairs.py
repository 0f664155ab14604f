"""Sums and products of two compositions, all pairs of them looked at together.

Trees of five operations are too many to try one by one, most of them of no use. But what the sum or the product of two
smaller ones leaves of y is known from a few products of matrices, for all pairs and all starts of their constants; with
groups, from those of each group, which may take another start.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from kansym import clock
from kansym.clock import Work
from kansym.terms.compositions import EnumeratedRows
from kansym.terms.enumeration import Branch
from kansym.terms.trees import Operation

COLUMNS, STARTS = 4500, 14
"""About how many columns there are at most, and starts of one tree."""

CHUNK = 128
"""Columns that are paired with all others at a time."""

PARALLEL, ALONE = 1e-6, 1e-2
"""Share of a column that others must leave of it, if it is to be told from them: a term of a sum; a product."""

LEAST = 1e-30
"""Square of a product in single precision, in units of the largest values of both, that has all its digits."""

PASSES = 40
"""Passes over the gains of a chunk, in multiplications."""


@dataclass(frozen=True, eq=False)
class Gains:
    """What pairs with one tree take away of y.

    Attributes
    ----------
    first : int
        Number of the tree; the others are those from it on.
    most : ndarray, shape (T - first,)
        With each of the others, at the best starts of each block, over all blocks.
    blocks : list of ndarray, shape (S, C)
        Of each block, with each column of the others.
    """

    first: int
    most: np.ndarray
    blocks: list[np.ndarray]


class Pairs:
    """Some trees at several starts.

    Parameters
    ----------
    branches : list of Branch
        The trees with values of all rows.
    rows : EnumeratedRows
    blocks : sequence of slice
        Rows with constants and coefficients of their own.
    """

    def __init__(self, branches: Sequence[Branch], rows: EnumeratedRows, blocks: Sequence[slice]) -> None:
        self.trees, self.rows, self.blocks = [one.tree for one in branches], rows, blocks
        most = min(STARTS, max(1, COLUMNS // len(branches)))
        chosen = [
            np.unique(np.linspace(0, len(one.theta) - 1, STARTS if _short(one) else most).round().astype(int))
            for one in branches
        ]
        self._theta = [one.theta[places] for one, places in zip(branches, chosen, strict=True)]
        self._values = np.concatenate([one.values[places] for one, places in zip(branches, chosen, strict=True)])
        self._ends = np.cumsum([len(places) for places in chosen])
        self._begins = np.append(0, self._ends[:-1])

    def gains(self, operation: Operation, background: int, until: float) -> Iterator[Gains]:
        """What pairs take away of y, joined by an operation, beside so many columns of the background.

        Parameters
        ----------
        operation : Operation
            A product, or a sum with two coefficients.
        background : int
        until : float
            `kansym.clock.now` value to stop at.
        """
        kind = _Sums if operation.constants else _Products
        sides = [kind(self._values[:, part], self.rows.take(part), background) for part in self.blocks]
        first = 0
        while first < len(self.trees) and not clock.late(until):
            low = int(self._begins[first])
            last = max(first + 1, int(np.searchsorted(self._ends, low + CHUNK, side="right")))
            high = int(self._ends[last - 1])
            gains = [side.gains(low, high) for side in sides]
            size = (high - low) * (len(self._values) - low)
            clock.charge(Work.DICTIONARY_VALUES, size * sum(side.products + PASSES for side in sides))
            here, others = self._begins[first:last] - low, self._begins[first:] - low
            best = [np.maximum.reduceat(np.maximum.reduceat(one, others, axis=1), here) for one in gains]
            most = np.add.reduce(best)
            for tree in range(first, last):
                begin, end = int(self._begins[tree]) - low, int(self._ends[tree]) - low
                yield Gains(tree, most[tree - first, tree - first :], [one[begin:end, begin:] for one in gains])
            first = last

    def theta(self, operation: Operation, background: int, gains: Gains, second: int) -> np.ndarray:
        """Constants (2, G, P) to start from: the best for all blocks, and the best for each."""
        low, high = (int(one[second] - self._begins[gains.first]) for one in (self._begins, self._ends))
        each = [one[:, low:high] for one in gains.blocks]
        together = int(np.add.reduce(each).argmax())
        found = []
        for places in ([together] * len(each), [int(one.argmax()) for one in each]):
            pairs = [divmod(place, high - low) for place in places]
            theta = [np.concatenate([self._theta[gains.first][i], self._theta[second][j]]) for i, j in pairs]
            if operation.constants:
                weights = [
                    self._weight(int(self._begins[gains.first]) + i, int(self._begins[second]) + j, background, part)
                    for (i, j), part in zip(pairs, self.blocks, strict=True)
                ]
                theta = np.column_stack([theta, weights])
            found.append(theta)
        return np.array(found)

    def _weight(self, first: int, second: int, background: int, part: slice) -> float:
        """The coefficient of a column in units of that of another."""
        rows = self.rows.take(part)
        columns = rows.beside(rows.root * self._values[[first, second], part], background)[1]
        size = np.linalg.norm(columns, axis=1)
        if not (size > 0).all():
            return 0.0
        one, other = np.linalg.lstsq((columns / size[:, None]).T, rows.y, rcond=PARALLEL)[0]
        least = PARALLEL * abs(other) or 1.0
        one = one if abs(one) > least else math.copysign(least, one)
        return float(other / one * size[0] / size[1])


def _short(branch: Branch) -> bool:
    """Whether a tree has one operation at most: these are few, and any of their starts may be used."""
    return all(child.operation is None for child in branch.tree.children)


class _Sums:
    """Sums of two columns in one block.

    Columns of unit length beside the background, with shares a and b of y and the product g, take away
    ``(a^2 - 2 a b g + b^2)/(1 - g^2)``; in double precision, since little may be left.
    """

    def __init__(self, values: np.ndarray, rows: EnumeratedRows, background: int) -> None:
        columns = rows.root * values
        left = rows.beside(columns, background)[1]
        size = np.linalg.norm(left, axis=1)
        told = size > PARALLEL * np.linalg.norm(columns, axis=1)
        self._unit = left / np.where(told, size, np.inf)[:, None]
        self._share = self._unit @ rows.beside(rows.y, background)[1]
        self.products = 2 * len(rows.y)

    def gains(self, low: int, high: int) -> np.ndarray:
        """Gains of some columns with all from the first of them on."""
        product = self._unit[low:high] @ self._unit[low:].T
        a, b = self._share[low:high, None], self._share[None, low:]
        new = 1 - product**2
        product *= -2 * b
        product += a
        product *= a
        product += b**2
        return np.where(new > PARALLEL, product / new, a**2)


class _Products:
    """Products of two columns in one block, in units of the largest value of each."""

    def __init__(self, values: np.ndarray, rows: EnumeratedRows, background: int) -> None:
        self._values = (values / np.abs(values).max(1, keepdims=True)).astype(np.float32)
        self._square = self._values**2
        self._root = rows.root.astype(np.float32)
        self._y = self._root * rows.beside(rows.y, background)[1].astype(np.float32)
        self._beside = [self._root * one.astype(np.float32) for one in rows.background[0][:background]]
        self.products = len(rows.y) * (2 + background)

    def gains(self, low: int, high: int) -> np.ndarray:
        """Gains of some columns with all from the first of them on."""
        here, others = self._values[low:high], self._values[low:].T
        whole = (self._square[low:high] * self._root**2) @ self._square[low:].T
        new = whole.copy() if self._beside else whole
        for one in self._beside:
            new -= ((here * one) @ others) ** 2
        share = (here * self._y) @ others
        return share**2 / np.where(new > np.maximum(ALONE * whole, LEAST), new, np.inf)
