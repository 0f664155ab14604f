# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportCallIssue=false
# pyright: reportOperatorIssue=false, reportAssignmentType=false, reportGeneralTypeIssues=false
"""Solutions of a y^2 + b y + c = 0 with polynomials a, b and c, written as short as they can be.

Squares among the factors of the discriminant stand before the root, which decides the sign as well: the rows of
u + (v - w) sqrt(z) are on one solution where v > w and on the other one elsewhere.
"""

import itertools
import math
from collections import Counter
from collections.abc import Iterator

import numpy as np
import sympy

from kansym import clock
from kansym.clock import Work
from kansym.structure.rational import REPRODUCED, in_fractions, polynomial, shortest_quotient, tidy
from kansym.symbolic.complexity import complexity

Powers = tuple[int, ...]
"""Exponents of a monomial, one for each column."""

Numbers = dict[Powers, float]
"""A polynomial: the coefficients of its monomials."""

Terms = list[tuple[Powers, float]]
"""The same with like terms apart."""

Factors = list[tuple[sympy.Expr, int]]
"""Polynomials and their exponents."""

CANCELS = 1e-9
"""Size of a coefficient of the discriminant that is rounding, relative to the terms that it is the sum of."""

MOST_TERMS = 80
"""Terms of a discriminant that is factored."""

MOST_SQUARES = 4
"""Squared factors of both signs, each of which may stand before the root or within it."""

MOST_UNITS = 4
"""Coefficients below the root that are made one by a number before it."""

CLOSE = 1e-9
"""Distance of the law from the rows, relative to their size, that is rounding."""

MEETS = 1e-6
"""Distance of the two solutions, relative to the largest, below which a row does not tell them apart."""


def solution(
    X: np.ndarray, t: np.ndarray, variables: tuple[sympy.Symbol, ...], c: Numbers, b: Numbers, a: Numbers
) -> sympy.Expr | None:
    """The solution of a t^2 + b t + c = 0 that the rows are on as a formula; None where there is none for all rows.

    Parameters
    ----------
    X : ndarray, shape (n, d)
    t : ndarray, shape (n,)
    variables : tuple of Symbol, length d
    c, b, a : dict of tuple of int, length d, to float
        Coefficients of the monomials with these exponents, without zeros.
    """
    squared = discriminant(c, b, a)
    found: list[sympy.Expr] = []
    if not a:
        found = [shortest_quotient(_sum(c, variables, -1.0), _sum(b, variables))]
    elif not squared:
        found = [shortest_quotient(_sum(b, variables, -0.5), _sum(a, variables))]
    elif len(squared) <= MOST_TERMS:
        half = {power: value / 2 for power, value in b.items()}
        found = [*_with_roots(X, t, variables, c, half, a, squared), *_unexpanded(c, half, a, variables)]
    return _shortest(found, X, t, variables)


def _with_roots(
    X: np.ndarray,
    t: np.ndarray,
    variables: tuple[sympy.Symbol, ...],
    c: Numbers,
    half: Numbers,
    a: Numbers,
    squared: Numbers,
) -> Iterator[sympy.Expr]:
    """The solution with squares before the root: over a common divisor, the other way round, and as two terms."""
    below, middle = _sum(a, variables), _sum(half, variables, -1.0)
    divisor = _values(below, X, variables)
    distance = divisor * t - _values(middle, X, variables)
    unit, divisors = _factors(below, variables)
    if half:
        number, factors = _factors(_sum(squared, variables), variables)
    else:
        # Of a product each part may have factors that are found, though its numbers are no fractions of the other's.
        number, own = _factors(_sum(c, variables, -1.0), variables)
        number, factors = number * unit, _together(own, divisors)
    if below.free_symbols and c:
        other = _sum(c, variables)
        for scale, root in _roots(number, factors, distance, X, variables):
            first = _sum(half, variables, -1.0 / scale)
            yield from (scale * (first + root) / below, other / (scale * (first - root)))
    exponents = Counter(dict(factors))
    exponents.subtract({factor: 2 * exponent for factor, exponent in divisors})
    for scale, root in _roots(number / unit**2, list(exponents.items()), distance / divisor, X, variables):
        first = shortest_quotient(_sum(half, variables, -1.0 / scale), below) if half else sympy.S.Zero
        yield from (scale * first + scale * root, scale * (first + root), scale * sympy.factor_terms(first + root))


def discriminant(c: Numbers, b: Numbers, a: Numbers) -> Numbers:
    """A quarter of b^2 - 4 a c; its root times 2 / a is the distance of the two solutions of a t^2 + b t + c = 0."""
    half = {power: value / 2 for power, value in b.items()}
    return _sums(_product(half, half), _product(a, c, -1.0))


def irreducible(numbers: Numbers) -> list[Numbers]:
    """The factors of a polynomial, each once."""
    if len(numbers) > MOST_TERMS:
        return [numbers]
    variables = sympy.symbols(f"_x:{len(next(iter(numbers)))}")
    _, factors = _factors(_sum(numbers, variables), variables)
    return [sympy.Poly(factor, *variables).as_dict() for factor, _ in factors]


def _unexpanded(c: Numbers, half: Numbers, a: Numbers, variables: tuple[sympy.Symbol, ...]) -> list[sympy.Expr]:
    """Both solutions as the textbook has them: (u + v)^2 - 4 w is shorter than its monomials."""
    product, below = _sums(_product(a, c, -1.0)), _sum(a, variables)
    found: list[sympy.Expr] = []
    for number in dict.fromkeys([1.0, 0.5, *map(abs, half.values())][:MOST_UNITS]) if product and half else ():
        first, scale = shortest_quotient(_sum(half, variables, -1.0 / number), sympy.S.One), tidy(number)
        root = sympy.sqrt(first**2 + shortest_quotient(_sum(product, variables, number**-2), sympy.S.One))
        for one in (root, -root):
            found += [scale * (first + one) / below, scale * first / below + scale * one / below]
    return found


