"""Trees of operations with constants in them, as enumeration makes them: values, derivatives and formulas.

An operation has one or two arguments and constants that are not absorbed by those of its neighbours: exp(a u) has no
shift, since a shift is a factor; log(u + b) no factor, since a factor is a shift. So no two trees differ in their
constants only.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
import sympy

from kansym.primitives.allowed import AllowedFunctions

Array = np.ndarray
Constants = Sequence[Array]
"""Of an operation, each of shape (S, 1)."""


@dataclass(frozen=True, eq=False)
class Ranges:
    """Where the values of arguments lie, each (S,): the least, the largest, the median, and (S, P) some where y is
    extreme."""

    low: Array
    high: Array
    middle: Array
    peaks: Array

    @classmethod
    def of(cls, values: Array, extreme: Sequence[int] = ()) -> Self:
        """Of arguments (S, n), whose target is extreme in these rows."""
        return cls(values.min(1), values.max(1), np.median(values, 1), values[:, list(extreme)])

    def take(self, chosen: Array) -> "Ranges":
        return Ranges(self.low[chosen], self.high[chosen], self.middle[chosen], self.peaks[chosen])

    @cached_property
    def width(self) -> Array:
        return self.high - self.low

    @cached_property
    def widths(self) -> Array:
        """The range (S, 2), and where a few values are far from the others that of most of them, else nan."""
        most = 2 * np.minimum(self.middle - self.low, self.high - self.middle)
        lopsided = (most > 0) & (most < LOPSIDED * self.width)
        return np.stack([self.width, np.where(lopsided, most, np.nan)], 1)

    @cached_property
    def centres(self) -> Array:
        """Places where something may happen (S, C), the likeliest first; nan for none."""
        places = [self.low + place * self.width for place in CENTRES]
        middle = np.where(np.isnan(self.widths[:, 1]), np.nan, self.middle)
        return np.column_stack([self.peaks, middle, *places])


@dataclass(frozen=True, eq=False)
class Operation:
    """A function of one or two arguments with constants.

    Attributes
    ----------
    name : str
    constants : int
    nodes : int
        Of a formula, its arguments not counted.
    starts : callable
        Constants (S, K, C) to begin with, the likeliest first, from the ranges of the arguments; nan for none, where it
        has no values.
    value : callable
        Of arguments (S, n) and constants.
    slopes : callable
        Derivatives by each argument and by each constant, from arguments, constants and value.
    write : callable
    shifted : bool, default False
        Whether its last constant is added to its argument.
    suits : callable, optional
        Of which ranges it has values, (S,), where that is not for its constants to say.
    """

    name: str
    constants: int
    nodes: int
    starts: Callable[..., Array]
    value: Callable[..., Array]
    slopes: Callable[..., tuple[Array, ...]]
    write: Callable[..., sympy.Expr]
    shifted: bool = False
    suits: Callable[..., Array] | None = None

    def begin(self, *ranges: Ranges) -> tuple[Array, Array]:
        """Constants (S, K, C) to begin with, and which of them (S, K) there are."""
        found = self.starts(*ranges)
        there: Array = np.all(np.isfinite(found), axis=2)
        if self.suits is not None:
            there &= self.suits(*ranges)[:, None]
        return found, there

    def permitted(self, arguments: int, allowed: AllowedFunctions | None) -> bool:
        """Whether formulas may have it, with so many arguments."""
        symbols = sympy.symbols(f"u:{arguments}", positive=True)
        constants = sympy.symbols(f"c:{self.constants}", positive=True)
        return allowed is None or allowed.permits(self.write(*symbols, *constants))


RATES, WAVES, CENTRES = (0.7, 2.0, 5.0, 12.0), (2.5, 5.0, 9.0, 14.0, 20.0), (0.25, 0.5, 0.75)
"""Rates of exponentials and of waves over the range of an argument, and places of a bend in it."""

SHIFTS = (0.1, 0.6, 3.0)
"""Distances of a singular point from the values of an argument, in units of their range."""

LOPSIDED = 0.25
"""Range of most values of an argument, in units of the whole, below which constants are also sought in that."""

POWERS = (-1.5, -0.5, 0.5, 1.5, 2.5)
SHARES = (0.3, 1.0, 3.0)
"""Weights of a second summand in units of what makes both as large."""


def _scales(u: Ranges, rates: Sequence[float]) -> Array:
    """Rates over the range of an argument (S, K)."""
    return (np.array(rates) / u.widths[:, :, None]).reshape(len(u.low), -1)


def _pairs(first: Array, second: Array) -> Array:
    """Two constants (S, I J, 2) from all pairs of (S, I) and (S, J)."""
    first, second = np.broadcast_arrays(first[:, :, None], second[:, None, :])
    return np.stack([first, second], -1).reshape(len(first), -1, 2)


def _shifts(u: Ranges, *, both: bool) -> Array:
    """Shifts that keep an argument above zero, or on either side of it."""
    beside = (u.widths[:, :, None] * SHIFTS).reshape(len(u.low), -1)
    found = [np.where(u.low > 0, 0.0, np.nan), beside - u.low[:, None]]
    if both:
        found += [-u.high[:, None] - beside, np.where(u.high < 0, 0.0, np.nan)]
    return np.column_stack(found)[:, :, None]


def _waves(u: Ranges) -> Array:
    return _pairs(_scales(u, WAVES), np.tile([0.0, math.pi / 2], (len(u.low), 1)))


def _steps(u: Ranges) -> Array:
    zero = np.where((u.low <= 0) & (u.high >= 0), 0.0, np.nan)
    found = _pairs(_scales(u, (2.5, 7.0)), np.column_stack([u.centres, zero]))
    found[:, :, 1] *= -found[:, :, 0]
    return found


def _bends(u: Ranges) -> Array:
    return np.column_stack([np.zeros(len(u.low)), -u.centres])[:, :, None]


def _weights(u: Ranges, v: Ranges) -> Array:
    ratio = u.width / v.width
    one = np.where((ratio > 0.1) & (ratio < 10), 1.0, np.nan)
    found = [sign * share * ratio for share in SHARES for sign in (1.0, -1.0)]
    return np.column_stack([*found, one, -one])[:, :, None]


def _bases(u: Ranges, v: Ranges) -> Array:
    usable = (u.low > 0) & (np.maximum(np.abs(v.low), np.abs(v.high)) < 50)
    return (np.array(SHARES) / np.where(usable, u.middle, np.nan)[:, None])[:, :, None]


def _no_constants(u: Ranges, v: Ranges) -> Array:
    del v
    return np.zeros((len(u.low), 1, 0))


def _over(above: Array, below: Array) -> Array:
    """A quotient whose limit at zero is zero."""
    below = np.broadcast_to(below, np.shape(above))
    return np.divide(above, below, out=np.zeros_like(above), where=below != 0)


UNARY: tuple[Operation, ...] = (
    Operation(
        "exp", 1, 3,
        lambda u: _scales(u, [sign * rate for rate in RATES for sign in (-1.0, 1.0)])[:, :, None],
        lambda u, a: np.exp(a * u),
        lambda u, a, f: (a * f, u * f),
        lambda u, a: sympy.exp(a * u),
    ),
    Operation(
        "log", 1, 3,
        lambda u: _shifts(u, both=False),
        lambda u, b: np.log(u + b),
        lambda u, b, f: (1 / (u + b), 1 / (u + b)),
        lambda u, b: sympy.log(u + b),
        shifted=True,
    ),
    Operation(
        "sin", 2, 4,
        _waves,
        lambda u, a, b: np.sin(a * u + b),
        lambda u, a, b, f: (a * np.cos(a * u + b), u * np.cos(a * u + b), np.cos(a * u + b)),
        lambda u, a, b: sympy.sin(a * u + b),
        shifted=True,
    ),
    Operation(
        "sin over", 1, 6,
        lambda u: _scales(u, WAVES)[:, :, None],
        lambda u, a: np.sinc(a * u / np.pi),
        lambda u, a, f: (_over(np.cos(a * u) - f, u), _over(np.cos(a * u) - f, a)),
        lambda u, a: sympy.sin(a * u) / (a * u),
    ),
    Operation(
        "tanh", 2, 4,
        _steps,
        lambda u, a, b: np.tanh(a * u + b),
        lambda u, a, b, f: (a * (1 - f * f), u * (1 - f * f), 1 - f * f),
        lambda u, a, b: sympy.tanh(a * u + b),
        shifted=True,
    ),
    Operation(
        "square", 1, 2,
        _bends,
        lambda u, b: (u + b) ** 2,
        lambda u, b, f: (2 * (u + b), 2 * (u + b)),
        lambda u, b: (u + b) ** 2,
        shifted=True,
    ),
    Operation(
        "reciprocal", 1, 3,
        lambda u: _shifts(u, both=True),
        lambda u, b: 1 / (u + b),
        lambda u, b, f: (-f * f, -f * f),
        lambda u, b: 1 / (u + b),
        shifted=True,
    ),
    Operation(
        "root", 1, 3,
        lambda u: _shifts(u, both=False),
        lambda u, b: np.sqrt(u + b),
        lambda u, b, f: (0.5 / f, 0.5 / f),
        lambda u, b: sympy.sqrt(u + b),
        shifted=True,
    ),
    Operation(
        "root of less", 1, 3,
        lambda u: (u.high[:, None, None] + u.widths[:, :, None] * SHIFTS).reshape(len(u.low), -1, 1),
        lambda u, b: np.sqrt(b - u),
        lambda u, b, f: (-0.5 / f, 0.5 / f),
        lambda u, b: sympy.sqrt(b - u),
    ),
    Operation(
        "power", 1, 2,
        lambda u: np.tile(POWERS, (len(u.low), 1))[:, :, None],
        lambda u, p: u**p,
        lambda u, p, f: (p * f / u, np.log(u) * f),
        lambda u, p: u**p,
        suits=lambda u: u.low > 0,
    ),
    Operation(
        "magnitude", 1, 3,
        _bends,
        lambda u, b: np.abs(u + b),
        lambda u, b, f: (np.sign(u + b), np.sign(u + b)),
        lambda u, b: sympy.Abs(u + b),
        shifted=True,
    ),
)  # fmt: skip
"""Functions of one argument."""

BINARY: tuple[Operation, ...] = (
    Operation(
        "sum", 1, 2,
        _weights,
        lambda u, v, c: u + c * v,
        lambda u, v, c, f: (np.ones_like(u), c + 0 * v, v + 0 * c),
        lambda u, v, c: u + c * v,
    ),
    Operation(
        "product", 0, 1,
        _no_constants,
        lambda u, v: u * v,
        lambda u, v, f: (v, u),
        lambda u, v: u * v,
    ),
    Operation(
        "quotient", 0, 1,
        _no_constants,
        lambda u, v: u / v,
        lambda u, v, f: (1 / v, -f / v),
        lambda u, v: u / v,
        suits=lambda u, v: (v.low > 0) | (v.high < 0),
    ),
    Operation(
        "raised", 1, 2,
        _bases,
        lambda u, v, a: (a * u) ** v,
        lambda u, v, a, f: (v * f / u, np.log(a * u) * f, v * f / a),
        lambda u, v, a: (a * u) ** v,
    ),
    Operation(
        "raised less", 1, 3,
        _bases,
        lambda u, v, a: (a * u) ** -v,
        lambda u, v, a, f: (-v * f / u, -np.log(a * u) * f, -v * f / a),
        lambda u, v, a: (a * u) ** -v,
    ),
    Operation(
        "one more raised", 1, 4,
        _bases,
        lambda u, v, a: (1 + a * u) ** v,
        lambda u, v, a, f: (a * v * f / (1 + a * u), np.log(1 + a * u) * f, u * v * f / (1 + a * u)),
        lambda u, v, a: (1 + a * u) ** v,
    ),
    Operation(
        "one more raised less", 1, 5,
        _bases,
        lambda u, v, a: (1 + a * u) ** -v,
        lambda u, v, a, f: (-a * v * f / (1 + a * u), -np.log(1 + a * u) * f, -u * v * f / (1 + a * u)),
        lambda u, v, a: (1 + a * u) ** -v,
    ),
)  # fmt: skip
"""Functions of two arguments."""

SYMMETRIC = frozenset({"sum", "product"})
"""Functions that do not ask which argument comes first."""

NOTHING_NEW: Mapping[str, frozenset[str]] = {
    "exp": frozenset({"log"}),
    "log": frozenset({"power", "root", "root of less"}),
    "square": frozenset({"root", "root of less", "magnitude", "power"}),
    "reciprocal": frozenset({"reciprocal"}),
    "root": frozenset({"power", "root"}),
    "root of less": frozenset({"root"}),
    "power": frozenset({"power", "root", "root of less", "exp", "raised", "raised less"}),
    "magnitude": frozenset({"square", "magnitude", "exp", "root", "root of less", "power"}),
}
"""Functions whose value as an argument of another is what a shorter tree has, or of no use."""


@dataclass(frozen=True)
class Tree:
    """An operation of trees; a leaf is an input."""

    operation: Operation | None
    children: tuple["Tree", ...] = ()
    input: int = 0

    @cached_property
    def nodes(self) -> int:
        own = 1 if self.operation is None else self.operation.nodes
        return own + sum(child.nodes for child in self.children)

    @cached_property
    def constants(self) -> int:
        own = 0 if self.operation is None else self.operation.constants
        return own + sum(child.constants for child in self.children)

    @cached_property
    def shifts(self) -> frozenset[int]:
        """Places of the constants that are added to an argument."""
        found, first = set[int](), 0
        for child in self.children:
            found |= {first + place for place in child.shifts}
            first += child.constants
        own = self.operation is not None and self.operation.shifted
        return frozenset(found | {self.constants - 1}) if own else frozenset(found)

    def values(self, columns: Array, theta: Array) -> Array:
        """Values (S, n) on columns (d, n) or (d, S, n) for constants (S, P), those of children before its own."""
        if self.operation is None:
            return np.broadcast_to(columns[self.input], (len(theta), columns.shape[-1]))
        arguments, own = self._arguments(theta)
        return self.operation.value(
            *(child.values(columns, part) for child, part in zip(self.children, arguments, strict=True)), *own
        )

    def values_and_slopes(self, columns: Array, theta: Array) -> tuple[Array, list[Array]]:
        """Values (S, n) and their derivatives by every constant."""
        if self.operation is None:
            return self.values(columns, theta), []
        arguments, own = self._arguments(theta)
        inner = [child.values_and_slopes(columns, part) for child, part in zip(self.children, arguments, strict=True)]
        values = [value for value, _ in inner]
        value = self.operation.value(*values, *own)
        slopes = self.operation.slopes(*values, *own, value)
        outer = zip(slopes, inner, strict=False)
        found = [slope * own_slope for slope, (_, own_slopes) in outer for own_slope in own_slopes]
        return value, [*found, *slopes[len(self.children) :]]

    def _arguments(self, theta: Array) -> tuple[list[Array], list[Array]]:
        """The constants of the children, and those of the operation."""
        parts, first = [], 0
        for child in self.children:
            parts.append(theta[:, first : first + child.constants])
            first += child.constants
        return parts, [theta[:, k : k + 1] for k in range(first, theta.shape[1])]

    def expression(self, variables: Sequence[sympy.Expr], theta: Sequence[sympy.Expr]) -> sympy.Expr:
        """The tree as a formula."""
        if self.operation is None:
            return variables[self.input]
        arguments, first = [], 0
        for child in self.children:
            arguments.append(child.expression(variables, theta[first : first + child.constants]))
            first += child.constants
        return self.operation.write(*arguments, *theta[first:])
