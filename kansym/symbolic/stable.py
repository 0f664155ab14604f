# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportCallIssue=false
# pyright: reportOperatorIssue=false, reportAssignmentType=false, reportIndexIssue=false, reportGeneralTypeIssues=false
"""Rewriting for evaluation: exp(u) + c where exp(u) leaves double precision and the formula does not.

The logarithm of Planck's law holds log(exp(u) - 1) with u up to hundreds, and the derivatives of the law itself
exp(u)/(exp(u) - 1)^2, infinity over infinity. Both are harmless numbers.
"""

import numpy as np
import sympy
from sympy.core.function import ArgumentIndexError

from kansym.symbolic.functions import RealSign


class LogExpSum(sympy.Function):
    """log|exp(u) + c| as a function of u and c."""

    nargs = 2

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        """Derivatives; neither is infinity over infinity for large or small u."""
        u, c = self.args
        if argindex == 1:
            return 1 / (1 + c * sympy.exp(-u))
        if argindex == 2:
            return 1 / (sympy.exp(u) + c)
        raise ArgumentIndexError(self, argindex)


def log_exp_sum(u: np.ndarray, c: np.ndarray) -> np.ndarray:
    """`LogExpSum` of arrays."""
    small = np.exp(-np.abs(u))
    return np.where(np.asarray(u) > 0, u + np.log(np.abs(1 + c * small)), np.log(np.abs(small + c)))


def stable_logarithms(expression: sympy.Expr) -> sympy.Expr:
    """The expression with every ``log(... (exp(u) + c)^n ...)`` as ``n LogExpSum(u, c) + log(...)``."""
    return _replaced(expression, inverse_powers=False)


def stable_powers(expression: sympy.Expr) -> sympy.Expr:
    """`stable_logarithms`, and every ``(exp(u) + c)^-n`` as an exponential too, for derivatives."""
    return _replaced(expression, inverse_powers=True)


def _replaced(node: sympy.Expr, *, inverse_powers: bool) -> sympy.Expr:
    if not node.has(sympy.exp):
        return node
    arguments = [_replaced(argument, inverse_powers=inverse_powers) for argument in node.args]
    if isinstance(node, sympy.log):
        # Looked for in what was there: its own powers may have been rewritten by now.
        return _logarithm(node.args[0], arguments[0])
    if inverse_powers and node.is_Pow and node.args[1].is_Integer and node.args[1] < 0:
        parts = exponential_and_rest(node.args[0])
        if parts is not None:
            power = node.args[1]
            size = sympy.exp(power * LogExpSum(*parts))
            return size * RealSign(sympy.exp(parts[0]) + parts[1]) if power % 2 else size
    return node.func(*arguments) if list(node.args) != arguments else node


def _logarithm(argument: sympy.Expr, rewritten: sympy.Expr) -> sympy.Expr:
    terms, rest = [], []
    for factor in sympy.Mul.make_args(argument):
        base, power = factor.as_base_exp() if factor.is_Pow else (factor, sympy.S.One)
        parts = exponential_and_rest(base) if power.is_Integer else None
        if parts is None:
            rest.append(factor)
            continue
        terms.append(power * LogExpSum(*parts))
        if power % 2:
            rest.append(RealSign(base))
    if not terms:
        return sympy.log(rewritten)
    return sympy.Add(*terms, sympy.log(sympy.Mul(*rest)))


def exponential_and_rest(node: sympy.Expr) -> tuple[sympy.Expr, sympy.Expr] | None:
    """u and c of ``exp(u) + c``, where there is just one exponential."""
    if not node.is_Add:
        return None
    exponentials = [term for term in node.args if isinstance(term, sympy.exp)]
    rest = sympy.Add(*(term for term in node.args if not isinstance(term, sympy.exp)))
    if len(exponentials) != 1 or rest.has(sympy.exp):
        return None
    return exponentials[0].args[0], rest
