# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false
"""Engines of linear algebra: exact laws, and their least-squares forms with noise."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import sympy

from kansym.provenance import signed
from kansym.search.agenda.engine import whole_budget
from kansym.search.agenda.task import Found, Proposal, Task
from kansym.structure.exact import beside, featured, short_sums
from kansym.structure.leaf import Solution, symbols
from kansym.structure.links import usable_links
from kansym.structure.problem import Problem
from kansym.structure.shortening import at_once
from kansym.structure.sparse import sparse_fits

FAR_FROM_ZERO = 0.02
"""Smallest size of a noisy target, in units of its root mean square, whose reciprocal may be a sum."""

FEATURE_NOISE = 1e-3
"""Noise variance of an interpolant above which the dearer of the exact searches are left out."""


def found(solutions: Iterable[Solution]) -> Iterator[Proposal]:
    """Formulas with the problems that they solve, as proposals."""
    return (Found(expression, problem) for expression, problem in solutions)


def exact_laws(task: Task) -> Iterator[Proposal]:
    """Rational and algebraic laws, and products of powers and exponentials; a constant where no column is left."""
    problem = task.problem
    if problem.dimension == 0:
        weights = problem.target_weights()
        level = sympy.Float(float((weights * problem.t).sum() / weights.sum()))
        yield Found(problem.compose(level, ()), problem)
        return
    reductions, until = task.facts.reducer.by_exact, whole_budget(task)
    yield from found(at_once(problem, reductions, any_function=task.any_function, until=until))


def functions(task: Task) -> Iterator[Proposal]:
    """Exact sums of few products of functions, and rational laws in functions of columns."""
    yield from found(short_sums(task.problem, whole_budget(task)))
    if task.surrogate is None or task.surrogate.noise < FEATURE_NOISE:
        yield from found(featured(task.problem, whole_budget(task)))


def mixed(task: Task) -> Iterator[Proposal]:
    """Laws with functions of columns beside the columns."""
    yield from found(beside(task.problem, whole_budget(task)))


def _linked(problem: Problem, *names: str) -> Iterator[Problem]:
    """The problem under those of some functions of its target that can be had."""
    for link in usable_links(problem.t):
        linked = link.apply(problem) if link.name in names else None
        if linked is not None and linked.finite():
            yield linked


@signed("sparse sums")
def sparse_sums(task: Task) -> Iterator[Proposal]:
    """Short sums of products that leave no more than noise, of the target, its square and its reciprocal."""
    problem, variables = task.problem, symbols(task.dimension)
    # Noise makes reciprocals of what is nearly zero say anything.
    near_zero = float(np.abs(problem.t).min()) < FAR_FROM_ZERO * float(np.sqrt(np.mean(problem.t**2)))
    for linked in _linked(problem, "identity", "square", *(() if near_zero else ("reciprocal",))):
        for law in sparse_fits(linked.X, linked.t, variables, linked.fitting_weights()):
            yield Found(linked.compose(law, variables), linked)
