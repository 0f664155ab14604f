# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportCallIssue=false
# pyright: reportGeneralTypeIssues=false
"""A formula as a list of numpy operations, with derivatives by its constants in reverse accumulation.

Whatever sympy has derivatives of can be on a tape; nothing is differentiated or printed for each formula anew, so that
a formula that is fitted once costs little more than its values.

Griewank and Walther, Evaluating Derivatives, 2nd ed., SIAM 2008, doi:10.1137/1.9780898717761.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import sympy

from kansym.errors import ArgumentError
from kansym.symbolic.evaluation import MODULES, RealAbs, RealSign

Value = Any
"""A row-wise array (n,), or a number that is the same in all rows."""

LARGEST_INTEGER = 2**53
"""Beyond it doubles are not exact, and numpy makes slow object arrays of integers."""

REAL = {sympy.Abs: RealAbs, sympy.sign: RealSign}
"""Functions of a real argument whose derivatives sympy has only for complex ones."""


@dataclass(frozen=True)
class Operation:
    """One step of a tape.

    Attributes
    ----------
    place : int
        Slot of its result.
    inputs : tuple of int
        Slots of its arguments.
    value : callable
        Of the arguments.
    partials : callable or None
        ``(arguments, result, wanted)`` to the derivatives by the arguments that are wanted; None in place of one that
        is zero. None for a sum, all of whose derivatives are one.
    wanted : tuple of bool
        Which arguments depend on constants.
    """

    place: int
    inputs: tuple[int, ...]
    value: Callable[..., Value]
    partials: Callable[[Sequence[Value], Value, Sequence[bool]], Sequence[Value | None]] | None
    wanted: tuple[bool, ...]


class Tape:
    """A formula as operations on slots, of which the first are its variables and its constants.

    Parameters
    ----------
    expression : sympy.Expr
    variables, constants : tuple of sympy.Symbol

    Raises
    ------
    ArgumentError
        If the expression has other symbols.

    Attributes
    ----------
    linear : tuple of int
        Indices of constants in which the expression is jointly linear, the first ones first.
    """

    def __init__(
        self, expression: sympy.Expr, variables: tuple[sympy.Symbol, ...], constants: tuple[sympy.Symbol, ...]
    ) -> None:
        unknown = expression.free_symbols - {*variables, *constants}
        if unknown:
            names = sorted(symbol.name for symbol in unknown)
            raise ArgumentError(f"expression contains symbols that are not among its variables: {names}")
        self.constants = constants
        self._first = len(variables)
        self._slots: list[Value] = [None] * (len(variables) + len(constants))
        self._places: dict[sympy.Basic, int] = {one: k for k, one in enumerate((*variables, *constants))}
        # By slot, the constants that it depends on, as bits; and by constant, those that its derivative depends on.
        self._depends = [0] * len(variables) + [1 << k for k in range(len(constants))]
        self._curved = [0] * len(constants)
        self._operations: list[Operation] = []
        # sympy's infinities have no value of double precision.
        undefined = expression.has(sympy.zoo, sympy.nan, sympy.oo, -sympy.oo)
        self._result = self._write(sympy.nan if undefined else expression)
        self.linear = self._jointly_linear()

    def values(self, arguments: Sequence[Value]) -> Value:
        """The formula's value, at arrays for the variables and numbers for the constants."""
        return self._run(arguments)[self._result]

    def derivatives(self, arguments: Sequence[Value]) -> list[Value]:
        """The derivatives by each of the constants, at arrays for the variables and numbers for the constants."""
        slots = self._run(arguments)
        slopes: list[Value | None] = [None] * len(slots)
        slopes[self._result] = 1.0
        for one in reversed(self._operations):
            slope = slopes[one.place]
            if slope is None or not any(one.wanted):
                continue
            inner = None
            if one.partials is not None:
                inner = one.partials([slots[k] for k in one.inputs], slots[one.place], one.wanted)
            for number, (place, wanted) in enumerate(zip(one.inputs, one.wanted, strict=True)):
                if not wanted or (inner is not None and inner[number] is None):
                    continue
                part = slope if inner is None else slope * inner[number]
                known = slopes[place]
                slopes[place] = part if known is None else known + part
        return [0.0 if one is None else one for one in slopes[self._first : self._first + len(self.constants)]]

    def _run(self, arguments: Sequence[Value]) -> list[Value]:
        slots = list(self._slots)
        slots[: len(arguments)] = arguments
        for one in self._operations:
            slots[one.place] = one.value(*[slots[k] for k in one.inputs])
        return slots

    # -- writing ------------------------------------------------------------------------------------------------------

    def _write(self, node: sympy.Basic) -> int:
        """The slot of a part of the expression; equal parts have one slot."""
        place = self._places.get(node)
        if place is None:
            place = self._places[node] = self._number(node) if node.is_number else self._operation(node)
        return place

    def _number(self, node: sympy.Basic) -> int:
        self._slots.append(number(node))
        self._depends.append(0)
        return len(self._slots) - 1

    def _operation(self, node: sympy.Basic) -> int:
        if node.is_Add:
            return self._append(node.args, _sum, None, bent=False)
        if node.is_Mul:
            return self._append(node.args, _product, _others, bent=False)
        if isinstance(node, sympy.Pow):
            base, exponent = node.args
            if exponent.is_number:
                value, partials = power(number(exponent))
                return self._append((base,), value, partials)
            return self._append((base, exponent), np.power, _of_power)
        if isinstance(node, sympy.exp):
            return self._append(node.args, np.exp, _of_exponential)
        arguments, shape = shape_of(node)
        rule = Rule.of(shape, len(arguments))
        return self._append(arguments, rule.value, rule.partials)

    def _append(
        self, arguments: Sequence[sympy.Basic], value: Callable[..., Value], partials: Any, *, bent: bool = True
    ) -> int:
        inputs = tuple(map(self._write, arguments))
        depends = [self._depends[k] for k in inputs]
        if bent:
            self._bend([sum_of_bits(depends)] * 2)
        elif partials is not None:
            self._bend(depends)
        wanted = tuple(map(bool, depends))
        self._slots.append(None)
        self._depends.append(sum_of_bits(depends))
        place = len(self._slots) - 1
        self._operations.append(Operation(place, inputs, value, partials, wanted))
        return place

    def _bend(self, factors: Sequence[int]) -> None:
        """Note that the derivatives by constants of one factor depend on those of the others."""
        for number, one in enumerate(factors):
            if one:
                others = sum_of_bits(other for k, other in enumerate(factors) if k != number)
                for k in range(len(self.constants)):
                    if one >> k & 1:
                        self._curved[k] |= others

    def _jointly_linear(self) -> tuple[int, ...]:
        """Greedily: a constant joins while its derivative depends on neither itself nor a member."""
        linear: list[int] = []
        members = 0
        for k, curved in enumerate(self._curved):
            if not curved & (members | 1 << k):
                linear.append(k)
                members |= 1 << k
        return tuple(linear)


