"""Sums of products of splines in single coordinates, fitted to all rows at once: what noise leaves of such a law.

An interpolant that knows nothing of a law averages over neighbours, of which there are few in several inputs; where the
law is a sum of R products of functions of single coordinates, R splines in each are all there is to fit, some hundred
numbers, and a thousand noisy rows show each of them to a fraction of the noise. With all but one coordinate held they
are a linear problem, and one coordinate after another converges: alternating least squares for the canonical polyadic
decomposition, on scattered rows in place of a full grid.

References
----------
Kolda and Bader, Tensor decompositions and applications, SIAM Review 51 (2009), 455, doi:10.1137/07070111X.
Beylkin, Garcke and Mohlenkamp, Multivariate regression and machine learning with sums of separable functions, SIAM
Journal on Scientific Computing 31 (2009), 1840, doi:10.1137/070710524.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from scipy.interpolate import BSpline

from kansym import clock
from kansym.clock import Work

HELD_OUT = 0.2
"""Share of the rows that say how good a fit is."""

STEPS, CONVERGED = 100, 1e-4
"""Most rounds over all coordinates, and the relative gain of one below which they end."""

RIDGE = 1e-10
"""Of the normal equations, in units of their mean diagonal: an interval that holds no row has no value."""

SPREAD = 0.3
"""Spread of the coefficients that a fit starts from, around one."""

AS_GOOD = 1.1
"""Error of a fit, in units of a lower one, that is as good: the next product finds something in noise as well."""

MOVES, HELPS = 4, 1.02
"""Most times that pieces move to where functions bend, and by how much the error has to fall each time."""

EVEN = 0.5
"""Share of the pieces, in units of that of bends, that is spread evenly over the rows."""

ROWS_PER_NUMBER = 4
"""Fewest rows for each coefficient."""

CONSTANT = -1
"""In place of a coordinate: a number comes beside the products."""


@dataclass(frozen=True, eq=False)
class Polyadic:
    """y as a sum of R products of splines.

    Attributes
    ----------
    splines : tuple of BSpline, length d
        One for each coordinate, with coefficients (m, R): the functions of all products.
    error : float
        Root mean square error on held-out rows, weighted, in units of y.
    pieces : int
        Of each spline.
    numbers : int
        Coefficients of all splines.
    """

    splines: tuple[BSpline, ...]
    error: float
    pieces: int
    numbers: int

    @property
    def rank(self) -> int:
        """Products."""
        return self.splines[0].c.shape[1]

    def functions(self, column: int, points: np.ndarray) -> np.ndarray:
        """Functions of one coordinate, shape (n, R); constant beyond the rows."""
        spline = self.splines[column]
        return spline(np.clip(points, spline.t[0], spline.t[-1]))

    def bend(self, column: int, points: np.ndarray) -> np.ndarray:
        """How short pieces have to be at points (n,) of one coordinate, about one in the mean.

        The root of the second derivative, as for straight pieces: of a noisy function no higher one is known. See de
        Boor, A Practical Guide to Splines (2001), chapter XII, on knots that have equal shares of such a density.
        """
        second = self.splines[column](points, 2)
        size = np.maximum(np.abs(second).mean(0), np.finfo(float).tiny)
        share = np.sqrt((np.abs(second) / size).max(1))
        return share / max(float(share.mean()), np.finfo(float).tiny)

    def predict(self, Z: np.ndarray) -> np.ndarray:
        """Values of y for rows of coordinates (n, d)."""
        return np.prod([self.functions(column, z) for column, z in enumerate(Z.T)], axis=0).sum(1)


class _Table:
    """Rows to fit, rows that are held out, and the splines of all coordinates."""

    def __init__(
        self,
        Z: np.ndarray,
        y: np.ndarray,
        weights: np.ndarray | None,
        pieces: int,
        generator: np.random.Generator,
        like: Polyadic | None = None,
    ) -> None:
        self.Z, self.y, self.pieces = Z, y, pieces
        self.root = np.ones(len(y)) if weights is None else np.sqrt(weights / weights.mean())
        order, held = generator.permutation(len(y)), int(HELD_OUT * len(y))
        self.checked, self.rows = order[:held], order[held:]
        bends = [None if like is None else like.bend(k, np.sort(z)) for k, z in enumerate(Z.T)]
        self.knots = [knots(z, pieces, bend) for z, bend in zip(Z.T, bends, strict=True)]
        self.lengths = [len(t) - 4 for t in self.knots]

    def enough(self, rank: int, beside: int = 0) -> bool:
        """Whether there are rows for so many products, and so many numbers beside them."""
        return ROWS_PER_NUMBER * (rank * sum(self.lengths) + beside) <= len(self.rows)

    def bases(self) -> list[np.ndarray]:
        """B-splines of all coordinates at the rows to fit."""
        return [BSpline.design_matrix(z[self.rows], t, 3).toarray() for z, t in zip(self.Z.T, self.knots, strict=True)]

    def fitted(self, coefficients: Sequence[np.ndarray], numbers: int) -> Polyadic:
        """With its error on the rows that are held out."""
        splines = tuple(BSpline(t, one, 3) for t, one in zip(self.knots, coefficients, strict=True))
        one = Polyadic(splines, math.nan, self.pieces, numbers)
        residual = self.root[self.checked] * (one.predict(self.Z[self.checked]) - self.y[self.checked])
        return replace(one, error=math.sqrt(float(np.mean(residual**2))))


def fit_polyadic(
    Z: np.ndarray,
    y: np.ndarray,
    rank: int,
    *,
    pieces: int,
    weights: np.ndarray | None = None,
    starts: int = 2,
    seed: int = 0,
    like: Polyadic | None = None,
    beside: Sequence[int] = (),
) -> Polyadic | None:
    """The best of some fits; None where there are too few rows.

    Parameters
    ----------
    Z : ndarray, shape (n, d)
        Coordinates, d >= 2.
    y : ndarray, shape (n,)
    rank : int
        Products.
    pieces : int
        Pieces of every spline.
    weights : ndarray, shape (n,), optional
        Of the squared residuals.
    starts : int, default 2
    seed : int, default 0
        Of the rows that are held out, and the starts.
    like : Polyadic, optional
        A fit that says where functions bend: pieces are short there. Without, each has as many rows.
    beside : sequence of int, optional
        Coordinates whose functions come beside the products, each as one more of them; `CONSTANT` stands for a number.
    """
    generator = np.random.default_rng(seed)
    table = _Table(Z, y, weights, pieces, generator, like)
    bases = table.bases()
    extra = columns_beside(bases, beside)
    more = sum(one.shape[1] for one in extra)
    if not table.enough(rank, more):
        return None
    numbers = rank * sum(table.lengths) + more
    target = table.y[table.rows], table.root[table.rows]
    found = (table.fitted(alternating(bases, *target, rank, generator, extra, beside), numbers) for _ in range(starts))
    return min((one for one in found if math.isfinite(one.error)), key=_error, default=None)


def fit_additive(
    Z: np.ndarray,
    y: np.ndarray,
    *,
    pieces: int,
    weights: np.ndarray | None = None,
    seed: int = 0,
    like: Polyadic | None = None,
) -> Polyadic | None:
    """y as a sum of functions of single coordinates: d products, each of one function and ones.

    Parameters are those of `fit_polyadic`; None where there are too few rows.
    """
    table = _Table(Z, y, weights, pieces, np.random.default_rng(seed), like)
    if not table.enough(1):
        return None
    bases, root = table.bases(), table.root[table.rows]
    solution = solved(np.hstack(bases) * root[:, None], y[table.rows] * root)
    parts = np.split(solution, np.cumsum(table.lengths)[:-1])
    # A constant may be with any of them; it is with the first, so that the others have sizes of their own.
    means = [float(np.mean(basis @ own)) for basis, own in zip(bases, parts, strict=True)]
    parts = [own - mean for own, mean in zip(parts, means, strict=True)]
    parts[0] = parts[0] + sum(means)
    coefficients = []
    for k, own in enumerate(parts):
        # B-splines add up to one.
        coefficients.append(np.ones((len(own), len(parts))))
        coefficients[-1][:, k] = own
    return table.fitted(coefficients, sum(table.lengths))


def solved(columns: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Least squares by normal equations, with a little of every column's size on the diagonal."""
    rows, number = columns.shape
    # A tall matrix times itself takes a fifth of what as many single multiplications do; making it comes beside that.
    clock.charge(Work.DENSE_PRODUCTS, rows * number * (number + 60) / 5)
    gram = columns.T @ columns
    ridge = RIDGE * float(np.trace(gram)) / len(gram)
    return np.linalg.solve(gram + ridge * np.eye(len(gram)), columns.T @ target)


