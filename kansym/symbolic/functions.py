# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportCallIssue=false
# pyright: reportOperatorIssue=false, reportAssignmentType=false, reportIndexIssue=false, reportGeneralTypeIssues=false
"""The functions a formula may contain, and how numpy evaluates them."""

import numpy as np
import sympy
from sympy.core.function import ArgumentIndexError

FUNCTIONS: dict[str, type[sympy.Function]] = {
    function.__name__: function
    for function in (
        sympy.Abs,
        sympy.sign,
        sympy.exp,
        sympy.log,
        sympy.sin,
        sympy.cos,
        sympy.tan,
        sympy.sec,
        sympy.csc,
        sympy.cot,
        sympy.asin,
        sympy.acos,
        sympy.atan,
        sympy.atan2,
        sympy.sinh,
        sympy.cosh,
        sympy.tanh,
        sympy.sech,
        sympy.csch,
        sympy.coth,
        sympy.asinh,
        sympy.acosh,
        sympy.atanh,
        sympy.sinc,
        sympy.erf,
        sympy.erfc,
        sympy.gamma,
        sympy.loggamma,
        sympy.besselj,
        sympy.bessely,
        sympy.besseli,
        sympy.besselk,
        sympy.airyai,
        sympy.airybi,
        sympy.LambertW,
        sympy.Heaviside,
    )
}
"""Name to class of every function that formulas are built from; storage accepts no other."""

NUMBER_SYMBOLS: dict[str, sympy.Expr] = {
    "pi": sympy.pi,
    "E": sympy.E,
    "EulerGamma": sympy.EulerGamma,
    "GoldenRatio": sympy.GoldenRatio,
}
"""The irrational numbers that have a name."""


class RealAbs(sympy.Function):
    """|u| of a real u. sympy's Abs differentiates into re, im and Derivative unless it can prove u real."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        """Derivative with respect to the argument: its sign."""
        if argindex != 1:
            raise ArgumentIndexError(self, argindex)
        return RealSign(self.args[0])


class RealSign(sympy.Function):
    """Sign of a real u; its derivative is taken as zero, which holds wherever the sign is differentiable."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        """Derivative with respect to the argument: zero."""
        if argindex != 1:
            raise ArgumentIndexError(self, argindex)
        return sympy.Integer(0)


NUMPY_FUNCTIONS = {
    "RealAbs": np.abs,
    "RealSign": np.sign,
    "sec": lambda argument: 1 / np.cos(argument),
    "csc": lambda argument: 1 / np.sin(argument),
    "cot": lambda argument: 1 / np.tan(argument),
    "sech": lambda argument: 1 / np.cosh(argument),
    "csch": lambda argument: 1 / np.sinh(argument),
    "coth": lambda argument: 1 / np.tanh(argument),
    "DiracDelta": lambda argument, *order: np.zeros_like(argument),
}
"""Names that lambdify has to be told about, before numpy's and scipy's own."""


def real_functions(expression: sympy.Expr) -> sympy.Expr:
    """The expression with Abs and sign replaced by `RealAbs` and `RealSign`, ready to be differentiated."""
    return expression.replace(sympy.Abs, RealAbs).replace(sympy.sign, RealSign)
