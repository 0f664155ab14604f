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
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache, reduce
from operator import add, mul, or_
from typing import Any

import numpy as np
import sympy

from kansym.errors import ArgumentError
from kansym.symbolic.evaluation import MODULES, real_functions

Value = Any
"""A row-wise array (n,), or a number that is the same in all rows."""


@dataclass(frozen=True)
class Rule:
    """A function of a few arguments, and its derivatives.

    Attributes
    ----------
    value : callable
        Of the arguments.
    partials : callable
        ``(arguments, result, wanted)`` to the derivatives by the arguments that are wanted, in a list as long as the
        arguments; None in place of one that is zero or not wanted.
    """

    value: Callable[..., Value]
    partials: Callable[[Sequence[Value], Value, Sequence[bool]], list[Value | None]]


@dataclass(frozen=True)
class Operation:
    """One step of a tape.

    Attributes
    ----------
    place : int
        Slot of its result.
    inputs : tuple of int
        Slots of its arguments.
    rule : Rule
    wanted : tuple of bool
        Which arguments depend on constants.
    """

    place: int
    inputs: tuple[int, ...]
    rule: Rule
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
            inner = one.rule.partials([slots[k] for k in one.inputs], slots[one.place], one.wanted)
            for place, wanted, partial in zip(one.inputs, one.wanted, inner, strict=True):
                if wanted and partial is not None:
                    known = slopes[place]
                    slopes[place] = slope * partial if known is None else known + slope * partial
        return [0.0 if one is None else one for one in slopes[self._first : self._first + len(self.constants)]]

    def _run(self, arguments: Sequence[Value]) -> list[Value]:
        slots = list(self._slots)
        slots[: len(arguments)] = arguments
        for one in self._operations:
            slots[one.place] = one.rule.value(*[slots[k] for k in one.inputs])
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
        if node.is_Pow and node.args[1].is_number:
            return self._append(node.args[:1], power(number(node.args[1])))
        if is_whole(node):
            return self._append(symbols_of(node), rule_of(node))
        return self._append([node.args[k] for k in varying(node)], rule_of(node))

    def _append(self, arguments: Sequence[sympy.Basic], rule: Rule) -> int:
        inputs = tuple(map(self._write, arguments))
        depends = [self._depends[k] for k in inputs]
        if rule is PRODUCT:
            self._bend(depends)
        elif rule is not SUM:
            self._bend([union(depends)] * 2)
        self._slots.append(None)
        self._depends.append(union(depends))
        self._operations.append(Operation(len(self._slots) - 1, inputs, rule, tuple(map(bool, depends))))
        return len(self._slots) - 1

    def _bend(self, factors: Sequence[int]) -> None:
        """Note that the derivatives by constants of one factor depend on those of the others."""
        for number, one in enumerate(factors):
            if one:
                others = union(other for k, other in enumerate(factors) if k != number)
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


def number(node: sympy.Basic) -> Value:
    """A number of an expression in double precision; nan where it has none."""
    try:
        if node.is_Integer:
            return float(int(node))
        value = complex(node)
    except (TypeError, ValueError, OverflowError):
        return math.nan
    return value.real if value.imag == 0 else value


def union(parts: Iterable[int]) -> int:
    """All bits that are in any of some sets."""
    return reduce(or_, parts, 0)


# -- rules ------------------------------------------------------------------------------------------------------------


def is_whole(node: sympy.Basic) -> bool:
    """Whether a part is taken as a function of its symbols, since its own arguments are no formulas: cases are one."""
    return not all(isinstance(argument, sympy.Expr) for argument in node.args)


def symbols_of(node: sympy.Basic) -> list[sympy.Basic]:
    """The symbols in a part, in the order in which its rule takes them."""
    return sorted(node.free_symbols, key=lambda symbol: symbol.name)


def varying(node: sympy.Basic) -> list[int]:
    """Which arguments of a part its rule takes: all but numbers that belong to a function, as the order of a Bessel
    function does."""
    return [k for k, argument in enumerate(node.args) if not (node.is_Function and argument.is_number)]


def rule_of(node: sympy.Basic) -> Rule:
    """The rule of a part, for its `varying` arguments, or for its `symbols_of` where it is taken as a whole."""
    if node.is_Add:
        return SUM
    if node.is_Mul:
        return PRODUCT
    if node.is_Pow:
        return POWER
    if isinstance(node, sympy.exp):
        return EXPONENTIAL
    if is_whole(node):
        symbols = symbols_of(node)
        return compiled(node.xreplace(dict(zip(symbols, dummies(len(symbols)), strict=True))), len(symbols))
    places = varying(node)
    arguments = dict(zip(places, dummies(len(places)), strict=True))
    return compiled(node.func(*(arguments.get(k, one) for k, one in enumerate(node.args))), len(places))


def _sum(*terms: Value) -> Value:
    return reduce(add, terms)


def _product(*factors: Value) -> Value:
    return reduce(mul, factors)


def _ones(terms: Sequence[Value], result: Value, wanted: Sequence[bool]) -> list[Value | None]:
    return [1.0] * len(terms)


def _others(factors: Sequence[Value], result: Value, wanted: Sequence[bool]) -> list[Value | None]:
    """Derivatives of a product: the product of all other factors, since one may be zero."""
    return [_product(*factors[:k], *factors[k + 1 :]) if one else None for k, one in enumerate(wanted)]


def _of_power(arguments: Sequence[Value], result: Value, wanted: Sequence[bool]) -> list[Value | None]:
    # By the exponent of a base below zero there is no derivative; nobody asks for that of a whole number.
    base, exponent = arguments
    inner = exponent * np.power(base, exponent - 1) if wanted[0] else None
    return [inner, result * np.log(base) if wanted[1] else None]


SUM, PRODUCT, POWER = Rule(_sum, _ones), Rule(_product, _others), Rule(np.power, _of_power)
EXPONENTIAL = Rule(np.exp, lambda arguments, result, wanted: [result])


@lru_cache(maxsize=1024)
def power(exponent: Value) -> Rule:
    """A power with a known exponent."""
    # numpy's operator knows what is had for less than any power, as squares and roots.
    return Rule(
        lambda base: base**exponent, lambda arguments, result, wanted: [exponent * arguments[0] ** (exponent - 1)]
    )


@lru_cache(maxsize=64)
def dummies(count: int) -> tuple[sympy.Symbol, ...]:
    """Arguments of compiled rules."""
    return tuple(sympy.Symbol(f"_u{k}", real=True) for k in range(count))


@lru_cache(maxsize=1024)
def compiled(function: sympy.Basic, count: int) -> Rule:
    """A function of so many `dummies` as a rule; each derivative is compiled when it is needed first.

    The rule raises ArgumentError where sympy has no closed derivative, as by the order of a Bessel function.
    """
    function, arguments = real_functions(function), dummies(count)

    @cache
    def partial(k: int) -> Callable[..., Value] | None:
        derivative = sympy.diff(function, arguments[k])
        if derivative.has(sympy.Derivative, sympy.Subs):
            raise ArgumentError(
                f"there is no closed derivative of {function.func.__name__} by its argument {k + 1}: give the constant "
                "in it as a number"
            )
        return None if derivative.is_zero else sympy.lambdify(arguments, derivative, modules=MODULES)

    def partials(values: Sequence[Value], result: Value, wanted: Sequence[bool]) -> list[Value | None]:
        found = [partial(k) if one else None for k, one in enumerate(wanted)]
        return [None if one is None else one(*values) for one in found]

    return Rule(sympy.lambdify(arguments, function, modules=MODULES), partials)
