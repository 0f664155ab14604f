"""Whether the target of every group is a function of one combination of two inputs, times a power of them.

Sorted by the combination, the target is smooth; sorted by any other, it is not. What a straight line through both
neighbours leaves of each row, over all rows of all groups, tells which (von Neumann, Kent, Bellinson and Hart 1941,
doi:10.1214/aoms/1177731746), and needs no form.
"""

from collections.abc import Sequence

import numpy as np

from kansym.terms.arguments import PAIR, Argument

SMOOTH = 0.005
"""Mean square of what neighbours leave, in units of that of y, from which there is no such combination."""

NEAR, MOST = 1.7, 1
"""Ratio to the least below which combinations may be it, and how many of them."""


def single_arguments(
    arguments: Sequence[Argument], factors: np.ndarray, y: np.ndarray, root: np.ndarray, blocks: Sequence[slice]
) -> list[tuple[Argument, list[int]]]:
    """The combinations of two inputs that y may be a function of, times a factor; the smoothest first.

    Parameters
    ----------
    arguments : sequence of Argument
    factors : ndarray, shape (M, n)
        The first is one.
    y : ndarray, shape (n,)
    root : ndarray, shape (n,)
        Inverse errors of y.
    blocks : sequence of slice
        The rows of each group.

    Returns
    -------
    list of (Argument, list of int)
        With the factors that it may be times, the first among them.
    """
    pairs = [one for one in arguments if one.level == PAIR]
    size = float(np.square(root * y).sum())
    scores = np.empty((len(pairs), len(factors)))
    with np.errstate(all="ignore"):
        for k, one in enumerate(pairs):
            left = sum(_left(one.column[part], factors[:, part], y[part], root[part]) for part in blocks)
            scores[k] = np.nan_to_num(left / size, nan=np.inf)
    each = scores.min(axis=1, initial=np.inf)
    most = min(SMOOTH, NEAR * each.min(initial=np.inf))
    chosen = [k for k in np.argsort(each, kind="stable")[:MOST].tolist() if each[k] <= most]
    return [(pairs[k], [0, *(1 + np.flatnonzero(scores[k, 1:] <= most)).tolist()]) for k in chosen]


def _left(v: np.ndarray, factors: np.ndarray, y: np.ndarray, root: np.ndarray) -> np.ndarray:
    """Squares (M,) of what neighbours in v leave of y over each factor, in units of its errors."""
    order = np.argsort(v, kind="stable")
    v, factors, y, root = v[order], factors[:, order], y[order], root[order]
    share = np.where(v[2:] > v[:-2], (v[1:-1] - v[:-2]) / (v[2:] - v[:-2]), 0.5)
    ratio, error = y / factors, 1 / np.abs(root * factors)
    apart = ratio[:, 1:-1] - (1 - share) * ratio[:, :-2] - share * ratio[:, 2:]
    variance = error[:, 1:-1] ** 2 + ((1 - share) * error[:, :-2]) ** 2 + (share * error[:, 2:]) ** 2
    return (apart**2 / variance).sum(1)
