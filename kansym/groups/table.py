"""A table whose rows belong to groups: the same experiment with other samples, apparatus or objects."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import sympy

from kansym.data.columns import listing, quoted
from kansym.data.dataset import Dataset
from kansym.data.noise import noise_floor
from kansym.errors import Argument, DataError
from kansym.symbolic.naming import internal_symbols

LEAST_ROWS = 2
"""Rows of a group. One row is met exactly by any constant of its own, and so says nothing."""

SHOWN = 5
"""Groups that a message names."""


@dataclass(frozen=True, eq=False)
class GroupedTable:
    """Rows in the order of their groups, and within a group in an order that does not depend on that of the file.

    Attributes
    ----------
    dataset : Dataset
        Without the column of the groups.
    group : str
        What the groups are called: the name of their column.
    names : tuple of str, length G
        Of the groups, in their order: by number where all are numbers, else by text.
    codes : ndarray of int, shape (n,)
        Group of each row, ascending.
    """

    dataset: Dataset
    group: str
    names: tuple[str, ...]
    codes: np.ndarray

    @property
    def n_groups(self) -> int:
        return len(self.names)

    @cached_property
    def counts(self) -> np.ndarray:
        """Rows of each group (G,)."""
        return np.bincount(self.codes, minlength=len(self.names))

    @cached_property
    def starts(self) -> np.ndarray:
        """First row of each group (G,)."""
        return np.concatenate([[0], np.cumsum(self.counts)[:-1]])

    @cached_property
    def variables(self) -> tuple[sympy.Symbol, ...]:
        """Symbols of the columns, positive where the data are."""
        return internal_symbols(self.dataset.names, self.dataset.X)

    @cached_property
    def floor(self) -> float:
        """Smallest residual that means anything, where the table has no errors; in the units of the target."""
        plain = replace(self.dataset, y_error=None, x_error=None, y_sides=None, counts=False)
        # Rows of different groups with equal inputs are no repetitions.
        return min((noise_floor(plain.take(self.codes == g)) for g in range(len(self.names))), default=0.0)

    @cached_property
    def level_columns(self) -> dict[str, np.ndarray]:
        """Columns that are constant within every group, by name: what groups differ in, as far as the table has it."""
        found: dict[str, np.ndarray] = {}
        columns: dict[str, np.ndarray] = dict(zip(self.dataset.names, self.dataset.X.T, strict=True))
        columns |= {name: column for name, column in self.dataset.labels.items() if name != self.group}
        for name, column in columns.items():
            first = column[self.starts]
            if (column == first[self.codes]).all():
                found[name] = first
        return found

    def rows_of(self, g: int) -> np.ndarray:
        """Row numbers of a group."""
        return np.arange(self.starts[g], self.starts[g] + self.counts[g])

    def of(self, g: int) -> Dataset:
        """The table of one group."""
        return self.dataset.take(self.rows_of(g))

    def without(self, left_out: Sequence[int]) -> "GroupedTable":
        """The table of the other groups."""
        kept = [g for g in range(len(self.names)) if g not in set(left_out)]
        rows = np.isin(self.codes, kept)
        codes = np.searchsorted(kept, self.codes[rows])
        return GroupedTable(self.dataset.take(rows), self.group, tuple(self.names[g] for g in kept), codes)


def grouped_table(dataset: Dataset, labels: Any, group: str = "group") -> GroupedTable:
    """A table with its groups, checked.

    Parameters
    ----------
    dataset : Dataset
    labels : array-like, shape (n,)
        Group of each row: texts or whole numbers.
    group : str, default "group"
        What the groups are called.

    Raises
    ------
    DataError
        If the lengths differ, there is a single group, a group has a single row, or a label is missing.
    """
    texts, order = _labels(labels, dataset.n_rows, group)
    names = _ordered(order)
    if len(names) < 2:
        raise DataError(
            f"the group column {quoted(group)} has one value only ({names[0]}): without it this is an ordinary search"
        )
    place = {name: k for k, name in enumerate(names)}
    codes = np.array([place[text] for text in texts])
    counts = np.bincount(codes)
    lonely = [names[g] for g in np.flatnonzero(counts < LEAST_ROWS)]
    if lonely:
        several = f"{len(lonely)} groups of {quoted(group)} have a single row each" if len(lonely) > 1 else ""
        words = several or f"group {lonely[0]} of {quoted(group)} has a single row"
        named = f" ({listing(lonely, SHOWN)})" if several else ""
        raise DataError(
            f"{words}{named}, which says nothing of constants of its own; leave {'them' if several else 'it'} out, or "
            "join rows that belong together under one name"
        )
    keys = (*(dataset.X[:, j] for j in reversed(range(dataset.n_columns))), codes)
    rows = np.lexsort((dataset.y, *keys))
    return GroupedTable(dataset.take(rows), group, tuple(names), codes[rows])


def _labels(labels: Any, n: int, group: str) -> tuple[list[str], list[str]]:
    """Label of each row as text, and the different ones."""
    values = np.asarray(labels, dtype=object)
    if values.shape != (n,):
        raise DataError(Argument("groups"), f" must be one label per row, of shape ({n},), got shape {values.shape}")
    texts = []
    for row, value in enumerate(values):
        missing = value is None or (isinstance(value, float | np.floating) and not np.isfinite(value))
        text = "" if missing else text_of(value)
        if not text:
            raise DataError(f"the group column {quoted(group)} has no value in row {row}; leave such rows out")
        texts.append(text)
    return texts, list(dict.fromkeys(texts))


def text_of(label: Any) -> str:
    """A label as text: 3 for 3.0, without blanks around it."""
    value = label
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return str(value).strip()


def _ordered(names: Sequence[str]) -> list[str]:
    """By number where all are numbers, else by text."""
    try:
        return sorted(names, key=lambda name: (float(name), name))
    except ValueError:
        return sorted(names)
