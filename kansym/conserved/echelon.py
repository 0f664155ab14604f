"""A space of coefficients by vectors with many zeros."""

import numpy as np


def reduced_echelon(null: np.ndarray, *, least: float, relative: bool = False) -> np.ndarray:
    """The same space in reduced row echelon form, pivots from the last column; those of simple functions come last.

    Parameters
    ----------
    null : ndarray, shape (k, m)
    least : float
        Size of a coefficient from which on it may be a pivot.
    relative : bool, default False
        Whether that is in units of the largest coefficient.
    """
    rows, place = null.copy(), 0
    for column in range(rows.shape[1] - 1, -1, -1):
        if place == len(rows):
            break
        k = place + int(np.argmax(np.abs(rows[place:, column])))
        if abs(rows[k, column]) < least * (np.abs(rows).max() if relative else 1.0):
            continue
        rows[[place, k]] = rows[[k, place]]
        rows[place] /= rows[place, column]
        others = np.arange(len(rows)) != place
        rows[others] -= np.outer(rows[others, column], rows[place])
        place += 1
    return rows[::-1]
