"""What is expected of engines."""

from itertools import pairwise

import pytest

from kansym.search.agenda.engines import ENGINES
from kansym.search.agenda.yields import YIELDS, expected, had


def test_every_engine_has_its_yields_and_nobody_else():
    assert set(YIELDS) == {one.name for one in ENGINES} | {"revise"}


@pytest.mark.parametrize("name", YIELDS)
@pytest.mark.parametrize("noisy", [False, True])
def test_shares_rise_and_what_is_expected_falls_in_the_end(name, noisy):
    curve = YIELDS[name][noisy]
    assert all(a[0] < b[0] and a[1] < b[1] for a, b in pairwise(curve))
    assert all(0 < share < 1 for _, share in curve)
    early, late = (expected(name, noisy=noisy, spent=spent) for spent in (0.0, 100.0))
    assert 0 < late[0] / late[1] < early[0] / early[1]


@pytest.mark.parametrize("name", YIELDS)
def test_what_an_engine_would_have_had_is_in_the_table(name):
    curve = YIELDS[name][True]
    assert had(name, noisy=True, spent=0.0) == 0.0
    assert [had(name, noisy=True, spent=work) for work, _ in curve] == [share for _, share in curve]


def test_the_table_is_small():
    assert sum(2 * len(curve) for both in YIELDS.values() for curve in both) <= 300
