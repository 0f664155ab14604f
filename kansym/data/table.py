"""A table as it was found in a file, before it is known which column is which."""

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from kansym.data.columns import as_float_column, name_listing, parse_numbers, quoted
from kansym.data.dataset import Dataset, make_dataset
from kansym.errors import DataError

SQUARE_BRACKETS = re.compile(r"^(?P<name>.*\S)\s*\[(?P<unit>[^\[\]]*)\]$", re.DOTALL)
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
    columns : list of pandas.Series
        Values, all of one length; numbers or objects.
    units : dict
        Header to unit, where the file says it other than in the header.
    named : bool
        False when the headers are made up: a column may then also be named by its index.
    row_numbers : ndarray or None
        Line of each row in a text file.
    notes : list of str
        What reading changed.
    """

    source: str
    headers: list[str]
    columns: list[pd.Series]
    units: dict[str, str] = field(default_factory=dict)
    named: bool = True
    row_numbers: np.ndarray | None = None
    notes: list[str] = field(default_factory=list)

    @property
    def row_word(self) -> str:
        """What `row_numbers` count."""
        return "row" if self.row_numbers is None else "line"


def to_dataset(
    table: RawTable,
    *,
    target: str | int,
    error: str | int | None = None,
    x_error: Mapping[str, str | float] | None = None,
    columns: Sequence[str | int] | None = None,
    drop_missing: bool = False,
    remove_constant: bool = True,
) -> Dataset:
    """Pick target, error and input columns of a table and check them; see `kansym.data.readers.read_table`."""
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
    error_at = None if error is None else _find(table, names, error, "error")
    if error_at == target_at:
        raise DataError(f"{source}: the error column {quoted(str(error))} is the target itself; name another column")
    input_errors = _input_errors(table, names, x_error or {})
    taken = {at for at in input_errors.values() if isinstance(at, int)}
    if {target_at, *input_errors} & taken or target_at in input_errors or error_at in input_errors:
        raise DataError(f"{source}: x_error pairs input columns with columns of errors; the target is neither")
    notes = list(table.notes)
    if columns is None:
        others = [k for k in range(len(names)) if k not in (target_at, error_at) and k not in taken]
        chosen = _without_labels(table, names, others, notes)
    else:
        chosen = [_find(table, names, column, "input") for column in columns]
        for k in chosen:
            if k in (target_at, error_at):
                role = "target" if k == target_at else "error"
                raise DataError(f"{source}: column {quoted(names[k])} is the {role} and cannot also be an input")
    if not chosen:
        raise DataError(
            f"{source}: no input column is left besides the target {quoted(names[target_at])}; "
            f"columns: {name_listing(names)}. {' '.join(notes[:3])}".rstrip(" .")
        )

    for k in input_errors:
        if k not in chosen:
            raise DataError(f"{source}: x_error names {quoted(names[k])}, which is not among the inputs")

    def numbers(k: int) -> np.ndarray:
        return as_float_column(
            table.columns[k], f"{source}: column {quoted(names[k])}", table.row_numbers, table.row_word
        )

    try:
        dataset = make_dataset(
            pd.DataFrame({names[k]: numbers(k) for k in dict.fromkeys(chosen)}),
            numbers(target_at),
            target=names[target_at],
            y_error=None if error_at is None else numbers(error_at),
            x_error={names[k]: numbers(at) if isinstance(at, int) else at for k, at in input_errors.items()} or None,
            drop_missing=drop_missing,
            remove_constant=remove_constant,
            row_numbers=table.row_numbers,
            row_word=table.row_word,
        )
    except DataError as failure:
        message = str(failure)
        raise DataError(message if message.startswith(source) else f"{source}: {message}") from failure
    # Units of a header are what somebody wrote there: one that is not known is kept for display (`UnitSystem.of`).
    found = tuple(units[names.index(name)] for name in dataset.names)
    return replace(dataset, notes=(*notes, *dataset.notes), units=found, y_units=units[target_at])


def names_and_units(table: RawTable) -> tuple[list[str], list[str | None]]:
    """`v [m/s]` is the name `v` and the unit `m/s`; round brackets stay in the name, they may be mathematics."""
    names: list[str] = []
    units: list[str | None] = []
    for header in table.headers:
        match = SQUARE_BRACKETS.match(header.strip())
        unit = table.units.get(header)
        if match:
            names.append(match["name"])
            unit = match["unit"].strip() or unit
        else:
            names.append(header.strip())
        units.append(unit)
    return names, units


def _find(table: RawTable, names: list[str], wanted: str | int, role: str) -> int:
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
    hint = f"did you mean {' or '.join(quoted(name) for name in close)}? " if close else ""
    unnamed = "" if table.named else " (the file has no header: give a name x0, x1, ... or an index 0, 1, ...)"
    raise DataError(
        f"{table.source}: there is no {role} column {quoted(text)}; {hint}columns: {name_listing(names)}{unnamed}"
    )


def _input_errors(table: RawTable, names: list[str], x_error: Mapping[str, str | float]) -> dict[int, int | float]:
    """Input columns with the column of their errors, by position, or with one error for all rows."""
    found: dict[int, int | float] = {}
    for column, error in x_error.items():
        at = _find(table, names, column, "input")
        # A column may be called 0.1: names go before numbers.
        try:
            found[at] = _find(table, names, str(error), "input error")
        except DataError as failure:
            try:
                found[at] = float(error)
            except ValueError:
                raise failure from None
    return found


def _without_labels(table: RawTable, names: list[str], positions: list[int], notes: list[str]) -> list[int]:
    """Leave out columns in which nothing is a number (names of objects, dates); a stray word stays an error."""
    kept = []
    for k in positions:
        column = table.columns[k]
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
