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
from fractions import Fraction

import numpy as np
import sympy

from kansym import clock
from kansym.clock import Work
from kansym.structure.links import usable_links
from kansym.structure.problem import TARGET
from kansym.symbolic.complexity import complexity

DEGREES = (
    *((1, 0), (1, 1), (2, 0), (0, 2), (2, 1), (1, 2), (2, 2), (3, 0), (3, 1), (1, 3), (3, 2), (4, 0), (4, 1)),
    *((2, 3), (2, 4), (3, 3), (4, 2), (5, 0), (4, 4)),
)
"""Total degrees of numerator and denominator, simplest first."""

ALONE = (*DEGREES, (6, 0), (6, 2), (8, 0), (6, 4), (6, 6), (10, 0))
"""The same for one column, which has few monomials."""

FEATURE_DEGREES = ((1, 1), (2, 1), (1, 2), (2, 2), (2, 4))
"""The same for elementary functions of the columns, of which there are many combinations."""

RATIONAL_LINKS = ("identity", "square", "log", "exp", "sin", "cos", "tan")
"""Links under which rational functions are looked for; the reciprocal of one is one."""

FEW_ROWS = 200
"""Least rows of the first look, which has twice as many as coefficients."""

MOST_TERMS = 150
"""Coefficients of both polynomials together."""

LONGEST, SHORT, FULL, SPARSE = 10, 6, 0.75, 0.25
"""Coefficients of a law that may be any; and the shares of all coefficients that may be different from zero beyond
six, and beyond ten. A smooth function has rational approximations to many digits, whose coefficients are all different
from zero; laws have gaps."""

ROUND = 1e-7
"""Relative distance to small integers of coefficients that an approximation does not have."""

WHOLE, LARGEST_DENOMINATOR = 1e-10, 10**4
"""Relative distance of numbers that stand for fractions, of whose polynomials factors are known, and the largest
denominator of those."""

CHANCE = 0.1
"""Share of numbers that are as near to a fraction of no larger denominator, from which that says nothing."""

REPRODUCED = 0.95
"""Share of the rows on which a law must have its value: next to a pole it has no digits left."""

MOST_COLUMNS = 6
"""Columns of a table whose rational laws are looked for."""

NOTHING = 1e-9
"""Coefficient of a monomial that is not there, relative to the largest, both for monomials of mean square one."""

EXACT = 1e-13
"""Singular value, relative to the rms of the columns, at which a null vector is exact."""


