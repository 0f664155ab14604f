"""How precise the target can be at best: the floor below which a smaller residual means nothing."""

import numpy as np

from kansym.data.dataset import Dataset
from kansym.data.repeated import repeated_scatter

RELATIVE_ROUNDING = 1e-13
"""Formulas are evaluated in double precision; a few dozen operations leave about this much of the largest value."""


def noise_floor(dataset: Dataset) -> float:
    """Smallest meaningful root-mean-square residual of y, in the units of y.

    Where the table has standard errors, theirs: points that scatter more than they say are evidence of something that
    is missing, and not of more noise. Otherwise the largest of the rounding of the table's own digits and the spread of
    repeated points. Never less than the rounding of double precision. What the table does not tell is not guessed: a
    network's residual bounds the noise only from above.

    Parameters
    ----------
    dataset : Dataset
    """
    rounding = RELATIVE_ROUNDING * float(np.max(np.abs(dataset.y)))
    if dataset.y_error is not None:
        # The loss weighs rows by 1 / error^2; with right errors its expectation is the harmonic mean square.
        scale = float(dataset.y_error.max())
        return max(rounding, scale * float(np.mean((dataset.y_error / scale) ** -2.0)) ** -0.5)
    return max(rounding, digit_rounding(dataset.y), pure_error(dataset.X, dataset.y) or 0.0)


def digit_rounding(y: np.ndarray, *, most_digits: int = 11) -> float:
    """Standard deviation of the rounding of a table written with few decimals; 0 for full double precision.

    The finest power of ten of which all values are multiples is taken for the last digit; a rounded value is uniformly
    distributed over it, with standard deviation 1/sqrt(12) of it.

    Parameters
    ----------
    y : ndarray, shape (n,)
    most_digits : int, default 11
        Values with more significant digits than this count as full precision.
    """
    peak = float(np.max(np.abs(y)))
    if peak == 0.0 or not np.isfinite(peak):
        return 0.0
    top = int(np.floor(np.log10(peak)))
    # Coarse digits first; a table of integers counts as exact where its integers are counts, so digits above the
    # decimal point are not taken for rounding.
    for exponent in range(0, -(most_digits - top), -1):
        scaled = y * 10.0**-exponent
        if np.all(np.abs(scaled - np.round(scaled)) <= 4e-16 * np.abs(scaled) + 1e-9):
            return 0.0 if exponent == 0 else 10.0**exponent / np.sqrt(12.0)
    return 0.0


def pure_error(X: np.ndarray, y: np.ndarray, *, least_groups: int = 5) -> float | None:
    """Root-mean-square spread of y among rows with equal inputs, or None without enough repeated points.

    Parameters
    ----------
    X : ndarray, shape (n, d)
    y : ndarray, shape (n,)
    least_groups : int, default 5
        Degrees of freedom below which the estimate would be too uncertain to use.
    """
    scatter = repeated_scatter(X, y, least=least_groups)
    # Exact copies of rows say nothing about noise; their mean rounds.
    rounding = RELATIVE_ROUNDING * (float(np.max(np.abs(y))) or 1.0)
    return scatter.size if scatter is not None and scatter.size > rounding else None
