"""Tables with groups: a column that names them, or a file for each."""

from __future__ import annotations

import glob
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from kansym.data.columns import name_listing, quoted
from kansym.data.dataset import Dataset
from kansym.data.readers import raw_table
from kansym.data.table import RawTable, names_and_units, to_dataset
from kansym.deferred import deferred_module
from kansym.errors import DataError
from kansym.groups.table import text_of

if TYPE_CHECKING:
    import pandas as pd
else:
    pd = deferred_module("pandas", globals(), "pd")

FILE = "file"
"""What groups are called that are files."""


@dataclass(frozen=True, eq=False)
class GroupedSource:
    """A table as it was found, and which of its columns names the groups.

    Attributes
    ----------
    table : RawTable
    group : str
        Name of the column.
    """

    table: RawTable
    group: str

    @property
    def names(self) -> list[str]:
        """Names of all columns, without units."""
        return names_and_units(self.table)[0]

    @property
    def spellings(self) -> dict[str, str]:
        """Names of all columns by their headers."""
        return dict(zip((header.strip() for header in self.table.headers), self.names, strict=True))

    def read(
        self,
        *,
        target: str,
        error: str | float | None = None,
        columns: Sequence[str] | None = None,
        drop_missing: bool = False,
    ) -> tuple[Dataset, np.ndarray]:
        """The table without the column of the groups, and the group of each row (n,).

        Columns that are constant within groups stay, for the table of constants; arguments as of
        `kansym.data.readers.read_table`.

        Raises
        ------
        DataError
            If there is no such column, it has another role, or has no value on a row.
        """
        names, source = self.names, self.table.source
        if self.group not in names:
            raise DataError(f"{source}: there is no group column {quoted(self.group)}; columns: {name_listing(names)}")
        roles = {"target": [target], "error": [str(error)], "input": list(columns or [])}
        for role, taken in roles.items():
            if self.group in taken:
                also = "and cannot also be an input" if role == "input" else f"and cannot also be the {role}"
                raise DataError(f"{source}: column {quoted(self.group)} names the groups {also}")
        place = names.index(self.group)
        series = self.table.series(place)
        texts = [None if pd.isna(value) else text_of(value) for value in series]
        levels = sorted({text for text in texts if text})
        numbers = {text: float(k) for k, text in enumerate(levels)}
        codes = pd.Series([numbers.get(text or "", np.nan) for text in texts])
        replaced = [codes if k == place else column for k, column in enumerate(self.table.columns)]
        wanted = None if columns is None else [*columns, self.group]
        dataset = to_dataset(
            replace(self.table, columns=replaced),
            target=target,
            error=error,
            columns=wanted,
            drop_missing=drop_missing,
            remove_constant=False,
        )
        at = dataset.names.index(self.group)
        kept = [j for j in range(dataset.n_columns) if j != at]
        if not kept:
            raise DataError(f"{source}: no input column is left besides the target and the groups")
        labels = np.array(levels, dtype=object)[dataset.X[:, at].astype(int)]
        smaller = replace(
            dataset,
            X=np.ascontiguousarray(dataset.X[:, kept]),
            names=tuple(dataset.names[j] for j in kept),
            units=tuple(dataset.units[j] for j in kept),
        )
        return smaller, labels


def grouped_source(path: Any, group: str, key: str | None = None) -> GroupedSource:
    """A file, or a DataFrame, with a column that names the groups, by its name with or without a unit."""
    table = raw_table(path, key)
    spelled = dict(zip((header.strip() for header in table.headers), names_and_units(table)[0], strict=True))
    return GroupedSource(table, spelled.get(group.strip(), group.strip()))


def source_of_files(pattern: str, key: str | None = None) -> GroupedSource:
    """Files with the same columns, each of which is a group, named by its stem.

    Parameters
    ----------
    pattern : str
        Such as ``runs/*.csv``.
    key : str, optional
        As of `kansym.data.readers.read_table`.

    Raises
    ------
    DataError
        If fewer than two files match, or one has other columns than the first.
    """
    paths = [Path(name) for name in sorted(glob.glob(pattern)) if Path(name).is_file()]
    if len(paths) < 2:
        found = "no file" if not paths else f"only {paths[0]}"
        raise DataError(f"--dataset-per-file {quoted(pattern)} matches {found}; at least two files are needed")
    stems = [path.stem for path in paths]
    labels = stems if len(set(stems)) == len(stems) else [str(path) for path in paths]
    tables = [raw_table(path, key) for path in paths]
    first = tables[0]
    names = names_and_units(first)[0]
    parts: list[list[pd.Series]] = [[] for _ in names]
    for table in tables:
        own = names_and_units(table)[0]
        if set(own) != set(names) or len(own) != len(names):
            raise DataError(
                f"{table.source} has the columns {name_listing(own)}, but {first.source} has {name_listing(names)}; "
                "all files need the same"
            )
        for k, name in enumerate(names):
            parts[k].append(table.series(own.index(name)))
    group = next(
        name for name in (FILE, "file_name", "dataset", *(f"file_{k}" for k in range(99))) if name not in names
    )
    columns = [pd.concat(part, ignore_index=True) for part in parts]
    which = np.repeat(labels, [len(table.columns[0]) for table in tables])
    whole = RawTable(
        pattern,
        [*first.headers, group],
        [*columns, pd.Series(which)],
        units=first.units,
        notes=list(dict.fromkeys(note for table in tables for note in table.notes)),
    )
    return GroupedSource(whole, group)
