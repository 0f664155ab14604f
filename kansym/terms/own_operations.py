# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportReturnType=false, reportOperatorIssue=false
"""A user's own primitives as operations of trees, f(a u + b)."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import numpy as np
import sympy

from kansym.deferred import Tensor, torch
from kansym.primitives.primitive import Primitive
from kansym.terms.trees import SHIFTS, Array, Operation, Ranges

CALL = 2
"""Nodes of a function and of its argument, constants not counted."""


def own_operation(primitive: Primitive) -> Operation:
    """f(a u + b) of a primitive without a shape parameter; a constant that the primitive has no use for is held.

    Parameters
    ----------
    primitive : Primitive
        See `kansym.primitives.primitive_from_expression`.
    """
    free = [name for name in ("a", "b") if name not in primitive.redundant]

    def inner(constants: tuple) -> tuple:
        told = dict(zip(free, constants, strict=True))
        return told.get("a", 1), told.get("b", 0)

    def argument(u: Array, constants: tuple[Array, ...]) -> Array:
        a, b = inner(constants)
        return a * u + b

    def value(u: Array, *constants: Array) -> Array:
        return _evaluated(primitive.function, argument(u, constants))

    def slopes(u: Array, *constants: Array) -> tuple[Array, ...]:
        *held, _ = constants
        slope = _evaluated(primitive.derivative, argument(u, tuple(held)))
        by = {"a": u * slope, "b": slope}
        return (inner(tuple(held))[0] * slope, *(by[name] for name in free))

    def write(u: sympy.Expr, *constants: sympy.Expr) -> sympy.Expr:
        a, b = inner(constants)
        return primitive.sympy(a * u + b)

    def starts(u: Ranges) -> Array:
        each = [[[one[name] for name in free] for one in _starts(primitive, u, k)] for k in range(len(u.low))]
        found = np.full((len(each), max(map(len, each)), len(free)), np.nan)
        for k, some in enumerate(each):
            found[k, : len(some)] = np.reshape(some, (len(some), len(free)))
        return found

    return Operation(f"own {primitive.name}", len(free), CALL + len(free), starts, value, slopes, write, "b" in free)


def _evaluated(function: Callable[[Tensor, Tensor], Tensor], z: Array) -> Array:
    """A primitive's function on the host, of any shape."""
    return function(torch.from_numpy(np.ascontiguousarray(z, dtype=float)), torch.tensor(math.nan)).numpy()


def _starts(primitive: Primitive, u: Ranges, k: int) -> list[dict[str, float]]:
    """Scales of the primitive about zero and about the places where something may happen, and ends of its domain and
    poles beside the data; inside its domain. Of the argument with this number."""
    low, high, half = float(u.low[k]), float(u.high[k]), 0.5 * float(u.width[k])
    held = "a" in primitive.redundant
    signs = (1.0, -1.0) if primitive.parity == "none" and not held else (1.0,)
    scales = (half,) if held else primitive.starts
    beside = [place for share in SHIFTS for place in (low - 2 * share * half, high + 2 * share * half)]
    centres = u.centres[k][np.isfinite(u.centres[k])].tolist()
    places = [(0.0, place) for place in (0.0, *centres, low, high)]
    domain = primitive.domain
    places += [
        (end, place) for end in (domain.lower, domain.upper, *domain.poles) if math.isfinite(end) for place in beside
    ]
    found: dict[tuple[float, float], None] = {}
    for (value, place), scale, sign in itertools.product(places, scales, signs):
        a = sign * scale / half
        b = value - a * place
        ends = torch.tensor(sorted((a * low + b, a * high + b)), dtype=torch.float64)
        if (b == 0 or "b" not in primitive.redundant) and bool(domain.covers(ends[0], ends[1])):
            found[a, b + 0.0] = None
    return [{"a": a, "b": b} for a, b in found]
