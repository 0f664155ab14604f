"""A table all of whose columns are alike: none is the target, and each has errors."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from kansym.data.columns import as_float_column, finite_rows, is_constant, name_listing, quoted
from kansym.data.error_models import ErrorModel
from kansym.data.readers import raw_table
from kansym.data.table import RawTable, column_listing, names_and_units
from kansym.errors import Argument, DataError
from kansym.units.unit import parse_unit

LEAST_ROWS = 6
"""Fewer rows than this, and a line of two constants leaves too little to test."""

MOST_COLUMNS = 12
"""Columns that a relation is looked for in at once."""


@dataclass(frozen=True, eq=False)
class Columns:
    """Columns of a table, checked.

    Attributes
    ----------
    X : ndarray, shape (n, d)
        Finite, and no column is constant.
    names : tuple of str
    errors : ndarray, shape (n, d), or None
        Standard errors, 0 for a column that is exact; None where none is known.
    units : tuple of (str or None)
    notes : tuple of str
        What reading changed.
    """

    X: np.ndarray
    names: tuple[str, ...]
    errors: np.ndarray | None = None
    units: tuple[str | None, ...] = ()
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.units:
            object.__setattr__(self, "units", (None,) * len(self.names))

    @property
    def n_rows(self) -> int:
        """Number of rows n."""
        return len(self.X)

    def take(self, rows: np.ndarray) -> "Columns":
        """Some rows, in the given order."""
        return replace(self, X=self.X[rows], errors=None if self.errors is None else self.errors[rows])

    def without(self, place: int) -> "Columns":
        """All columns but one."""
        kept = [j for j in range(len(self.names)) if j != place]
        return Columns(
            self.X[:, kept],
            tuple(self.names[j] for j in kept),
            None if self.errors is None else self.errors[:, kept],
            tuple(self.units[j] for j in kept),
        )

    def __repr__(self) -> str:
        return f"<Columns: {self.n_rows} rows of {', '.join(self.names)}>"


def read_columns(
    data: Any,
    *,
    columns: Sequence[str] | None = None,
    errors: Mapping[str, float | str] | None = None,
    units: Mapping[str, str] | None = None,
    drop_missing: bool = False,
    key: str | None = None,
) -> Columns:
    """Read the columns of a table that a relation is looked for in.

    Parameters
    ----------
    data : path-like or DataFrame
    columns : sequence of str, optional
        Default: all columns of numbers that are no errors of others.
    errors : mapping of str to (float or str), optional
        Standard errors by column: a number, the name of a column, or ``"1%"`` of the value. Columns that are not named
        are then exact. Default: nothing is known of errors, and they are estimated.
    units : mapping of str to str, optional
        Beside those in the headers.
    drop_missing : bool, default False
        Leave out rows with missing values instead of refusing the table.
    key : str, optional
        As of `kansym.read_table`.

    Raises
    ------
    DataError
        If a column is missing, no numbers, or errors are not positive; if fewer than two columns vary.
    """
    table = raw_table(data, key)
    names, found_units = names_and_units(table)
    notes = list(table.notes)
    of_errors = {str(value).strip() for value in (errors or {}).values()} & set(names)
    chosen = [_place(table, names, name, "columns") for name in columns] if columns else []
    if not chosen:
        chosen = [k for k in _numeric(table, names, notes) if names[k] not in of_errors]
    numbers = {k: _numbers(table, names, k) for k in chosen}
    sigma = {} if errors is None else _errors(table, names, errors, numbers)
    labelled = [(f"{table.source}: column {quoted(names[k])}", values) for k, values in numbers.items()]
    labelled += [(f"{table.source}: the errors of {quoted(names[k])}", values) for k, values in sigma.items()]
    if not labelled:
        raise DataError(f"{table.source}: no column holds numbers; columns: {name_listing(names)}")
    keep = finite_rows(labelled, drop_missing, table.row_numbers, table.row_word, notes)
    _require_positive(table, names, sigma, keep)
    varying = []
    for k in chosen:
        if is_constant(numbers[k][keep]):
            notes.append(f"Left out column {quoted(names[k])}: it is constant ({numbers[k][keep][0]:g}).")
        else:
            varying.append(k)
    _require_enough(table, [names[k] for k in varying], int(keep.sum()))
    known = dict(units or {})
    for name, unit in known.items():
        if name not in names:
            raise DataError(Argument("units"), f": there is no column {quoted(name)} among {name_listing(names)}")
        parse_unit(unit, f"unit of {quoted(name)}")
    return Columns(
        X=np.column_stack([numbers[k][keep] for k in varying]),
        names=tuple(names[k] for k in varying),
        errors=None
        if errors is None
        else np.column_stack([sigma[k][keep] if k in sigma else np.zeros(int(keep.sum())) for k in varying]),
        units=tuple(known.get(names[k], found_units[k]) for k in varying),
        notes=tuple(dict.fromkeys(notes)),
    )


def _place(table: RawTable, names: Sequence[str], wanted: str, role: str) -> int:
    headers = [header.strip() for header in table.headers]
    for spellings in (list(names), headers):
        if spellings.count(wanted) == 1:
            return spellings.index(wanted)
    listed = column_listing(table, names)
    raise DataError(Argument(role), f": {table.source} has no column {quoted(wanted)}; columns: {listed}")


def _numbers(table: RawTable, names: Sequence[str], k: int) -> np.ndarray:
    label = f"{table.source}: column {quoted(names[k])}"
    return as_float_column(table.columns[k], label, table.row_numbers, table.row_word)


def _numeric(table: RawTable, names: Sequence[str], notes: list[str]) -> list[int]:
    found = []
    for k, name in enumerate(names):
        try:
            _numbers(table, names, k)
        except DataError:
            notes.append(f"Left out column {quoted(name)}: it holds text.")
            continue
        found.append(k)
    return found


def _errors(
    table: RawTable, names: Sequence[str], errors: Mapping[str, float | str], numbers: Mapping[int, np.ndarray]
) -> dict[int, np.ndarray]:
    found: dict[int, np.ndarray] = {}
    for name, value in errors.items():
        k = _place(table, names, name, "errors")
        if k not in numbers:
            raise DataError(Argument("errors"), f" has errors of {quoted(name)}, which is not among the columns")
        model = ErrorModel.read(value) if isinstance(value, str) and value.strip() not in names else None
        if model is not None and model.share is not None:
            found[k] = model.share * np.abs(numbers[k])
            continue
        try:
            found[k] = np.full(len(numbers[k]), float(value))
        except ValueError:
            found[k] = _numbers(table, names, _place(table, names, str(value).strip(), "errors"))
    return found


def _require_positive(table: RawTable, names: Sequence[str], sigma: Mapping[int, np.ndarray], keep: np.ndarray) -> None:
    for k, values in sigma.items():
        bad = np.flatnonzero(keep & ~(values >= 0))
        if len(bad):
            row = bad[0] if table.row_numbers is None else table.row_numbers[bad[0]]
            words = f" of {quoted(names[k])} must not be negative, got {values[bad[0]]:g} in {table.row_word} {row}"
            raise DataError(Argument("errors"), words)


def _require_enough(table: RawTable, varying: Sequence[str], rows: int) -> None:
    if len(varying) < 2:
        raise DataError(
            f"{table.source}: a relation needs at least two columns that vary, got {name_listing(varying) or 'none'}"
        )
    if len(varying) > MOST_COLUMNS:
        raise DataError(
            Argument("columns"),
            f": {len(varying)} columns are too many at once, {MOST_COLUMNS} can be searched; name those that matter",
        )
    if rows < LEAST_ROWS:
        raise DataError(f"{table.source}: {rows} rows are too few for a relation, at least {LEAST_ROWS} are needed")
