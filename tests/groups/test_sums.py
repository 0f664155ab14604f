"""Sums whose coefficients are each group's own: found on groups too small to show them."""

import math

import numpy as np
import pytest
import sympy

from kansym import clock
from kansym.data.dataset import make_dataset
from kansym.groups.contest import Contest
from kansym.groups.sums import GroupedSums
from kansym.groups.table import grouped_table

NOISE, SECONDS, MOST = 0.02, 4.0, 30
AMPLITUDES = (1.2, 2.4, 0.7, 1.6, 3.1)


@pytest.fixture(scope="module")
def table():
    """Five groups of 25 rows of ``a*sin(2*v) + b*v**1.5``, a of each group's own and b shared."""
    rng = np.random.default_rng(3)
    codes = np.repeat(np.arange(5), 25)
    v = rng.uniform(0.4, 4, len(codes))
    y = np.array(AMPLITUDES)[codes] * np.sin(2 * v) + 1.8 * v**1.5
    y = y + NOISE * y.std() * rng.standard_normal(len(y))
    return grouped_table(make_dataset(v[:, None], y, names=["v"]), [f"g{k}" for k in codes], "run")


@pytest.fixture(scope="module")
def sums(table):
    with clock.budget(60, deterministic=True):
        return list(GroupedSums(table, 0.0).expressions(SECONDS, MOST))


@pytest.mark.long
def test_the_sum_of_two_terms_is_found_and_its_constants_are_told_apart(table, sums):
    contest = Contest(table, math.inf)
    for one in sums[:8]:
        contest.offer(one[0], dict(enumerate(one)))
    contest.improve()
    best = contest.best
    assert (~best.shared).sum() == 1
    v = np.linspace(0.4, 4, 30)
    for constants, amplitude in zip(best.fit.values, AMPLITUDES, strict=True):
        law = amplitude * np.sin(2 * v) + 1.8 * v**1.5
        np.testing.assert_allclose(best.form.with_values(constants).evaluate(v[:, None]), law, atol=0.1)


@pytest.mark.long
def test_they_are_the_same_for_the_same_seed(table, sums):
    assert len(sums) == MOST
    with clock.budget(60, deterministic=True):
        assert list(GroupedSums(table, 0.0).expressions(SECONDS, MOST)) == sums


@pytest.mark.long
def test_a_function_with_constants_of_each_group_comes_with_a_start_for_each(decays):
    t, y, names = decays
    lifetimes = grouped_table(make_dataset(t[:, None], y, names=["t"]), names, "sample")
    with clock.budget(60, deterministic=True):
        found = list(GroupedSums(lifetimes, 0.0).expressions(1.0, MOST))
    (symbol,) = lifetimes.variables
    decay = next(one for one in found if len(one) == 4 and one[0].count(sympy.exp) == 1 and len(one[0].args) == 2)
    rates = [next(iter(one.atoms(sympy.exp))).args[0] / symbol for one in decay]
    np.testing.assert_allclose([float(-1 / rate) for rate in rates], [2.0, 1.0, 1.5, 3.0], rtol=0.3)
