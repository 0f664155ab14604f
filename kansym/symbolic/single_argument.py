# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportReturnType=false, reportCallIssue=false, reportAttributeAccessIssue=false
"""Expressions of one argument: A F(z) with products of powers of columns A and z, or F(z) with a z of any kind."""

from collections.abc import Collection

import sympy

from kansym.symbolic.parametric import ParametricForm

Exponents = tuple[sympy.Rational, ...]
"""Of a product of powers, one per column."""


def is_power_law(expression: sympy.Expr, columns: Collection[sympy.Symbol]) -> bool:
    """Whether an expression is a product of powers of columns and a constant."""
    powers = (factor.as_base_exp() for factor in sympy.Mul.make_args(expression))
    return not any(exponent.has(*columns) or (base not in columns and base.has(*columns)) for base, exponent in powers)


def factor_and_argument(form: ParametricForm) -> tuple[sympy.Expr, sympy.Expr] | None:
    """A and z of a form A F(z), both products of powers of columns; None where columns enter in more ways."""
    outside, rest = [], []
    for factor in sympy.Mul.make_args(form.expression):
        (outside if _exponents(factor, form.variables) is not None else rest).append(factor)
    inner: list[Exponents] = []
    if not all(_collect(part, form.variables, inner) for part in rest) or not inner:
        return None
    first = inner[0]
    if any(sympy.Matrix([first, other]).rank() > 1 for other in inner[1:]):
        return None
    argument = sympy.Mul(*(v**p for v, p in zip(form.variables, first, strict=True)))
    return sympy.Mul(*outside), argument


def innermost_argument(expression: sympy.Expr, variables: tuple[sympy.Symbol, ...]) -> sympy.Expr | None:
    """z of F(z): the smallest part with all columns, less the number in a sum; None where it is the whole, or none is.

    Examples
    --------
    >>> x, y = sympy.symbols("x y")
    >>> innermost_argument(2.5 + 0.3 * sympy.exp(-1.3 * (x - y + 0.4) ** 2), (x, y))
    x - y
    """
    node, functions = expression, 0
    while True:
        carrying = [part for part in node.args if part.free_symbols & set(variables)]
        if len(carrying) != 1:
            break
        functions += not (node.is_Add or node.is_Mul)
        node = carrying[0]
    return node.func(*carrying) if functions and (node.is_Add or node.is_Mul) else None


def _exponents(expression: sympy.Expr, variables: tuple[sympy.Symbol, ...]) -> Exponents | None:
    """Exponents of a product of powers of columns without a number in front, or None."""
    powers = dict.fromkeys(variables, sympy.Integer(0))
    for factor in sympy.Mul.make_args(expression):
        base, exponent = factor.as_base_exp()
        if not exponent.is_Rational:
            return None
        for part in sympy.Mul.make_args(base):
            inner, power = part.as_base_exp()
            if inner not in powers or not power.is_Rational:
                return None
            powers[inner] += exponent * power
    return tuple(powers[v] for v in variables) if any(powers.values()) else None


def _collect(node: sympy.Expr, variables: tuple[sympy.Symbol, ...], found: list[Exponents]) -> bool:
    """Gather the largest products of powers in an expression; whether all columns stand in one."""
    if not node.free_symbols & set(variables):
        return True
    whole = _exponents(node, variables)
    if whole is not None:
        found.append(whole)
        return True
    if node.is_Mul:
        columns = [f for f in node.args if _exponents(f, variables) is not None]
        others = [f for f in node.args if f not in columns]
        if columns:
            found.append(_exponents(sympy.Mul(*columns), variables) or (sympy.Integer(0),) * len(variables))
        return all(_collect(other, variables, found) for other in others)
    return bool(node.args) and all(_collect(part, variables, found) for part in node.args)
