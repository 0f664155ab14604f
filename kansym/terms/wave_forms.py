# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportReturnType=false, reportOperatorIssue=false
"""Formulas of sums of waves: a sine and a cosine of one phase as one, and two waves as a product where they are."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import sympy

from kansym.terms.waves import SINE, Powers, Wave, WaveFit

ALIKE = 0.02
"""Relative difference of amplitudes of two waves that may be one product."""

NOTHING = 1e-3
"""Share of a phase's largest rate below which a rate of half a sum or difference is none."""

RIGHT_ANGLE, ON_ANGLE = math.pi / 2, 1e-9
"""A phase's constant is held where it is so near to a multiple."""


@dataclass(frozen=True, eq=False)
class _Single:
    """amplitude * monomial * sin(phase + shift)."""

    amplitude: float
    monomial: Powers
    rates: dict[Powers, float]
    shift: float


def wave_formulas(fit: WaveFit, size: float, variables: Sequence[sympy.Symbol]) -> list[sympy.Expr]:
    """Formulas of a sum of waves, with Float constants; one with products first, where two waves may be one.

    Parameters
    ----------
    fit : WaveFit
    size : float
        Unit of the coefficients.
    variables : sequence of Symbol, length d
    """
    count = len(fit.total.background)
    coefficients = (fit.coefficients * size).tolist()
    smooth = [
        sympy.Float(c, 17) * monomial(powers, variables)
        for powers, c in zip(fit.total.background, coefficients[:count], strict=True)
    ]
    singles = _singles(fit.total.waves, coefficients[count:])
    plain = sympy.Add(*smooth, *(_written(one, variables) for one in singles))
    rest, products = _products(singles)
    if not products:
        return [plain]
    multiplied = [_product(one, other, variables) for one, other in products]
    return [sympy.Add(*smooth, *(_written(one, variables) for one in rest), *multiplied), plain]


def monomial(powers: Powers, variables: Sequence[sympy.Symbol]) -> sympy.Expr:
    """A product of powers of the variables."""
    return sympy.Mul(*(variable**power for variable, power in zip(variables, powers, strict=True)))


def phase(wave: Wave, variables: Sequence[sympy.Symbol]) -> sympy.Expr:
    """The phase of a wave, with Float constants."""
    return _polynomial(dict(zip(wave.monomials, wave.rates.tolist(), strict=True)), variables)


def _polynomial(rates: dict[Powers, float], variables: Sequence[sympy.Symbol]) -> sympy.Expr:
    return sympy.Add(*(sympy.Float(rate, 17) * monomial(powers, variables) for powers, rate in rates.items()))


def _singles(waves: Sequence[Wave], coefficients: Sequence[float]) -> list[_Single]:
    found, place = [], 0
    for wave in waves:
        sides: dict[Powers, list[float]] = {}
        for (powers, side), c in zip(wave.sides, coefficients[place:], strict=False):
            sides.setdefault(powers, [0.0, 0.0])[side != SINE] = c
        place += len(wave.sides)
        rates = dict(zip(wave.monomials, wave.rates.tolist(), strict=True))
        # The highest monomial has a positive rate, so that equal phases look alike.
        sign = math.copysign(1.0, rates[max(rates, key=lambda one: (sum(one), one))])
        rates = {powers: sign * rate for powers, rate in rates.items()}
        for powers, (sine, cosine) in sides.items():
            found.append(_Single(math.hypot(sine, cosine), powers, rates, math.atan2(cosine, sign * sine)))
    return found


def _products(singles: list[_Single]) -> tuple[list[_Single], list[tuple[_Single, _Single]]]:
    """Waves that are left, and pairs of waves of one amplitude that has no other."""
    rest, pairs = list(singles), []
    for one, other in itertools.combinations(singles, 2):
        alike = abs(one.amplitude - other.amplitude) < ALIKE * one.amplitude and one.monomial == other.monomial
        if alike and one in rest and other in rest:
            pairs.append((one, other))
            rest = [single for single in rest if single is not one and single is not other]
    return rest, pairs


def _product(one: _Single, other: _Single, variables: Sequence[sympy.Symbol]) -> sympy.Expr:
    """sin p + sin q = 2 sin((p + q)/2) cos((p - q)/2)."""
    every = dict.fromkeys([*one.rates, *other.rates])
    halves = []
    for sign in (1.0, -1.0):
        rates = {powers: (one.rates.get(powers, 0.0) + sign * other.rates.get(powers, 0.0)) / 2 for powers in every}
        least = NOTHING * max(map(abs, rates.values()))
        rates = {powers: rate for powers, rate in rates.items() if abs(rate) > least}
        halves.append((rates, (one.shift + sign * other.shift) / 2))
    (mean, mean_shift), (half, half_shift) = halves
    scale = one.amplitude + other.amplitude
    product = _sine(mean, mean_shift, variables) * _sine(half, half_shift + RIGHT_ANGLE, variables)
    return sympy.Float(scale, 17) * monomial(one.monomial, variables) * product


def _written(one: _Single, variables: Sequence[sympy.Symbol]) -> sympy.Expr:
    return sympy.Float(one.amplitude, 17) * monomial(one.monomial, variables) * _sine(one.rates, one.shift, variables)


def _sine(rates: dict[Powers, float], shift: float, variables: Sequence[sympy.Symbol]) -> sympy.Expr:
    """sin(phase + shift), as a cosine or with another sign where the shift is a multiple of a right angle."""
    angle = _polynomial(rates, variables)
    turns = round(shift / RIGHT_ANGLE)
    if abs(shift - turns * RIGHT_ANGLE) < ON_ANGLE:
        return (sympy.cos if turns % 2 else sympy.sin)(angle) * (-1 if turns % 4 > 1 else 1)
    # Half a turn is a sign, and leaves a constant below a right angle.
    half = round(shift / np.pi)
    return sympy.sin(angle + sympy.Float(shift - half * math.pi, 17)) * (-1) ** half
