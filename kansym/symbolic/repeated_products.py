# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportOperatorIssue=false
"""Products of powers that a formula has in several places, as numbers without a dimension are: tanh(m L)/(m L)."""

from collections import defaultdict
from collections.abc import Collection, Iterator
from typing import Any

import sympy
from sympy import Expr

PRODUCT = sympy.Symbol("_product", positive=True)
"""Stands for a product that is written once."""

Powers = dict[sympy.Symbol, Any]
"""Exponents by variable."""


def with_product(expression: Expr, constants: Collection[sympy.Symbol]) -> Iterator[tuple[Expr, Expr]]:
    """The expression with `PRODUCT` for a product of powers of several variables that comes more than once.

    Parameters
    ----------
    expression : sympy.Expr
    constants : collection of sympy.Symbol
        Those of its symbols that are no variables.

    Yields
    ------
    shorter, product : sympy.Expr
        For each power of the product that comes in the expression, and that with whole exponents; the expression is
        `shorter` with `product` put in.
    """
    variables = expression.free_symbols.difference(constants)
    if len(variables) < 2 or all(expression.count(one) < 2 for one in variables):
        return
    found: dict[tuple[Any, ...], list[Powers]] = {}
    for node in sympy.preorder_traversal(expression):
        if node.is_Mul:
            powers, _ = _powers(node, variables)
            if len(powers) > 1:
                found.setdefault(_direction(powers), []).append(powers)
    for direction, places in found.items():
        if len(places) > 1:
            units = {_first(one): one for one in (*places, _whole(places[0]))}
            for powers in units.values():
                shorter = _replaced(expression, direction, powers, variables)
                if shorter.count(PRODUCT) > 1:
                    yield shorter, _written(powers)


def _powers(node: Expr, variables: Collection[sympy.Symbol]) -> tuple[Powers, list[Expr]]:
    """Exponents of the variables in a product, and its other factors."""
    powers: Powers = defaultdict(lambda: sympy.S.Zero)
    others: list[Expr] = []
    for factor in sympy.Mul.make_args(node):
        base, exponent = factor.as_base_exp()
        if base in variables and exponent.is_Rational:
            powers[base] += exponent
        elif base.is_Mul and exponent.is_Rational:
            inner, rest = _powers(base, variables)
            for one, power in inner.items():
                powers[one] += power * exponent
            others += [one**exponent for one in rest]
        else:
            others.append(factor)
    return {one: power for one, power in powers.items() if power != 0}, others


def _first(powers: Powers) -> Any:
    return powers[min(powers, key=str)]


def _written(powers: Powers) -> Expr:
    """The product as a person writes it: one root of all that is under one."""
    whole = sympy.Mul(*(one**power for one, power in powers.items() if power.q != 2))
    roots = sympy.Mul(*(one ** (2 * power) for one, power in powers.items() if power.q == 2))
    return sympy.Mul(whole, sympy.Pow(roots, sympy.S.Half, evaluate=False), evaluate=False) if roots != 1 else whole


def _whole(powers: Powers) -> Powers:
    """The power of a product that has whole exponents."""
    common = sympy.ilcm(1, *(power.q for power in powers.values()))
    return {one: power * common for one, power in powers.items()}


def _direction(powers: Powers) -> tuple[Any, ...]:
    """The same for all powers of one product."""
    first = _first(powers)
    return tuple((one, powers[one] / first) for one in sorted(powers, key=str))


def _replaced(expression: Expr, direction: tuple[Any, ...], unit: Powers, variables: Collection[sympy.Symbol]) -> Expr:
    """The expression with `PRODUCT` for the product of these powers, wherever a power of it is."""
    if not expression.args:
        return expression
    if expression.is_Mul:
        powers, others = _powers(expression, variables)
        if len(powers) > 1 and _direction(powers) == direction:
            rest = (_replaced(one, direction, unit, variables) for one in others)
            return sympy.Mul(PRODUCT ** (_first(powers) / _first(unit)), *rest)
    return expression.func(*(_replaced(one, direction, unit, variables) for one in expression.args))
