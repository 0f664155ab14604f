"""Scaling symmetries: the dimensional analysis that the data themselves imply, without units.

If y(x) is unchanged, up to a power of lambda, when the columns are multiplied by powers of lambda, then
sum_i a_i x_i dy/dx_i = b y at every point. All such (a, b) form a linear space, which is the null space of one matrix
of gradients. With k independent ones, y is a monomial times a function of d - k dimensionless products: Buckingham's
theorem, with the exponents read from the data. Laws of physics have as many of them as they have base units, whether
the table states its units or not, and those of a column without influence, which is k = 1 with b = 0.
"""

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from kansym.structure.surrogate import Interpolant, one_signed

NULL = 0.12
"""Singular value, relative to the rms of the columns, below which a direction may be a symmetry. Liberal, since every
reduction is confirmed by a fit."""

NULL_NOISY = 0.35
"""The same with noise in y."""

STEEP = 0.9
"""Share of the rows whose gradients count in full; longer ones count as that long."""

DENOMINATORS = (1, 2, 3)
"""Denominators of exponents; laws hardly ever have others."""

LARGEST_EXPONENT = 8.5
"""Largest exponent believed."""

ALIKE, CLEARLY, MOST_ALIKE = 0.1, 2.0, 6
"""Largest misfit of a symmetry of columns that are multiplied by the same number, with noise, in units of its parts;
how much larger than the least it may be; and most columns of a table where they are looked for."""

MOST_PIVOT_SETS = 400
"""Sets of columns to divide by that are looked at."""


@dataclass(frozen=True, eq=False)
class ScalingReduction:
    """y = prod x_p^m_p * F(pi_1, ..., pi_(d-k)) with pi_j = prod x^e_j.

    Attributes
    ----------
    factor : ndarray, shape (d,)
        Exponents m.
    groups : ndarray, shape (d - k, d)
        Exponents of the dimensionless products.
    misfit : float
        Largest distance of a measured exponent from the rational it was rounded to.
    cost : float
        Sum of |exponents|, fractions counted three times: the simplest reduction is tried first.
    """

    factor: np.ndarray
    groups: np.ndarray
    misfit: float
    cost: float


def symmetry_matrix(surrogate: Interpolant, X: np.ndarray, *, noisy: bool) -> np.ndarray:
    """Rows (x_1 dT/dx_1, ..., x_d dT/dx_d, -b-term), shape (n, d + 1).

    Without noise every row is a relation of equal worth, and has unit length. With noise the gradients of rows with a
    small y are mostly noise, and rows keep their size.
    """
    if noisy:
        value, gradient = surrogate.value_and_gradient(X)
        return shortened(np.column_stack([gradient * X, -value]))
    value, gradient = surrogate.derivatives(X)
    # With T = log|y| the relation reads sum a_i x_i dT/dx_i = b.
    last = np.ones(len(X)) if surrogate.log_target else value
    matrix = np.column_stack([gradient * X, -last])
    size = np.linalg.norm(matrix, axis=1, keepdims=True)
    # Where y and its gradient vanish, only the interpolant's error is left.
    return matrix / np.maximum(size, max(30 * surrogate.error * float(np.std(value)), 1e-300))


def shortened(relations: np.ndarray) -> np.ndarray:
    """Rows (n, m) of which none is longer, in units of its columns, than nine in ten are.

    Next to an edge an interpolant of few rows can be so steep that a single row would decide what holds for all.
    """
    size = np.quantile(np.abs(relations), STEEP, axis=0)
    lengths = np.linalg.norm(relations / np.where(size > 0, size, 1.0), axis=1)
    return relations * np.minimum(1.0, np.quantile(lengths, STEEP) / np.maximum(lengths, 1e-300))[:, None]


