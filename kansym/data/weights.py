"""Weights of rows, and sizes of residuals under them: the one place for 1/error^2 and weighted means of squares."""

import math

import numpy as np

from kansym.data.dataset import Dataset


def row_weights(dataset: Dataset, error: np.ndarray | None = None) -> np.ndarray | None:
    """Weights (n,) of mean 1 from standard errors and sample weights; None where the table has neither.

    Parameters
    ----------
    dataset : Dataset
    error : array (n,), optional
        Standard errors in place of the table's own, such as effective ones that count errors of the inputs.
    """
    error = dataset.y_error if error is None else error
    if error is None and dataset.sample_weight is None:
        return None
    weights = np.ones(len(dataset.y))
    if error is not None:
        weights = (error / error.max()) ** -2.0
    if dataset.sample_weight is not None:
        weights = weights * dataset.sample_weight
    return weights / weights.mean()


def inverse_squares(error: np.ndarray) -> np.ndarray:
    """1/error^2 (n,) of standard errors (n,), in units of the largest."""
    # Divided first: the square of an error of 1e-200 is no double.
    return (error.min() / error) ** 2


def mean_square(residual: np.ndarray, weights: np.ndarray | None) -> float:
    """Weighted mean of squares; overflows or underflows only where the result itself leaves double precision."""
    mean, peak = _relative_mean_square(residual, weights)
    return mean * peak * peak


def root_mean_square(residual: np.ndarray, weights: np.ndarray | None) -> float:
    """Root of the weighted mean of squares, over the whole range of double precision; nan for no values."""
    mean, peak = _relative_mean_square(residual, weights)
    return peak * math.sqrt(mean) if len(residual) else math.nan


def spread(values: np.ndarray, weights: np.ndarray | None) -> float:
    """Weighted standard deviation; nan for no values."""
    if not len(values):
        return math.nan
    peak = float(np.max(np.abs(values))) or 1.0
    return root_mean_square(values - peak * float(np.average(values / peak, weights=weights)), weights)


def mean_error(error: np.ndarray, weight: np.ndarray | float = 1.0) -> float:
    """The standard error whose 1/error^2 is the mean of those of all rows, each times its `weight`."""
    return float(error.min()) / float(np.sqrt(np.mean(weight * inverse_squares(error))))


def _relative_mean_square(residual: np.ndarray, weights: np.ndarray | None) -> tuple[float, float]:
    """Weighted mean of squares in units of the largest absolute value squared, and that value."""
    peak = float(np.max(np.abs(residual), initial=0.0))
    if peak == 0.0 or not math.isfinite(peak):
        return 1.0, peak
    squares = (residual / peak) ** 2
    if weights is not None:
        squares = squares * (weights / weights.mean())
    return float(squares.mean()), peak
