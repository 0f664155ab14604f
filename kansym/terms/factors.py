# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportReturnType=false, reportOperatorIssue=false
"""What a factor of a term can be: functions of one argument with at most two inner constants, and their gradients.

A factor is a primitive with a special place for its constants, such that one form is met in many laws: ``(u + a)^-1``
is a saturation and ``(u^2 + a)^-1`` a resonance. Amplitudes are left out, since the coefficient of the term has them.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

import sympy

from kansym.deferred import Tensor, torch
from kansym.primitives.allowed import AllowedFunctions

Value: TypeAlias = Callable[[Tensor, Tensor, Tensor], Tensor]
Slopes: TypeAlias = Callable[[Tensor, Tensor, Tensor, Tensor], tuple[Tensor, ...]]
Writing = Callable[[sympy.Expr, sympy.Expr, sympy.Expr], sympy.Expr]


@dataclass(frozen=True, eq=False)
class Factor:
    """A function f(u; a, b).

    Attributes
    ----------
    name : str
    value : callable ``(u, a, b) -> Tensor``
        Elementwise, broadcasting constants (m, 1) against arguments (m, n); nan or inf outside its domain.
    slopes : callable ``(u, a, b, f) -> tuple of Tensor``
        Derivatives by the free constants, a before b; `f` is the value.
    constants : int
        How many of a and b are fitted; those beyond are fixed numbers, exponents for instance.
    nodes : int
        Operators, functions and constants of the formula, the argument not counted.
    expression : callable ``(u, a, b) -> sympy.Expr``
    """

    name: str
    value: Value
    slopes: Slopes
    constants: int
    nodes: int
    expression: Writing

    def permitted(self, allowed: AllowedFunctions | None, a: float, b: float) -> bool:
        """Whether a formula may have this factor with exponents such as a and b."""
        if allowed is None:
            return True
        # Of a positive number sympy would know the sign.
        u = sympy.Symbol("u", real=True)
        first, second = (
            sympy.Symbol(f"c{k}", real=True) if k < self.constants else exact(value) for k, value in enumerate((a, b))
        )
        return allowed.permits(self.expression(u, first, second))


def exact(value: float) -> sympy.Expr:
    """The rational number that a fixed exponent is, or else the float itself."""
    near = Fraction(value).limit_denominator(12)
    fraction = sympy.Rational(near.numerator, near.denominator)
    return fraction if abs(float(fraction) - value) < 1e-12 else sympy.Float(value, 17)


def _none(u: Tensor, a: Tensor, b: Tensor, f: Tensor) -> tuple[Tensor, ...]:
    return ()


def _log(u: Tensor) -> Tensor:
    """Logarithm with 0 where a power of u vanishes with all its derivatives."""
    return torch.where(u > 0, u, 1.0).log()


def _gaussian_slopes(u: Tensor, a: Tensor, b: Tensor, f: Tensor) -> tuple[Tensor, ...]:
    distance = u - b
    return -distance * distance * f, 2 * a * distance * f


def _sine_slopes(u: Tensor, a: Tensor, b: Tensor, f: Tensor) -> tuple[Tensor, ...]:
    cosine = torch.cos(a * u + b)
    return u * cosine, cosine


def _sigmoid_slopes(sign: float) -> Slopes:
    def slopes(u: Tensor, a: Tensor, b: Tensor, f: Tensor) -> tuple[Tensor, ...]:
        slope = sign * f * (1 - f)
        return u * slope, slope

    return slopes


def _tanh_slopes(u: Tensor, a: Tensor, b: Tensor, f: Tensor) -> tuple[Tensor, ...]:
    slope = 1 - f * f
    return u * slope, slope


def _hill_slopes(u: Tensor, a: Tensor, b: Tensor, f: Tensor) -> tuple[Tensor, ...]:
    slope = -f * f
    return _log(u) * u**a * slope, slope


def _lorentzian_slopes(u: Tensor, a: Tensor, b: Tensor, f: Tensor) -> tuple[Tensor, ...]:
    slope = -f * f
    return slope, -2 * (u - b) * slope


def _softplus(u: Tensor, a: Tensor, b: Tensor) -> Tensor:
    z = a * u + b
    return torch.logaddexp(z, torch.zeros_like(z))


def _softplus_slopes(u: Tensor, a: Tensor, b: Tensor, f: Tensor) -> tuple[Tensor, ...]:
    slope = torch.sigmoid(a * u + b)
    return u * slope, slope


def _sine(u: sympy.Expr, a: sympy.Expr, b: sympy.Expr) -> sympy.Expr:
    """sin(a u + b), as a cosine or with another sign where b is a multiple of a right angle."""
    if b.is_number:
        turns = round(float(b) / (math.pi / 2))
        if abs(float(b) - turns * math.pi / 2) < 1e-9:
            function = sympy.cos if turns % 2 else sympy.sin
            return function(a * u) * (-1 if turns % 4 > 1 else 1)
    return sympy.sin(a * u + b)


def _circular(u: sympy.Expr, a: sympy.Expr, b: sympy.Expr) -> sympy.Expr:
    """cos(u)^a sin(u)^b, as a tangent where it is one."""
    return sympy.tan(u) ** b if b == -a else sympy.cos(u) ** a * sympy.sin(u) ** b


FACTORS: tuple[Factor, ...] = (
    Factor("one", lambda u, a, b: torch.ones_like(u), _none, 0, 0, lambda u, a, b: sympy.S.One),
    Factor("power", lambda u, a, b: u**a, _none, 0, 2, lambda u, a, b: u**a),
    Factor("real power", lambda u, a, b: u**a, lambda u, a, b, f: (_log(u) * f,), 1, 2, lambda u, a, b: u**a),
    Factor(
        "exp",
        lambda u, a, b: torch.exp(a * u),
        lambda u, a, b, f: (u * f,),
        1,
        3,
        lambda u, a, b: sympy.exp(a * u),
    ),
    Factor("sin", lambda u, a, b: torch.sin(a * u + b), _sine_slopes, 2, 4, _sine),
    Factor(
        "log",
        lambda u, a, b: torch.log(u + a),
        lambda u, a, b, f: (1 / (u + a),),
        1,
        3,
        lambda u, a, b: sympy.log(u + a),
    ),
    # In a product log(1 + a u) is not log(u + 1/a): the constant between them is another term.
    Factor(
        "log1p",
        lambda u, a, b: torch.log1p(a * u),
        lambda u, a, b, f: (u / (1 + a * u),),
        1,
        5,
        lambda u, a, b: sympy.log(a * u + 1),
    ),
    Factor(
        "shifted",
        lambda u, a, b: (u + a) ** b,
        lambda u, a, b, f: (b * f / (u + a),),
        1,
        4,
        lambda u, a, b: (u + a) ** b,
    ),
    # In a product u/(u + a) is not 1/(u + a): what they differ by is another term.
    Factor(
        "saturation",
        lambda u, a, b: u / (u + a),
        lambda u, a, b, f: (-f / (u + a),),
        1,
        5,
        lambda u, a, b: u / (u + a),
    ),
    Factor(
        "square plus",
        lambda u, a, b: (u * u + a) ** b,
        lambda u, a, b, f: (b * f / (u * u + a),),
        1,
        5,
        lambda u, a, b: (u**2 + a) ** b,
    ),
    Factor(
        "square less",
        lambda u, a, b: (a - u * u) ** b,
        lambda u, a, b, f: (b * f / (a - u * u),),
        1,
        5,
        lambda u, a, b: (a - u**2) ** b,
    ),
    Factor(
        "tanh",
        lambda u, a, b: torch.tanh(a * u + b),
        _tanh_slopes,
        2,
        4,
        lambda u, a, b: sympy.tanh(a * u + b),
    ),
    Factor(
        "gaussian",
        lambda u, a, b: torch.exp(-a * (u - b) ** 2),
        _gaussian_slopes,
        2,
        6,
        lambda u, a, b: sympy.exp(-a * (u - b) ** 2),
    ),
    Factor(
        "fermi",
        lambda u, a, b: torch.sigmoid(-(a * u + b)),
        _sigmoid_slopes(-1.0),
        2,
        6,
        lambda u, a, b: 1 / (sympy.exp(a * u + b) + 1),
    ),
    Factor(
        "bose",
        lambda u, a, b: 1 / torch.expm1(a * u),
        lambda u, a, b, f: (-u * f * (1 + f),),
        1,
        5,
        lambda u, a, b: 1 / (sympy.exp(a * u) - 1),
    ),
    Factor(
        "relaxation",
        lambda u, a, b: -torch.expm1(a * u),
        lambda u, a, b, f: (u * (f - 1),),
        1,
        5,
        lambda u, a, b: 1 - sympy.exp(a * u),
    ),
    Factor("hill", lambda u, a, b: 1 / (u**a + b), _hill_slopes, 2, 5, lambda u, a, b: 1 / (u**a + b)),
    Factor(
        "inverse sinh squared",
        lambda u, a, b: torch.sinh(a * u) ** -2,
        lambda u, a, b, f: (-2 * u * f / torch.tanh(a * u),),
        1,
        5,
        lambda u, a, b: sympy.sinh(a * u) ** -2,
    ),
    Factor(
        "softplus",
        _softplus,
        _softplus_slopes,
        2,
        6,
        lambda u, a, b: sympy.log(sympy.exp(a * u + b) + 1),
    ),
    Factor(
        "lorentzian",
        lambda u, a, b: 1 / ((u - b) ** 2 + a),
        _lorentzian_slopes,
        2,
        6,
        lambda u, a, b: 1 / ((u - b) ** 2 + a),
    ),
    Factor(
        "hyperbola",
        lambda u, a, b: ((u - b) ** 2 + a) ** 0.5,
        lambda u, a, b, f: (0.5 / f, -(u - b) / f),
        2,
        7,
        lambda u, a, b: sympy.sqrt((u - b) ** 2 + a),
    ),
    # Of u = x^2 this is the amplitude of a driven oscillator.
    Factor(
        "inverse hyperbola",
        lambda u, a, b: ((u - b) ** 2 + a) ** -0.5,
        lambda u, a, b, f: (-0.5 * f**3, (u - b) * f**3),
        2,
        7,
        lambda u, a, b: 1 / sympy.sqrt((u - b) ** 2 + a),
    ),
    Factor("circular", lambda u, a, b: torch.cos(u) ** a * torch.sin(u) ** b, _none, 0, 3, _circular),
    Factor(
        "abs",
        lambda u, a, b: torch.abs(u + a),
        lambda u, a, b, f: (torch.sign(u + a),),
        1,
        3,
        lambda u, a, b: sympy.Abs(u + a),
    ),
    # A step has no slope: its place is a number of the grid.
    Factor("sign", lambda u, a, b: torch.sign(u + a), _none, 0, 3, lambda u, a, b: sympy.sign(u + a)),
)
"""All factors; a slot of number 0 is empty."""

NUMBER = {factor.name: number for number, factor in enumerate(FACTORS)}
"""Place of a factor in `FACTORS`."""

EXPONENTS = frozenset({"real power", "hill"})
"""Factors whose first constant is an exponent."""

CAN_VANISH = frozenset(
    {("log", 0), ("sin", 1), ("tanh", 1), ("fermi", 1), ("softplus", 1), ("gaussian", 1)}
    | {("lorentzian", 1), ("hyperbola", 1), ("inverse hyperbola", 1), ("shifted", 0), ("square plus", 0), ("abs", 0)}
)
"""Constants, as (factor, 0 for a or 1 for b), that may be zero and leave a shorter factor."""
