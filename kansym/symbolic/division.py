# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportCallIssue=false
# pyright: reportOperatorIssue=false, reportAssignmentType=false, reportIndexIssue=false, reportGeneralTypeIssues=false
"""Fractions with their whole part taken out: (x^2 - 3 x - 4 + y)/(1 + x) is x - 4 + y/(1 + x)."""

import itertools

import sympy

from kansym.symbolic.complexity import complexity
from kansym.symbolic.parametric import ParametricForm, parametrize

HIGHEST = 8
"""Degree of the numerators that are divided."""


def divide(expression: sympy.Expr) -> sympy.Expr:
    """The expression with polynomial division where that makes it shorter.

    In every product with a sum below, the factors above that are sums, one at a time and all together, are divided by
    it with respect to each symbol.
    """
    # With symbols for the Floats: polynomial algebra on inexact numbers is neither exact nor stable.
    form = parametrize(expression, ())
    divided = _visit(form.expression)
    return ParametricForm(divided, (), form.constants, form.values).substituted()


def _visit(node: sympy.Expr) -> sympy.Expr:
    if not node.args:
        return node
    node = node.func(*(_visit(argument) for argument in node.args))
    return min([node, *_divisions(node)], key=complexity) if node.is_Mul else node


def _divisions(node: sympy.Expr) -> list[sympy.Expr]:
    below = [f for f in node.args if f.is_Pow and f.args[1] is sympy.S.NegativeOne and f.args[0].is_Add]
    above = [f for f in node.args if f not in below]
    found = []
    for factor in below:
        denominator = factor.args[0]
        rest = [f for f in below if f is not factor]
        groups = [[f] for f in above if f.is_Add]
        if len(above) > 1:
            groups.append(above)
        for group, symbol in itertools.product(groups, sorted(denominator.free_symbols, key=str)):
            numerator = sympy.expand(sympy.Mul(*group))
            parts = _quotient(numerator, denominator, symbol)
            if parts is not None:
                others = [f for f in above if f not in group]
                found.append(sympy.Mul(*others, *rest, parts[0] + parts[1] / denominator))
    return found


def _quotient(
    numerator: sympy.Expr, denominator: sympy.Expr, symbol: sympy.Symbol
) -> tuple[sympy.Expr, sympy.Expr] | None:
    """Quotient and remainder with respect to a symbol, where there is a quotient."""
    if not (numerator.is_polynomial(symbol) and denominator.is_polynomial(symbol)):
        return None
    degree = sympy.degree(numerator, symbol)
    if not 0 < sympy.degree(denominator, symbol) <= degree <= HIGHEST:
        return None
    quotient, remainder = sympy.div(numerator, denominator, symbol)
    return quotient, sympy.factor_terms(remainder)
