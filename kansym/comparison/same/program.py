# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false
"""A formula as a list of steps on numbers with many digits: values, and derivatives by its constants."""

from collections.abc import Sequence
from dataclasses import dataclass

import sympy
from mpmath import libmp

from kansym.comparison.same.functions import (
    CONSTANTS,
    KNOWN,
    ONE,
    ZERO,
    Number,
    Undefined,
    absorbed_bits,
    exponential,
    function_value,
    magnitude,
    power,
    tamed,
)
from kansym.errors import ArgumentError
from kansym.symbolic.parametric import ParametricForm

SPARE = 40
"""Bits beyond those asked for, for the rounding of single steps."""


@dataclass(frozen=True)
class _Step:
    """One value: `kind` is "input", "number", "sum", "product", "power", or the name of a function."""

    kind: str
    arguments: tuple[int, ...]
    payload: object = None


@dataclass(frozen=True)
class Value:
    """A formula at a point.

    Attributes
    ----------
    number : Number
    absorbed : float
        Bits by which the smallest term of a sum in the formula, or what cancellation left of it, is below the largest.
        Digits fewer than that do not see it.
    """

    number: Number
    absorbed: float


class Program:
    """The steps of a `ParametricForm`; equal parts are worked out once.

    Parameters
    ----------
    form : ParametricForm

    Raises
    ------
    ArgumentError
        If the formula holds a symbol or a function that is not known.
    """

    def __init__(self, form: ParametricForm) -> None:
        self.form = form
        self._inputs = (*form.variables, *form.constants)
        self._steps: list[_Step] = []
        self._number_of: dict[sympy.Basic, int] = {}
        self._leaves: dict[int, list[Number]] = {}
        self._build(form.expression)
        moving: set[int] = set()
        for number, step in enumerate(self._steps):
            from_constant = step.kind == "input" and step.payload >= len(form.variables)  # pyright: ignore
            if from_constant or any(argument in moving for argument in step.arguments):
                moving.add(number)
        self._moving = moving

    @property
    def constants(self) -> list[Number]:
        """The values of the constants."""
        return [libmp.from_float(float(value)) for value in self.form.values]

    def value(self, point: Sequence[Number], constants: Sequence[Number], bits: int) -> Value:
        """The formula at one point.

        Parameters
        ----------
        point : sequence of Number, length d
        constants : sequence of Number, length k
        bits : int
            Of the result, but for cancellation.

        Raises
        ------
        Undefined
            Where it is not real, or beyond a bounded size.
        """
        numbers, absorbed = self._run(point, constants, bits)
        return Value(numbers[-1], absorbed)

    def gradient(self, point: Sequence[Number], constants: Sequence[Number], bits: int) -> tuple[Number, list[Number]]:
        """The value, and its derivatives by the constants (backward differentiation).

        Derivatives of functions are difference quotients, with half of the digits.

        Raises
        ------
        Undefined
        """
        numbers, _ = self._run(point, constants, bits)
        slopes: dict[int, Number] = {len(numbers) - 1: ONE}
        result = [ZERO] * len(constants)
        for number in range(len(numbers) - 1, -1, -1):
            slope = slopes.pop(number, None)
            if slope is None or number not in self._moving:
                continue
            step = self._steps[number]
            if step.kind == "input":
                index = int(step.payload) - len(self.form.variables)  # pyright: ignore
                result[index] = libmp.mpf_add(result[index], slope, bits)
                continue
            for position, argument in enumerate(step.arguments):
                if argument in self._moving:
                    part = libmp.mpf_mul(slope, self._partial(step, numbers, number, position, bits), bits)
                    slopes[argument] = libmp.mpf_add(slopes.get(argument, ZERO), part, bits)
        return numbers[-1], result

    # -- building -----------------------------------------------------------------------------------------------------

    def _build(self, expression: sympy.Basic) -> None:
        waiting: list[tuple[sympy.Basic, bool]] = [(expression, False)]
        while waiting:
            node, seen = waiting.pop()
            if node in self._number_of:
                continue
            if not seen:
                waiting.append((node, True))
                waiting.extend((argument, False) for argument in reversed(node.args))
                continue
            self._number_of[node] = len(self._steps)
            self._steps.append(self._step(node))

    def _step(self, node: sympy.Basic) -> _Step:
        arguments = tuple(self._number_of[argument] for argument in node.args)
        if isinstance(node, sympy.Symbol):
            if node not in self._inputs:
                raise ArgumentError(f"the formula contains {node.name!r}, which is not among its columns")
            return _Step("input", (), self._inputs.index(node))
        if node.is_Number or node.is_NumberSymbol or node is sympy.I or node is sympy.zoo:
            return _Step("number", (), node)
        if node.is_Add:
            return _Step("sum", arguments)
        if node.is_Mul:
            return _Step("product", arguments)
        if node.is_Pow:
            return _Step("exp", arguments[1:]) if node.args[0] is sympy.E else _Step("power", arguments)
        name = type(node).__name__
        if name not in KNOWN:
            raise ArgumentError(f"the formula contains {name}(...), a function that is not known")
        return _Step(name, arguments)

    # -- running ------------------------------------------------------------------------------------------------------

    def _run(self, point: Sequence[Number], constants: Sequence[Number], bits: int) -> tuple[list[Number], float]:
        bits += SPARE
        given = (*point, *constants)
        leaves = self._leaves.get(bits)
        if leaves is None:
            leaves = [_leaf(step.payload, bits) if step.kind == "number" else ZERO for step in self._steps]
            self._leaves[bits] = leaves
        numbers: list[Number] = []
        absorbed = 0.0
        for step, leaf in zip(self._steps, leaves, strict=True):
            kind = step.kind
            if kind == "number":
                numbers.append(leaf)
            elif kind == "input":
                numbers.append(given[int(step.payload)])  # pyright: ignore
            elif kind == "sum":
                total, lost = _sum([numbers[argument] for argument in step.arguments], bits)
                absorbed = max(absorbed, lost)
                numbers.append(total)
            elif kind == "product":
                numbers.append(_product([numbers[argument] for argument in step.arguments], bits))
            elif kind == "power":
                numbers.append(power(numbers[step.arguments[0]], numbers[step.arguments[1]], bits))
            else:
                values = tuple(numbers[argument] for argument in step.arguments)
                # The last one: Bessel functions have their order before the argument.
                absorbed = max(absorbed, absorbed_bits(kind, values[-1 if kind.startswith("bessel") else 0]))
                numbers.append(exponential(values[0], bits) if kind == "exp" else function_value(kind, values, bits))
        return numbers, absorbed

    def _partial(self, step: _Step, numbers: list[Number], number: int, position: int, bits: int) -> Number:
        """Derivative of a step by one of its arguments."""
        arguments = [numbers[argument] for argument in step.arguments]
        value, own = numbers[number], arguments[position]
        try:
            if step.kind == "sum":
                return ONE
            if step.kind == "product":
                return _product([other for index, other in enumerate(arguments) if index != position], bits)
            if step.kind == "exp":
                return value
            if step.kind == "log":
                return libmp.mpf_div(ONE, own, bits)
            if step.kind == "power":
                base, exponent = arguments
                if position == 0:
                    lower = power(base, libmp.mpf_sub(exponent, ONE, bits), bits)
                    return libmp.mpf_mul(exponent, lower, bits)
                if value == ZERO:
                    return ZERO
                return libmp.mpf_mul(value, function_value("log", (base,), bits), bits)
        except ZeroDivisionError as error:
            raise Undefined from error
        step_size = libmp.mpf_shift(ONE, (0 if own == ZERO else magnitude(own)) - bits // 2)
        arguments[position] = libmp.mpf_add(own, step_size)
        change = libmp.mpf_sub(function_value(step.kind, tuple(arguments), bits + SPARE), value, bits)
        return libmp.mpf_div(change, step_size, bits)


def _leaf(node: object, bits: int) -> Number:
    """A number; not a number where it is not finite and real, which shows as soon as the formula is evaluated."""
    if isinstance(node, sympy.Rational):
        return libmp.from_rational(int(node.p), int(node.q), bits)
    if isinstance(node, sympy.Float):
        return node._mpf_
    constant = CONSTANTS.get(type(node).__name__)
    return libmp.fnan if constant is None else constant(bits)


def _sum(terms: list[Number], bits: int) -> tuple[Number, float]:
    total, largest, smallest = ZERO, None, None
    for term in terms:
        if term == ZERO:
            continue
        size = magnitude(tamed(term))
        largest = size if largest is None or size > largest else largest
        smallest = size if smallest is None or size < smallest else smallest
        total = libmp.mpf_add(total, term, bits)
    if largest is None or smallest is None:
        return ZERO, 0.0
    left = magnitude(total) if total != ZERO else smallest
    return total, float(largest - min(smallest, left))


def _product(factors: list[Number], bits: int) -> Number:
    result = ONE
    for factor in factors:
        result = libmp.mpf_mul(result, factor, bits)
    return tamed(result)
