"""A KAN that was trained by hand under edit: its edges, its formula, and its way back."""

import numpy as np
import pytest
import torch

from kansym import KAN, ArgumentError, Formula, edit
from kansym.run.storage import load_run, save_run

rng = np.random.default_rng(0)
X = rng.uniform([-1, 0], [1, 3], (200, 2))
Y = 2 * np.sin(3 * X[:, 0]) + 0.5 * X[:, 1] ** 2 - 1


@pytest.fixture(scope="module")
def trained():
    return KAN([2, 1], grid=10, names=["a", "b"], targets=["f"]).fit(X, Y, starts=1, steps=25)


@pytest.fixture
def net(trained):
    return trained.copy()


def test_edges_are_edited_in_place_and_undone(net):
    before = net.predict(X)
    edge = net.edges["a -> f"]
    assert edge.mode == "spline" and edge.suggest(1)[0].name == "sin"
    assert edge.fix("sin") > 0.999999 and edge.mode == "sin"
    assert net.edges["a -> f"].constants["a"] == pytest.approx(3, abs=0.05)
    assert not np.array_equal(net.predict(X), before) and np.abs(net.predict(X) - before).max() < 0.02
    net.editor.undo()
    assert np.array_equal(net.predict(X), before) and net.edges["a -> f"].mode == "spline"
    net.editor.redo()
    net.edges["b -> f"].fix("x^2")
    net.edges["a -> f"].fix("sin", a=3.0)
    assert net.edges["a -> f"].held == ("a",)
    formula = net.formula()
    assert isinstance(formula, Formula) and np.allclose(formula.predict(X), Y, atol=1e-6)


def test_what_is_done_elsewhere_is_a_step(net):
    net.edges["a -> f"].fix("sin")
    fixed = net.predict(X)
    net.fit(X, Y, steps=5)
    assert net.editor.history[-2:] == ("fix 0.0.0 (a -> f) to sin", "fit")
    net.editor.undo()
    assert np.array_equal(net.predict(X), fixed)
    net.remove_edge("b -> f")
    assert net.edges["b -> f"].mode == "off" and net.editor.undo() == "remove b -> f"
    assert net.edges["b -> f"].mode == "spline"
    # Other rows: the steps before were judged by those that are gone.
    net.fit(X[::2], Y[::2], steps=5)
    assert len(net.editor.history) == 1 and net.edges["a -> f"].mode == "sin"


def test_edit_opens_a_copy(net, tmp_path):
    before = net.predict(X)
    opened = edit(net)
    opened.edge("a -> f").fix("sin")
    assert np.array_equal(net.predict(X), before) and net.edges["a -> f"].mode == "spline"
    assert opened.error.held_out < 1e-3
    opened.auto()
    discovery = opened.discovery()
    save_run(discovery, tmp_path / "run")
    assert str(load_run(tmp_path / "run").formula) == str(discovery.formula)
    with pytest.raises(ArgumentError, match="start is for runs and tables"):
        edit(net, start="splines")


def test_the_same_rows_are_held_out(net):
    context = edit(net).context
    assert np.array_equal(context.table.X, net.table.X)
    assert np.array_equal(context.fit_rows.validation, net.table.validation)
    opened = edit(net)
    assert opened.error.held_out == pytest.approx(net.error.held_out, rel=1e-9)
    assert np.allclose(opened.predict(X), net.predict(X), rtol=1e-12)


@pytest.mark.long
def test_a_formula_leaves_the_network(net):
    before = net.predict(X)
    formula = net.symbolify()
    assert np.array_equal(net.predict(X), before) and net.edges["a -> f"].mode == "spline"
    assert str(formula) == "f = b**2/2 + 2*sin(3*a) - 1"
    selection = net.auto()
    assert dict(selection) == {"0.0.0": "sin", "0.1.0": "x^2"} and not len(net.edges.splines)
    assert str(net.formula()) == str(formula)


def test_constants_have_errors():
    noise = np.random.default_rng(1).normal(0, 0.05, len(X))
    net = KAN([2, 1], grid=6).fit(X, 1.234 * np.sin(3 * X[:, 0]) + 0.5678 * X[:, 1] + noise, starts=1, steps=20)
    formula = net.symbolify(primitives=["x", "x^2", "sin"])
    found = {round(one.value, 1): one for one in formula.constants}
    for true in (1.234, 0.5678):
        constant = found[round(true, 1)]
        assert 0 < constant.error < 0.02 and abs(constant.value - true) < 5 * constant.error


def test_rows_far_from_zero_and_single_precision(tmp_path):
    x = np.linspace(1e4, 1e4 + 5, 150)[:, None]
    y = 1e6 + np.exp(-(x[:, 0] - 1e4))
    net = KAN([1, 1], grid=10).fit(x, y, starts=1, steps=20)
    assert net.error.held_out < 1e-3
    assert np.allclose(edit(net).predict(x), net.predict(x), rtol=1e-12)
    single = net.copy().float()
    assert single.edges[0].fix("exp") > 0.999


def test_figures_show_primitives_over_splines(net):
    net.edges["a -> f"].fix("sin")
    assert "sin" in " ".join(text.get_text() for text in net.figure().axes[0].texts)


def test_the_history_says_what_was_done_elsewhere(net):
    net.editor.history  # noqa: B018
    for step, label in (
        (lambda: net.refine(20), "refine to grid 20"),
        (lambda: net.widen(1) if len(net.shape) > 2 else net.deepen(), "deepen"),
        (lambda: net.remove_edge("a -> h1.0"), "remove a -> h1.0"),
    ):
        step()
        assert net.editor.history[-1] == label
    net.editor.undo()
    with torch.no_grad():
        net.layers[0].coefficients += 0.01
    assert net.editor.history[-1] == "changed elsewhere"


def test_removed_edges_are_named_as_they_were():
    net = KAN([2, 2, 1], grid=3, names=["a", "b"], targets=["f"]).fit(X, Y, lamb=1e-2, starts=4, steps=30)
    before = {edge.id: edge.name for edge in net.editor.edges}
    pruned = net.prune()
    assert pruned and pruned.names == tuple(before[edge] for edge in pruned.edges)
    assert str(pruned).startswith(f"{int(pruned)} edge") and pruned.names[0] in str(pruned)
