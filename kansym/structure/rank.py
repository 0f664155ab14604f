"""The rank of a law under a link: how many products of one-variable functions add up to L(y).

For two columns it is the rank of the matrix of values on a grid, read off its singular values. For more columns every
pair is looked at with the others held at their medians; the largest rank of a pair bounds the number of terms from
below.
"""

import itertools

import numpy as np

from kansym.structure.links import Link, usable_links
from kansym.structure.surrogate import Surrogate

GRID = 24
"""Points per side."""

MARGIN = 0.1
"""Share of the rows at each end of a column that the grid leaves out: an interpolant is poor at the rim."""

HIGHEST = 8


def link_ranks(surrogate: Surrogate, X: np.ndarray, t: np.ndarray, *, tolerance: float) -> list[tuple[Link, int]]:
    """Links with the rank they give the law, the lowest rank first and the identity first among equals.

    Parameters
    ----------
    surrogate : Surrogate
    X : ndarray, shape (n, d)
    t : ndarray, shape (n,)
        Decides which links are usable.
    tolerance : float
        Singular values below this share of the largest count as zero.
    """
    if X.shape[1] < 2:
        return []
    grids = [_values(surrogate, X, i, j) for i, j in itertools.combinations(range(X.shape[1]), 2)]
    found = []
    for place, link in enumerate(usable_links(t)):
        ranks = []
        for grid in grids:
            if not link.usable(grid):
                break
            with np.errstate(all="ignore"):
                values = link.forward(grid)
            if not np.isfinite(values).all():
                break
            # One additive constant is free in every law, and must not count as a term.
            singular = np.linalg.svd(values - values.mean(), compute_uv=False)
            ranks.append(int((singular > tolerance * singular[0]).sum()))
        if len(ranks) == len(grids):
            found.append((max(ranks), place, link))
    return [(link, rank) for rank, _, link in sorted(found, key=lambda one: one[:2]) if rank < HIGHEST]


def _values(surrogate: Surrogate, X: np.ndarray, i: int, j: int) -> np.ndarray:
    """The interpolant on a grid over two columns, shape (GRID, GRID)."""
    sides = [np.quantile(X[:, k], np.linspace(MARGIN, 1 - MARGIN, GRID)) for k in (i, j)]
    points = np.tile(np.median(X, axis=0), (GRID * GRID, 1))
    points[:, i], points[:, j] = (side.ravel() for side in np.meshgrid(*sides, indexing="ij"))
    return surrogate.predict(points).reshape(GRID, GRID)
