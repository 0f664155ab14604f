"""How large a table may be."""

import math
from collections.abc import Iterable

from kansym.errors import DataError

MOST_VALUES = 20_000_000
"""Numbers of a table, rows times columns. Reading takes up to 50 bytes each on the way, so that this is a gigabyte."""

LARGEST_TEXT = 300_000_000
"""Bytes of a text file; reading takes five times as much on the way."""

WIDEST_VALUE = 64
"""Bytes of one value, on average; texts may be longer than numbers."""


def require_moderate_table(source: str, shapes: Iterable[tuple[int, ...]], size: int = 0) -> None:
    """Refuse a table that is too large to read, before it is read.

    A file of some kilobytes may say that it holds a million million numbers, all zero.

    Parameters
    ----------
    source : str
        The file's name, for the message.
    shapes : iterable of tuple of int
        Of the arrays that are about to be read.
    size : int, optional
        Bytes that they take in memory.

    Raises
    ------
    DataError
        If there are more than `MOST_VALUES` numbers, or they take more than `WIDEST_VALUE` bytes each.
    """
    values = sum(math.prod(shape) for shape in shapes)
    if values > MOST_VALUES:
        raise DataError(
            f"{source} holds {values:,} numbers, more than {MOST_VALUES:,}; keep fewer rows, evenly or at random, or "
            "only the columns that matter"
        )
    if size > MOST_VALUES * WIDEST_VALUE:
        raise DataError(f"{source} takes {size:,} bytes of memory; leave out columns of text, or keep fewer rows")
