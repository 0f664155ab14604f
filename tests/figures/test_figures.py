"""All figures of a run: that each survives awkward runs, and that what it draws is what the run says."""

from dataclasses import replace
from io import BytesIO

import matplotlib
import numpy as np
import pytest
import sympy
from matplotlib.text import Text

import kansym
from kansym.errors import ArgumentError
from kansym.figures import FIGURES, alt_text, figures_of, slices, to_svg
from kansym.figures.points import points_of
from kansym.figures.slices import slice_along


def texts(figure):
    return [text.get_text() for text in figure.findobj(Text) if text.get_text()]


def line(axes, label):
    return next(one for one in axes.get_lines() if one.get_label() == label)


AWKWARD_NETWORKS = {"constant_column", "extreme_numbers", "nine_inputs", "no_network", "odd_names", "three_rows",
                    "tiny_numbers"}  # fmt: skip
"""Runs whose networks are awkward too; to match the edges of the others, which are alike, is what is dear."""


def test_every_figure_of_an_awkward_run_is_drawn_and_described(awkward_run, request):
    edges = request.node.callspec.params["awkward_run"] in AWKWARD_NETWORKS
    wanted = [name for name in FIGURES if edges or name != "edges"]
    made = figures_of(awkward_run, only=wanted)
    assert {"structure"} <= set(made) and list(made) == [name for name in wanted if name in made]
    for name, figure in made.items():
        svg = to_svg(figure)
        assert len(svg) < 400_000, name
        assert "nan" not in svg.split("</title>")[1], name
        words = alt_text(name, awkward_run)
        assert figure.get_label() == words and words.endswith(".") and "\n" not in words
    has_table = awkward_run.dataset is not None
    assert ("network" in made) == (has_table and bool(awkward_run.formula.expression.free_symbols))


def test_what_cannot_be_drawn_is_left_out_and_refused(plain_run):
    bare = replace(plain_run, dataset=None, network=None)
    assert set(figures_of(bare)) == {"front", "correlation", "structure", "growth"}
    for name in ("parity", "residuals", "slices", "network", "edges"):
        with pytest.raises(ArgumentError, match=f"the figure '{name}' needs"):
            kansym.figure(bare, name)
        with pytest.raises(ArgumentError):
            alt_text(name, bare)
    with pytest.raises(ArgumentError, match="there is no figure 'histogram'"):
        kansym.figure(plain_run, "histogram")
    with pytest.raises(ArgumentError, match="there is no figure 'histogram'"):
        figures_of(plain_run, only=["histogram"])
    with pytest.raises(ArgumentError, match="got int"):
        kansym.figure(3, "parity")  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    "name", ["front", pytest.param("network", marks=pytest.mark.long), pytest.param("slices", marks=pytest.mark.long)]
)
def test_the_same_run_gives_the_same_text_and_dark_another_one(plain_run, name):
    svg = to_svg(FIGURES[name](plain_run))
    assert svg == to_svg(FIGURES[name](plain_run))
    assert svg != to_svg(FIGURES[name](plain_run, dark=True))


def test_settings_of_the_user_are_neither_used_nor_changed(plain_run):
    plain = to_svg(kansym.figure(plain_run, "parity"))
    own = {"font.size": 30, "axes.facecolor": "yellow", "lines.linewidth": 9, "xtick.color": "red", "axes.grid": False}
    with matplotlib.rc_context(own):
        before = dict(matplotlib.rcParams)
        assert to_svg(kansym.figure(plain_run, "parity")) == plain
        assert dict(matplotlib.rcParams) == before


@pytest.mark.parametrize("dark", [pytest.param(False, marks=pytest.mark.long), True])
def test_texts_stand_out_from_their_paper(plain_run, dark):
    def luminance(colour):
        rgb = np.array(matplotlib.colors.to_rgb(colour))
        return float(np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4) @ (0.2126, 0.7152, 0.0722))

    for name, figure in figures_of(plain_run, dark=dark).items():
        paper = luminance(figure.get_facecolor())
        for text in figure.findobj(Text):
            # Numbers in the correlation map stand on colours.
            if text.get_text() and text.get_visible() and name != "correlation":
                low, high = sorted([paper, luminance(text.get_color())])
                assert (high + 0.05) / (low + 0.05) > 4.5, (name, text.get_text())


def test_parity_draws_the_rows(plain_run):
    figure = kansym.figure(plain_run, "parity")
    upper, lower = figure.axes
    points = points_of(plain_run)
    x, y = line(upper, "rows").get_data()
    a, b = plain_run.dataset.X.T
    order = np.argsort(plain_run.dataset.y)
    assert np.sort(x) == pytest.approx(plain_run.dataset.y[order])
    assert y[np.argsort(x)] == pytest.approx((2 * a + b**2)[order])
    assert lower.get_lines()[0].get_ydata() == pytest.approx(points.y - points.predicted)
    assert upper.get_xlim() == upper.get_ylim()
    assert {"predicted E [J]", "measured E [J]", "residual [J]"} <= set(texts(figure))
    assert any(text.startswith("R² = ") for text in texts(figure))


