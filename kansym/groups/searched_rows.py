"""The rows that forms are looked for on, of all groups together, each group in units of its own."""

import math
from dataclasses import dataclass

import numpy as np

from kansym.groups.table import GroupedTable

MOST_GROUPS, MOST_ROWS = 12, 60
"""Groups, those of most rows, that forms are looked for in, and rows of each."""

LEAST_ROWS = 5
"""Rows of a group, by which two coefficients can be told."""


@dataclass(frozen=True, eq=False)
class SearchedRows:
    """Rows of some groups, one group after the other, which count alike.

    Attributes
    ----------
    groups : list of int
    parts : list of slice
        The rows of each.
    X : ndarray, shape (n, d)
    y : ndarray, shape (n,)
        In units of `sizes`, so that y times `root` has a mean square of one in each group.
    root : ndarray, shape (n,)
        Inverse errors of y, with a mean square of one in each group.
    sizes : ndarray, shape (G,)
    """

    groups: list[int]
    parts: list[slice]
    X: np.ndarray
    y: np.ndarray
    root: np.ndarray
    sizes: np.ndarray

    @classmethod
    def of(cls, table: GroupedTable, seed: int) -> "SearchedRows":
        """Of a table; `seed` is that of the rows of large groups."""
        groups, rows = _chosen(table, seed)
        chosen, dataset = np.concatenate(rows), table.dataset
        ends = np.cumsum([len(one) for one in rows])
        parts = [slice(int(end) - len(one), int(end)) for end, one in zip(ends, rows, strict=True)]
        root = np.ones(len(chosen)) if dataset.y_error is None else 1.0 / dataset.y_error[chosen]
        y, sizes = dataset.y[chosen].copy(), np.ones(len(parts))
        for g, part in enumerate(parts):
            root[part] /= math.sqrt(float(np.mean(root[part] ** 2)))
            sizes[g] = math.sqrt(float(np.mean((root[part] * y[part]) ** 2))) or 1.0
            y[part] /= sizes[g]
        return cls(groups, parts, dataset.X[chosen], y, root, sizes)


def _chosen(table: GroupedTable, seed: int) -> tuple[list[int], list[np.ndarray]]:
    """Some groups, and rows of each."""
    order = [int(g) for g in np.argsort(-table.counts, kind="stable")]
    groups = sorted([g for g in order if table.counts[g] >= LEAST_ROWS][:MOST_GROUPS] or order[:1])
    generator = np.random.default_rng(seed)
    return groups, [np.sort(generator.permutation(table.rows_of(g))[:MOST_ROWS]) for g in groups]
