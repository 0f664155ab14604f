"""Columns that separate: y = A(x_i) + R(rest) or y = A(x_i) R(rest).

In the first case dy/dx_i is a function of x_i alone, in the second d log|y| / dx_i is. The factor or term A is then
the mean of the interpolant over the other columns, a curve of one variable that can be read on its own. The logarithm
of a factor with zeros has poles: such a factor is the spline A for which A' y - A dy/dx_i is least, piece by piece.
"""

from dataclasses import dataclass, replace

import numpy as np
import scipy
import scipy.linalg
from scipy.interpolate import BSpline
from scipy.spatial import KDTree

from kansym import clock
from kansym.clock import Work
from kansym.data.ranks import average_ranks
from kansym.structure.coordinates import Coordinates, coordinate_changes
from kansym.structure.links import LINKS, Link, usable_links
from kansym.structure.surrogate import Surrogate

KNOTS = 12
"""Intervals of the spline in x_i that the derivative is compared with."""

CURVE_KNOTS = 40
"""Intervals of the spline that A is integrated from."""

LINK_PRICE = 3.0
"""Factor on the misfit of what needs a link or other coordinates: the plain columns win ties."""

ZERO, BOTH_SIGNS, CLEARER = 0.05, 0.02, 0.5
"""Least value of a factor on each side of its zeros, in units of its largest one; share of the rows on which y has the
rarer sign, from which a factor may have zeros; and its misfit then, in units of that of a factor without."""

