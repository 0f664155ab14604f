# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportCallIssue=false
# pyright: reportOperatorIssue=false, reportAssignmentType=false, reportGeneralTypeIssues=false
"""Rational laws by linear algebra: N(x) - y D(x) = 0 with polynomials N and D is linear in their coefficients.

The smallest singular vector of [B, -y B], B the monomials, holds both polynomials at once, however the variables are
shared between numerator and denominator: (u + v) / (1 + u v) is found in milliseconds. The same for y^2, exp(y) and
log(y) in place of y finds their roots, logarithms and exponentials. The method asks for data without noise; with noise
the null space drowns, and networks take over.
"""

import itertools
import math
from collections.abc import Iterator

import numpy as np
import sympy

from kansym import clock
from kansym.clock import Work
from kansym.structure.links import usable_links
from kansym.structure.problem import TARGET
from kansym.symbolic.complexity import complexity

DEGREES = (
    *((1, 0), (1, 1), (2, 0), (0, 2), (2, 1), (1, 2), (2, 2), (3, 0), (3, 1), (1, 3), (3, 2), (4, 0), (4, 1)),
    *((2, 4), (3, 3), (4, 2), (4, 4)),
)
"""Total degrees of numerator and denominator, simplest first."""

FEATURE_DEGREES = ((1, 1), (2, 1), (1, 2), (2, 2), (2, 4))
"""The same for elementary functions of the columns, of which there are many combinations."""

RATIONAL_LINKS = ("identity", "square", "log", "exp", "sin", "cos", "tan")
"""Links under which rational functions are looked for; the reciprocal of one is one."""

FEW_ROWS = 150
"""Rows of the first look."""

MOST_TERMS = 60
"""Coefficients of both polynomials together."""

LONGEST, SHORT, FULL = 10, 6, 0.75
"""Most coefficients of a law; and, beyond six, the share of all coefficients that may be different from zero. A smooth
function has rational approximations to many digits, whose coefficients are all different from zero; laws have gaps."""

EXACT = 1e-13
"""Singular value, relative to the rms of the columns, at which a null vector is exact."""


def rational_laws(X: np.ndarray, t: np.ndarray, variables: tuple[sympy.Symbol, ...]) -> Iterator[sympy.Expr]:
    """Expressions for t that are exact on the rows: functions of rational functions of the columns, simplest first.

    Parameters
    ----------
    X : ndarray, shape (n, d), d <= 4
    t : ndarray, shape (n,)
    variables : tuple of Symbol, length d
    """
    yield from _sorted_laws(X, t, variables, variables, DEGREES)


def featured_laws(
    X: np.ndarray, t: np.ndarray, variables: tuple[sympy.Symbol, ...], *, until: float = math.inf
) -> Iterator[sympy.Expr]:
    """The same in elementary functions of the columns: (1 - a^2) / (1 + a cos b), (cos a - b) / (1 - b cos a).

    Parameters
    ----------
    X : ndarray, shape (n, d), d <= 3
    t : ndarray, shape (n,)
    variables : tuple of Symbol, length d
    until : float
        `kansym.clock.now` value to stop at.
    """
    if not 0 < X.shape[1] <= 3:
        return
    options = [_features(x, variable) for x, variable in zip(X.T, variables, strict=True)]
    for chosen in itertools.product(*options):
        if clock.late(until):
            return
        changed = sum(not expression.is_Symbol for expression, _ in chosen)
        # Of three columns one at a time: combinations multiply, and so do the monomials of each.
        if changed == 0 or (changed > 1 and len(chosen) > 2):
            continue
        columns = np.column_stack([values for _, values in chosen])
        yield from _sorted_laws(columns, t, tuple(expression for expression, _ in chosen), variables, FEATURE_DEGREES)


def _features(x: np.ndarray, variable: sympy.Symbol) -> list[tuple[sympy.Expr, np.ndarray]]:
    found = [(variable, x)]
    size = float(np.abs(x).max())
    if 0.1 < size < 300:
        found += [(sympy.cos(variable), np.cos(x)), (sympy.sin(variable), np.sin(x))]
    if 0.1 < size < 30:
        found.append((sympy.exp(variable), np.exp(x)))
    if (x > 0).all():
        found.append((sympy.sqrt(variable), np.sqrt(x)))
    return found


def _sorted_laws(
    X: np.ndarray,
    t: np.ndarray,
    columns: tuple[sympy.Expr, ...],
    variables: tuple[sympy.Symbol, ...],
    degrees: tuple[tuple[int, int], ...],
) -> list[sympy.Expr]:
    """Laws under every link. 1/sqrt(1 - x) with small x is nearly a rational function with more coefficients, so the
    simplest one goes first."""
    if not 0 < X.shape[1] <= 4:
        return []
    laws = []
    for link in usable_links(t):
        if link.name in RATIONAL_LINKS:
            found = rational(X, link.forward(t), columns, degrees)
            if found is not None:
                back = -link.back if link.even and t[0] < 0 else link.back
                laws.append(back.xreplace({TARGET: found}))
    return sorted(laws, key=complexity)


