# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportOperatorIssue=false
"""What can be said of formulas without values."""

from collections.abc import Sequence

import numpy as np
import sympy

from kansym.symbolic.naming import internal_symbols

LARGEST_TREE = 200
"""Nodes of formulas that are simplified."""

LARGEST_NUMBER = 1e9
"""Exact numbers in them: algebra works out their powers, in steps that no time limit can end."""

_BRANCHED = frozenset(
    {"Abs", "sign", "Heaviside", "log", "asin", "acos", "atan", "atan2", "acosh", "atanh", "LambertW"}
    | {"gamma", "loggamma", "bessely", "besselk"}
)


def not_a_number(expression: sympy.Expr) -> bool:
    """Whether a formula holds something that is no real number and so has no value anywhere."""
    return expression.has(sympy.nan, sympy.zoo, sympy.oo, -sympy.oo)


def has_branches(expression: sympy.Expr) -> bool:
    """Whether a formula may have kinks, jumps, or the edge of a domain, so that two may differ in a small part only."""
    for node in sympy.preorder_traversal(expression):
        if type(node).__name__ in _BRANCHED or (node.is_Pow and not node.args[1].is_Integer):
            return True
    return False


def equal_by_algebra(first: sympy.Expr, second: sympy.Expr, names: Sequence[str], X: np.ndarray) -> bool:
    """Whether sympy can show that two formulas are equal; columns that are positive in X (n, d) are so everywhere.

    May take long: to be called with a limit.
    """
    for expression in (first, second):
        nodes = list(sympy.preorder_traversal(expression))
        if len(nodes) > LARGEST_TREE or any(node.is_Rational and abs(node) > LARGEST_NUMBER for node in nodes):
            return False
    symbols = {symbol.name: symbol for symbol in internal_symbols(names, X)}
    apart = (first - second).xreplace({s: symbols[s.name] for s in first.free_symbols | second.free_symbols})
    return any(form(apart) == 0 for form in (sympy.expand, sympy.simplify))
