"""Compositions: a tree of operations times a monomial, beside a background, with its constants fitted.

Constants of the tree move by Levenberg-Marquardt, with the coefficients of the tree and of the background in closed
form (variable projection; Golub and Pereyra 1973, doi:10.1137/0710036). All starts move together, each for itself, and
may have rows of their own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from kansym import clock
from kansym.clock import Work
from kansym.terms.trees import Tree

LARGEST_OFFSET = 2e3
"""In units of y's root mean square: a tree and an offset that cancel imitate others, as tanh far out does exp."""

VALUE_COST, STEP_COST, TREE_COST = 8e-5, 1.0, 0.75
"""What a value, a step of all trees together, and one of each tree cost, in small fits."""

Key = tuple[Tree, int, int]
"""A tree, the number of its monomial, and columns of the background that stand beside it: an offset, and a slope."""


@dataclass(frozen=True, eq=False)
class EnumeratedRows:
    """Columns (d, n), y times root weights of mean square one, root weights, and the monomials (M, n).

    Fits with rows of their own have one more axis before the last, of length S.
    """

    columns: np.ndarray
    y: np.ndarray
    root: np.ndarray
    monomials: np.ndarray

    @property
    def number(self) -> int:
        return len(self.y)

    @cached_property
    def background(self) -> tuple[np.ndarray, np.ndarray]:
        """Orthonormal rows (..., K, n) that span an offset and, of one input, a slope; and the triangle of these."""
        plain = [np.ones_like(self.y), *(self.columns if len(self.columns) == 1 else ())]
        rows, triangle = np.linalg.qr(np.stack([self.root * one for one in plain], axis=-1))
        return np.swapaxes(rows, -1, -2), triangle

    def beside(self, array: np.ndarray, columns: int) -> tuple[np.ndarray, np.ndarray]:
        """What so many columns of the background take away of an array (..., n), by their coefficients, and what
        they leave."""
        if not columns:
            return np.zeros((*array.shape[:-1], 0)), array
        rows = self.background[0][..., :columns, :]
        if array.ndim >= rows.ndim:
            shares = array @ np.swapaxes(rows, -1, -2)
            return shares, array - shares @ rows
        shares = (rows @ array[..., None])[..., 0]
        return shares, array - (shares[..., None, :] @ rows)[..., 0, :]

    def take(self, rows: np.ndarray | slice) -> "EnumeratedRows":
        return EnumeratedRows(self.columns[:, rows], self.y[rows], self.root[rows], self.monomials[:, rows])


@dataclass(frozen=True, eq=False)
class State:
    """Fits at some constants: residuals (S, n), their derivatives (S, P, n) with the other sign less what coefficients
    absorb, those of the tree and of the background (S, 1 + K), and sums of squares (S,)."""

    residual: np.ndarray
    slopes: np.ndarray
    coefficients: np.ndarray
    square: np.ndarray

    def where(self, better: np.ndarray, other: "State") -> "State":
        """The others where those are better."""
        return State(
            np.where(better[:, None], other.residual, self.residual),
            np.where(better[:, None, None], other.slopes, self.slopes),
            np.where(better[:, None], other.coefficients, self.coefficients),
            np.where(better, other.square, self.square),
        )

    def some(self, kept: np.ndarray | slice) -> "State":
        return State(self.residual[kept], self.slopes[kept], self.coefficients[kept], self.square[kept])

    def put(self, place: np.ndarray, other: "State") -> None:
        """Take over the others at these places."""
        self.residual[place], self.slopes[place] = other.residual, other.slopes
        self.coefficients[place], self.square[place] = other.coefficients, other.square


@dataclass(frozen=True, eq=False)
class _Batch:
    """Trees of as many constants on backgrounds as large, each with some of the starts, one after the other."""

    keys: list[Key]
    starts: np.ndarray

    @property
    def first(self) -> np.ndarray:
        """The first start of each."""
        return np.concatenate([[0], np.cumsum(self.starts)[:-1]])

    def some(self, kept: np.ndarray) -> "_Batch":
        return _Batch([key for key, keep in zip(self.keys, kept, strict=True) if keep], self.starts[kept])

    def state(self, theta: np.ndarray, rows: EnumeratedRows) -> State:
        """Fits at constants (S, P) of all starts."""
        n, (starts, constants) = rows.y.shape[-1], theta.shape
        values, slopes = np.empty((starts, n)), np.empty((starts, constants, n))
        for (tree, monomial, _), first, number in zip(self.keys, self.first, self.starts, strict=True):
            own, factor = slice(first, first + number), rows.root * rows.monomials[monomial]
            value, derivatives = tree.values_and_slopes(rows.columns, theta[own])
            values[own] = factor * value
            for k, derivative in enumerate(derivatives):
                slopes[own, k] = factor * derivative
        of_trees = TREE_COST * len(self.keys) + VALUE_COST * values.size * (constants + 1)
        clock.charge(Work.SMALL_FITS, STEP_COST + of_trees)
        return _projected(values, slopes, rows, self.keys[0][2])


