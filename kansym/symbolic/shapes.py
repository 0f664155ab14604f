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

    - ``a/(b*u + 1)`` is ``a/(u + b)``,
    - ``1/(b/x + 1)`` is ``x/(x + b)``, and ``a*x/(x + b)`` is ``a/(1/x + b)``,
    - ``a*x**2 + b*x + c`` and ``a*x*(x + b) + c`` are ``a*(x + b)**2 + c``; ``a*x**2 + b*x`` is ``a*x*(x + b)``,
    - ``a*(tanh(b*x + c) + 1)`` is ``a/(c*exp(b*x) + 1)``,

    with other values of the constants.

    Parameters
    ----------
    expression : sympy.Expr
    constants : collection of sympy.Symbol
        Those of its symbols that are free constants. One that stands in two places is left alone.
    """
    free = {symbol for symbol in constants if expression.count(symbol) == 1}
    for node in set(expression.atoms(Mul, Pow, Add)):
        for rule in (_scaled_sum, _fraction_in_fraction, _square, _logistic):
            for other in rule(node, free):
                yield expression.xreplace({node: other})


def _scaled_sum(node: Expr, free: set[sympy.Symbol]) -> Iterator[Expr]:
    """Of a product with a free factor: a sum with the offset 1, all of whose other terms have free coefficients."""
    if not (node.is_Mul and free.intersection(node.args)):
        return
    for factor in node.args:
        base, exponent = factor.as_base_exp()
        if not (base.is_Add and exponent.is_number):
            continue
        terms = [term for term in base.args if not term.is_number]
        coefficients = [_coefficient(term, free) for term in terms]
        if sum(base.args) - sum(terms) != 1 or None in coefficients or terms[0] in free:
            continue
        scaled = Add(terms[0] / coefficients[0], coefficients[0], *terms[1:])
        yield Mul(*(other for other in node.args if other is not factor), Pow(scaled, exponent))


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
        base = next((f.base for f in factors if f.is_Pow and f.exp == 2 and not f.is_number), None)
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


def cheapest(expression: Expr, constants: Collection[sympy.Symbol], bits: Callable[[Expr], float]) -> float:
    """The bits of the cheapest shape that single changes lead to, each of which makes it cheaper.

    Parameters
    ----------
    expression : sympy.Expr
    constants : collection of sympy.Symbol
    bits : callable
        The price of a shape.
    """
    least = bits(expression)
    while True:
        shapes = [(bits(shape), shape) for shape in equal_shapes(expression, constants)]
        shorter = min(shapes, key=lambda one: (one[0], str(one[1])), default=None)
        if shorter is None or shorter[0] >= least - 1e-9:
            return least
        least, expression = shorter
