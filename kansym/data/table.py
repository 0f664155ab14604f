"""A table as it was found in a file, before it is known which column is which."""

from __future__ import annotations

import csv
import difflib
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from kansym.data.columns import as_float_column, name_listing, parse_numbers, quoted
from kansym.data.dataset import Dataset, make_dataset
from kansym.data.error_models import POISSON, ErrorModel, is_like_poisson
from kansym.data.remarks import are_groups, scatter_remarks
from kansym.deferred import deferred_module
from kansym.errors import Argument, DataError
from kansym.units.headers import names_and_units_of

if TYPE_CHECKING:
    import pandas as pd
else:
    pd = deferred_module("pandas", globals(), "pd")

ROUND_BRACKETS = re.compile(r"^(?P<name>.*\S)\s*\([^()]*\)$", re.DOTALL)


@dataclass(frozen=True, eq=False)
class RawTable:
    """Columns of one file, not yet checked.

    Attributes
    ----------
    source : str
        The file's name, for messages.
    headers : list of str
        Headers as written; ``x0, x1, ...`` where the file has none.
    columns : sequence of array or pandas.Series
        Values, all of one length; numbers or objects. A plain table of numbers is read as arrays.
    units : dict
        Header to unit, where the file says it other than in the header.
    named : bool
        False when the headers are made up: a column may then also be named by its index.
    row_numbers : ndarray or None
        Line of each row in a text file, number of each row in a part of a longer table.
    part : bool
        Whether these are some of the rows of a longer table.
    notes : list of str
        What reading changed.
    """

    source: str
    headers: list[str]
    columns: Sequence[np.ndarray | pd.Series]
    units: dict[str, str] = field(default_factory=dict)
    named: bool = True
    row_numbers: np.ndarray | None = None
    notes: list[str] = field(default_factory=list)
    part: bool = False

    @property
    def row_word(self) -> str:
        """What `row_numbers` count."""
        return "row" if self.row_numbers is None or self.part else "line"

    def series(self, k: int) -> pd.Series:
        """A column as a series, where what pandas knows of its values is asked for."""
        return pd.Series(self.columns[k])

    def texts(self, k: int) -> np.ndarray:
        """The values of a column as text, shape (n,)."""
        column = self.columns[k]
        return column.astype(str) if isinstance(column, np.ndarray) else column.astype(str).to_numpy(dtype=str)


