"""Edges that others make up for: pruned although each of them moves the output."""

import numpy as np
import pytest
import torch

from kansym import KAN
from kansym.kan import pruned as module


def dependent(seed):
    """Columns u and u^2, of which the target needs one, beside another one."""
    rng = np.random.default_rng(seed)
    u, w = rng.uniform(0.5, 1.5, (2, 400))
    return np.column_stack([u, u**2, w]), w * u**2


def split_in_two():
    """A network that takes its factor u^2 half from each of the columns that hold it."""
    X, y = dependent(0)
    net = KAN([3, (0, 1)], seed=0).fit(X, y)
    first = net.network.layers[0]
    points = torch.linspace(-1, 1, 50, dtype=torch.float64)
    edges = dict(net.named_parameters())["layers.0.coefficients"]
    u = 1 + 0.5 * points
    squares = 1.25 + points
    for source, values in ((0, u), (1, squares**0.5)):
        curve = first.curves_of(source).fit(points, values[:, None])[:, 0]
        with torch.no_grad():
            edges[0, source, 0] = curve
    return net.fit(X, y), X


def test_one_of_two_columns_that_depend_on_each_other_is_enough():
    net, _ = split_in_two()
    scores = net.attribute().set_index("name")["score"]
    assert min(scores[f"x{source} -> y"] for source in range(3)) > 0.05
    before = net.error.held_out
    done = net.prune(0.05)
    assert done == 1 and done.edges in (("0.0.0",), ("0.1.0",)) and not done.taken_back
    assert net.error.held_out < 10 * max(before, 1e-5)


def test_a_column_that_only_resembles_another_stays():
    rng = np.random.default_rng(1)
    u = rng.uniform(-1, 1, 400)
    X = np.column_stack([u, u + 0.3 * rng.normal(size=400)])
    net = KAN([2, 1], seed=0).fit(X, X[:, 0] + 0.2 * X[:, 1] ** 2)
    assert net.prune() == 0


@pytest.mark.parametrize("most", [1, 24])
def test_large_networks_are_not_tried_edge_by_edge(monkeypatch, most):
    net, _ = split_in_two()
    monkeypatch.setattr(module, "MOST_EDGES", most)
    assert net.prune(0.05) == (most > 2)
