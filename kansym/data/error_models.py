"""Standard errors that follow from the target itself: a share of it, the root of a column, those of counts."""

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from kansym.data.columns import name_listing, quoted
from kansym.errors import Argument, DataError

_SHARE = re.compile(r"\s*(?P<number>[0-9.eE+-]+)\s*%\s*")
_ROOT = re.compile(r"\s*sqrt\((?P<column>.+)\)\s*")

POISSON = "poisson"


LIKE_POISSON = 0.75
"""How near a word is to poisson, from 0 to 1, that is meant to be it: poison, Poission, poisso."""


def is_like_poisson(text: str) -> bool:
    """Whether a word that is no error model is probably meant as the one for counts."""
    return difflib.SequenceMatcher(None, text.strip().lower(), POISSON).ratio() >= LIKE_POISSON


@dataclass(frozen=True)
class ErrorModel:
    """Errors in words.

    Attributes
    ----------
    share : float or None
        Errors are this part of the target.
    column : str or None
        Errors are the root of this column.
    counts : bool
        The target is a number of counts.
    """

    share: float | None = None
    column: str | None = None
    counts: bool = False

    @classmethod
    def read(cls, text: str) -> "ErrorModel | None":
        """``1%``, ``sqrt(N)`` or ``poisson``; None for any other text.

        Raises
        ------
        DataError
            If a percentage is no positive number.
        """
        if text.strip().lower() == POISSON:
            return cls(counts=True)
        if found := _SHARE.fullmatch(text):
            try:
                share = float(found["number"]) / 100
            except ValueError:
                share = 0.0
            if not 0 < share < np.inf:
                raise DataError(Argument("y_error"), f" must be a positive percentage, such as 1%, got {text.strip()}")
            return cls(share=share)
        if found := _ROOT.fullmatch(text):
            return cls(column=found["column"].strip())
        return None

    def errors(self, y: np.ndarray, columns: Mapping[str, np.ndarray], *, first_row: int = 0) -> np.ndarray:
        """The errors of the rows.

        Parameters
        ----------
        y : array (n,)
        columns : mapping of str to array (n,)
            The target among them.
        first_row : int, default 0
            Number of the first row, for messages.

        Raises
        ------
        DataError
            If a row has no error this way.
        """
        if self.counts:
            return counting_errors(y, first_row=first_row)
        if self.column is not None and self.column not in columns:
            known = name_listing(list(columns))
            raise DataError(
                Argument("y_error"), f": sqrt({self.column}) has no column {quoted(self.column)}; columns: {known}"
            )
        base = np.abs(y) if self.column is None else columns[self.column]
        with np.errstate(invalid="ignore"):
            values = base * (self.share or 0.0) if self.column is None else np.sqrt(base)
        # Missing numbers are told of, or left out, like those of any column.
        bad = np.flatnonzero(base <= 0)
        if len(bad):
            what = f"{self.share:.3g} of the target" if self.column is None else f"sqrt({self.column})"
            place = f"{len(bad)} rows, first in row {first_row + bad[0]}"
            words = f": {what} is no positive error in {place}; for counts say poisson"
            raise DataError(Argument("y_error"), words)
        return values


def pair_of_errors(y_error: Any, rows: int) -> tuple[Any, Any] | None:
    """Errors below and above: a tuple of two, or an array (2, n) as matplotlib has it; None for any other error.

    Parameters
    ----------
    y_error : object
    rows : int
        A tuple of two numbers for two rows is one error for each.

    Raises
    ------
    DataError
        If errors that should be an array have rows of different lengths.
    """
    two = isinstance(y_error, tuple) and len(y_error) == 2
    try:
        dimensions = [np.ndim(one) for one in (y_error if two else (y_error,))]
    except ValueError:
        words = f" has rows of different lengths; errors below and above are two rows of {rows} numbers"
        raise DataError(Argument("y_error"), words) from None
    if two and (rows != 2 or any(dimensions)):
        return y_error
    if isinstance(y_error, list | np.ndarray) and np.shape(y_error) == (2, rows):
        return y_error[0], y_error[1]
    return None


def counting_errors(y: np.ndarray, *, first_row: int = 0) -> np.ndarray:
    """Roots of counts, and one where nothing was counted: where a search begins, before a formula says what to expect.

    Raises
    ------
    DataError
        If a value is no count.
    """
    bad = np.flatnonzero((y < 0) | (np.isfinite(y) & (y != np.round(y))))
    if len(bad):
        raise DataError(
            Argument("y_error"),
            f": poisson needs counts, whole numbers of at least 0, got {y[bad[0]]:g} in row {first_row + bad[0]}",
        )
    return np.sqrt(np.maximum(y, 1.0))
