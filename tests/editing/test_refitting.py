"""Refits: budget, Ctrl-C, never worse; undo and redo; the same steps give the same state."""

import math

import numpy as np
import pytest
import torch

from kansym import ArgumentError, DiscoveryOptions, clock, edit, make_dataset
from kansym.editing import refitting
from kansym.editing.network import EditableNetwork
from kansym.kan.network import Network

FIELDS = ("coefficients", "mode", "affine", "frozen", "primitive", "offset", "center", "half_width")


def equal(one: Network, two: Network) -> bool:
    pairs = zip(one.layers, two.layers, strict=True)
    return all(torch.equal(getattr(a, name), getattr(b, name)) for a, b in pairs for name in FIELDS)


def table(n: int = 250):
    rng = np.random.default_rng(0)
    X = rng.uniform(-1, 1, (n, 2))
    return make_dataset(X, np.exp(np.sin(2 * X[:, 0]) + X[:, 1] ** 2), names=["x", "z"], target="f")


@pytest.fixture(scope="module")
def trained() -> EditableNetwork:
    return edit(table(), start=(2, 1, 1), options=DiscoveryOptions(seed=0))


@pytest.fixture
def net(trained: EditableNetwork) -> EditableNetwork:
    return trained.copy()


def test_keeps_to_its_budget(net: EditableNetwork, work_clock: clock.Clock) -> None:
    net.edge("0.0.0").fix("x^3")
    begin, after_steps = work_clock.now(), []
    result = net.refit(0.2, steps=100_000, callback=lambda step, loss: after_steps.append(work_clock.now()))
    # The step under way is finished.
    assert len(after_steps) > 1 and all(now <= begin + 0.2 for now in after_steps[:-1])
    assert result.stopped in (refitting.OUT_OF_TIME, refitting.CONVERGED)
    assert result.after.held_out <= result.before.held_out
    assert net.error == result.after


def test_steps_are_counted(net: EditableNetwork) -> None:
    net.edge("0.0.0").fix("sin")
    seen = []
    result = net.refit(5, steps=3, callback=lambda step, loss: seen.append((step, loss)))
    assert result.steps == 3 and result.stopped == refitting.LAST_STEP
    assert [step for step, _ in seen] == [0, 1, 2, 3]


def test_interrupted_keeps_the_best_so_far(net: EditableNetwork) -> None:
    net.edge("0.0.0").fix("sin", a=1.5)
    net.edge("0.0.0").free()

    def stop(step: int, loss: float) -> None:
        if step == 4:
            raise KeyboardInterrupt

    result = net.refit(5, callback=stop)
    assert result.stopped == refitting.INTERRUPTED
    assert result.after.held_out < result.before.held_out and net.error == result.after


def test_a_refit_that_gets_worse_is_rolled_back(net: EditableNetwork, monkeypatch: pytest.MonkeyPatch) -> None:
    def spoil(network, x, y, *, weights, penalty, options, observe):
        worse = network.clone()
        worse.layers[0].coefficients += 0.3
        observe(worse, torch.tensor([0]), torch.zeros(1, dtype=torch.float64), 1)

    monkeypatch.setattr(refitting, "levenberg_marquardt", spoil)
    before, steps = net.network, net.history
    result = net.refit()
    assert result.stopped == refitting.ROLLED_BACK and "rose to" in result.note
    assert result.after == result.before
    assert net.network is before and net.history == steps


def test_a_refit_without_a_finite_step_is_rolled_back(net: EditableNetwork, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(network, x, y, *, weights, penalty, options, observe):
        lost = network.clone()
        lost.layers[0].coefficients[:] = math.nan
        observe(lost, torch.tensor([0]), torch.full((1,), math.nan, dtype=torch.float64), 1)

    monkeypatch.setattr(refitting, "levenberg_marquardt", broken)
    before = net.network
    assert net.refit().after == net.error
    assert net.network is before


def test_undo_and_redo_are_exact(net: EditableNetwork) -> None:
    states = [net.network.clone()]
    for step in (
        lambda: net.edge("0.0.0").fix("sin", a=1.7),
        lambda: net.refit(1),
        lambda: net.edge("0.1.0").remove(),
        lambda: net.edge("0.0.0").unfix(),
        lambda: net.refine(8),
        lambda: net.edge("0.0.0").fix("sin"),
    ):
        step()
        states.append(net.network.clone())
    for state in reversed(states[:-1]):
        net.undo()
        assert equal(net.network, state)
    assert len(net.undone) == 6 and len(net.history) == 1
    for state in states[1:]:
        net.redo()
        assert equal(net.network, state)
    assert net.undo(2) == "refine to grid 8"
    net.edge("0.0.0").fix("x")
    assert net.undone == ()
    with pytest.raises(ArgumentError, match="there is nothing to redo"):
        net.redo()
    with pytest.raises(ArgumentError, match="at most 5 to undo, got 6"):
        net.undo(6)
    with pytest.raises(ArgumentError, match="steps must be at least 1"):
        net.undo(0)
    net.undo(5)
    with pytest.raises(ArgumentError, match="there is nothing to undo"):
        net.undo()


@pytest.mark.long
def test_the_same_steps_give_the_same_state(trained: EditableNetwork) -> None:
    def worked() -> EditableNetwork:
        net = trained.copy()
        net.edge("0.0.0").fix("sin")
        net.edge("0.0.0").suggest(3, in_context=True)
        net.refit(60, steps=15)
        net.auto(max_seconds=60)
        net.prune()
        return net

    assert equal(worked().network, worked().network)


def test_operations_do_not_touch_the_past(net: EditableNetwork) -> None:
    first, kept = net.network, net.network.clone()
    net.edge("0.0.0").fix("sin")
    net.edge("0.0.0").hold("a")
    net.edge("0.1.0").remove()
    net.refit(1)
    net.add_product(["x", "z"])
    assert equal(first, kept)


def test_refine_is_exact_and_prune_removes(net: EditableNetwork) -> None:
    X = table().X
    before = net.predict(X)
    net.refine(2 * max(layer.grid for layer in net.network.layers))
    assert np.abs(net.predict(X) - before).max() < 1e-9
    net.add_node(["x", "z"])
    assert net.prune(0.01) >= 1
    assert "edges (0.0.1, 0.1.1, 1.1.0) removed" in net.note


@pytest.mark.parametrize(
    "wrong",
    [
        lambda net: net.refit(0),
        lambda net: net.refit(1, steps=0),
        lambda net: net.refine(0),
        lambda net: net.auto(max_seconds=0),
        lambda net: net.auto([]),
        lambda net: net.predict(np.zeros((3, 5))),
        lambda net: net.edge("0.0.0").hold("a"),
    ],
)
def test_arguments_are_checked(net: EditableNetwork, wrong) -> None:
    with pytest.raises(ArgumentError):
        wrong(net)
    assert len(net.history) == 1
