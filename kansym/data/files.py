"""Which files are tables, told from their names; what can be said against one before it is read."""

import os
from pathlib import Path

from kansym.data.shipped import dataset_names
from kansym.errors import DataError

TEXT_SUFFIXES = (".csv", ".tsv", ".txt", ".dat", ".tab", ".asc", ".lvm")
PARQUET_SUFFIXES = (".parquet", ".pq")
HDF5_SUFFIXES = (".h5", ".hdf5", ".hdf", ".he5")
EXCEL_SUFFIXES = (".xlsx", ".xlsm")
OTHER_SPREADSHEETS = (".xls", ".xlsb", ".ods", ".numbers")
ALL_SUFFIXES = (*TEXT_SUFFIXES, *EXCEL_SUFFIXES, *PARQUET_SUFFIXES, *HDF5_SUFFIXES, ".npy", ".npz")


def require_file(path: Path) -> None:
    """See that a file is there, of a known kind and not empty.

    Raises
    ------
    DataError
        If it is not.
    """
    try:
        if path.is_dir():
            raise DataError(f"{path} is a folder; name the file in it")
        if not path.exists():
            raise DataError(f"there is no file {path}")
    except OSError as failure:
        # A name that is too long, a link to itself, a folder that may not be looked into.
        raise DataError(f"there is no file {str(path)[:200]}: {failure.strerror}") from failure
    if not path.is_file():
        raise DataError(f"{path} is a pipe or a device; write the table to a file first")
    suffix = path.suffix.lower()
    if suffix not in ALL_SUFFIXES:
        hint = "save it as CSV or .xlsx; " if suffix in OTHER_SPREADSHEETS else ""
        raise DataError(f"{path.name}: unknown kind of file {suffix!r}; {hint}known: {' '.join(ALL_SUFFIXES)}")
    if path.stat().st_size == 0:
        raise DataError(f"{path.name} is empty; a table with at least two rows is needed")


def is_shipped(file: str) -> bool:
    """Whether a table that comes with kansym is meant; files go first."""
    return file in dataset_names() and not Path(file).exists()


def require_table(file: str) -> None:
    """Refuse a word that is neither a file that can be read nor a shipped dataset."""
    if is_shipped(file):
        return
    if not Path(file).suffix and not os.path.lexists(file):
        known = ", ".join(dataset_names())
        raise DataError(f"there is no file {file}, nor a dataset of that name; known: {known}")
    require_file(Path(file))
