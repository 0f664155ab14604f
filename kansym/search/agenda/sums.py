"""Engines of sums of products and of compositions, which fit constants inside functions."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from kansym.provenance import signing
from kansym.search.agenda.curves import permitted
from kansym.search.agenda.engine import whole_budget
from kansym.search.agenda.task import Proposal, Task
from kansym.terms.enumeration import Enumeration
from kansym.terms.pursuit import Pursuit, suits
from kansym.terms.wave_columns import waves_at_once

MOST_COLUMNS = 2
"""Columns of tables whose compositions are tried: of more, those of few operations say little."""

FEWEST_ROWS = 7
"""Rows from which on there are compositions."""

WAVES, SUMS = 1 / 8, 1 / 2
"""Share of the budget that is planned for."""


def compositions(task: Task) -> Iterator[Proposal]:
    """Every tree of few operations, one size after another."""
    X, y, weights, variables = task.table()
    enumeration = Enumeration(X, y, variables, **task.told(task.evened(y, weights)))
    while not enumeration.done:
        yield from permitted(task, enumeration.formulas(whole_budget(task), few=enumeration.expected))
        yield None


def waves(task: Task) -> Iterator[Proposal]:
    """Sums of waves of many turns, which no interpolant sees."""
    X, y, weights, variables = task.table()
    root = np.ones(len(y)) if weights is None else np.sqrt(weights)
    seed, seconds = task.options.seed, WAVES * task.options.max_seconds
    others = signing("wave columns", lambda: waves_at_once(X, y, root, variables, seed=seed, seconds=seconds))
    yield from permitted(task, others)


def sums(task: Task) -> Iterator[Proposal]:
    """Sums of products of functions, by pursuit."""
    X, y, weights, variables = task.table()
    pursuit = Pursuit(X, y, variables, device=task.device, enough=task.noise, **task.told(task.evened(y, weights)))
    until = whole_budget(task, SUMS)
    yield from permitted(task, pursuit.formulas(until))


def composable(task: Task) -> bool:
    """Whether there are compositions of so many columns."""
    return 0 < task.dimension <= MOST_COLUMNS and task.n_rows >= FEWEST_ROWS and bool(np.ptp(task.problem.t) > 0)


def summable(task: Task) -> bool:
    """Whether a sum of products can be told from others."""
    if task.dimension == 0:
        return False
    X, y, _, _ = task.table()
    return suits(X, y)
