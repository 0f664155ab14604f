"""What commands that read a table have in common: the table, its units, and which functions may be used."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from kansym.errors import ArgumentError, DataError

# The numerical libraries take seconds to import; --help does without them.
if TYPE_CHECKING:
    from kansym.data.dataset import Dataset
    from kansym.primitives.library import PrimitiveLibrary


def with_units(dataset: "Dataset", path: Path) -> "Dataset":
    """The table with the units of a file in place of its own."""
    from dataclasses import replace

    from kansym.units.files import read_units

    units = read_units(path, [*dataset.names, dataset.target])
    own = tuple(units.get(name, unit) for name, unit in zip(dataset.names, dataset.units, strict=True))
    return replace(dataset, units=own, y_units=units.get(dataset.target, dataset.y_units))


def before_the_search(dataset: "Dataset") -> "list[str]":
    """What to say about a table while it can still be started over: columns of errors among the inputs, and units that
    cannot be read."""
    from kansym.data.remarks import ErrorHint
    from kansym.units.system import UnitSystem

    units = UnitSystem.of(dataset)
    return [*(note for note in dataset.notes if isinstance(note, ErrorHint)), *(() if units is None else units.notes)]


def restricted_library(only: Sequence[str], without: Sequence[str]) -> "PrimitiveLibrary":
    """The default library with the functions of --primitives only, and without those of --without."""
    from kansym.primitives.library import default_library

    library = default_library()
    for option, names in (("--primitives", only), ("--without", without)):
        try:
            if names:
                library = library.only(*names) if option == "--primitives" else library.without(*names)
        except ArgumentError as error:
            raise ArgumentError(f"{option}: {error}") from error
    if not library:
        raise ArgumentError("--without: no primitive is left; leave out fewer")
    return library


def read_dataset(
    file: str,
    target: str | None,
    error: str | None,
    x_error: dict[str, str | float],
    columns: list[str] | None,
    drop_missing: bool,
    key: str | None,
) -> "tuple[Dataset, list[str]]":
    """The table of a file, or of a shipped dataset, and what to say about it."""
    from kansym.data.catalogue import dataset_names, describe_dataset, load_dataset
    from kansym.data.readers import columns_in_words, read_table

    known = file in dataset_names()
    if known and not Path(file).exists():
        if target is None:
            info = describe_dataset(file)
            names = ", ".join(repr(name) for name in (*info.columns, info.target))
            raise DataError(f"--target is missing; the columns of the dataset {file} are {names}")
        dataset = load_dataset(file, target=target, error=error, x_error=x_error, columns=columns)
        return dataset, [f"using the dataset {file!r} that comes with kansym (there is no file of that name here)"]
    if target is None:
        # Read all the same, for the message to list the columns.
        try:
            found = columns_in_words(file, key)
        except DataError as failure:
            raise DataError(f"--target is missing; {failure}") from None
        raise DataError(f"--target is missing; {found}")
    require_table(file)
    dataset = read_table(
        file,
        target=target,
        error=error,
        x_error=x_error,
        columns=columns,
        drop_missing=drop_missing,
        key=key,
    )
    return dataset, []


def require_table(file: str) -> None:
    """Refuse a word that is neither a file nor a shipped dataset."""
    from kansym.data.catalogue import dataset_names

    if not Path(file).suffix and not os.path.lexists(file):
        known = ", ".join(dataset_names())
        raise DataError(f"there is no file {file}, nor a dataset of that name; known: {known}")
