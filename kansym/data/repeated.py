"""Rows with equal inputs: how much their targets scatter."""

import math
from dataclasses import dataclass

import numpy as np
import scipy.special

LEAST_FREEDOM = 5
"""Degrees of freedom of repeated rows below which their scatter says little."""


@dataclass(frozen=True)
class Scatter:
    """Of rows with equal inputs about their means.

    Attributes
    ----------
    size : float
        Root mean square, in standard errors where the table has them.
    p_value : float
        Probability of so much, with errors; one without.
    """

    size: float
    p_value: float


def repeated_scatter(
    X: np.ndarray, y: np.ndarray, y_error: np.ndarray | None = None, *, least: int = LEAST_FREEDOM
) -> Scatter | None:
    """Scatter of repeated rows; None with fewer than `least` degrees of freedom.

    Parameters
    ----------
    X : ndarray, shape (n, d)
    y : ndarray, shape (n,)
    y_error : ndarray, shape (n,), optional
    least : int, default 5
    """
    _, group, counts = np.unique(X, axis=0, return_inverse=True, return_counts=True)
    freedom, group = int(np.sum(counts - 1)), group.reshape(-1)
    if freedom < least:
        return None
    scale = float(np.max(np.abs(y))) or 1.0
    weights = np.ones(len(y)) if y_error is None else (y_error / scale) ** -2.0
    means = np.bincount(group, weights * y / scale) / np.bincount(group, weights)
    square = float(np.sum(weights * (y / scale - means[group]) ** 2))
    p_value = 1.0 if y_error is None else float(scipy.special.chdtrc(freedom, square))
    return Scatter(math.sqrt(square / freedom) * (scale if y_error is None else 1.0), p_value)
