# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportCallIssue=false
"""How the columns of a table enter product units, and the formula of a fitted law, written as short as it goes."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import sympy

from kansym.structure.unit_functions import Factor
from kansym.symbolic.complexity import complexity

FRACTIONS = (1, 2, 3)
"""Denominators of exponents."""

LARGEST_LEVEL = 100.0
"""Constant of a logarithm that may become a factor inside of it."""


@dataclass(frozen=True, eq=False)
class Entries:
    """How columns enter a product.

    Attributes
    ----------
    values : ndarray, shape (n, m)
        log|x| or x, centred, x also in units of its spread.
    bases : tuple of sympy.Expr
        What stands under an exponent: |x|, or exp(x).
    scales, centres : ndarray, shape (m,)
    power : ndarray of bool, shape (m,)
        Which entries are logarithms: only their exponents can be rational.
    """

    values: np.ndarray
    bases: tuple[sympy.Expr, ...]
    scales: np.ndarray
    centres: np.ndarray
    power: np.ndarray

    @classmethod
    def of(cls, X: np.ndarray, variables: Sequence[sympy.Symbol], *, exponential: bool = False) -> "Entries":
        """Columns of one sign as powers, the others, or with `exponential` all of them, as exponentials."""
        values, bases, power = [], [], []
        for x, variable in zip(X.T, variables, strict=True):
            one_sign = bool((x > 0).all() or (x < 0).all()) and not exponential
            values.append(np.log(np.abs(x)) if one_sign else x)
            bases.append((variable if x[0] > 0 else -variable) if one_sign else sympy.exp(variable))
            power.append(one_sign)
        table = np.column_stack(values)
        logarithms = np.array(power)
        # A few rows far out, like Bode's Mercury, do not set the scale.
        low, high = np.quantile(table, [0.25, 0.75], axis=0)
        spread = np.where(high > low, high - low, 1.0)
        scales = np.where(logarithms, 1.0, spread)
        centres = np.median(table, axis=0)
        return cls((table - centres) / scales, tuple(bases), scales, centres, logarithms)

    def product(self, level: float, exponents: np.ndarray) -> sympy.Expr:
        """``exp(level) * prod base^(e / scale)`` less the centres, with rational exponents where they are."""
        factors: list[sympy.Expr] = []
        constant = level
        for base, e, scale, centre, power in zip(
            self.bases, exponents, self.scales, self.centres, self.power, strict=True
        ):
            if e == 0:
                continue
            constant -= e / scale * centre
            exponent = rational(e) if power else sympy.Float(e / scale)
            factors.append(base**exponent if power else sympy.exp(exponent * base.args[0]))
        return sympy.Mul(sympy.Float(math.exp(min(max(constant, -700.0), 700.0))), *factors)

    def logarithm(self, level: float, exponents: np.ndarray) -> sympy.Expr:
        """The logarithm of `product`, as a sum."""
        terms: list[sympy.Expr] = []
        for base, e, scale, centre, power in zip(
            self.bases, exponents, self.scales, self.centres, self.power, strict=True
        ):
            if e != 0:
                level -= e / scale * centre
                terms.append(rational(e) * sympy.log(base) if power else sympy.Float(e / scale) * base.args[0])
        return sympy.Add(sympy.Float(level), *terms)


def rational(value: float) -> sympy.Expr:
    """An exponent as a fraction where it was rounded to one, else as a number."""
    for denominator in FRACTIONS:
        if abs(value * denominator - round(value * denominator)) < 1e-12:
            return sympy.Rational(round(value * denominator), denominator)
    return sympy.Float(value)


def expression_of(
    entries: Entries, factors: tuple[Factor, ...], parameters: np.ndarray, amplitude: float, *, logarithm: bool
) -> sympy.Expr:
    """The formula of a fitted law, or of its logarithm.

    Parameters
    ----------
    entries : Entries
    factors : tuple of Factor
    parameters : ndarray
        Level and exponents of the power law, then of every product.
    amplitude : float
        Factor on the whole; 1 for a logarithm.
    logarithm : bool
    """
    m = entries.values.shape[1]
    level, exponents = float(parameters[0]), parameters[1 : m + 1]
    units = [parameters[k * (m + 1) : (k + 1) * (m + 1)] for k in range(1, len(factors) + 1)]
    written = []
    if logarithm and len(factors) == 1 and factors[0].sign and not exponents.any() and abs(level) < LARGEST_LEVEL:
        # log(a + b v) is shorter than log(1 + v) + c.
        factor, unit = factors[0], units[0]
        size = level / factor.power
        v = entries.product(float(unit[0]) + size, unit[1:])
        return rational(factor.power) * sympy.log(sympy.Float(math.exp(size)) + factor.sign * v)
    for absorbing in (None, *(k for k, factor in enumerate(factors) if factor.sign)):
        moved = np.zeros(m)
        if absorbing is not None:
            # x (1 + y/x) is x + y: what the product holds as well goes into the sum.
            moved = np.where(units[absorbing][1:] != 0, exponents, 0.0)
            if not moved.any():
                continue
        parts, linear = [], []
        for k, (factor, unit) in enumerate(zip(factors, units, strict=True)):
            if k == absorbing:
                share = moved / factor.power
                first = entries.product(0.0, share)
                second = entries.product(float(unit[0]), unit[1:] + share)
                parts.append((first + factor.sign * second) ** rational(factor.power))
            elif logarithm and isinstance(factor.base, sympy.exp):
                # log(exp(-v)) underflows where -v does not.
                linear.append(rational(factor.power) * entries.product(float(unit[0]), unit[1:]))
            else:
                parts.append(factor.expression(entries.product(float(unit[0]), unit[1:])))
        rest = exponents - moved
        if logarithm:
            inner = sympy.log(sympy.Mul(*parts)) if parts else sympy.S.Zero
            if len(parts) == 1 and isinstance(parts[0], sympy.Pow):
                base, power = parts[0].args
                # The square of a sine has a logarithm where the sine has none.
                inner = power * sympy.log(sympy.Abs(base) if power.is_even else base)
            written.append(sympy.Add(entries.logarithm(level, rest), inner, *linear))
        else:
            written.append(sympy.Mul(sympy.Float(amplitude), entries.product(level, rest), *parts))
    return min(written, key=complexity)
