"""One way to hand over a table: a `Dataset`, a DataFrame, a file, the name of a shipped table, or columns by name."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kansym.data.catalogue import load_dataset
from kansym.data.dataset import Dataset
from kansym.data.files import is_shipped
from kansym.data.readers import raw_table, read_table
from kansym.data.table import column_listing, names_and_units
from kansym.deferred import deferred_module
from kansym.errors import ArgumentError

if TYPE_CHECKING:
    import pandas as pd
else:
    pd = deferred_module("pandas", globals(), "pd")


def given_table(
    table: Any,
    *,
    target: str | int | None = None,
    error: str | float | None = None,
    x_error: Mapping[str, str | float] | None = None,
    columns: Sequence[str | int] | None = None,
) -> Dataset:
    """Whatever a user calls a table, as a `Dataset`.

    Parameters
    ----------
    table : Dataset, DataFrame, path-like, name of a shipped table, or mapping of name to values
        Columns of a mapping may have units in their names, ``"t [s]"``, like headers of a file.
    target : str or int, optional
        The column to explain. A Dataset and a shipped table have one.
    error, x_error, columns : optional
        As of `kansym.read_table`; a Dataset has its own.

    Raises
    ------
    ArgumentError
        If no target is named where one is needed, or what a Dataset has is given again.
    DataError
        As of `kansym.read_table`.
    """
    options: dict[str, Any] = {"error": error, "x_error": x_error, "columns": columns}
    if isinstance(table, Dataset):
        _require_bare(table, target, options)
        return table
    if isinstance(table, str) and is_shipped(table):
        return load_dataset(table, target=None if target is None else str(target), **options)
    source = readable(table)
    if target is None:
        raw = raw_table(source)
        listed = column_listing(raw, names_and_units(raw)[0])
        raise ArgumentError(f"target must name the column to explain; the columns of {raw.source} are {listed}")
    return read_table(source, target=target, **options)


def readable(table: Any) -> Any:
    """A table that `kansym.read_table` and its kin read: a mapping becomes a DataFrame.

    Raises
    ------
    ArgumentError
        If it is no table.
    """
    if isinstance(table, str | os.PathLike):
        return Path(table)
    if hasattr(table, "columns"):
        return table
    if isinstance(table, Mapping):
        try:
            return pd.DataFrame({str(name): values for name, values in table.items()})
        except ValueError as error:
            raise ArgumentError(f"table: columns by name must be of one length: {error}") from error
    raise ArgumentError(
        "table must be a Dataset, a DataFrame, a file, or a mapping of names to columns, got "
        f"{type(table).__name__}; for arrays see kansym.make_dataset"
    )


def _require_bare(table: Dataset, target: Any, options: Mapping[str, Any]) -> None:
    """Refuse what a Dataset says itself."""
    if target is not None and target != table.target:
        raise ArgumentError(f"target: the table is a Dataset of {table.target!r} already, got {target!r}; leave it out")
    given = [name for name, value in options.items() if value is not None]
    if given:
        raise ArgumentError(f"{given[0]}: the table is a Dataset, which has its own; leave it out")


def old_form(words: str) -> None:
    """Say once that an old form of a call goes on working, and how it is written now."""
    warnings.warn(words, DeprecationWarning, stacklevel=3)
