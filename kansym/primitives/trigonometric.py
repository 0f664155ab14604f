"""Circular functions and their inverses."""

import math

import sympy
import torch
from torch import Tensor

from kansym.primitives.primitive import ARGUMENT, Domain, Primitive

_Z = ARGUMENT
_UNIT = Domain(lower=-1.0, upper=1.0)
_OSCILLATING = (0.5, 1.0, 2.0, 3.0, 5.0, 8.0, 12.0)


def _one_minus_square(z: Tensor) -> Tensor:
    return (1 - z) * (1 + z)


def _sinc(z: Tensor) -> Tensor:
    return torch.where(z == 0, 1.0, torch.sin(z) / z)


def _sinc_slope(z: Tensor) -> Tensor:
    # (cos z - sinc z)/z cancels near 0: Taylor series there, good to rounding for |z| < 1.
    small = torch.where(z.abs() < 1, z, 0.0)
    square, series = small * small, torch.zeros_like(z)
    for k in range(10, 0, -1):
        series = series * square + (-1) ** k * 2 * k / math.factorial(2 * k + 1)
    return torch.where(z.abs() < 1, series * small, (torch.cos(z) - _sinc(z)) / z)


TRIGONOMETRIC: tuple[Primitive, ...] = (
    Primitive(
        name="sin",
        function=lambda z, p: torch.sin(z),
        derivative=lambda z, p: torch.cos(z),
        expression=sympy.sin(_Z),
        complexity=2,
        parity="odd",
        period=2 * math.pi,
    ),
    Primitive(
        name="cos",
        function=lambda z, p: torch.cos(z),
        derivative=lambda z, p: -torch.sin(z),
        expression=sympy.cos(_Z),
        complexity=2,
        parity="even",
        period=2 * math.pi,
        equivalent_to="sin",
    ),
    Primitive(
        name="sin^2",
        function=lambda z, p: torch.sin(z) ** 2,
        derivative=lambda z, p: torch.sin(2 * z),
        expression=sympy.sin(_Z) ** 2,
        complexity=3,
        parity="even",
        period=math.pi,
        equivalent_to="sin",
    ),
    Primitive(
        name="tan",
        function=lambda z, p: torch.tan(z),
        derivative=lambda z, p: 1 / torch.cos(z) ** 2,
        expression=sympy.tan(_Z),
        domain=Domain(poles=(math.pi / 2,), pole_period=math.pi),
        complexity=3,
        parity="odd",
        period=math.pi,
    ),
    Primitive(
        name="asin",
        function=lambda z, p: torch.asin(z),
        derivative=lambda z, p: 1 / torch.sqrt(_one_minus_square(z)),
        expression=sympy.asin(_Z),
        domain=_UNIT,
        complexity=3,
        parity="odd",
    ),
    Primitive(
        name="acos",
        function=lambda z, p: torch.acos(z),
        derivative=lambda z, p: -1 / torch.sqrt(_one_minus_square(z)),
        expression=sympy.acos(_Z),
        domain=_UNIT,
        complexity=3,
        equivalent_to="asin",
    ),
    Primitive(
        name="atan",
        function=lambda z, p: torch.atan(z),
        derivative=lambda z, p: 1 / (1 + z * z),
        expression=sympy.atan(_Z),
        complexity=3,
        parity="odd",
    ),
    Primitive(
        name="sinc",
        function=lambda z, p: _sinc(z),
        derivative=lambda z, p: _sinc_slope(z),
        expression=sympy.sin(_Z) / _Z,
        complexity=4,
        parity="even",
        starts=_OSCILLATING,
    ),
)
"""sin, cos, sin^2, tan, their inverses, and sinc (unnormalised, sin(z)/z)."""
