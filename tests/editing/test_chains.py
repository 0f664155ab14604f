"""Two curves in a row: one is made straight before functions are chosen."""

import numpy as np
import pytest
import torch

from kansym import KAN
from kansym.kan.layer import EdgeMode
from kansym.kan.straightening import chains, straightened

X = np.random.default_rng(0).uniform(-1, 1, (400, 2))


def bent(base="none", shape=(2, 2, (0, 1))):
    """x*(y + 2), each factor of which goes through a node of its own whose curve is a sine, with its inverse behind."""
    net = KAN(shape, grid=6, base=base, seed=0).fit(X, X[:, 0] * (X[:, 1] + 2), steps=0)
    net.remove_edge("x0 -> h1.1").remove_edge("x1 -> h1.0")
    points = torch.linspace(-1, 1, 100, dtype=torch.float64)
    first = net.network.layers[0]
    coefficients = dict(net.named_parameters())["layers.0.coefficients"]
    with torch.no_grad():
        for node in (0, 1):
            curve = first.curves_of(node).fit(points, torch.sin(1.3 * points)[:, None])
            coefficients[0, node, node] = curve[:, 0]
    return net.fit(X, X[:, 0] * (X[:, 1] + 2))


@pytest.mark.parametrize("base", ["none", "silu"])
def test_the_output_stays_and_the_first_curve_is_straight(base):
    net = bent(base)
    x, before = net._sample(None), net.network.with_grid(24)
    assert chains(before) == [(0, 0, 0), (0, 1, 1)]
    after = straightened(before, chains(before), x)
    assert after.shape == before.shape
    assert (after(x) - before(x)).square().mean().sqrt() < 3e-3 * before(x).std()
    for node in (0, 1):
        into = (network.trace(x, need_slope=False)[1][0][0, :, node] for network in (before, after))
        bends = [1 - torch.corrcoef(torch.stack([x[:, node], made]))[0, 1] ** 2 for made in into]
        assert bends[1] < 1e-12 < 1e-4 < bends[0]


def test_a_node_of_two_curves_or_of_a_function_is_left_alone():
    net = KAN([2, 1, 1], seed=0).fit(X, np.exp(X.sum(1)), starts=1, steps=5)
    assert chains(net.network) == []
    net.remove_edge("x1 -> h1.0")
    assert chains(net.network) == [(0, 0, 0)]
    net.edges["x0 -> h1.0"].fix("sin")
    assert chains(net.network) == []
    assert int(net.network.layers[0].mode[0, 0, 0]) == EdgeMode.SYMBOLIC


@pytest.mark.long
def test_no_function_is_read_next_to_its_inverse():
    net = bent()
    assert net.auto()["0.0.0"] == "x"
    assert str(net.formula()) == "y = x0*(x1 + 2)"
