"""Compositions: a tree of operations times a monomial, beside a background, with its constants fitted.

Constants of the tree move by Levenberg-Marquardt, with the coefficients of the tree and of the background in closed
form (variable projection; Golub and Pereyra 1973, doi:10.1137/0710036). All starts move together, each for itself, and
may have rows of their own.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from kansym import clock
from kansym.clock import Work
from kansym.terms.trees import Tree

LARGEST_OFFSET = 2e3
"""In units of y's root mean square: a tree and an offset that cancel imitate others, as tanh far out does exp."""

VALUE_COST, STEP_COST = 8e-5, 1.7
"""What a value and a step cost, in small fits."""

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
class _State:
    """Fits at some constants: residuals (S, n), their derivatives (S, P, n) with the other sign less what coefficients
    absorb, those of the tree and of the background (S, 1 + K), and sums of squares (S,)."""

    residual: np.ndarray
    slopes: np.ndarray
    coefficients: np.ndarray
    square: np.ndarray

    def where(self, better: np.ndarray, other: "_State") -> "_State":
        """The others where those are better."""
        return _State(
            np.where(better[:, None], other.residual, self.residual),
            np.where(better[:, None, None], other.slopes, self.slopes),
            np.where(better[:, None], other.coefficients, self.coefficients),
            np.where(better, other.square, self.square),
        )


@np.errstate(all="ignore")
def descend(key: Key, theta: np.ndarray, rows: EnumeratedRows, steps: int) -> tuple[np.ndarray, _State]:
    """Constants (S, P) by Levenberg-Marquardt on what the coefficients leave, each start for itself."""
    state, damping = _state(key, theta, rows), np.full(len(theta), 1e-2)
    for _ in range(steps if theta.shape[1] else 0):
        normal = state.slopes @ state.slopes.transpose(0, 2, 1)
        # In units of each constant, which may differ by many orders of magnitude.
        scale = np.sqrt(normal.diagonal(axis1=1, axis2=2))
        scale = np.where(scale > 0, scale, 1.0)
        system = normal / (scale[:, :, None] * scale[:, None])
        system = system + (damping[:, None, None] + 1e-12) * np.eye(theta.shape[1])
        gradient = state.slopes @ state.residual[:, :, None] / scale[:, :, None]
        sound = np.isfinite(system).all((1, 2)) & np.isfinite(gradient).all((1, 2)) & np.isfinite(state.square)
        if not sound.any():
            break
        step = np.linalg.solve(
            np.where(sound[:, None, None], system, np.eye(theta.shape[1])),
            np.where(sound[:, None, None], gradient, 0.0),
        )
        moved = theta + step[:, :, 0] / scale
        trial = _state(key, moved, rows)
        better = sound & (trial.square < state.square)
        ended = ~better & (damping > 1e6) | better & (state.square - trial.square < 1e-9 * trial.square) | ~sound
        theta, state = np.where(better[:, None], moved, theta), state.where(better, trial)
        damping = np.where(better, np.maximum(0.2 * damping, 1e-12), 8 * damping)
        if ended.all():
            break
    return theta, state


def _state(key: Key, theta: np.ndarray, rows: EnumeratedRows) -> _State:
    tree, monomial, background = key
    clock.charge(Work.SMALL_FITS, STEP_COST + VALUE_COST * len(theta) * rows.y.shape[-1] * (tree.constants + 1))
    values, slopes = tree.values_and_slopes(rows.columns, theta)
    factor = rows.root * rows.monomials[monomial]
    # What the background takes away of the column and of y.
    level, y = rows.beside(rows.y, background)
    shift, column = rows.beside(factor * values, background)
    size = np.linalg.norm(column, axis=1)
    direction = column / size[:, None]
    share = (direction[:, None] @ y[..., None])[:, 0, 0]
    residual, first = y - share[:, None] * direction, share / size
    J = np.zeros((len(theta), tree.constants, y.shape[-1]))
    for k, slope in enumerate(slopes):
        J[:, k] = first[:, None] * factor * slope
    J = rows.beside(J, background)[1]
    J -= (J @ direction[:, :, None]) * direction[:, None]
    others = level - first[:, None] * shift
    largest = LARGEST_OFFSET * np.linalg.norm(rows.root, axis=-1)[..., None]
    sound = np.isfinite(J).all((1, 2)) & (np.abs(others) < largest).all(1)
    square = np.where(sound, np.square(residual).sum(1), np.inf)
    triangle = rows.background[1][..., :background, :background]
    return _State(
        residual,
        J,
        np.column_stack([first, np.linalg.solve(triangle, others[:, :, None])[:, :, 0]]),
        np.where(np.isnan(square), np.inf, square),
    )
