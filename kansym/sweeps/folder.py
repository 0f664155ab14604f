"""Many tables searched: each becomes the folder of a run, and a page and a CSV file tell of all."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pandas as pd

from kansym.data.dataset import Dataset
from kansym.data.given_table import given_table
from kansym.data.patterns import matching
from kansym.errors import ArgumentError, StorageError
from kansym.executors import WorkerFailure, completed
from kansym.run.files import RECORD, read_record
from kansym.run.replacing import table_of_a_search
from kansym.run.summary import RunSummary, recorded_options
from kansym.run.writing import prepare_directory, replace_file
from kansym.search.options import DiscoveryOptions
from kansym.sweeps.page import sweep_html
from kansym.sweeps.row import SweepRow, recurring
from kansym.sweeps.task import SearchedTable, SearchTask, failure_in_words, search_table

PAGE, TABLE = "index.html", "sweep.csv"
"""What tells of all tables, in the folder of the sweep."""

PARTIAL = ".partial-"
"""Begins the name of a folder that is not complete; a sweep that was killed leaves some, and the next removes them."""

COLUMNS = (
    "table", "verdict", "probability", "formula", "constants", "rows", "rms", "relative_rms", "reduced_chi2",
    "complexity", "seconds", "stopped", "reason", "forms",
)  # fmt: skip
"""Of the CSV file."""

Source = Dataset | Callable[[], Dataset]
"""A table, or what reads it."""


@dataclass(frozen=True, eq=False)
class Sweep:
    """Many tables with what was found in each.

    Attributes
    ----------
    rows : tuple of SweepRow
        In the order of the tables.
    folder : Path
        One folder per table, readable by `kansym.load_run`; ``index.html`` and ``sweep.csv`` tell of all.
    """

    rows: tuple[SweepRow, ...]
    folder: Path

    @property
    def failed(self) -> tuple[SweepRow, ...]:
        """Tables without a result; each says why."""
        return tuple(row for row in self.rows if row.summary is None)

    @property
    def recurring(self) -> list[list[SweepRow]]:
        """Tables whose formulas have one form, numbers aside."""
        return recurring(self.rows)

    def to_frame(self) -> pd.DataFrame:
        """One row per table, as in ``sweep.csv``."""
        return pd.DataFrame([row.to_dict() for row in self.rows], columns=list(COLUMNS))

    def __repr__(self) -> str:
        return f"<Sweep of {len(self.rows)} tables in {self.folder}, {len(self.failed)} failed>"


def sweep(
    tables: Mapping[str, Any] | str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    options: DiscoveryOptions | None = None,
    *,
    target: str | int | None = None,
    error: str | float | None = None,
    x_error: Mapping[str, str | float] | None = None,
    columns: Sequence[str | int] | None = None,
    out: str | os.PathLike[str],
    jobs: int = 1,
    executor: Executor | None = None,
    command: str = "",
    on_row: Callable[[SweepRow], None] | None = None,
) -> Sweep:
    """Search many tables, each on its own, and keep what is found as it comes.

    A table whose run is in the folder already, with the same options and seed, is not searched again: the same call
    goes on where it was stopped or killed. A table that cannot be read, or whose search fails, is a row with its
    reason, and is tried again by the next call.

    Parameters
    ----------
    tables : str, sequence of path-like, or mapping of str to table
        Files, or a pattern for them, such as ``"runs/*.csv"``; or tables by name, each of which may be a Dataset, a
        DataFrame, a file, columns by name, or a callable. Files are read, and what is callable is called without
        arguments, when a worker is free, so that a thousand files are not in memory at once.
    options : DiscoveryOptions, optional
        For every table; `max_seconds` is for search and certificate of one.
    target : str or int, optional
        The column to explain, of every table; a Dataset has one.
    error, x_error, columns : optional
        Which columns are errors, and which are inputs, as of `kansym.read_table`.
    out : path-like
        Folder for the results, made if need be.
    jobs : int, default 1
        Worker processes, one thread each. Formulas do not depend on it.
    executor : concurrent.futures.Executor, optional
        Where the searches run instead of processes here: `kansym.executors.dask_executor`, or one of MPI or submitit.
        Workers need no access to `out`.
    command : str, optional
        How the sweep was started, for the records.
    on_row : callable, optional
        Called with each `SweepRow` as it comes, those from an earlier call first.

    Returns
    -------
    Sweep

    Raises
    ------
    ArgumentError
        If there are no tables, a name is no name of a folder, `jobs` is not positive, or `out` cannot be written to.
    KeyboardInterrupt
        When it is interrupted, after page and CSV file have been written with what there is.
    """
    options = options or DiscoveryOptions()
    sources = _sources(tables, {"target": target, "error": error, "x_error": x_error, "columns": columns})
    _check(sources, jobs)
    folder = prepare_directory(out)
    for left in folder.glob(f"{PARTIAL}*"):
        shutil.rmtree(left, ignore_errors=True)
    rows: dict[str, SweepRow] = {}

    def arrived(row: SweepRow) -> None:
        rows[row.name] = row
        if on_row is not None:
            on_row(row)

    def in_order() -> Sweep:
        return Sweep(tuple(rows[name] for name in sources if name in rows), folder)

    names: list[str] = []

    def tasks() -> Iterator[SearchTask]:
        for name, source in sources.items():
            try:
                dataset = source if isinstance(source, Dataset) else source()
            except Exception as error:
                arrived(SweepRow(name, None, failure_in_words(error)))
                continue
            known = _known(folder / name, dataset, options)
            if known is not None:
                arrived(SweepRow(name, known))
                continue
            names.append(name)
            yield SearchTask(dataset, options, command)

    try:
        for place, found in completed(search_table, tasks(), workers=jobs, executor=executor):
            arrived(_kept(folder, names[place], found))
            _tell(in_order())
    finally:
        _tell(in_order())
    return in_order()


def _sources(tables: Any, roles: Mapping[str, Any]) -> dict[str, Source]:
    """Tables by name, or what reads them."""
    if not isinstance(tables, Mapping):
        patterns = [tables] if isinstance(tables, str | os.PathLike) else list(tables)
        files = matching([os.fspath(pattern) for pattern in patterns])
        return {name: _reader(Path(file), roles) for name, file in names_of(files).items()}
    plain = all(value is None for value in roles.values())
    sources: dict[str, Source] = {}
    for name, table in tables.items():
        ready = callable(table) or (plain and isinstance(table, Dataset))
        sources[str(name)] = cast(Source, table) if ready else _reader(table, roles)
    return sources


def _reader(table: Any, roles: Mapping[str, Any]) -> Callable[[], Dataset]:
    return lambda: given_table(table, **roles)


def names_of(files: Sequence[str]) -> dict[str, str]:
    """Files by a short name each: their own, with as much of the path before it as tells them apart."""
    paths = [Path(file) for file in files]
    for depth in range(1, max(len(path.parts) for path in paths) + 1):
        names = ["-".join((*path.parts[-depth:-1], path.stem)).strip("/.") for path in paths]
        if len(set(names)) == len(names):
            return dict(zip(names, files, strict=True))
    # One stem with several endings in one folder.
    return {"-".join(path.parts).strip("/."): file for path, file in zip(paths, files, strict=True)}


def _check(tables: Mapping[str, Source], jobs: int) -> None:
    if not tables:
        raise ArgumentError("tables: there is none to search")
    if jobs < 1:
        raise ArgumentError(f"jobs must be at least 1, got {jobs}")
    for name in tables:
        if not name or name.startswith(".") or name in (PAGE, TABLE) or Path(name).name != name:
            raise ArgumentError(f"tables: {name!r} cannot be the name of a folder; results of a table go to one")


def _known(path: Path, dataset: Dataset, options: DiscoveryOptions) -> RunSummary | None:
    """The run of this table with these options, where it is in the folder already."""
    try:
        record = read_record(path / RECORD)
        if record.get("data_sha256") != table_of_a_search(dataset):
            return None
        summary = RunSummary.from_dict(record)
    except StorageError:
        return None
    same = summary.seed == options.seed and summary.options == recorded_options(options)
    return summary if same else None


def _kept(folder: Path, name: str, found: SearchedTable | WorkerFailure) -> SweepRow:
    """Move the files of a run to their place in one step, and read its row from there."""
    if isinstance(found, WorkerFailure):
        return SweepRow(name, None, found.reason)
    if found.failure:
        return SweepRow(name, None, found.failure)
    partial = Path(tempfile.mkdtemp(prefix=PARTIAL, dir=folder))
    try:
        for file, data in found.files.items():
            replace_file(partial / file, data)
        partial.chmod(0o777 & ~_umask())
        shutil.rmtree(folder / name, ignore_errors=True)
        partial.rename(folder / name)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return SweepRow(name, RunSummary.from_dict(read_record(folder / name / RECORD)))


def _umask() -> int:
    umask = os.umask(0)
    os.umask(umask)
    return umask


def _tell(found: Sweep) -> None:
    """Write the page and the CSV file."""
    replace_file(found.folder / TABLE, found.to_frame().to_csv(index=False).encode("utf-8"))
    replace_file(found.folder / PAGE, sweep_html(found.rows, found.folder).encode("utf-8", "backslashreplace"))
