"""Fits that go on to finer grids: how accurate they are, also beyond the rows, and when they end."""

import numpy as np
import pytest
import torch

from kansym import KAN
from kansym.errors import ArgumentError
from kansym.kan.rescaling import INPUT_ROOM, with_room
from kansym.kan.spline import roughness

GRIDS = (6, 12, 24)


def _table(n=800, seed=0):
    X = np.random.default_rng(seed).uniform(-1, 1, (n, 2))
    return X, np.exp(np.sin(np.pi * X[:, 0]) + X[:, 1] ** 2)


def _error(net, rows):
    X, y = rows
    return float(np.sqrt(np.mean((net.predict(X) - y) ** 2)) / y.std())


def test_a_fit_on_finer_grids_is_far_more_accurate_than_one_fit_after_another():
    by_hand = KAN([2, 1, 1], grid=3, seed=0).fit(*_table())
    for grid in GRIDS:
        by_hand.refine(grid).fit(*_table())
    net = KAN([2, 1, 1], grid=3, seed=0).fit(*_table(), grids=GRIDS)
    assert net.grid == 24
    # New rows, some of them beyond the old ones.
    assert _error(net, _table(2000, 1)) < min(2e-5, _error(by_hand, _table(2000, 1)) / 2)
    steps = net.history["step"]
    assert steps.is_monotonic_increasing and set(net.history["fit"]) == {1}


def test_the_same_seed_gives_the_same_network():
    first, second = (KAN([2, 1, 1], grid=3, seed=3).fit(*_table(), grids=(6,), steps=12) for _ in range(2))
    assert np.array_equal(first.predict(_table()[0]), second.predict(_table()[0]))


def test_a_fit_ends_where_rows_that_are_held_out_gain_no_more():
    X, y = _table(600)
    noisy = y + np.random.default_rng(1).normal(0, 0.1, len(y))
    net = KAN([2, 1, 1], grid=3, seed=0).fit(X, noisy, grids=(6, 12, 24, 48))
    assert net.grid < 48 and net.error.held_out < 0.2
    # 6 edges of 83 coefficients are more than the rows.
    X, y = _table(200)
    assert KAN([2, 2, 1], grid=3, seed=0).fit(X, y, grids=(80,), steps=5).grid == 3


def test_the_callback_ends_all_grids():
    seen = []
    net = KAN([2, 1, 1], grid=3, seed=0)
    net.fit(*_table(), grids=GRIDS, callback=lambda step, error: seen.append(step) or len(seen) == 8)
    assert len(seen) == 8 and len(net.history) == 8


def test_cubic_polynomials_cost_nothing_with_differences_of_order_four():
    # Coefficients of t^3 on even knots are a cubic polynomial of their number.
    coefficients = torch.arange(9, dtype=torch.float64) ** 3
    assert float((roughness(6, differences=4) @ coefficients).abs().max()) < 1e-9
    assert float((roughness(6) @ coefficients).abs().max()) > 1.0


def test_room_moves_grids_and_keeps_curves():
    net = KAN([2, 1, 1], grid=6, seed=0).fit(*_table()).refine(24)
    x = net._rows(net.table.train)[0]
    roomy = with_room(net.network, x)
    first = roomy.layers[0]
    reach = (x[:, None] - first.center[0]).abs() / first.half_width[0]
    assert float(reach.max()) <= 1 / (1 + INPUT_ROOM) + 1e-12
    hidden = roomy.trace(x, need_slope=False)[1][0]
    assert float(((hidden - roomy.layers[1].center) / roomy.layers[1].half_width).abs().max()) < 0.92
    assert float((roomy(x) - net.network(x)).abs().max()) < 1e-2
    again = with_room(roomy, x)
    assert torch.equal(again.layers[0].center, first.center)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"grids": (6, 6)}, "ascend from the network's 3"),
        ({"grids": (3,)}, "ascend from the network's 3"),
        ({"grids": (6.0,)}, "whole numbers"),
        ({"grids": (6, 500)}, "finer than 200"),
        ({"grids": (6,), "lamb": 0.01}, "without lamb"),
        ({"grids": (6,), "optimizer": "adam"}, "optimizer='lm'"),
    ],
)
def test_grids_that_cannot_be_used(arguments, words):
    with pytest.raises(ArgumentError, match=words):
        KAN([2, 1, 1], grid=3).fit(*_table(50), **arguments)
