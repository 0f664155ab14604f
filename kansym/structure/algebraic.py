# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportCallIssue=false
# pyright: reportOperatorIssue=false, reportAssignmentType=false, reportGeneralTypeIssues=false
"""Algebraic laws by linear algebra: a y^2 + b y + c = 0 with polynomials a, b and c is linear in their coefficients.

A rational function plus or minus the root of another one is such a law: chemical equilibria, avoided crossings, the
energy of a fast particle in a potential. The null vector of [C, y B, y^2 A], all three monomials, holds a, b and c; the
rows say which of the two solutions is the law. As for rational laws, the rows must have no noise.
"""

import math
from fractions import Fraction

import numpy as np
import sympy
from scipy.linalg.lapack import dgetrf, dgetrs  # pyright: ignore[reportAttributeAccessIssue]

from kansym import clock
from kansym.clock import Work
from kansym.structure.quadratics import Numbers, Powers, discriminant, irreducible, solution
from kansym.structure.rational import (
    LARGEST_DENOMINATOR,
    WHOLE,
    equal_rows,
    monomials,
    null_vector,
    powers_up_to,
    round_numbers,
    tells,
)
from kansym.structure.rounding import ROUNDING

DEGREES = (
    *((1, 1, 1), (2, 1, 0), (2, 2, 2), (3, 2, 1), (4, 2, 0), (3, 3, 3), (4, 3, 2), (5, 3, 1), (4, 4, 4)),
    *((6, 3, 0), (6, 4, 2), (8, 4, 0), (10, 5, 0)),
)
"""Total degrees of c, b and a, simplest first."""

MOST_COLUMNS = 7
"""Columns of a table whose algebraic laws are looked for."""

MOST_TERMS = 620
"""Coefficients of the three polynomials together."""

ROWS_PER_TERM = 2
"""Least rows for each of the coefficients."""

MANY_ROWS = 1000
"""Rows whose singular values are looked at: on few of them one more may be as small as rounding."""

CHECKED = 60
"""Rows on half of which the null vector of as many others as there are coefficients must leave rounding only; the
least singular value decides later."""

TAKES_PART = 1e-6
"""Share of the null vector that y has, or else it is an equation between the columns."""

LEFT = 1e-9
"""What the null vector may leave on any row, relative to the size of its terms."""

SHORT = 15
"""Coefficients from which an equation has to be exact to rounding: so many that leave two trillionths of the mass of a
fast particle approximate its root."""

PIVOT = 1e-3
"""Size of a coefficient that may be the unit of the others, relative to the largest."""

WIDE = 0.3
"""Range of a column, relative to its largest value, that is wide."""

APPROXIMATE, DENSE = 4, 0.75
"""Degree from which a function may be approximated, and the share of the powers up to it that approximations have."""


def algebraic_law(X: np.ndarray, t: np.ndarray, variables: tuple[sympy.Symbol, ...]) -> sympy.Expr | None:
    """A solution of a quadratic equation with polynomials for coefficients that is exact on the rows, or None.

    Parameters
    ----------
    X : ndarray, shape (n, d), d <= 7
    t : ndarray, shape (n,)
    variables : tuple of Symbol, length d
    """
    if not 0 < X.shape[1] <= MOST_COLUMNS:
        return None
    wide = bool((np.ptp(X, axis=0) > WIDE * np.abs(X).max(0)).all())
    return implicit_law(X, t, variables, DEGREES, wide=wide)


