"""Parquet and numpy files whose rows are read part after part, for tables too long to be held at once."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import numpy as np

from kansym.data.binary_tables import _OURS, _damaged, _series
from kansym.data.table import RawTable
from kansym.optional import optional_module

LARGEST_PART = 2**28
"""Bytes of a part, in the file's own types: rows with long texts are read fewer at a time."""


class RowFile(Protocol):
    """A file that can be read in parts."""

    @property
    def path(self) -> Path:
        """Where it is."""
        ...

    @property
    def n_rows(self) -> int:
        """Rows in all."""
        ...

    @property
    def headers(self) -> list[str]:
        """Of all columns."""
        ...

    def parts(self, rows: int) -> Iterator[RawTable]:
        """All rows in their order, at most so many at a time; each part knows the numbers of its rows, from 0."""
        ...


@dataclass(frozen=True)
class ParquetRows:
    """Rows of a Parquet file.

    Attributes
    ----------
    path : Path
    n_rows : int
    headers : list of str
    """

    path: Path
    n_rows: int
    headers: list[str]

    @classmethod
    def of(cls, path: Path) -> "ParquetRows":
        """A look at the end of the file, where it says what it holds."""
        parquet = optional_module("pyarrow.parquet", feature="Reading Parquet files", extra="io")
        try:
            with parquet.ParquetFile(path) as file:
                return cls(path, file.metadata.num_rows, [str(name) for name in file.schema_arrow.names])
        except _OURS:
            raise
        except Exception as failure:
            raise _damaged(path, "Parquet", failure) from failure

    def parts(self, rows: int) -> Iterator[RawTable]:
        parquet = optional_module("pyarrow.parquet", feature="Reading Parquet files", extra="io")
        first = 0
        try:
            with parquet.ParquetFile(self.path) as file:
                about = file.metadata
                size = sum(about.row_group(k).total_byte_size for k in range(about.num_row_groups))
                rows = _fewer(rows, size / max(self.n_rows, 1))
                # pyarrow holds what it was asked for until the last batch is out: a group of rows, and not the file.
                for group in range(about.num_row_groups):
                    for batch in file.iter_batches(batch_size=rows, row_groups=[group], use_threads=False):
                        columns = [batch.column(k).to_pandas() for k in range(batch.num_columns)]
                        yield _part(self, columns, first, len(batch))
                        first += len(batch)
        except _OURS:
            raise
        except Exception as failure:
            raise _damaged(self.path, "Parquet", failure) from failure


@dataclass(frozen=True)
class NpyRows:
    """Rows of a .npy file: a 2-D or a structured array.

    Attributes
    ----------
    path : Path
    n_rows : int
    headers : list of str
        ``x0, x1, ...`` for a 2-D array.
    dtype : numpy.dtype
    offset : int
        Bytes before the numbers.
    by_columns : bool
        Whether a 2-D array is stored column after column (Fortran's order).
    """

    path: Path
    n_rows: int
    headers: list[str]
    dtype: np.dtype = field(compare=False)
    offset: int
    by_columns: bool

    @classmethod
    def of(cls, path: Path) -> "NpyRows | None":
        """A look at the head; None for an array that is no table, and for damage: reading it all says that better."""
        try:
            with path.open("rb") as stream:
                version = np.lib.format.read_magic(stream)
                read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
                shape, by_columns, dtype = read(stream)
                offset = stream.tell()
        except PermissionError:
            raise
        except Exception:
            return None
        structured = dtype.names is not None and len(shape) == 1
        if dtype.hasobject or not (structured or len(shape) == 2):
            return None
        headers = list(dtype.names or ()) if structured else [f"x{k}" for k in range(shape[-1])]
        return cls(path, shape[0], headers, dtype, offset, by_columns and not structured)

    def parts(self, rows: int) -> Iterator[RawTable]:
        rows = _fewer(rows, self.dtype.itemsize * (1 if self.dtype.names else max(len(self.headers), 1)))
        with self.path.open("rb") as stream:
            for first in range(0, self.n_rows, rows):
                count = min(rows, self.n_rows - first)
                columns = [_series(column) for column in self._columns(stream, first, count)]
                yield _part(self, columns, first, count, named=self.dtype.names is not None)

    def _columns(self, stream: BinaryIO, first: int, count: int) -> list[np.ndarray]:
        # Read and not mapped: pages of a map count as memory of the process.
        if self.by_columns:
            places = range(len(self.headers))
            return [self._read(stream, place * self.n_rows + first, count) for place in places]
        if self.dtype.names is not None:
            rows = self._read(stream, first, count)
            return [np.ascontiguousarray(rows[name]) for name in self.dtype.names]
        width = len(self.headers)
        return list(self._read(stream, first * width, count * width).reshape(count, width).T)

    def _read(self, stream: BinaryIO, first: int, count: int) -> np.ndarray:
        start = self.offset + first * self.dtype.itemsize
        if start + count * self.dtype.itemsize > self.path.stat().st_size:
            raise _damaged(self.path, "npy", ValueError("it is shorter than it says"))
        stream.seek(start)
        return np.fromfile(stream, dtype=self.dtype, count=count)


def row_file(path: Path) -> RowFile | None:
    """The file, where it is of a kind that can be read in parts."""
    suffix = path.suffix.lower()
    return NpyRows.of(path) if suffix == ".npy" else ParquetRows.of(path) if suffix in (".parquet", ".pq") else None


def _fewer(rows: int, width: float) -> int:
    """At most so many rows of some bytes each as a part may have."""
    return max(1, min(rows, int(LARGEST_PART / max(width, 1))))


def _part(file: RowFile, columns: list[Any], first: int, count: int, *, named: bool = True) -> RawTable:
    numbers = np.arange(first, first + count)
    return RawTable(file.path.name, file.headers, columns, named=named, row_numbers=numbers, part=True)
