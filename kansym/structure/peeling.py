"""What is left of a problem once terms and factors that show at once are taken away, one layer after another."""

import math
from collections.abc import Iterator

import numpy as np

from kansym import clock
from kansym.structure.leaf import symbols
from kansym.structure.links import usable_links
from kansym.structure.problem import Problem
from kansym.structure.whole_terms import Whole, whole_factors, whole_terms

LAYERS, MOST = 4, 5
"""Terms, factors and links one after another, and problems that are handed on."""

OUTER = ("square", "log", "exp", "reciprocal")
"""Functions of y under which terms and factors are looked for where y itself shows none."""


def peeled(problem: Problem, *, until: float = math.inf) -> Iterator[Problem]:
    """Problems of fewer columns by whole coefficients and exponents, see `kansym.structure.whole_terms`.

    Each is a guess, which holds for a law without noise if what is left does not depend on the columns that are gone.

    Parameters
    ----------
    problem : Problem
    until : float
        `kansym.clock.now` value to stop at.
    """
    waiting, found = [(problem, 0)], 0
    while waiting and found < MOST and not clock.late(until):
        whole, layer = waiting.pop(0)
        for rest in _layer(whole):
            found += 1
            yield rest
            if layer + 1 < LAYERS:
                waiting.append((rest, layer + 1))


def _layer(problem: Problem) -> list[Problem]:
    """The problem less one layer, in each way there is."""
    found = _less(problem)
    if found or problem.dimension < 2:
        return found
    for link in usable_links(problem.t, exact=True):
        if link.name in OUTER:
            linked = link.apply(problem)
            found += _less(linked) if linked.finite() else []
    return found


def _less(problem: Problem) -> list[Problem]:
    """The problem less terms, and less factors."""
    variables = symbols(problem.dimension)
    both = (engine(problem.X, problem.t, variables) for engine in (whole_terms, whole_factors))
    found = [_without(problem, whole) for whole in both if whole is not None]
    return [rest for rest in found if rest.finite() and np.ptp(rest.t) > 0]


def _without(problem: Problem, whole: Whole) -> Problem:
    expression = whole.expression.xreplace(dict(zip(symbols(problem.dimension), problem.columns, strict=True)))
    return problem.less(whole.gone, expression, whole.values, product=whole.product)
