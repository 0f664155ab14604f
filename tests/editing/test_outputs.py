"""Networks of several outputs under edit: nodes are shared, and every output has its scale, its formula and errors."""

import numpy as np
import pytest
import torch

from kansym import KAN, ArgumentError, edit, kan_from_expression
from kansym.editing.context import EditContext
from kansym.extraction.edges import EdgeRef, edge_curves

rng = np.random.default_rng(3)
X = rng.uniform(0.5, 2, (300, 2))
R = X[:, 0] ** 2 + X[:, 1]
Y = np.column_stack([np.exp(-0.7 * R), 5e4 * np.sin(1.3 * R)])


@pytest.fixture(scope="module")
def trained():
    return KAN([2, 1, 2], grid=8, names=["a", "b"], targets=["u", "v"]).fit(X, Y, starts=8, steps=40)


@pytest.fixture
def net(trained):
    return trained.copy()


def by_hand(net):
    for inner, outer in ((("a -> h1.0", "x^2"), ("b -> h1.0", "x")), (("h1.0 -> u", "exp"), ("h1.0 -> v", "sin"))):
        net.edges[inner[0]].fix(inner[1])
        net.edges[outer[0]].fix(outer[1])
        done = net.editor.refit()
    return done


@pytest.mark.long
def test_edges_are_fixed_and_every_output_has_its_formula(net):
    assert [edge.name for edge in net.edges] == ["a -> h1.0", "b -> h1.0", "h1.0 -> u", "h1.0 -> v"]
    assert net.edges["a -> h1.0"].suggest(1)[0].name == "x^2"
    assert by_hand(net).after.train < 1e-9
    assert np.allclose(net.predict(X), Y, rtol=1e-8)
    # Constants that end in an output are in its own units.
    assert abs(net.edges["h1.0 -> v"].constants["c"]) == pytest.approx(5e4, rel=1e-6)
    assert net.edges["h1.0 -> v"].held == () and net.edges["h1.0 -> u"].r2 > 0.999
    first, second = net.formula()
    assert np.allclose(first.predict(X), Y[:, 0], rtol=1e-8) and np.allclose(second.predict(X), Y[:, 1], rtol=1e-8)
    assert first.target == "u" and second.target == "v"


def test_what_is_done_can_be_undone(net):
    before = net.predict(X)
    by_hand(net)
    net.editor.undo(6)
    assert np.array_equal(net.predict(X), before)
    net.editor.redo(6)
    assert net.editor.is_symbolic


def test_errors_are_parts_of_spreads(net):
    residual = (net.editor.predict(X) - Y) / Y.std(0)
    train, held_out = net.table.train, net.table.validation
    rows = {tuple(row): place for place, row in enumerate(X)}
    for index, error in ((train, net.editor.error.train), (held_out, net.editor.error.held_out)):
        chosen = [rows[tuple(row)] for row in net.table.X[index]]
        assert error == pytest.approx(np.sqrt((residual[chosen] ** 2).mean()), rel=0.02)
    assert net.editor.error.train == pytest.approx(net.error.train, rel=1e-9)
    assert net.editor.error.held_out == pytest.approx(net.error.held_out, rel=1e-9)


@pytest.mark.long
def test_held_constants_are_kept_in_the_formula(net):
    by_hand(net)
    net.edges["h1.0 -> v"].fix("sin", c=49_000.0)
    net.editor.refit()
    assert net.edges["h1.0 -> v"].constants["c"] == pytest.approx(49_000.0, rel=1e-12)
    first, second = net.editor.formulas()
    assert "49000" in str(second) and "49000" not in str(first)


def test_one_output_is_certified(net):
    by_hand(net)
    assert net.editor.certificate("u").verdict.kind == "law"
    assert net.editor.discovery(1).dataset.target == "v"
    for output in (None, "w", 2, True):
        with pytest.raises(ArgumentError, match=r"output must be one of 'u', 'v', got"):
            net.editor.formula(output)
    with pytest.raises(ArgumentError, match="output must be one of"):
        _ = net.editor.front


@pytest.mark.long
def test_a_product_is_added_for_one_output(net):
    X2 = rng.uniform(0.5, 2, (200, 2))
    net = KAN([2, 2], grid=6, targets=["u", "v"]).fit(X2, np.column_stack([X2.prod(1), X2.sum(1)]), starts=2, steps=20)
    before = net.error.train
    *factors, out = net.editor.add_product(["x0", "x1"], into="u")
    assert [edge.name for edge in factors] == ["x0 -> h1.2", "x1 -> h1.2"] and out.name == "h1.2 -> u"
    assert net.error.train <= before * (1 + 1e-6)
    assert net.editor.refit().after.train < 1e-4 * before
    assert net.edges["h1.2 -> v"].mode == "off"