def scaling_reductions(
    surrogate: Interpolant, X: np.ndarray, *, noisy: bool = False, most: int = 3
) -> Iterator[list[ScalingReduction]]:
    """Candidate reductions, the largest number of symmetries first; per number the simplest ones.

    Parameters
    ----------
    surrogate : Interpolant
        Of the target, fitted on the same columns.
    X : ndarray, shape (n, d)
        Points to read gradients at.
    noisy : bool, default False
        Whether y has noise: thresholds are then wider, and more is left to the confirming fit.
    most : int, default 3
        Reductions per number of symmetries.
    """
    d = X.shape[1]
    matrix = symmetry_matrix(surrogate, X, noisy=noisy)
    size = np.sqrt((matrix**2).mean(0))
    if not size.max() > 0 or not np.isfinite(size).all():
        return
    # A column that moves nothing is its own symmetry; scaled to unit size it would be all noise.
    scale = np.maximum(size, (0.1 if noisy else 1e-2) * size.max())
    _, singular, right = np.linalg.svd(matrix / scale, full_matrices=False)
    singular = singular / math.sqrt(len(X))
    least = int((singular >= (NULL_NOISY if noisy else NULL)).sum())
    for number in range(min(d + 1 - least, d), 0, -1):
        if number == 1 and noisy:
            # Exponents that noise blurs are seldom all rounded to the right ones; whether small ones hold is clear.
            yield from _alike(matrix, X)
        below, above = singular[d + 1 - number], singular[d - number]
        if above < (1.2 if noisy else 1.5) * below:
            continue
        basis = right[d + 1 - number :] / scale
        found = reductions_of(basis, X, matrix / math.sqrt(len(X)), noisy=noisy)
        if found:
            yield found[:most]
    if noisy:
        peeled = _powers(matrix, X)
        if peeled is not None:
            yield [peeled]


def _alike(matrix: np.ndarray, X: np.ndarray) -> Iterator[list[ScalingReduction]]:
    """Reductions by symmetries of columns that are multiplied or divided by the same number, the clearest first."""
    d = matrix.shape[1] - 1
    if not 2 <= d <= MOST_ALIKE:
        return
    value, squares = -matrix[:, d], (matrix**2).sum(0)
    if not squares[d] > 0:
        return
    found = []
    for signs in itertools.product((0, 1, -1), repeat=d):
        powers = np.array(signs, dtype=float)
        if np.count_nonzero(powers) < 2 or powers[np.flatnonzero(powers)[0]] < 0:
            continue
        relation = matrix[:, :d] @ powers
        degree = round(2 * float(relation @ value) / float(value @ value)) / 2
        left = float(np.sum((relation - degree * value) ** 2))
        misfit = math.sqrt(left / float(powers**2 @ squares[:d] + degree**2 * squares[d]))
        if misfit < ALIKE:
            found.append((misfit, np.append(powers, degree)[None]))
    found.sort(key=lambda one: one[0])
    for misfit, basis in found[:2]:
        if misfit <= CLEARLY * found[0][0]:
            reductions = reductions_of(basis, X, matrix / math.sqrt(len(X)), noisy=True)
            if reductions:
                yield reductions[:1]


