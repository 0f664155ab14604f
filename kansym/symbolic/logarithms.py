# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportCallIssue=false
# pyright: reportOperatorIssue=false, reportAssignmentType=false, reportIndexIssue=false, reportGeneralTypeIssues=false
"""Sums of logarithms as the logarithm of one product."""

import math

import sympy

LARGEST_POWER = 12
"""Of an argument: beyond, the sum is easier to read, and the power of a number may be too long to hold."""


def join_logarithms(expression: sympy.Expr) -> sympy.Expr:
    """The expression with ``p log(a) + q log(b)`` as ``r log(a^(p/r) b^(q/r))`` for rational p and q.

    r is their greatest common divisor. Arguments are taken to be positive; the caller checks the values.
    """
    if not expression.args:
        return expression
    arguments = [join_logarithms(argument) for argument in expression.args]
    node = expression.func(*arguments) if arguments != list(expression.args) else expression
    return _joined(node) if node.is_Add else node


def _joined(total: sympy.Expr) -> sympy.Expr:
    logarithms, rest = [], []
    for term in total.args:
        coefficient, factor = term.as_coeff_Mul()
        if isinstance(factor, sympy.log) and coefficient.is_Rational:
            logarithms.append((coefficient, factor.args[0]))
        else:
            rest.append(term)
    if len(logarithms) < 2:
        return total
    numerators = math.gcd(*(int(c.p) for c, _ in logarithms))
    common = sympy.Rational(numerators, math.lcm(*(int(c.q) for c, _ in logarithms)))
    if all(c < 0 for c, _ in logarithms):
        common = -common
    if max(abs(c / common) for c, _ in logarithms) > LARGEST_POWER:
        return total
    product = sympy.Mul(*(argument ** (c / common) for c, argument in logarithms))
    # Evaluation would take the powers of positive symbols out again.
    joined = sympy.log(product, evaluate=False)
    return sympy.Add(*rest, joined if common == 1 else sympy.Mul(common, joined, evaluate=False))
