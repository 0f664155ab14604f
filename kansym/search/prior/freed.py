# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportCallIssue=false
# pyright: reportOperatorIssue=false
"""A guess with its exact numbers as constants too."""

from dataclasses import dataclass

import numpy as np
import sympy

from kansym.symbolic.parametric import ParametricForm

MOST_FREED = 8
"""Exact numbers that are freed; a formula with more has little that is sure."""


@dataclass(frozen=True, eq=False)
class Freed:
    """A form with more constants than a guess has.

    Attributes
    ----------
    form : ParametricForm
        Its constants are those of the guess, then one for each exact number.
    exact : tuple of sympy.Rational
        The numbers that the others stand for.
    """

    form: ParametricForm
    exact: tuple[sympy.Rational, ...]

    def changed(self, values: np.ndarray) -> list[tuple[sympy.Rational, float]]:
        """Numbers that are others among some values (k,) of the constants, with what they are then."""
        own = values[len(values) - len(self.exact) :]
        pairs = zip(self.exact, own, strict=True)
        return [(number, float(value)) for number, value in pairs if abs(value - float(number)) > 1e-6 * abs(number)]


def freed(form: ParametricForm) -> Freed | None:
    """The form with its exact coefficients and exponents as constants; None if it has none, or too many.

    Exponents of -1 and of square roots stay: a quotient is no power.
    """
    exact: list[sympy.Rational] = []
    symbols: list[sympy.Symbol] = []

    def visit(node: sympy.Expr) -> sympy.Expr:
        if node.is_Rational:
            if abs(node) == 1 or node.is_zero:
                return node
            exact.append(node)
            symbols.append(sympy.Symbol(f"_n{len(symbols)}", real=True))
            return symbols[-1]
        if not node.args:
            return node
        if node.is_Pow and node.exp in (sympy.S.NegativeOne, sympy.S.Half, -sympy.S.Half):
            return sympy.Pow(visit(node.base), node.exp)
        return node.func(*(visit(argument) for argument in node.args))

    expression = visit(form.expression)
    if not 0 < len(exact) <= MOST_FREED:
        return None
    values = np.concatenate([form.values, [float(number) for number in exact]])
    return Freed(ParametricForm(expression, form.variables, (*form.constants, *symbols), values), tuple(exact))
