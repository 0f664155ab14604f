"""Engines that are asked about all groups at once propose the law of a planted table, by group."""

import math

import numpy as np
import pytest
import sympy

from kansym import DiscoveryOptions, clock
from kansym.data.dataset import make_dataset
from kansym.groups.contest import Contest
from kansym.groups.engines import FoundOfGroups, GroupGround, engines_of_groups
from kansym.groups.table import grouped_table
from kansym.groups.tables import scaled
from kansym.search.agenda.task import Task, prepared_rows

OPTIONS = DiscoveryOptions(max_seconds=10, deterministic=True)


@pytest.fixture
def task(decays):
    """The task of describing all groups, with their table and where forms are tried."""
    t, y, names = decays
    table = grouped_table(make_dataset(t[:, None], y, names=["t"]), names, "sample")
    contest = Contest(table, math.inf)
    whole = Task.of_table(prepared_rows(scaled(table), OPTIONS), GroupGround(contest), OPTIONS, given=False)
    return whole, table, contest


@pytest.mark.parametrize("place", [0, 1])
def test_the_law_of_all_groups_is_proposed_with_constants_of_each(task, place):
    whole, table, contest = task
    engine = engines_of_groups(table)[place]
    assert engine.suits(whole) and engine.measured in ("compositions", "sums")
    with clock.running(clock.Clock()), np.errstate(all="ignore"):
        for proposal in engine.propose(whole):
            assert isinstance(proposal, FoundOfGroups)
            assert whole.ground.take(proposal) == []
            if contest.best is not None and contest.best.form.expression.has(sympy.exp):
                break
    assert contest.best is not None and contest.best.form.expression.has(sympy.exp)


def test_an_ordinary_table_is_not_asked(task):
    whole, table, _ = task
    other = Task.of_table(whole.rows, None, OPTIONS)
    assert not any(engine.suits(other) for engine in engines_of_groups(table))
