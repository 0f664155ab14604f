"""The functions that an edge can turn out to be: a new one is one more entry here.

Its expression may hold the functions of `kansym.functions.TABLE`.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import sympy

from kansym.deferred import Tensor, deferred_module
from kansym.primitives.primitive import ARGUMENT, EXPONENT, Domain, Primitive
from kansym.primitives.special import airy_ai, airy_ai_prime, bessel_j0, bessel_j1, power_series

if TYPE_CHECKING:
    import torch
else:
    torch = deferred_module("torch", globals())

_Z = ARGUMENT
_A = frozenset({"a"})
_WIDE = (0.05, 0.2, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 40.0, 100.0, 200.0)
_UNIT = Domain(lower=-1.0, upper=1.0)
_OSCILLATING = (0.5, 1.0, 2.0, 3.0, 5.0, 8.0, 12.0)


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


def _sech(z: Tensor) -> Tensor:
    return 1 / torch.cosh(z)


def _logistic_slope(z: Tensor) -> Tensor:
    return torch.sigmoid(z) * torch.sigmoid(-z)


def _one_minus_square(z: Tensor) -> Tensor:
    return (1 - z) * (1 + z)


def _sinc(z: Tensor) -> Tensor:
    return torch.where(z == 0, 1.0, torch.sin(z) / z)


_SINC_SLOPE = tuple((-1) ** k * 2 * k / math.factorial(2 * k + 1) for k in range(1, 11))


def _sinc_slope(z: Tensor) -> Tensor:
    # (cos z - sinc z)/z cancels near 0: Taylor series there, good to rounding for |z| < 1.
    small = torch.where(z.abs() < 1, z, 0.0)
    square, series = small * small, torch.zeros_like(z)
    if z.is_cuda:
        (series,) = power_series((_SINC_SLOPE,), square)
    else:
        for coefficient in reversed(_SINC_SLOPE):
            series = series * square + coefficient
    return torch.where(z.abs() < 1, series * small, (torch.cos(z) - _sinc(z)) / z)


def _hypotenuse(z: Tensor) -> Tensor:
    return torch.hypot(z, torch.ones_like(z))


def _j1_slope(z: Tensor) -> Tensor:
    return bessel_j0(z) - torch.where(z == 0, 0.5, bessel_j1(z) / z)


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
    _integer_power(-5, 4),
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

EXPONENTIALS: tuple[Primitive, ...] = (
    Primitive(
        name="exp",
        function=lambda z, p: torch.exp(z),
        derivative=lambda z, p: torch.exp(z),
        expression=sympy.exp(_Z),
        complexity=2,
        redundant=frozenset({"b"}),
        starts=_WIDE,
    ),
    Primitive(
        name="log",
        function=lambda z, p: torch.log(z),
        derivative=lambda z, p: 1 / z,
        expression=sympy.log(_Z),
        domain=Domain(lower=0.0, lower_closed=False),
        complexity=2,
        redundant=frozenset({"a"}),
    ),
    Primitive(
        name="xlogx",
        function=lambda z, p: torch.special.xlogy(z, z),
        derivative=lambda z, p: torch.log(z) + 1,
        expression=_Z * sympy.log(_Z),
        domain=Domain(lower=0.0),  # 0 log 0 is taken as its limit, 0
        complexity=3,
        starts=(0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0),
    ),
    Primitive(
        name="sinh",
        function=lambda z, p: torch.sinh(z),
        derivative=lambda z, p: torch.cosh(z),
        expression=sympy.sinh(_Z),
        complexity=3,
        parity="odd",
    ),
    Primitive(
        name="cosh",
        function=lambda z, p: torch.cosh(z),
        derivative=lambda z, p: torch.sinh(z),
        expression=sympy.cosh(_Z),
        complexity=3,
        parity="even",
    ),
    Primitive(
        name="tanh",
        function=lambda z, p: torch.tanh(z),
        derivative=lambda z, p: 4 * _logistic_slope(2 * z),  # 1 - tanh^2 without its cancellation
        expression=sympy.tanh(_Z),
        complexity=3,
        parity="odd",
    ),
    Primitive(
        name="sech",
        function=lambda z, p: _sech(z),
        derivative=lambda z, p: -torch.tanh(z) * _sech(z),
        expression=sympy.sech(_Z),
        complexity=4,
        parity="even",
    ),
    Primitive(
        name="atanh",
        function=lambda z, p: torch.atanh(z),
        derivative=lambda z, p: 1 / ((1 - z) * (1 + z)),
        expression=sympy.atanh(_Z),
        domain=Domain(lower=-1.0, upper=1.0, lower_closed=False, upper_closed=False),
        complexity=4,
        parity="odd",
    ),
    Primitive(
        name="asinh",
        function=lambda z, p: torch.asinh(z),
        derivative=lambda z, p: 1 / _hypotenuse(z),
        expression=sympy.asinh(_Z),
        complexity=4,
        parity="odd",
    ),
    Primitive(
        name="acosh",
        function=lambda z, p: torch.acosh(z),
        derivative=lambda z, p: 1 / torch.sqrt((z - 1) * (z + 1)),
        expression=sympy.acosh(_Z),
        domain=Domain(lower=1.0),
        complexity=4,
    ),
    Primitive(
        name="softplus",
        function=lambda z, p: torch.logaddexp(z, torch.zeros_like(z)),
        derivative=lambda z, p: torch.sigmoid(z),
        expression=sympy.log(sympy.exp(_Z) + 1),
        complexity=4,
        starts=_WIDE,
    ),
    Primitive(
        name="gaussian",
        function=lambda z, p: torch.exp(-z * z),
        derivative=lambda z, p: -2 * z * torch.exp(-z * z),
        expression=sympy.exp(-(_Z**2)),
        complexity=3,
        parity="even",
    ),
    Primitive(
        name="logistic",
        function=lambda z, p: torch.sigmoid(z),
        derivative=lambda z, p: _logistic_slope(z),
        expression=1 / (1 + sympy.exp(-_Z)),
        complexity=4,
        equivalent_to="tanh",
    ),
    Primitive(
        name="fermi",
        function=lambda z, p: torch.sigmoid(-z),
        derivative=lambda z, p: -_logistic_slope(z),
        expression=1 / (sympy.exp(_Z) + 1),
        complexity=4,
        equivalent_to="tanh",
    ),
    Primitive(
        name="bose",
        function=lambda z, p: 1 / torch.expm1(z),
        derivative=lambda z, p: -0.25 / torch.sinh(z / 2) ** 2,
        expression=1 / (sympy.exp(_Z) - 1),
        domain=Domain(poles=(0.0,)),
        complexity=4,
        # bose(-z) = -1 - bose(z): the sign of a is absorbed by c and d, which `parity` cannot say.
        starts=(0.2, 0.5, 1.0, 2.0, 4.0, 10.0),
    ),
    Primitive(
        name="erf",
        function=lambda z, p: torch.erf(z),
        derivative=lambda z, p: 2 / math.sqrt(math.pi) * torch.exp(-z * z),
        expression=sympy.erf(_Z),
        complexity=4,
        parity="odd",
    ),
)
"""exp, log, hyperbolic functions and their inverses, sigmoid functions, softplus, gaussian, bose, erf."""

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

BUILT_IN = (*POWERS, *EXPONENTIALS, *TRIGONOMETRIC, *ALGEBRAIC)
"""All of them; the order counts where two are as complex."""
