"""Primitives selected for splines."""

import itertools
from types import SimpleNamespace

import numpy as np
import pytest

from kansym import KAN, ArgumentError, DiscoveryOptions, clock, edit, make_dataset
from kansym.editing.automatic import _without_far_levels
from kansym.editing.constants import primitive_of
from kansym.editing.network import EditableNetwork
from kansym.editing.script import do_step


def test_choosing_says_how_good_it_is(idle_column: EditableNetwork):
    net = idle_column.copy()
    net.edge(0, 2, 0).remove()
    chosen = net.auto()
    assert chosen == {"0.0.0": "sin", "0.1.0": "x^2"} and set(chosen.misfits) == set(chosen)
    first, *lines = str(chosen).splitlines()
    assert first.startswith("RMS residual") and "held out" in first
    assert [line.partition(",")[0] for line in lines] == ["0.0.0 (<a> -> f) is sin", "0.1.0 (b -> f) is x^2"]
    assert all("1-R2 = " in line for line in lines) and chosen.to_dict()["functions"] == dict(chosen)
    assert str(net.auto()) == "no splines are left" and do_step(net, "auto") == "auto: no splines are left"
    assert do_step(net, "prune", "0").startswith("prune: no edge moves")


@pytest.mark.long
def test_beside_what_was_fixed() -> None:
    rng = np.random.default_rng(0)
    X = rng.uniform(-1, 1, (250, 2))
    table = make_dataset(X, np.exp(np.sin(2 * X[:, 0]) + X[:, 1] ** 2), names=["x", "z"], target="f")
    net = edit(table, start=(2, 1, 1), options=DiscoveryOptions(seed=0))
    net.edge("0.1.0").fix("x^2", b=0.0)
    assert net.auto(["0.0.0"]) == {"0.0.0": "sin"}
    assert net.edge("1.0.0").is_spline and net.edge("0.1.0").held == ("b",)
    with pytest.raises(ArgumentError, match="is no spline"):
        net.auto(["0.0.0"])
    assert net.auto() == {"1.0.0": "exp"}
    assert net.auto() == {}
    assert net.edge("0.1.0").constants["b"] == 0.0
    assert net.error.held_out < 1e-3


@pytest.mark.long
def test_a_slow_machine_selects_the_same(idle_column: EditableNetwork, monkeypatch: pytest.MonkeyPatch) -> None:
    quick, slow = idle_column.copy(), idle_column.copy()
    quick.auto(max_seconds=5)
    # Every look at the wall takes a minute.
    looks = itertools.count()
    monkeypatch.setattr(clock, "time", SimpleNamespace(monotonic=lambda: 60.0 * next(looks)))
    slow.auto(max_seconds=5)
    X = np.random.default_rng(0).uniform(-1, 1, (20, 3))
    assert [edge.mode for edge in quick.edges] == [edge.mode for edge in slow.edges] and quick.error == slow.error
    np.testing.assert_array_equal(quick.predict(X), slow.predict(X))


def test_once_the_wall_is_up_every_spline_gets_a_primitive(idle_column: EditableNetwork, with_wall: None) -> None:
    net = idle_column.copy()
    assert len(net.auto(max_seconds=1e-6)) == 3 and np.isfinite(net.error.held_out)


@pytest.mark.parametrize(("law", "wrong", "right"), [("square", "sin", "x^2"), ("wave", "sin", "sin")])
def test_small_differences_of_large_numbers_give_way(law, wrong, right):
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, (200, 1))
    y = (x[:, 0] ** 2 if law == "square" else 900 + np.sin(3 * x[:, 0])) + 1e-3 * rng.normal(size=200)
    net = edit(KAN([1, 1], grid=5).fit(x, y, starts=1))
    if law == "square":
        net.edges[0].fix(wrong, a=0.002)
    else:
        net.edges[0].fix(wrong)
    net.refit()
    before = net.error.train
    after = _without_far_levels(net.network, [net.edges[0].ref], net.context, clock.now() + 10)
    assert primitive_of(after, net.edges[0].ref).name == right
    assert net.context.errors(after).train <= 1.01 * before
