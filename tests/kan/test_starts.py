import numpy as np
import pytest
import torch

from kansym import KAN
from kansym.kan.starts import drawn_starts

X = np.random.default_rng(0).uniform(-1, 1, (200, 4))


def edges(population, layer=0):
    """Which edges each network of a population has in a layer."""
    return [tuple(map(tuple, mode.nonzero().tolist())) for mode in population.layers[layer].mode]


@pytest.mark.parametrize(
    ("shape", "rules", "into"),
    [([4, (0, 1), 1], {"arity": 2}, 2), ([4, 2, 1], {"fan_in": 1}, 2), ([4, (1, 1), 1], {"arity": 2, "fan_in": 3}, 5)],
)
def test_every_start_is_dealt_its_own_edges(shape, rules, into):
    net = KAN(shape, seed=1, **rules)
    found = edges(drawn_starts(net.network, 16, 2, net._dealt))
    assert found[0] == edges(net.network)[0]
    assert all(len(one) == into for one in found) and len(set(found)) > 3
    assert found == edges(drawn_starts(net.network, 16, 2, net._dealt))
    assert drawn_starts(net.network, 1, 2, net._dealt).population == 1


@pytest.mark.parametrize("rules", [{}, {"fan_in": 2, "nearest": True}])
def test_edges_that_are_not_random_are_those_of_the_network(rules):
    net = KAN([4, 3, 1], seed=1, **rules)
    starts = drawn_starts(net.network, 8, 2, net._dealt)
    assert len(set(edges(starts))) == 1
    curves = starts.layers[0].coefficients
    assert not torch.equal(curves[1], curves[2]) and torch.equal(curves[0], net.network.layers[0].coefficients[0])


def test_edges_that_were_removed_stay_so_in_all_starts():
    net = KAN([4, (0, 2), 1], arity=2, seed=0).fit(X, X.prod(1), steps=0)
    net.remove_edge(net.edges.splines[0].name)
    assert len(set(edges(drawn_starts(net.network, 8, 1, net._dealt)))) == 1
    left = [edge.name for edge in net.edges.splines]
    net.fit(X, X.prod(1), starts=8, steps=5)
    assert [edge.name for edge in net.edges.splines] == left


def test_the_right_pair_is_found_among_the_starts():
    x = X[:, :3]
    net = KAN([3, (0, 1), 1], arity=2, seed=1).fit(x, x[:, 1] * x[:, 2], starts=16, steps=25)
    assert [edge.name for edge in net.edges.splines] == ["x1 -> h1.0", "x2 -> h1.0", "h1.0 -> y"]
    assert net.error.train < 1e-6