def knots(z: np.ndarray, pieces: int, bend: np.ndarray | None = None) -> np.ndarray:
    """Of a cubic spline, with as many rows between each two, or as much of what a function needs."""
    places = np.linspace(0, 1, pieces + 1)
    if bend is None:
        inner = np.unique(np.quantile(z, places))
    else:
        total = np.cumsum(EVEN + bend)
        inner = np.unique(np.interp(places, (total - total[0]) / (total[-1] - total[0]), np.sort(z)))
    return np.r_[[inner[0]] * 3, inner, [inner[-1]] * 3]


def columns_beside(bases: Sequence[np.ndarray], beside: Sequence[int]) -> list[np.ndarray]:
    """Columns beside those of products, see `fit_polyadic`."""
    return [np.ones((len(bases[0]), 1)) if place == CONSTANT else bases[place] for place in beside]


def alternating(
    bases: Sequence[np.ndarray],
    y: np.ndarray,
    root: np.ndarray,
    rank: int,
    generator: np.random.Generator,
    extra: Sequence[np.ndarray],
    beside: Sequence[int],
) -> list[np.ndarray]:
    """Coefficients (m, R) of every coordinate, with those of what comes beside after the others.

    Parameters
    ----------
    bases : sequence of ndarray, shapes (n, m)
        B-splines of each coordinate, or products of those of two.
    y, root : ndarray, shape (n,)
        Values, and roots of their weights.
    rank : int
        Products.
    generator : Generator
        Of the start.
    extra : sequence of ndarray
        See `columns_beside`.
    beside : sequence of int
        As in `fit_polyadic`.
    """
    coefficients = [1.0 + SPREAD * generator.normal(size=(basis.shape[1], rank)) for basis in bases]
    values = [basis @ one for basis, one in zip(bases, coefficients, strict=True)]
    weighted = np.hstack([np.zeros((len(root), 0)), *extra]) * root[:, None]
    target, level, last = root * y, np.zeros(weighted.shape[1]), math.inf
    left = target
    for _ in range(STEPS):
        for k, basis in enumerate(bases):
            rest = np.prod([value for other, value in enumerate(values) if other != k], axis=0)
            # The size of a product is with the coordinate whose turn it is.
            size = np.maximum(np.sqrt(np.mean(np.square(rest), axis=0)), np.finfo(float).tiny)
            columns = (basis[:, :, None] * (rest / size)[:, None, :]).reshape(len(root), -1) * root[:, None]
            columns = np.hstack([columns, weighted])
            found = solved(columns, target)
            left = target - columns @ found
            solution, level = found[: len(found) - len(level)].reshape(-1, rank), found[len(found) - len(level) :]
            scale = np.maximum(np.sqrt(np.mean(np.square(basis @ solution), axis=0)), np.finfo(float).tiny)
            coefficients[k] = solution / (size if k == len(bases) - 1 else scale)
            values[k] = basis @ coefficients[k]
        square = float(left @ left)
        if not math.isfinite(square) or square > (1 - CONVERGED) * last:
            break
        last = square
    if not beside:
        return coefficients
    # B-splines add up to one.
    found = [[one] for one in coefficients]
    for place, own in zip(beside, np.split(level, np.cumsum([one.shape[1] for one in extra])[:-1]), strict=True):
        for k, one in enumerate(coefficients):
            found[k].append((own if k == max(place, 0) else 1.0) * np.ones(len(one)))
    return [np.column_stack(one) for one in found]