def test_of_many_rows_some_are_drawn_and_the_figure_says_how_many(new_run):
    X = np.linspace(0, 1, 30_000)[:, None]
    run = new_run(X, X[:, 0], lambda x: x)
    figure = kansym.figure(run, "parity")
    assert len(line(figure.axes[0], "rows").get_xdata()) == 2000
    assert "2000 of 30000 rows drawn" in "\n".join(texts(figure))


def test_axes_are_logarithmic_over_decades_only(new_run):
    x = np.logspace(-2, 2, 50)[:, None]
    assert kansym.figure(new_run(x, x[:, 0], lambda x: x), "parity").axes[0].get_xscale() == "log"
    even = np.linspace(1e-4, 1, 50)[:, None]
    assert kansym.figure(new_run(even, even[:, 0], lambda x: x), "parity").axes[0].get_xscale() == "linear"
    signed = np.concatenate([x, [[-1e5]]])
    assert kansym.figure(new_run(signed, signed[:, 0], lambda x: x), "parity").axes[0].get_xscale() == "symlog"


def test_residuals_have_a_panel_for_every_input_and_their_running_mean(plain_run):
    figure = kansym.figure(plain_run, "residuals")
    assert len(figure.axes) == 2
    points = points_of(plain_run)
    for k, axes in enumerate(figure.axes):
        x, y = line(axes, "rows").get_data()
        assert x == pytest.approx(points.X[:, k]) and y == pytest.approx(points.residual)
    # Averages of neighbouring points cannot reach farther than the points.
    mean = line(figure.axes[0], "mean").get_ydata()
    assert np.abs(mean).max() < np.abs(points.residual).max()
    assert {"a [m]", "b", "residual of E [J]"} <= set(texts(figure))


def test_a_missing_term_shows_in_the_running_mean(new_run):
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, (400, 1))
    y = x[:, 0] + 0.5 * x[:, 0] ** 2 + rng.normal(0, 0.05, 400)
    lacking, right = new_run(x, y, lambda x: x), new_run(x, y, lambda x: x + 0.5 * x**2)
    assert "leaves zero along x0" in alt_text("residuals", lacking)
    assert "stay near zero" in alt_text("residuals", right)
    x_mean, mean = line(kansym.figure(lacking, "residuals").axes[0], "mean").get_data()
    assert mean == pytest.approx(0.5 * x_mean**2, abs=0.05)


def test_residuals_are_in_errors_where_there_are_some(new_run):
    rng = np.random.default_rng(0)
    x = rng.uniform(0, 1, (50, 1))
    error = np.where(x[:, 0] < 0.5, 0.1, 0.4)
    run = new_run(x, x[:, 0] + 0.2, lambda x: x, y_error=error)
    figure = kansym.figure(run, "residuals")
    drawn = line(figure.axes[0], "rows").get_data()
    assert drawn[1] == pytest.approx(np.where(drawn[0] < 0.5, 2.0, 0.5))
    assert any("residual of y, in errors" in text for text in texts(figure)) and "in errors" in alt_text(
        "residuals", run
    )
    assert "one error" in [text.get_text() for text in figure.legends[0].get_texts()]


def test_a_curve_stays_where_its_column_can_be(new_run):
    x = np.linspace(0.1, 2, 30)[:, None]
    for sign in (1.0, -1.0):
        run = new_run(sign * x, np.cos(x[:, 0]), lambda x: sympy.cos(x))
        drawn = line(kansym.figure(run, "slices").axes[0], "formula").get_xdata()
        assert (sign * drawn >= 0).all() and np.abs(drawn).max() > 2.4
    both = new_run(x - 1, x[:, 0], lambda x: x + 1)
    assert line(kansym.figure(both, "slices").axes[0], "formula").get_xdata().min() < -1.4


def test_a_network_that_has_learned_nothing_is_not_drawn(plain_run):
    run = replace(plain_run, network=Learned())
    assert slices.network_shown(run) and "network" in alt_text("slices", run)
    # The one of this run was never trained.
    assert not slices.network_shown(plain_run) and "network" not in alt_text("slices", plain_run)
    names = [one.get_label() for one in kansym.figure(plain_run, "slices").axes[0].get_lines()]
    assert "formula" in names and "network" not in names


class Learned:
    """A network that has learned its table."""

    def predict(self, X):
        return 2.001 * X[:, 0] + X[:, 1] ** 2


