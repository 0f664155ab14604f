"""How large a table, and the numbers in it, may be."""

import math
from collections.abc import Iterable

import numpy as np

from kansym.data.columns import quoted
from kansym.data.dataset import Dataset
from kansym.errors import DataError

MOST_VALUES = 20_000_000
"""Numbers of a table, rows times columns. Reading takes up to 50 bytes each on the way, so that this is a gigabyte."""

MOST_ROWS = 50_000
"""Rows that formulas are searched on; constants of what is found are fitted to all. Forms that fifty thousand rows
cannot distinguish more rows hardly can, and every trial costs time in proportion."""

LONG = 200_000
"""Rows of a table beyond which sums over all of them are taken part after part."""

LARGEST_TEXT = 300_000_000
"""Bytes of a text file; reading takes five times as much on the way."""

WIDEST_VALUE = 64
"""Bytes of one value, on average; texts may be longer than numbers."""

LARGEST_TARGET = 1e130
"""Largest |y|, and one over the smallest one: beyond, losses, which are squares, leave double precision."""


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


def require_moderate_target(dataset: Dataset) -> None:
    """Refuse a target too large or too small for least squares.

    Raises
    ------
    DataError
        If y is so large or small that its squares leave double precision.
    """
    require_moderate_values(dataset.y, dataset.target)


def require_moderate_values(y: np.ndarray, target: str) -> None:
    """The same for the values (n,) of a target of that name."""
    peak = float(np.max(np.abs(y)))
    if peak and not 1 / LARGEST_TARGET <= peak <= LARGEST_TARGET:
        raise DataError(
            f"target {quoted(target)} reaches {peak:.3g}, whose square leaves double precision; give it in a unit in "
            f"which its largest value lies between {1 / LARGEST_TARGET:g} and {LARGEST_TARGET:g}"
        )
