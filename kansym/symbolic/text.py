# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false
"""Formulas as plain text."""

import sympy
from sympy.printing.str import StrPrinter

from kansym.symbolic.number_format import Digits, split_number, with_whole_numbers


def to_text(expression: sympy.Expr, *, digits: Digits = 6) -> str:
    """A formula in Python-like notation, with sensible digits.

    Parameters
    ----------
    expression : sympy.Expr
    digits : int or mapping, default 6
        Significant digits of constants, or their standard errors by value (see
        `kansym.symbolic.number_format.split_number`).
    """
    return _TextPrinter(digits).doprint(with_whole_numbers(expression, digits))


class _TextPrinter(StrPrinter):
    def __init__(self, digits: Digits) -> None:
        super().__init__()
        self._digits = digits

    def _print_Float(self, expr: sympy.Float) -> str:
        mantissa, order = split_number(float(expr), self._digits)
        return f"{mantissa}e{order}" if order else mantissa
