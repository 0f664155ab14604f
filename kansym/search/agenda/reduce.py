"""Engines that make smaller tasks: an interpolant, what it shows of symmetries, and what separates."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from kansym.search.agenda.grounds import SURE, separated
from kansym.search.agenda.task import Proposal, Task
from kansym.structure.fast_factors import without_fast_factor
from kansym.structure.search import GRADIENT_ROWS
from kansym.structure.separability import Slopes, linked_separations
from kansym.structure.settling import SETTLED

DEEPEST, MOST_SEPARATIONS = 4, 3
"""Functions taken out one after another, and separations of one task."""

NEXT = 0.9
"""Chance of a reduction in units of that of the one before."""

SEPARATED, GUESSED, NEXT_SEPARATION = 1.0, 0.3, 0.8
"""Chance of a separation without noise, and with it, where what an interpolant shows is a guess; and that of the next
in units of the one before."""


def interpolant(task: Task) -> Iterator[Proposal]:
    """An interpolant, which says whether there is noise, and of what size."""
    reducer = task.facts.reducer
    task.surrogate, error = reducer.look(task.problem)
    task.facts.seen = True
    if task.surrogate is not None and error > task.expected:
        task.chance = 0.0
    elif _confirmed(task, error):
        task.chance, task.kinds = max(task.chance, SURE), frozenset()
    _tell_of_less_noise(task, error)
    if reducer.noisy and task.problem.weights is None:
        # From here on residuals count as they do in y: a quotient's noise is not the same on all rows.
        task.problem = replace(task.problem, weights=np.ones(len(task.problem.t)))
    yield None


def _confirmed(task: Task, error: float) -> bool:
    """Whether fewer columns tell as much of the target as those of the table did before the step that led here.

    The same rows are held out, so that their noise cancels. With a factor or term that is none more is left: on four
    tables of the paired set 1.2 times as much at least, and of true ones at most as much.
    """
    parent = task.parent
    if parent is None or parent.dimension <= task.dimension or task.surrogate is None:
        return False
    return error <= SETTLED * parent.facts.reducer.lowest


def _tell_of_less_noise(task: Task, error: float) -> None:
    """Where one of a smaller table sees no noise and leaves less, what larger ones left was their own error."""
    one = task.parent
    while one is not None and not task.facts.reducer.noisy and error < one.facts.reducer.lowest:
        one.facts.reducer.lowest, one.facts.reducer.noisy = error, False
        one = one.parent


def reductions(task: Task) -> Iterator[Proposal]:
    """The table in fewer columns, by its symmetries, units and inner functions."""
    reducer = task.facts.reducer
    for number, problem in enumerate(reducer.reduced(task.problem)):
        if len(problem.steps) == len(task.problem.steps):
            return
        surrogate, _ = reducer.surrogate(problem)
        yield task.smaller(problem, chance=NEXT**number, facts=replace(task.facts, seen=True), surrogate=surrogate)


def slow_rests(task: Task) -> Iterator[Proposal]:
    """The table without a factor that turns many times."""
    rest = without_fast_factor(task.problem)
    if rest is not None:
        slow, rows = rest
        yield task.smaller(slow, facts=task.facts.anew(task.facts.reducer.y[rows]), depth=task.depth + 1)


def separations(task: Task) -> Iterator[Proposal]:
    """Functions of one column that may be read on their own: each reading opens what it leaves."""
    surrogate, reducer, problem = task.surrogate, task.facts.reducer, task.problem
    if surrogate is None:
        return
    loose = min(0.1, max(3e-3, 300 * surrogate.error))
    rows = np.random.default_rng(task.options.seed).permutation(len(problem.X))[:GRADIENT_ROWS]
    seen = Slopes.of(surrogate, problem.X[rows])
    chance = GUESSED if reducer.noisy else SEPARATED
    for number, found in enumerate(linked_separations(seen, problem.t, loose)[:MOST_SEPARATIONS]):
        coordinates, link, separation = found
        linked = link.apply(problem if coordinates is None else coordinates.apply(problem))
        if not linked.finite():
            continue
        curve = seen.along(coordinates).under(link).curve(separation)
        task_of_curve = separated(
            task, linked, separation, curve, error=surrogate.error, chance=chance * NEXT_SEPARATION**number
        )
        if task_of_curve is not None:
            yield task_of_curve
