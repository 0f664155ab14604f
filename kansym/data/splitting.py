"""Training and validation rows, chosen by what the rows hold and not by where they stand."""

import numpy as np

from kansym.data.dataset import Dataset
from kansym.errors import ArgumentError

MINIMUM_ROWS = 20
"""Below this many rows none is held out: too few would be left on either side. For the same reason, no input is held
out as a whole where there are fewer different ones."""


def canonical_order(X: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Permutation that sorts the rows by the first column, then the second, ..., then y.

    ``X[order], y[order]`` is the same table for every order of the rows, so sums over it round the same way.

    Parameters
    ----------
    X : ndarray, shape (n, d)
    y : ndarray, shape (n,)

    Returns
    -------
    ndarray of int, shape (n,)
    """
    return np.lexsort((y, *X.T[::-1]))


def split(
    dataset: Dataset, *, validation_fraction: float = 0.2, seed: int | np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Choose rows at random for training and validation, whatever the order of the rows.

    The rows are sorted by their contents before the random choice, so a shuffled table gives the same two sets. Rows
    equal in all inputs stay together: a copy of a training row validates nothing, and a repeated measurement little,
    since its neighbours told the mean of y there. Where there are fewer than 20 different inputs, with many
    measurements each, only rows equal in the target as well stay together: every input is needed to train on.

    Parameters
    ----------
    dataset : Dataset
    validation_fraction : float, optional
        Share of the rows to hold out, 0 <= fraction < 1. Default 0.2; 0 holds out none.
    seed : int or numpy Generator
        Source of the random choice.

    Returns
    -------
    train, validation : ndarray of int
        Row indices in `canonical_order`. `validation` is empty for fewer than 20 rows: use leave-one-out there.

    Raises
    ------
    ArgumentError
        If `validation_fraction` is out of range.
    """
    if not 0.0 <= validation_fraction < 1.0:
        raise ArgumentError(f"validation_fraction must be at least 0 and below 1, got {validation_fraction!r}")
    order = canonical_order(dataset.X, dataset.y)
    wanted = round(validation_fraction * len(order))
    if len(order) < MINIMUM_ROWS or wanted == 0:
        return order, order[:0]
    X, y = dataset.X[order], dataset.y[order]
    starts = np.concatenate([[True], (X[1:] != X[:-1]).any(axis=1)])
    if starts.sum() < MINIMUM_ROWS:
        starts[1:] |= y[1:] != y[:-1]
    group = np.cumsum(starts) - 1
    sizes = np.bincount(group)
    shuffled = np.random.default_rng(seed).permutation(len(sizes))
    chosen = shuffled[np.cumsum(sizes[shuffled]) <= wanted]
    if len(chosen) == 0:  # the first group alone is too large: take the first one that leaves half to train on
        chosen = shuffled[sizes[shuffled] <= len(order) // 2][:1]
    held_out = np.isin(group, chosen)
    return order[~held_out], order[held_out]


def thinned(rows: np.ndarray, most: int) -> np.ndarray:
    """At most `most` of some row indices, evenly spaced: the rows are sorted, so all of the box stays covered."""
    if len(rows) <= most:
        return rows
    return rows[np.linspace(0, len(rows) - 1, most).round().astype(np.int64)]
