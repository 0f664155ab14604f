# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportCallIssue=false
# pyright: reportOperatorIssue=false
"""A minus before a product goes into a factor that has room for it: ``2 (1 - cos(x))``, not ``-2 (cos(x) - 1)``."""

import numpy as np
import sympy
from sympy import Expr, Mul, Pow

from kansym.symbolic.naming import rebuild
from kansym.symbolic.parametric import ParametricForm


def absorb_minus(expression: Expr) -> Expr:
    """The expression with ``-a (b - c)`` as ``a (c - b)`` and ``-a log(b/c)`` as ``a log(c/b)``.

    Only where an exact number has the minus, and one factor can take it: fitted constants keep their signs. Arguments
    of logarithms are taken to be positive, and quotients of numbers in them stay as they are.
    """
    if not expression.args:
        return expression
    arguments = [absorb_minus(argument) for argument in expression.args]
    node = rebuild(expression.func, arguments, expression)
    return _absorbed(node) if node.is_Mul else node


def with_positive_offsets(form: ParametricForm) -> tuple[ParametricForm, np.ndarray]:
    """The form with ``-a (u + c)^p`` as ``a (c' - u)^p`` for odd p and a constant c below zero; c' is -c.

    Returns
    -------
    form : ParametricForm
    signs : array (k,)
        -1 for the constants that were turned.
    """
    values = form.values.copy()
    below = {symbol for symbol, value in zip(form.constants, values, strict=True) if value < 0}
    expression, turned = form.expression, set()
    for product in [node for node in sympy.preorder_traversal(form.expression) if isinstance(node, Mul)]:
        if not any(factor.is_Rational and factor.is_negative for factor in product.args):
            continue
        for factor in product.args:
            base, power = factor.as_base_exp()
            offsets = [term for term in base.args if term in below] if base.is_Add and len(base.args) == 2 else []
            if len(offsets) != 1 or not (power.is_Integer and power % 2) or form.expression.count(offsets[0]) != 1:
                continue
            (other,) = (term for term in base.args if term is not offsets[0])
            if other.as_coeff_Mul()[0].is_negative or expression.count(product) != 1:
                continue
            better = Mul(-1, *(one for one in product.args if one is not factor), Pow(offsets[0] - other, power))
            expression = expression.xreplace({product: better})
            turned.add(offsets[0])
            break
    signs = np.array([-1.0 if symbol in turned else 1.0 for symbol in form.constants])
    return ParametricForm(expression, form.variables, form.constants, values * signs), signs


def _absorbed(product: Expr) -> Expr:
    numbers = [factor for factor in product.args if factor.is_Rational]
    if len(numbers) != 1 or not numbers[0].is_negative:
        return product
    others = [factor for factor in product.args if factor is not numbers[0]]
    room = {factor: turned for factor in others if (turned := _turned(factor)) is not None}
    if len(room) != 1:
        return product
    factors = [room.get(factor, factor) for factor in others]
    number = -numbers[0]
    if number == 1:
        return factors[0] if len(factors) == 1 else rebuild(Mul, factors)
    return rebuild(Mul, [number, *factors])


def _turned(factor: Expr) -> Expr | None:
    """The factor with the other sign, where that is as long."""
    if isinstance(factor, sympy.log):
        # Of a sum of quotients that would be one long quotient.
        above, below = sympy.fraction(factor.args[0])
        return sympy.log(below / above) if above.free_symbols and below.free_symbols else None
    if factor.is_Add and any(term.as_coeff_Mul()[0].is_negative for term in factor.args):
        return sympy.Add(*(-term for term in factor.args))
    return None
