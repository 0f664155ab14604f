"""Tables in Parquet, HDF5 and numpy files."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from zipfile import ZipFile, is_zipfile

import numpy as np

from kansym.data.columns import listing
from kansym.data.limits import require_moderate_table
from kansym.data.table import RawTable
from kansym.deferred import deferred_module
from kansym.errors import DataError
from kansym.optional import optional_module

if TYPE_CHECKING:
    import pandas as pd
else:
    pd = deferred_module("pandas", globals(), "pd")

_OURS = (DataError, PermissionError, MemoryError)
"""What goes on to the caller. Everything else that comes out of a reader means damage: they raise whatever their
parsers happen to stumble over, such as a TokenError of numpy or a decompressor's own errors."""


def read_parquet(path: Path) -> RawTable:
    """Read a Parquet file."""
    parquet = optional_module("pyarrow.parquet", feature="Reading Parquet files", extra="io")
    try:
        with parquet.ParquetFile(path) as file:
            about = file.metadata
            size = sum(about.row_group(k).total_byte_size for k in range(about.num_row_groups))
            require_moderate_table(path.name, [(about.num_rows, about.num_columns)], size)
            table = file.read()
        columns = [table.column(k).to_pandas() for k in range(table.num_columns)]
        return RawTable(path.name, [str(name) for name in table.column_names], columns)
    except _OURS:
        raise
    except Exception as failure:
        raise _damaged(path, "Parquet", failure) from failure


def read_hdf5(path: Path, key: str | None) -> RawTable:
    """Read an HDF5 file: a 2-D dataset, a compound dataset, or a group with one 1-D dataset per column."""
    h5py = optional_module("h5py", feature="Reading HDF5 files", extra="io")
    try:
        with h5py.File(path, "r") as file:
            return _hdf5_table(h5py, path, file, key)
    except _OURS:
        raise
    except Exception as failure:
        raise _damaged(path, "HDF5", failure) from failure


def _hdf5_table(h5py: Any, path: Path, file: Any, key: str | None) -> RawTable:
    found: list[str] = []
    file.visititems(lambda name, node: found.append(name) if isinstance(node, h5py.Dataset) else None)
    groups = [name or "/" for name in dict.fromkeys(name.rpartition("/")[0] for name in found)]
    if not found:
        raise DataError(f"{path.name} holds no datasets")
    if key is None:
        tables = [name for name in found if file[name].ndim == 2 or file[name].dtype.names]
        if len(tables) == 1:
            key = tables[0]
        elif not tables and len(groups) == 1:
            key = groups[0]
        else:
            raise DataError(f"{path.name} holds several tables; name one with key: {listing(tables or groups, 20)}")
    if key not in file:
        raise DataError(f"{path.name} has no {key!r}; it holds {listing(found, 20)}")
    node = file[key]
    if isinstance(node, h5py.Dataset):
        return _from_array(path, _hdf5_array(path, node), f"dataset {key!r}")
    members = {name: child for name, child in node.items() if isinstance(child, h5py.Dataset)}
    if not members:
        raise DataError(f"{path.name}: group {key!r} holds no datasets; datasets: {listing(found, 20)}")
    units = {name: _text(child.attrs["units"]) for name, child in members.items() if "units" in child.attrs}
    return _from_columns(
        path, {name: _hdf5_array(path, child) for name, child in members.items()}, f"group {key!r}", units
    )


def _hdf5_array(path: Path, node: Any) -> np.ndarray:
    """A dataset, unless it is too large; one that was never written takes no place in the file."""
    if node.shape is None:
        raise DataError(f"{path.name}: dataset {node.name!r} is empty")
    require_moderate_table(path.name, [node.shape], node.size * node.dtype.itemsize)
    return node[()]


def read_npy(path: Path) -> RawTable:
    """Read a .npy file: a 2-D or a structured array. Pickled objects are refused."""
    return _from_array(path, _load(path, "npy", None)[""], "array")


def read_npz(path: Path, key: str | None) -> RawTable:
    """Read a .npz file: one 1-D array per column, or one 2-D array. Pickled objects are refused."""
    arrays = _load(path, "npz", key)
    if not arrays:
        raise DataError(f"{path.name} holds no arrays")
    tables = [name for name, array in arrays.items() if array.ndim == 2 or array.dtype.names]
    if tables and len(arrays) == 1:
        return _from_array(path, arrays[tables[0]], f"array {tables[0]!r}")
    if tables:
        raise DataError(
            f"{path.name} holds several arrays, not all of them columns; name one with key: {listing(list(arrays), 20)}"
        )
    return _from_columns(path, arrays, "archive", {})


