# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false
"""Formulas as plain text."""

from collections.abc import Iterable

import sympy
from sympy.printing.precedence import PRECEDENCE
from sympy.printing.str import StrPrinter

from kansym.symbolic.number_format import Digits, split_number, with_whole_numbers


def to_text(expression: sympy.Expr, *, digits: Digits = 6) -> str:
    """A formula in Python-like notation, with sensible digits: ``1/n1**2 - 1/n2**2``.

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

    def _print_Pow(self, expr: sympy.Pow, rational: bool = False) -> str:
        exponent = expr.args[1]
        if exponent.is_Rational and exponent < -1:
            return f"1/{self.parenthesize(sympy.Pow(expr.args[0], -exponent, evaluate=False), PRECEDENCE['Mul'], True)}"
        return super()._print_Pow(expr, rational)

    def _as_ordered_terms(self, expr: sympy.Add, order: str | None = None) -> list[sympy.Expr]:
        return positive_first(super()._as_ordered_terms(expr, order=order))


def positive_first(terms: Iterable[sympy.Expr]) -> list[sympy.Expr]:
    """The terms of a sum with one that is not subtracted in front: ``x2 - x1``, not ``-x1 + x2``."""
    ordered = list(terms)
    first = next((term for term in ordered if not term.as_coeff_Mul()[0].is_negative), ordered[0])
    ordered.remove(first)
    return [first, *ordered]
