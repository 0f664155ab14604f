"""Exponentials, logarithms, hyperbolic functions, and the distributions of statistical physics."""

import math

import sympy
import torch
from torch import Tensor

from kansym.primitives.primitive import ARGUMENT, Domain, Primitive

_Z = ARGUMENT
_WIDE = (0.05, 0.2, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 40.0, 100.0, 200.0)


def _sech(z: Tensor) -> Tensor:
    return 1 / torch.cosh(z)


def _logistic_slope(z: Tensor) -> Tensor:
    return torch.sigmoid(z) * torch.sigmoid(-z)


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
"""exp, log, hyperbolic and sigmoid functions, gaussian, bose, erf."""
