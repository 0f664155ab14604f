"""The figure of a network: what is drawn, where, and that no name can break it."""

import itertools
import math
from dataclasses import replace
from io import BytesIO

import matplotlib
import pytest
import sympy
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.patches import FancyBboxPatch

from kansym.errors import ArgumentError
from kansym.figures import alt_text
from kansym.figures.edge_curves import edge_curves
from kansym.figures.labels import clean, primitive_label, scientific, shorten, text_width
from kansym.figures.network_figure import network_figure
from kansym.figures.network_layout import spread
from kansym.figures.run_network import formula_network
from kansym.figures.run_network import network as draw_network
from kansym.kan.network import Network
from kansym.primitives.library import default_library
from kansym.report.html.drawings import _of_kind
from kansym.search.results import NetworkReading

LIBRARY = default_library()


def rows(n_inputs: int, n: int = 200) -> torch.Tensor:
    generator = torch.Generator().manual_seed(5)
    return torch.rand(n, n_inputs, generator=generator, dtype=torch.float64) * 2 - 1


def network(*shape) -> Network:
    return Network.create(shape, grid=5, generator=torch.Generator().manual_seed(3))


def texts(figure) -> list[str]:
    return [text.get_text() for text in figure.axes[0].texts]


def boxes(figure) -> list[FancyBboxPatch]:
    return [patch for patch in figure.axes[0].patches if isinstance(patch, FancyBboxPatch)]


