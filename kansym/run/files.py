"""What the files in the folder of a run are called, and the reading of its record."""

import json
from pathlib import Path
from typing import Any

from kansym.errors import StorageError

SCHEMA = 1
"""Version of ``formula.json``; files of other versions are refused."""

MAX_BYTES = 64 * 2**20
"""Largest ``formula.json`` that is read; real ones take kilobytes."""

RECORD, EQUATIONS, MODEL, REPORT, LOG = "formula.json", "equations.csv", "model.safetensors", "report.txt", "run.log"
CERTIFICATE = "certificate.json"
SYMBOLIC, READ, DATA = "symbolic.safetensors", "read.safetensors", "data.safetensors"
PICTURES = ("network.svg", "network.png")

PAGE = "report.html"

THUMBNAIL = "thumbnail.png"
"""A small picture of the fit, for pages that tell of several runs."""

TARGETS = "targets.json"
"""In a folder that holds a run for each of several targets."""
COMPARISON_PAGE = "comparison.html"
COMPARISON = ("comparison.json", "comparison.csv", "comparison.txt", "comparison.svg", "comparison.png")
"""What `kansym.comparison.files.save_comparison` writes."""

DRAWN = "figures"
"""Folder for what `kansym figures` draws, in the folder of the run."""

FIGURE_NAMES = (
    "network",
    "parity",
    "residuals",
    "slices",
    "forms",
    "next_measurement",
    "front",
    "correlation",
    "freed_edges",
    "edges",
    "structure",
    "growth",
    "search_log",
)
"""Names of the figures in it, without the ends of the file names."""

OF_A_RUN = (RECORD, EQUATIONS, MODEL, REPORT, LOG, CERTIFICATE, SYMBOLIC, READ, DATA, *PICTURES)
"""What `kansym.save_run` writes."""


def require_folder(directory: Path) -> None:
    """See that a folder is there, before anything is imported to read it.

    Raises
    ------
    StorageError
        If it is not.
    """
    try:
        there = directory.is_dir()
    except OSError as error:
        # A name longer than the system allows.
        raise StorageError(f"{str(directory)[:200]} cannot be read: {error.strerror}") from error
    if not there:
        raise StorageError(f"{directory} is not a folder; name the folder that a run was saved to (--out)")


def read_record(path: Path) -> dict[str, Any]:
    """The record of a run, as far as it is one.

    Raises
    ------
    StorageError
        If it is missing, damaged, too large, of another version or not kansym's.
    """
    try:
        if not path.is_file():
            if (path.parent / TARGETS).is_file():
                runs = ", ".join(sorted(entry.parent.name for entry in path.parent.glob(f"*/{RECORD}")))
                raise StorageError(f"{path.parent} holds a run for each of several targets; name one of them: {runs}")
            raise StorageError(f"{path.parent} holds no finished run: {path.name} is missing")
        if path.stat().st_size > MAX_BYTES:
            raise StorageError(f"{path} is too large for a run record: {path.stat().st_size} bytes")
        data = path.read_bytes()
    except OSError as error:
        raise StorageError(f"{path} cannot be read: {error.strerror}") from error
    try:
        record = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise StorageError(f"{path} is damaged: it is not JSON") from error
    if not isinstance(record, dict) or record.get("kansym") != "run":
        raise StorageError(f"{path} is not the record of a kansym run")
    if record.get("schema") != SCHEMA or isinstance(record["schema"], bool):
        raise StorageError(f"{path} has schema {str(record.get('schema'))[:20]}, this version of kansym reads {SCHEMA}")
    return record
