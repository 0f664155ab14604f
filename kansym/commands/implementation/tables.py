"""What commands that read a table have in common: the table, its units, and which functions may be used."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from kansym.commands.options import input_errors, joined_names, split_names
from kansym.data.catalogue import load_dataset
from kansym.data.dataset import Dataset
from kansym.data.files import is_shipped, require_table
from kansym.data.large import RowsDone
from kansym.data.readers import column_spellings, columns_in_words, read_table, read_targets
from kansym.data.remarks import Warned
from kansym.data.shipped import dataset_file, describe_dataset
from kansym.errors import ArgumentError, DataError
from kansym.primitives.library import PrimitiveLibrary, default_library
from kansym.units.files import read_units
from kansym.units.system import UnitSystem


@dataclass(frozen=True)
class TableOptions:
    """Options that say which table is searched and with which functions, as they were given; runs keep them.

    Attributes
    ----------
    file, target, error, x_error, units, columns, drop_missing, key, primitives, without
        As for `kansym discover`.
    """

    file: str
    target: str | None = None
    error: str | None = None
    x_error: Sequence[str] | None = None
    units: str | None = None
    columns: Sequence[str] | None = None
    drop_missing: bool = False
    key: str | None = None
    primitives: Sequence[str] | None = None
    without: Sequence[str] | None = None

    @classmethod
    def of_record(cls, record: Mapping[str, Any]) -> "TableOptions":
        """Those that a run keeps."""
        return cls(**{field.name: record[field.name] for field in fields(cls) if field.name in record})

    def library(self) -> PrimitiveLibrary:
        """The default library with the functions of --primitives only, and without those of --without."""
        library = default_library()
        for option, names in (("--primitives", self.primitives), ("--without", self.without)):
            try:
                if names := split_names(names):
                    library = library.only(*names) if option == "--primitives" else library.without(*names)
            except ArgumentError as error:
                raise ArgumentError(f"{option}: {error}") from error
        if not library:
            raise ArgumentError("--without: no primitive is left; leave out fewer")
        return library

    def read(self, *, seed: int = 0, progress: RowsDone | None = None) -> tuple[Dataset, list[str]]:
        """The table, with the units of the file of units in place of its own, and what to say about it.

        Parameters
        ----------
        seed : int, default 0
            Which rows a long table is searched on.
        progress : callable, optional
            Called with the rows of a long table that were read, and all rows.
        """
        x_error, columns = input_errors(self.x_error), split_names(self.columns) or None
        remarks = []
        if is_shipped(self.file):
            remarks.append(shipped_remark(self.file))
            if self.target is None:
                info = describe_dataset(self.file)
                names = ", ".join(repr(name) for name in (*info.columns, info.target))
                raise DataError(f"--target is missing; the columns of the dataset {self.file} are {names}")
            dataset = load_dataset(self.file, target=self.target, error=self.error, x_error=x_error, columns=columns)
        else:
            if self.target is None:
                raise DataError(f"--target is missing; {self._columns_in_words()}")
            require_table(self.file)
            dataset = read_table(
                self.file,
                target=self.target,
                error=self.error,
                x_error=x_error,
                columns=columns,
                drop_missing=self.drop_missing,
                key=self.key,
                seed=seed,
                progress=progress,
            )
        return dataset if self.units is None else _with_units(dataset, Path(self.units)), remarks

    def read_targets(
        self, targets: Sequence[str], errors: Mapping[str, str]
    ) -> tuple[dict[str, Dataset | DataError], list[str]]:
        """A table for each of several targets, or why there is none, and what to say about it."""
        x_error, columns = input_errors(self.x_error), split_names(self.columns) or None
        options = {"targets": targets, "error": errors, "x_error": x_error, "columns": columns}
        remarks = []
        if is_shipped(self.file):
            remarks.append(shipped_remark(self.file))
            with dataset_file(self.file) as path:
                found = read_targets(path, **options)
        else:
            require_table(self.file)
            found = read_targets(self.file, drop_missing=self.drop_missing, key=self.key, **options)
        if self.units is not None:
            # Each with the units of all, so that one of another target is no name that is not known.
            units = read_units(Path(self.units), _all_names(found))
            tables = {name: table for name, table in found.items() if isinstance(table, Dataset)}
            found |= {name: _in_units(table, units) for name, table in tables.items()}
        return found, remarks

    def of_target(self, table: Dataset, error: str | None) -> "TableOptions":
        """Options that read the table of one of several targets, for the record of its run."""
        return replace(self, target=table.target, error=error, columns=[joined_names(table.names)])

    def _columns_in_words(self) -> str:
        """For a message; why they cannot be listed, where that is so."""
        try:
            return columns_in_words(self.file, self.key)
        except DataError as failure:
            return str(failure)


def _with_units(dataset: Dataset, path: Path) -> Dataset:
    return _in_units(dataset, read_units(path, [*dataset.names, dataset.target]))


def _in_units(dataset: Dataset, units: Mapping[str, str]) -> Dataset:
    own = tuple(units.get(name, unit) for name, unit in zip(dataset.names, dataset.units, strict=True))
    return replace(dataset, units=own, y_units=units.get(dataset.target, dataset.y_units))


def _all_names(found: Mapping[str, Dataset | DataError]) -> list[str]:
    tables = [table for table in found.values() if isinstance(table, Dataset)]
    return list(dict.fromkeys([*found, *(name for table in tables for name in table.names)]))


def several_targets(target: Sequence[str] | None, file: str, key: str | None) -> list[str]:
    """The targets of --target: none, one, or several; a column whose name holds a comma is one."""
    names = split_names(target)
    if len(names) > 1 and target is not None and len(target) == 1:
        shipped = is_shipped(file)
        require_table(file)
        spelled = {} if shipped else column_spellings(file, key)
        if target[0].strip() in {*spelled, *spelled.values()}:
            return [target[0].strip()]
    return names


def before_the_search(dataset: Dataset) -> list[str]:
    """What to say about a table while it can still be started over: columns of errors among the inputs, and units that
    cannot be read."""
    units = UnitSystem.of(dataset)
    return [*(note for note in dataset.notes if isinstance(note, Warned)), *(() if units is None else units.notes)]


def shipped_remark(file: str) -> str:
    """What to say then."""
    return f"using the dataset {file!r} that comes with kansym (there is no file of that name here)"
