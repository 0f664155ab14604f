"""The nearest rival of a form for all groups is one that says something else."""

import math

import numpy as np
import pytest
import sympy

from kansym.data.dataset import make_dataset
from kansym.groups.contest import Contest
from kansym.groups.outcome import _nearest
from kansym.groups.table import grouped_table


@pytest.fixture(scope="module")
def contest():
    """``V x/(K + x)`` with V of each group, in two gauges, with a constant to spare, and beside another form."""
    rng = np.random.default_rng(4)
    codes = np.repeat(np.arange(3), 40)
    x = rng.uniform(0.2, 4, len(codes))
    y = np.array([2.0, 3.0, 5.0])[codes] * x / (1.3 + x) + 0.1 * rng.standard_normal(len(x))
    table = grouped_table(make_dataset(x[:, None], y, names=["x"]), [f"g{k}" for k in codes], "run")
    (v,) = table.variables
    number = sympy.Float
    found = Contest(table, math.inf)
    for form in (
        number(2.1) * v / (v + number(1.2)),
        number(1.7) / (number(0.8) + 1 / v),
        number(2.1) * (v + number(0.01)) / (v + number(1.2)),
        number(3.1) * (1 - sympy.exp(-number(0.7) * v)) + number(0.1),
    ):
        found.offer(form)
    return found


def test_other_gauges_and_constants_to_spare_are_no_rivals(contest):
    best, *others = contest.found
    (curve,) = (one for one in others if one.form.expression.has(sympy.exp))
    same = [one for one in others if one is not curve]
    # The law in another gauge and with a constant to spare come before what says something else.
    assert len(same) == 2 and max(one.bits for one in same) < min(curve.bits, best.bits + 10.0)
    assert _nearest(best, contest.judge, contest.found) == pytest.approx(curve.bits - best.bits)
    assert _nearest(best, contest.judge, [best, *same]) == math.inf
