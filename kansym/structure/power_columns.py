"""Columns that a law has as plain powers, told from all rows before any interpolant sees much.

An interpolant of seven columns sees little of y = x^2 w^-2 F(u, v, s), since there are few neighbours. The logarithm of
y is a sum of functions of single columns and of what F is beside such a sum; where the columns are drawn each by
itself, the slopes of the logarithms of pure powers come out of a fit of that sum with an error of one over the root of
the number of rows, and are whole or half numbers.
"""

import itertools
from collections.abc import Iterator

import numpy as np

from kansym import clock
from kansym.clock import Work
from kansym.structure.scaling_symmetry import ScalingReduction

LEAST_COLUMNS = 5
"""Columns of a table from which on neighbours are few."""

DEGREE = 3
"""Of the polynomial in the rank of each column that stands for its function."""

ERRORS, LARGEST_ERROR = 3.0, 0.08
"""Most errors between a slope and a half number, and the largest error of one that says anything."""

LARGEST = 4.0
"""Largest exponent."""

CLIPPED = 0.01
"""Share of the smallest |y| that count as if they were no smaller: their logarithms have no bound."""


def power_columns(X: np.ndarray, t: np.ndarray) -> Iterator[ScalingReduction]:
    """Reductions to the columns that are no plain powers: all that look so, and all but one of these.

    Parameters
    ----------
    X : ndarray, shape (n, d)
    t : ndarray, shape (n,)
        Of any sign.
    """
    n, d = X.shape
    if d < LEAST_COLUMNS or n < 10 * DEGREE * d:
        return
    slopes, errors = _slopes(X, t)
    halves = np.round(2 * slopes) / 2
    misfit = np.abs(slopes - halves)
    pure = (misfit < ERRORS * errors) & (errors < LARGEST_ERROR) & (halves != 0) & (np.abs(halves) <= LARGEST)
    found = tuple(np.flatnonzero(pure))
    if not found:
        return
    for chosen in (found, *itertools.combinations(found, len(found) - 1)):
        if chosen:
            factor = np.zeros(d)
            factor[list(chosen)] = halves[list(chosen)]
            groups = np.eye(d)[[k for k in range(d) if k not in chosen]]
            yield ScalingReduction(factor, groups, float(misfit[list(chosen)].max()), float(np.abs(factor).sum()))


def _slopes(X: np.ndarray, t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Slopes of log |t| in the logarithms of positive columns beside functions of the others, with their errors."""
    size = np.abs(t)
    target = np.log(np.maximum(size, max(float(np.quantile(size, CLIPPED)), np.finfo(float).tiny)))
    positive = (X > 0).all(axis=0)
    ranks = 2 * np.argsort(np.argsort(X, axis=0), axis=0) / (len(X) - 1) - 1
    logarithms = np.where(positive, np.log(np.where(positive, X, 1.0)), ranks)
    powers = [ranks**degree for degree in range(2, DEGREE + 1)]
    columns = np.column_stack([np.ones(len(X)), logarithms, *powers])
    clock.charge(Work.DENSE_PRODUCTS, columns.size * columns.shape[1])
    slopes, errors = np.zeros(X.shape[1]), np.full(X.shape[1], np.inf)
    for k in np.flatnonzero(positive):
        # A pure power has no other function of its column beside it.
        own = [1 + X.shape[1] * (1 + power) + k for power in range(DEGREE - 1)]
        kept = np.delete(columns, own, axis=1)
        solution, _, rank, _ = np.linalg.lstsq(kept, target, rcond=None)
        left = target - kept @ solution
        if rank == kept.shape[1]:
            inverse = np.linalg.inv(kept.T @ kept)
            slopes[k] = solution[1 + k]
            errors[k] = np.sqrt(inverse[1 + k, 1 + k] * (left @ left) / (len(t) - rank))
    return slopes, errors
