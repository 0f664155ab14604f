"""Exact laws in fewer columns: the symmetries of a law that is exact but long, read from its own derivatives.

A resonance of (u + v) / w is found at once as a quotient of polynomials of fourth degree in three columns, of which
nobody reads what it is. As an interpolant without any error the law itself says which symmetries it has, and the same
linear algebra finds it again in the columns that they leave.
"""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import sympy

from kansym import clock
from kansym.clock import Work
from kansym.errors import ArgumentError
from kansym.structure.exact import laws_at_once
from kansym.structure.leaf import Solution, symbols
from kansym.structure.problem import Problem
from kansym.symbolic.complexity import complexity
from kansym.symbolic.parametric import ParametricForm, parametrize

logger = logging.getLogger(__name__)

LONG = 20
"""Nodes from which a law is looked at."""

Reductions = Callable[[Problem, "LawAsInterpolant"], Iterator[list[Problem]]]
"""Smaller problems by symmetries of an interpolant, the most promising first."""


@dataclass(frozen=True, eq=False)
class LawAsInterpolant:
    """A law as an interpolant without error.

    Attributes
    ----------
    form : ParametricForm
    slopes : tuple of ParametricForm
        Its derivatives.
    """

    form: ParametricForm
    slopes: tuple[ParametricForm, ...]
    error: float = 0.0
    log_target: bool = False

    @classmethod
    def of(cls, law: sympy.Expr, variables: tuple[sympy.Symbol, ...]) -> "LawAsInterpolant":
        clock.charge(Work.ALGEBRA, complexity(law) * len(variables))
        slopes = tuple(parametrize(sympy.diff(law, variable), variables) for variable in variables)
        return cls(parametrize(law, variables), slopes)

    def derivatives(self, X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Values, shape (n,), and derivatives by the columns, shape (n, d)."""
        return self.form.evaluate(X), np.column_stack([slope.evaluate(X) for slope in self.slopes])

    value_and_gradient = derivatives


def at_once(problem: Problem, reductions: Reductions, *, any_function: bool, until: float) -> Iterator[Solution]:
    """Exact laws of a problem, each also in fewer columns, as often as it has symmetries; the shortest of these first.

    Parameters
    ----------
    problem : Problem
    reductions : callable
    any_function : bool
        Whether formulas may have roots and exponentials.
    until : float
        `kansym.clock.now` value to stop at.
    """
    for law in laws_at_once(problem, any_function=any_function):
        found = [(problem.compose(law, symbols(problem.dimension)), problem)]
        own, child = law, problem
        while not clock.late(until) and (smaller := _smaller(own, child, reductions, any_function=any_function)):
            own, child = smaller
            found.append((child.compose(own, symbols(child.dimension)), child))
        yield from sorted(found, key=lambda solution: complexity(solution[0]))


def _smaller(
    law: sympy.Expr, problem: Problem, reductions: Reductions, *, any_function: bool
) -> tuple[sympy.Expr, Problem] | None:
    """The law in the columns that its first symmetry leaves; None where it is short, or has none."""
    if complexity(law) < LONG:
        return None
    try:
        interpolant = LawAsInterpolant.of(law, symbols(problem.dimension))
    except ArgumentError as error:
        # A constant beyond double precision.
        logger.info("law as it is: %s", error)
        return None
    for child, *_ in reductions(problem, interpolant):
        for own in laws_at_once(child, any_function=any_function):
            return own, child
    return None