def _load(path: Path, kind: str, key: str | None) -> dict[str, np.ndarray]:
    """The arrays of a numpy file, or the one that `key` names; a .npy file holds one, without a name."""
    # Opened here: numpy leaves a file that it opened itself open when the archive is damaged.
    with path.open("rb") as file:
        try:
            if is_zipfile(file) != (kind == "npz"):
                raise DataError(f"{path.name} is not a {kind} file in spite of its suffix; it is damaged or misnamed")
            file.seek(0)
            if kind == "npy":
                return {"": _array(path, file)}
            with ZipFile(file) as archive:
                return _members(path, archive, key)
        except _OURS:
            raise
        except Exception as failure:
            raise _damaged(path, kind, failure) from failure


def _members(path: Path, archive: ZipFile, key: str | None) -> dict[str, np.ndarray]:
    names = [name.removesuffix(".npy") for name in archive.namelist()]
    if key is not None and key not in names:
        raise DataError(f"{path.name} has no array {key!r}; it holds {listing(names, 20)}")
    arrays: dict[str, np.ndarray] = {}
    for name, member in zip(names, archive.namelist(), strict=True):
        if key in (None, name):
            with archive.open(member) as stream:
                arrays[name] = _array(path, stream, arrays)
    return arrays


def _array(path: Path, stream: Any, before: Mapping[str, np.ndarray] = MappingProxyType({})) -> np.ndarray:
    """One array in numpy's format, after a look at how large it says it is; `before` are others of the same table."""
    version = np.lib.format.read_magic(stream)
    if version not in ((1, 0), (2, 0), (3, 0)):
        raise ValueError(f"version {version} of the format is not known")
    # Version 3 differs from 2 by the encoding of names of fields, which does not matter to the shape.
    header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, _, dtype = header(stream)
    if dtype.hasobject:
        raise ValueError("it holds Python objects, which are not read since they may run code; save numbers")
    shapes = [shape, *(array.shape for array in before.values())]
    require_moderate_table(path.name, shapes, math.prod(shape) * dtype.itemsize)
    stream.seek(0)
    return np.lib.format.read_array(stream, allow_pickle=False)


def _from_array(path: Path, array: np.ndarray, what: str) -> RawTable:
    """Columns of a 2-D or structured array."""
    array = np.asarray(array)
    if array.dtype.names and array.ndim == 1:
        return _from_columns(path, {name: array[name] for name in array.dtype.names}, what, {})
    if array.ndim != 2:
        raise DataError(f"{path.name}: {what} has shape {array.shape}; a table (rows, columns) is needed")
    columns = [_series(column) for column in array.T]
    return RawTable(path.name, [f"x{k}" for k in range(len(columns))], columns, named=False)


def _from_columns(path: Path, columns: Mapping[str, np.ndarray], what: str, units: dict[str, str]) -> RawTable:
    """A table of one array per column."""
    lengths = {name: np.shape(values) for name, values in columns.items()}
    for name, shape in lengths.items():
        if len(shape) != 1:
            raise DataError(f"{path.name}: {what}, column {name!r} has shape {shape}; expected one value per row")
        first_name, first_shape = next(iter(lengths.items()))
        if shape != first_shape:
            raise DataError(
                f"{path.name}: {what}, column {name!r} has {shape[0]} values, but {first_name!r} has {first_shape[0]}"
            )
    return RawTable(path.name, list(columns), [_series(values) for values in columns.values()], units=units)


def _series(values: np.ndarray) -> pd.Series:
    if values.dtype.kind == "S":
        values = np.char.decode(values, "utf-8", "replace")
    if values.dtype.kind == "O":
        values = np.array([_text(value) if isinstance(value, bytes) else value for value in values], dtype=object)
    # Big-endian numbers, common in HDF5 files, are not accepted by pandas.
    return pd.Series(values.astype(values.dtype.newbyteorder("=")) if values.dtype.kind in "iufc" else values)


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _damaged(path: Path, kind: str, failure: Exception) -> DataError:
    reason = " ".join(str(failure).split())
    return DataError(f"{path.name} cannot be read as {kind}; it is damaged or of another format: {reason[:200]}")