def descend(
    trees: Sequence[tuple[Key, np.ndarray]], rows: EnumeratedRows, steps: int
) -> list[tuple[np.ndarray, State]]:
    """Constants by Levenberg-Marquardt on what the coefficients leave, each start for itself.

    Parameters
    ----------
    trees : sequence of (Key, ndarray (S, P))
        With constants to start from: as many of them, and columns of the background, in all trees.
    rows : EnumeratedRows
        Those of each start only for one tree.
    steps : int
        At most.

    Returns
    -------
    list of (ndarray (S, P), State)
        Of each tree.
    """
    batch = _Batch([key for key, _ in trees], np.array([len(theta) for _, theta in trees]))
    theta, number = np.concatenate([theta for _, theta in trees]), batch.starts
    with np.errstate(all="ignore"):
        state, damping = batch.state(theta, rows), np.full(len(theta), 1e-2)
        going = np.ones(len(trees), dtype=bool)
        for _ in range(steps if theta.shape[1] else 0):
            some, mine = batch.some(going), np.repeat(going, number)
            theta[mine], after, damping[mine], ended = _step(some, theta[mine], state.some(mine), damping[mine], rows)
            state.put(mine, after)
            going[going] = ~np.logical_and.reduceat(ended, some.first)
            if not going.any():
                break
    places = [slice(first, first + count) for first, count in zip(batch.first, number, strict=True)]
    return [(theta[place], state.some(place)) for place in places]


def _step(
    batch: _Batch, theta: np.ndarray, state: State, damping: np.ndarray, rows: EnumeratedRows
) -> tuple[np.ndarray, State, np.ndarray, np.ndarray]:
    """Constants, state and damping of each start after one step, and whether it has ended."""
    normal = state.slopes @ state.slopes.transpose(0, 2, 1)
    # In units of each constant, which may differ by many orders of magnitude.
    scale = np.sqrt(normal.diagonal(axis1=1, axis2=2))
    scale = np.where(scale > 0, scale, 1.0)
    system = normal / (scale[:, :, None] * scale[:, None])
    system = system + (damping[:, None, None] + 1e-12) * np.eye(theta.shape[1])
    gradient = state.slopes @ state.residual[:, :, None] / scale[:, :, None]
    sound = np.isfinite(system).all((1, 2)) & np.isfinite(gradient).all((1, 2)) & np.isfinite(state.square)
    step = np.linalg.solve(
        np.where(sound[:, None, None], system, np.eye(theta.shape[1])),
        np.where(sound[:, None, None], gradient, 0.0),
    )
    moved = theta + step[:, :, 0] / scale
    trial = batch.state(moved, rows)
    better = sound & (trial.square < state.square)
    ended = ~better & (damping > 1e6) | better & (state.square - trial.square < 1e-9 * trial.square) | ~sound
    damping = np.where(better, np.maximum(0.2 * damping, 1e-12), 8 * damping)
    return np.where(better[:, None], moved, theta), state.where(better, trial), damping, ended


def _projected(values: np.ndarray, slopes: np.ndarray, rows: EnumeratedRows, background: int) -> State:
    """Fits of columns (S, n) with derivatives (S, P, n): coefficients in closed form, and what they leave."""
    # What the background takes away of the column and of y.
    level, y = rows.beside(rows.y, background)
    shift, column = rows.beside(values, background)
    size = np.linalg.norm(column, axis=1)
    direction = column / size[:, None]
    share = (direction[:, None] @ y[..., None])[:, 0, 0]
    residual, first = y - share[:, None] * direction, share / size
    J = rows.beside(first[:, None, None] * slopes, background)[1]
    J -= (J @ direction[:, :, None]) * direction[:, None]
    others = level - first[:, None] * shift
    largest = LARGEST_OFFSET * np.linalg.norm(rows.root, axis=-1)[..., None]
    sound = np.isfinite(J).all((1, 2)) & (np.abs(others) < largest).all(1)
    square = np.where(sound, np.square(residual).sum(1), np.inf)
    triangle = rows.background[1][..., :background, :background]
    return State(
        residual,
        J,
        np.column_stack([first, np.linalg.solve(triangle, others[:, :, None])[:, :, 0]]),
        np.where(np.isnan(square), np.inf, square),
    )
