"""Tables on disk: one safetensors file of numbers and names that cannot run code, equal bit for bit when read again.

Reference for the format: https://huggingface.co/docs/safetensors
"""

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy
from safetensors import SafetensorError

from kansym.data.dataset import Dataset
from kansym.errors import DataError, StorageError

SCHEMA = 1
"""Version of the record; files of other versions are refused."""

MAX_HEADER_BYTES = 2**22
"""Longest header read: ten thousand columns with long names and notes fit."""

MAX_FILE_BYTES = 2**31
"""Largest file read."""

_KEY = "kansym"
_ARRAYS = ("X", "y", "y_error", "sample_weight", "x_error", "y_sides")
_MALFORMED = (SafetensorError, KeyError, ValueError, TypeError, AttributeError, RecursionError, OverflowError)


def dataset_bytes(dataset: Dataset) -> bytes:
    """The contents of a file for `load_table`."""
    record = {
        "schema": SCHEMA,
        "names": list(dataset.names),
        "target": dataset.target,
        "units": list(dataset.units),
        "y_units": dataset.y_units,
        "notes": list(dataset.notes),
        "counts": dataset.counts,
    }
    arrays = {name: getattr(dataset, name) for name in _ARRAYS}
    stored = {name: np.ascontiguousarray(values) for name, values in arrays.items() if values is not None}
    return safetensors.numpy.save(stored, {_KEY: json.dumps(record)})


def load_table(path: str | os.PathLike[str]) -> Dataset:
    """The table of a file with the contents of `dataset_bytes`.

    Raises
    ------
    StorageError
        If there is no such file, or it is damaged, too large, of another version or not kansym's.
    """
    path = Path(path)
    data = _read(path)
    try:
        header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
        record: dict[str, Any] = json.loads(header["__metadata__"][_KEY])
        schema = record["schema"]
    except _MALFORMED as error:
        raise StorageError(f"{path} is not a table stored by kansym, or its header is damaged") from error
    if schema != SCHEMA or isinstance(schema, bool):
        raise StorageError(f"{path} has schema {str(schema)[:20]}, this version of kansym reads {SCHEMA}")
    try:
        arrays: dict[str, Any] = safetensors.numpy.load(data)
        if set(arrays) - set(_ARRAYS) or any(values.dtype != np.float64 for values in arrays.values()):
            raise ValueError("its columns are not those of a table")
        return Dataset(
            **arrays,
            names=tuple(_text(name) for name in record["names"]),
            target=_text(record["target"]),
            units=tuple(None if unit is None else _text(unit) for unit in record["units"]),
            y_units=None if record["y_units"] is None else _text(record["y_units"]),
            notes=tuple(_text(note) for note in record["notes"]),
            counts=record.get("counts") is True,
        )
    except (*_MALFORMED, DataError) as error:
        raise StorageError(f"{path} is damaged: {' '.join(str(error).split())[:100]}") from error


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"expected text, got {str(value)[:40]!r}")
    return value


def _read(path: Path) -> bytes:
    """The file's bytes, once its size and the length of its header are known to be sane."""
    try:
        if not path.is_file():
            raise StorageError(f"{path} is not a file" if path.exists() else f"there is no file {path}")
        size = path.stat().st_size
        with path.open("rb") as stream:
            start = stream.read(8)
            if not 0 < int.from_bytes(start, "little") <= min(size - 8, MAX_HEADER_BYTES) or size > MAX_FILE_BYTES:
                raise StorageError(f"{path} is not a table stored by kansym, or is cut short")
            return start + stream.read(size - 8)
    except OSError as error:
        raise StorageError(f"{path} cannot be read: {error.strerror}") from error
