"""Labels one above the other without overlap."""

from collections.abc import Sequence

import numpy as np
from scipy.optimize import isotonic_regression


def stacked(wanted: Sequence[float], heights: Sequence[float], low: float, high: float) -> np.ndarray:
    """Middles of labels, from top to bottom, nearest to the wanted ones (least squares) and without overlap.

    Parameters
    ----------
    wanted : sequence of float
        Decreasing.
    heights : sequence of float
        Of the labels, with the space between them.
    low, high : float
        What they are to stay within; where there is too little room they reach over it at the bottom.
    """
    sizes = np.asarray(heights, dtype=float)
    if not len(sizes):
        return np.zeros(0)
    # Distances of the middles from the first one at the closest.
    offsets = np.concatenate([[0.0], np.cumsum(0.5 * (sizes[1:] + sizes[:-1]))])
    # Downwards: -y increases. Less the offsets, the condition is plain monotony, and bounds are those of the first.
    depth = -np.asarray(wanted, dtype=float) - offsets
    top, bottom = 0.5 * sizes[0] - high, -low - 0.5 * sizes[-1] - offsets[-1]
    middle = np.clip(isotonic_regression(depth).x, top, max(top, bottom))
    return -(middle + offsets)