def implicit_law(
    X: np.ndarray,
    t: np.ndarray,
    variables: tuple[sympy.Symbol, ...],
    degrees: tuple[tuple[int, int, int], ...],
    *,
    most: int = MOST_TERMS,
    linear: int = 0,
    wide: bool = False,
) -> sympy.Expr | None:
    """The same for other degrees, and where some columns have no higher powers.

    Parameters
    ----------
    X : ndarray, shape (n, d)
    t : ndarray, shape (n,)
    variables : tuple of Symbol, length d
    degrees : tuple of (int, int, int)
        Total degrees of the coefficients of 1, t and t^2, tried one after another.
    most : int
        Coefficients of the three polynomials together.
    linear : int, default 0
        So many of the last columns have no higher powers.
    wide : bool, default False
        Whether approximations would need high powers of a column, so that many coefficients are no reason for doubt.
    """
    size, scale = np.abs(X).max(0), float(np.sqrt(np.mean(t**2)))
    if not (math.isfinite(scale) and scale > 0 and np.isfinite(size).all() and (size > 0).all()):
        return None
    U, target, d = X / size, t / scale, X.shape[1]
    for three in degrees:
        # Numbers of monomials are known before there are lists of them.
        if sum(_number_of(d, linear, degree) for degree in three) > min(most, len(t) // ROWS_PER_TERM):
            continue
        powers = tuple([p for p in powers_up_to(d, degree) if max(p[d - linear :], default=0) < 2] for degree in three)
        parts = _coefficients(U, target, powers)
        if parts is None:
            continue
        exact = np.count_nonzero(np.concatenate(parts)) <= SHORT or _error(U, target, powers, parts) < ROUNDING
        parts = _in_units(parts, powers, size, scale)
        c, b, a = (_numbers(p, part) for p, part in zip(powers, parts, strict=True))
        # More monomials would only hide the same equation among them.
        return solution(X, t, variables, c, b, a) if exact and _is_law(c, b, a, powers, wide=wide) else None
    return None


def _error(U: np.ndarray, target: np.ndarray, powers: tuple[list[Powers], ...], parts: list[np.ndarray]) -> float:
    """Root mean square of what the equation leaves of y, for a target of mean square one."""
    clock.charge(Work.FORM_VALUES, len(U) * sum(map(len, powers)))
    with np.errstate(all="ignore"):
        c, b, a = (monomials(U, own) @ part for own, part in zip(powers, parts, strict=True))
        return float(np.sqrt(np.mean(((c + b * target + a * target**2) / (b + 2 * a * target)) ** 2)))


def _number_of(d: int, linear: int, degree: int) -> int:
    """Monomials of d columns up to a degree, where some have no higher powers."""
    chosen = range(min(linear, degree) + 1)
    return sum(math.comb(linear, k) * math.comb(degree - k + d - linear, degree - k) for k in chosen)


def _is_law(c: Numbers, b: Numbers, a: Numbers, powers: tuple[list[Powers], ...], *, wide: bool) -> bool:
    """Whether the coefficients are those of a law, and not of an approximation of something else.

    Over wide ranges approximations to all digits need high powers; over narrow ones laws must have few coefficients.
    """
    if round_numbers(np.array([*c.values(), *b.values(), *a.values()])):
        return True
    root = discriminant(c, b, a) if a else {}
    # A square below the root is one before it, and no series.
    if any(_is_series(part) for part in (a, b, *(irreducible(root) if root else (c,))) if part):
        return False
    if wide:
        return True
    found = (np.array([part.get(power, 0.0) for power in own]) for part, own in zip((c, b, a), powers, strict=True))
    return tells(*zip(found, map(np.array, powers), strict=True))


def _is_series(part: Numbers) -> bool:
    """Whether a function of a column or of a product is approximated: nearly all powers of that, or all even or odd
    ones, occur beside another product."""
    used = np.array(list(part))
    bases = {tuple((p // np.gcd.reduce(p)).tolist()) for p in used if p.any()}
    for base in map(np.array, bases | {tuple(row) for row in np.eye(used.shape[1], dtype=int).tolist()}):
        exponents = (used[:, base > 0] // base[base > 0]).min(1)
        beside: dict[Powers, list[int]] = {}
        for power, exponent in zip(used, exponents.tolist(), strict=True):
            beside.setdefault(tuple((power - exponent * base).tolist()), []).append(exponent)
        for found in beside.values():
            step = 2 if len({exponent % 2 for exponent in found}) == 1 else 1
            if max(found) >= APPROXIMATE and len(found) >= max(3, DENSE * (max(found) // step + 1)):
                return True
    return False


def _coefficients(U: np.ndarray, target: np.ndarray, powers: tuple[list[Powers], ...]) -> list[np.ndarray] | None:
    """Of c, b and a in the equation of lowest degree; None where there is none."""
    terms = sum(map(len, powers))
    few = _spread(len(U), terms + CHECKED)
    if not _singular(_equations(U[few], target[few], powers), terms, len(powers[0])):
        return None
    few = _spread(len(U), max(MANY_ROWS, 3 * terms // 2))
    vector = null_vector(_equations(U[few], target[few], powers))
    if vector is None:
        return None
    terms = (_equations(U, target, powers) * vector)[:, vector != 0]
    if (np.abs(terms.sum(1)) > LEFT * np.abs(terms).sum(1)).any():
        return None
    parts = np.split(vector, np.cumsum([len(p) for p in powers])[:-1])
    # An equation without y is one between the columns.
    return parts if parts[1].any() or parts[2].any() else None


def _spread(n: int, number: int) -> np.ndarray:
    """Indices of some of the rows."""
    return np.unique(np.linspace(0, n - 1, number).astype(int))


def _equations(U: np.ndarray, target: np.ndarray, powers: tuple[list[Powers], ...]) -> np.ndarray:
    """Columns of c + b y + a y^2, which vanishes."""
    clock.charge(Work.FORM_VALUES, len(U) * sum(map(len, powers)))
    # Every monomial is one of those of the highest degree.
    largest = max(powers, key=len)
    values = monomials(U, largest)
    return np.column_stack([values[:, : len(p)] * target[:, None] ** k for k, p in enumerate(powers)])


def _singular(matrix: np.ndarray, terms: int, without: int) -> bool:
    """Whether as many rows as columns have a null vector that is also one of the other rows, and is not one of the
    columns without y alone, the first ones.

    One elimination and one step of inverse iteration: a twentieth of the work of singular values.
    """
    matrix = equal_rows(matrix)
    size = np.sqrt((matrix**2).mean(0))
    if not (size > 0).all() or not np.isfinite(matrix).all():
        return False
    matrix = matrix / size
    # Other rows between those that are eliminated, in case the table is sorted.
    order = np.random.default_rng(0).permutation(len(matrix))
    square, others = matrix[order[:terms]], matrix[order[terms:]]
    clock.charge(Work.SMALL_FITS)
    clock.charge(Work.DENSE_PRODUCTS, terms**3 / 3)
    factors, pivots, _ = dgetrf(square)
    diagonal = np.abs(np.diagonal(factors))
    least = np.finfo(float).eps * diagonal.max()
    np.fill_diagonal(factors, np.where(diagonal < least, least, np.diagonal(factors)))
    vector = np.ones(terms)
    for transposed in (0, 1, 0):
        vector, _ = dgetrs(factors, pivots, vector, trans=transposed)
        length = np.linalg.norm(vector)
        if not (math.isfinite(length) and length > 0):
            return False
        vector /= length
    # A few rows near a pole would have the last word in a mean.
    return bool(np.linalg.norm(vector[without:]) > TAKES_PART and np.median(np.abs(others @ vector)) < ROUNDING)


def _in_units(
    parts: list[np.ndarray], powers: tuple[list[Powers], ...], size: np.ndarray, scale: float
) -> list[np.ndarray]:
    """The coefficients in the units of the table, where one of the highest is the unit."""
    last = 2 if parts[2].any() else 1
    place = int(np.flatnonzero(np.abs(parts[last]) > PIVOT * np.abs(parts[last]).max())[0])
    whole = [
        part / scale**k / np.prod(size ** np.array(p), axis=1)
        for k, (part, p) in enumerate(zip(parts, powers, strict=True))
    ]
    return [part / whole[last][place] for part in whole]


def _numbers(powers: list[Powers], coefficients: np.ndarray) -> Numbers:
    """Coefficients without zeros; those that stand for fractions are, as their products are to cancel."""
    found = {}
    for power, value in zip(powers, coefficients.tolist(), strict=True):
        fraction = float(Fraction(value).limit_denominator(LARGEST_DENOMINATOR))
        found[power] = fraction if abs(fraction - value) <= WHOLE * abs(value) else value
    return {power: value for power, value in found.items() if value != 0}