def assert_tidy(figure) -> None:
    """No text outside the figure, over another text or on a box; no two boxes overlap."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    renderer = canvas.get_renderer()
    extents = [text.get_window_extent(renderer) for text in figure.axes[0].texts if text.get_text() not in "Σ×"]
    frames = [patch.get_window_extent(renderer) for patch in boxes(figure)]
    whole = figure.bbox
    for extent in extents + frames:
        assert extent.x0 >= whole.x0 and extent.x1 <= whole.x1
        assert extent.y0 >= whole.y0 and extent.y1 <= whole.y1
    for first, second in itertools.combinations(extents + frames, 2):
        overlap_x = min(first.x1, second.x1) - max(first.x0, second.x0)
        overlap_y = min(first.y1, second.y1) - max(first.y0, second.y0)
        assert overlap_x <= 1 or overlap_y <= 1  # a pixel of rounding


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("shape", [(1, 1), (2, 2, 1), (3, 3, 2, 1), (9, (0, 2), 1), (4, (1, 2), 1), (9, 5, 1), (2, 2)])
def test_everything_is_drawn_without_overlap(shape, dark):
    net = network(*shape)
    names = [f"variable {k}" for k in range(shape[0])]
    figure = network_figure(net, rows(shape[0]), input_names=names, output_name="energy", dark=dark)
    assert len(boxes(figure)) == sum(layer.mode[0].numel() for layer in net.layers)
    assert set(names) <= set(texts(figure))
    hidden = [node for layer in net.layers for node in layer.product.tolist()]
    assert texts(figure).count("×") == sum(hidden)
    assert texts(figure).count("Σ") == len(hidden) - sum(hidden)
    assert_tidy(figure)


def test_every_primitive_with_reference_is_labelled_and_tidy():
    spline = network(9, (0, 2), 1)
    symbolic = spline.clone()
    names = ["sin", "1/sqrt(1-x^2)", "x^p", "x^-2", "gaussian", "exp", "J0", "abs", "cbrt"]
    for source, name in enumerate(names):
        symbolic.set_symbolic(0, source, 0, LIBRARY.get(name), a=0.4, b=1.5 if name.startswith("x^") else 0.0, p=1.5)
    figure = network_figure(
        symbolic, rows(9), input_names=[f"x{k}" for k in range(9)], output_name="y", reference=spline
    )
    shown = texts(figure)
    assert {"sin", "x^1.5", "x⁻²", "gaussian"} <= set(shown)
    assert sum(text.startswith("1−R²") for text in shown) == 9
    assert_tidy(figure)
    without = network_figure(
        symbolic, rows(9), input_names=[f"x{k}" for k in range(9)], output_name="y", primitives_shown=False
    )
    assert "sin" not in texts(without) and len(boxes(without)) == len(boxes(figure))


def test_units_stand_below_names():
    net, x = network(2, 1), rows(2)
    figure = network_figure(
        net, x, input_names=["t", "angle"], output_name="E", input_units=["s", "1"], output_unit="J"
    )
    shown = texts(figure)
    assert {"t", "s", "angle", "E", "J"} <= set(shown) and "1" not in shown
    assert_tidy(figure)
    with pytest.raises(ArgumentError, match="input_units must have 2 entries, got 1"):
        network_figure(net, x, input_names=["t", "angle"], output_name="E", input_units=["s"])


def test_off_edges_and_dead_nodes_are_left_out():
    net = network(3, 2, 1)
    net.set_off(1, 1, 0)  # hidden node 1 does not reach the output
    net.set_off(0, 2, 0)  # so input 2 has no path left
    figure = network_figure(net, rows(3), input_names=["a", "b", "c"], output_name="y")
    assert len(boxes(figure)) == 3  # a -> 0, b -> 0, 0 -> y
    assert texts(figure).count("Σ") == 2
    assert "not used: c" in texts(figure) and "c" not in texts(figure)
    assert_tidy(figure)


def test_a_network_without_edges_can_be_drawn():
    net = network(2, 1)
    for source in (0, 1):
        net.set_off(0, source, 0)
    figure = network_figure(net, rows(2), input_names=["a", "b"], output_name="y")
    assert boxes(figure) == [] and "not used: a, b" in texts(figure)


def test_opacity_follows_the_effect_on_the_output():
    net = network(2, 1)
    for source, slope in ((0, 1.0), (1, 0.01)):
        net.set_symbolic(0, source, 0, LIBRARY.get("x^2"), c=slope)
    figure = network_figure(net, rows(2), input_names=["strong", "weak"], output_name="y")
    alphas = [patch.get_alpha() for patch in figure.axes[0].patches if patch.get_alpha() is not None]
    assert max(alphas) > 0.85 and min(alphas) < 0.3


@pytest.mark.parametrize(
    "name", ["$", "$x_1$", "\\frac{", "λ (nm)", "x-1", "_", "a" * 300, "名前", "tab\tand\nnewline", "", "E^{", "%s"]
)
def test_any_name_is_drawn(name):
    figure = network_figure(network(2, 1), rows(2), input_names=[name, "b"], output_name=name)
    for kind in ("svg", "png"):
        figure.savefig(BytesIO(), format=kind)
    assert_tidy(figure)


@settings(max_examples=10)
@given(st.text(max_size=30))
def test_property_any_text_is_drawn(name):
    figure = network_figure(network(1, 1), rows(1, 20), input_names=[name], output_name=name)
    figure.savefig(BytesIO(), format="svg")


def test_curves_are_the_edges():
    net = network(2, 2, 1)
    x = rows(2)
    for curve in edge_curves(net, x):
        states = net.trace(x, need_slope=False)
        values = states[curve.layer + 1][1].value[0, :, curve.source, curve.target]
        assert curve.low == pytest.approx(float(values.min())) and curve.high == pytest.approx(float(values.max()))
        nodes = states[curve.layer][0][0, :, curve.source]
        interpolated = torch.tensor([curve.points[abs(curve.points[:, 0] - float(h)).argmin(), 1] for h in nodes])
        assert float((interpolated - values).abs().max()) < 0.05 * (curve.high - curve.low)


def test_misfit_does_not_depend_on_the_gauge_and_equals_one_minus_r_squared():
    x = rows(1)
    spline = network(1, 1, 1)
    # The first edge is replaced by 3 - 2 * sin(h); the second, which sees another input now, is left as it is.
    symbolic = spline.clone()
    symbolic.set_symbolic(0, 0, 0, LIBRARY.get("sin"), a=1.0, c=-2.0, d=3.0)
    curve = edge_curves(symbolic, x, reference=spline)[0]
    values = spline.trace(x, need_slope=False)[1][1].value[0, :, 0, 0]
    expected = 1 - float(torch.corrcoef(torch.stack([torch.sin(x[:, 0]), values]))[0, 1]) ** 2
    assert curve.misfit == pytest.approx(expected, rel=1e-9)


def test_curves_of_the_reference_stay_in_their_boxes():
    x = rows(1)
    spline = network(1, 1, 1)
    symbolic = spline.clone()
    # The first edge is a poor match, so that the spline behind it goes on beyond the rows of this network.
    symbolic.set_symbolic(0, 0, 0, LIBRARY.get("gaussian"), a=4.0)
    symbolic.set_symbolic(1, 0, 0, LIBRARY.get("exp"))
    drawn = edge_curves(symbolic, x, reference=spline)[1]
    assert drawn.spline is not None
    (left, right), width = (drawn.spline[[0, -1], 0]), float(drawn.points[:, 0].max() - drawn.points[:, 0].min())
    assert abs(right - left) > 1.1 * width
    figure = network_figure(symbolic, x, input_names=["a"], output_name="y", reference=spline)
    ends = [(box.get_x(), box.get_x() + box.get_width()) for box in boxes(figure)]
    curves = [line for line in figure.axes[0].lines if len(line.get_xdata()) > 50 and line.get_zorder() in (3, 4)]
    assert len(curves) >= 3
    for line in curves:
        shown = line.get_xdata()[torch.isfinite(torch.as_tensor(line.get_ydata()))]
        assert any(left <= shown.min() and shown.max() <= right for left, right in ends)


def test_a_pole_between_rows_and_non_finite_values_are_survived():
    net = network(1, 1)
    net.set_symbolic(0, 0, 0, LIBRARY.get("x^-1"))
    curve = edge_curves(net, torch.tensor([[-1.0], [0.5], [1.0]], dtype=torch.float64))[0]
    assert (curve.low, curve.high) == (-1.0, 2.0)
    net.set_symbolic(0, 0, 0, LIBRARY.get("log"), b=-5.0)  # nan everywhere
    network_figure(net, rows(1), input_names=["a"], output_name="y").savefig(BytesIO(), format="png")
    network_figure(network(1, 1), rows(1, 1), input_names=["a"], output_name="y").savefig(BytesIO(), format="png")


def test_the_figure_draws_few_points_and_leaves_pyplot_alone():
    import sys

    net, x = network(9, (0, 2), 1), rows(9, 2000)
    names = [f"x{k}" for k in range(9)]
    before = dict(matplotlib.rcParams)
    figure = network_figure(net, x, input_names=names, output_name="y")
    # However many rows there are, a curve has few points: that makes it fast.
    assert sum(len(line.get_xdata()) for line in figure.axes[0].lines) < 20_000
    figure.savefig(BytesIO(), format="svg")
    assert dict(matplotlib.rcParams) == before
    if "matplotlib.pyplot" in sys.modules:
        assert sys.modules["matplotlib.pyplot"].get_fignums() == []


def test_wrong_arguments_are_refused():
    net, x = network(2, 1), rows(2)
    with pytest.raises(ArgumentError, match="input_names must have 2 entries, got 1"):
        network_figure(net, x, input_names=["a"], output_name="y")
    with pytest.raises(ArgumentError, match=r"index must lie in 0\.\.0"):
        network_figure(net, x, input_names=["a", "b"], output_name="y", index=1)
    with pytest.raises(ArgumentError, match="reference must have the network's shape"):
        network_figure(net, x, input_names=["a", "b"], output_name="y", reference=network(2, 1, 1))
    with pytest.raises(ArgumentError, match="x must have shape"):
        network_figure(net, x[:, :1], input_names=["a", "b"], output_name="y")


def test_the_member_of_a_population_is_the_one_asked_for():
    both = Network.create((1, 1), population=2, generator=torch.Generator().manual_seed(0))
    x = rows(1)
    assert (edge_curves(both, x, index=1)[0].points == edge_curves(both.select([1]), x)[0].points).all()
    assert (edge_curves(both, x, index=0)[0].points != edge_curves(both, x, index=1)[0].points).any()


def test_labels():
    assert clean(" a\n b\x00 ") == "a b□"
    assert shorten("temperature_1", 10, 5.0) == "temperature_1"
    short = shorten("temperature_of_the_sample_1", 10, 1.0)
    assert "…" in short and short.startswith("temp") and short.endswith("_1") and text_width(short, 10) <= 1.0
    assert primitive_label(LIBRARY.get("x^-1"), 1.0) == "x⁻¹"
    assert primitive_label(LIBRARY.get("x^1.5"), 1.0) == "x^1.5"
    assert primitive_label(LIBRARY.get("x^p"), -0.75) == "x^−0.75"
    assert [scientific(value) for value in (0.0, 3.2e-8, 0.5)] == ["0", "3e−8", "0.5"]


@settings(max_examples=50)
@given(st.lists(st.floats(-10, 10), min_size=1, max_size=12), st.floats(0.1, 2))
def test_spread_keeps_distance_and_moves_nothing_needlessly(wanted, separation):
    result = spread(wanted, separation)
    assert all(a - b >= separation - 1e-9 for a, b in itertools.pairwise(result))
    if all(a - b >= separation for a, b in itertools.pairwise(wanted)):
        assert result == pytest.approx(wanted)
    assert math.fsum(result) == pytest.approx(math.fsum(wanted), abs=1e-6)


def test_a_formula_that_came_without_a_network_is_drawn_as_its_own(plain_run):
    found = formula_network(plain_run)
    assert found is not None
    own, x = found
    assert own.is_symbolic
    values = own(x)[0, :, 0].numpy()
    assert values == pytest.approx(plain_run.formula.predict(plain_run.dataset.X), rel=1e-12)
    assert alt_text("network", plain_run).startswith("The formula as a network [")
    drawn = _of_kind("network", plain_run)
    assert drawn is not None and "each function is an edge" in drawn.caption
    read = replace(plain_run, reading=NetworkReading(plain_run.network.network, None))
    assert alt_text("network", read).startswith("Kolmogorov-Arnold network [")


def test_a_formula_without_a_network_has_no_picture(plain_run):
    constant = replace(plain_run.formula, expression=sympy.Float(2.5), constants=(), covariance=None)
    run = replace(plain_run, summary=replace(plain_run.summary, formula=constant))
    with pytest.raises(ArgumentError, match="'network' needs a table, and a formula that can be written as a network"):
        alt_text("network", run)
    with pytest.raises(ArgumentError, match="cannot be written as one"):
        draw_network(run)
