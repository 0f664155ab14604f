# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportCallIssue=false
# pyright: reportOperatorIssue=false, reportAssignmentType=false, reportGeneralTypeIssues=false
"""Solutions of a y^2 + b y + c = 0 with polynomials a, b and c, written as short as they can be.

Squares among the factors of the discriminant stand before the root, which decides the sign as well: the rows of
u + (v - w) sqrt(z) are on one solution where v > w and on the other one elsewhere.
"""

import itertools
import math
from collections.abc import Iterator

import numpy as np
import sympy

from kansym import clock
from kansym.clock import Work
from kansym.structure.rational import REPRODUCED, in_fractions, polynomial, shortest_quotient, tidy
from kansym.symbolic.complexity import complexity

Numbers = dict[tuple[int, ...], float]
"""A polynomial: the coefficients of its monomials."""

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
    if not a:
        return _shortest([shortest_quotient(_sum(c, variables, -1.0), _sum(b, variables))], X, t, variables)
    half = {power: value / 2 for power, value in b.items()}
    squared = _difference(_product(half, half), _product(a, c))
    if len(squared) > MOST_TERMS:
        return None
    below, middle = _sum(a, variables), _sum(half, variables, -1.0)
    if not squared:
        return _shortest([shortest_quotient(middle, below)], X, t, variables)
    distance = _values(below, X, variables) * t - _values(middle, X, variables)
    number, factors = _factors(_sum(squared, variables), variables)
    found: list[sympy.Expr] = []
    if below.free_symbols:
        other = _sum(c, variables)
        for scale, root in _roots(number, factors, distance, X, variables):
            first = _sum(half, variables, -1.0 / scale)
            found += [scale * (first + root) / below, other / (scale * (first - root))]
    unit, divisors = _factors(below, variables)
    exponents = dict(factors)
    for factor, exponent in divisors:
        exponents[factor] = exponents.get(factor, 0) - 2 * exponent
    distance = distance / _values(below, X, variables)
    for scale, root in _roots(number / unit**2, list(exponents.items()), distance, X, variables):
        first = shortest_quotient(_sum(half, variables, -1.0 / scale), below)
        found += [scale * first + scale * root, scale * (first + root), scale * sympy.factor_terms(first + root)]
    # (u + v)^2 - 4 w is shorter than its monomials.
    product = _difference(_product(a, c), [])
    for scale in dict.fromkeys([1.0, 0.5, *map(abs, half.values())][:MOST_UNITS]) if product else ():
        first = shortest_quotient(_sum(half, variables, -1.0 / scale), sympy.S.One)
        rest = shortest_quotient(_sum(product, variables, -1.0 / scale**2), sympy.S.One)
        for root in (sympy.sqrt(first**2 + rest), -sympy.sqrt(first**2 + rest)):
            found += [tidy(scale) * (first + root) / below, tidy(scale) * first / below + tidy(scale) * root / below]
    return _shortest(found, X, t, variables)


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
    sizes = [abs(float(term.as_coeff_Mul()[0])) for term in sympy.Add.make_args(above)]
    for unit in dict.fromkeys([1.0, *sizes[:MOST_UNITS], abs(number)]):
        inner = shortest_quotient(_tidied(above / unit), under)
        yield tidy(unit**0.5), product * sympy.sqrt(inner)


def _before(
    factors: Factors, distance: np.ndarray, X: np.ndarray, variables: tuple[sympy.Symbol, ...]
) -> tuple[int, dict[sympy.Expr, int]] | None:
    """The sign of the root and the powers before it that make the sign the same for all rows; as many as can be."""
    apart = np.abs(distance) > MEETS * np.median(np.abs(distance))
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
            if whole.size and (whole == whole[0]).all():
                return int(whole[0]), sure | {factor: power for factor, power, _ in chosen}
    return None


def _factors(polynomial_: sympy.Expr, variables: tuple[sympy.Symbol, ...]) -> tuple[float, Factors]:
    """A polynomial as a number times powers; where its numbers are no fractions only those of columns are found."""
    clock.charge(Work.ALGEBRA, 40 * complexity(polynomial_))
    fractions = in_fractions(polynomial_)
    if fractions is not None:
        number, factors = sympy.factor_list(fractions[0], *variables)
        return float(number) * fractions[1], list(factors)
    common = sympy.Poly(polynomial_, *variables).terms_gcd()
    powers = [(variable, power) for variable, power in zip(variables, common[0], strict=True) if power]
    return 1.0, [*powers, (common[1].as_expr(), 1)]


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


def _tidied(polynomial_: sympy.Expr) -> sympy.Expr:
    terms = (term.as_coeff_Mul() for term in sympy.Add.make_args(polynomial_))
    return sympy.Add(*(tidy(float(number)) * rest for number, rest in terms))


def _product(left: Numbers, right: Numbers) -> list[tuple[tuple[int, ...], float]]:
    return [(tuple(i + j for i, j in zip(p, q, strict=True)), u * v) for p, u in left.items() for q, v in right.items()]


def _difference(left: list[tuple[tuple[int, ...], float]], right: list[tuple[tuple[int, ...], float]]) -> Numbers:
    """Sums of like terms, without those that cancel to rounding."""
    total: dict[tuple[int, ...], list[float]] = {}
    for power, value in [*left, *((power, -value) for power, value in right)]:
        total.setdefault(power, []).append(value)
    sums = {power: (math.fsum(values), max(map(abs, values))) for power, values in total.items()}
    return {power: value for power, (value, largest) in sums.items() if abs(value) > CANCELS * largest}
