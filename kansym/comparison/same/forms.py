# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportCallIssue=false
# pyright: reportAssignmentType=false
"""What of a formula is its form, and what its constants."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
import sympy
from mpmath import libmp

from kansym.comparison.same.functions import Undefined
from kansym.comparison.same.program import Program
from kansym.symbolic.naming import rebuild
from kansym.symbolic.parametric import ParametricForm
from kansym.symbolic.refit import RefitResult, refit

EXPONENT = 1e-9
"""A Float exponent that is this near to a simple fraction is taken for it."""

LARGEST_DENOMINATOR, LARGEST_EXPONENT = 6, 20
"""Of simple fractions. 1.3 is a fitted number that was printed short, more often than thirteen tenths."""

_BLANK = sympy.Symbol("_", real=True)

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


@dataclass(frozen=True, eq=False)
class LooseForm:
    """A form whose exact numbers are constants too.

    Attributes
    ----------
    form : ParametricForm
    units : tuple of int
        Indices of constants that are one or minus one as written.
    """

    form: ParametricForm
    units: tuple[int, ...]

    def keeps_signs(self, values: Sequence[float] | np.ndarray) -> bool:
        """Whether these values of the constants leave the signs of the units: bosons do not become fermions."""
        return all(values[index] * self.form.values[index] > 0 for index in self.units)


def loosened(form: ParametricForm) -> LooseForm:
    """The form with exact numbers that are coefficients or terms as constants too: 2*x + pi is a straight line.

    What stays: exponents, orders of Bessel functions, and the signs of ones. They make the form: c*x**2 and c*x**2.01
    are two laws, not one with two values of a constant.
    """
    values = list(form.values)
    constants = list(form.constants)
    taken = {symbol.name for symbol in (*form.variables, *form.constants)}

    def constant(number: sympy.Expr) -> sympy.Expr:
        value = _double(number)
        if not 0 < abs(value) < np.inf:
            return number
        name = f"n{len(constants)}"
        while name in taken:
            name += "_"
        symbol = sympy.Symbol(name, real=True)
        constants.append(symbol)
        values.append(value)
        return symbol

    def visit(node: sympy.Expr) -> sympy.Expr:
        if node.is_Add or node.is_Mul:
            number = node.func(*(argument for argument in node.args if argument.is_number))
            others = [visit(argument) for argument in node.args if not argument.is_number]
            sign = node.is_Mul and abs(number) == 1
            if number != node.identity:
                others.append(number if sign else constant(number))
            return others[0] if len(others) == 1 else rebuild(node.func, others)
        arguments = [
            argument if argument.is_number or _is_order(node, position) else visit(argument)
            for position, argument in enumerate(node.args)
        ]
        return rebuild(node.func, arguments, node) if node.args else node

    expression = constant(form.expression) if form.expression.is_number else visit(form.expression)
    units = tuple(index for index in range(len(form.constants), len(values)) if abs(values[index]) == 1)
    loose = ParametricForm(expression, form.variables, tuple(constants), np.array(values, dtype=np.float64))
    return LooseForm(loose, units)


def _double(number: sympy.Expr) -> float:
    """The value of an exact number; nan where it has none of bounded size."""
    try:
        program = Program(ParametricForm(number, (), (), np.array([])))
        return float(libmp.to_float(program.value((), (), 60).number))
    except Undefined:
        return float("nan")


def _is_order(node: sympy.Expr, position: int) -> bool:
    return position == 0 and type(node).__name__.startswith("bessel")


def written_alike(first: ParametricForm, second: ParametricForm, tolerance: float) -> bool:
    """Whether two formulas are one expression, with constants that are equal but for rounding."""
    (skeleton, values), (other_skeleton, other_values) = (
        _ordered(form.expression, dict(zip(form.constants, map(float, form.values), strict=True)))
        for form in (first, second)
    )
    return skeleton == other_skeleton and all(
        abs(one - other) <= tolerance * abs(one) for one, other in zip(values, other_values, strict=True)
    )


def _ordered(node: sympy.Expr, own: Mapping[sympy.Symbol, float]) -> tuple[sympy.Expr, list[float]]:
    """The expression with all constants blank, and their values in an order that depends on nothing but itself."""
    if node in own:
        return _BLANK, [own[node]]
    if not node.args:
        return node, []
    parts = [_ordered(argument, own) for argument in node.args]
    if node.is_Add or node.is_Mul:
        parts.sort(key=lambda part: (sympy.default_sort_key(part[0]), part[1]))
    return node.func(*(part for part, _ in parts), evaluate=False), [value for _, values in parts for value in values]


def tied(form: ParametricForm, tolerance: float) -> ParametricForm:
    """The form with constants that are equal but for rounding, or opposite, as one; the form itself without any."""
    kept: list[int] = []
    replaced: dict[sympy.Symbol, sympy.Expr] = {}
    for index, (symbol, value) in enumerate(zip(form.constants, form.values, strict=True)):
        for other in kept:
            if value and abs(abs(value) - abs(form.values[other])) <= tolerance * abs(value):
                sign = 1 if value * form.values[other] > 0 else -1
                replaced[symbol] = sign * form.constants[other]
                break
        else:
            kept.append(index)
    if not replaced:
        return form
    constants = tuple(form.constants[index] for index in kept)
    return ParametricForm(form.expression.xreplace(replaced), form.variables, constants, form.values[kept])


def same_skeleton(first: ParametricForm, second: ParametricForm) -> bool:
    """Whether two forms are written alike, with constants of the same signs, each of which occurs once."""
    if len(first.constants) != len(second.constants):
        return False
    blanks = [sympy.Symbol(name, real=True) for name in ("negative", "zero", "positive")]
    skeletons = []
    for form in (first, second):
        own = {
            symbol: blanks[int(np.sign(value)) + 1] for symbol, value in zip(form.constants, form.values, strict=True)
        }
        count = sum(node in own for node in sympy.preorder_traversal(form.expression))
        if count != len(own):
            return False
        skeletons.append(_blanked(form.expression, own))
    return skeletons[0] == skeletons[1]


def _blanked(node: sympy.Expr, own: Mapping[sympy.Symbol, sympy.Symbol]) -> sympy.Expr:
    """Without evaluation: two terms whose constants become equal are not to be added."""
    if node in own:
        return own[node]
    if not node.args:
        return node
    arguments = [_blanked(argument, own) for argument in node.args]
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
