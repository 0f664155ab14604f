# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportCallIssue=false
# pyright: reportOperatorIssue=false
"""Squares of sums where they stand multiplied out among other terms: a^2 - 2 a b + b^2 + c as (a - b)^2 + c."""

import itertools
import math

import sympy
from sympy import Add, Expr, Mul, Pow

ROUNDING = 1e-10
"""Relative difference of the square of a coefficient that is taken to be rounding."""


def complete_squares(expression: Expr) -> Expr:
    """The expression with ``p^2 a^2 + 2 p q a b + q^2 b^2`` as ``(p a + q b)^2`` wherever the three terms are in a sum.

    `sympy.factor` sees it only where nothing else is in the sum.
    """
    return expression.replace(lambda node: node.is_Add and len(node.args) >= 3, _completed)


def _completed(total: Expr) -> Expr:
    terms = list(total.args)
    done: list[Expr] = []
    while (found := _one_square(terms)) is not None:
        used, square = found
        terms = [term for place, term in enumerate(terms) if place not in used]
        done.append(square)
    return Add(*terms, *done) if done else total


def _one_square(terms: list[Expr]) -> tuple[set[int], Expr] | None:
    """Places of three terms that are a square, and the square."""
    squares = [(place, *root) for place, term in enumerate(terms) if (root := _root(term)) is not None]
    by_rest: dict[Expr, list[tuple[int, Expr]]] = {}
    for place, term in enumerate(terms):
        coefficient, rest = term.as_coeff_Mul()
        by_rest.setdefault(rest, []).append((place, coefficient))
    for (i, p, a), (j, q, b) in itertools.combinations(squares, 2):
        if (p > 0) != (q > 0):
            continue
        for place, middle in by_rest.get(a * b, ()):
            if place in (i, j) or not _same(middle**2, 4 * p * q):
                continue
            # The whole sign and the common size in front, the sign of the middle term between the two.
            ratio = middle / (2 * p)
            exact = sympy.S.One if _same(abs(ratio), 1) else abs(ratio)
            sign = sympy.sign(ratio)
            # (x - 1)^2 rather than (1 - x)^2
            root = sign * a + exact * b if a.is_Number else a + sign * exact * b
            return {i, j, place}, Mul(p, Pow(root, 2))
    return None


def _root(term: Expr) -> tuple[Expr, Expr] | None:
    """(p, a) of a term ``p a^2``; a is 1 of a number."""
    coefficient, rest = term.as_coeff_Mul()
    if not coefficient.is_Number or not coefficient.is_finite or coefficient == 0:
        return None
    factors = []
    for factor in Mul.make_args(rest):
        base, exponent = factor.as_base_exp()
        if factor is sympy.S.One:
            continue
        if not (exponent.is_Integer and exponent % 2 == 0):
            return None
        factors.append(base ** (exponent / 2))
    return coefficient, Mul(*factors)


def _same(first: Expr, second: Expr) -> bool:
    if first == second:
        return True
    one, other = float(first), float(second)
    return math.isfinite(one) and abs(one - other) <= ROUNDING * abs(other)
