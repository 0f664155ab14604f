"""Tables too long to be held at once: a sample of their rows, and all of them part after part.

What a table is searched on is a sample, one row from each of 50,000 stretches of the file and the rows that hold the
ends of the columns. What is measured on all rows are sums over them, which are taken part by part.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from kansym.data.checked_rows import checked_rows
from kansym.data.columns import MissingRows
from kansym.data.dataset import Dataset
from kansym.data.limits import MOST_ROWS
from kansym.data.row_files import RowFile
from kansym.data.table import RawTable, Roles, roles_of
from kansym.deferred import deferred_module
from kansym.errors import DataError

if TYPE_CHECKING:
    import pandas as pd
else:
    pd = deferred_module("pandas", globals(), "pd")

CHUNK = 2**17
"""Rows of a part: ten columns are some ten megabytes, and numpy's overhead is nothing beside them."""

RowsDone = Callable[[int, int], None]
"""Called with the rows that were read, and all rows."""


@dataclass(frozen=True, eq=False)
class LargeTable:
    """All rows of a file, checked.

    Attributes
    ----------
    file : RowFile
    roles : Roles
    names : tuple of str
        Inputs that are used.
    n_rows : int
        Rows without missing values.
    sha256 : str
    chunk : int
        Rows that are read at a time; it changes nothing but the memory that they take.
    """

    file: RowFile
    roles: Roles
    names: tuple[str, ...]
    n_rows: int
    sha256: str
    chunk: int = CHUNK

    def chunks(self) -> Iterator[tuple[np.ndarray, Dataset]]:
        """Numbers of some rows in the file, from 0, and the rows, part after part, in their order."""
        for _, rows in _checked(self.file, self.roles, self.chunk, MissingRows()):
            numbers = rows.pop("row_numbers")
            if rows["names"] != self.names:
                # Without the columns that say nothing.
                at, errors = [rows["names"].index(name) for name in self.names], rows["x_error"]
                rows |= {"X": rows["X"][:, at], "x_error": None if errors is None else errors[:, at]}
                rows["names"] = self.names
            if len(numbers):
                yield numbers, Dataset(**rows)


def read_large(
    file: RowFile,
    *,
    target: str | int,
    error: str | float | None = None,
    x_error: Mapping[str, str | float] | None = None,
    columns: Sequence[str | int] | None = None,
    drop_missing: bool = False,
    remove_constant: bool = True,
    seed: int = 0,
    progress: RowsDone | None = None,
    chunk: int = CHUNK,
) -> Dataset:
    """A sample of the rows of a file, with all of them behind it.

    Parameters
    ----------
    file : RowFile
    seed : int, default 0
        Which rows are taken; nothing else decides it.
    chunk : int, optional
        Rows that are held at a time.
    progress : callable, optional
        Called with the rows that were read, and all rows, part after part.
    target, error, x_error, columns, drop_missing, remove_constant
        As in `kansym.data.readers.read_table`.

    Returns
    -------
    Dataset
        At most `MOST_ROWS` rows in the order of the file, with `Dataset.whole`.

    Raises
    ------
    DataError
        As `kansym.data.readers.read_table`; all rows are looked at.
    """
    head = next(iter(file.parts(chunk)), None)
    if head is None:
        raise DataError(f"{file.path.name}: the table has a header but no rows of data")
    roles = roles_of(head, target=target, error=error, x_error=x_error, columns=columns)
    missing, taken, digest = MissingRows(), _Taken(file.n_rows, len(roles.inputs), seed), hashlib.sha256()
    for part, rows in _checked(file, roles, chunk, missing):
        taken.add(part, rows["row_numbers"], rows["X"])
        sides = rows["y_sides"]
        held = [rows["X"], rows["y"], rows["y_error"], rows["x_error"], None if sides is None else sides.T]
        # Row after row, so that it does not matter where a part ends.
        block = np.column_stack([values for values in held if values is not None])
        digest.update(np.ascontiguousarray(block, dtype="<f8").data)
        if progress is not None:
            progress(missing.rows, file.n_rows)
    try:
        notes = missing.settle(drop_missing)
    except DataError as failure:
        raise DataError(f"{roles.source}: ", *failure.args) from failure
    sample = roles.dataset(taken.table(head), remove_constant=remove_constant)
    rows = file.n_rows - missing.dropped
    if sample.n_rows < rows:
        words = "spread evenly over the file: what formulas are searched on; constants of what is found are of all."
        notes.append(f"A sample, {sample.n_rows} of {rows} rows, {words}")
    whole = LargeTable(file, roles, sample.names, rows, digest.hexdigest(), chunk)
    return replace(sample, notes=(*notes, *sample.notes), whole=whole)


def _checked(
    file: RowFile, roles: Roles, chunk: int, missing: MissingRows
) -> Iterator[tuple[RawTable, dict[str, Any]]]:
    """Parts of the file as they are, and their rows without missing values as `checked_rows` has them."""
    for part in file.parts(chunk):
        values = roles.values(part)
        try:
            yield part, checked_rows(**values, missing=missing)
        except DataError as failure:
            raise DataError(f"{roles.source}: ", *failure.args) from failure


class _Taken:
    """The rows of a sample: one of each of many stretches of the file, and the ends of the columns.

    Parameters
    ----------
    rows : int
        In all.
    columns : int
        Inputs.
    seed : int
    """

    def __init__(self, rows: int, columns: int, seed: int) -> None:
        edges = np.linspace(0, rows, min(max(MOST_ROWS - 2 * columns, 1), rows) + 1).astype(np.int64)
        places = np.random.default_rng(seed).random(len(edges) - 1)
        self.wanted = edges[:-1] + (places * np.diff(edges)).astype(np.int64)
        self.low, self.high = np.full(columns, np.inf), np.full(columns, -np.inf)
        self.ends = np.full((2, columns), -1)
        self.numbers: list[np.ndarray] = []
        self.parts: list[list[pd.Series]] = []

    def add(self, part: RawTable, numbers: np.ndarray, X: np.ndarray) -> None:
        """Take what is wanted of the rows of a part that have these numbers, and inputs (n, d)."""
        if not len(numbers):
            return
        assert part.row_numbers is not None
        for side, better in ((0, X.min(axis=0) < self.low), (1, X.max(axis=0) > self.high)):
            at = (X.argmax(axis=0) if side else X.argmin(axis=0))[better]
            (self.high if side else self.low)[better] = X[at, better]
            self.ends[side, better] = numbers[at]
        first, last = np.searchsorted(self.wanted, [numbers[0], numbers[-1] + 1])
        wanted = self.wanted[first:last]
        wanted = wanted[numbers[np.searchsorted(numbers, wanted)] == wanted]
        new = np.union1d(wanted, self.ends[(self.ends >= numbers[0]) & (self.ends <= numbers[-1])])
        self.numbers.append(new)
        places = new - part.row_numbers[0]
        self.parts.append([part.series(k).iloc[places] for k in range(len(part.columns))])

    def table(self, head: RawTable) -> RawTable:
        """The sample, with the headers of the first part."""
        numbers = np.concatenate([*self.numbers, np.zeros(0, dtype=np.int64)])
        # Some rows were the end of a column for a while only.
        kept = np.isin(numbers, self.wanted) | np.isin(numbers, self.ends)
        columns = [pd.concat(pieces, ignore_index=True)[kept] for pieces in zip(*self.parts, strict=True)]
        columns = [column.reset_index(drop=True) for column in columns]
        return replace(head, columns=columns, row_numbers=numbers[kept])
