"""Which rows all tools fit, and which none of them sees."""

from dataclasses import dataclass

import numpy as np

from kansym.data.dataset import Dataset
from kansym.data.preparation import MINIMUM_ROWS, split
from kansym.data.ranks import average_ranks

HELD_OUT = 0.2
"""Share of the rows held out at random."""

OUTERMOST = 0.1
"""Share of the rows held out at the edges of the box, for the error beyond it."""

ROWS_FOR_EDGES = 50
"""Rows below which none is held out at the edges: too few would be left to find a law in."""


@dataclass(frozen=True, eq=False)
class Split:
    """Row indices, disjoint.

    Attributes
    ----------
    fitted : ndarray of int
        For all tools; each holds out rows of its own among them as it likes.
    held_out : ndarray of int
        Drawn at random; empty below 20 rows.
    beyond : ndarray of int
        Outside the box of the others in at least one column; empty below 50 rows.
    """

    fitted: np.ndarray
    held_out: np.ndarray
    beyond: np.ndarray

    @classmethod
    def of(cls, dataset: Dataset, *, seed: int) -> "Split":
        """Rows equal in all inputs stay together, as in `kansym.data.preparation.split`."""
        n = dataset.n_rows
        none = np.arange(0)
        if n < MINIMUM_ROWS:
            return cls(np.arange(n), none, none)
        beyond = _edges(dataset.X) if n >= ROWS_FOR_EDGES else none
        rest = np.setdiff1d(np.arange(n), beyond)
        train, held = split(dataset.take(rest), validation_fraction=HELD_OUT, seed=seed)
        fitted, held = np.sort(rest[train]), np.sort(rest[held])
        # What lies inside the box of the fitted rows after all tells nothing of the world beyond it.
        low, high = dataset.X[fitted].min(axis=0), dataset.X[fitted].max(axis=0)
        outside = ((dataset.X[beyond] < low) | (dataset.X[beyond] > high)).any(axis=1)
        return cls(np.sort(np.concatenate([fitted, beyond[~outside]])), held, beyond[outside])

    @classmethod
    def all_rows(cls, n: int) -> "Split":
        """Nothing held out, for a run that has seen all rows."""
        return cls(np.arange(n), np.arange(0), np.arange(0))


def _edges(X: np.ndarray) -> np.ndarray:
    """The outermost rows: by the rank of a value among its column's, so that no scale of a column decides."""
    ranks = average_ranks(X)
    # Columns of few levels have no edge to speak of: their outermost rows are a large part of the table.
    varied = np.array([len(np.unique(column)) >= MINIMUM_ROWS for column in X.T])
    if not varied.any():
        return np.arange(0)
    position = np.abs(2 * (ranks[:, varied] - 0.5) / len(X) - 1).max(axis=1)
    # Ties by the contents of the rows, so that the order of the rows decides nothing.
    order = np.lexsort((*X.T, -position))
    return np.sort(order[: int(OUTERMOST * len(X))])
