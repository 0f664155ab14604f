# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false
"""Generic curves of a formula's own combination of columns, as rivals of the function that it puts around it.

A formula A(x) F(z(x)), with products of powers A and z, claims three things. That the data ask for A and z may be
beyond doubt while F is one of many curves; a polynomial in its place asks for that alone.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import sympy

from kansym.search.formulation import mean_square
from kansym.symbolic.complexity import formula_bits
from kansym.symbolic.parametric import ParametricForm, parametrize
from kansym.validation.generic import Generic, generic_curves
from kansym.validation.rows import Residuals

Exponents = tuple[sympy.Rational, ...]
"""Of a product of powers, one per column."""


@dataclass(frozen=True, eq=False)
class ReducedCurve:
    """A polynomial of z in the place of F; the attributes are those of `Generic`."""

    words: str
    predicted: np.ndarray
    bits: float
    curve: Generic
    factor: ParametricForm
    argument: ParametricForm

    def mimics(self, values: np.ndarray, points: np.ndarray, allowed: float) -> bool:
        """As `Generic.mimics`."""
        factor, argument = self.factor.evaluate(points), self.argument.evaluate(points)
        usable = np.isfinite(values) & np.isfinite(factor) & np.isfinite(argument) & (factor != 0)
        if usable.sum() < 10:
            return False
        size = float(np.sqrt(np.mean(factor[usable] ** 2)))
        return self.curve.mimics(values[usable] / factor[usable], argument[usable][:, None], allowed / size)


def reduced_curves(residuals: Residuals, noise_floor: float) -> Iterator[ReducedCurve]:
    """Polynomials of the formula's own combination; none where it has no single one.

    Parameters
    ----------
    residuals : Residuals
        Of the formula.
    noise_floor : float
        In units of y.
    """
    form, n = residuals.form, residuals.n
    parts = factor_and_argument(form)
    if parts is None:
        return
    factor, argument = (parametrize(part, form.variables) for part in parts)
    a, z = factor.evaluate(residuals.X), argument.evaluate(residuals.X)
    if not (np.isfinite(a).all() and np.isfinite(z).all() and (a != 0).all() and np.ptp(z) > 0):
        return
    weights = a**2 if residuals.weights is None else residuals.weights * a**2
    table = replace(residuals, X=z[:, None], y=residuals.y / a, weights=weights / weights.mean())
    # Both are written once; the polynomial then uses z like a column.
    d = residuals.X.shape[1]
    extra = sum(formula_bits(part, n, d) for part in (factor, argument) if part.expression.free_symbols)
    for curve in generic_curves(table, (0,), 0.0):
        predicted = a * curve.predicted
        loss = mean_square(predicted - residuals.y, residuals.weights)
        bits = 0.5 * n * math.log2(max(loss, noise_floor**2, 1e-300)) + curve.price + extra
        words = curve.words.replace("the input", str(argument.expression))
        if factor.expression.free_symbols:
            words = f"{factor.expression} times {words}"
        yield ReducedCurve(words, predicted, bits, curve, factor, argument)


def factor_and_argument(form: ParametricForm) -> tuple[sympy.Expr, sympy.Expr] | None:
    """A and z of a form A F(z), both products of powers of columns; None where columns enter in more ways."""
    outside, rest = [], []
    for factor in sympy.Mul.make_args(form.expression):
        (outside if _exponents(factor, form.variables) is not None else rest).append(factor)
    inner: list[Exponents] = []
    if not all(_collect(part, form.variables, inner) for part in rest) or not inner:
        return None
    first = inner[0]
    if any(sympy.Matrix([first, other]).rank() > 1 for other in inner[1:]):
        return None
    argument = sympy.Mul(*(v**p for v, p in zip(form.variables, first, strict=True)))
    return sympy.Mul(*outside), argument


def _exponents(expression: sympy.Expr, variables: tuple[sympy.Symbol, ...]) -> Exponents | None:
    """Exponents of a product of powers of columns without a number in front, or None."""
    powers = dict.fromkeys(variables, sympy.Integer(0))
    for factor in sympy.Mul.make_args(expression):
        base, exponent = factor.as_base_exp()
        if not exponent.is_Rational:
            return None
        for part in sympy.Mul.make_args(base):
            inner, power = part.as_base_exp()
            if inner not in powers or not power.is_Rational:
                return None
            powers[inner] += exponent * power
    return tuple(powers[v] for v in variables) if any(powers.values()) else None


def _collect(node: sympy.Expr, variables: tuple[sympy.Symbol, ...], found: list[Exponents]) -> bool:
    """Gather the largest products of powers in an expression; whether all columns stand in one."""
    if not node.free_symbols & set(variables):
        return True
    whole = _exponents(node, variables)
    if whole is not None:
        found.append(whole)
        return True
    if node.is_Mul:
        columns = [f for f in node.args if _exponents(f, variables) is not None]
        others = [f for f in node.args if f not in columns]
        if columns:
            found.append(_exponents(sympy.Mul(*columns), variables) or (sympy.Integer(0),) * len(variables))
        return all(_collect(other, variables, found) for other in others)
    return bool(node.args) and all(_collect(part, variables, found) for part in node.args)
