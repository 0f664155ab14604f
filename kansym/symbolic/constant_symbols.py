# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportCallIssue=false
# pyright: reportOperatorIssue=false
"""The numbers of a formula as its constants: of ``A*exp(-t/tau)`` sympy keeps the number -1/tau; tau is what counts."""

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

import numpy as np
import sympy
from sympy import Expr, Symbol

from kansym.symbolic.naming import plain_symbol
from kansym.symbolic.parametric import ParametricForm

RATIOS = tuple(sympy.Rational(p, q) * sign for p in (1, 2, 3, 4) for q in (1, 2, 3, 4) for sign in (1, -1))
"""Multiples of a constant that a number may be."""

ROUNDING = 1e-14
"""Relative difference of a number from what it is made of: some roundings of double precision."""


PREFIX = "constant "
"""Before names of constants that must not be taken for columns."""


class _Constant(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def value(self) -> float: ...


def with_constant_symbols(
    form: ParametricForm, constants: Sequence[_Constant], prefix: str = ""
) -> tuple[ParametricForm, dict[Symbol, Expr]]:
    """A form whose constants are the named ones of a formula, where its numbers are made of them.

    A number is a constant or its negative; or, for constants that the user has named, a simple multiple of one, of its
    reciprocal, square or square root, or of a product or quotient of two. Other numbers keep their symbols.

    Parameters
    ----------
    form : ParametricForm
        Of the formula's expression, a constant per number.
    constants : sequence of Constant
        With name and value.
    prefix : str, default ""
        Put before the names, where they could be those of columns.

    Returns
    -------
    form : ParametricForm
        Its constants are those that occur, in the order of `constants`; then numbers that are none of them.
    numbers : dict
        By the symbol of the given form, what its number is in the symbols of the new one.
    """
    symbols = [plain_symbol(prefix + constant.name) for constant in constants]
    numbers: dict[Symbol, Expr] = {}
    for symbol, value in zip(form.constants, form.values, strict=True):
        numbers[symbol] = _made_of(float(value), constants, symbols, symbol)
    used = set().union(*(expression.free_symbols for expression in numbers.values()))
    kept = [(symbol, constant.value) for symbol, constant in zip(symbols, constants, strict=True) if symbol in used]
    kept += [(s, float(v)) for s, v in zip(form.constants, form.values, strict=True) if numbers[s] == s]
    named = ParametricForm(
        form.expression.xreplace(numbers),
        form.variables,
        tuple(symbol for symbol, _ in kept),
        np.array([value for _, value in kept], dtype=np.float64),
    )
    return named, numbers


def errors_of_parts(
    form: ParametricForm, constants: Sequence[_Constant], errors: Mapping[float, float]
) -> dict[float, float]:
    """Errors of the numbers that are made of constants, as 1/tau: to first order, from those of the constants.

    Parameters
    ----------
    form : ParametricForm
        Of the formula's expression, a constant per number.
    constants : sequence of Constant
    errors : mapping of float to float
        Of the constants, by their values.
    """
    named, numbers = with_constant_symbols(form, constants, PREFIX)
    values = dict(zip(named.constants, named.values.tolist(), strict=True))
    parts = {}
    for symbol, value in zip(form.constants, form.values, strict=True):
        made_of = numbers[symbol]
        if value in errors or made_of == symbol:
            continue
        slopes = [(float(made_of.diff(one).xreplace(values)), values[one]) for one in made_of.free_symbols]
        if all(size in errors for _, size in slopes):
            parts[float(value)] = math.hypot(*(slope * errors[size] for slope, size in slopes))
    return parts


def is_named(name: str) -> bool:
    """Whether a constant has a name of its own, and not the one that every formula gives: c0, c1, ..."""
    return not (name[:1] == "c" and name[1:].isdigit())


def _made_of(value: float, constants: Sequence[_Constant], symbols: Sequence[Symbol], other: Symbol) -> Expr:
    for constant, symbol in zip(constants, symbols, strict=True):
        for sign in (1, -1):
            # Algebra turns signs without rounding.
            if math.isclose(value, sign * constant.value, rel_tol=1e-15, abs_tol=0.0):
                return sign * symbol
    own = [(s, c.value) for s, c in zip(symbols, constants, strict=True) if is_named(c.name) and c.value]
    for expression, part in _parts(own):
        for ratio in RATIOS:
            if math.isfinite(part) and math.isclose(value, float(ratio) * part, rel_tol=ROUNDING, abs_tol=0.0):
                return ratio * expression
    return other


def _parts(own: Sequence[tuple[Symbol, float]]) -> Iterator[tuple[Expr, float]]:
    """Expressions of one or two constants with their values, the simplest first."""
    yield from own
    yield from ((1 / symbol, 1 / value) for symbol, value in own)
    for (a, x), (b, y) in itertools.combinations(own, 2):
        yield from ((a * b, x * y), (a / b, x / y), (b / a, y / x), (1 / (a * b), 1 / (x * y) if x * y else math.inf))
    for symbol, value in own:
        square = value * value
        yield symbol**2, square
        yield symbol**-2, 1 / square if square else math.inf
        if value > 0:
            yield sympy.sqrt(symbol), math.sqrt(value)
            yield 1 / sympy.sqrt(symbol), 1 / math.sqrt(value)
