# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportReturnType=false, reportArgumentType=false, reportAttributeAccessIssue=false
"""Factors of polynomials whose degrees are those of laws."""

import math
from collections.abc import Mapping
from typing import Any

import sympy

HIGHEST = 200
"""Largest sum of the degrees of a polynomial: the numbers that sympy tests for primes have about as many bits."""

_Polynomial = Any
"""Of a sparse ring of sympy."""


def factored(expression: sympy.Expr) -> sympy.Expr:
    """An expression as a product; itself where that would take very long.

    A polynomial ``a*g + b`` that is linear in one of its generators is the greatest common divisor of a and b times one
    that has no factors, and so one generator after the other goes. With symbols for the constants of a formula nearly
    all polynomials are linear in some of them.

    What is linear in none is left to `sympy.factor`. Its algorithm (P. S. Wang, An improved multivariate polynomial
    factoring algorithm, Math. Comp. 32 (1978), doi:10.1090/S0025-5718-1978-0568284-3) tries random numbers for all
    generators but one, and may try for a minute where another order of the generators takes a hundredth of a second. It
    also takes a prime above a bound that grows exponentially with the degree, and ``exp(c*(x - 703)**2)`` has the power
    494209 of ``exp(c)``. The test of such a number for a prime is one step of C code of many minutes, which nothing can
    interrupt.
    """
    parts = sympy.fraction(sympy.together(expression))
    sums = {factor.as_base_exp()[0] for part in parts for factor in sympy.Mul.make_args(part)}
    # Sparse: `Poly` would write the zeros between powers as well.
    polynomials = {one: sympy.sring(one)[1] for one in sums if one.is_Add}
    if any(sum(one.degrees()) > HIGHEST for one in polynomials.values()):
        return expression
    factors = {one: _factors(polynomial) for one, polynomial in polynomials.items()}
    (above, numerator), (below, denominator) = (_of_product(part, factors) for part in parts)
    number, product = above / below, numerator / denominator
    # A number times a sum would be multiplied out.
    kept = product.is_Add and abs(number) != 1
    return sympy.Mul(*sympy.Mul.make_args(number), product, evaluate=False) if kept else number * product


def _of_product(
    product: sympy.Expr, factors: Mapping[sympy.Expr, tuple[sympy.Expr, sympy.Expr]]
) -> tuple[sympy.Expr, sympy.Expr]:
    """The number of a product, and the rest, with factors of the sums in it."""
    number, rest = sympy.S.One, sympy.S.One
    for factor in sympy.Mul.make_args(product):
        base, power = factor.as_base_exp()
        if base.is_Mul:
            rest *= factored(base) ** power
            continue
        own, base = factors.get(base, (base, sympy.S.One) if base.is_Rational else (sympy.S.One, base))
        if own < 0 and not power.is_Integer:
            # The root of a product is that of its factors where they are not negative only.
            own, base = -own, -base
        number, rest = number * own**power, rest * base**power
    return number, rest


def _factors(polynomial: _Polynomial) -> tuple[sympy.Expr, sympy.Expr]:
    number, primitive = polynomial.primitive()
    if polynomial.ring.domain.is_negative(primitive.LC):
        number, primitive = -number, -primitive
    product = math.prod(map(_without_linear, _split(primitive)), start=sympy.S.One)
    return polynomial.ring.domain.to_sympy(number), product


def _split(polynomial: _Polynomial) -> list[_Polynomial]:
    """Factors of which each has no others, or is linear in no generator."""
    degrees = polynomial.degrees()
    if 1 not in degrees:
        return [polynomial]
    place, ring = degrees.index(1), polynomial.ring
    parts: tuple[dict[tuple[int, ...], Any], ...] = ({}, {})
    for powers, number in polynomial.items():
        parts[powers[place]][(*powers[:place], 0, *powers[place + 1 :])] = number
    common = ring.from_dict(parts[0]).gcd(ring.from_dict(parts[1]))
    if common.is_ground:
        return [polynomial]
    return [polynomial.exquo(common), *_split(common)]


def _without_linear(polynomial: _Polynomial) -> sympy.Expr:
    """A polynomial as an expression, factored where it is linear in none of its generators."""
    plain = polynomial.as_expr()
    return plain if 1 in polynomial.degrees() else sympy.factor(plain)
