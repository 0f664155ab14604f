# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportCallIssue=false
# pyright: reportOperatorIssue=false, reportAssignmentType=false
"""Powers of sums that were multiplied out: ``c (a + p b + q)^n + rest`` again from its terms.

Polynomial algebra on inexact numbers sees no such power, and a fit of all coefficients seldom finds a short one. The
root of a polynomial comes term by term, as in long division: each is what the leading term of the rest asks for.
"""

import itertools
import math
from collections.abc import Callable, Iterator

import sympy
from sympy import Add, Expr, Mul, Pow

from kansym import clock
from kansym.clock import Work
from kansym.symbolic.complexity import complexity
from kansym.symbolic.parametric import node_count

EXPONENTS = (2, 3, 4)
"""Powers that are looked for."""

LEAST_TERMS, MOST_TERMS, MOST_IN_ROOT = 4, 40, 6
"""Terms of a sum that may be a power; the power of two terms in a longer sum has a pass of its own."""

MOST_GENERATORS = 4
"""Different factors of the terms, each of which leads in its turn."""

ROUNDING = 1e-10
"""Share of what cancels in a coefficient below which it is zero."""

EXPANSION = 4.0
"""Cost of multiplying out, in units of the nodes."""

_Monomial = tuple[int, ...]
_Polynomial = dict[_Monomial, float]
_Order = Callable[[_Monomial], _Monomial]


def join_powers(expression: Expr) -> Expr:
    """The expression with a power of a sum, and what is left, in place of each sum that is shorter so."""
    return expression.replace(lambda node: node.is_Add, _shortest)


def _shortest(total: Expr) -> Expr:
    clock.charge(Work.ALGEBRA, EXPANSION * node_count(total))
    split = _polynomial(sympy.expand(total, power_exp=False, power_base=False, log=False))
    if split is None:
        return total
    generators, polynomial = split
    turns = itertools.product(EXPONENTS, range(len(generators)))
    found = [_power(generators, polynomial, exponent, turn) for exponent, turn in turns]
    return min((total, *(one for one in found if one is not None)), key=complexity)


def _polynomial(total: Expr) -> tuple[list[Expr], _Polynomial] | None:
    """Factors of the terms, and coefficients by their exponents; None of a sum that has too few terms or too many."""
    terms = [term.as_coeff_Mul() for term in Add.make_args(total)]
    if not LEAST_TERMS <= len(terms) <= MOST_TERMS or not all(number.is_Number for number, _ in terms):
        return None
    factors = [dict(_factors(rest)) for _, rest in terms]
    generators = sorted({base for one in factors for base in one}, key=sympy.default_sort_key)
    if not 0 < len(generators) <= MOST_GENERATORS:
        return None
    monomials = [tuple(one.get(base, 0) for base in generators) for one in factors]
    numbers = [float(number) for number, _ in terms]
    return generators, dict(zip(monomials, numbers, strict=True)) if all(map(math.isfinite, numbers)) else {}


def _factors(product: Expr) -> Iterator[tuple[Expr, int]]:
    for factor in Mul.make_args(product):
        base, exponent = factor.as_base_exp()
        whole = exponent.is_Integer and exponent > 0
        if factor is not sympy.S.One:
            yield (base, int(exponent)) if whole else (factor, 1)


def _power(generators: list[Expr], polynomial: _Polynomial, exponent: int, turn: int) -> Expr | None:
    """The power whose leading term, in the lexical order from one of the generators on, is that of the polynomial."""

    def order(monomial: _Monomial) -> _Monomial:
        return monomial[turn:] + monomial[:turn]

    lead = max(polynomial, key=order, default=())
    if not any(lead) or any(power % exponent for power in lead):
        return None
    number, first = polynomial[lead], tuple(power // exponent for power in lead)
    root: _Polynomial = {first: 1.0}
    rest = _left(polynomial, number, _raised(root, exponent))
    while (asked := _next(rest, first, exponent, order)) is not None and len(root) < MOST_IN_ROOT:
        whole = tuple(one + (exponent - 1) * power for one, power in zip(asked, first, strict=True))
        root[asked] = rest[whole] / (number * exponent)
        # What is left where a term of the root was asked for is rounding, and asks for that term again.
        left = _left(polynomial, number, _raised(root, exponent))
        rest = {monomial: value for monomial, value in left.items() if order(monomial) < order(whole)}
    if len(root) == 1:
        return None
    return Add(Mul(_number(number), Pow(_sum(generators, root), exponent)), _sum(generators, rest))


def _next(rest: _Polynomial, first: _Monomial, exponent: int, order: _Order) -> _Monomial | None:
    """The term of the root that the leading term of the rest asks for; None where it is not of the power."""
    if not rest:
        return None
    lead = max(rest, key=order)
    asked = tuple(power - (exponent - 1) * own for power, own in zip(lead, first, strict=True))
    return asked if min(asked) >= 0 and order(asked) < order(first) else None


def _raised(root: _Polynomial, exponent: int) -> _Polynomial:
    found: _Polynomial = {(0,) * len(next(iter(root))): 1.0}
    for _ in range(exponent):
        product: _Polynomial = {}
        for one, a in found.items():
            for other, b in root.items():
                monomial = tuple(map(sum, zip(one, other, strict=True)))
                product[monomial] = product.get(monomial, 0.0) + a * b
        found = product
    return found


def _left(polynomial: _Polynomial, number: float, power: _Polynomial) -> _Polynomial:
    """The polynomial without a power, and without what is rounding."""
    found: _Polynomial = {}
    for monomial in polynomial.keys() | power.keys():
        own, taken = polynomial.get(monomial, 0.0), number * power.get(monomial, 0.0)
        if abs(own - taken) > ROUNDING * (abs(own) + abs(taken)):
            found[monomial] = own - taken
    return found


def _sum(generators: list[Expr], polynomial: _Polynomial) -> Expr:
    terms = []
    for monomial, number in polynomial.items():
        factors = [base**power for base, power in zip(generators, monomial, strict=True)]
        terms.append(Mul(_number(number), *factors))
    return Add(*terms)


def _number(value: float) -> Expr:
    return sympy.S.One if value == 1 else sympy.Float(value)
