# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportCallIssue=false
# pyright: reportOperatorIssue=false, reportAssignmentType=false, reportIndexIssue=false, reportGeneralTypeIssues=false
"""Hyperbolic functions in the exponentials of a formula."""

import sympy
from sympy import Add, Expr, Mul


def recognize_hyperbolic(expression: Expr) -> Expr:
    """Write differences, sums and quotients of exponentials as sinh, cosh and tanh.

    ``exp(u) - exp(-u)`` becomes ``2*sinh(u)``, ``exp(u) + exp(-u)`` becomes ``2*cosh(u)``, and
    ``(exp(u) - k)/(exp(u) + k)`` becomes ``tanh((u - log(k))/2)`` for a positive number k.
    """
    if not expression.has(sympy.exp):
        return expression
    return expression.replace(lambda node: node.is_Add, _sum).replace(lambda node: node.is_Mul, _quotient)


def _sum(expression: Expr) -> Expr:
    coefficients: dict[Expr, Expr] = {}
    others: list[Expr] = []
    for term in expression.args:
        coefficient, rest = term.as_coeff_Mul()
        if isinstance(rest, sympy.exp):
            coefficients[rest.args[0]] = coefficient
        else:
            others.append(term)
    changed = False
    for argument in list(coefficients):
        first, second = coefficients.get(argument), coefficients.get(-argument)
        if first is None or second is None or abs(first) != abs(second):
            continue
        function = sympy.cosh if first == second else sympy.sinh
        others.append(2 * first * function(argument))
        del coefficients[argument], coefficients[-argument]
        changed = True
    if not changed:
        return expression
    return Add(*others, *(coefficient * sympy.exp(argument) for argument, coefficient in coefficients.items()))


def _quotient(expression: Expr) -> Expr:
    factors = list(expression.args)
    for denominator in [factor for factor in factors if factor.is_Pow and factor.args[1] == -1]:
        for numerator in [factor for factor in factors if factor.is_Add]:
            below, above = _exponential_and_number(denominator.args[0]), _exponential_and_number(numerator)
            if below is None or above is None or below[0] != above[0]:
                continue
            if below[1] == -above[1] and below[1].is_nonzero:
                sign = 1 if below[1].is_positive else -1
                factors.remove(numerator)
                factors.remove(denominator)
                tanh = sympy.tanh((below[0] - sympy.log(abs(below[1]))) / 2)
                return Mul(*factors, tanh**sign)
    return expression


def _exponential_and_number(expression: Expr) -> tuple[Expr, Expr] | None:
    """(u, k) of ``exp(u) + k``."""
    if not expression.is_Add or len(expression.args) != 2:
        return None
    number, rest = expression.as_coeff_Add()
    if isinstance(rest, sympy.exp) and number != 0:
        return rest.args[0], number
    return None