@dataclass(frozen=True, eq=False)
class Roles:
    """Which column of a table is which.

    Attributes
    ----------
    source : str
    names, units : list
        Of all columns.
    target : int
        Position of the target.
    errors : tuple of int
        Positions of its errors: none, one, or two, below and above.
    same_error : float, str or None
        One error for all rows, or what they follow from, as 1%.
    x_errors : dict of int to (int or float)
        Of inputs, the position of their errors, or one error for all rows.
    inputs : list of int
    notes : list of str
        On columns that were left out.
    """

    source: str
    names: list[str]
    units: list[str | None]
    target: int
    errors: tuple[int, ...]
    same_error: float | str | None
    x_errors: dict[int, int | float]
    inputs: list[int]
    notes: list[str]

    @property
    def used(self) -> set[int]:
        """Positions of all columns that matter."""
        of_inputs = {at for at in self.x_errors.values() if isinstance(at, int)}
        return {self.target, *self.errors, *of_inputs, *self.inputs}

    def values(self, table: RawTable) -> dict[str, Any]:
        """What `make_dataset` takes, of the rows of a table with these columns."""
        source, names = self.source, self.names

        def numbers(k: int) -> np.ndarray:
            return as_float_column(
                table.columns[k], f"{source}: column {quoted(names[k])}", table.row_numbers, table.row_word
            )

        def errors(k: int, exact: bool = False) -> np.ndarray:
            """Numbers of a column of standard errors, 0 among them where a value may be exact."""
            values = numbers(k)
            bad = np.flatnonzero(values < 0 if exact else values <= 0)
            if len(bad):
                row = bad[0] if table.row_numbers is None else table.row_numbers[bad[0]]
                wanted = "a standard error must not be negative" if exact else "a standard error must be positive"
                raise DataError(
                    f"{source}: column {quoted(names[k])}, {table.row_word} {row}: {wanted}, got {values[bad[0]]:g}; "
                    "correct it, or comment the row out"
                )
            return values

        places = list(dict.fromkeys(self.inputs))
        inputs = np.column_stack([numbers(k) for k in places])
        outcome = numbers(self.target)
        y_error: Any = self.same_error if not self.errors else None
        if len(self.errors) == 1:
            y_error = errors(self.errors[0])
        if len(self.errors) == 2:
            # Catalogues of astronomy have a sign before the lower one.
            minus = numbers(self.errors[0])
            below = -minus if (minus[np.isfinite(minus)] < 0).all() else errors(self.errors[0])
            y_error = (below, errors(self.errors[1]))
        of_inputs = {names[k]: errors(at, True) if isinstance(at, int) else at for k, at in self.x_errors.items()}
        return {
            "X": inputs,
            "y": outcome,
            "names": [names[k] for k in places],
            "target": names[self.target],
            "y_error": y_error,
            "x_error": of_inputs or None,
            "row_numbers": table.row_numbers,
            "row_word": table.row_word,
        }

    def dataset(self, table: RawTable, *, drop_missing: bool = False, remove_constant: bool = True) -> Dataset:
        """The checked table."""
        values = self.values(table)
        try:
            dataset = make_dataset(**values, drop_missing=drop_missing, remove_constant=remove_constant)
        except DataError as failure:
            raise DataError(f"{self.source}: ", *failure.args) from failure
        names = self.names
        same = len(dataset.y) == len(table.columns[0])
        left_out = [k for k in range(len(names)) if k not in self.used] if same else []
        labels = {names[k]: table.texts(k) for k in left_out}
        labels = {name: column for name, column in labels.items() if are_groups(column)}
        notes = [*table.notes, *self.notes, *scatter_remarks(dataset.X, dataset.y, dataset.y_error, labels)]
        # Units of a header are what somebody wrote there: one that is not known is kept for display (`UnitSystem.of`).
        found = tuple(self.units[names.index(name)] for name in dataset.names)
        return replace(
            dataset, notes=(*notes, *dataset.notes), units=found, y_units=self.units[self.target], labels=labels
        )


def to_dataset(
    table: RawTable,
    *,
    target: str | int,
    error: str | float | None = None,
    x_error: Mapping[str, str | float] | None = None,
    columns: Sequence[str | int] | None = None,
    drop_missing: bool = False,
    remove_constant: bool = True,
    apart: Collection[int] = (),
) -> Dataset:
    """Pick target, error and input columns of a table and check them; see `kansym.data.readers.read_table`.

    Columns at the positions `apart`, other targets and their errors, are no inputs.
    """
    roles = roles_of(table, target=target, error=error, x_error=x_error, columns=columns, apart=apart)
    return roles.dataset(table, drop_missing=drop_missing, remove_constant=remove_constant)


