"""What stands above the numbers of a text file: remarks of an instrument, names of columns, and a row of units."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from kansym.data.columns import quoted
from kansym.data.dialect import MISSING, SAMPLE_LINES, Dialect, dialect_of, is_number, usual_count
from kansym.data.remarks import Warned
from kansym.errors import DataError
from kansym.units.headers import is_plain_unit
from kansym.units.unit import parse_unit

COMMENT_SIGNS = ("#", "%")

LONGEST_PREAMBLE = 1000
"""Lines above a table that are looked through."""

SHOWN = 40
"""Characters of the first line left out that a note quotes."""

_PURE = ("-", "–", "—", "1", "dimensionless", "none", "[]", "()", "[-]", "(-)", "[1]", "(1)")


@dataclass(frozen=True)
class Head:
    """Names and units of columns.

    Attributes
    ----------
    names : list of str or None
        None where there is no header.
    units : dict of str to str
        By name, from a row of units.
    lines : int
        How many of the lines belong to it.
    notes : list of str
    """

    names: list[str] | None = None
    units: dict[str, str] = field(default_factory=dict)
    lines: int = 0
    notes: list[str] = field(default_factory=list)


def head_of(source: str, lines: Sequence[str], numbers: Sequence[int], above: Sequence[str], dialect: Dialect) -> Head:
    """The head of a table.

    The first line is a header if nothing in it is a number, or if a word stands where the next line has a number.
    Otherwise a comment just above the data with one word per column is taken for the header (numpy.savetxt, gnuplot).

    Parameters
    ----------
    source : str
        The file's name, for messages.
    lines : sequence of str
        Without comments, the head among them.
    numbers : sequence of int
        Those of the lines in the file.
    above : sequence of str
        The two lines before the first one, comments or not.
    dialect : Dialect

    Raises
    ------
    DataError
        If a row of units holds one that is not known.
    """
    first = dialect.fields(lines[0])
    second = dialect.fields(lines[1]) if len(lines) > 1 else []
    is_header = not any(is_number(cell, dialect.decimal) for cell in first) and any(
        cell and cell.lower() not in MISSING for cell in first
    )
    is_header = is_header or any(
        not _numeric(here, dialect) and is_number(below, dialect.decimal)
        for here, below in zip(first, second, strict=False)
    )
    if is_header:
        below = [dialect.fields(line) for line in lines[2:4]]
        units = _row_of_units(source, numbers[1] if len(lines) > 1 else 0, first, second, below, dialect)
        if not units:
            return Head(first, lines=1)
        return Head(first, units, 2, [_units_note(numbers[1], second)])
    words = [_comment(line, dialect) for line in above]
    number = int(numbers[0]) - 1
    if len(words) == 2 and _one_each(words[0], first, dialect):
        below = [first, second] if second else [first]
        units = _row_of_units(source, number, words[0], words[1], below, dialect)
        if units:
            note = f"Took the names of the columns from the comment on line {number - 1}."
            return Head(words[0], units, 0, [note, _units_note(number, words[1])])
    if words and _one_each(words[-1], first, dialect):
        return Head(words[-1], notes=[f"Took the names of the columns from the comment on line {number}."])
    return Head()


def preamble(lines: Sequence[str], dialect: Dialect | None = None) -> int:
    """How many lines stand before a table: remarks that an instrument wrote above it.

    By default the dialect is told from the end of the table. Only where the file would be ragged otherwise, and never a
    line of numbers: a row with a mistake is none of them.
    """
    tail = lines[-min(SAMPLE_LINES, max(2, len(lines) // 2)) :]
    dialect = dialect or dialect_of(tail)
    width = usual_count(tail, dialect)
    rows = [row for row in map(dialect.fields, tail) if len(row) == width]
    numeric = [k for k in range(width) if 2 * sum(is_number(row[k], dialect.decimal) for row in rows) > len(rows)]
    if width < 2 or not numeric:
        return 0
    top = [dialect.fields(line) for line in lines[:LONGEST_PREAMBLE]]

    def names_columns(row: list[str]) -> bool:
        wordy = not any(is_number(cell, dialect.decimal) for cell in row)
        return len(row) == width and wordy and all(row[k] for k in numeric)

    def holds_numbers(row: list[str]) -> bool:
        return len(row) == width and all(_numeric(row[k], dialect) for k in numeric) and any(row[k] for k in numeric)

    first = next((k for k, row in enumerate(top) if holds_numbers(row)), 0)
    start = first
    if first and names_columns(top[first - 1]):
        start = first - 1
        if (
            start
            and names_columns(top[start - 1])
            and _row_of_units("", 0, [], top[start], top[first : first + 2], dialect)
        ):
            start -= 1
    skipped = top[:start]
    ragged = any(len(row) != width or sum(map(bool, row)) < min(width, 2) for row in skipped)
    headed = start < first or not any(map(names_columns, skipped))
    data = any(row and all(is_number(cell, dialect.decimal) for cell in row) for row in skipped)
    return start if ragged and headed and not data else 0


def preamble_note(lines: Sequence[str]) -> Warned:
    """What to say about lines that were left out."""
    text = lines[0].strip()
    begin = quoted(text if len(text) <= SHOWN else f"{text[:SHOWN]}...")
    many = "the first line, which is" if len(lines) == 1 else f"the first {len(lines)} lines, which are"
    return Warned(f"Left out {many} no part of the table ({begin}).")


def _numeric(cell: str, dialect: Dialect) -> bool:
    return is_number(cell, dialect.decimal) or cell.lower() in MISSING


def _comment(line: str, dialect: Dialect) -> list[str]:
    content = line.lstrip()
    return dialect.fields(content.lstrip("#% \t")) if content.startswith(COMMENT_SIGNS) else []


def _one_each(words: Sequence[str], row: Sequence[str], dialect: Dialect) -> bool:
    return len(words) == len(row) and all(words) and not any(_numeric(word, dialect) for word in words)


def _row_of_units(
    source: str,
    number: int,
    names: Sequence[str],
    cells: Sequence[str],
    below: Sequence[Sequence[str]],
    dialect: Dialect,
) -> dict[str, str]:
    """Units by name, where every cell that is not empty holds a unit or says that there is none, and rows below it hold
    numbers; otherwise nothing. `source` is empty where only that is asked.
    """
    filled = [k for k, cell in enumerate(cells) if cell in _PURE or cell.lower() not in MISSING]
    numbers_below = bool(below) and all(k < len(row) and _numeric(row[k], dialect) for row in below for k in filled)
    if not numbers_below or (names and len(names) != len(cells)):
        return {}
    bare = {k: _without_brackets(cells[k]) for k in filled}
    sure = [k for k in filled if cells[k] not in _PURE and (bare[k] != cells[k] or is_plain_unit(bare[k]))]
    # A row of data with a stray word in it: 1, K.
    numeric = sum(is_number(cells[k], dialect.decimal) for k in filled)
    if 2 * len(sure) < len(filled) or numeric >= len(sure):
        return {}
    if not source:
        return {str(k): cells[k] for k in filled}
    for k in filled:
        try:
            parse_unit(
                "1" if cells[k] in _PURE else bare[k], f"{source}, line {number}: the unit of {quoted(names[k])}"
            )
        except DataError:
            # Half of them are units: what is no unit is one misspelt only where all others are.
            if len(sure) < len(filled) - 1 and k not in sure:
                return {}
            raise
    return {names[k]: "1" if cells[k] in _PURE else bare[k] for k in filled if names[k]}


def _without_brackets(cell: str) -> str:
    return cell[1:-1].strip() if cell[0] + cell[-1] in ("()", "[]") and len(cell) > 2 else cell


def _units_note(number: int, cells: Sequence[str]) -> Warned:
    return Warned(f"Took line {number} for the units of the columns: {', '.join(cell or 'none' for cell in cells)}.")
