"""The running mean of scattered points, with its standard error."""

from dataclasses import dataclass

import numpy as np

FEW_VALUES = 12
"""Different inputs up to which the points at each are averaged, as for quantum numbers."""

NEIGHBOURS = 1 / 8
"""Share of the points that a mean is taken of."""

FEWEST, STEPS = 10, 60


@dataclass(frozen=True, eq=False)
class RunningMean:
    """Means along an axis, at increasing places `x` (k,), with standard errors; `discrete` where x has few values."""

    x: np.ndarray
    mean: np.ndarray
    error: np.ndarray
    discrete: bool


def running_mean(x: np.ndarray, values: np.ndarray, weights: np.ndarray | None = None) -> RunningMean | None:
    """Weighted means over windows of equally many neighbours, or over the points at each of few different inputs.

    The standard error of a mean is taken from the scatter of its points, not from their stated errors.

    Parameters
    ----------
    x, values : array (n,)
    weights : array (n,), optional
        Equal by default.

    Returns
    -------
    RunningMean or None
        None below eight points.
    """
    if len(x) < 8:
        return None
    order = np.argsort(x, kind="stable")
    x, values = x[order], values[order]
    shares = np.ones(len(x)) if weights is None else weights[order] / weights.max()
    places = np.unique(x)
    if len(places) <= FEW_VALUES:
        starts, ends = np.searchsorted(x, places, "left"), np.searchsorted(x, places, "right")
        if (ends - starts).max() < 2:
            return None
        return RunningMean(places, *_means(values, shares, starts, ends), discrete=True)
    size = max(min(FEWEST, len(x) // 2), round(NEIGHBOURS * len(x)))
    starts = np.unique(np.linspace(0, len(x) - size, min(STEPS, len(x) - size + 1)).round().astype(int))
    ends = starts + size
    middles, _ = _means(x, shares, starts, ends)
    return RunningMean(middles, *_means(values, shares, starts, ends), discrete=False)


def _means(
    values: np.ndarray, weights: np.ndarray, starts: np.ndarray, ends: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    # In units of the largest value: squares of extreme numbers overflow.
    peak = float(np.max(np.abs(values), initial=0.0)) or 1.0
    means, errors = [], []
    for start, end in zip(starts, ends, strict=True):
        part, share = values[start:end] / peak, weights[start:end] / weights[start:end].sum()
        mean = float(share @ part)
        effective = 1 / float(share @ share)
        variance = float(share @ (part - mean) ** 2)
        means.append(mean)
        errors.append(np.sqrt(variance / (effective - 1)) if effective > 1.5 else np.nan)
    return np.array(means) * peak, np.array(errors) * peak
