"""What is left for networks, and what solvers hand on."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import sympy

from kansym.structure.problem import Problem


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
    """

    X: np.ndarray
    t: np.ndarray
    variables: tuple[sympy.Symbol, ...]
    error: float | None
    weights: np.ndarray | None
    until: float
    attainable: float | None


Solution = tuple[sympy.Expr, Problem]
"""A formula for the user's y, with the smaller problem that it solves."""

LeafSolver = Callable[[Leaf], Iterator[sympy.Expr]]
"""Formulas of a leaf in its variables, best first."""
