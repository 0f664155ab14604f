"""Several words in one argument, separated by commas; words with commas are quoted."""

import csv
import io
from collections.abc import Iterable


def joined(words: Iterable[str]) -> str:
    """Words as one argument; `split` gives them back."""
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(list(words))
    return line.getvalue()


def split(argument: str) -> list[str]:
    """The words of an argument, without blanks around them and without empty ones."""
    words = [word.strip() for row in csv.reader([argument], skipinitialspace=True) for word in row]
    return [word for word in words if word]
