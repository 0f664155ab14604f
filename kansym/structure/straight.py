# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportCallIssue=false
# pyright: reportOperatorIssue=false, reportAssignmentType=false
"""Straight lines on transformed axes: a function of y against a function of x, as laboratories plot 1/y against 1/x."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import sympy

from kansym.errors import ArgumentError
from kansym.provenance import signed
from kansym.structure.links import usable_links
from kansym.structure.problem import Problem
from kansym.symbolic.complexity import formula_bits
from kansym.symbolic.steps import Step, StepKind

MOST_LINES = 8
"""Lines handed on: formulas are fitted in y itself and judged by all that they say."""

WORST = 0.3
"""Error in units of the spread of y above which points are not on a straight line."""

ROUNDING = 1e-14
"""Error in units of the spread of y below which one line is as good as another."""

WIDEST = 600.0
"""Largest argument of an exponential scale."""


@dataclass(frozen=True)
class Scale:
    """A function of the column along the axis.

    Attributes
    ----------
    name : str
    forward : callable
    expression : callable
        Of the symbol of the column.
    positive : bool
        Whether it needs positive values; others need values that are not 0.
    elementary : bool
        Whether it is more than a power.
    """

    name: str
    forward: Callable[[np.ndarray], np.ndarray]
    expression: Callable[[sympy.Symbol], sympy.Expr]
    positive: bool = False
    elementary: bool = False


HALF = sympy.Rational(1, 2)

SCALES: tuple[Scale, ...] = (
    Scale("x", lambda x: x, lambda x: x),
    Scale("1/x", lambda x: 1 / x, lambda x: 1 / x),
    Scale("x^2", lambda x: x**2, lambda x: x**2),
    Scale("1/x^2", lambda x: x**-2.0, lambda x: x**-2),
    Scale("x^3", lambda x: x**3, lambda x: x**3),
    Scale("sqrt(x)", np.sqrt, lambda x: x**HALF, positive=True),
    Scale("1/sqrt(x)", lambda x: x**-0.5, lambda x: x**-HALF, positive=True),
    Scale("log(x)", np.log, sympy.log, positive=True, elementary=True),
    Scale("exp(x)", np.exp, sympy.exp, elementary=True),
    Scale("exp(-x)", lambda x: np.exp(-x), lambda x: sympy.exp(-x), elementary=True),
)

ALGEBRAIC = ("identity", "square", "reciprocal", "reciprocal square", "root")
"""Links that are powers."""

SHOWN = {
    "identity": "y", "log": "log(y)", "square": "y^2", "reciprocal": "1/y", "exp": "exp(y)", "sin": "sin(y)",
    "cos": "cos(y)", "tan": "tan(y)", "reciprocal square": "1/y^2", "root": "sqrt(y)",
}  # fmt: skip


@signed("straight lines")
def straight_lines(problem: Problem, *, any_function: bool) -> Iterator[tuple[sympy.Expr, Problem]]:
    """Formulas for y that are straight lines of some L(y) against some g(x), the best ones first.

    The lines are fitted by least squares in L(y), with weights that make their residuals those of y.

    Parameters
    ----------
    problem : Problem
        With one input.
    any_function : bool
        Whether logarithms and exponentials may be used.
    """
    x = problem.X[:, 0]
    variable = sympy.Symbol("_z", real=True)
    lines: list[tuple[float, sympy.Expr, Problem]] = []
    spread = _size((problem.t - np.mean(problem.t)) * problem.slope)
    for link in usable_links(problem.t):
        if not (any_function or link.name in ALGEBRAIC):
            continue
        linked = link.apply(problem)
        with np.errstate(over="ignore"):
            weights = linked.target_weights()
        for scale in SCALES:
            if (scale.elementary and not any_function) or (link.name == "identity" and scale.name == "x"):
                continue
            values = _values(scale, x)
            fit = None if values is None else _line(values, linked.t, weights)
            if fit is None or fit[2] > WORST * spread:
                continue
            offset, slope, error = fit
            step = Step(StepKind.LINE, f"{SHOWN[link.name]} against {scale.name}")
            formula = sympy.Float(offset) + sympy.Float(slope) * scale.expression(variable)
            line = linked.compose(formula, (variable,))
            try:
                own = formula_bits(line, len(x), 1)
            except ArgumentError:
                # In user's units a number may be no double, as 1e200 squared.
                continue
            length = len(x) * math.log2(max(error, ROUNDING * spread, 1e-300)) + own
            lines.append((length, line, replace(linked, steps=(*problem.steps, step))))
    lines.sort(key=lambda one: one[0])
    yield from ((line, linked) for _, line, linked in lines[:MOST_LINES])


def _size(values: np.ndarray) -> float:
    """Root mean square; squares of the largest doubles would overflow."""
    peak = float(np.abs(values).max())
    return peak * float(np.sqrt(np.mean((values / peak) ** 2))) if 0 < peak < np.inf else peak


def _values(scale: Scale, x: np.ndarray) -> np.ndarray | None:
    if (scale.positive and not (x > 0).all()) or (scale.elementary and not scale.positive and np.abs(x).max() > WIDEST):
        return None
    with np.errstate(all="ignore"):
        values = scale.forward(x)
    return values if np.isfinite(values).all() and np.ptp(values) > 0 else None


def _line(x: np.ndarray, t: np.ndarray, weights: np.ndarray) -> tuple[float, float, float] | None:
    """Offset, slope, and the error of y."""
    # Rows of weight zero have lost what they say; extreme weights leave fewer than two.
    root = np.sqrt(weights)
    with np.errstate(over="ignore"):
        columns = np.column_stack([root, root * x])
        sizes = np.linalg.norm(columns, axis=0)
    if not (np.isfinite(sizes).all() and (sizes > 0).all()):
        return None
    solution, _, rank, _ = np.linalg.lstsq(columns / sizes, root * t, rcond=None)
    if rank < 2:
        return None
    offset, slope = solution / sizes
    error = _size(root * (t - offset - slope * x))
    return (float(offset), float(slope), error) if np.isfinite([offset, slope, error]).all() else None
