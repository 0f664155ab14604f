"""How lines of text fall into fields: delimiter, decimal sign, and what is a number."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kansym.data.columns import FORTRAN_EXPONENT

WHITESPACE = " "
DELIMITERS = ("\t", ";", "|", ",", WHITESPACE)
"""In order of preference where two explain the file equally well: a comma may be a decimal sign, a blank may be in a
name, the others are hardly ever anything but delimiters."""
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
            line = single_blanks(line)
        reader = csv.reader([line], delimiter=self.delimiter, skipinitialspace=True)
        return [field.strip() for field in next(reader, [])]

    def count(self, line: str) -> int:
        """Number of fields of one line; the common case without quotes is fast."""
        if '"' in line:
            return len(self.fields(line))
        return len(line.split()) if self.delimiter == WHITESPACE else line.count(self.delimiter) + 1


def single_blanks(line: str) -> str:
    """One blank between words: a no-break space or a tab in such a file is a blank, too, but not to pandas."""
    return " ".join(line.split())


def is_number(field: str, decimal: str = ".") -> bool:
    candidate = field.replace(decimal, ".") if decimal == "," and "." not in field else field
    if "_" in candidate:
        return False
    try:
        float(candidate)
    except ValueError:
        return bool(FORTRAN_EXPONENT.match(candidate))
    return True


def usual_count(lines: Sequence[str], dialect: Dialect) -> int:
    return int(np.bincount([dialect.count(line) for line in lines]).argmax())


def dialect_of(lines: Sequence[str]) -> Dialect:
    """The delimiter and decimal sign under which most lines have as many fields and most fields are numbers."""
    sample = lines[:SAMPLE_LINES]
    body = sample[1:] or sample
    best, best_score = Dialect(",", "."), (0.0, 0.0, 0)
    for preference, delimiter in enumerate(DELIMITERS):
        for decimal in (".", ","):
            if delimiter == decimal:
                continue
            dialect = Dialect(delimiter, decimal)
            width = usual_count(body, dialect)
            if width < 2:
                continue
            same = sum(dialect.count(line) == width for line in sample) / len(sample)
            # Empty fields say nothing, or a column without values would speak for blanks in place of tabs.
            fields = [field for line in body for field in dialect.fields(line) if field]
            numeric = sum(is_number(field, decimal) for field in fields) / max(len(fields), 1)
            # The decimal point is tried first and wins a tie. Coarse steps: one odd line must not turn the choice.
            score = (round(same, 1), numeric, -preference)
            if score > best_score:
                best, best_score = dialect, score
    return best
