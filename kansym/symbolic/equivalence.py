# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false
"""Whether two formulas are the same function."""

from collections.abc import Sequence
from dataclasses import dataclass

import mpmath
import numpy as np
import scipy.stats
import sympy

from kansym.errors import ArgumentError
from kansym.symbolic.functions import real_functions
from kansym.symbolic.parametric import parametrize

POINTS = 128
"""Points inside the box, and as many beyond it."""

BEYOND = 0.3
"""The box is extended by this part of its width on either side."""

HIGH_PRECISION = 50
"""Decimal digits for points where double precision does not decide."""


@dataclass(frozen=True)
class Equivalence:
    """Verdict of `equivalent`; true if the formulas are the same function.

    Attributes
    ----------
    holds : bool
    difference : float
        Largest difference, relative to the larger of the local value and a hundredth of the median size of f; nan
        without a common point.
    points : int
        Points where both are finite.
    reason : str
    """

    holds: bool
    difference: float
    points: int
    reason: str

    def __bool__(self) -> bool:
        return self.holds


def equivalent(
    f: sympy.Expr,
    g: sympy.Expr,
    variables: Sequence[sympy.Symbol],
    box: np.ndarray,
    *,
    tolerance: float = 1e-6,
) -> Equivalence:
    """Compare two formulas numerically, on a box and 30 % beyond it.

    Values are compared at quasi-random points; where double precision finds a difference, both are evaluated again
    with 50 digits, so that cancellation is not taken for one. Inside the box both must be defined at the same points;
    beyond it only common points count. A numerical test can be fooled in principle, but not by formulas a person
    would write; symbolic equality is undecidable in general.

    Parameters
    ----------
    f, g : sympy.Expr
    variables : sequence of sympy.Symbol, length d
    box : array (d, 2)
        Lower and upper end of each variable.
    tolerance : float, default 1e-6
        Largest relative difference; fitted constants agree no better than the data allow.

    Raises
    ------
    ArgumentError
        If `box` has the wrong shape or an empty side.
    """
    box = np.asarray(box, dtype=np.float64)
    if box.shape != (len(variables), 2) or not (box[:, 0] <= box[:, 1]).all() or not np.isfinite(box).all():
        raise ArgumentError(f"box must be finite, of shape ({len(variables)}, 2), lower end first, got {box.tolist()}")
    unit = scipy.stats.qmc.Halton(max(len(variables), 1), scramble=False).random(2 * POINTS + 1)[1:]
    unit = unit[:, : len(variables)]
    inside = np.arange(len(unit)) < POINTS
    stretched = np.where(inside[:, None], unit, (1 + 2 * BEYOND) * unit - BEYOND)
    X = box[:, 0] + stretched * (box[:, 1] - box[:, 0])
    first, second = _values(f, variables, X), _values(g, variables, X)
    finite = np.isfinite(first) & np.isfinite(second)
    if not finite.any():
        return Equivalence(False, float("nan"), 0, "there is no point where both are finite")
    if (np.isfinite(first) != np.isfinite(second))[inside].any():
        return Equivalence(False, float("nan"), int(finite.sum()), "they are not defined at the same points of the box")
    floor = 0.01 * float(np.median(np.abs(first[finite])))
    difference = _difference(first, second, floor)
    for i in np.flatnonzero(finite & ~(difference <= tolerance)):
        exact = _precise(f, variables, X[i]), _precise(g, variables, X[i])
        if None in exact:
            continue
        difference[i] = _difference(np.array([exact[0]]), np.array([exact[1]]), floor)[0]
        if difference[i] > tolerance:
            break
    largest = float(np.max(difference[finite]))
    same = largest <= tolerance
    return Equivalence(same, largest, int(finite.sum()), "they agree" if same else "their values differ")


def _values(expression: sympy.Expr, variables: Sequence[sympy.Symbol], X: np.ndarray) -> np.ndarray:
    return parametrize(expression, variables).evaluate(X)


def _difference(first: np.ndarray, second: np.ndarray, floor: float) -> np.ndarray:
    with np.errstate(all="ignore"):
        size = np.maximum(np.maximum(np.abs(first), np.abs(second)), floor)
        return np.where(first == second, 0.0, np.abs(first - second) / size)


def _precise(expression: sympy.Expr, variables: Sequence[sympy.Symbol], x: np.ndarray) -> float | None:
    """Value at one point with 50 digits, rounded; None if mpmath cannot give a real one."""
    with mpmath.workdps(HIGH_PRECISION):
        substitution = {v: sympy.Float(float(value), HIGH_PRECISION) for v, value in zip(variables, x, strict=True)}
        value = (
            real_functions(expression)
            .xreplace(substitution)
            .replace(
                lambda node: node.func.__name__ in ("RealAbs", "RealSign"),
                lambda node: sympy.Abs(node.args[0]) if node.func.__name__ == "RealAbs" else sympy.sign(node.args[0]),
            )
        )
        number = value.evalf(HIGH_PRECISION)
    return float(number) if number.is_Float or number.is_Rational else None
