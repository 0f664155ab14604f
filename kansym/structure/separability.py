"""Columns that separate: y = A(x_i) + R(rest) or y = A(x_i) R(rest).

In the first case dy/dx_i is a function of x_i alone, in the second d log|y| / dx_i is. The factor or term A is then
the mean of the interpolant over the other columns, a curve of one variable that can be read on its own.
"""

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import BSpline

from kansym.structure.surrogate import Surrogate

KNOTS = 12
"""Intervals of the spline in x_i that the derivative is compared with."""

SLICES = 48
"""Settings of the other columns that A is averaged over."""


@dataclass(frozen=True, eq=False)
class Separation:
    """A column that separates.

    Attributes
    ----------
    column : int
    product : bool
        Whether A multiplies the rest or is added to it.
    misfit : float
        Share of the derivative's mean square that x_i does not explain, as a root: the smaller, the surer.
    """

    column: int
    product: bool
    misfit: float


def separations(value: np.ndarray, gradient: np.ndarray, X: np.ndarray, *, loose: float = 0.1) -> list[Separation]:
    """Columns that may separate, the surest first.

    Parameters
    ----------
    value : ndarray, shape (n,)
        Target, from the interpolant.
    gradient : ndarray, shape (n, d)
    X : ndarray, shape (n, d)
        Points the gradients belong to.
    loose : float, default 0.1
        Largest misfit that is still worth a try.
    """
    found = []
    # Relative changes of y make no sense where y is zero; weights y^2 turn them back into changes of y.
    safe = np.abs(value) > 1e-3 * np.abs(value).max()
    for column in range(X.shape[1]):
        slope = gradient[:, column]
        found.append(Separation(column, False, _unexplained(X[:, column], slope, np.ones(len(value)))))
        relative = slope[safe] / value[safe]
        found.append(Separation(column, True, _unexplained(X[safe, column], relative, value[safe] ** 2)))
    return sorted((one for one in found if one.misfit < loose), key=lambda one: one.misfit)


def _unexplained(x: np.ndarray, slope: np.ndarray, weights: np.ndarray) -> float:
    """RMS of what a spline in x leaves of a derivative, relative to the derivative's own RMS."""
    if len(x) < 5 * KNOTS:
        return np.inf
    # Knots at quantiles: columns may be spread over decades.
    inner = np.unique(np.quantile(x, np.linspace(0, 1, KNOTS + 1)))
    knots = np.r_[[inner[0]] * 3, inner, [inner[-1]] * 3]
    basis = BSpline.design_matrix(x, knots, 3).toarray()
    root = np.sqrt(weights / weights.mean())[:, None]
    kept = np.ones(len(x), dtype=bool)
    left = np.zeros(len(x))
    # Derivatives of an interpolant are poor at the edges of the data and near poles: the worst tenth has no vote.
    for _ in range(2):
        solution = np.linalg.lstsq((basis * root)[kept], (slope * root[:, 0])[kept], rcond=None)[0]
        left = np.abs((slope - basis @ solution) * root[:, 0])
        kept = left <= np.quantile(left, 0.9)
    return float(np.sqrt(np.mean(left[kept] ** 2) / max(np.mean((slope * root[:, 0])[kept] ** 2), 1e-300)))


def separated_curve(
    surrogate: Surrogate, X: np.ndarray, separation: Separation, *, points: int = 400, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Points of A: up to a constant term for sums, up to a factor for products.

    Parameters
    ----------
    surrogate : Surrogate
    X : ndarray, shape (n, d)
    separation : Separation
    points : int, default 400
    seed : int, default 0

    Returns
    -------
    x, a : ndarray, shape (points,)
    """
    generator = np.random.default_rng(seed)
    rows = generator.permutation(len(X))
    x = np.sort(X[rows[:points], separation.column])
    others = X[rows[-SLICES:]]
    total = np.zeros(len(x))
    middle = np.median(X[:, separation.column])
    for other in others:
        line = np.tile(other, (len(x) + 1, 1))
        line[:-1, separation.column] = x
        line[-1, separation.column] = middle
        values = surrogate.predict(line)
        # Slices of a product that differ in sign must not cancel each other.
        total += values[:-1] * (np.sign(values[-1]) if separation.product else 1.0)
    return x, total / len(others)