ALIKE = 0.25
"""Share of the rows on one side of a zero that are compared with the nearest ones on the other."""

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
    zeros : bool, default False
        Whether A is a factor that changes its sign.
    """

    column: int
    product: bool
    misfit: float
    zeros: bool = False


def separations(
    value: np.ndarray, gradient: np.ndarray, X: np.ndarray, *, weights: np.ndarray | None = None, loose: float = 0.1
) -> list[Separation]:
    """Columns that may separate, the surest first.

    Parameters
    ----------
    value : ndarray, shape (n,)
        Target, from the interpolant.
    gradient : ndarray, shape (n, d)
    X : ndarray, shape (n, d)
        Points the gradients belong to.
    weights : ndarray, shape (n,), optional
        Inverse squares of the errors of `value`; all the same by default.
    loose : float, default 0.1
        Largest misfit that is still worth a try.
    """
    found = []
    trust = np.ones(len(value)) if weights is None else weights
    # Relative changes of y make no sense where y is zero; weights y^2 turn them back into changes of y.
    safe = np.abs(value) > 1e-3 * np.abs(value).max()
    both_signs = BOTH_SIGNS < np.mean(value > 0) < 1 - BOTH_SIGNS
    for column in range(X.shape[1]):
        x, slope = X[:, column], gradient[:, column]
        found.append(Separation(column, False, _unexplained(x, slope, trust)))
        relative = trust[safe] * value[safe] ** 2
        product = Separation(column, True, _unexplained(x[safe], slope[safe] / value[safe], relative))
        if both_signs and len(x) >= 5 * KNOTS and np.ptp(x) > 0:
            factor, misfit = _factor(x, value, slope, KNOTS)
            a = factor(x)
            if min(a.max(), -a.min()) > ZERO * np.abs(a).max() and misfit < CLEARER * product.misfit:
                product = Separation(column, True, misfit, zeros=True)
        found.append(product)
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
    inner, places = _knots(x, knots)
    interval = np.clip(np.searchsorted(inner, x, side="right") - 1, 0, max(len(inner) - 2, 0))
    basis = BSpline.design_matrix(x, places, 3).toarray()
    root = np.sqrt(weights / weights.mean())
    kept = np.ones(len(x), dtype=bool)
    solution, left = np.zeros(basis.shape[1]), np.zeros(len(x))
    # Derivatives of an interpolant are poor at the edges of the data and near poles: the worst tenth has no vote.
    weighted, target = basis * root[:, None], slope * root
    clock.charge(Work.DENSE_PRODUCTS, 4 * basis.size * basis.shape[1])
    for _ in range(2):
        # B-splines are well conditioned: the normal equations serve, in less time than a decomposition.
        rows = weighted[kept]
        gram = rows.T @ rows
        gram[np.diag_indices_from(gram)] += np.finfo(float).eps * np.trace(gram)
        solution = np.linalg.solve(gram, rows.T @ target[kept])
        left = np.abs(target - weighted @ solution)
        # No interval loses more than half, so that none is emptied: where the derivative is steep all are large.
        kept = (left <= np.quantile(left, 0.9)) | (left <= _middles(left, interval, len(inner) - 1)[interval])
    return BSpline(places, solution, 3), left, kept


def _middles(values: np.ndarray, group: np.ndarray, groups: int) -> np.ndarray:
    """The lower median of the values of each group, shape (groups,); -inf where there are fewer than ten."""
    counts = np.bincount(group, minlength=groups)
    ordered = np.r_[values[np.lexsort((values, group))], -np.inf]
    places = np.cumsum(counts) - counts + (counts - 1) // 2
    return ordered[np.where(counts >= 10, places, -1)]


def _knots(x: np.ndarray, knots: int) -> tuple[np.ndarray, np.ndarray]:
    """Ends of intervals at quantiles, since columns may be spread over decades; and with those of a cubic spline."""
    inner = np.unique(np.quantile(x, np.linspace(0, 1, knots + 1)))
    return inner, np.r_[[inner[0]] * 3, inner, [inner[-1]] * 3]


def _factor(x: np.ndarray, value: np.ndarray, slope: np.ndarray, knots: int) -> tuple[BSpline, float]:
    """A cubic spline A with the least A' y - A dy/dx, and what that is in units of A dy/dx.

    The worst tenth of the rows has no vote, as in `_smooth`.
    """
    _, places = _knots(x, knots)
    basis = BSpline.design_matrix(x, places, 3).toarray()
    slopes = BSpline(places, np.eye(basis.shape[1]), 3).derivative()(x)
    relation, size = slopes * value[:, None] - basis * slope[:, None], basis * slope[:, None]
    clock.charge(Work.DENSE_PRODUCTS, 4 * relation.size * relation.shape[1])
    kept, solution, misfit = np.ones(len(x), dtype=bool), np.zeros(basis.shape[1]), np.inf
    for _ in range(2):
        gram = size[kept].T @ size[kept]
        gram += 1e-12 * np.trace(gram) / len(gram) * np.eye(len(gram))
        squares, vectors = scipy.linalg.eigh(relation[kept].T @ relation[kept], gram, subset_by_index=[0, 0])
        solution, misfit = vectors[:, 0], float(np.sqrt(max(squares[0], 0.0)))
        left = np.abs(relation @ solution)
        kept = left <= np.quantile(left, 0.9)
    return BSpline(places, solution, 3), misfit


def _curve_with_zeros(
    x: np.ndarray, value: np.ndarray, slope: np.ndarray, rest: np.ndarray, places: np.ndarray
) -> np.ndarray:
    """A at some places, its largest size one.

    Across a zero A dy/dx = A' y leaves the size of A open. It is the one for which rows on both sides have the same y/A
    where their other columns `rest` (n, d - 1) are alike.
    """
    factor, _ = _factor(x, value, slope, KNOTS)
    grid = np.linspace(x.min(), x.max(), 10 * CURVE_KNOTS)
    zeros = grid[1:][np.diff(np.sign(factor(grid))) != 0]
    piece, a, ranks = np.searchsorted(zeros, x), factor(x), average_ranks(rest)
    weight = np.bincount(piece, (a * value) ** 2, minlength=len(zeros) + 1)
    first, *others = np.argsort(-weight).tolist()
    sizes, joined = np.ones(len(zeros) + 1), piece == first
    for one in others:
        rows = np.flatnonzero(piece == one)
        if len(rows):
            distance, mates = map(np.asarray, KDTree(ranks[joined]).query(ranks[rows]))
            # Rows of a region that is no box may have no others that are alike.
            alike = distance <= np.quantile(distance, ALIKE)
            rows, mates = rows[alike], np.flatnonzero(joined)[mates[alike]]
            own, other = a[rows] * value[mates], a[mates] * value[rows]
            sizes[one] = (own @ other) / max(own @ own, 1e-300)
            a[piece == one] *= sizes[one]
            joined |= piece == one
    found = factor(places) * sizes[np.searchsorted(zeros, places)]
    return found / max(float(np.abs(found).max()), 1e-300)


def separated_curve(
    value: np.ndarray,
    gradient: np.ndarray,
    X: np.ndarray,
    separation: Separation,
    *,
    weights: np.ndarray | None = None,
    points: int = 400,
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
    weights : ndarray, shape (n,), optional
        Inverse squares of the errors of `value`; all the same by default.
    points : int, default 400

    Returns
    -------
    x, a : ndarray, shape (points,)
    """
    x, slope = X[:, separation.column], gradient[:, separation.column]
    trust = np.ones(len(value)) if weights is None else weights
    if separation.product and not separation.zeros:
        safe = np.abs(value) > 1e-3 * np.abs(value).max()
        x, slope, trust = x[safe], slope[safe] / value[safe], trust[safe] * value[safe] ** 2
    places = np.sort(x)[np.unique(np.linspace(0, len(x) - 1, points).astype(int))]
    if separation.zeros:
        return places, _curve_with_zeros(x, value, slope, np.delete(X, separation.column, axis=1), places)
    spline, _, _ = _smooth(x, slope, trust, max(KNOTS, min(CURVE_KNOTS, len(x) // 20)))
    integral = spline.antiderivative()(places)
    if separation.product:
        return places, np.exp(integral - integral.max())
    return places, integral - integral.mean()


@dataclass(frozen=True, eq=False)
class Slopes:
    """A target under a link, in columns after a change of coordinates, with its derivatives.

    Attributes
    ----------
    value : ndarray, shape (n,)
    gradient, X : ndarray, shape (n, d)
    weights : ndarray, shape (n,)
        Inverse squares of the errors of `value`: an interpolant's are those of the plain target, and what a link makes
        steep is uncertain.
    """

    value: np.ndarray
    gradient: np.ndarray
    X: np.ndarray
    weights: np.ndarray

    @classmethod
    def of(cls, surrogate: Surrogate, X: np.ndarray) -> "Slopes":
        """Of the plain target in the plain columns."""
        value, gradient = surrogate.value_and_gradient(X)
        return cls(value, gradient, X, np.ones(len(value)))

    def under(self, link: Link) -> "Slopes":
        """Those of L(t)."""
        if link.name == "identity":
            return self
        with np.errstate(all="ignore"):
            steep = link.slope(self.value)
            return replace(
                self, value=link.forward(self.value), gradient=steep[:, None] * self.gradient, weights=steep**-2.0
            )

    def along(self, coordinates: Coordinates | None) -> "Slopes":
        """Those by the columns after a change."""
        if coordinates is None:
            return self
        return replace(self, gradient=coordinates.gradient(self.gradient, self.X), X=coordinates.inputs(self.X))

    @property
    def finite(self) -> bool:
        return all(np.isfinite(one).all() for one in (self.value, self.gradient, self.weights))

    def separations(self, loose: float) -> list[Separation]:
        """See `separations`."""
        return separations(self.value, self.gradient, self.X, weights=self.weights, loose=loose)

    def curve(self, separation: Separation) -> tuple[np.ndarray, np.ndarray]:
        """See `separated_curve`."""
        return separated_curve(self.value, self.gradient, self.X, separation, weights=self.weights)


Found = tuple[Coordinates | None, Link, Separation]


def linked_separations(slopes: Slopes, t: np.ndarray, loose: float) -> list[Found]:
    """Columns that separate, the surest first: as they are, under a link, or after a change of coordinates.

    Parameters
    ----------
    slopes : Slopes
        Of the plain target.
    t : ndarray
        The plain target on all rows.
    loose : float
        Largest misfit that is still worth a try.
    """
    found: list[tuple[float, Found]] = []
    for link in usable_links(t):
        # A sum under the logarithm is a product of the plain target.
        if not link.usable(slopes.value) or link.name == "log":
            continue
        linked = slopes.under(link)
        if not linked.finite:
            continue
        price = 1.0 if link.name == "identity" else LINK_PRICE
        for separation in linked.separations(loose):
            # So is a product under a power.
            if separation.product and link.name in ("reciprocal", "square", "root", "reciprocal square"):
                continue
            found.append((max(price * separation.misfit, 1e-5), (None, link, separation)))
    if slopes.X.shape[1] <= WIDEST_CHANGE:
        for coordinates in coordinate_changes(slopes.X):
            changed = slopes.along(coordinates)
            for separation in changed.separations(loose) if changed.finite else ():
                # Any other column would separate without the change as well.
                if separation.column == coordinates.j:
                    found.append((max(LINK_PRICE * separation.misfit, 1e-5), (coordinates, LINKS[0], separation)))
    return [one for _, one in sorted(found, key=lambda one: one[0])]