def _roots(
    number: float, factors: Factors, distance: np.ndarray, X: np.ndarray, variables: tuple[sympy.Symbol, ...]
) -> Iterator[tuple[sympy.Expr, sympy.Expr]]:
    """Numbers and expressions whose product has the distance for its value; its square is number * prod(factors)."""
    outer = _before(factors, distance, X, variables)
    if outer is None:
        return
    sign, before = outer
    above, under = sympy.Float(number), sympy.S.One
    for factor, exponent in factors:
        left = exponent - 2 * before.get(factor, 0)
        above, under = (above * factor**left, under) if left > 0 else (above, under * factor**-left)
    above, under = sympy.expand(above), sympy.expand(under)
    clock.charge(Work.ALGEBRA, 20 * complexity(above / under))
    product = sign * sympy.Mul(*(factor**exponent for factor, exponent in before.items()))
    terms = [term.as_coeff_Mul() for term in sympy.Add.make_args(above)]
    for unit in dict.fromkeys([1.0, *(abs(float(value)) for value, _ in terms[:MOST_UNITS]), abs(number)]):
        inner = sympy.Add(*(tidy(float(value) / unit) * rest for value, rest in terms))
        yield tidy(unit**0.5), product * sympy.sqrt(shortest_quotient(inner, under))


def _before(
    factors: Factors, distance: np.ndarray, X: np.ndarray, variables: tuple[sympy.Symbol, ...]
) -> tuple[int, dict[sympy.Expr, int]] | None:
    """The sign of the root and the powers before it that make the sign the same for all rows; as many as can be."""
    apart = np.abs(distance) > MEETS * np.median(np.abs(distance))
    if not apart.any():
        return None
    sure, either, signs = {}, [], {}
    for factor, exponent in factors:
        power = int(exponent / 2)
        if power == 0:
            continue
        values = np.sign(_values(factor, X, variables))[apart] ** power
        # Even powers, and what has one sign on the rows, can always stand before the root.
        if power % 2 == 0 or (values == values[0]).all():
            sure[factor], signs[factor] = power, values
        elif len(either) < MOST_SQUARES:
            either.append((factor, power, values))
    for number in range(len(either), -1, -1):
        for chosen in itertools.combinations(either, number):
            whole = np.sign(distance[apart])
            for values in [*signs.values(), *(values for _, _, values in chosen)]:
                whole = whole * values
            if (whole == whole[0]).all():
                return int(whole[0]), sure | {factor: power for factor, power, _ in chosen}
    return None


def _factors(whole: sympy.Expr, variables: tuple[sympy.Symbol, ...]) -> tuple[float, Factors]:
    """A polynomial as a number times powers; where its numbers are no fractions only those of columns are found."""
    clock.charge(Work.ALGEBRA, 40 * complexity(whole))
    fractions = in_fractions(whole)
    if fractions is not None:
        number, factors = sympy.factor_list(fractions[0], *variables)
        return float(number) * fractions[1], list(factors)
    common = sympy.Poly(whole, *variables).terms_gcd()
    powers = [(variable, power) for variable, power in zip(variables, common[0], strict=True) if power]
    return 1.0, [*powers, (common[1].as_expr(), 1)]


def _together(*products: Factors) -> Factors:
    """The factors of a product of products."""
    exponents: Counter[sympy.Expr] = Counter()
    for factor, exponent in itertools.chain(*products):
        exponents[factor] += exponent
    return list(exponents.items())


def _shortest(
    found: list[sympy.Expr], X: np.ndarray, t: np.ndarray, variables: tuple[sympy.Symbol, ...]
) -> sympy.Expr | None:
    """The shortest of some formulas that has the values of the target."""
    near = CLOSE * (np.abs(t) + np.median(np.abs(t)))
    for law in sorted(found, key=complexity):
        if (np.abs(_values(law, X, variables) - t) < near).mean() >= REPRODUCED:
            return law
    return None


def _values(expression: sympy.Expr, X: np.ndarray, variables: tuple[sympy.Symbol, ...]) -> np.ndarray:
    """Shape (n,); nan where a root has none."""
    clock.charge(Work.COMPILED_NODES, complexity(expression))
    with np.errstate(all="ignore"):
        return np.asarray(sympy.lambdify(variables, expression, "numpy")(*X.T), dtype=float) * np.ones(len(X))


def _sum(numbers: Numbers, variables: tuple[sympy.Symbol, ...], factor: float = 1.0) -> sympy.Expr:
    return polynomial(list(numbers), factor * np.array(list(numbers.values())), variables)


def _product(left: Numbers, right: Numbers, factor: float = 1.0) -> Terms:
    pairs = itertools.product(left.items(), right.items())
    return [(tuple(i + j for i, j in zip(p, q, strict=True)), factor * u * v) for (p, u), (q, v) in pairs]


def _sums(*polynomials: Terms) -> Numbers:
    """Sums of like terms, without those that cancel to rounding."""
    like: dict[Powers, list[float]] = {}
    for power, value in itertools.chain(*polynomials):
        like.setdefault(power, []).append(value)
    totals = {power: math.fsum(values) for power, values in like.items()}
    return {power: total for power, total in totals.items() if abs(total) > CANCELS * max(map(abs, like[power]))}
