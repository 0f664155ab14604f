"""Lorentzian, square roots of 1 +- z^2, and the Bessel and Airy functions."""

import sympy
import torch
from torch import Tensor

from kansym.primitives.primitive import ARGUMENT, Domain, Primitive
from kansym.primitives.special import airy_ai, airy_ai_prime, bessel_j0, bessel_j1

_Z = ARGUMENT
_OSCILLATING = (0.5, 1.0, 2.0, 3.0, 5.0, 8.0, 12.0)


def _one_minus_square(z: Tensor) -> Tensor:
    return (1 - z) * (1 + z)


def _hypotenuse(z: Tensor) -> Tensor:
    return torch.hypot(z, torch.ones_like(z))


def _j1_slope(z: Tensor) -> Tensor:
    return bessel_j0(z) - torch.where(z == 0, 0.5, bessel_j1(z) / z)


ALGEBRAIC: tuple[Primitive, ...] = (
    Primitive(
        name="lorentzian",
        function=lambda z, p: 1 / (1 + z * z),
        derivative=lambda z, p: -2 * z / (1 + z * z) ** 2,
        expression=1 / (1 + _Z**2),
        complexity=3,
        parity="even",
    ),
    Primitive(
        name="sqrt(1+x^2)",
        function=lambda z, p: _hypotenuse(z),
        derivative=lambda z, p: z / _hypotenuse(z),
        expression=sympy.sqrt(1 + _Z**2),
        complexity=4,
        parity="even",
    ),
    Primitive(
        name="sqrt(1-x^2)",
        function=lambda z, p: torch.sqrt(_one_minus_square(z)),
        derivative=lambda z, p: -z / torch.sqrt(_one_minus_square(z)),
        expression=sympy.sqrt(1 - _Z**2),
        domain=Domain(lower=-1.0, upper=1.0),
        complexity=4,
        parity="even",
    ),
    Primitive(
        name="1/sqrt(1+x^2)",
        function=lambda z, p: 1 / _hypotenuse(z),
        derivative=lambda z, p: -z / _hypotenuse(z) ** 3,
        expression=1 / sympy.sqrt(1 + _Z**2),
        complexity=5,
        parity="even",
    ),
    Primitive(
        name="1/sqrt(1-x^2)",
        function=lambda z, p: 1 / torch.sqrt(_one_minus_square(z)),
        derivative=lambda z, p: z / _one_minus_square(z) ** 1.5,
        expression=1 / sympy.sqrt(1 - _Z**2),
        domain=Domain(lower=-1.0, upper=1.0, lower_closed=False, upper_closed=False),
        complexity=5,
        parity="even",
    ),
    Primitive(
        name="J0",
        function=lambda z, p: bessel_j0(z),
        derivative=lambda z, p: -bessel_j1(z),
        expression=sympy.besselj(0, _Z),
        complexity=5,
        parity="even",
        starts=_OSCILLATING,
    ),
    Primitive(
        name="J1",
        function=lambda z, p: bessel_j1(z),
        derivative=lambda z, p: _j1_slope(z),
        expression=sympy.besselj(1, _Z),
        complexity=5,
        parity="odd",
        starts=_OSCILLATING,
    ),
    Primitive(
        name="Ai",
        function=lambda z, p: airy_ai(z),
        derivative=lambda z, p: airy_ai_prime(z),
        expression=sympy.airyai(_Z),
        complexity=5,
        starts=(0.5, 1.5, 4.0),
        end_starts=(4.0, 2.0, 1.0, 0.0, -1.0, *(-((1.5 * phase) ** (2 / 3)) for phase in range(2, 27))),
    ),
)
"""Lorentzian, sqrt(1 +- z^2) and inverses, J0, J1, Ai."""