def rational_laws(X: np.ndarray, t: np.ndarray, variables: tuple[sympy.Symbol, ...]) -> Iterator[sympy.Expr]:
    """Expressions for t that are exact on the rows: functions of rational functions of the columns, simplest first.

    Parameters
    ----------
    X : ndarray, shape (n, d), d <= 6
    t : ndarray, shape (n,)
    variables : tuple of Symbol, length d
    """
    yield from _sorted_laws(X, t, variables, variables, ALONE if len(variables) == 1 else DEGREES)


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
    if not 0 < X.shape[1] <= MOST_COLUMNS:
        return []
    laws = []
    for link in usable_links(t, exact=True):
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
        upper, lower = powers_up_to(X.shape[1], top), powers_up_to(X.shape[1], bottom)
        if len(upper) + len(lower) > min(MOST_TERMS, len(t) // 4):
            continue
        few = slice(None, None, max(1, len(t) // max(FEW_ROWS, 2 * (len(upper) + len(lower)))))
        if null_vector(_implicit(U[few], target[few], upper, lower)) is None:
            continue
        vector = null_vector(_implicit(U, target, upper, lower))
        if vector is None:
            continue
        numerator, denominator = vector[: len(upper)], vector[len(upper) :]
        unit = np.abs(denominator).max()
        if unit < 1e-12 or not _same(U, target, upper, lower, numerator, denominator):
            continue
        pivot = denominator[np.flatnonzero(np.abs(denominator) > 1e-3 * unit)[0]]
        # In the units of the table.
        over = numerator / pivot * scale / np.prod(size ** np.array(upper), axis=1)
        under = denominator / pivot / np.prod(size ** np.array(lower), axis=1)
        if tells((over, np.array(upper)), (under, np.array(lower))):
            return shortest_quotient(polynomial(upper, over, columns), polynomial(lower, under, columns))
    return None


def tells(*polynomials: tuple[np.ndarray, np.ndarray]) -> bool:
    """Whether coefficients are few among those that could be, or round numbers.

    Parameters
    ----------
    *polynomials : tuple of ndarray, shape (m,), and ndarray, shape (m, d)
        Coefficients, and the powers that they belong to.
    """
    used = np.concatenate([coefficients[coefficients != 0] for coefficients, _ in polynomials])
    terms = len(used)
    if terms <= SHORT or terms <= (FULL if terms <= LONGEST else SPARSE) * _possible(polynomials):
        return True
    return round_numbers(used)


def round_numbers(used: np.ndarray) -> bool:
    """Whether numbers are small multiples of the least."""
    least = used / np.abs(used).min()
    return bool((np.abs(least) < 12).all() and (np.abs(least - np.round(least)) < ROUND).all())


def _possible(polynomials: tuple[tuple[np.ndarray, np.ndarray], ...]) -> int:
    """Monomials that could occur: columns that do not, and even or odd functions, leave gaps that are no evidence."""
    polynomials = tuple(one for one in polynomials if one[0].any())
    used = [powers[coefficients != 0] for coefficients, powers in polynomials]
    occurs = np.any([powers.any(0) for powers in used], axis=0)
    even_or_odd = np.all([(powers % 2 == powers[0] % 2).all(0) for powers in used], axis=0)
    number = 0
    for mine, (_, powers) in zip(used, polynomials, strict=True):
        like = (powers[:, even_or_odd] % 2 == mine[0, even_or_odd] % 2).all(1)
        number += int((like & (powers[:, ~occurs] == 0).all(1)).sum())
    return number


def powers_up_to(d: int, degree: int) -> list[tuple[int, ...]]:
    """Exponents of the monomials of d columns, lowest degrees first."""
    factors = (f for total in range(degree + 1) for f in itertools.combinations_with_replacement(range(d), total))
    return sorted((tuple(f.count(k) for k in range(d)) for f in factors), key=lambda p: (sum(p), p))


def chebyshev_products(U: np.ndarray, degree: int) -> np.ndarray:
    """Products of Chebyshev polynomials of columns from -1 to 1 up to some total degree, shape (n, terms)."""
    single = [np.polynomial.chebyshev.chebvander(u, degree).T for u in U.T]
    every = powers_up_to(U.shape[1], degree)
    return np.column_stack([math.prod(one[p] for one, p in zip(single, own, strict=True)) for own in every])


def monomials(U: np.ndarray, powers: list[tuple[int, ...]]) -> np.ndarray:
    """Products of powers of the columns, shape (n, len(powers))."""
    exponents = np.array(powers)
    values = np.ones((len(U), len(powers)))
    for u, own in zip(U.T, exponents.T, strict=True):
        values *= (u[:, None] ** np.arange(own.max() + 1))[:, own]
    return values


def _implicit(
    U: np.ndarray, target: np.ndarray, upper: list[tuple[int, ...]], lower: list[tuple[int, ...]]
) -> np.ndarray:
    """Columns of N - y D, which vanishes."""
    return np.column_stack([monomials(U, upper), -target[:, None] * monomials(U, lower)])


def equal_rows(matrix: np.ndarray) -> np.ndarray:
    """Rows of length one: each is one equation, whatever it is multiplied by, and next to a pole it would count for
    all."""
    length = np.linalg.norm(matrix, axis=1)
    return matrix / np.where(length > 0, length, 1.0)[:, None]


def null_vector(matrix: np.ndarray) -> np.ndarray | None:
    """The sparsest vector found in the null space of a matrix; None where there is none."""
    matrix = equal_rows(matrix)
    clock.charge(Work.SMALL_FITS)
    clock.charge(Work.DENSE_PRODUCTS, 2 * matrix.size * matrix.shape[1])
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
    vector = np.zeros(len(size))
    for _ in range(2):
        _, _, right = np.linalg.svd((matrix / size)[:, support], full_matrices=False)
        vector[support] = right[-1]
        relevant = np.abs(vector) > NOTHING * np.abs(vector).max()
        if (relevant == support).all():
            break
        support, vector = relevant, np.zeros(len(size))
    return vector / size


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
        value = (monomials(U, upper) @ numerator) / (monomials(U, lower) @ denominator)
        near = np.abs(value - target) < 1e-10 * (np.abs(target) + np.median(np.abs(target)))
    return bool(np.isfinite(value).all() and near.mean() >= REPRODUCED)


def polynomial(powers: list[tuple[int, ...]], coefficients: np.ndarray, columns: tuple[sympy.Expr, ...]) -> sympy.Expr:
    terms = []
    for power, coefficient in zip(powers, coefficients, strict=True):
        if coefficient != 0:
            factors = [variable**exponent for variable, exponent in zip(columns, power, strict=True)]
            terms.append(sympy.Mul(tidy(float(coefficient)), *factors))
    return sympy.Add(*terms)


def shortest_quotient(top: sympy.Expr, bottom: sympy.Expr) -> sympy.Expr:
    """A quotient of polynomials, with factors or with a whole part where its numbers are fractions."""
    plain = top / bottom
    clock.charge(Work.ALGEBRA, 20 * complexity(plain))
    above, below = in_fractions(top), in_fractions(bottom)
    if above is None or below is None:
        return plain
    scale = tidy(above[1] / below[1])
    factors = sympy.factor(below[0])
    found = [plain, scale * above[0] / below[0], scale * sympy.factor(above[0]) / factors]
    if below[0].free_symbols:
        (whole,), rest = sympy.reduced(above[0], [below[0]])
        rest = sympy.factor(rest) / factors
        found += [scale * sympy.factor(whole) + scale * rest, sympy.expand(scale * whole) + scale * rest]
        found.append(scale * sympy.factor_terms(whole + rest))
    return min(map(with_points, found), key=complexity)


def with_points(expression: sympy.Expr) -> sympy.Expr:
    """Fractions as the fitted numbers that they stand for, but in exponents."""
    if expression.is_Pow:
        return with_points(expression.base) ** expression.exp
    if not (expression.is_Add or expression.is_Mul):
        return expression
    whole = (sympy.Float(one) if one.is_Rational and abs(one) != 1 else with_points(one) for one in expression.args)
    return expression.func(*whole)


def in_fractions(polynomial: sympy.Expr) -> tuple[sympy.Expr, float] | None:
    """A polynomial with fractions for numbers and the number that it was divided by; None where they are none."""
    terms = [term.as_coeff_Mul() for term in sympy.Add.make_args(polynomial)]
    values = np.array([float(number) for number, _ in terms])
    for leading in (1.0, *dict.fromkeys(np.abs(values).tolist())):
        fractions = [Fraction(value).limit_denominator(LARGEST_DENOMINATOR) for value in (values / leading).tolist()]
        tolerance = WHOLE * np.abs(values / leading)
        # Next to any large number there is a fraction.
        chance = tolerance * np.array([one.denominator**2 for one in fractions])
        near = np.abs(np.array(fractions, dtype=float) - values / leading) <= tolerance
        if near.all() and (chance < CHANCE).all():
            whole = (sympy.Rational(f) * rest for f, (_, rest) in zip(fractions, terms, strict=True))
            return sympy.Add(*whole), leading
    return None


def tidy(number: float) -> sympy.Expr:
    """Exact small integers, whose cancellations the algebra can then see; anything else as it is."""
    nearest = round(number)
    if nearest and abs(nearest) <= 12 and abs(number - nearest) < 1e-7 * abs(nearest):
        return sympy.Integer(nearest)
    return sympy.Float(number)
