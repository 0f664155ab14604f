"""The steps of a KAN by hand: what they do to the output, exactly."""

import numpy as np
import pytest
import torch

from kansym import KAN, ArgumentError
from kansym.kan.layer import EdgeMode

X = np.random.default_rng(0).uniform(-1, 1, (300, 3))


def drawn(shape, **options):
    """A network that has seen rows and was not trained."""
    net = KAN(shape, grid=4, seed=2, **options)
    outputs = net.n_outputs
    return net.fit(X[:, : net.n_inputs], np.cos(X[:, :outputs] * np.arange(1, outputs + 1)), steps=0)


@pytest.fixture(scope="module")
def idle():
    """sin(2 a) + b c, with a spare hidden node."""
    y = np.sin(2 * X[:, 0]) + X[:, 1] * X[:, 2]
    net = KAN([3, (2, 1), 1], grid=6, seed=0, names=["a", "b", "c"], targets=["f"])
    return net.fit(X, y, lamb=3e-3, starts=4, steps=40)


# -- exact steps -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [[3, 2, 1], [2, (1, 2), 2], [3, (0, 2), 1]])
@pytest.mark.parametrize("product", [False, True])
def test_a_wider_network_gives_the_same(shape, product):
    net = drawn(shape)
    before = net.predict(X[:, : shape[0]])
    net.widen(product=product).widen(1, nodes=2)
    sums, products = (shape[1], 0) if isinstance(shape[1], int) else shape[1]
    assert net.network.layers[0].product.sum() == products + product and net.network.layers[0].n_out == (
        sums + products + 3
    )
    assert np.allclose(net.predict(X[:, : shape[0]]), before, rtol=0, atol=1e-14 * np.abs(before).max())
    # The new node can be trained: its edges have a gradient.
    net.layers[1].coefficients.grad = None
    net(torch.from_numpy(X[:, : shape[0]])).square().sum().backward()
    assert net.layers[1].coefficients.grad.abs().sum((0, 2, 3)).min() > 0


@pytest.mark.parametrize("level", [1, 2, None])
def test_a_deeper_network_gives_the_same(level):
    net = drawn([3, (2, 1), 2])
    before = net.predict(X)
    net.deepen(level)
    assert len(net.shape) == 4 and net.shape[(level or 2) + 1] == (3 if level == 1 else 2)
    # Also beyond the rows.
    assert np.allclose(net.predict(X), before, atol=1e-12)
    assert net.fit(net.table.X, net.table.Y, steps=2).error.finite


def test_swapped_nodes_give_the_same():
    net = drawn([3, (2, 2), 1])
    before, first = net.predict(X), net.network.layers[0].coefficients[0, 0, 0]
    net.swap("h1.0", "h1.1").swap((1, 2), (1, 3))
    assert np.allclose(net.predict(X), before, atol=1e-13)
    assert torch.equal(net.network.layers[0].coefficients[0, 0, 1], first)
    for pair, words in [(("h1.0", "h1.2"), "one adds"), (("x0", "x1"), "two hidden"), (("h1.0", "h9"), "no node 'h9'")]:
        with pytest.raises(ArgumentError, match=words):
            net.swap(*pair)


def test_a_finer_grid_gives_the_same():
    net = drawn([3, 2, 1])
    before = net.predict(X)
    assert np.allclose(net.refine(12).predict(X), before, atol=1e-12) and net.grid == 12
    for grid in (0, 2.0, True, 1000):
        with pytest.raises(ArgumentError, match="grid must be"):
            net.refine(grid)


def test_a_grid_is_laid_over_rows():
    net = KAN([1, 2, 1], grid=20, seed=1)
    x = np.linspace(-0.5, 0.5, 200)[:, None]
    before = net.predict(x)
    net.update_grid(x)
    assert np.abs(net.predict(x) - before).max() < 1e-3 * before.std()
    first = net.network.layers[0]
    assert first.center[0, 0] == pytest.approx(0, abs=1e-12) and first.half_width[0, 0] == pytest.approx(0.5)
    assert net.beyond([[0.6], [0.4]]).tolist() == [[True], [False]]


# -- what is removed ---------------------------------------------------------------------------------------------------


def test_a_removed_edge_leaves_its_mean():
    net = KAN([3, 1], grid=6).fit(X, X[:, 0] + X[:, 1] ** 2 + 5, starts=1, steps=20, validation=0)
    before = net.predict(X)
    net.remove_edge("x0->y")
    # The table holds the rows in an order of its own.
    assert np.allclose(net.predict(X), before - (X[:, 0] - X[:, 0].mean()), atol=1e-3)
    with pytest.raises(ArgumentError, match="is off already"):
        net.remove_edge((0, 0, 0))
    with pytest.raises(ArgumentError, match=r"there is no edge '0\.9\.0'"):
        net.remove_edge("0.9.0")


def test_a_removed_input_drops_a_column():
    net = KAN([3, 1], grid=6, names=["a", "b", "c"]).fit(X, X[:, 0] + X[:, 1] ** 2, starts=1, steps=20)
    net.remove_input("a")
    assert net.names == ("b", "c") and net.shape == (2, 1) and net.table.X.shape == (300, 2)
    assert np.std(net.predict(X[:, 1:]) - X[:, 1] ** 2) < 1e-3
    net.fit(X[:, 1:], X[:, 1] ** 2, steps=10)
    assert net.error.held_out < 1e-3 and net.edges["b -> y"].mode == "spline"
    with pytest.raises(ArgumentError, match="name must be an input of b, c, got 'h1'"):
        net.remove_input("h1")
    net.remove_input(1)
    with pytest.raises(ArgumentError, match="last node of its level"):
        net.remove_input("b")


