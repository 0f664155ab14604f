"""Rows with values that are missing or infinite."""

from collections.abc import Sequence

import numpy as np

from kansym.data.columns import listing
from kansym.errors import DataError


def finite_rows(
    labelled: Sequence[tuple[str, np.ndarray | None]],
    drop_missing: bool,
    row_numbers: np.ndarray | None = None,
    row_word: str = "row",
    notes: list[str] | None = None,
) -> np.ndarray:
    """Mask of the rows without missing values; what is dropped is added to `notes`.

    Parameters
    ----------
    labelled : sequence of (str, array or None)
        Columns and what messages call them.
    drop_missing : bool
        False makes missing values an error.
    row_numbers, row_word, notes
        As in `make_dataset`.

    Raises
    ------
    DataError
        If values are missing and not to be dropped, or nothing would be left.
    """
    # Not by label: long names are cut in labels, and may then be the same.
    masks = [(label, np.isfinite(values)) for label, values in labelled if values is not None]
    keep = np.logical_and.reduce([mask for _, mask in masks])
    if keep.all():
        return keep
    guilty = [(label, mask) for label, mask in masks if not mask.all()]
    labels = listing([label for label, _ in guilty])
    if not drop_missing:
        label, mask = guilty[0]
        missing = np.flatnonzero(~mask)
        numbers = missing if row_numbers is None else row_numbers[missing]
        counted = " (counted from 0)" if row_numbers is None else ""
        plural = "s" if len(missing) > 1 else ""
        raise DataError(
            f"{label} has NaN or inf in {len(missing)} row{plural}, {row_word}{plural} {listing(numbers)}{counted};"
            " correct them or drop such rows with make_dataset(..., drop_missing=True) or --drop-missing"
        )
    dropped = int((~keep).sum())
    if dropped == len(keep):
        raise DataError(f"every row has a missing value ({labels}); nothing is left after dropping them")
    if notes is not None:
        notes.append(f"Dropped {dropped} of {len(keep)} rows with missing or infinite values in {labels}.")
    return keep