def _error(fitted: Polyadic) -> float:
    return fitted.error


def with_moved_pieces(fit: Callable[..., Polyadic | None], moves: int = MOVES) -> Polyadic | None:
    """A fit whose pieces move to where functions bend, as long as that helps; `fit` takes the fit before as `like`."""
    fitted = fit()
    for _ in range(moves):
        moved = None if fitted is None or clock.current().over else fit(like=fitted)
        if fitted is None or moved is None or moved.error * HELPS > fitted.error:
            break
        fitted = moved
    return fitted


def best_polyadic(
    Z: np.ndarray,
    y: np.ndarray,
    *,
    weights: np.ndarray | None = None,
    ranks: Sequence[int] = (1, 2, 3),
    pieces: Sequence[int] = (6, 12, 24),
    starts: int = 2,
    seed: int = 0,
    beside: Sequence[int] = (),
) -> Polyadic | None:
    """The fit with as many products as plainly help on held-out rows; None where there are too few rows.

    Parameters
    ----------
    Z, y, weights, starts, seed, beside
        As in `fit_polyadic`.
    ranks : sequence of int, default (1, 2, 3)
        Numbers of products that are tried, in this order.
    pieces : sequence of int, default (6, 12, 24)
        Of the splines, in this order, as long as more of them help.
    """
    found: list[Polyadic] = []
    for rank in ranks:
        best = None
        for number in pieces:
            if (best is not None or found) and clock.current().over:
                break
            options = {"pieces": number, "weights": weights, "starts": starts, "seed": seed, "beside": beside}
            # Functions are seen to bend in one place only once there are pieces there.
            moves = MOVES if number > pieces[0] else 0
            fitted = with_moved_pieces(partial(fit_polyadic, Z, y, rank, **options), moves)
            if fitted is None or (best is not None and fitted.error >= best.error):
                break
            best = fitted
        if best is None or (found and best.error * AS_GOOD > found[-1].error):
            break
        found.append(best)
    return found[-1] if found else None