def test_a_removed_node_leaves_its_mean():
    net = drawn([3, 2, 1])
    whole, layer = net.predict(X), net.network.layers[1]
    alone = net.copy().remove_node("h1.0")
    assert alone.shape == (3, 1, 1)
    trace = net.network.trace(net._sample(None))
    gone = trace[2][1].value[0, :, 0, 0]
    rest = whole - alone.predict(X)
    assert np.std(rest) == pytest.approx(float(gone.std(correction=0)) * float(net.y_scale[0]), rel=1e-6)
    assert np.mean(rest) == pytest.approx(0, abs=1e-9) and layer.n_in == 2
    with pytest.raises(ArgumentError, match="must be a hidden one"):
        net.remove_node("x0")


# -- pruning -----------------------------------------------------------------------------------------------------------


def test_pruning_takes_out_what_does_nothing(idle):
    net = idle.copy()
    done = net.prune()
    assert done and not done.taken_back and done.after.held_out < 0.02
    left = sum(int((layer.mode != EdgeMode.OFF).sum()) for layer in net.network.layers)
    assert left < 12 and left + done >= 12 and sum(layer.n_in * layer.n_out for layer in net.network.layers) <= 12
    # No node without an edge is left.
    assert all(bool((layer.mode[0] != EdgeMode.OFF).any(1).all()) for layer in net.network.layers[1:])
    assert net.error.held_out == pytest.approx(done.after.held_out)


def test_pruning_of_what_matters_is_taken_back_or_forced(idle):
    net = idle.copy()
    state = net.state_dict()["layers.0.coefficients"].clone()
    back = net.prune(0.9)
    assert back == 0 and back.taken_back and torch.equal(net.state_dict()["layers.0.coefficients"], state)
    forced = net.prune(0.6, force=True)
    assert forced and not forced.taken_back and forced.after.held_out > 0.1
    everything = idle.copy()
    assert everything.prune(0.999, force=True) and np.ptp(everything.predict(X)) == 0
    for threshold in (-1, 1, True, "0.1"):
        with pytest.raises(ArgumentError, match="threshold must lie"):
            net.prune(threshold)


@pytest.mark.parametrize(("grid", "taken_back"), [(7, False), (24, True)])
def test_what_a_coarse_network_cannot_tell_goes_and_what_a_precise_one_knows_stays(grid, taken_back):
    y = np.sin(3 * X[:, 0]) + np.sin(3 * X[:, 1]) + 0.004 * np.sin(3 * X[:, 2])
    done = KAN([3, 1], grid=grid).fit(X, y, starts=1, steps=30).prune(0.01)
    assert done.edges == ("0.2.0",) and done.taken_back == taken_back
    # More than a tenth in either case.
    assert (done.would_be if taken_back else done.after.held_out) > 1.1 * done.before.held_out


# -- what is seen ------------------------------------------------------------------------------------------------------


def test_scores_are_by_name(idle):
    table = idle.attribute().set_index("name")
    assert {"a", "b", "c", "h1.0", "h1.2", "a -> h1.0", "h1.2 -> f"} <= set(table.index)
    assert (table.loc[["a", "b", "c"], "kind"] == "input").all() and (table.loc[["a", "b", "c"], "score"] > 0.1).all()
    assert len(table) == 3 + 3 + 9 + 3 and set(table["function"]) <= {"", "spline", "off", "x"}
    fewer = idle.attribute(X[:50])
    assert len(fewer) == len(table)


def test_interactions_are_mixed_derivatives(idle):
    assert idle.interactions().loc[0, ["first", "second"]].tolist() == ["b", "c"]
    # d2(b c)/db dc is 1.
    y = X[:, 0] * X[:, 1]
    product = KAN([2, (0, 1), 1], grid=3).fit(X[:, :2], y).interactions(X[:, :2])
    assert product.loc[0, "strength"] == pytest.approx(X[:, 0].std() * X[:, 1].std() / y.std(), rel=1e-3)
    additive = drawn([3, 1]).interactions()
    assert len(additive) == 3 and additive["strength"].max() < 1e-12


def test_a_tree_has_a_line_for_each_edge():
    net = drawn([2, (1, 1), 1])
    lines = net.tree().splitlines()
    assert lines[0] == "y, a sum of" and len(lines) == 1 + 6
    assert lines[1].startswith("  spline of h1.0, a sum of (") and lines[4].startswith("  spline of h1.1, a product of")
    assert lines[2].startswith("    spline of x0 (")


def test_a_figure_needs_no_data():
    figure = KAN([2, 2, 2], targets=["u", "v"]).figure()
    assert {"u", "v", "x0"} <= {text.get_text() for text in figure.axes[0].texts}


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (lambda net: net.widen(2), "level must be a hidden one, 1 to 1, got 2"),
        (lambda net: net.deepen(0), "level must be 1 to 2, got 0"),
        (lambda net: net.remove_node("z"), "there is no node 'z'; the nodes are x0, x1, x2, h1.0, h1.1"),
        (lambda net: net.attribute(X[:1]), "at least 2 rows"),
    ],
)
def test_steps_that_cannot_be_taken(step, words):
    net = drawn([3, 2, 1])
    with pytest.raises(ArgumentError, match=words):
        step(net)
    assert net.shape == (3, 2, 1)
