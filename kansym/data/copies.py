"""Rows that say the same: copies become one row with their weights added, rows without weight go."""

from dataclasses import replace

import numpy as np

from kansym.data.dataset import Dataset
from kansym.errors import DataError


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
