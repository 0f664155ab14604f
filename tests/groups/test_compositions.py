"""Compositions with constants of each group's own: found on groups too small to show them."""

import math

import numpy as np
import pytest
import sympy

from kansym import clock
from kansym.data.dataset import make_dataset
from kansym.groups.compositions import GroupedEnumeration
from kansym.groups.contest import Contest
from kansym.groups.table import grouped_table

NOISE, SECONDS = 0.02, 4.0
SCALES = (0.6, 0.9, 1.4, 1.7, 2.2)
COUNTS = (14, 25, 19, 30, 22)


def law(u, w, scale):
    return 2.4 * (1 - np.exp(-((u / scale) ** w)))


@pytest.fixture(scope="module")
def table():
    """Five groups of 14 to 30 rows of ``c*(1 - exp(-(u/a)**w))``, a of each group's own."""
    rng = np.random.default_rng(4)
    codes = np.repeat(np.arange(5), COUNTS)
    u, w = rng.uniform(0.1, 4, len(codes)), rng.uniform(0.5, 3, len(codes))
    y = law(u, w, np.array(SCALES)[codes])
    y = y + NOISE * y.std() * rng.standard_normal(len(y))
    return grouped_table(make_dataset(np.column_stack([u, w]), y, names=["u", "w"]), [f"g{k}" for k in codes], "run")


def found(table):
    with clock.budget(60, deterministic=True):
        engine = GroupedEnumeration(table, 0.0)
        return list(engine.expressions(clock.now() + SECONDS, few=2000, handed=12, near=20.0))


@pytest.fixture(scope="module")
def forms(table):
    return found(table)


@pytest.mark.long
def test_an_exponent_that_is_an_input_is_found_with_a_start_for_each_group(table, forms):
    X = np.random.default_rng(0).uniform([0.1, 0.5], [4, 3], (50, 2))
    for formula, scale in zip(forms[0], SCALES, strict=True):
        values = sympy.lambdify(table.variables, formula)(*X.T)
        np.testing.assert_allclose(values, law(*X.T, scale), atol=0.15)


@pytest.mark.long
def test_what_its_constants_share_is_told(table, forms):
    contest = Contest(table, math.inf)
    contest.offer_all([one[0] for one in forms], [dict(enumerate(one)) for one in forms])
    contest.improve()
    best = contest.best
    assert (~best.shared).sum() == 1
    assert best.shared.sum() == 1
    X = np.random.default_rng(0).uniform([0.1, 0.5], [4, 3], (50, 2))
    for constants, scale in zip(best.fit.values, SCALES, strict=True):
        np.testing.assert_allclose(best.form.with_values(constants).evaluate(X), law(*X.T, scale), atol=0.05)


@pytest.mark.long
def test_they_are_the_same_for_the_same_seed(table, forms):
    assert found(table) == forms


@pytest.mark.long
def test_groups_count_alike_whatever_the_size_of_their_target(table, forms):
    dataset = table.dataset
    larger = dataset.y * np.array([1.0, 1e3, 1.0, 1e-3, 1.0])[table.codes]
    other = make_dataset(dataset.X, larger, names=["u", "w"])
    again = found(grouped_table(other, [table.names[code] for code in table.codes], "run"))
    X = np.random.default_rng(0).uniform([0.1, 0.5], [4, 3], (50, 2))
    for formula, before, factor in zip(again[0], forms[0], (1.0, 1e3, 1.0, 1e-3, 1.0), strict=True):
        values, expected = (sympy.lambdify(table.variables, one)(*X.T) for one in (formula, before))
        np.testing.assert_allclose(values / factor, expected, rtol=1e-4, atol=1e-6)


@pytest.mark.long
def test_a_group_whose_column_is_constant_is_no_error():
    t = np.concatenate([np.linspace(0, 3, 12), np.full(12, 1.0)])
    y = np.exp(-t) + np.repeat([0.0, 0.2], 12) + 0.01 * np.random.default_rng(1).standard_normal(24)
    table = grouped_table(make_dataset(t[:, None], y, names=["t"]), ["a"] * 12 + ["b"] * 12, "run")
    with clock.budget(60, deterministic=True):
        assert list(GroupedEnumeration(table, 0.0).expressions(clock.now() + 1, few=500, handed=3, near=20.0))