def test_rows_with_equal_inputs_stay_together_over_the_outputs():
    X2 = np.repeat(rng.uniform(-1, 1, (40, 1)), 3, axis=0)
    Y2 = rng.normal(size=(120, 3))
    Y2[5] = Y2[4]  # a copy of a row in all columns
    net = KAN([1, 3], grid=3).fit(X2, Y2, starts=1, steps=3)
    context = edit(net).context
    assert isinstance(context, EditContext) and len(context.each) == 3
    joint = np.column_stack([one.table.y for one in context.each])
    order = np.lexsort((*Y2.T[::-1], *X2.T[::-1]))
    assert np.array_equal(joint, Y2[order])
    # Those held out are the ones that the network was not trained on.
    held_out = {tuple(row) for row in net.table.Y[net.table.validation]}
    assert {tuple(row) for row in joint[context.fit_rows.validation]} == held_out
    assert edit(net).error.held_out == pytest.approx(net.error.held_out, rel=1e-9)


def test_sensitivities_of_all_outputs_weigh_a_curve(net):
    x = torch.from_numpy(net._scaling().scale_inputs(X[:50]))
    ref, network = EdgeRef(0, 0, 0), net.network
    _, _, weights = edge_curves(network, x, [ref])
    # By finite differences of the node that the edge leads to.
    layer, h = network.layers[-1], network.trace(x, need_slope=False)[1][0][0, :, 0]

    def outputs(h):
        u = ((h - layer.center[0, 0]) / layer.half_width[0, 0])[:, None]
        return (layer.curves.basis(u)[0][:, 0] @ layer.coefficients[0, 0].T) * 1.0

    step = 1e-5
    slope = (outputs(h + step) - outputs(h - step)) / (2 * step)
    assert np.allclose(weights[0], slope.square().sum(1), rtol=1e-6)


def test_a_network_without_splines_is_no_judge(net):
    by_hand(net)
    copied = edit(net)
    fit = copied.certificate("u").fit
    assert fit.network_rms is None
    assert net.editor.certificate("u").fit.network_rms > 0


def test_what_is_held_is_shown_and_kept_or_said_to_be_fitted():
    t = rng.uniform(0.1, 5, (200, 2))
    theory = KAN.of(kan_from_expression("3*w + t", ["t", "w"], X=t), names=["t", "w"], targets=["s"])
    theory.fit(t, t[:, 0] + 2.6 * t[:, 1], steps=0)
    assert theory.edges["w -> s"].held == ("c", "d") and theory.edges["t -> s"].held == ()
    assert str(theory.formula()) == "s = t + 3*w"
    theory.edges["w -> s"].free("c")
    assert str(theory.formula()) == "s = t + 2.6*w"
    inner = KAN.of(kan_from_expression("2.5*exp(-t/3)*sin(w*t)", ["t", "w"], X=t), names=["t", "w"], targets=["s"])
    formula = inner.fit(t, 2.6 * np.exp(-0.4 * t[:, 0]) * np.sin(t.prod(1)), steps=0).formula()
    assert any("fitted in the formula" in note and "a of edge 1.0.0" in note for note in formula.notes)


def test_a_formula_far_from_its_network_says_so():
    x = rng.uniform(-1, 1, (200, 1))
    net = KAN([1, 1], grid=20).fit(x, np.sin(9 * x[:, 0]) * np.exp(x[:, 0]), starts=1)
    (note,) = net.symbolify(primitives=["x", "x^2"]).notes
    assert note.startswith("The residual of the formula is ") and "times that of the network" in note
    assert not KAN([1, 1], grid=20).fit(x, np.sin(9 * x[:, 0]), starts=1).symbolify().notes
    # Both are exact, and which is nearer is rounding.
    exact = KAN.of(kan_from_expression("3.0*w + 0.1*t", ["t", "w"]), names=["t", "w"])
    rows = rng.uniform(-1, 1, (100, 2))
    assert not exact.fit(rows, 0.1 * rows[:, 0] + 3.0 * rows[:, 1], steps=0).formula().notes
