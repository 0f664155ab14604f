# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportCallIssue=false
# pyright: reportOperatorIssue=false, reportAssignmentType=false, reportIndexIssue=false, reportGeneralTypeIssues=false
"""Roots of products in place of products of roots: sqrt(a b/c), not sqrt(a) sqrt(b)/sqrt(c).

sympy takes the roots of positive symbols apart by itself, so this is done last, in plain symbols.
"""

from collections import defaultdict

import sympy

from kansym.symbolic.naming import rebuild


def join_roots(expression: sympy.Expr) -> sympy.Expr:
    """The expression with factors of one fractional exponent, up to its sign, under one root.

    Where all factors have values nothing changes; the root may have some where they have none.
    """
    if not expression.args:
        return expression
    arguments = [join_roots(argument) for argument in expression.args]
    node = rebuild(expression.func, arguments, expression)
    return _joined(node) if node.is_Mul else node


def _joined(product: sympy.Expr) -> sympy.Expr:
    groups: dict[sympy.Expr, list[sympy.Expr]] = defaultdict(list)
    rest = []
    for factor in product.args:
        base, exponent = factor.args if factor.is_Pow else (factor, sympy.S.One)
        if exponent.is_Rational and not exponent.is_Integer and not base.is_Number:
            groups[abs(exponent)].append(base if exponent > 0 else 1 / base)
        else:
            rest.append(factor)
    if all(len(bases) < 2 for bases in groups.values()):
        return product
    roots = []
    for exponent, bases in groups.items():
        inside = sympy.Mul(*bases)
        above, below = inside.as_numer_denom()
        # One over a root, where there is nothing above.
        roots.append(below**-exponent if above is sympy.S.One else inside**exponent)
    return rebuild(sympy.Mul, [*rest, *roots])
