"""Engines that are asked about all groups at once, and the judge of what they propose."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial

import sympy

from kansym.data.noise import noise_floor
from kansym.groups.compositions import grouped_compositions
from kansym.groups.contest import Contest
from kansym.groups.sums import GroupedSums
from kansym.groups.table import GroupedTable
from kansym.groups.tables import scaled
from kansym.primitives.allowed import allowed_functions
from kansym.search.agenda.engine import Engine, whole_budget
from kansym.search.agenda.task import Found, Proposal, Task
from kansym.symbolic.formula import Formula
from kansym.terms.effort import EFFORTS

COMPOSITIONS, SUMS = 0.35, 0.1
"""Shares of the budget that are planned for compositions of few operations, and for sums."""

COMPOSITIONS_TRIED, SUMS_TRIED = 24, 48
"""Compositions and sums with constants of each group's own that are tried."""

NEAR_NATS = 17.0
"""Nats behind the best up to which the first are."""


@dataclass(frozen=True, eq=False)
class FoundOfGroups(Found):
    """A form for all groups.

    Attributes
    ----------
    others : mapping of int to sympy.Expr, or None
        The same with other constants, for some groups to start from.
    """

    others: Mapping[int, sympy.Expr] | None = None


class GroupGround:
    """All groups: a form is fitted to each, and its constants are decided on.

    Parameters
    ----------
    contest : Contest
    """

    def __init__(self, contest: Contest) -> None:
        self.contest = contest

    @property
    def pick(self) -> Formula | None:
        return None

    @property
    def settled(self) -> bool:
        return False

    def take(self, found: Found) -> list[Task]:
        """Try a form on all groups."""
        self.contest.offer(found.expression, found.others if isinstance(found, FoundOfGroups) else None)
        return []


def engines_of_groups(table: GroupedTable) -> list[Engine]:
    """The engines that are asked about all groups of a table."""
    found = [Engine("compositions of groups", _grouped, partial(compositions, table), like="compositions")]
    if table.dataset.n_columns in EFFORTS:
        found.append(Engine("sums of groups", _grouped, partial(sums, table), like="sums", kind="terms"))
    return found


def compositions(table: GroupedTable, task: Task) -> Iterator[Proposal]:
    """Compositions of few operations that describe all groups, with constants of each group's own."""
    found = grouped_compositions(
        table,
        _noise(table),
        allowed_functions(task.options.primitives),
        seed=task.options.seed,
        until=whole_budget(task, COMPOSITIONS),
        handed=COMPOSITIONS_TRIED,
        near=NEAR_NATS,
    )
    for one in found:
        yield _proposal(task, one)


def sums(table: GroupedTable, task: Task) -> Iterator[Proposal]:
    """Sums whose coefficients are each group's own."""
    made = GroupedSums(table, _noise(table), allowed_functions(task.options.primitives), seed=task.options.seed)
    for one in made.expressions(whole_budget(task, SUMS), SUMS_TRIED):
        # One formula is for all groups.
        yield _proposal(task, dict(zip(made.groups, one, strict=False)))


def _proposal(task: Task, formulas: Mapping[int, sympy.Expr]) -> FoundOfGroups:
    first = next(iter(formulas.values()))
    return FoundOfGroups(first, task.problem, others=formulas if len(formulas) > 1 else None)


def _noise(table: GroupedTable) -> float:
    """Noise in units of each group's own size, where errors are given, else 0."""
    return 0.0 if table.dataset.y_error is None else noise_floor(scaled(table))


def _grouped(task: Task) -> bool:
    return isinstance(task.ground, GroupGround)
