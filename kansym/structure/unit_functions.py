# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportCallIssue=false
# pyright: reportOperatorIssue=false, reportAssignmentType=false, reportGeneralTypeIssues=false
"""Functions of one dimensionless product v > 0 that a power law is multiplied by."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import sympy

from kansym.symbolic.complexity import formula_bits

Function = Callable[[np.ndarray], np.ndarray]

_v = sympy.Symbol("_v", positive=True)


@dataclass(frozen=True, eq=False)
class Factor:
    """f(v)^power.

    Attributes
    ----------
    base : sympy.Expr
        f in ``_v``.
    value : callable
        f on an array of v; nan outside of its domain.
    elasticity : callable
        v f'(v) / f(v).
    logarithm : callable
        log|f(v)|, also where f itself overflows.
    power : float
    """

    base: sympy.Expr
    value: Function
    elasticity: Function
    logarithm: Function
    power: float = 1.0

    @property
    def sign(self) -> int:
        """That of v in f = 1 + v or f = 1 - v; 0 for any other f."""
        return {1 + _v: 1, 1 - _v: -1}.get(self.base, 0)

    @property
    def whole(self) -> bool:
        """Whether the power keeps a sign; a root does not, and needs f > 0."""
        return float(self.power).is_integer()

    @property
    def bits(self) -> float:
        """Description length of the function."""
        return formula_bits(self.expression(_v), 1, 1)

    def expression(self, v: sympy.Expr) -> sympy.Expr:
        """f(v)^power as an expression."""
        return self.base.xreplace({_v: v}) ** sympy.nsimplify(self.power, rational=True)


def _of(base: sympy.Expr, value: Function, elasticity: Function, *powers: float, log: Function | None = None) -> list:
    def logarithm(v: np.ndarray) -> np.ndarray:
        return np.log(np.abs(value(v)))

    return [Factor(base, value, elasticity, log or logarithm, power) for power in powers or (1.0,)]


def _langevin(v: np.ndarray) -> np.ndarray:
    # Near zero the difference of two large numbers is rounding; the next term of the series is 2 v^5/945.
    return np.where(v < 1e-2, v / 3 - v**3 / 45, 1 / np.tanh(v) - 1 / v)


def _langevin_elasticity(v: np.ndarray) -> np.ndarray:
    # Past 300 the hyperbolic sine would overflow in its square.
    wide = np.minimum(v, 300.0)
    return np.where(v < 1e-2, 1 - 2 * v**2 / 15, (1 / v - v / np.sinh(wide) ** 2) / _langevin(v))


FACTORS: tuple[Factor, ...] = (
    *_of(1 + _v, lambda v: 1 + v, lambda v: v / (1 + v), 1, -1, 0.5, -0.5, 2, -2, 1.5, -1.5),
    *_of(1 - _v, lambda v: 1 - v, lambda v: v / (v - 1), 1, -1, 0.5, -0.5, 2, -2),
    *_of(sympy.exp(_v), np.exp, lambda v: v, 1, -1, log=lambda v: v),
    *_of(
        sympy.exp(_v) - 1,
        np.expm1,
        lambda v: -v / np.expm1(-v),
        1,
        -1,
        log=lambda v: v + np.log(-np.expm1(-v)),
    ),
    *_of(1 - sympy.exp(-_v), lambda v: -np.expm1(-v), lambda v: v / np.expm1(v), 1, -1),
    *_of(
        1 + sympy.exp(_v),
        lambda v: 1 + np.exp(v),
        lambda v: v / (1 + np.exp(-v)),
        1,
        -1,
        log=lambda v: np.logaddexp(0.0, v),
    ),
    *_of(sympy.tanh(_v), np.tanh, lambda v: 2 * v / np.sinh(2 * v), 1, -1),
    *_of(
        sympy.cosh(_v),
        np.cosh,
        lambda v: v * np.tanh(v),
        1,
        -1,
        log=lambda v: v + np.log1p(np.exp(-2 * v)) - np.log(2),
    ),
    *_of(
        sympy.sinh(_v),
        np.sinh,
        lambda v: v / np.tanh(v),
        1,
        -1,
        log=lambda v: v + np.log(-np.expm1(-2 * v)) - np.log(2),
    ),
    *_of(sympy.sin(_v), np.sin, lambda v: v / np.tan(v), 1, 2, -1),
    *_of(sympy.cos(_v), np.cos, lambda v: -v * np.tan(v), 1, 2, -1),
    *_of(sympy.log(_v), np.log, lambda v: 1 / np.log(v), 1, -1),
    *_of(sympy.log(1 + _v), np.log1p, lambda v: v / ((1 + v) * np.log1p(v)), 1, -1),
    *_of(sympy.atan(_v), np.arctan, lambda v: v / ((1 + v * v) * np.arctan(v))),
    *_of(sympy.asin(_v), np.arcsin, lambda v: v / (np.sqrt(1 - v * v) * np.arcsin(v))),
    *_of(
        1 / sympy.tanh(_v) - 1 / _v,
        _langevin,
        _langevin_elasticity,
    ),
)
"""Gaussians, dipoles, Lorentzians and the like are these with the exponents of v."""
