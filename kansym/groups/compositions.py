"""Compositions of few operations, looked for on the rows of all groups together.

A group of thirty rows does not tell one composition from a hundred others, and all rows together do not follow any one
where constants differ. So trees are scored group by group, each with constants of its own, and what they leave is added
up; and the best are fitted so.
"""

import math
from collections.abc import Iterator, Sequence

import numpy as np
import sympy

from kansym.groups.sums import chosen_rows
from kansym.groups.table import GroupedTable
from kansym.primitives.allowed import AllowedFunctions
from kansym.terms.compositions import EnumeratedRows, Key, descend
from kansym.terms.enumeration import STEPS, Composition, Enumeration

TOGETHER, APART = 3, 3
"""Constants to start from: those that are best for all groups, and those that are best for each."""

LEAST_CURVATURE = 1e-10
"""Of a direction of the constants, in units of the largest, that the rows determine."""


class GroupedEnumeration(Enumeration):
    """The search for compositions in one table with groups.

    Parameters
    ----------
    table : GroupedTable
    noise : float
        Standard deviation of y in units of each group's own root mean square, where it is known, else 0.
    allowed : AllowedFunctions, optional
    seed : int, default 0
        Of the rows of large groups.

    Attributes
    ----------
    groups : list of int
        Those that are searched.
    """

    finished = 40

    def __init__(
        self, table: GroupedTable, noise: float, allowed: AllowedFunctions | None = None, *, seed: int = 0
    ) -> None:
        dataset = table.dataset
        self.groups, chosen, self.counts = chosen_rows(table, seed)
        root = np.ones(len(chosen)) if dataset.y_error is None else 1.0 / dataset.y_error[chosen]
        y, ends = dataset.y[chosen].copy(), np.cumsum(self.counts)
        blocks = [slice(int(end - count), int(end)) for end, count in zip(ends, self.counts, strict=True)]
        # Each group in units of its own, so that they count alike.
        self.sizes = np.ones(len(blocks))
        for g, part in enumerate(blocks):
            root[part] /= math.sqrt(float(np.mean(root[part] ** 2)))
            self.sizes[g] = math.sqrt(float(np.mean((root[part] * y[part]) ** 2))) or 1.0
            y[part] /= self.sizes[g]
        weights = root**2
        super().__init__(
            dataset.X[chosen],
            y,
            table.variables,
            weights=weights,
            noise=noise,
            noisy=True,
            allowed=allowed,
            seed=seed,
            blocks=blocks,
        )
        self._padded = _padded(self.rows, blocks)
        self._repeated: dict[int, EnumeratedRows] = {}

    def expressions(self, until: float, *, few: float, handed: int, near: float) -> Iterator[list[sympy.Expr]]:
        """Formulas that differ in their constants, for each of `groups`; see `Enumeration.formulas`."""
        for one in self.compositions(until, few=few, handed=handed, near=near):
            yield [float(size) * self.expression(one, g) for g, size in enumerate(self.sizes)]

    def _starts(self, theta: np.ndarray, left: Sequence[np.ndarray]) -> np.ndarray:
        # (S, G, P)
        together = np.argsort(np.add.reduce(left), kind="stable")[:TOGETHER]
        apart = np.stack([np.argsort(block, kind="stable")[:APART] for block in left], axis=1)
        return theta[np.concatenate([np.repeat(together[:, None], len(left), axis=1), apart])]

    def _fit(self, key: Key, theta: np.ndarray, rows: EnumeratedRows, steps: int) -> Composition:
        """Constants (S, G, P) fitted; the best start of each group goes on."""
        starts, groups, constants = theta.shape
        moved, state = descend(key, theta.reshape(starts * groups, constants), self._repeat(starts), steps)
        squares, number = state.square.reshape(starts, groups), range(groups)
        best = squares.argmin(axis=0)
        square = float(squares[best, number].sum())
        theta = moved.reshape(theta.shape)[best, number]
        coefficients = state.coefficients.reshape(starts, groups, -1)[best, number]
        length = 0.5 * rows.number * math.log(square / rows.number + self.floor**2) + self._priced(key)
        if steps == STEPS[-1] and math.isfinite(square):
            length = self._shared_length(key, theta, coefficients, square)
        return Composition(length, square, key, theta[None], coefficients)

    def _shared_length(self, key: Key, theta: np.ndarray, coefficients: np.ndarray, square: float) -> float:
        """Nats of a composition with those constants shared that are best shared, as near its minimum.

        Where every group has constants of its own, all compositions of some length leave the noise; what is shared
        tells them apart. What sharing adds to the sum of squares is taken from its second derivatives.
        """
        tree, monomial, background = key
        rows = self._padded
        values, slopes = tree.values_and_slopes(rows.columns, theta)
        factor = rows.root * rows.monomials[monomial]
        plain = [np.ones_like(rows.y), *rows.columns][:background]
        columns = [*(coefficients[:, :1] * factor * slope for slope in slopes), factor * values]
        jacobian = np.stack([*columns, *(rows.root * one for one in plain)], axis=1)
        constants = np.column_stack([theta, coefficients])
        size = np.sqrt(np.square(jacobian).sum((0, 2)))
        if not (np.isfinite(size).all() and (size > 0).all()):
            return math.inf
        jacobian, constants = jacobian / size[:, None], constants * size
        curvature = jacobian @ jacobian.transpose(0, 2, 1) + LEAST_CURVATURE * np.eye(len(size))
        n, each = self.rows.number, 0.5 * float(np.log(self.counts).sum())
        words = self._priced(key) - 0.5 * math.log(n) * len(size)

        def length(shared: list[int]) -> float:
            rest = square + _sharing(curvature, constants, shared)
            own = len(size) - len(shared)
            return words + 0.5 * n * math.log(rest / n + self.floor**2) + 0.5 * math.log(n) * len(shared) + each * own

        shared, least = list[int](), length([])
        while len(shared) < len(size):
            lengths = {j: length([*shared, j]) for j in range(len(size)) if j not in shared}
            shared.append(min(lengths, key=lengths.__getitem__))
            least = min(least, lengths[shared[-1]])
        return least

    def _repeat(self, starts: int) -> EnumeratedRows:
        """The rows of each group for so many starts (..., S G, m)."""
        if starts not in self._repeated:
            rows = self._padded
            self._repeated[starts] = EnumeratedRows(
                *(np.tile(array, (starts, 1)) for array in (rows.columns, rows.y, rows.root, rows.monomials))
            )
        return self._repeated[starts]


