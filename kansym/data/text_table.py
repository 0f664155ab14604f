"""Delimited text: from its lines to columns."""

from __future__ import annotations

import io
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from kansym.data.dialect import SAMPLE_LINES, WHITESPACE, Dialect, dialect_of, single_blanks, usual_count
from kansym.data.heads import COMMENT_SIGNS, head_of, preamble, preamble_note
from kansym.data.labview import is_labview, read_labview
from kansym.data.limits import LARGEST_TEXT, require_moderate_table
from kansym.data.table import RawTable
from kansym.deferred import deferred_module
from kansym.errors import DataError

if TYPE_CHECKING:
    import pandas as pd
else:
    pd = deferred_module("pandas", globals(), "pd")


NUMERALS = frozenset("0123456789+-.eE \n")
"""Characters of a table of decimal numbers, but for its delimiter."""

WHOLE_DIGITS = 18
"""Most characters of a whole number that surely fits into 64 bits."""

MOST_PLAIN_FIELDS = 100_000
"""Fields up to which reading one after the other takes less time than the import of pandas, a quarter of a second."""


def exact_numbers() -> dict[str, Any]:
    """Options by which pandas reads numbers to the last digit."""
    # Before 3.1 the default of pandas was off by one in the last digit for some numbers; since then it is exact, and
    # the option is deprecated.
    return {"float_precision": "round_trip"} if tuple(map(int, pd.__version__.split(".")[:2])) < (3, 1) else {}


def read_text(path: Path) -> RawTable:
    """Read a delimited text file; see `kansym.data.readers.read_table` for what is understood."""
    every = _decode(path).split("\n")
    if not is_labview(every):
        return table_of(path.name, every)
    found = read_labview(path.name, every)
    return table_of(path.name, found.lines, found.dialect, found.units, found.notes)


def table_of(
    source: str,
    every: list[str],
    dialect: Dialect | None = None,
    units: Mapping[str, str] = MappingProxyType({}),
    notes: Sequence[str] = (),
    comments: bool = True,
) -> RawTable:
    """The table that lines hold.

    Parameters
    ----------
    source : str
        The file's name, for messages.
    every : list of str
        All lines of the file, empty where they are no part of the table.
    dialect : Dialect, optional
        By default it is told from the lines.
    units : mapping of str to str, optional
        By name of a column.
    notes : sequence of str, optional
        What was done to the lines.
    comments : bool
        Whether ``#`` and ``%`` begin a comment, as they do by default; in the cells of a sheet they do not.
    """
    # By the lines themselves and not in pairs with their numbers: a million rows are a million small objects.
    signs = COMMENT_SIGNS if comments else ()
    numbers = np.array([k for k, line in enumerate(every, start=1) if _holds_data(line, signs)], dtype=np.int64)
    if not len(numbers):
        what = "holds only comments" if any(line.strip() for line in every) else "is empty"
        raise DataError(f"{source} {what}; a table with at least two rows is needed")
    lines = [every[k - 1] for k in numbers]
    notes = list(notes)
    if skipped := preamble(lines, dialect):
        notes.append(preamble_note(lines[:skipped]))
        numbers, lines = numbers[skipped:], lines[skipped:]
    above = every[max(numbers[0] - 3, 0) : numbers[0] - 1] if comments else []
    del every
    dialect = dialect or dialect_of(lines)
    head = head_of(source, lines, numbers[:2].tolist(), above, dialect)
    headers, numbers, lines = head.names, numbers[head.lines :], lines[head.lines :]
    width = usual_count(lines[:SAMPLE_LINES], dialect) if headers is None else len(headers)
    if headers is not None and len(headers) > 1 and headers[-1] == "":
        # A delimiter at the end of every line; the empty column is cut off below.
        headers = headers[:-1]
    counts = np.fromiter((dialect.count(line) for line in lines), dtype=np.int64, count=len(lines))
    ragged = np.flatnonzero(counts != width)
    if len(ragged):
        first = int(ragged[0])
        raise DataError(
            f"{source}, line {numbers[first]}: expected {width} fields, got {counts[first]}; "
            "correct the line or comment it out with #"
        )
    named = headers is not None
    if headers is None:
        headers = [f"x{k}" for k in range(width)]
    if "" in headers:
        raise DataError(f"{source}: column {headers.index('') + 1} has no name in the header; give it one")
    require_moderate_table(source, [(len(lines), width)])
    columns = _parse(source, numbers, lines, dialect, width)[: len(headers)]
    return RawTable(
        source, headers, columns, {**units, **head.units}, named=named, row_numbers=numbers, notes=[*notes, *head.notes]
    )


