"""Edges one at a time: fixed with constants given, freed, removed, suggested."""

import json
import math

import numpy as np
import pytest
import sympy
import torch

from kansym import ArgumentError, DiscoveryOptions, edit, make_dataset, primitive_from_expression
from kansym.editing.network import EditableNetwork
from kansym.kan.layer import EdgeMode


def table(n: int = 200):
    rng = np.random.default_rng(1)
    X = np.column_stack([rng.uniform(1, 3, n), rng.uniform(-1, 1, n)])
    return make_dataset(X, 2 * np.sin(3 * X[:, 0] + 0.5) + X[:, 1] ** 2, names=["t", "u"], target="h")


@pytest.fixture(scope="module")
def trained() -> EditableNetwork:
    """One layer: every edge is in the user's units."""
    return edit(table(), start=(2, 1), options=DiscoveryOptions(seed=0))


@pytest.fixture
def net(trained: EditableNetwork) -> EditableNetwork:
    return trained.copy()


def test_constants_are_in_the_users_units(net: EditableNetwork) -> None:
    assert net.edge("t -> h").fix("sin") > 0.99999
    net.edge("u -> h").fix("x^2")
    net.refit(60)
    constants = net.edge("t -> h").constants
    assert constants is not None
    t = np.linspace(1, 3, 7)
    values = constants["c"] * np.sin(constants["a"] * t + constants["b"])
    assert np.allclose(values, 2 * np.sin(3 * t + 0.5), atol=1e-6)


def test_given_constants_are_kept_and_held(net: EditableNetwork) -> None:
    edge = net.edge("t -> h")
    assert edge.fix("sin", a=3.0, b=0.5) > 0.99999
    constants = edge.constants
    assert constants is not None
    assert constants["a"] == pytest.approx(3.0, rel=1e-15) and constants["b"] == 0.5
    assert constants["c"] == pytest.approx(2.0, rel=1e-3)
    assert edge.held == ("a", "b")
    net.edge("u -> h").fix("x^2")
    net.refit(60)
    assert edge.constants["a"] == constants["a"] and edge.constants["b"] == 0.5
    edge.free()
    assert edge.held == ()
    edge.hold("c")
    assert edge.held == ("c",)


def test_a_formula_keeps_what_is_held(net: EditableNetwork) -> None:
    net.edge("t -> h").fix("sin", a=2.9)
    net.edge("u -> h").fix("x^2")
    net.refit(60)
    formula = net.formula()
    t = sympy.Symbol("t")
    slopes = [one.args[0].coeff(t) for one in formula.expression.atoms(sympy.sin)]
    assert [float(slope) for slope in slopes] == [pytest.approx(2.9, rel=1e-12)]
    assert any("a of edge 0.0.0 at 2.9" in note for note in formula.notes)
    assert ("2.9", None) in [(one.snapped, one.error) for one in formula.constants]
    residual = table().y - formula.predict(table().X)
    assert math.sqrt(np.mean(residual**2)) == pytest.approx(net.error.train, rel=0.2)


def test_a_held_number_that_is_right_gives_the_law(net: EditableNetwork) -> None:
    net.edge("t -> h").fix("sin", a=3.0)
    net.edge("u -> h").fix("x^2")
    net.refit(60)
    t, u = sympy.symbols("t u")
    difference = net.formula().expression - 2 * sympy.sin(3 * t + 0.5) - u**2
    assert abs(float(difference.subs({t: 1.7, u: 0.3}))) < 1e-6


@pytest.mark.parametrize(
    ("primitive", "given", "words"),
    [
        ("sqrt", {"a": 1.0, "b": -2.0}, "sqrt with a=1 and b=-2"),
        ("log", {"b": -2.0}, "log cannot be this edge"),
        ("snn", {}, "close names: sin"),
        ("sin", {"a": math.nan}, "a must be a finite number"),
        ("sin", {"p": 2.0}, "it has no exponent"),
        ("sin", {"a": 0.0}, "a must not be 0"),
        ("0", {"a": 1.0}, "0 has no constants"),
    ],
)
def test_what_cannot_be_changes_nothing(net: EditableNetwork, primitive: str, given: dict, words: str) -> None:
    before, steps = net.network, net.history
    with pytest.raises(ArgumentError, match=words):
        net.edge("t -> h").fix(primitive, **given)
    assert net.network is before and net.history == steps


def test_a_primitive_of_ones_own(net: EditableNetwork) -> None:
    z = sympy.Symbol("z")
    own = primitive_from_expression("wobble", sympy.sin(z) + z / 10)
    assert net.edge("t -> h").fix(own) > 0.99
    assert net.edge("t -> h").mode == "wobble"
    with pytest.raises(ArgumentError, match="another primitive is called 'sin'"):
        net.edge("u -> h").fix(primitive_from_expression("sin", z**2 + 1))


@pytest.mark.parametrize("name", ["sin", "x", "exp", "x^2"])
def test_unfix_follows_the_primitive(net: EditableNetwork, name: str) -> None:
    edge = net.edge("u -> h")
    edge.fix(name)
    X = table().X
    before = net.predict(X)
    edge.unfix()
    assert edge.is_spline
    assert np.abs(net.predict(X) - before).max() < 1e-3 * np.ptp(before)
    with pytest.raises(ArgumentError, match="a spline already"):
        edge.unfix()


def test_unfix_leaves_other_splines_what_they_are(net: EditableNetwork) -> None:
    edge = net.edge("t -> h")
    edge.fix("sin", a=40.0)  # needs a finer grid than the other edge has
    other = net.network.layers[0].coefficients.shape
    before = net.predict(table().X)
    edge.unfix()
    assert net.network.layers[0].coefficients.shape[-1] > other[-1]
    assert np.abs(net.predict(table().X) - before).max() < 0.02 * np.ptp(before)


