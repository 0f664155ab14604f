# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false
"""Engines of linear algebra: exact laws, and their least-squares forms with noise."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

import numpy as np
import sympy

from kansym.provenance import signed
from kansym.search.agenda.engine import whole_budget
from kansym.search.agenda.task import Found, Proposal, Task
from kansym.search.curve_readings import stand_in
from kansym.structure.exact import beside, featured, short_sums
from kansym.structure.leaf import Solution, symbols
from kansym.structure.links import usable_links
from kansym.structure.peeling import peeled
from kansym.structure.problem import TARGET, Problem
from kansym.structure.product_units import SMALL_TABLE, product_unit_laws
from kansym.structure.shortening import at_once
from kansym.structure.sparse import MOST_COLUMNS, sparse_fits

FAR_FROM_ZERO = 0.02
"""Smallest size of a noisy target, in units of its root mean square, whose reciprocal may be a sum."""

FEATURE_NOISE = 1e-3
"""Noise variance of an interpolant above which the dearer of the exact searches are left out."""

MOST_LAWS, MOST_LAWS_OF_FEW_ROWS = 4, 10
"""Product units handed on; of a small table, where trials are cheap."""

UNITS_SHARE = 0.25
"""Share of the budget for one fit of product units."""

GUESS = 0.5
"""Chance that a term or factor that shows at once is one."""

GUESSED = frozenset({"exact laws", "mixed laws", "interpolant"})
"""Engines that are asked about what such a guess leaves."""


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


def layers(task: Task) -> Iterator[Proposal]:
    """What is left once terms and factors that show at once are taken away."""
    for rest in peeled(task.problem, until=whole_budget(task)):
        if rest.dimension > MOST_COLUMNS:
            # Of so many columns only few rows have these, which no interpolant helps.
            yield from found(short_sums(rest, whole_budget(task), plain=True))
        fewer = None if len(rest.t) == task.n_rows else rest.t
        yield task.smaller(rest, chance=GUESS, facts=task.facts.anew(fewer), kinds=GUESSED)


@signed("product units")
def product_units(task: Task) -> Iterator[Proposal]:
    """Power laws times functions of products, fitted to the whole table: few rows or much noise suffice."""
    small = task.n_rows < SMALL_TABLE
    reducer, spread = task.facts.reducer, float(task.problem.t.std())
    floor = (reducer.lowest * spread) ** 2 if math.isfinite(reducer.lowest) and not small else 0.0
    for problem in (*(reducer.by_units(task.problem) if small and task.whole else ()), task.problem):
        variables = tuple(stand_in(x, f"_z{k}") for k, x in enumerate(problem.X.T))
        laws = []
        for exponential in (False, True) if problem.dimension == 1 and (problem.X > 0).all() else (False,):
            # A logarithm has no unit that could be changed.
            for logarithm in (False, True) if problem.outer == TARGET else (False,):
                laws += product_unit_laws(
                    problem.X,
                    problem.t,
                    variables,
                    problem.fitting_weights(),
                    logarithm=logarithm,
                    exponential=exponential,
                    floor=floor,
                    seed=task.options.seed,
                    until=whole_budget(task, UNITS_SHARE),
                )
        laws.sort(key=lambda law: law.bits)
        for law in laws[: MOST_LAWS_OF_FEW_ROWS if small else MOST_LAWS]:
            yield Found(problem.compose(law.expression, variables), problem)


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
