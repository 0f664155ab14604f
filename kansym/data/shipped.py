"""The measured tables that come with the package: what is known about them, and their files."""

import difflib
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from kansym.errors import ArgumentError


@dataclass(frozen=True)
class DatasetInfo:
    """What is known about a measured table; nothing of it is used to find a law.

    Attributes
    ----------
    name : str
        Name for `load_dataset`.
    title : str
        What was measured.
    target : str
        Column to be explained.
    columns : tuple of str
        Input columns.
    error : str or None
        Column of the target's standard errors.
    units : dict
        Unit of every column that has one.
    rows : int
        Number of rows.
    source : str
        Citation.
    doi : str or None
        DOI of the source.
    licence : str
        Terms under which the numbers may be used.
    form : str
        The law that physics expects, in words, for the reader.
    """

    name: str
    title: str
    target: str
    columns: tuple[str, ...]
    error: str | None
    units: dict[str, str]
    rows: int
    source: str
    doi: str | None
    licence: str
    form: str


def dataset_names() -> tuple[str, ...]:
    """Names of the measured tables, sorted."""
    return tuple(sorted(_entries()))


def describe_dataset(name: str) -> DatasetInfo:
    """Title, columns, source, licence and expected form of a measured table.

    Raises
    ------
    ArgumentError
        If there is no table of that name.
    """
    entries = _entries()
    if name not in entries:
        close = difflib.get_close_matches(str(name), list(entries), n=1)
        hint = f"did you mean {close[0]!r}? " if close else ""
        raise ArgumentError(f"there is no dataset {name!r}; {hint}known: {', '.join(dataset_names())}")
    entry = entries[name]
    return DatasetInfo(
        name=name,
        title=entry["title"],
        target=entry["target"],
        columns=tuple(entry["columns"]),
        error=entry["error"] or None,
        units=dict(entry["units"]),
        rows=entry["rows"],
        source=entry["source"],
        doi=entry["doi"] or None,
        licence=entry["licence"],
        form=entry["form"],
    )


@contextmanager
def dataset_file(name: str) -> Iterator[Path]:
    """The file of a table, there while the context lasts."""
    with resources.as_file(_folder() / f"{name}.csv") as path:
        yield path


@cache
def _entries() -> dict[str, dict]:
    return tomllib.loads((_folder() / "datasets.toml").read_text(encoding="utf-8"))


def _folder() -> Traversable:
    """The tables inside an installed package, or next to it in a checkout."""
    installed = resources.files("kansym") / "_datasets"
    if installed.is_dir():
        return installed
    return Path(__file__).parents[2] / "datasets"
