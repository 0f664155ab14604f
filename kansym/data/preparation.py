"""What is done to a table before anything is fitted to it: copies of rows merged, rows in canonical order, and some of
them held out, chosen by what the rows hold and not by where they stand."""

from dataclasses import dataclass, replace

import numpy as np

from kansym.data.dataset import Dataset
from kansym.data.noise import noise_floor
from kansym.errors import Argument, ArgumentError, DataError

MINIMUM_ROWS = 20
"""Below this many rows none is held out: too few would be left on either side. For the same reason, no input is held
out as a whole where there are fewer different ones."""


@dataclass(frozen=True, eq=False)
class Prepared:
    """A table as searches take it.

    Attributes
    ----------
    table : Dataset
        As of `canonical_table`.
    train, validation : ndarray of int
        Rows of `table`, as of `split`.
    noise_floor : float
        Smallest meaningful residual, in the units of y, as of `kansym.data.noise.noise_floor`.
    """

    table: Dataset
    train: np.ndarray
    validation: np.ndarray
    noise_floor: float


def prepare(dataset: Dataset, *, validation_fraction: float, seed: int | np.random.Generator) -> Prepared:
    """The table in canonical form with its split and its noise floor; arguments and errors as of `split`."""
    table = canonical_table(dataset)
    train, validation = split(table, validation_fraction=validation_fraction, seed=seed)
    return Prepared(table, train, validation, noise_floor(table))


def canonical_table(dataset: Dataset) -> Dataset:
    """The dataset without copies of rows and rows of zero weight, in `canonical_order`: one for all orders of its rows.

    Returns
    -------
    Dataset
        The same object where it has this form already, which is seen in one pass over the rows.

    Raises
    ------
    DataError
        If no row has a positive weight.
    """
    if _is_canonical(dataset):
        return dataset
    table = merge_copies(dataset)
    return table.take(canonical_order(table.X, table.y))


def _is_canonical(dataset: Dataset) -> bool:
    """Whether every row comes strictly after the one before, so that none is a copy; not so by y_error alone."""
    if not dataset.X.flags.c_contiguous or not dataset.y.flags.c_contiguous:
        return False
    if dataset.sample_weight is not None and not (dataset.sample_weight > 0).all():
        return False
    tied = np.ones(dataset.n_rows - 1, dtype=bool)
    for column in (*dataset.X.T, dataset.y):
        before, after = column[:-1], column[1:]
        if (tied & (before > after)).any():
            return False
        tied &= before == after
    return not tied.any()


def merge_copies(dataset: Dataset) -> Dataset:
    """The dataset with exact copies of a row merged into one and rows of zero weight left out.

    A row twice and a row of weight two then are the same table, and a copy of a training row cannot sit among the
    held-out rows. Rows with equal inputs but different y are measurements repeated and stay apart.

    Parameters
    ----------
    dataset : Dataset

    Returns
    -------
    Dataset
        The same object when there is nothing to do; otherwise in sorted order, with a note.

    Raises
    ------
    DataError
        If no row has a positive weight.
    """
    weight = dataset.sample_weight
    if weight is not None and not (weight > 0).all():
        kept = weight > 0
        if not kept.any():
            raise DataError("sample_weight is zero for every row; give at least two rows a positive weight")
        without = int((~kept).sum())
        dataset = replace(dataset.take(kept), notes=(*dataset.notes, f"Left out {without} rows of weight zero."))
        weight = dataset.sample_weight
    parts = [dataset.X, dataset.y[:, None]]
    if dataset.y_error is not None:
        parts.append(dataset.y_error[:, None])
    if dataset.y_sides is not None:
        parts.append(dataset.y_sides.T)
    if dataset.x_error is not None:
        parts.append(dataset.x_error)
    # -0.0 equals 0.0 but has other bits; adding zero removes the sign.
    table = np.hstack(parts) + 0.0
    _, first, group = np.unique(table, axis=0, return_index=True, return_inverse=True)
    copies = len(table) - len(first)
    if copies == 0:
        return dataset
    counts = np.bincount(group.reshape(-1), weights=weight)
    note = f"Merged {copies} exact copies of rows into the rows they copy, with their weights added."
    return replace(dataset.take(first), sample_weight=counts.astype(np.float64), notes=(*dataset.notes, note))


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
    since its neighbours give away the mean of y there. Where there are fewer than 20 different inputs, with many
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
        raise ArgumentError(
            Argument("validation_fraction"), f" must be at least 0 and below 1, got {validation_fraction!r}"
        )
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
