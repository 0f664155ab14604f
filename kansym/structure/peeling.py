# sympy's operations are typed as returning Basic, which makes these checks fail on correct code.
# pyright: reportArgumentType=false
"""What is left of a problem once terms and factors that show at once are taken away, one layer after another."""

import math
from collections.abc import Iterator

import numpy as np

from kansym import clock
from kansym.structure.leaf import symbols
from kansym.structure.links import usable_links
from kansym.structure.problem import Problem
from kansym.structure.whole_terms import (
    LEAST_ROWS,
    Whole,
    dominant_term,
    likely_factors,
    whole_factors,
    whole_terms,
)

LAYERS, MOST = 4, 5
"""Terms, factors and links one after another, and problems that are handed on."""

LOST = 1e3
"""Size of a term, in units of what it leaves, beyond which rows are left out."""

OUTER = ("square", "log", "exp", "reciprocal")
"""Functions of y under which terms and factors are looked for where y itself shows none."""


def peeled(problem: Problem, *, until: float = math.inf) -> Iterator[Problem]:
    """Problems of fewer columns by whole coefficients and exponents, see `kansym.structure.whole_terms`.

    Each is a guess, which holds for a law without noise if what is left does not depend on the columns that are gone;
    so the last ones are those of the first layer with all columns. Of few rows there are likely factors alone.

    Parameters
    ----------
    problem : Problem
    until : float
        `kansym.clock.now` value to stop at.
    """
    for whole in likely_factors(problem.X, problem.t, symbols(problem.dimension)):
        rest = _less(problem, whole, whole.gone)
        if rest.finite() and np.ptp(rest.t) > 0:
            yield rest
    waiting, found, first = [(problem, 0)], 0, list[tuple[Problem, Whole]]()
    while waiting and found < MOST and not clock.late(until):
        whole, layer = waiting.pop(0)
        layers = _layers(whole)
        first = layers if whole is problem else first
        for rest in (_less(*one, one[1].gone) for one in layers):
            found += 1
            yield rest
            if layer + 1 < LAYERS:
                waiting.append((rest, layer + 1))
    yield from (_less(*one, ()) for one in first)


def _layers(problem: Problem) -> list[tuple[Problem, Whole]]:
    """What can be taken away, of the problem or else of functions of its target."""
    if problem.dimension < 2:
        return []
    found = _wholes(problem)
    if not found:
        links = (link for link in usable_links(problem.t, exact=True) if link.name in OUTER)
        for linked in (link.apply(problem) for link in links):
            found += _wholes(linked) if linked.finite() else []
    return [one for one in found if (rest := _less(*one, ())).finite() and np.ptp(rest.t) > 0]


def _wholes(problem: Problem) -> list[tuple[Problem, Whole]]:
    variables = symbols(problem.dimension)
    every = (engine(problem.X, problem.t, variables) for engine in (whole_terms, whole_factors, dominant_term))
    return [(problem, whole) for whole in every if whole is not None]


def _less(problem: Problem, whole: Whole, gone: tuple[int, ...]) -> Problem:
    expression = whole.expression.xreplace(dict(zip(symbols(problem.dimension), problem.columns, strict=True)))
    rest = problem.less(gone, expression, whole.values, product=whole.product)
    if whole.product or gone == whole.gone != ():
        return rest
    # Where a term is very large the digits of what it leaves are lost.
    small = np.flatnonzero(np.abs(whole.values) < LOST * np.median(np.abs(rest.t)))
    return rest.on(small) if len(problem.t) > len(small) >= LEAST_ROWS else rest
