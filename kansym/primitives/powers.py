"""Powers of the argument, |x| and sign. The inner scale of a power is absorbed by the outer one: "a" is redundant."""

import math

import sympy
import torch
from torch import Tensor

from kansym.primitives.primitive import ARGUMENT, EXPONENT, Domain, Primitive

_Z = ARGUMENT
_A = frozenset({"a"})


def _integer_power(n: int, complexity: int) -> Primitive:
    return Primitive(
        name=f"x^{n}",
        function=lambda z, p: z**n,
        derivative=lambda z, p: n * z ** (n - 1),
        expression=sympy.Pow(_Z, n),
        domain=Domain() if n > 0 else Domain(poles=(0.0,)),
        complexity=complexity,
        redundant=_A,
        parity="odd" if n % 2 else "even",
    )


def _cbrt(z: Tensor) -> Tensor:
    return torch.sign(z) * torch.abs(z) ** (1 / 3)


def _positive(z: Tensor) -> Tensor:
    # pow accepts negative bases with whole exponents; the free power must not, its exponent varies during the fit.
    return torch.where(z > 0, z, math.nan)


POWERS: tuple[Primitive, ...] = (
    Primitive(
        name="x",
        function=lambda z, p: z,
        derivative=lambda z, p: torch.ones_like(z),
        expression=_Z,
        complexity=1,
        redundant=frozenset({"a", "b"}),
        parity="odd",
    ),
    _integer_power(2, 2),
    _integer_power(3, 2),
    _integer_power(4, 3),
    _integer_power(5, 3),
    _integer_power(6, 3),
    _integer_power(-1, 2),
    _integer_power(-2, 2),
    _integer_power(-3, 3),
    _integer_power(-4, 3),
    Primitive(
        name="sqrt",
        function=lambda z, p: torch.sqrt(z),
        derivative=lambda z, p: 0.5 / torch.sqrt(z),
        expression=sympy.sqrt(_Z),
        domain=Domain(lower=0.0),
        complexity=2,
        redundant=_A,
    ),
    Primitive(
        name="1/sqrt",
        function=lambda z, p: 1 / torch.sqrt(z),
        derivative=lambda z, p: -0.5 / (z * torch.sqrt(z)),
        expression=1 / sympy.sqrt(_Z),
        domain=Domain(lower=0.0, lower_closed=False),
        complexity=3,
        redundant=_A,
    ),
    Primitive(
        name="cbrt",
        function=lambda z, p: _cbrt(z),
        derivative=lambda z, p: 1 / (3 * _cbrt(z) ** 2),
        expression=sympy.sign(_Z) * sympy.Abs(_Z) ** sympy.Rational(1, 3),
        complexity=3,
        redundant=_A,
        parity="odd",
    ),
    Primitive(
        name="x^1.5",
        function=lambda z, p: z * torch.sqrt(z),
        derivative=lambda z, p: 1.5 * torch.sqrt(z),
        expression=_Z ** sympy.Rational(3, 2),
        domain=Domain(lower=0.0),
        complexity=3,
        redundant=_A,
    ),
    Primitive(
        name="x^p",
        function=lambda z, p: _positive(z) ** p,
        derivative=lambda z, p: p * _positive(z) ** (p - 1),
        shape_derivative=lambda z, p: _positive(z) ** p * torch.log(z),
        expression=_Z**EXPONENT,
        domain=Domain(lower=0.0, lower_closed=False),
        complexity=4,
        redundant=_A,
        shape_starts=(-4.0, -3.0, -2.0, -1.2, -0.6, -0.3, 0.3, 0.7, 1.3, 1.8, 2.5, 3.5, 4.5),
    ),
    Primitive(
        name="abs",
        function=lambda z, p: torch.abs(z),
        derivative=lambda z, p: torch.sign(z),
        expression=sympy.Abs(_Z),
        complexity=2,
        redundant=_A,
        parity="even",
        kink=0.0,
    ),
    Primitive(
        name="sign",
        function=lambda z, p: torch.where(torch.isnan(z), z, torch.sign(z)),
        derivative=lambda z, p: torch.zeros_like(z),
        expression=sympy.sign(_Z),
        complexity=3,
        redundant=_A,
        parity="odd",
        kink=0.0,
    ),
)
"""x, whole and fractional powers, the free power, |x| and sign."""
