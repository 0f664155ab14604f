"""Nodes added by hand: the output stays close, and the law comes out."""

import numpy as np
import pytest
import sympy

from kansym import ArgumentError, edit, make_dataset
from kansym.editing.network import EditableNetwork
from kansym.kan.consistency import inconsistency


def table():
    rng = np.random.default_rng(0)
    X = rng.uniform(0.5, 2, (250, 3))
    return make_dataset(X, 3 * X[:, 0] * X[:, 1] + np.sin(2 * X[:, 2]), names=["x", "z", "w"], target="q")


@pytest.fixture(scope="module")
def additive() -> EditableNetwork:
    return edit(table(), start=(3, 1))


@pytest.fixture
def net(additive: EditableNetwork) -> EditableNetwork:
    return additive.copy()


@pytest.mark.long
def test_a_product_that_the_network_lacks(net: EditableNetwork) -> None:
    before = net.error
    assert before.held_out > 0.2
    into_x, into_z, leaving = net.add_product(["x", "z"])
    assert net.shape == (3, (1, 1), 1) and inconsistency(net.network) is None
    assert (into_x.name, into_z.name, leaving.name) == ("x -> h1.1", "z -> h1.1", "h1.1 -> q")
    assert net.error.train <= before.train
    net.refit(60)
    assert net.error.held_out < 1e-2 * before.held_out
    net.edge("w -> h1.0").fix("sin")
    assert set(net.auto().values()) == {"x"}
    x, z, w = sympy.symbols("x z w")
    assert sympy.simplify(net.formula().expression - 3 * x * z - sympy.sin(2 * w)) == 0
    net.undo(4)
    assert net.shape == (3, 1) and net.error == before


def test_a_product_of_edges_starts_from_their_curves(net: EditableNetwork) -> None:
    net.edge("x -> q").fix("x")
    copied = net.edge("x -> q").constants
    new = net.add_product([net.edge("x -> q"), net.edge("z -> q")])
    assert new[0].mode == "x" and new[1].is_spline
    assert copied is not None and new[0].constants is not None
    assert new[0].constants["a"] == copied["a"]


@pytest.mark.long
def test_a_sum_whose_curve_the_network_lacks() -> None:
    rng = np.random.default_rng(0)
    X = rng.uniform(-1, 1, (250, 2))
    dataset = make_dataset(X, X[:, 0] ** 2 + np.sin(2 * (X[:, 0] + X[:, 1])), names=["x", "z"], target="q")
    net = edit(dataset, start=(2, 1))
    before = net.error
    *_, leaving = net.add_node(["x", "z"])
    assert leaving.is_spline and net.shape == (2, 2, 1) and inconsistency(net.network) is None
    assert net.error.train == pytest.approx(before.train, rel=1e-3)
    net.refit(60)
    assert net.error.held_out < 0.1 * before.held_out


def test_sums_come_before_products(net: EditableNetwork) -> None:
    net.add_product(["x", "z"])
    values = net.predict(table().X)
    net.add_node(["x", "w"])
    assert net.shape == (3, (2, 1), 1) and inconsistency(net.network) is None
    assert [node["kind"] for node in net.to_dict()["nodes"] if node["level"] == 1] == ["sum", "sum", "product"]
    assert np.abs(net.predict(table().X) - values).max() < 0.05 * np.ptp(values)


def test_a_node_beside_a_product() -> None:
    rng = np.random.default_rng(0)
    X = rng.uniform(0.5, 2, (200, 3))
    net = edit(make_dataset(X, X.prod(1), names=["x", "z", "w"], target="q"), start=(3, (0, 1), 1))
    before = net.predict(X)
    net.add_node(["x", "z"], into=0)
    assert np.abs(net.predict(X) - before).max() < 0.05 * np.ptp(before)


@pytest.mark.parametrize(
    ("sources", "options", "words"),
    [
        (["x"], {}, "two or more sources"),
        (["x", "x"], {}, "different nodes of one level"),
        (["x", "nope"], {}, "there is no node 'nope'"),
        (["x", "z"], {"into": 7}, "into must lie in"),
        ([0, 9], {}, "level 0 has the nodes"),
        ([9, 9], {}, "level 0 has the nodes 0..2, got 9"),
        ([0, 1], {"layer": 5}, "layer must lie in"),
        ([0, 1.5], {}, "names of nodes, numbers or edges"),
        ("xz", {}, "two or more sources"),
    ],
)
def test_what_cannot_be_added(net: EditableNetwork, sources, options: dict, words: str) -> None:
    before = net.network
    with pytest.raises(ArgumentError, match=words):
        net.add_product(sources, **options)
    assert net.network is before