@lru_cache(maxsize=2048)
def tape_of(expression: sympy.Expr, variables: tuple[sympy.Symbol, ...], constants: tuple[sympy.Symbol, ...]) -> Tape:
    """The tape of an expression; one for equal ones."""
    return Tape(expression, variables, constants)


def number(node: sympy.Basic) -> Value:
    """A number of an expression in double precision; nan where it has none."""
    if node.is_Integer and abs(int(node)) <= LARGEST_INTEGER:
        return float(int(node))
    try:
        value = complex(node)
    except (TypeError, ValueError, OverflowError):
        return math.nan
    return value.real if value.imag == 0 else value


def sum_of_bits(parts: Any) -> int:
    """All bits that are in any of some sets."""
    found = 0
    for one in parts:
        found |= one
    return found


# -- operations -------------------------------------------------------------------------------------------------------


def _sum(*terms: Value) -> Value:
    total = terms[0]
    for one in terms[1:]:
        total = total + one
    return total


def _product(*factors: Value) -> Value:
    total = factors[0]
    for one in factors[1:]:
        total = total * one
    return total


def _others(factors: Sequence[Value], result: Value, wanted: Sequence[bool]) -> list[Value | None]:
    """Derivatives of a product: the product of all other factors, since one may be zero."""
    if len(factors) == 2:
        return [factors[1], factors[0]]
    return [_product(*factors[:k], *factors[k + 1 :]) if one else None for k, one in enumerate(wanted)]