def test_slices_hold_the_other_inputs_at_their_medians(plain_run):
    plain_run = replace(plain_run, network=Learned())
    figure = kansym.figure(plain_run, "slices")
    assert len(figure.axes) == 2
    X = plain_run.dataset.X
    middle = np.sort(X, axis=0)[(len(X) - 1) // 2]
    x, y = line(figure.axes[0], "formula").get_data()
    assert y == pytest.approx(2 * x + middle[1] ** 2)
    reach = np.ptp(X[:, 0])
    assert x[-1] == pytest.approx(X[:, 0].max() + 0.3 * reach)
    at = np.column_stack([x, np.full(len(x), middle[1])])
    assert line(figure.axes[0], "network").get_ydata() == pytest.approx(plain_run.network.predict(at))


def test_rows_beside_a_slice_keep_their_residuals(plain_run):
    points, dataset = points_of(plain_run), plain_run.dataset
    one = slice_along(plain_run, dataset, points, 1)
    middle = np.sort(dataset.X[:, 0])[(len(dataset.X) - 1) // 2]
    residual = one.rows_y - (2 * middle + one.rows_x**2)
    known = {round(x, 12): r for x, r in zip(points.X[:, 1], points.residual, strict=True)}
    assert residual == pytest.approx([known[round(x, 12)] for x in one.rows_x])


def test_with_one_input_the_slice_shows_the_table(new_run):
    x = np.linspace(0, 2, 30)[:, None]
    run = new_run(x, np.cos(x[:, 0]), lambda x: sympy.cos(x))
    drawn = line(kansym.figure(run, "slices").axes[0], "rows").get_data()
    assert drawn[0] == pytest.approx(x[:, 0]) and drawn[1] == pytest.approx(np.cos(x[:, 0]))


def test_the_legend_of_residuals_names_what_is_drawn(plain_run, new_run):
    def legend(run):
        return [text.get_text() for text in figures_of(run, only=["residuals"])["residuals"].legends[0].get_texts()]

    assert any("running mean" in words for words in legend(plain_run))
    # Seven rows have no running mean.
    X = np.linspace(1.0, 2.0, 7)[:, None]
    few = new_run(X, X[:, 0] ** 2 + 0.01 * np.sin(9 * X[:, 0]), lambda a: a**2)
    assert legend(few)[0] == "rows" and not any("running mean" in words for words in legend(few))


def test_the_correlation_is_that_of_the_formula(plain_run):
    figure = kansym.figure(plain_run, "correlation")
    assert {"1.00", "−0.80", "c0 = 2.000(20)", "c1 = 1.000(10)"} <= set(texts(figure))
    assert "-0.8, of c0 and c1" in alt_text("correlation", plain_run)
    assert "correlation" not in figures_of(replace(plain_run, summary=_with_constants(plain_run, 1)))


def _with_constants(run, number):
    formula = replace(
        run.formula, constants=run.formula.constants[:number], covariance=run.formula.covariance[:number, :number]
    )
    return replace(run.summary, formula=formula)


def test_growth_shows_errors_and_what_was_refused(plain_run):
    figure = kansym.figure(plain_run, "growth")
    upper, lower = figure.axes
    points = [one for one in upper.get_lines() if len(one.get_xdata()) == 1]
    held_out = sorted(one.get_ydata()[0] for one in points if one.get_marker() == "o")
    assert held_out == pytest.approx([0.6, 0.7])
    assert sorted(one.get_ydata()[0] for one in points if one.get_marker() == "s") == pytest.approx([0.01, 0.4, 0.5])
    hollow = [
        one
        for one in points
        if one.get_markerfacecolor() == matplotlib.rcParams["axes.facecolor"]
        or matplotlib.colors.to_hex(one.get_markerfacecolor()) == "#ffffff"
    ]
    assert sorted(one.get_ydata()[0] for one in hollow) == pytest.approx([0.4, 0.7])
    assert [bar.get_height() for bar in lower.patches] == [5, 10, 5]
    assert "multiply\n[2, 1x, 1]" in texts(figure)


def test_edges_show_the_splines_and_three_functions_each(plain_run):
    figure = kansym.figure(plain_run, "edges")
    assert len(figure.axes) == 3
    for axes in figure.axes:
        curves = [one for one in axes.get_lines() if one.get_transform() == axes.transData]
        assert len(curves) == 4
        spline, best = curves[0].get_ydata(), curves[1].get_ydata()
        assert np.corrcoef(spline, best)[0, 1] ** 2 > 0.9
    assert "a → node 1.1" in texts(figure)


def test_the_pdf_and_png_are_the_same_every_time(plain_run):
    from kansym.figures.svg import figure_bytes

    for kind in ("pdf", "png"):
        first, second = (figure_bytes(kansym.figure(plain_run, "front"), kind) for _ in range(2))
        assert first == second
        assert first.startswith(b"%PDF" if kind == "pdf" else b"\x89PNG")


def test_a_run_is_drawn_from_memory_folder_and_estimator(tmp_path, new_discovery):
    from kansym import SymbolicRegressor, save_run

    X = np.linspace(1, 2, 30)[:, None]
    model = SymbolicRegressor(max_seconds=0.3).fit(X, 3 * X[:, 0], variable_names=["t"])
    assert to_svg(model.figure("parity")) == to_svg(kansym.figure(model.discovery_, "parity"))
    discovery = new_discovery(X, 3 * X[:, 0], lambda x: 3 * x)
    folder = save_run(discovery, tmp_path)
    assert to_svg(kansym.figure(folder, "parity")) == to_svg(kansym.figure(discovery, "parity"))
    stream = BytesIO()
    kansym.figure(str(folder), "front", dark=True).savefig(stream, format="png")
    assert stream.getvalue()
