"""Several targets on disk: a folder with the run of each, and what tells of all."""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from kansym.codec import from_json
from kansym.data.dataset import Dataset
from kansym.errors import ArgumentError, StorageError
from kansym.report.html.page import write_page
from kansym.report.html.runs import draw_thumbnail
from kansym.run.files import MAX_BYTES, RECORD, REPORT, TARGETS, read_record
from kansym.run.replacing import require_place, table_of_a_search
from kansym.run.storage import save_run
from kansym.run.summary import RunSummary
from kansym.run.writing import prepare_directory, replace_file
from kansym.search.options import DiscoveryOptions
from kansym.targets.common import Common
from kansym.targets.finished import FinishedTarget, FinishedTargets, folder_names
from kansym.targets.page import targets_html
from kansym.targets.result import TargetsDiscovery
from kansym.targets.text import targets_text
from kansym.validation.certificate import Certificate

INDEX = "index.html"
"""The page of all targets."""

SCHEMA = 1
"""Version of ``targets.json``."""


def require_place_for(
    found: Mapping[str, object], directory: str | os.PathLike[str], *, overwrite: bool = False
) -> Path:
    """Make the folder, and see that nothing of another table is in the way.

    Parameters
    ----------
    found : mapping of str to Dataset
        Tables by target; of what is none nothing is asked.
    directory : path-like
    overwrite : bool, default False
        Let runs of other tables be replaced.

    Raises
    ------
    ArgumentError
        If the folder is a run of one target, holds runs of other tables, or cannot be written to.
    """
    path = prepare_directory(directory)
    if (path / RECORD).exists():
        raise ArgumentError(f"the folder {path} holds a run of one target; name another folder for several")
    for name, folder in folder_names(list(found)).items():
        table = found[name]
        if isinstance(table, Dataset):
            require_place(path / folder, table_of_a_search(table), overwrite=overwrite)
    return path


def save_targets(
    found: TargetsDiscovery,
    directory: str | os.PathLike[str],
    *,
    certificates: Mapping[str, Certificate] | None = None,
    options: DiscoveryOptions | None = None,
    command: str = "",
    tables: Mapping[str, Mapping[str, Any]] | None = None,
    log_lines: Sequence[str] = (),
    overwrite: bool = False,
) -> Path:
    """Write the run of every target to a folder of its own, and a page, a report and ``targets.json`` for all.

    Parameters
    ----------
    found : TargetsDiscovery
    directory : path-like
        Made if need be.
    certificates, options, command, tables
        As of `FinishedTargets.of`.
    log_lines : sequence of str, optional
        For ``run.log`` of every run.
    overwrite : bool, default False
        Replace runs of other tables too.

    Returns
    -------
    Path
        The folder. `load_targets` reads it, and `kansym.load_run` the folder of each target.

    Raises
    ------
    ArgumentError
        If the folder cannot be written to, or holds runs of other tables.
    """
    path = require_place_for({row.name: row.dataset for row in found.rows}, directory, overwrite=overwrite)
    finished = FinishedTargets.of(found, certificates=certificates, options=options, command=command, tables=tables)
    for row, target in zip(found.rows, finished.targets, strict=True):
        if row.discovery is None:
            continue
        folder = save_run(
            row.discovery,
            path / target.folder,
            command=command,
            options=options,
            log_lines=log_lines,
            certificate=(certificates or {}).get(row.name),
            table=(tables or {}).get(row.name),
            overwrite=True,
        )
        write_page(folder)
        draw_thumbnail(folder)
    record = {"kansym": "targets", "schema": SCHEMA, **finished.to_dict()}
    replace_file(path / REPORT, targets_text(finished).encode("utf-8"))
    replace_file(path / INDEX, targets_html(finished, path).encode("utf-8", "backslashreplace"))
    replace_file(path / TARGETS, json.dumps(record, indent=1, ensure_ascii=False, allow_nan=False).encode("utf-8"))
    return path


def load_targets(directory: str | os.PathLike[str]) -> FinishedTargets:
    """Read what `save_targets` wrote. Nothing in the files is executed.

    Raises
    ------
    StorageError
        If a file is missing, damaged, too large, of another version or not kansym's.
    """
    path = Path(directory)
    try:
        if (path / TARGETS).stat().st_size > MAX_BYTES:
            raise StorageError(f"{path / TARGETS} is too large")
        record = json.loads((path / TARGETS).read_bytes().decode("utf-8"))
    except OSError as error:
        raise StorageError(f"{path} holds no search of several targets: {TARGETS} cannot be read") from error
    except (ValueError, RecursionError) as error:
        raise StorageError(f"{path / TARGETS} is damaged: it is not JSON") from error
    if not isinstance(record, dict) or record.get("kansym") != "targets" or record.get("schema") != SCHEMA:
        raise StorageError(f"{path / TARGETS} is not of this version of kansym")
    try:
        targets = tuple(_target(path, one) for one in record["targets"])
        common = from_json(Common, record["common"])
        return FinishedTargets(
            targets, common, float(record["seconds"]), str(record["command"]), str(record["created"])
        )
    except (KeyError, TypeError, ValueError) as error:
        if isinstance(error, StorageError):
            raise
        raise StorageError(f"{path / TARGETS} cannot be read: {type(error).__name__} {error}") from error


def _target(path: Path, record: Mapping[str, Any]) -> FinishedTarget:
    folder = str(record["folder"])
    if folder and (Path(folder).name != folder or folder.startswith(".")):
        raise StorageError(f"{path / TARGETS} names {folder[:50]!r}, which is no folder in it")
    summary = RunSummary.from_dict(read_record(path / folder / RECORD)) if folder else None
    return FinishedTarget(str(record["name"]), summary, str(record["failure"]), str(record["source"]), folder)
