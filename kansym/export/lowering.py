# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportCallIssue=false
# pyright: reportOperatorIssue=false
"""A formula in the functions that languages have, written so that no digits are lost.

exp(u) - 1 of a small u has lost the digits of u before it is computed; languages have expm1 for it, or can be given it.
In the same way 1 - cos(u), log(1 + u), log(exp(u) + c); and exponentials over powers of exp(u) + c, which are infinity
over infinity.
"""

import sympy
from sympy.codegen.cfunctions import Cbrt, expm1, log1p

from kansym.functions import RECIPROCALS
from kansym.symbolic.evaluation import LogExpSum, RealAbs, RealSign, exponential_and_rest, stable_logarithms


class LogExpm1(sympy.Function):
    """log|exp(u) - 1|, finite also where exp(u) is not."""

    nargs = 1


def lower(expression: sympy.Expr) -> sympy.Expr:
    """The expression in symbols, numbers, powers, the elementary functions, the special functions that formulas may
    hold, sympy's expm1, log1p and Cbrt of C, `LogExpSum` and `LogExpm1`.

    Parameters
    ----------
    expression : sympy.Expr
        In real symbols.
    """
    return _visit(stable_logarithms(expression))


def _visit(node: sympy.Expr) -> sympy.Expr:
    if not node.args:
        return node
    if node.is_Mul:
        return _product(node)
    if node.is_Add:
        return _sum(node)
    if isinstance(node, sympy.log) and node.args[0].is_Add and sympy.S.One in node.args[0].args:
        return log1p(_visit(node.args[0] - 1), evaluate=False)
    if isinstance(node, LogExpSum):
        u, c = (_visit(argument) for argument in node.args)
        return LogExpm1(u) if c is sympy.S.NegativeOne else LogExpSum(u, c)
    arguments = [_visit(argument) for argument in node.args]
    if isinstance(node, RealAbs):
        return sympy.Abs(arguments[0], evaluate=False)
    if isinstance(node, RealSign):
        return sympy.sign(arguments[0], evaluate=False)
    if node.func in RECIPROCALS:
        return sympy.Pow(RECIPROCALS[node.func](*arguments, evaluate=False), -1, evaluate=False)
    if arguments == list(node.args):
        return node
    # Without evaluation: sympy must not undo what was done below.
    return node.func(*arguments, evaluate=False)


def _sum(node: sympy.Expr) -> sympy.Expr:
    """``c exp(u) - c`` and ``c cos(u) - c`` among the terms."""
    terms = list(node.args)
    for term in terms:
        factors = sympy.Mul.make_args(term)
        functions = [factor for factor in factors if isinstance(factor, sympy.exp | sympy.cos)]
        if len(functions) != 1 or not functions[0].free_symbols:
            continue
        outside = sympy.Mul(*(factor for factor in factors if factor is not functions[0]))
        if -outside not in terms:
            continue
        inside = _visit(functions[0].args[0])
        if isinstance(functions[0], sympy.exp):
            less_one = expm1(inside, evaluate=False)
        else:
            less_one = sympy.Mul(
                -2, sympy.Pow(sympy.sin(inside / 2, evaluate=False), 2, evaluate=False), evaluate=False
            )
        found = _times(outside, less_one)
        rest = [_visit(other) for other in terms if other is not term and other != -outside]
        return sympy.Add(found, *rest, evaluate=False) if rest else found
    visited = [_visit(term) for term in terms]
    return node if visited == terms else sympy.Add(*visited, evaluate=False)


def _times(outside: sympy.Expr, inside: sympy.Expr) -> sympy.Expr:
    number = inside.args[0] if inside.is_Mul else sympy.S.One
    rest = inside.args[1:] if inside.is_Mul else (inside,)
    factors = [*sympy.Mul.make_args(outside * number), *rest]
    return sympy.Mul(*(factor for factor in factors if factor is not sympy.S.One), evaluate=False)


def _product(node: sympy.Expr) -> sympy.Expr:
    factors = _without_overflow(_with_cube_roots(list(node.args)))
    visited = [_visit(factor) for factor in factors]
    return node if visited == list(node.args) else sympy.Mul(*visited, evaluate=False)


def _with_cube_roots(factors: list[sympy.Expr]) -> list[sympy.Expr]:
    """|u|^(1/3) sign(u) is the cube root of u."""
    for factor in list(factors):
        if factor.is_Pow and isinstance(factor.args[0], sympy.Abs) and factor.args[1] == sympy.Rational(1, 3):
            inside = factor.args[0].args[0]
            if sympy.sign(inside) in factors:
                factors.remove(factor)
                factors.remove(sympy.sign(inside))
                factors.append(Cbrt(inside, evaluate=False))
    return factors


def _without_overflow(factors: list[sympy.Expr]) -> list[sympy.Expr]:
    """``exp(v)/(exp(u) + c)^n`` as ``exp(v - n log|exp(u) + c|)``, with the sign of what is below."""
    above = next((factor for factor in factors if isinstance(factor, sympy.exp) and factor.free_symbols), None)
    if above is None:
        return factors
    exponent, rest, signs = above.args[0], [], []
    for factor in factors:
        parts = exponential_and_rest(factor.args[0]) if factor.is_Pow and factor.args[1].is_Integer else None
        if parts is None or factor.args[1] > 0:
            rest.append(factor)
            continue
        exponent += factor.args[1] * LogExpSum(*parts)
        if factor.args[1] % 2 and not parts[1].is_nonnegative:
            signs.append(sympy.sign(factor.args[0], evaluate=False))
    if exponent == above.args[0]:
        return factors
    rest.remove(above)
    return [*rest, *signs, sympy.exp(exponent, evaluate=False)]