def test_remove_leaves_the_mean_and_unfix_brings_back(net: EditableNetwork) -> None:
    X = net.context.fit_rows.dataset.X[net.context.fit_rows.train]
    values = net.predict(X)
    edge = net.edge("u -> h")
    assert edge.fix("0") == 0.0
    assert edge.mode == "off" and edge.score == 0.0
    removed = net.predict(X)
    assert abs(removed.mean() - values.mean()) < 1e-6
    assert np.ptp(net.predict(np.column_stack([np.full(5, 2.0), np.linspace(-1, 1, 5)]))) == 0.0
    with pytest.raises(ArgumentError, match="off already"):
        edge.remove()
    with pytest.raises(ArgumentError, match=r"unfix\(\) brings it back"):
        edge.suggest()
    edge.unfix()
    assert np.abs(net.predict(X) - removed).max() < 1e-12
    net.refit(60)
    assert net.error.held_out < 1e-2


def test_suggestions(net: EditableNetwork) -> None:
    edge = net.edge("t -> h")
    found = edge.suggest(4)
    assert found[0].name == "sin" and len(found) == 4
    assert found[0].misfit < 1e-5 and found[0].error is None
    assert np.allclose(found[0].values(found.x), found.y, atol=0.02)
    in_context = edge.suggest(3, in_context=True)
    assert in_context[0].name == "sin" and in_context[0].error is not None
    assert in_context[0].error < 0.2 * in_context[1].error
    assert in_context.to_frame()["primitive"][0] == "sin"
    record = json.loads(json.dumps(in_context.to_dict(), allow_nan=False))
    assert record["edge"] == "t -> h" and len(record["suggestions"]) == 3
    assert len(net.history) == 1
    only = edge.suggest(5, primitives=["exp", "x"])
    assert {one.name for one in only} == {"exp", "x"}
    with pytest.raises(ArgumentError, match="k must be"):
        edge.suggest(0)


def test_a_wrong_primitive_is_suggested_the_right_one(net: EditableNetwork) -> None:
    edge = net.edge("t -> h")
    edge.fix("tanh")
    net.refit(60)
    assert edge.suggest(1)[0].name == "sin"
    edge.fix("sin")
    net.refit(60)
    assert net.error.held_out < 1e-2


def test_pictures(net: EditableNetwork, tmp_path) -> None:
    found = net.edge("t -> h").suggest(5, in_context=True)
    assert len(found.figure().axes) == 5
    assert len(found[:2].figure(dark=True).axes) == 2
    with pytest.raises(ArgumentError, match="no suggestions to draw"):
        found[:0].figure()
    found.figure().savefig(tmp_path / "edge.png")
    net.figure().savefig(tmp_path / "network.svg")


def test_the_table_of_edges(net: EditableNetwork) -> None:
    net.edge("t -> h").fix("sin", a=3.0)
    frame = net.edges.to_frame()
    assert list(frame["edge"]) == ["0.0.0", "0.1.0"]
    assert list(frame["function"]) == ["sin", "spline"]
    assert frame["a"][0] == pytest.approx(3.0) and frame["held"][0] == "a"
    assert net.edges["t -> h"] == net.edges[0] == net.edge(0, 0, 0)
    assert "a*=3" in str(net.edges) and "<table>" in net.edges._repr_html_()
    assert len(net.edges.splines) == 1 and len(net.edges[:1]) == 1
    assert net.edges[0].misfit is not None and net.edges[0].misfit < 1e-4
    with pytest.raises(ArgumentError, match=r"no edge '9\.9\.9'"):
        net.edge(9, 9, 9)


@pytest.mark.long
def test_a_given_height_of_a_hidden_edge_changes_nothing_else() -> None:
    rng = np.random.default_rng(0)
    X = rng.uniform(-1, 1, (200, 2))
    dataset = make_dataset(X, np.exp(np.sin(2 * X[:, 0]) + X[:, 1] ** 2), names=["x", "z"], target="f")
    net = edit(dataset, start=(2, 1, 1))
    before = net.predict(X)
    for height in (1.0, -3.0):
        net.edge("x -> h1.0").fix("sin", a=2.0, b=0.0, c=height, d=0.25)
        assert net.edge("x -> h1.0").constants == pytest.approx({"a": 2, "b": 0, "c": height, "d": 0.25, "p": 1})
        assert np.abs(net.predict(X) - before).max() < 2e-3


def test_far_from_zero() -> None:
    year = np.linspace(1e5, 1e5 + 10, 80)
    dataset = make_dataset(year[:, None], np.exp(-(year - 1e5) / 3), names=["year"], target="c")
    net = edit(dataset, start=(1, 1))
    assert net.edge(0, 0, 0).fix("exp") > 0.9999
    net.refit(60)
    assert torch.all(net.network.layers[0].mode == EdgeMode.SYMBOLIC)
    assert net.error.held_out < 1e-6


def test_a_step_that_takes_an_edge_behind_out_of_its_domain_is_refused() -> None:
    X = np.linspace(-1, 1, 60)[:, None]
    net = edit(make_dataset(X, np.arcsin(0.9 * np.sin(X[:, 0])), names=["x"], target="y"), start=(1, 1, 1))
    net.edge("x -> h1.0").fix("sin")
    assert net.edge("x->h1.0") == net.edge(" x  →  h1.0 ") == net.edge("x -> h1.0")
    net.edge("h1.0->y").fix("asin")
    net.edge("h1.0 -> y").hold("a")  # else the scale of the hidden node would give way
    before = net.network
    with pytest.raises(ArgumentError, match=r"would leave the network without a finite value on \d+ rows"):
        net.edge("x -> h1.0").fix("x", c=1e4)
    assert net.network is before and len(net.history) == 4
