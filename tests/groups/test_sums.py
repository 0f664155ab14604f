"""Sums whose coefficients are each group's own: found on groups too small to show them."""

import math

import numpy as np
import pytest

from kansym import clock
from kansym.data.dataset import make_dataset
from kansym.groups.contest import Contest
from kansym.groups.sums import GroupedSums
from kansym.groups.table import grouped_table

NOISE, SECONDS, MOST = 0.02, 4.0, 30


@pytest.fixture(scope="module")
def table():
    """Five groups of 25 rows of ``a*u*log(v) + b/v**1.5``, a of each group's own and b shared."""
    rng = np.random.default_rng(3)
    codes = np.repeat(np.arange(5), 25)
    u, v = rng.uniform(0.5, 4, len(codes)), rng.uniform(0.4, 3, len(codes))
    a = np.array([1.2, 2.4, 0.7, 1.6, 3.1])
    y = a[codes] * u * np.log(v) + 1.8 * v**-1.5
    y = y + NOISE * y.std() * rng.standard_normal(len(y))
    return grouped_table(make_dataset(np.column_stack([u, v]), y, names=["u", "v"]), [f"g{k}" for k in codes], "run")


@pytest.fixture(scope="module")
def sums(table):
    with clock.budget(60, deterministic=True):
        return list(GroupedSums(table, 0.0).expressions(SECONDS, MOST))


def test_the_sum_of_two_terms_is_found_and_its_constants_are_told_apart(table, sums):
    contest = Contest(table, math.inf)
    for one in sums:
        contest.offer(one[0], dict(enumerate(one)))
    contest.improve()
    best = contest.best
    u, v = table.variables
    # Without constants the form is the law, whatever it is written like.
    at = {symbol: 1.0 for symbol in best.form.constants}
    values = [float(best.form.expression.subs(at).subs({u: 2.0, v: point})) for point in (0.5, 1.0, 2.0)]
    np.testing.assert_allclose(values, [2.0 * math.log(point) + point**-1.5 for point in (0.5, 1.0, 2.0)], rtol=1e-12)
    assert best.shared.sum() == 1
    assert best.fit.values[0, np.flatnonzero(best.shared)[0]] == pytest.approx(1.8, rel=0.02)


def test_they_are_the_same_for_the_same_seed(table, sums):
    assert len(sums) == MOST
    with clock.budget(60, deterministic=True):
        assert list(GroupedSums(table, 0.0).expressions(SECONDS, MOST)) == sums


def test_what_there_is_comes_when_time_is_up(table):
    with clock.budget(60, deterministic=True):
        assert list(GroupedSums(table, 0.0).expressions(0.0, MOST))
