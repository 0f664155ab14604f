# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportOperatorIssue=false
"""Equal shapes of a form with fitted constants: one function has one price, in whichever shape it was found.

Number of constants and function are the same; what the constants are is left open, since a price has no use for it.
"""

from collections.abc import Callable, Collection, Iterator

import sympy
from sympy import Add, Expr, Mul, Pow


def equal_shapes(expression: Expr, constants: Collection[sympy.Symbol]) -> Iterator[Expr]:
    """Shapes that one change of a sum turns an expression into.

    - ``x/a`` and ``x/a**2`` are ``a*x``,
    - ``a/(b*u + 1)`` is ``a/(u + b)``, and ``a/(b*x**2 + c - x)`` is ``a/(x**2 + b*x + c)``,
    - ``1/(b/x + 1)`` is ``x/(x + b)``, and ``a*x/(x + b)`` is ``a/(1/x + b)``,
    - ``a*x**2 + b*x + c`` and ``a*x*(x + b) + c`` are ``a*(x + b)**2 + c``, and ``a*x**2 + b*x`` is ``a*x*(x + b)``;
      so it is with powers of ``x``,
    - ``a*(tanh(b*x + c) + 1)`` is ``a/(c*exp(b*x) + 1)``,

    with other values of the constants.

    Parameters
    ----------
    expression : sympy.Expr
    constants : collection of sympy.Symbol
        Those of its symbols that are free constants. One that stands in two places is left alone.
    """
    free = {symbol for symbol in constants if expression.count(symbol) == 1}
    nodes = (node for node in sympy.preorder_traversal(expression) if node.is_Add or node.is_Mul or node.is_Pow)
    for node in dict.fromkeys(nodes):
        for rule in (_plain_constant, _scaled_sum, _fraction_in_fraction, _square, _logistic):
            for other in rule(node, free):
                yield expression.xreplace({node: other})


def _plain_constant(node: Expr, free: set[sympy.Symbol]) -> Iterator[Expr]:
    if node.is_Pow and node.base in free and node.exp.is_number:
        yield node.base


def _scaled_sum(node: Expr, free: set[sympy.Symbol]) -> Iterator[Expr]:
    """Of a product with a free factor: a sum with free coefficients in all terms but one, which gets another's."""
    if not (node.is_Mul and free.intersection(node.args)):
        return
    for factor in node.args:
        base, exponent = factor.as_base_exp()
        if not (base.is_Add and exponent.is_number):
            continue
        fixed = [term for term in base.args if _coefficient(term, free) is None]
        if len(fixed) != 1 or abs(fixed[0].as_coeff_Mul()[0]) != 1:
            continue
        others = [other for other in node.args if other is not factor]
        for term in base.args:
            coefficient = _coefficient(term, free)
            if coefficient is not None and term not in free:
                unsigned = abs(fixed[0]) if fixed[0].is_number else fixed[0].as_coeff_Mul()[1]
                rest = [one for one in base.args if one is not term and one is not fixed[0]]
                scaled = Add(term / coefficient, coefficient * unsigned, *rest)
                yield Mul(*others, Pow(scaled, exponent))


def _fraction_in_fraction(node: Expr, free: set[sympy.Symbol]) -> Iterator[Expr]:
    inverted = [factor for factor in Mul.make_args(node) if factor.is_Pow and factor.exp is sympy.S.NegativeOne]
    for factor in inverted:
        offset, term = factor.base.args if len(factor.base.args) == 2 and factor.base.is_Add else (None, None)
        coefficient = None if term is None else _coefficient(term, free)
        if offset is sympy.S.One and coefficient is not None and _is_power(inverse := coefficient / term):
            yield node / factor * inverse / (inverse + coefficient)
        if offset in free and _is_power(term) and term in node.args and free.intersection(node.args):
            yield node / factor / term / (1 / term + offset)


def _is_power(expression: Expr) -> bool:
    base, exponent = expression.as_base_exp()
    return base.is_Symbol and exponent.is_Rational and exponent.is_positive


def _square(node: Expr, free: set[sympy.Symbol]) -> Iterator[Expr]:
    if not node.is_Add:
        return
    offset = bool(free.intersection(node.args))
    for term in node.args:
        others = [other for other in node.args if other is not term]
        factors = Mul.make_args(term)
        base = next((f.base ** (f.exp / 2) for f in factors if f.is_Pow and f.exp in (2, 4, 6)), None)
        if base is not None and ((outside := term / base**2) in free or outside.is_number):
            for linear in others:
                coefficient = _coefficient(linear, free)
                if coefficient is not None and linear / coefficient == base:
                    rest = [other for other in others if other is not linear]
                    moved = base + coefficient
                    yield Add(*rest, outside * (moved**2 if offset else base * moved))
        moved = next((f for f in factors if f.is_Add and free.intersection(f.args) and len(f.args) == 2), None)
        base = None if moved is None else next((one for one in moved.args if one not in free), None)
        if offset and moved is not None and base in factors:
            yield Add(*others, term / (base * moved) * moved**2)


def _logistic(node: Expr, free: set[sympy.Symbol]) -> Iterator[Expr]:
    if not (node.is_Mul and free.intersection(node.args)):
        return
    for factor in node.args:
        if not (factor.is_Add and len(factor.args) == 2 and sympy.S.One in factor.args):
            continue
        inner = next((one.args[0] for one in factor.atoms(sympy.tanh)), None)
        if inner is None or factor - 1 not in (sympy.tanh(inner), -sympy.tanh(inner)):
            continue
        terms = Add.make_args(inner)
        offset = next((term for term in terms if term in free), None)
        if not all(term is offset or _coefficient(term, free) is not None for term in terms):
            continue
        exponential = sympy.exp(Add(*(term for term in terms if term is not offset)))
        denominator = 1 + (exponential if offset is None else offset * exponential)
        yield Mul(*(other for other in node.args if other is not factor), 1 / denominator)


def _coefficient(term: Expr, free: set[sympy.Symbol]) -> Expr | None:
    """The free constant that a term is a multiple of."""
    return next((factor for factor in Mul.make_args(term) if factor in free), None)


MOST_SHAPES = 8
"""Shapes of one form that are priced."""


def cheapest(expression: Expr, constants: Collection[sympy.Symbol], bits: Callable[[Expr], float]) -> float:
    """The bits of the cheapest of the shapes that an expression can be turned into.

    Parameters
    ----------
    expression : sympy.Expr
    constants : collection of sympy.Symbol
    bits : callable
        The price of a shape.
    """
    prices = {expression: bits(expression)}
    open_shapes = [expression]
    while open_shapes and len(prices) < MOST_SHAPES:
        new = [one for one in equal_shapes(open_shapes.pop(0), constants) if one not in prices]
        prices.update({one: bits(one) for one in new})
        open_shapes += new
    return min(prices.values())
