"""What solvers hand on, and the variables of smaller problems."""

import numpy as np
import sympy

from kansym.errors import ArgumentError
from kansym.structure.problem import Problem
from kansym.symbolic.parametric import parametrize

Solution = tuple[sympy.Expr, Problem]
"""A formula for the user's y, with the smaller problem that it solves."""


def symbols(number: int) -> tuple[sympy.Symbol, ...]:
    """Names of a part's inputs; they never clash with the user's."""
    return tuple(sympy.Symbol(f"_z{k}") for k in range(number))


def evaluate(formula: sympy.Expr, variable: sympy.Symbol, x: np.ndarray) -> np.ndarray | None:
    """Values of a formula of one variable; None where one is not finite, or a constant is beyond double precision."""
    try:
        with np.errstate(all="ignore"):
            values = parametrize(formula, (variable,)).evaluate(x[:, None])
    except ArgumentError:
        return None
    return values if np.isfinite(values).all() else None
