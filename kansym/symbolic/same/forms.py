# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportCallIssue=false
# pyright: reportAssignmentType=false
"""What of a formula is its form and what its constants, and whether these can be set so that it is another formula."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
import sympy

from kansym.symbolic.naming import rebuild
from kansym.symbolic.parametric import ParametricForm, columns_of
from kansym.symbolic.refit import RefitResult, refit
from kansym.symbolic.same.precise import PreciseFormula, Undefined, magnitude, numbers
from kansym.symbolic.same.sampled import Check, Sampled
from kansym.symbolic.same.solving import Side, common_solution

EXPONENT = 1e-9
"""A Float exponent that is this near to a simple fraction is taken for it."""

LARGEST_DENOMINATOR, LARGEST_EXPONENT = 6, 20
"""Of simple fractions. 1.3 is a fitted number that was printed short, more often than thirteen tenths."""

LARGEST_SCALE = 200
"""Binary exponent of values beyond which their squares might leave double precision."""

COARSE = 1e-5
"""Relative difference up to which a fit in double precision is worth going on from with many digits."""

MOST_POINTS = 0.9
"""Share of the points where it has to come near: next to a pole or an edge double precision does not."""

LARGEST = 1000
"""Binary exponent of values that are fitted to."""

DRAWN, STARTS = 200, 5
"""Random starts that are looked at, and how many of them, the best, are fitted from, besides those that are known."""

SPREAD = 0.7
"""Of the logarithms of constants at random starts."""


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

    def keeps_signs(self, values: np.ndarray) -> bool:
        """Whether these values of the constants leave the signs of the units: bosons do not become fermions."""
        return all(values[index] * self.form.values[index] > 0 for index in self.units)

    def with_factor(self) -> "LooseForm":
        """With a positive factor of the whole, where no constant is one: 0.999*a**(3/2) is a**(3/2) but for that."""
        form = self.form
        if any(factor in form.constants for factor in sympy.Mul.make_args(form.expression)):
            return self
        factor = _unused("factor", form)
        scaled = replace(
            form,
            # Not evaluated: sympy would give every term of a sum a factor of its own.
            expression=sympy.Mul(factor, form.expression, evaluate=False),
            constants=(*form.constants, factor),
            values=np.append(form.values, 1.0),
        )
        return LooseForm(scaled, (*self.units, len(form.constants)))


def loosened(form: ParametricForm) -> LooseForm:
    """The form with exact numbers that are coefficients or terms as constants too: 2*x + pi is a straight line.

    What stays: exponents, orders of Bessel functions, and the signs of ones. They make the form: c*x**2 and c*x**2.01
    are two laws, not one with two values of a constant.
    """
    values, constants = list(form.values), list(form.constants)

    def constant(number: sympy.Expr) -> sympy.Expr:
        value = _double(number)
        if not 0 < abs(value) < np.inf:
            return number
        constants.append(_unused(f"n{len(constants)}", form))
        values.append(value)
        return constants[-1]

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
    return LooseForm(ParametricForm(expression, form.variables, tuple(constants), np.array(values, dtype=float)), units)


def _unused(name: str, form: ParametricForm) -> sympy.Symbol:
    taken = {symbol.name for symbol in (*form.variables, *form.constants)}
    while name in taken:
        name += "_"
    return sympy.Symbol(name, real=True)


def _double(number: sympy.Expr) -> float:
    """The value of an exact number; nan where it has none of bounded size."""
    try:
        return float(PreciseFormula(ParametricForm(number, (), (), np.array([]))).value((), (), 60).number)
    except Undefined:
        return float("nan")


def _is_order(node: sympy.Expr, position: int) -> bool:
    return position == 0 and type(node).__name__.startswith("bessel")


def tied(form: ParametricForm, tolerance: float) -> ParametricForm:
    """The form with constants that are equal but for rounding, or opposite, as one."""
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
    constants = tuple(form.constants[index] for index in kept)
    return ParametricForm(form.expression.xreplace(replaced), form.variables, constants, form.values[kept])


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


def can_reproduce(
    loose: LooseForm,
    sampled: Sampled,
    target: int,
    starts: Sequence[np.ndarray],
    *,
    seed: int,
    check: Check,
    in_time: Callable[[], bool],
) -> bool:
    """Whether some constants make a form the formula number `target` of `sampled`.

    Constants are fitted to the formula's values in double precision from each start and some at random, and where
    that comes near, with many digits until both agree, or do not.

    Parameters
    ----------
    loose : LooseForm
    sampled : Sampled
    target : {0, 1}
    starts : sequence of arrays (k,)
    seed : int
        For random starts.
    check : callable
        Raises when all time is up.
    in_time : callable
        Whether there is time for a random start.
    """
    form = loose.form
    X, values = _rows(sampled, target)
    if not form.constants or len(values) < len(form.constants) + 4:
        return False
    size = np.maximum(np.abs(values), 0.01 * np.median(np.abs(values)))
    size = np.where(size > 0, size, 1.0)
    # Where the size spans more than ten decades, the squares of the smallest are lost in any case.
    weights = np.maximum(np.min(size) / size, 1e-10) ** 2
    own, goal = PreciseFormula(form), sampled.formulas[target]

    def reproduces(start: np.ndarray) -> bool:
        check()
        result = fitted(form.with_values(start), X, values, weights)
        with np.errstate(all="ignore"):
            apart = np.abs(result.form.evaluate(X) - values) / size
        if not np.mean(apart <= COARSE) > MOST_POINTS or not loose.keeps_signs(result.form.values):
            return False
        sides = Side(own, numbers(result.form.values)), Side(goal, goal.constants, movable=False)
        solution = common_solution(sampled, *sides, check)
        return solution is not None and solution.decided

    if any(reproduces(start) for start in starts):
        return True
    if not in_time():
        return False
    drawn = _drawn(form, X, values / size, 1 / size, np.random.default_rng(seed), check)
    return any(in_time() and reproduces(start) for start in drawn)


def _drawn(
    form: ParametricForm,
    X: np.ndarray,
    values: np.ndarray,
    root: np.ndarray,
    generator: np.random.Generator,
    check: Check,
) -> list[np.ndarray]:
    """Random starts, the best first: linear constants solved for, the others as they are but for a random factor.

    A number that occurs twice gets one factor in every other start.
    """
    columns, linear = columns_of(X, len(form.variables)), list(form.linear_constants)
    unique, place = np.unique(np.abs(form.values), return_inverse=True)
    found: list[tuple[float, np.ndarray]] = []
    for number in range(DRAWN):
        check()
        factors = generator.standard_normal(len(unique))[place] if number % 2 else generator.standard_normal(len(place))
        start = form.values * np.exp(SPREAD * factors)
        with np.errstate(all="ignore"):
            residuals = root * form.value_at(columns, start) - values
            if linear:
                slopes = root[:, None] * form.jacobian_at(columns, start)[:, linear]
                if not (np.isfinite(slopes).all() and np.isfinite(residuals).all()):
                    continue
                step = np.linalg.lstsq(slopes, -residuals, rcond=1e-10)[0]
                start[linear] += step
                residuals = residuals + slopes @ step
            loss = float(np.mean(residuals**2))
        if np.isfinite(loss):
            found.append((loss, start))
    found.sort(key=lambda one: one[0])
    return [start for _, start in found[:STARTS]]


def _rows(sampled: Sampled, target: int) -> tuple[np.ndarray, np.ndarray]:
    """Points, and the values of a formula there, as doubles."""
    found = {i: sampled.both(i)[target] for i in sampled.common}
    usable = [i for i, number in found.items() if number == 0 or abs(magnitude(number)) < LARGEST]
    return sampled.points[usable], np.array([float(found[i]) for i in usable], dtype=np.float64)
