"""Ordinary tables that groups make: what is good on one of them is tried on all groups."""

import math

import numpy as np
import pytest
import sympy

from kansym import DiscoveryOptions, clock
from kansym.data.dataset import make_dataset
from kansym.groups.contest import Contest
from kansym.groups.table import grouped_table
from kansym.groups.tables import TableGround, columns_of, scaled, with_constants
from kansym.search.agenda.task import Found, Task, prepared_rows
from kansym.search.found import FoundFormulas
from kansym.symbolic.naming import plain_symbol
from kansym.symbolic.parser import parse_expression


@pytest.fixture
def table(decays):
    t, y, names = decays
    return grouped_table(make_dataset(t[:, None], y, names=["t"]), names, "sample")


def test_groups_in_units_of_their_own_have_a_mean_square_of_one(table):
    y = scaled(table).y
    for g in range(table.n_groups):
        assert np.mean(y[table.rows_of(g)] ** 2) == pytest.approx(1.0)


def test_errors_are_in_the_same_units(decays):
    t, y, names = decays
    table = grouped_table(make_dataset(t[:, None], y, names=["t"], y_error=0.1 * y), names, "sample")
    np.testing.assert_allclose(scaled(table).y_error, 0.1 * scaled(table).y)


def test_constants_of_each_group_become_columns(table):
    contest = Contest(table, math.inf)
    with clock.running(clock.Clock()):
        contest.offer(parse_expression("3.03*exp(-0.513*t)", ["t"]).xreplace({plain_symbol("t"): table.variables[0]}))
    (best, *_) = contest.found
    extended, form = with_constants(best, table)
    own = int((~best.shared).sum())
    assert own and extended.X.shape == (len(t_of(table)), 1 + own)
    np.testing.assert_array_equal(extended.X[:, 1:], best.fit.values[table.codes][:, ~best.shared])
    left = form.evaluate(extended.X) - extended.y
    np.testing.assert_allclose(left**2 @ np.ones(len(left)), best.fit.residuals @ best.fit.residuals, rtol=1e-6)


def t_of(table):
    return table.dataset.X[:, 0]


def test_what_is_good_on_one_table_is_tried_on_all_groups_once(table):
    options = DiscoveryOptions(max_seconds=5)
    contest = Contest(table, math.inf)
    with clock.running(clock.Clock()):
        rows = prepared_rows(table.of(0), options)
        ground = TableGround(FoundFormulas(rows, math.inf), contest, columns_of(table))
        task = Task.of_table(rows, ground, options)
        law = parse_expression("5.1*exp(-0.513*t) + 0.513", ["t"]).xreplace({plain_symbol("t"): rows.variables[0]})
        assert ground.take(Found(law, task.problem)) == []
        assert contest.best is not None and contest.best.form.expression.has(sympy.exp)
        tried = contest.tried
        for formula in ground.near():
            ground.offer(formula)
    assert contest.tried == tried
