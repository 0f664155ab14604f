"""Delimited text: delimiter, decimal comma, header, comments and ragged rows."""

import csv
import io
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from kansym.data.columns import FORTRAN_EXPONENT
from kansym.data.limits import LARGEST_TEXT, require_moderate_table
from kansym.data.table import RawTable
from kansym.errors import DataError

WHITESPACE = " "
DELIMITERS = ("\t", ";", "|", ",", WHITESPACE)
"""In order of preference where two explain the file equally well: a comma may be a decimal sign, a blank may be in a
name, the others are hardly ever anything but delimiters."""
COMMENT_SIGNS = ("#", "%")
# Before 3.1 the default of pandas was off by one in the last digit for some numbers; since then it is exact, and the
# option is deprecated.
EXACT_NUMBERS: dict[str, Any] = (
    {"float_precision": "round_trip"} if tuple(map(int, pd.__version__.split(".")[:2])) < (3, 1) else {}
)
SAMPLE_LINES = 50
MISSING = {"", "na", "n/a", "nan", "null", "none", "inf", "-inf", "+inf", "infinity"}


@dataclass(frozen=True)
class Dialect:
    """How a line falls into fields."""

    delimiter: str
    decimal: str

    def fields(self, line: str) -> list[str]:
        """The fields of one line, unquoted and stripped."""
        if self.delimiter == WHITESPACE:
            line = _single_blanks(line)
        reader = csv.reader([line], delimiter=self.delimiter, skipinitialspace=True)
        return [field.strip() for field in next(reader, [])]

    def count(self, line: str) -> int:
        """Number of fields of one line; the common case without quotes is fast."""
        if '"' in line:
            return len(self.fields(line))
        return len(line.split()) if self.delimiter == WHITESPACE else line.count(self.delimiter) + 1


def read_text(path: Path) -> RawTable:
    """Read a delimited text file; see `kansym.data.readers.read_table` for what is understood."""
    every = _decode(path).split("\n")
    # By the lines themselves and not in pairs with their numbers: a million rows are a million small objects.
    numbers = np.array([k for k, line in enumerate(every, start=1) if _holds_data(line)], dtype=np.int64)
    if not len(numbers):
        what = "holds only comments" if any(line.strip() for line in every) else "is empty"
        raise DataError(f"{path.name} {what}; a table with at least two rows is needed")
    lines = [every[k - 1] for k in numbers]
    above = every[numbers[0] - 2] if numbers[0] > 1 else ""
    del every
    dialect = _dialect(lines)
    headers, notes = _headers(above, int(numbers[0]), lines, dialect)
    named = headers is not None
    if headers is not None and (not notes):
        numbers, lines = numbers[1:], lines[1:]
    width = len(headers) if headers is not None else _usual_count(lines[:SAMPLE_LINES], dialect)
    if headers is not None and len(headers) > 1 and headers[-1] == "":
        # A delimiter at the end of every line; the empty column is cut off below.
        headers = headers[:-1]
    counts = np.fromiter((dialect.count(line) for line in lines), dtype=np.int64, count=len(lines))
    ragged = np.flatnonzero(counts != width)
    if len(ragged):
        first = int(ragged[0])
        raise DataError(
            f"{path.name}, line {numbers[first]}: expected {width} fields, got {counts[first]}; "
            "correct the line or comment it out with #"
        )
    if headers is None:
        headers = [f"x{k}" for k in range(width)]
    if "" in headers:
        raise DataError(f"{path.name}: column {headers.index('') + 1} has no name in the header; give it one")
    require_moderate_table(path.name, [(len(lines), width)])
    columns = _parse(path, numbers, lines, dialect, width)
    return RawTable(path.name, headers, columns[: len(headers)], named=named, row_numbers=numbers, notes=notes)


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


def _single_blanks(line: str) -> str:
    """One blank between words: a no-break space or a tab in such a file is a blank, too, but not to pandas."""
    return " ".join(line.split())


def _holds_data(line: str) -> bool:
    content = line.lstrip()
    return bool(content) and not content.startswith(COMMENT_SIGNS)