def rational(
    X: np.ndarray,
    t: np.ndarray,
    columns: tuple[sympy.Expr, ...],
    degrees: tuple[tuple[int, int], ...] = DEGREES,
) -> sympy.Expr | None:
    """The simplest rational function of the columns that is exact on the rows, or None."""
    size = np.abs(X).max(0)
    if not np.isfinite(t).all() or not (size > 0).all():
        return None
    scale = float(np.sqrt(np.mean(t**2))) or 1.0
    U, target = X / size, t / scale
    for top, bottom in degrees:
        upper, lower = _powers(X.shape[1], top), _powers(X.shape[1], bottom)
        if len(upper) + len(lower) > min(MOST_TERMS, len(t) // 4):
            continue
        few = slice(None, None, max(1, len(t) // FEW_ROWS))
        if _null_vector(_monomials(U[few], upper), target[few, None] * _monomials(U[few], lower)) is None:
            continue
        vector = _null_vector(_monomials(U, upper), target[:, None] * _monomials(U, lower))
        if vector is None:
            continue
        terms = np.count_nonzero(vector)
        # Columns that do not occur leave gaps of their own, which are no evidence.
        powers = np.array(upper + lower)
        present = powers[vector != 0].any(0)
        possible = int((powers[:, ~present] == 0).all(1).sum())
        if terms > LONGEST or (terms > SHORT and terms > FULL * possible):
            continue
        numerator, denominator = vector[: len(upper)], vector[len(upper) :]
        unit = np.abs(denominator).max()
        if unit < 1e-12 or not _same(U, target, upper, lower, numerator, denominator):
            continue
        pivot = denominator[np.flatnonzero(np.abs(denominator) > 1e-3 * unit)[0]]
        top_expression = _polynomial(upper, numerator / pivot * scale, size, columns)
        bottom_expression = _polynomial(lower, denominator / pivot, size, columns)
        return top_expression / bottom_expression
    return None


def _powers(d: int, degree: int) -> list[tuple[int, ...]]:
    powers = [p for p in itertools.product(range(degree + 1), repeat=d) if sum(p) <= degree]
    return sorted(powers, key=lambda p: (sum(p), p))


def _monomials(U: np.ndarray, powers: list[tuple[int, ...]]) -> np.ndarray:
    return np.column_stack([np.prod(U ** np.array(p), axis=1) for p in powers])


def _null_vector(top: np.ndarray, bottom: np.ndarray) -> np.ndarray | None:
    """The sparsest vector found in the null space of [top, -bottom]; None where there is none."""
    matrix = np.column_stack([top, -bottom])
    clock.charge(Work.SMALL_FITS)
    clock.charge(Work.DENSE_PRODUCTS, 4 * matrix.size * matrix.shape[1])
    size = np.sqrt((matrix**2).mean(0))
    if not (size > 0).all():
        return None
    if not np.isfinite(matrix / size).all():
        return None
    _, singular, right = np.linalg.svd(matrix / size, full_matrices=False)
    singular = singular / math.sqrt(len(matrix))
    number = int((singular < EXACT).sum())
    if number == 0:
        return None
    basis = right[-number:]
    if number > 1:
        # Numerator and denominator share a factor that may be anything: fix it by removing the highest monomials.
        basis = _eliminated(basis)
    support = np.abs(basis[0]) > 1e-6 * np.abs(basis[0]).max()
    # The other monomials blur the coefficients where columns are nearly dependent, so the last solve is without them.
    _, _, right = np.linalg.svd((matrix / size)[:, support], full_matrices=False)
    vector = np.zeros(len(size))
    vector[support] = right[-1] / size[support]
    return vector


def _eliminated(basis: np.ndarray) -> np.ndarray:
    """Gaussian elimination from the last column, which leaves the vector of lowest degree in the first row."""
    rows = basis.copy()
    for count in range(len(rows) - 1, 0, -1):
        columns = np.abs(rows[: count + 1]).max(0)
        place = int(np.flatnonzero(columns > 1e-6 * columns.max())[-1])
        pivot = int(np.abs(rows[: count + 1, place]).argmax())
        rows[[pivot, count]] = rows[[count, pivot]]
        rows[:count] -= np.outer(rows[:count, place] / rows[count, place], rows[count])
        rows[:count] /= np.linalg.norm(rows[:count], axis=1, keepdims=True)
    return rows


def _same(
    U: np.ndarray,
    target: np.ndarray,
    upper: list[tuple[int, ...]],
    lower: list[tuple[int, ...]],
    numerator: np.ndarray,
    denominator: np.ndarray,
) -> bool:
    """Whether N / D is the target on the rows; a null vector may also vanish on them as a whole."""
    with np.errstate(all="ignore"):
        value = (_monomials(U, upper) @ numerator) / (_monomials(U, lower) @ denominator)
    return bool(np.isfinite(value).all() and np.sqrt(np.mean((value - target) ** 2)) < 1e-10)


def _polynomial(
    powers: list[tuple[int, ...]], coefficients: np.ndarray, size: np.ndarray, columns: tuple[sympy.Expr, ...]
) -> sympy.Expr:
    terms = []
    for power, coefficient in zip(powers, coefficients, strict=True):
        if coefficient != 0:
            number = float(coefficient / np.prod(size ** np.array(power)))
            factors = [variable**exponent for variable, exponent in zip(columns, power, strict=True)]
            terms.append(sympy.Mul(_tidy(number), *factors))
    return sympy.Add(*terms)


def _tidy(number: float) -> sympy.Expr:
    """Exact small integers, whose cancellations the algebra can then see; anything else as it is."""
    nearest = round(number)
    if nearest and abs(nearest) <= 12 and abs(number - nearest) < 1e-7 * abs(nearest):
        return sympy.Integer(nearest)
    return sympy.Float(number)
