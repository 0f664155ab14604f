# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportCallIssue=false
# pyright: reportOperatorIssue=false, reportAssignmentType=false, reportIndexIssue=false, reportGeneralTypeIssues=false
"""The functions a formula may contain, and how numpy evaluates them."""

from functools import partial

import numpy as np
import sympy
from sympy.core.function import ArgumentIndexError

from kansym.functions import TABLE

FUNCTIONS: dict[str, type[sympy.Function]] = {function.name: function.kind for function in TABLE if function.stored}
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
    **{function.name: partial(function.quotient, np) for function in TABLE if function.quotient is not None},
    "DiracDelta": lambda argument, *order: np.zeros_like(argument),
}
"""Names that lambdify has to be told about, before numpy's and scipy's own."""


def real_functions(expression: sympy.Expr) -> sympy.Expr:
    """The expression with Abs and sign replaced by `RealAbs` and `RealSign`, ready to be differentiated."""
    return expression.replace(sympy.Abs, RealAbs).replace(sympy.sign, RealSign)
