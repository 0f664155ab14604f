"""The benchmark of accuracy: its own layers, its rows, and how its ratios are counted."""

import math

import numpy as np
import pytest
import torch
from scipy.interpolate import BSpline

from benchmarks.accuracy import summary
from benchmarks.accuracy.efficient import DEGREE, EfficientLayer, bases
from benchmarks.accuracy.targets import TARGETS, TEST, draw
from benchmarks.accuracy.trace import Job, TimeIsUpError, Trace


def test_bases_are_those_of_scipy():
    knots = EfficientLayer(1, 1, 5, torch.Generator()).get_buffer("knots")
    x = torch.linspace(-0.99, 0.99, 31, dtype=torch.float64)
    wanted = BSpline.design_matrix(x.numpy(), knots.numpy(), DEGREE).toarray()
    assert bases(x[:, None], knots)[:, 0].numpy() == pytest.approx(wanted, abs=1e-14)


def test_rows_of_all_targets_are_finite_and_their_own():
    assert sorted({len(target.ranges) for target in TARGETS}) == [1, 2, 3, 4, 5, 6] and len(TARGETS) == 10
    for target in TARGETS:
        rows, again, other = draw(target, 0), draw(target, 0), draw(target, 1)
        assert np.isfinite(rows.y).all() and np.isfinite(rows.y_test).all() and len(rows.x_test) == TEST
        assert np.array_equal(rows.y, again.y) and not np.array_equal(rows.y, other.y)
        assert {shape[0] for shape in target.shapes} == {len(target.ranges)}


def test_a_state_counts_where_it_is_the_best_by_validation_and_in_time():
    job = Job("product", 0, (2, 1), "", 1e3)
    trace = Trace(job.rows, job.seconds)
    for factor in (0.5, 0.0, 0.9, np.nan):
        trace.judge(lambda x, factor=factor: factor * x[:, 0] * x[:, 1] * 3)
    assert len(trace.entries) == 2 and trace.entries[1][2] < trace.entries[0][2]
    trace.seconds = 0.0
    with pytest.raises(TimeIsUpError):
        trace.judge(lambda x: 3 * x[:, 0] * x[:, 1])
    assert len(trace.entries) == 2


def test_sooner_is_by_the_error_that_a_peer_ended_with():
    own = [(0.1, 0.3, math.nan), (0.2, 0.1, math.nan), (1.0, 0.01, 0.02)]
    assert summary.sooner(own, [(1.0, 0.5, 0.5), (8.0, 0.1, 0.1)]) == pytest.approx(40.0)
    assert summary.sooner(own, [(8.0, 0.001, 0.001)]) == 0.0


def test_counts():
    own = [[(0.1, 0.01, 0.01)]]
    better = summary.row("a", {"kansym": own, "one": [[(6.0, 0.2, 0.2)]], "other": [[(1.0, 0.05, 0.05)]]})
    worse = summary.row("b", {"kansym": own, "one": [[(6.0, 0.001, 0.001)]], "other": [None]})
    assert better.ratio("one") == pytest.approx(20.0) and better.best_ratio == pytest.approx(5.0)
    assert math.isnan(worse.errors["other"]) and worse.best_ratio == pytest.approx(0.1)
    names = ("not worse", "10 times better", "30 times sooner")
    assert summary.counts([better, worse]) == dict(zip(names, ("1 of 2", "0 of 2", "0 of 2"), strict=True))
    assert summary.counts([better, worse], "one") == dict(zip(names, ("1 of 2", "1 of 2", "1 of 2"), strict=True))