def reductions_of(
    basis: np.ndarray, X: np.ndarray, matrix: np.ndarray | None = None, *, noisy: bool = False
) -> list[ScalingReduction]:
    """Reductions of one symmetry space, one per admissible set of pivots; those that fit best, then the simplest.

    Parameters
    ----------
    basis : ndarray, shape (k, d + 1)
        Independent symmetries (a, b).
    X : ndarray, shape (n, d)
    matrix : ndarray, shape (n, d + 1), optional
        Relations by which roundings of exponents are judged; without, the symmetries are taken as exact.
    noisy : bool, default False
        Whether exponents may be farther from the fractions that they are rounded to.
    """
    matrix = np.zeros((1, basis.shape[1])) if matrix is None else matrix
    k, d = basis.shape[0], basis.shape[1] - 1
    A, b = basis[:, :d], basis[:, d]
    signed, nonzero = one_signed(X), (X != 0).all(0)
    found: dict[tuple, tuple[float, ScalingReduction]] = {}
    for pivots in itertools.islice(itertools.combinations(range(d), k), MOST_PIVOT_SETS):
        chosen = list(pivots)
        # Columns of little influence have large entries, which say nothing about how well the others are told apart.
        lengths = np.linalg.norm(A[:, chosen], axis=0)
        if not nonzero[chosen].all() or not lengths.all() or np.linalg.cond(A[:, chosen] / lengths) > 1e3:
            continue
        # sum_i a_i e_i = 0 for every symmetry: with e_j = 1 for one other column, the pivots' exponents follow.
        solved = np.linalg.solve(A[:, chosen], np.column_stack([A, b]))
        if np.abs(solved).max() > LARGEST_EXPONENT:
            continue
        rounded, misfit = nearest_rational(solved, noisy=noisy)
        if misfit > (0.35 if noisy else 0.12):
            continue
        # A column of both signs has integer powers only.
        mixed = ~signed[chosen]
        if mixed.any() and not np.allclose(rounded[mixed], np.round(rounded[mixed])):
            continue
        others = [j for j in range(d) if j not in pivots]
        groups = np.zeros((d - k, d))
        for row, j in enumerate(others):
            groups[row, j] = 1.0
            groups[row, chosen] = -rounded[:, j]
            groups[row] *= _denominator(groups[row])
            if (groups[row, ~signed] <= 0).all() and (groups[row, ~signed] < 0).any():
                # An interpolant sees no function of q/(u - v) where u comes up to v, and every one of (u - v)/q.
                groups[row] *= -1
        factor = np.zeros(d)
        factor[chosen] = rounded[:, d]
        reduction = ScalingReduction(factor, groups, misfit, _cost(factor) + sum(_cost(row) for row in groups))
        # What rounding does to the relations, next to what they leave before it.
        after, before = (float(np.linalg.norm(matrix @ relations.T)) for relations in (rounded, solved))
        found.setdefault((tuple(factor), tuple(map(tuple, groups))), (max(after / max(before, 1e-6), 1.2), reduction))
    ranked = sorted(found.values(), key=lambda one: (round(4 * math.log(one[0])), one[1].cost))
    return [reduction for _, reduction in ranked]


def _powers(matrix: np.ndarray, X: np.ndarray) -> ScalingReduction | None:
    """Columns that enter as plain powers, each with an exponent of its own: x_i dy/dx_i = m_i y.

    Noise blurs single exponents less than it blurs relations among many columns.
    """
    d = X.shape[1]
    y = -matrix[:, d]
    signed = one_signed(X)
    factor, kept = np.zeros(d), np.ones(d, dtype=bool)
    for i in range(d):
        slope = float(matrix[:, i] @ y / (y @ y))
        left = float(np.linalg.norm(matrix[:, i] - slope * y) / max(np.linalg.norm(matrix[:, i]), 1e-300))
        rounded, misfit = nearest_rational(np.array([slope]), noisy=True)
        if signed[i] and rounded[0] != 0 and misfit < 0.15 and left < 0.3:
            factor[i], kept[i] = rounded[0], False
    if kept.all():
        return None
    return ScalingReduction(factor, np.eye(d)[kept], 0.0, _cost(factor))


def nearest_rational(values: np.ndarray, *, noisy: bool = False) -> tuple[np.ndarray, float]:
    """Values rounded to fractions of small denominators, and the largest change.

    A larger denominator is taken only where it comes at least three times as close; with noise only halves are, and
    only where no integer is near.
    """
    best = np.round(values)
    error = np.abs(values - best)
    if noisy:
        halves = np.round(2 * values) / 2
        best = np.where(error > 0.35, halves, best)
        return best, float(np.abs(values - best).max(initial=0.0))
    for denominator in DENOMINATORS[1:]:
        finer = np.round(values * denominator) / denominator
        closer = (np.abs(values - finer) < error / 3) & (error > 0.02)
        best = np.where(closer, finer, best)
        error = np.where(closer, np.abs(values - finer), error)
    return best, float(error.max(initial=0.0))


def _denominator(row: np.ndarray) -> int:
    """Least factor that makes the exponents integers: a function of sqrt(u) is one of u too, and u has no root."""
    for factor in (1, 2, 3, 6):
        if np.allclose(row * factor, np.round(row * factor), atol=1e-9):
            return factor
    return 1


def _cost(exponents: np.ndarray) -> float:
    whole = np.isclose(exponents, np.round(exponents))
    return float(np.sum(np.abs(exponents) * np.where(whole, 1.0, 3.0)))
