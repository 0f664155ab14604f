"""From a file or a DataFrame to a `Dataset`."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from kansym.data.binary_tables import read_hdf5, read_npy, read_npz, read_parquet
from kansym.data.dataset import Dataset
from kansym.data.files import EXCEL_SUFFIXES, HDF5_SUFFIXES, PARQUET_SUFFIXES, TEXT_SUFFIXES, require_file
from kansym.data.large import RowsDone, read_large
from kansym.data.limits import LONG
from kansym.data.row_files import RowFile, row_file
from kansym.data.spreadsheets import read_excel
from kansym.data.table import RawTable, column_listing, names_and_units, to_dataset, to_datasets
from kansym.data.text_table import read_text
from kansym.errors import DataError


def read_table(
    path: str | os.PathLike[str] | Any,
    *,
    target: str | int,
    error: str | float | None = None,
    x_error: Mapping[str, str | float] | None = None,
    columns: Sequence[str | int] | None = None,
    drop_missing: bool = False,
    key: str | None = None,
    remove_constant: bool = True,
    seed: int = 0,
    progress: RowsDone | None = None,
) -> Dataset:
    """Read a table and pick its target.

    Text files may have any delimiter (comma, semicolon, tab, bar, blanks), a decimal comma where the comma does not
    delimit, quoted names, comment lines that start with ``#`` or ``%``, and a header or none: columns are then
    ``x0, x1, ...``. A header ``v [m/s]`` is the name ``v`` with the unit ``m/s``, and so are ``v (m/s)`` and
    ``v / (m/s)`` where that is sure to be a unit (see `kansym.units.headers.names_and_units_of`). A row of units below
    the header is read, and lines that an instrument wrote above it are left out, both with a note.

    Parameters
    ----------
    path : path-like, or a pandas or polars DataFrame
        ``.csv .tsv .txt .dat .tab .asc``, ``.lvm`` of LabVIEW, ``.xlsx .xlsm``, ``.parquet .pq``, ``.h5 .hdf5 .hdf
        .he5``, ``.npy`` (a 2-D or a structured array) or ``.npz`` (one array per column, or one 2-D array).
    target : str or int
        The target's name, with or without its unit; an index where the file has no header.
    error : str, int or float, optional
        Column with the standard errors of the target, in the target's unit, or one number for all rows. Two columns
        separated by a comma, ``"y_minus,y_plus"``, have the errors below and above.
    x_error : mapping of str to (str or float), optional
        Input columns with the column of their standard errors, or with one error for all rows. Needs `error`.
    columns : sequence of str or int, optional
        The inputs. Default: all columns but target and errors, less those that hold only text, which are noted.
    drop_missing : bool, optional
        Drop rows with missing values, and note how many; by default they are an error.
    key : str, optional
        The group or dataset of an HDF5 file, the sheet of an Excel file, or the array of a .npz file, when there are
        several.
    remove_constant : bool, optional
        Drop constant and repeated columns, and note which; True by default.
    seed : int, default 0
        Which rows a long table is searched on.
    progress : callable, optional
        Called with the rows of a long table that were read, and all rows, again and again.

    Returns
    -------
    Dataset
        Of a Parquet or .npy file of more than 200,000 rows a sample, with all rows behind it (`Dataset.whole`): the
        file may be larger than the memory.

    Raises
    ------
    DataError
        If the file is missing, damaged, empty, ragged or of an unknown kind, or a column cannot be used. The message
        names the file, and the column and line where there is one.
    MissingDependencyError
        If pyarrow, h5py or openpyxl is needed and not installed.
    """
    options: dict[str, Any] = {
        "target": target,
        "error": error,
        "x_error": x_error,
        "columns": columns,
        "drop_missing": drop_missing,
        "remove_constant": remove_constant,
    }
    if hasattr(path, "columns"):
        return to_dataset(_from_frame(path), **options)
    with _opened(Path(path)):
        long = _long(Path(path))
        if long is not None:
            return read_large(long, **options, seed=seed, progress=progress)
        table = _from_file(Path(path), key)
    return to_dataset(table, **options)


def _long(path: Path) -> RowFile | None:
    """A file that is read in parts, since it has many rows."""
    file = row_file(path)
    return file if file is not None and file.n_rows > LONG else None


def _columns_of(path: Path, key: str | None) -> RawTable:
    """The table for the names of its columns; of a long one the first rows."""
    with _opened(path):
        long = _long(path)
        return _from_file(path, key) if long is None else next(iter(long.parts(1)))


def raw_table(path: str | os.PathLike[str] | Any, key: str | None = None) -> RawTable:
    """The columns of a file or a DataFrame as they stand there, not yet checked; errors as of `read_table`."""
    if hasattr(path, "columns"):
        return _from_frame(path)
    with _opened(Path(path)):
        return _from_file(Path(path), key)


def read_targets(
    path: str | os.PathLike[str] | Any,
    *,
    targets: Sequence[str],
    error: Mapping[str, str | float] | None = None,
    x_error: Mapping[str, str | float] | None = None,
    columns: Sequence[str | int] | None = None,
    drop_missing: bool = False,
    key: str | None = None,
) -> dict[str, Dataset | DataError]:
    """Read a table with several targets, none of which is an input of another.

    Parameters
    ----------
    path : path-like, or a pandas or polars DataFrame
        As for `read_table`, and so are the other arguments.
    targets : sequence of str
    error : mapping of str to (str or float), optional
        By target, its errors.

    Returns
    -------
    dict of str to Dataset
        By the name of the target; in place of a table there is the error why a target cannot be used, as where it is
        constant.

    Raises
    ------
    DataError
        If the file cannot be read, a column is not there or has two roles.
    MissingDependencyError
        If pyarrow, h5py or openpyxl is needed and not installed.
    """
    return to_datasets(
        raw_table(path, key),
        targets=targets,
        error=error or {},
        x_error=x_error,
        columns=columns,
        drop_missing=drop_missing,
    )


def column_names(path: str | os.PathLike[str], key: str | None = None) -> list[str]:
    """Names of all columns of a file, without units; arguments and errors as of `read_table`."""
    return names_and_units(_columns_of(Path(path), key))[0]


def columns_in_words(path: str | os.PathLike[str], key: str | None = None) -> str:
    """The columns of a file for a message, after its name; arguments and errors as of `read_table`."""
    table = _columns_of(Path(path), key)
    return f"{table.source}: the columns are {column_listing(table, names_and_units(table)[0])}"


def column_spellings(path: str | os.PathLike[str], key: str | None = None) -> dict[str, str]:
    """Names of all columns of a file by their headers, such as ``v`` by ``v [m/s]``; as of `read_table`."""
    table = _columns_of(Path(path), key)
    return dict(zip((header.strip() for header in table.headers), names_and_units(table)[0], strict=True))


def _from_frame(frame: Any) -> RawTable:
    """A pandas or polars DataFrame as a table."""
    if hasattr(frame, "to_pandas"):
        frame = frame.to_pandas()
    return RawTable(
        "DataFrame",
        [str(name) for name in frame.columns],
        # By position: names may repeat, which is reported later.
        [frame.iloc[:, k].reset_index(drop=True) for k in range(frame.shape[1])],
    )


@contextmanager
def _opened(path: Path) -> Iterator[None]:
    """See that a file is there, of a known kind and not empty, and say it where it cannot be read."""
    require_file(path)
    try:
        yield
    except PermissionError as failure:
        raise DataError(f"{path} cannot be opened: permission denied") from failure
    except MemoryError as failure:
        raise DataError(f"{path.name} does not fit into memory; keep fewer rows or columns") from failure


def _from_file(path: Path, key: str | None) -> RawTable:
    suffix = path.suffix.lower()
    if suffix in TEXT_SUFFIXES:
        return read_text(path)
    if suffix in EXCEL_SUFFIXES:
        return read_excel(path, key)
    if suffix in PARQUET_SUFFIXES:
        return read_parquet(path)
    if suffix in HDF5_SUFFIXES:
        return read_hdf5(path, key)
    return read_npy(path) if suffix == ".npy" else read_npz(path, key)
