"""A wrong edge, put right by hand; undo."""

import json
from dataclasses import replace

import numpy as np
import pytest
import sympy
import torch

from kansym import ArgumentError, DiscoveryOptions, edit, make_dataset
from kansym.editing.network import EditableNetwork
from kansym.kan.network import Network

FIELDS = ("coefficients", "mode", "affine", "frozen", "primitive", "offset", "center", "half_width")


def tensors(network: Network) -> list[torch.Tensor]:
    return [getattr(layer, name).clone() for layer in network.layers for name in FIELDS]


@pytest.fixture(scope="module")
def trained() -> EditableNetwork:
    rng = np.random.default_rng(0)
    X = rng.uniform(-1, 1, (300, 2))
    y = np.exp(np.sin(2 * X[:, 0]) + X[:, 1] ** 2)
    dataset = make_dataset(X, y, names=["x", "z"], target="f")
    return edit(dataset, start=(2, 1, 1), options=DiscoveryOptions(seed=0))


@pytest.mark.long
def test_a_wrong_edge_put_right_by_hand_turns_what_is_no_closed_form_into_the_law(trained: EditableNetwork) -> None:
    net = trained.copy()
    at_start = tensors(net.network)
    net.edge("z -> h1.0").fix("x^2")
    net.edge("h1.0 -> f").fix("exp")
    wrong = net.edge("x -> h1.0").fix("tanh")
    net.refit(60)
    assert 0.9 < wrong < 0.999
    assert net.certificate().verdict.kind == "no closed form found"
    steps, with_tanh = len(net.history), tensors(net.network)

    net.edge("x -> h1.0").unfix()
    freed = net.refit(60)
    assert freed.after.held_out < 0.05 * freed.before.held_out
    assert net.edge("x -> h1.0").fix("sin") > 0.999
    assert net.refit(60).after.held_out < 1e-9
    x, z = sympy.symbols("x z")
    assert sympy.simplify(net.formula().expression - sympy.exp(sympy.sin(2 * x) + z**2)) == 0
    assert net.certificate().verdict.kind == "law"

    net.undo(len(net.history) - steps)
    assert all(torch.equal(one, two) for one, two in zip(tensors(net.network), with_tanh, strict=True))
    net.undo(steps - 1)
    assert all(torch.equal(one, two) for one, two in zip(tensors(net.network), at_start, strict=True))


def test_to_dict_is_json(trained: EditableNetwork) -> None:
    record = json.loads(json.dumps(trained.to_dict(), allow_nan=False))
    assert [edge["id"] for edge in record["edges"]] == ["0.0.0", "0.1.0", "1.0.0"]
    assert record["edges"][0]["kind"] == "spline"


def test_a_formula_needs_all_edges(trained: EditableNetwork) -> None:
    net = trained.copy()
    net.edge("0.1.0").fix("x^2")
    with pytest.raises(ArgumentError, match=r"0\.0\.0 \(x -> h1\.0\), 1\.0\.0 \(h1\.0 -> f\)"):
        net.formula()


@pytest.mark.long
def test_a_network_that_the_formula_came_without_says_so(idle_column: EditableNetwork):
    net = idle_column.copy()
    net.edge(0, 2, 0).remove()
    net.auto()
    # As after a search whose formula came from the structure of the table.
    found = replace(net.discovery(), reading=None)
    apart = edit(found)
    words = f"The run found the formula {found.formula} without this network, which has 2 free curves."
    assert str(apart).splitlines()[-1] == words and words in repr(apart) and words in str(apart.copy())
    assert "without this network" in apart._repr_html_()
    apart.edge(0, 0, 0).fix("sin")
    apart.edge(0, 1, 0).fix("x^2")
    # It has a formula of its own now.
    assert "without this network" not in str(apart)
    assert "without this network" not in str(edit(net.discovery()))
