"""Columns of any origin, as float64, and rows without missing values."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from kansym.deferred import deferred_module
from kansym.errors import DataError

if TYPE_CHECKING:
    import pandas as pd
else:
    pd = deferred_module("pandas", globals(), "pd")

FORTRAN_EXPONENT = re.compile(r"^([+-]?(?:\d+\.?\d*|\.\d+))[dD]([+-]?\d+)$")
"""Numbers such as ``1.5D+03``, as Fortran programs write double precision."""

SHOWN_ROWS = 5
"""Rows with missing values that a message names."""

LONGEST_NAME = 80
"""Characters of a name that messages show."""


def is_constant(values: np.ndarray) -> bool:
    """Whether all values agree to rounding, relative to the largest, so that a column of 1e-30 is not a constant."""
    peak = float(np.max(np.abs(values)))
    if peak == 0.0:
        return True
    # Divided first: the difference of +1e308 and -1e308 overflows.
    scaled = values / peak
    return bool(np.max(scaled) - np.min(scaled) <= 4.0 * np.finfo(np.float64).eps)


def listing(values: Any, limit: int = 5) -> str:
    """The first few values, comma separated, with an ellipsis when there are more."""
    shown = ", ".join(str(value) for value in values[:limit])
    return f"{shown}, ..." if len(values) > limit else shown


def quoted(name: str) -> str:
    """A name for a message, in quotes, and cut where it is longer than a line."""
    return repr(name if len(name) <= LONGEST_NAME else f"{name[:LONGEST_NAME]}...")


def name_listing(names: Sequence[str]) -> str:
    """The first twenty names, for a message."""
    return listing([quoted(name) for name in names], 20)


def as_float_column(
    values: Any, label: str, row_numbers: np.ndarray | None = None, row_word: str = "row"
) -> np.ndarray:
    """Convert one column to float64; what is missing (None, NaN, masked) becomes NaN.

    Parameters
    ----------
    values : array-like, shape (n,)
        Numbers of any real type; a pandas or polars Series, a masked array and a torch tensor are accepted.
    label : str
        What to call the column in an error, e.g. ``"column 'v'"``.
    row_numbers : ndarray, shape (n,), optional
        The number of each row as the user counts them; 0, 1, ... by default.
    row_word : str, optional
        ``"row"``, or ``"line"`` for a text file.

    Raises
    ------
    DataError
        For complex numbers, dates and text; the message names the column, the row and the value.
    """
    if hasattr(values, "detach"):
        values = values.detach().cpu().numpy()
    if type(values) is np.ndarray:
        array = values
    elif isinstance(values, np.ma.MaskedArray):
        real = values.dtype.kind in "biuf"
        array = np.ma.filled(values.astype(np.float64), np.nan) if real else np.ma.filled(values)
    elif isinstance(values, pd.Series) and (
        pd.api.types.is_datetime64_any_dtype(values) or pd.api.types.is_timedelta64_dtype(values)
    ):
        array = np.empty(0, dtype="datetime64[ns]")
    elif isinstance(values, pd.Series):
        array = (
            values.to_numpy(dtype=np.float64, na_value=np.nan) if _is_real(values) else values.to_numpy(dtype=object)
        )
    else:
        array = np.asarray(values.to_numpy() if hasattr(values, "to_numpy") else values)
    kind = array.dtype.kind
    if kind == "c":
        raise DataError(
            f"Complex data not supported: {label} is complex; give its real and imaginary parts as two columns"
        )
    if kind in "mM":
        raise DataError(f"{label} holds dates or durations; convert it to numbers, e.g. seconds since the first row")
    if kind in "biuf":
        return np.array(array, dtype=np.float64)
    return _parse(array, label, row_numbers, row_word)


def _is_real(series: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(series) and not pd.api.types.is_complex_dtype(series)


def _parse(array: np.ndarray, label: str, row_numbers: np.ndarray | None, row_word: str) -> np.ndarray:
    """Numbers hidden in an object or string array; anything else is reported with its place."""
    if any(isinstance(value, (complex, np.complexfloating)) for value in array):
        raise DataError(f"Complex data not supported: {label} holds complex numbers; give real and imaginary parts")
    series = pd.Series(array, dtype=object).where(lambda column: ~column.isna(), None)
    numbers, bad = parse_numbers(series)
    if bad.any():
        position = int(np.argmax(bad))
        number = position if row_numbers is None else int(row_numbers[position])
        value = str(series.iloc[position])
        shown = value if len(value) <= 40 else value[:37] + "..."
        raise DataError(f"{label}, {row_word} {number}: {shown!r} is not a number; correct it or leave the column out")
    return numbers


def parse_numbers(series: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """Numbers of a column of objects, and a mask of the entries that are there but are no numbers.

    Returns
    -------
    numbers : ndarray, shape (n,)
        float64, NaN where missing or not a number.
    bad : ndarray of bool, shape (n,)
        True where an entry is present and is not a number.
    """
    numbers = _to_float(series)
    absent = series.isna().to_numpy(dtype=bool)
    bad = np.isnan(numbers) & ~absent
    if bad.any():
        text = pd.Series(series.to_numpy()[bad]).astype(str).str.strip()
        fixed = text.str.replace(FORTRAN_EXPONENT, r"\1e\2", regex=True)
        numbers[bad] = _to_float(fixed)
        bad[bad] = np.isnan(numbers[bad]) & ~text.str.lower().isin({"", "nan"}).to_numpy(dtype=bool)
    return numbers, bad


def _to_float(series: pd.Series) -> np.ndarray:
    return np.array(pd.Series(pd.to_numeric(series, errors="coerce")).to_numpy(dtype=np.float64, na_value=np.nan))


@dataclass
class MissingRows:
    """Missing values of a table that is looked at part after part.

    Attributes
    ----------
    dropped, rows : int
        Rows with a missing value, and all rows.
    columns : dict of int to (label, count, first rows)
        By the place of the column.
    """

    dropped: int = 0
    rows: int = 0
    columns: dict[int, tuple[Any, int, list[int]]] = field(default_factory=dict)

    def add(self, masks: Sequence[tuple[Any, np.ndarray]], keep: np.ndarray, row_numbers: np.ndarray) -> None:
        """Count the rows of a part, by what is there (n,) in each of the columns."""
        self.rows += len(keep)
        self.dropped += int((~keep).sum())
        for place, (label, mask) in enumerate(masks):
            if not mask.all():
                _, count, numbers = self.columns.get(place, (label, 0, []))
                found = row_numbers[~mask]
                self.columns[place] = (label, count + len(found), [*numbers, *found[: SHOWN_ROWS - len(numbers)]])

    def settle(self, drop_missing: bool) -> list[str]:
        """The note on what was dropped, if anything; otherwise as `finite_rows`."""
        guilty = [self.columns[place] for place in sorted(self.columns)]
        if not guilty:
            return []
        if not drop_missing:
            label, count, numbers = guilty[0]
            raise _missing(label, count, numbers, "row", " (counted from 0)")
        return [_dropped(self.dropped, self.rows, [label for label, *_ in guilty])]


def finite_rows(
    labelled: Sequence[tuple[Any, np.ndarray | None]],
    drop_missing: bool,
    row_numbers: np.ndarray | None = None,
    row_word: str = "row",
    notes: list[str] | None = None,
    counted: MissingRows | None = None,
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
    counted : MissingRows, optional
        For a part of a table: missing values are counted there and nothing is said about them yet.

    Raises
    ------
    DataError
        If values are missing and not to be dropped, or nothing would be left.
    """
    # Not by label: long names are cut in labels, and may then be the same.
    masks = [(label, np.isfinite(values)) for label, values in labelled if values is not None]
    keep = np.logical_and.reduce([mask for _, mask in masks])
    if counted is not None:
        assert row_numbers is not None
        counted.add(masks, keep, row_numbers)
        return keep
    if keep.all():
        return keep
    guilty = [(label, mask) for label, mask in masks if not mask.all()]
    if not drop_missing:
        label, mask = guilty[0]
        missing = np.flatnonzero(~mask)
        numbers = missing if row_numbers is None else row_numbers[missing]
        raise _missing(label, len(missing), numbers, row_word, " (counted from 0)" if row_numbers is None else "")
    dropped = int((~keep).sum())
    words = _dropped(dropped, len(keep), [label for label, _ in guilty])
    if notes is not None:
        notes.append(words)
    return keep


def _missing(label: Any, count: int, numbers: Any, row_word: str, counting: str) -> DataError:
    plural = "s" if count > 1 else ""
    first = (
        listing(numbers, SHOWN_ROWS)
        if len(numbers) == count or len(numbers) > SHOWN_ROWS
        else (f"{listing(numbers, SHOWN_ROWS)}, ...")
    )
    return DataError(
        label,
        f" has NaN or inf in {count} row{plural}, {row_word}{plural} {first}{counting};"
        " correct them or drop such rows with make_dataset(..., drop_missing=True) or --drop-missing",
    )


def _dropped(dropped: int, rows: int, labels: Sequence[Any]) -> str:
    """What was dropped, for a note.

    Raises
    ------
    DataError
        If nothing is left.
    """
    if dropped == rows:
        raise DataError(f"every row has a missing value ({listing(labels)}); nothing is left after dropping them")
    return f"Dropped {dropped} of {rows} rows with missing or infinite values in {listing(labels)}."
