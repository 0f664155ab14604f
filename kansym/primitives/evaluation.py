"""sympy expressions of one variable as torch functions.

The tree is walked and each node mapped to a torch call. `sympy.lambdify` would print code and execute it, and its torch
printer lacks Bessel and Airy functions and fails on numbers such as sqrt(2).
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import TypeAlias

import sympy

from kansym.deferred import Tensor, torch
from kansym.errors import ArgumentError
from kansym.functions import TABLE, reciprocals
from kansym.primitives.special import airy_ai, airy_ai_prime, bessel_j0, bessel_j1

TorchFunction: TypeAlias = Callable[[Tensor], Tensor]


def torch_function(expression: sympy.Basic, symbol: sympy.Symbol) -> TorchFunction:
    """A torch function of one float64 tensor that evaluates `expression`.

    Parameters
    ----------
    expression : sympy.Expr
        Expression whose only free symbol is `symbol` (or none).
    symbol : sympy.Symbol
        The variable.

    Returns
    -------
    callable ``Tensor -> Tensor``
        Elementwise; nan where the value is not real.

    Raises
    ------
    ArgumentError
        If the expression holds a complex number or a function that has no torch counterpart.
    """
    if not expression.free_symbols:
        return _constant(expression)
    if expression == symbol:
        return lambda z: z
    if isinstance(expression, sympy.Piecewise):
        return _piecewise(expression, symbol)
    if isinstance(expression, sympy.DiracDelta):
        # It comes from derivatives of steps: zero but for a set of measure zero.
        return lambda z: torch.zeros_like(z)
    if isinstance(expression, sympy.besselj | sympy.besseli):
        return _bessel(expression, symbol)
    if isinstance(expression, sympy.polygamma) and isinstance(expression.args[0], sympy.Integer):
        order, inner = int(expression.args[0]), torch_function(expression.args[1], symbol)
        return lambda z: torch.special.polygamma(order, inner(z))
    if isinstance(expression, sympy.Heaviside):
        inner = torch_function(expression.args[0], symbol)
        return lambda z: (torch.sign(inner(z)) + 1) / 2
    parts = [torch_function(argument, symbol) for argument in expression.args]
    if isinstance(expression, sympy.Pow):
        return _power(expression, parts)
    for kind, name in _ASSOCIATIVE.items():
        if isinstance(expression, kind):
            combine = getattr(torch, name)
            return lambda z: _folded([part(z) for part in parts], combine)
    for kind, function in _unary().items():
        if isinstance(expression, kind) and len(parts) == 1:
            return lambda z: function(parts[0](z))
    raise ArgumentError(
        f"expression: {type(expression).__name__} cannot be evaluated with torch; rewrite it with elementary functions"
    )


def _constant(expression: sympy.Basic) -> TorchFunction:
    value = complex(expression.evalf(20)) if isinstance(expression, sympy.Expr) else complex(math.nan)
    if value.imag != 0:
        raise ArgumentError(f"expression: the number {expression} is complex; a primitive has to be real")
    return lambda z: torch.full_like(z, value.real)


def _power(expression: sympy.Pow, parts: list[TorchFunction]) -> TorchFunction:
    base, exponent = expression.args
    if base == sympy.E:
        return lambda z: torch.exp(parts[1](z))
    if exponent == sympy.Rational(1, 2):
        return lambda z: torch.sqrt(parts[0](z))
    if exponent == sympy.Rational(-1, 2):
        return lambda z: 1 / torch.sqrt(parts[0](z))
    if isinstance(exponent, sympy.Integer):
        n = int(exponent)
        return lambda z: parts[0](z) ** n
    return lambda z: parts[0](z) ** parts[1](z)


def _piecewise(expression: sympy.Piecewise, symbol: sympy.Symbol) -> TorchFunction:
    branches = [
        (torch_function(branch.args[0], symbol), _condition(branch.args[1], symbol)) for branch in expression.args
    ]

    def evaluate(z: Tensor) -> Tensor:
        result = torch.full_like(z, math.nan)
        for value, test in reversed(branches):
            result = torch.where(test(z), value(z), result)
        return result

    return evaluate


def _condition(test: sympy.Basic, symbol: sympy.Symbol) -> TorchFunction:
    if test in (sympy.true, sympy.false):
        return lambda z: torch.full_like(z, bool(test), dtype=torch.bool)
    if isinstance(test, sympy.And | sympy.Or):
        parts = [_condition(part, symbol) for part in test.args]
        combine = torch.logical_and if isinstance(test, sympy.And) else torch.logical_or
        return lambda z: _folded([part(z) for part in parts], combine)
    for kind, name in _RELATIONS.items():
        if isinstance(test, kind):
            compare = getattr(torch, name)
            left, right = (torch_function(side, symbol) for side in test.args)
            return lambda z: compare(left(z), right(z))
    raise ArgumentError(f"expression: the condition {test} is not a comparison; use <, <=, >, >=, == or !=")


def _bessel(expression: sympy.Basic, symbol: sympy.Symbol) -> TorchFunction:
    order, inner = expression.args[0], torch_function(expression.args[1], symbol)
    if order not in (-1, 0, 1, 2) or (isinstance(expression, sympy.besseli) and order == -1):
        raise ArgumentError(f"expression: {expression} cannot be evaluated with torch; use orders 0 and 1")
    regular = isinstance(expression, sympy.besselj)
    zero, one = (bessel_j0, bessel_j1) if regular else (torch.special.i0, torch.special.i1)

    def second(x: Tensor) -> Tensor:
        ratio = torch.where(x == 0, 1.0, 2 * one(x) / x)
        return ratio - zero(x) if regular else zero(x) - ratio

    def evaluate(z: Tensor) -> Tensor:
        x = inner(z)
        if order == 0:
            return zero(x)
        return second(x) if order == 2 else one(x) * (-1 if order == -1 else 1)

    return evaluate


def _folded(values: list[Tensor], combine: Callable[[Tensor, Tensor], Tensor]) -> Tensor:
    result = values[0]
    for value in values[1:]:
        result = combine(result, value)
    return result


def _gamma(z: Tensor) -> Tensor:
    reflected = math.pi / (torch.sin(math.pi * z) * torch.exp(torch.lgamma(1 - z)))
    return torch.where(z > 0, torch.exp(torch.lgamma(z)), reflected)


_ASSOCIATIVE = {sympy.Add: "add", sympy.Mul: "mul", sympy.Max: "maximum", sympy.Min: "minimum"}
"""Operations of several arguments, and their names in torch."""

_RELATIONS = {
    sympy.Lt: "lt",
    sympy.Le: "le",
    sympy.Gt: "gt",
    sympy.Ge: "ge",
    sympy.Eq: "eq",
    sympy.Ne: "ne",
}

_OWN: dict[type, TorchFunction] = {
    sympy.acot: lambda z: torch.atan(1 / z),
    sympy.sinc: lambda z: torch.where(z == 0, 1.0, torch.sin(z) / z),
    sympy.gamma: _gamma,
    sympy.airyai: airy_ai,
    sympy.airyaiprime: airy_ai_prime,
}
"""Functions of one argument that torch lacks, or has to six digits only."""


@functools.cache
def _unary() -> dict[type, TorchFunction]:
    """Functions of one argument."""
    plain = {function.kind: getattr(torch, function.torch) for function in TABLE if function.torch is not None}
    return {**plain, **reciprocals(torch), **_OWN}