def roles_of(
    table: RawTable,
    *,
    target: str | int,
    error: str | float | None = None,
    x_error: Mapping[str, str | float] | None = None,
    columns: Sequence[str | int] | None = None,
    apart: Collection[int] = (),
) -> Roles:
    """Which column is which, as of `kansym.data.readers.read_table`."""
    source = table.source
    if not table.headers:
        raise DataError(f"{source}: the table has no columns")
    names, units = names_and_units(table)
    for position, name in enumerate(names):
        if name in names[:position]:
            first = names.index(name)
            raise DataError(
                f"{source}: two columns are named {quoted(name)} (columns {first + 1} and {position + 1}); rename one"
            )
    if len(table.columns[0]) == 0:
        raise DataError(f"{source}: the table has a header but no rows of data")
    target_at = _find(table, names, target, "target")
    errors_at, same_error = _errors_at(table, names, error)
    if target_at in errors_at:
        raise DataError(f"{source}: the error column {quoted(str(error))} is the target itself; name another column")
    input_errors = _input_errors(table, names, x_error or {})
    taken = {at for at in input_errors.values() if isinstance(at, int)}
    if {target_at, *input_errors} & taken or {target_at, *errors_at} & set(input_errors):
        raise DataError(
            f"{source}: ",
            Argument("x_error"),
            " pairs input columns with columns of errors; the target is neither",
        )
    notes: list[str] = []
    if columns is None:
        others = [k for k in range(len(names)) if k not in (target_at, *errors_at, *apart) and k not in taken]
        chosen = _without_labels(table, names, others, notes)
    else:
        chosen = [_find(table, names, column, "input") for column in columns]
        for k in chosen:
            if k in (target_at, *errors_at, *apart):
                role = "error" if k in errors_at else "target" if k == target_at else "target, or its error,"
                raise DataError(f"{source}: column {quoted(names[k])} is the {role} and cannot also be an input")
    if not chosen:
        raise DataError(
            f"{source}: no input column is left besides the target {quoted(names[target_at])}; "
            f"columns: {name_listing(names)}. {' '.join([*table.notes, *notes][:3])}".rstrip(" .")
        )

    for k in input_errors:
        if k not in chosen:
            raise DataError(
                f"{source}: ", Argument("x_error"), f" names {quoted(names[k])}, which is not among the inputs"
            )
    return Roles(source, names, units, target_at, tuple(errors_at), same_error, input_errors, chosen, notes)


def to_datasets(
    table: RawTable,
    *,
    targets: Sequence[str | int],
    error: Mapping[str, str | float],
    x_error: Mapping[str, str | float] | None = None,
    columns: Sequence[str | int] | None = None,
    drop_missing: bool = False,
    remove_constant: bool = True,
) -> dict[str, Dataset | DataError]:
    """A dataset for each of several targets; see `kansym.data.readers.read_targets`."""
    names, _ = names_and_units(table)
    at = [_find(table, names, target, "target") for target in targets]
    for place, k in enumerate(at):
        if k in at[:place]:
            raise DataError(f"{table.source}: the target {quoted(names[k])} is named twice; name each once")
        if k in (_find(table, names, column, "input") for column in columns or ()):
            raise DataError(f"{table.source}: column {quoted(names[k])} is a target and cannot also be an input")
    own = [error.get(str(target)) for target in targets]
    of_errors = [k for one in own for k in _errors_at(table, names, one)[0]]
    for k in of_errors:
        if k in at:
            raise DataError(f"{table.source}: the error column {quoted(names[k])} is a target; name another column")
    found: dict[str, Dataset | DataError] = {}
    for k, target, one in zip(at, targets, own, strict=True):
        try:
            found[names[k]] = to_dataset(
                table,
                target=target,
                error=one,
                x_error=x_error,
                columns=columns,
                drop_missing=drop_missing,
                remove_constant=remove_constant,
                apart={*at, *of_errors} - {k},
            )
        except DataError as failure:
            found[names[k]] = failure
    return found


def _errors_at(
    table: RawTable, names: list[str], error: str | float | None
) -> tuple[tuple[int, ...], float | str | None]:
    """Positions of the columns of errors of a target, two for those below and above; or what is the same for all."""
    if error is None or _error_model(table, names, error):
        return (), error
    pair = _pair_of_columns(table, names, error)
    if pair:
        return pair, None
    found = _column_or_number(table, names, error, "error")
    return ((), found) if isinstance(found, float) else ((found,), None)


def _error_model(table: RawTable, names: list[str], error: str | float | None) -> bool:
    """Whether an error is none of the columns, but follows from one: 1%, sqrt(N), poisson."""
    headers = {*names, *(header.strip() for header in table.headers)}
    return isinstance(error, str) and error.strip() not in headers and ErrorModel.read(error) is not None


def names_and_units(table: RawTable) -> tuple[list[str], list[str | None]]:
    """Names and units of the columns; those that the file says otherwise fill in where the header has none."""
    names, units = names_and_units_of(table.headers)
    return names, [unit or table.units.get(header) for unit, header in zip(units, table.headers, strict=True)]


