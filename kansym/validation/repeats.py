"""Lack of fit against the spread of repeated points."""

from dataclasses import dataclass

import numpy as np
import scipy.stats

from kansym.validation.rows import Residuals


@dataclass(frozen=True)
class LackOfFit:
    """The F test of lack of fit (Fisher; Draper and Smith, Applied Regression Analysis, chapter 2).

    Attributes
    ----------
    points : int
        Different points.
    pure_error : float
        Spread of y among rows with equal inputs, in units of y.
    statistic : float
        F: the mean square of group means about the formula over that of rows about their group means.
    freedom, pure_freedom : int
        Degrees of freedom of either.
    p_value : float
        Of a larger F were the formula right.
    """

    points: int
    pure_error: float
    statistic: float
    freedom: int
    pure_freedom: int
    p_value: float


def lack_of_fit(residuals: Residuals) -> LackOfFit | None:
    """The test, or None without repeated points that differ in y, or with no more points than constants."""
    if residuals.exact or residuals.n == 0:
        return None
    _, group, counts = np.unique(residuals.X, axis=0, return_inverse=True, return_counts=True)
    group = group.reshape(-1)
    points = len(counts)
    pure_freedom, freedom = residuals.n - points, points - residuals.k
    if pure_freedom < 1 or freedom < 1:
        return None
    weights = np.ones(residuals.n) if residuals.weights is None else residuals.weights
    peak = float(np.max(np.abs(residuals.raw)))
    r = residuals.raw / (peak or 1.0)
    total = np.bincount(group, weights=weights)
    means = np.bincount(group, weights=weights * r) / total
    pure = float(weights @ (r - means[group]) ** 2)
    lack = float(total @ means**2)
    if not pure > 1e-20 * lack:
        # Copies of rows, equal in y too, say nothing about noise.
        return None
    statistic = (lack / freedom) / (pure / pure_freedom)
    return LackOfFit(
        points=points,
        pure_error=peak * (pure / pure_freedom) ** 0.5,
        statistic=statistic,
        freedom=freedom,
        pure_freedom=pure_freedom,
        p_value=float(scipy.stats.f.sf(statistic, freedom, pure_freedom)),
    )
