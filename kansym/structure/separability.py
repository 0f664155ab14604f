"""Columns that separate: y = A(x_i) + R(rest) or y = A(x_i) R(rest).

In the first case dy/dx_i is a function of x_i alone, in the second d log|y| / dx_i is. The factor or term A is then
the mean of the interpolant over the other columns, a curve of one variable that can be read on its own.
"""

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import BSpline

from kansym.structure.coordinates import Coordinates, coordinate_changes
from kansym.structure.links import LINKS, Link, usable_links
from kansym.structure.surrogate import Surrogate

KNOTS = 12
"""Intervals of the spline in x_i that the derivative is compared with."""

CURVE_KNOTS = 40
"""Intervals of the spline that A is integrated from."""

LINK_PRICE = 3.0
"""Factor on the misfit of what needs a link or other coordinates: the plain columns win ties."""

WIDEST_CHANGE = 4
"""Most columns for changes of coordinates."""


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
    if len(x) < 5 * KNOTS or np.ptp(x) == 0:
        return np.inf
    _, left, kept = _smooth(x, slope, weights, KNOTS)
    root = np.sqrt(weights / weights.mean())
    return float(np.sqrt(np.mean(left[kept] ** 2) / max(np.mean((slope * root)[kept] ** 2), 1e-300)))


def _smooth(
    x: np.ndarray, slope: np.ndarray, weights: np.ndarray, knots: int
) -> tuple[BSpline, np.ndarray, np.ndarray]:
    """A cubic spline through derivatives, the weighted residuals, and which of them were kept."""
    # Knots at quantiles: columns may be spread over decades.
    inner = np.unique(np.quantile(x, np.linspace(0, 1, knots + 1)))
    interval = np.clip(np.searchsorted(inner, x, side="right") - 1, 0, max(len(inner) - 2, 0))
    places = np.r_[[inner[0]] * 3, inner, [inner[-1]] * 3]
    basis = BSpline.design_matrix(x, places, 3).toarray()
    root = np.sqrt(weights / weights.mean())
    kept = np.ones(len(x), dtype=bool)
    solution, left = np.zeros(basis.shape[1]), np.zeros(len(x))
    # Derivatives of an interpolant are poor at the edges of the data and near poles: the worst tenth has no vote.
    for _ in range(2):
        solution = np.linalg.lstsq((basis * root[:, None])[kept], (slope * root)[kept], rcond=None)[0]
        left = np.abs((slope - basis @ solution) * root)
        # No interval loses more than half, so that none is emptied: where the derivative is steep all are large.
        kept = left <= np.quantile(left, 0.9)
        for one in range(len(inner) - 1):
            inside = interval == one
            if inside.sum() >= 10:
                kept[inside] |= left[inside] <= np.quantile(left[inside], 0.5)
    return BSpline(places, solution, 3), left, kept


def separated_curve(
    value: np.ndarray, gradient: np.ndarray, X: np.ndarray, separation: Separation, *, points: int = 400
) -> tuple[np.ndarray, np.ndarray]:
    """Points of A, up to a constant term for sums and a factor for products.

    The derivative of A, or of log|A|, is smoothed over the rows and integrated: unlike slices of the interpolant at
    fixed other columns, this never leaves the region that the data fill, which need not be a box.

    Parameters
    ----------
    value : ndarray, shape (n,)
        Target, from the interpolant.
    gradient : ndarray, shape (n, d)
    X : ndarray, shape (n, d)
    separation : Separation
    points : int, default 400

    Returns
    -------
    x, a : ndarray, shape (points,)
    """
    x, slope, weights = X[:, separation.column], gradient[:, separation.column], np.ones(len(value))
    if separation.product:
        safe = np.abs(value) > 1e-3 * np.abs(value).max()
        x, slope, weights = x[safe], slope[safe] / value[safe], value[safe] ** 2
    spline, _, _ = _smooth(x, slope, weights, max(KNOTS, min(CURVE_KNOTS, len(x) // 20)))
    places = np.sort(x)[np.unique(np.linspace(0, len(x) - 1, points).astype(int))]
    integral = spline.antiderivative()(places)
    if separation.product:
        return places, np.exp(integral - integral.max())
    return places, integral - integral.mean()


Found = tuple[Coordinates | None, Link, Separation]


def linked_separations(surrogate: Surrogate, X: np.ndarray, t: np.ndarray, loose: float) -> list[Found]:
    """Columns that separate, the surest first: as they are, under a link, or after a change of coordinates."""
    value, gradient = surrogate.value_and_gradient(X)
    found: list[tuple[float, Found]] = []
    for link in usable_links(t):
        # A sum under the logarithm is a product of the plain target.
        if not link.usable(value) or link.name == "log":
            continue
        with np.errstate(all="ignore"):
            linked, slopes = link.forward(value), link.slope(value)[:, None] * gradient
        if not (np.isfinite(linked).all() and np.isfinite(slopes).all()):
            continue
        price = 1.0 if link.name == "identity" else LINK_PRICE
        for separation in separations(linked, slopes, X, loose=loose):
            # So is a product under a power.
            if separation.product and link.name in ("reciprocal", "square", "root", "reciprocal square"):
                continue
            found.append((max(price * separation.misfit, 1e-5), (None, link, separation)))
    if X.shape[1] <= WIDEST_CHANGE:
        identity = LINKS[0]
        for coordinates in coordinate_changes(X):
            slopes = coordinates.gradient(gradient, X)
            if not np.isfinite(slopes).all():
                continue
            for separation in separations(value, slopes, coordinates.inputs(X), loose=loose):
                # Any other column would separate without the change as well.
                if separation.column == coordinates.j:
                    found.append((max(LINK_PRICE * separation.misfit, 1e-5), (coordinates, identity, separation)))
    return [one for _, one in sorted(found, key=lambda one: one[0])]