def _find(table: RawTable, names: list[str], wanted: str | float, role: str) -> int:
    """Position of the column the user means: by name, by full header, by the name before round brackets, by index."""
    text = str(wanted).strip()
    headers = [header.strip() for header in table.headers]
    short = [match["name"] if (match := ROUND_BRACKETS.match(name)) else name for name in names]
    for spellings in (names, headers, short):
        if spellings.count(text) == 1:
            return spellings.index(text)
    if not table.named and text.isdecimal() and int(text) < len(names):
        return int(text)
    close = difflib.get_close_matches(text, names, n=3, cutoff=0.5)
    if role == "error" and is_like_poisson(text):
        words = f"there is no {role} column {quoted(text)}; did you mean {POISSON}, the errors of counts?"
        raise DataError(f"{table.source}: {words} columns: {column_listing(table, names)}")
    hint = f"did you mean {' or '.join(quoted(name) for name in close)}? " if close else ""
    raise DataError(
        f"{table.source}: there is no {role} column {quoted(text)}; {hint}columns: {column_listing(table, names)}"
    )


def column_listing(table: RawTable, names: Sequence[str]) -> str:
    """The names of the columns, for a message, and how to name one where the file has no header."""
    unnamed = "" if table.named else " (the file has no header: give a name x0, x1, ... or an index 0, 1, ...)"
    return f"{name_listing(names)}{unnamed}"


def _input_errors(table: RawTable, names: list[str], x_error: Mapping[str, str | float]) -> dict[int, int | float]:
    """Input columns with the column of their errors, by position, or with one error for all rows."""
    found: dict[int, int | float] = {}
    for column, error in x_error.items():
        at = _find(table, names, column, "input")
        found[at] = _column_or_number(table, names, error, "input error", f" of {quoted(names[at])}")
    return found


def _column_or_number(table: RawTable, names: list[str], wanted: str | float, role: str, of: str = "") -> int | float:
    """Position of a column of errors, or one error for all rows, as a float."""
    # A column may be called 0.1: names go before numbers.
    try:
        return _find(table, names, wanted, role)
    except DataError as failure:
        try:
            number = float(wanted)
        except (ValueError, TypeError, OverflowError):
            raise failure from None
        if isinstance(wanted, int) and role == "error" and not table.named:
            raise  # An index that is not there.
        if not 0 <= number < float("inf") or (role == "error" and number == 0):
            sign = "a positive number" if role == "error" else "a finite number that is not negative"
            raise DataError(f"{table.source}: the {role}{of} must be a column or {sign}, got {wanted}") from None
        return number


def _pair_of_columns(table: RawTable, names: list[str], error: str | float) -> tuple[int, int] | None:
    """Positions of two columns of errors, below and above, as in ``y_minus,y_plus``; None for anything else."""
    if not isinstance(error, str) or error.strip() in {*names, *(header.strip() for header in table.headers)}:
        return None
    try:
        parts = next(csv.reader([error], skipinitialspace=True), [])
    except csv.Error:  # A line break in it.
        return None
    if len(parts) != 2:
        return None
    below, above = (_find(table, names, part, "error") for part in parts)
    return below, above


def _without_labels(table: RawTable, names: list[str], positions: list[int], notes: list[str]) -> list[int]:
    """Leave out columns in which nothing is a number (names of objects, dates); a stray word stays an error."""
    kept = []
    for k in positions:
        if isinstance(table.columns[k], np.ndarray):  # All of them numbers.
            kept.append(k)
            continue
        column = table.series(k)
        # Of a long table only some rows are seen here: a column of numbers may go on otherwise.
        if column.isna().all() and not (table.part and pd.api.types.is_numeric_dtype(column)):
            notes.append(f"Left out column {quoted(names[k])}: it is empty.")
            continue
        if pd.api.types.is_numeric_dtype(column):
            kept.append(k)
            continue
        present = ~column.isna().to_numpy()
        if pd.api.types.is_datetime64_any_dtype(column) or pd.api.types.is_timedelta64_dtype(column):
            all_text = True
        else:
            _, bad = parse_numbers(column.astype(object))
            all_text = bool(present.any()) and bool(bad[present].all())
        if all_text:
            example = str(column.iloc[int(np.argmax(present))])
            notes.append(f"Left out column {quoted(names[k])}: it holds text ({quoted(example)}), no numbers.")
        else:
            kept.append(k)
    return kept