def _is_number(field: str, decimal: str = ".") -> bool:
    candidate = field.replace(decimal, ".") if decimal == "," and "." not in field else field
    if "_" in candidate:
        return False
    try:
        float(candidate)
    except ValueError:
        return bool(FORTRAN_EXPONENT.match(candidate))
    return True


def _usual_count(lines: list[str], dialect: Dialect) -> int:
    return int(np.bincount([dialect.count(line) for line in lines]).argmax())


def _dialect(lines: list[str]) -> Dialect:
    """The delimiter and decimal sign under which most lines have as many fields and most fields are numbers."""
    sample = lines[:SAMPLE_LINES]
    body = sample[1:] or sample
    best, best_score = Dialect(",", "."), (0.0, 0.0, 0)
    for preference, delimiter in enumerate(DELIMITERS):
        for decimal in (".", ","):
            if delimiter == decimal:
                continue
            dialect = Dialect(delimiter, decimal)
            width = _usual_count(body, dialect)
            if width < 2:
                continue
            same = sum(dialect.count(line) == width for line in sample) / len(sample)
            fields = [field for line in body for field in dialect.fields(line)]
            numeric = sum(_is_number(field, decimal) for field in fields) / max(len(fields), 1)
            # The decimal point is tried first and wins a tie. Coarse steps: one odd line must not turn the choice.
            score = (round(same, 1), numeric, -preference)
            if score > best_score:
                best, best_score = dialect, score
    return best


def _headers(above: str, number: int, lines: list[str], dialect: Dialect) -> tuple[list[str] | None, list[str]]:
    """Names of the columns and a note, or None for a file without a header; `above` is the line before the first one.

    The first line is a header if nothing in it is a number, or if a word stands where the next line has a number.
    Otherwise a comment just above the data with one word per column is taken for the header (numpy.savetxt, gnuplot).
    """
    first = dialect.fields(lines[0])

    def numeric(fields: list[str]) -> list[bool]:
        return [_is_number(field, dialect.decimal) or field.lower() in MISSING for field in fields]

    in_first = numeric(first)
    second = dialect.fields(lines[1]) if len(lines) > 1 else []
    is_header = not any(_is_number(field, dialect.decimal) for field in first) and any(
        field and field.lower() not in MISSING for field in first
    )
    is_header = is_header or any(
        not here and _is_number(below, dialect.decimal) for here, below in zip(in_first, second, strict=False)
    )
    if is_header:
        return first, []
    comment = above.lstrip()
    if comment.startswith(COMMENT_SIGNS):
        words = dialect.fields(comment.lstrip("#% \t"))
        if len(words) == len(first) and all(words) and not any(numeric(words)):
            return words, [f"Took the names of the columns from the comment on line {number - 1}."]
    return None, []


def _parse(path: Path, numbers: np.ndarray, lines: list[str], dialect: Dialect, width: int) -> list[pd.Series]:
    """The columns; those that are not all numbers come as objects, for the message to name the odd one."""
    if not lines:
        return [pd.Series([], dtype=object) for _ in range(width)]
    whitespace = dialect.delimiter == WHITESPACE
    joined = "\n".join(map(_single_blanks, lines) if whitespace else lines)
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
                **EXACT_NUMBERS,
            )
    except (pd.errors.ParserError, pd.errors.ParserWarning, ValueError) as failure:
        raise DataError(f"{path.name} cannot be read as a table: {' '.join(str(failure).split())}") from failure
    if len(frame) != len(lines):  # a quote left open swallows the end of its line
        quoted = (number for number, line in zip(numbers, lines, strict=True) if line.count('"') % 2)
        odd = next(quoted, numbers[0])
        raise DataError(f"{path.name}, line {odd}: a quote is opened and not closed; correct the line")
    columns = [frame.iloc[:, k] for k in range(width)]
    if dialect.decimal == ",":
        columns = [
            column
            if pd.api.types.is_numeric_dtype(column)
            else column.astype(object).map(lambda v: v.replace(",", ".") if isinstance(v, str) else v)
            for column in columns
        ]
    return columns