def _of_power(arguments: Sequence[Value], result: Value, wanted: Sequence[bool]) -> list[Value | None]:
    base, exponent = arguments
    inner = exponent * np.power(base, exponent - 1) if wanted[0] else None
    return [inner, result * np.log(base) if wanted[1] else None]


def _of_exponential(arguments: Sequence[Value], result: Value, wanted: Sequence[bool]) -> list[Value | None]:
    return [result]


@lru_cache(maxsize=1024)
def power(exponent: Value) -> tuple[Callable[[Value], Value], Any]:
    """A power with a known exponent, and its derivative."""
    value = POWERS.get(exponent) or (lambda base: np.power(base, exponent))
    lower = POWERS.get(exponent - 1) or (lambda base: np.power(base, exponent - 1))
    if exponent == 2:
        return value, lambda arguments, result, wanted: [2.0 * arguments[0]]
    if exponent == -1:
        return value, lambda arguments, result, wanted: [-result * result]
    return value, lambda arguments, result, wanted: [exponent * lower(arguments[0])]


POWERS: dict[Value, Callable[[Value], Value]] = {
    -2.0: lambda base: 1.0 / (base * base),
    -1.0: lambda base: 1.0 / base,
    -0.5: lambda base: 1.0 / np.sqrt(base),
    0.5: np.sqrt,
    1.0: lambda base: base,
    2.0: lambda base: base * base,
    3.0: lambda base: base * base * base,
}
"""Powers that are had for less than any."""


def shape_of(node: sympy.Basic) -> tuple[tuple[sympy.Basic, ...], sympy.Basic]:
    """What a function is applied to, and the function in the first of `DUMMIES`.

    Arguments that are numbers, such as the order of a Bessel function, belong to the function. One whose arguments are
    conditions is taken as a whole, as a function of the symbols in it.
    """
    plain = all(isinstance(argument, sympy.Expr) for argument in node.args)
    arguments = (
        tuple(argument for argument in node.args if not argument.is_number)
        if plain
        else tuple(sorted(node.free_symbols, key=lambda symbol: symbol.name))
    )
    while len(DUMMIES) < len(arguments):
        DUMMIES.append(sympy.Symbol(f"_u{len(DUMMIES)}", real=True))
    if not plain:
        shape = node.xreplace(dict(zip(arguments, DUMMIES, strict=False)))
        return arguments, shape.replace(sympy.Abs, RealAbs).replace(sympy.sign, RealSign)
    rest = iter(DUMMIES)
    function = REAL.get(node.func, node.func)
    return arguments, function(*(argument if argument.is_number else next(rest) for argument in node.args))


DUMMIES: list[sympy.Symbol] = []
"""Arguments of rules."""


class Rule:
    """A function of a few arguments with its partial derivatives, each compiled when it is needed first.

    Parameters
    ----------
    shape : sympy.Expr
        In the first of `DUMMIES`.
    count : int
        Of its arguments.
    """

    def __init__(self, shape: sympy.Basic, count: int) -> None:
        self.shape, self.arguments = shape, DUMMIES[:count]
        self.value = sympy.lambdify(self.arguments, shape, modules=MODULES)
        self._partials: dict[int, Callable[..., Value] | None] = {}

    @staticmethod
    @lru_cache(maxsize=1024)
    def of(shape: sympy.Basic, count: int) -> Rule:
        """The rule of a function; one for equal ones."""
        return Rule(shape, count)

    def partials(self, arguments: Sequence[Value], result: Value, wanted: Sequence[bool]) -> list[Value | None]:
        """The derivatives by arguments that depend on constants; None where one is zero."""
        found: list[Value | None] = []
        for k, one in enumerate(wanted):
            partial = self._partial(k) if one else None
            found.append(None if partial is None else partial(*arguments))
        return found

    def _partial(self, k: int) -> Callable[..., Value] | None:
        if k not in self._partials:
            derivative = sympy.diff(self.shape, self.arguments[k])
            if derivative.has(sympy.Derivative, sympy.Subs):
                # sympy has none by the order of a Bessel function.
                raise ArgumentError(
                    f"there is no closed derivative of {self.shape.func.__name__} by its argument {k + 1}: give the "
                    "constant in it as a number"
                )
            zero = derivative.is_zero
            self._partials[k] = None if zero else sympy.lambdify(self.arguments, derivative, modules=MODULES)
        return self._partials[k]
