"""Whether one form of a formula contains another: can its constants be set to give the other's values?"""

import numpy as np
import sympy

from kansym.data.sample_points import around, box_of, inside
from kansym.symbolic.parametric import ParametricForm, parametrize
from kansym.symbolic.same import can_fit_values, equal_values
from kansym.symbolic.same.rows import STRAYS

POINTS = 120
"""Points inside of the box of the data, and as many around it."""

OF_RESIDUAL = 1e-3
"""Forms that come as near as this to each other, in units of the residuals' root mean square, are not told apart by a
million rows. Flexible forms come near many others, so it has to be small."""

OF_SPREAD = 1e-8
"""The same for exact fits, in units of the spread of y."""


def probes(X: np.ndarray, *, seed: int) -> np.ndarray:
    """Points (m, d) inside and around the rows X (n, d)."""
    box = box_of(X)
    return np.concatenate([inside(box, POINTS, seed=seed), around(box, POINTS, seed=seed)])


def tolerance(rms: float, spread: float, *, exact: bool) -> float:
    """Root-mean-square difference, in units of y, below which two forms count as one."""
    return OF_SPREAD * spread if exact else max(OF_RESIDUAL * rms, OF_SPREAD * spread)


def contains(
    form: ParametricForm, other: sympy.Expr, points: np.ndarray, allowed: float, *, max_steps: int = 60
) -> bool:
    """Whether some constants make `form` agree with `other` at the points, to a root mean square of `allowed`."""
    values = parametrize(other, form.variables).evaluate(points)
    return can_fit_values(form, points, values, allowed, max_steps=max_steps)


def values_agree(first: sympy.Expr, second: sympy.Expr, variables: tuple[sympy.Symbol, ...], points: np.ndarray,
                 allowed: float) -> bool:  # fmt: skip
    """Whether two formulas agree at the points, to a root mean square of `allowed`, and are defined at the same ones.

    A point in twenty may be left out on either side.
    """
    a, b = (parametrize(expression, variables).evaluate(points) for expression in (first, second))
    return equal_values(a, b, rms=allowed, strays=STRAYS)
