# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportCallIssue=false
# pyright: reportAssignmentType=false
"""What of a formula is its form, and what its constants."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import sympy

from kansym.symbolic.naming import rebuild
from kansym.symbolic.parametric import ParametricForm
from kansym.symbolic.refit import RefitResult, refit

EXPONENT = 1e-9
"""A Float exponent that is this near to a simple fraction is taken for it."""

LARGEST_DENOMINATOR, LARGEST_EXPONENT = 12, 20
"""Of simple fractions."""

LARGEST_SCALE = 200
"""Binary exponent of values beyond which their squares might leave double precision."""


def exact_exponents(expression: sympy.Expr) -> sympy.Expr:
    """Float exponents that are simple fractions but for rounding, as those: x**2.0 is x**2, for negative x too."""
    if not expression.args or not expression.has(sympy.Float):
        return expression
    arguments = [exact_exponents(argument) for argument in expression.args]
    if expression.is_Pow and isinstance(arguments[1], sympy.Float) and not arguments[0].is_number:
        value = float(arguments[1])
        if abs(value) <= LARGEST_EXPONENT:
            near = Fraction(value).limit_denominator(LARGEST_DENOMINATOR)
            if abs(value - near) <= EXPONENT:
                return arguments[0] ** sympy.Rational(near.numerator, near.denominator)
    return rebuild(expression.func, arguments, expression)


def loosened(form: ParametricForm) -> ParametricForm:
    """The form with exact numbers that are coefficients or terms as constants too: 2*x + 3 is a straight line.

    What stays: exponents, orders of Bessel functions, signs, and named numbers. They make the form: c*x**2 and
    c*x**2.01 are two laws, not one with two values of a constant.
    """
    values = list(form.values)
    constants = list(form.constants)
    taken = {symbol.name for symbol in (*form.variables, *form.constants)}

    def constant(number: sympy.Expr) -> sympy.Expr:
        name = f"n{len(constants)}"
        while name in taken:
            name += "_"
        symbol = sympy.Symbol(name, real=True)
        constants.append(symbol)
        values.append(float(number))
        return symbol

    def visit(node: sympy.Expr) -> sympy.Expr:
        if not node.args:
            return node
        arguments = list(node.args)
        for position, argument in enumerate(arguments):
            if argument.is_Rational:
                free = node.is_Add or (node.is_Mul and abs(argument) != 1)
                arguments[position] = constant(argument) if free and 0 < abs(float(argument)) < np.inf else argument
            elif not ((node.is_Pow and position == 1 and argument.is_number) or _is_order(node, position)):
                arguments[position] = visit(argument)
        return rebuild(node.func, arguments, node)

    expression = visit(form.expression)
    return ParametricForm(expression, form.variables, tuple(constants), np.array(values, dtype=np.float64))


def _is_order(node: sympy.Expr, position: int) -> bool:
    return position == 0 and type(node).__name__.startswith("bessel")


def same_skeleton(first: ParametricForm, second: ParametricForm) -> bool:
    """Whether two forms are written alike but for the values of their constants, each of which occurs once."""
    if len(first.constants) != len(second.constants):
        return False
    blank = sympy.Symbol("_", real=True)
    skeletons = []
    for form in (first, second):
        own = set(form.constants)
        count = sum(node in own for node in sympy.preorder_traversal(form.expression))
        if count != len(own):
            return False
        skeletons.append(_blanked(form.expression, own, blank))
    return skeletons[0] == skeletons[1]


def _blanked(node: sympy.Expr, own: set[sympy.Symbol], blank: sympy.Symbol) -> sympy.Expr:
    """Without evaluation: two terms whose constants become equal are not to be added."""
    if node in own:
        return blank
    if not node.args:
        return node
    arguments = [_blanked(argument, own, blank) for argument in node.args]
    if node.is_Add or node.is_Mul:
        arguments.sort(key=sympy.default_sort_key)
    return node.func(*arguments, evaluate=False)


def fitted(
    form: ParametricForm, X: np.ndarray, y: np.ndarray, weights: np.ndarray | None, *, max_steps: int = 60
) -> RefitResult:
    """`refit`, for values of any size that a double holds."""
    with np.errstate(all="ignore"):
        size = float(np.max(np.abs(y), initial=0.0))
    # 2**1070 has an inverse, and 2**-1070 has none.
    exponent = max(int(np.frexp(size)[1]), -1000)
    if abs(exponent) <= LARGEST_SCALE or not np.isfinite(size):
        return refit(form, X, y, weights=weights, max_steps=max_steps)
    factor = sympy.Float(float(np.ldexp(1.0, -exponent)))
    scaled = replace(form, expression=sympy.Mul(factor, form.expression, evaluate=False))
    result = refit(scaled, X, np.ldexp(y, -exponent), weights=weights, max_steps=max_steps)
    return replace(result, form=replace(form, values=result.form.values))
