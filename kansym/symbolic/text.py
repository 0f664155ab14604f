# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false
"""Formulas as plain text, and the decimal digits of constants in all printed formulas."""

import math
from collections.abc import Iterable, Mapping

import sympy
from sympy.printing.precedence import PRECEDENCE
from sympy.printing.str import StrPrinter

from kansym.symbolic.naming import rebuild

Digits = int | Mapping[float, float]
"""Significant digits, or the standard error of each constant by its value."""

MOST_DIGITS = 10
"""Significant digits that an error asks for at most."""


def split_number(value: float, digits: Digits = 6) -> tuple[str, int]:
    """Mantissa and power of ten of a rounded number: ("1.602", -19), ("9.81", 0).

    Parameters
    ----------
    value : float
    digits : int or mapping, default 6
        Significant digits, without trailing zeros; or standard errors by value: the last digit shown is then the
        second significant digit of the error, and values without a finite positive error get 6 digits. More than
        `MOST_DIGITS` are never shown: so small an error is that of arithmetic, not of a measurement.
    """
    if value == 0 or not math.isfinite(value):
        return ("0" if value == 0 else str(value)), 0
    exact = True
    if isinstance(digits, Mapping):
        error = digits.get(value)
        exact = error is None or not math.isfinite(error) or error <= 0
        significant = 6 if exact else max(_order(value) - _order(error) + 2, 1)
        if significant > MOST_DIGITS:
            exact, significant = True, MOST_DIGITS
    else:
        significant = digits
    text = f"{value:.{significant - 1}e}"
    mantissa, _, exponent = text.partition("e")
    order = int(exponent)
    if -4 <= order < max(significant, 6):
        places = max(significant - 1 - order, 0)
        mantissa, order = f"{value:.{places}f}", 0
    if exact and "." in mantissa:
        mantissa = mantissa.rstrip("0").rstrip(".")
    return mantissa, order


def with_whole_numbers(expression: sympy.Expr, digits: Digits = 6) -> sympy.Expr:
    """The expression with Floats that would print as integers made Integers: x**2.0 prints as a square, 1.0*x as x."""
    if isinstance(expression, sympy.Float):
        mantissa, order = split_number(float(expression), digits)
        return sympy.Integer(int(mantissa)) if order == 0 and mantissa.lstrip("-").isdigit() else expression
    if not expression.args:
        return expression
    arguments = [with_whole_numbers(argument, digits) for argument in expression.args]
    if expression.is_Mul:
        arguments = [argument for argument in arguments if argument is not sympy.S.One] or [sympy.S.One]
        if len(arguments) == 1:
            return arguments[0]
    if expression.is_Pow and arguments[1] is sympy.S.One:
        return arguments[0]
    return rebuild(expression.func, arguments, expression)


def _order(value: float) -> int:
    return math.floor(math.log10(abs(value)))


def to_text(expression: sympy.Expr, *, digits: Digits = 6) -> str:
    """A formula in Python-like notation, with sensible digits: ``1/n1**2 - 1/n2**2``.

    Parameters
    ----------
    expression : sympy.Expr
    digits : int or mapping, default 6
        Significant digits of constants, or their standard errors by value (see
        `kansym.symbolic.text.split_number`).
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
