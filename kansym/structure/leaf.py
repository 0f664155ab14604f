"""What is left for networks, and what solvers hand on."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum, unique

import numpy as np
import sympy

from kansym.structure.problem import Problem
from kansym.symbolic.parametric import parametrize


@unique
class Look(Enum):
    """What is looked for in a small table."""

    WHOLE = "all there is"
    WAVES = "what is exact and seen at once, which is waves"
    CURVES = "functions of single columns, where splines leave far less than the interpolant"


@dataclass(frozen=True, eq=False)
class Leaf:
    """A small table for networks.

    Attributes
    ----------
    X : ndarray, shape (n, m)
    t : ndarray, shape (n,)
    variables : tuple of Symbol, length m
    error : float or None
        Standard error of t where t was read off an interpolant.
    weights : ndarray, shape (n,), or None
    until : float
        `kansym.clock.now` value to stop at.
    attainable : float or None
        Error, in units of the spread of t, that the interpolant reaches: networks far above it have the wrong shape.
    look : Look, default all there is
    """

    X: np.ndarray
    t: np.ndarray
    variables: tuple[sympy.Symbol, ...]
    error: float | None
    weights: np.ndarray | None
    until: float
    attainable: float | None
    look: Look = Look.WHOLE


@dataclass(frozen=True, eq=False)
class Reading:
    """A problem less one column that was read, what the reading costs, and the error it was read with."""

    rest: Problem
    cost: float
    error: float


Solution = tuple[sympy.Expr, Problem]
"""A formula for the user's y, with the smaller problem that it solves."""

LeafSolver = Callable[[Leaf], Iterator[sympy.Expr]]
"""Formulas of a leaf in its variables, best first."""


def waves(problem: Problem, leaf: LeafSolver, until: float) -> Iterator[Solution]:
    """Sums of waves of many turns, which no interpolant sees."""
    variables, weights = symbols(problem.dimension), problem.fitting_weights()
    for formula in leaf(Leaf(problem.X, problem.t, variables, None, weights, until, None, Look.WAVES)):
        yield problem.compose(formula, variables), problem


def symbols(number: int) -> tuple[sympy.Symbol, ...]:
    """Names of a part's inputs; they never clash with the user's."""
    return tuple(sympy.Symbol(f"_z{k}") for k in range(number))


def evaluate(formula: sympy.Expr, variable: sympy.Symbol, x: np.ndarray) -> np.ndarray | None:
    """Values of a formula of one variable; None where one is not finite."""
    with np.errstate(all="ignore"):
        values = parametrize(formula, (variable,)).evaluate(x[:, None])
    return values if np.isfinite(values).all() else None