def _padded(rows: EnumeratedRows, blocks: list[slice]) -> EnumeratedRows:
    """The rows of each block (..., G, m); where a block has fewer than others, its last without weight."""
    most = max(part.stop - part.start for part in blocks)
    places = np.array([[min(part.start + k, part.stop - 1) for k in range(most)] for part in blocks])
    there = np.array([[part.start + k < part.stop for k in range(most)] for part in blocks])
    return EnumeratedRows(
        rows.columns[:, places], rows.y[places] * there, rows.root[places] * there, rows.monomials[:, places]
    )


def _sharing(curvature: np.ndarray, constants: np.ndarray, shared: list[int]) -> float:
    """What the sum of squares, of second derivatives (G, K, K) at constants (G, K), gains where some are shared."""
    own = [j for j in range(constants.shape[1]) if j not in shared]
    rest = curvature[:, shared][:, :, shared]
    if not shared:
        return 0.0
    if own:
        cross = curvature[:, own][:, :, shared]
        rest = rest - cross.transpose(0, 2, 1) @ np.linalg.solve(curvature[:, own][:, :, own], cross)
    there = constants[:, shared, None]
    apart = there - np.linalg.solve(rest.sum(0), (rest @ there).sum(0))
    return max(float((apart.transpose(0, 2, 1) @ rest @ apart).sum()), 0.0)
