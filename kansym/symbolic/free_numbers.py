# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportCallIssue=false
"""Numbers of a formula that nobody measured, made constants: the rate in exp(-t/2), the one in 1 + x."""

from collections.abc import Sequence

import sympy

from kansym.symbolic.naming import rebuild

NUDGE = 1.0 + 1e-7
"""Factor of a new constant's first value: exact ones are dropped by algebra."""

_SCALED = (
    sympy.exp, sympy.sin, sympy.cos, sympy.tan, sympy.sinh, sympy.cosh, sympy.tanh, sympy.sech, sympy.csch, sympy.coth,
    sympy.asin, sympy.acos, sympy.atan, sympy.asinh, sympy.acosh, sympy.atanh, sympy.erf, sympy.erfc, sympy.sinc,
)  # fmt: skip
"""Functions whose argument has a scale. That of a logarithm is an offset."""


def free_numbers(expression: sympy.Expr, variables: Sequence[sympy.Symbol]) -> sympy.Expr:
    """The expression with a constant in every place where one column has a scale or an origin that is an exact number.

    Where a function has an argument of one column without a constant, and where an exact number is added to such a
    term, that column's unit was taken for a number of the law. With several columns in the place, as in x/z, or in
    1 - v**2/c**2, the number may well belong to the structure, and stays. A term of the whole that has no factor beside
    one that has, as in 2.8*x + log(x)/2, takes the target's unit for a number.

    Parameters
    ----------
    expression : sympy.Expr
        With Floats for constants.
    variables : sequence of Symbol

    Examples
    --------
    >>> t = sympy.Symbol("t")
    >>> free_numbers(3.1 * sympy.exp(-t / 2), [t]).round(3)
    3.1*exp(-0.5*t)
    """
    columns = set(variables)

    def of_one_column(part: sympy.Expr) -> bool:
        return len(part.free_symbols & columns) == 1 and not part.has(sympy.Float)

    def visit(node: sympy.Expr) -> sympy.Expr:
        if not node.args:
            return node
        arguments = [visit(argument) for argument in node.args]
        if isinstance(node, _SCALED):
            origin, scaled = arguments[0].as_independent(*columns, as_Add=True)
            if of_one_column(scaled):
                factor, rest = scaled.as_coeff_Mul()
                arguments = [sympy.Float(float(factor) * NUDGE) * rest + origin]
        elif node.is_Add:
            numbers = [one for one in node.args if one.is_number and not one.has(sympy.Float)]
            others = [one for one in node.args if one.free_symbols]
            if numbers and others and of_one_column(sympy.Add(*others)):
                arguments = [*(one for one in arguments if one.free_symbols), sympy.Float(float(sum(numbers)) * NUDGE)]
        return node if list(node.args) == arguments else rebuild(node.func, arguments)

    return _with_amplitudes(visit(expression), columns)


def _with_amplitudes(expression: sympy.Expr, columns: set[sympy.Symbol]) -> sympy.Expr:
    terms = [(term, any(factor.is_Float for factor in sympy.Mul.make_args(term))) for term in expression.args]
    if not expression.is_Add or not any(measured and term.free_symbols & columns for term, measured in terms):
        return expression
    bare = {term for term, measured in terms if not measured and term.free_symbols & columns}
    return sympy.Add(*(sympy.Float(NUDGE) * term if term in bare else term for term, _ in terms))