def _decode(path: Path) -> str:
    """Text of the file, lines ended by a newline: UTF-8, UTF-16 with a byte order mark, else Latin-1."""
    if path.stat().st_size > LARGEST_TEXT:
        size = f"{path.stat().st_size / 1e6:,.0f} MB"
        raise DataError(
            f"{path.name} has {size}, more than {LARGEST_TEXT / 1e6:g} MB of text; keep fewer rows or columns"
        )
    raw = path.read_bytes()
    marked = raw.startswith((b"\xff\xfe", b"\xfe\xff"))
    encodings = ("utf-16" if marked else "utf-8-sig", "latin-1")
    for encoding in encodings:
        try:
            text = raw.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:  # pragma: no cover - latin-1 decodes anything
        text = ""
    if "\0" in text:
        raise DataError(f"{path.name} is not a text file (it holds zero bytes); give it the suffix of its format")
    # Not str.splitlines: it also breaks lines at form feeds and, in Latin-1, at the byte 0x85.
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _holds_data(line: str, signs: tuple[str, ...]) -> bool:
    content = line.lstrip()
    return bool(content) and not content.startswith(signs)


def plain_numbers(lines: Sequence[str], dialect: Dialect, width: int) -> list[np.ndarray] | None:
    """Columns of a short table in which every field is a decimal number, as pandas would read them.

    A table of a few thousand rows, the usual one, is read in less time than the import of pandas takes. Columns of
    whole numbers are int64, others float64.

    Parameters
    ----------
    lines : sequence of str
        Of `width` fields each.
    dialect : Dialect
    width : int

    Returns
    -------
    list of ndarray or None
        None where the table is long, or a field is missing, quoted, beyond what float64 holds, or no number.
    """
    if len(lines) * width > MOST_PLAIN_FIELDS:
        return None
    joined = "\n".join(lines)
    blank = "\t" if dialect.delimiter == WHITESPACE else dialect.delimiter
    if not set(joined) <= {*NUMERALS, blank, dialect.decimal}:
        return None
    if dialect.decimal != ".":
        joined = joined.replace(".", "?").replace(dialect.decimal, ".")
    delimiter = None if dialect.delimiter == WHITESPACE else dialect.delimiter
    fields = [line.split(delimiter) for line in joined.split("\n")]
    try:
        return [_numbers(column) for column in zip(*fields, strict=True)]
    except ValueError:
        return None


def _numbers(column: Sequence[str]) -> np.ndarray:
    """Numbers of one column.

    Raises
    ------
    ValueError
        If one of them is none, or too large.
    """
    whole = [field for field in column if not any(sign in field for sign in ".eE")]
    if any(len(field) > WHOLE_DIGITS for field in whole):
        raise ValueError("beyond 64 bits, perhaps")
    if len(whole) == len(column):
        return np.array([int(field) for field in column], dtype=np.int64)
    found = np.array([float(field) for field in column])
    if not np.isfinite(found).all():
        raise ValueError("beyond float64")
    return found


def _parse(
    source: str, numbers: np.ndarray, lines: list[str], dialect: Dialect, width: int
) -> Sequence[np.ndarray | pd.Series]:
    """The columns; those that are not all numbers come as objects, for the message to name the odd one."""
    if not lines:
        return [pd.Series([], dtype=object) for _ in range(width)]
    plain = plain_numbers(lines, dialect, width)
    if plain is not None:
        return plain
    whitespace = dialect.delimiter == WHITESPACE
    joined = "\n".join(map(single_blanks, lines) if whitespace else lines)
    # Bytes: a text buffer takes four bytes for every character.
    data = io.BytesIO(joined.encode("utf-8"))
    del joined
    try:
        with warnings.catch_warnings():
            # Warned of, and then lost, are fields beyond the width; quotes may hide them from the count of a line.
            warnings.simplefilter("error", pd.errors.ParserWarning)
            frame = pd.read_csv(
                data,
                sep=dialect.delimiter,
                decimal=dialect.decimal,
                header=None,
                names=list(range(width)),
                index_col=False,
                skipinitialspace=True,
                skip_blank_lines=False,
                low_memory=False,
                **exact_numbers(),
            )
    except (pd.errors.ParserError, pd.errors.ParserWarning, ValueError) as failure:
        raise DataError(f"{source} cannot be read as a table: {' '.join(str(failure).split())}") from failure
    if len(frame) != len(lines):  # a quote left open swallows the end of its line
        quoted = (number for number, line in zip(numbers, lines, strict=True) if line.count('"') % 2)
        odd = next(quoted, numbers[0])
        raise DataError(f"{source}, line {odd}: a quote is opened and not closed; correct the line")
    columns = [frame.iloc[:, k] for k in range(width)]
    if dialect.decimal == ",":
        columns = [
            column
            if pd.api.types.is_numeric_dtype(column)
            else column.astype(object).map(lambda v: v.replace(",", ".") if isinstance(v, str) else v)
            for column in columns
        ]
    return columns
