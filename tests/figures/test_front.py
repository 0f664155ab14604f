"""The Pareto front: points, labels that make room for each other, fronts of other tools, and the legend."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
import sympy
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

import kansym
from kansym.comparison.result import Comparison, FrontPoint, ToolResult
from kansym.data.dataset import make_dataset
from kansym.figures import figures_of
from kansym.figures.front import _above_floor
from kansym.search.front import ParetoFront


def line(axes, label):
    return next(one for one in axes.get_lines() if one.get_label() == label)


def test_the_front_shows_every_formula_and_no_two_labels_overlap(new_run, new_formula):
    dataset = make_dataset(np.ones((5, 2)), np.arange(5.0), remove_constant=False)
    a, b = sympy.symbols("x0 x1")
    forms = [sympy.Float(2.0), a, a + b, a / (1 + b), sympy.exp(-a / (1 + b)) / (3 + a), a**2 * sympy.sqrt(b) + a / b]
    losses = [1.0, 0.99, 0.98, 0.97, 1e-4, 0.9e-4]
    front = [
        new_formula(dataset, form, loss=loss, complexity=3 * k + 1)
        for k, (form, loss) in enumerate(zip(forms, losses, strict=True))
    ]
    run = new_run(np.random.default_rng(0).uniform(1, 2, (30, 2)), np.arange(30.0), lambda a, b: a + b, front=front)
    figure = kansym.figure(run, "front")
    axes = figure.axes[0]
    drawn = [one.get_xydata()[0] for one in axes.get_lines() if one.get_marker() == "o" and len(one.get_xydata()) == 1]
    assert np.array(sorted(map(tuple, drawn))) == pytest.approx(
        np.array([(3 * k + 1, loss**0.5) for k, loss in enumerate(losses)])
    )
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    boxes = [text.get_window_extent(canvas.get_renderer()) for text in figure.texts]
    assert len(boxes) == len(front)
    assert not any(one.overlaps(other) for one, other in itertools.combinations(boxes, 2))
    assert all(box.x1 <= figure.bbox.x1 and box.y1 <= figure.bbox.y1 and box.y0 >= 0 for box in boxes)


def test_fronts_of_other_tools_lie_over_it(plain_run):
    fronts = {"pysr": [(1, 2.0), (5, 0.2), (400, 1e-3)], "operon": [(3, 1.0), (9, 0.1)]}
    tools = [ToolResult("kansym", complexity=5, rms=0.1)]
    tools += [
        ToolResult(tool, complexity=9, rms=0.1, front=tuple(FrontPoint(c, rms, "") for c, rms in front))
        for tool, front in fronts.items()
    ]
    tools += [ToolResult("mlp", rms=0.3), ToolResult("gplearn", failure="crashed")]
    comparison = Comparison(tuple(tools), "E", "J", 60, 0, 0, 1.0, 5.0, 0)
    axes = figures_of(plain_run, only=["front"], comparison=comparison)["front"].axes[0]
    assert line(axes, "operon").get_xydata().tolist() == [[3, 1.0], [9, 0.1]]
    # Far longer than any pick.
    assert line(axes, "pysr").get_xydata().tolist() == [[1, 2.0], [5, 0.2]]
    assert list(line(axes, "mlp").get_ydata()) == [0.3, 0.3]
    shown = [text.get_text() for text in axes.get_legend().get_texts()]
    assert shown == ["pysr", "operon", "mlp", "kansym, held-out rows"]


def test_of_a_long_front_the_pick_is_named_and_the_others_that_gain_most(new_run, new_formula):
    dataset = make_dataset(np.ones((5, 2)), np.arange(5.0), remove_constant=False)
    a, b = sympy.symbols("x0 x1")
    front = [new_formula(dataset, a + k * b, loss=0.9**k, complexity=k + 3) for k in range(30)]
    run = new_run(np.random.default_rng(0).uniform(1, 2, (30, 2)), np.arange(30.0), lambda a, b: a + b, front=front)
    run = replace(run, summary=replace(run.summary, formula=front[17]))
    figure = kansym.figure(run, "front")
    assert len(figure.texts) == 14 and any("17" in text.get_text() for text in figure.texts)


def test_an_empty_front_is_left_out(plain_run):
    bare = replace(plain_run, summary=replace(plain_run.summary, front=ParetoFront([])))
    assert "front" not in figures_of(bare)


def test_the_legend_stands_above_the_words_on_the_noise_floor():
    axes = Figure().subplots()
    axes.set_yscale("log")
    axes.set_ylim(1e-4, 1.0)
    assert _above_floor(axes, 1e-3) == pytest.approx(0.31)
    assert _above_floor(axes, 0.5) == 0.0 and _above_floor(axes, 1e-9) == 0.0
