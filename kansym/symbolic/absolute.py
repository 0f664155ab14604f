# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportCallIssue=false
# pyright: reportOperatorIssue=false, reportAssignmentType=false, reportIndexIssue=false, reportGeneralTypeIssues=false
"""Absolute values and nested roots that algebra leaves because it does not know signs; the data do."""

from collections.abc import Callable, Sequence

import numpy as np
import sympy

from kansym.symbolic.parametric import parametrize


def use_signs(expression: sympy.Expr, variables: Sequence[sympy.Symbol], X: np.ndarray) -> sympy.Expr:
    """Write |g| as g or -g, and split roots of products, where the factors have one sign on all rows.

    The root of a square comes out of algebra as an absolute value. Where the data lie on one side of its kink there is
    no evidence for the kink, and the smooth law is what continues beyond the data. In the same way sqrt(1/g) becomes
    1/sqrt(g).

    Parameters
    ----------
    expression : sympy.Expr
    variables : sequence of Symbol, length d
    X : ndarray, shape (n, d)
    """

    def sign(part: sympy.Expr) -> int:
        if not part.free_symbols:
            return int(sympy.sign(part)) if part.is_real else 0
        values = parametrize(part, tuple(variables)).evaluate(X)
        if not np.isfinite(values).all():
            return 0
        return 1 if (values > 0).all() else -1 if (values < 0).all() else 0

    def visit(node: sympy.Expr) -> sympy.Expr:
        if not node.args:
            return node
        arguments = [visit(argument) for argument in node.args]
        if list(node.args) != arguments:
            node = node.func(*arguments)
        if isinstance(node, sympy.Abs):
            known = sign(node.args[0])
            return known * node.args[0] if known else node
        if isinstance(node, sympy.Pow) and node.exp.is_Rational and not node.exp.is_Integer:
            return _split(node, sign)
        return node

    return visit(expression)


def _split(power: sympy.Pow, sign: Callable[[sympy.Expr], int]) -> sympy.Expr:
    """(a^p b^q)^r as |a|^(p r) |b|^(q r), where the product is positive."""
    factors = [factor for factor in sympy.Mul.make_args(power.base) if factor is not sympy.S.NegativeOne]
    nested = any(isinstance(factor, sympy.Pow) for factor in factors)
    if not nested and len(factors) == len(sympy.Mul.make_args(power.base)):
        return power
    parts = []
    for factor in factors:
        base, exponent = factor.as_base_exp()
        known = sign(base)
        if known == 0:
            return power
        # -x + y in place of -(x - y), which printing would keep apart.
        parts.append(sympy.expand_mul(known * base) if known < 0 else base)
        parts[-1] = parts[-1] ** (exponent * power.exp)
    return sympy.Mul(*parts)
