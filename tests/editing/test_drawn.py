"""Edges and suggestions in a notebook, the sentence about a network that the formula came without, results in words."""

import copy
import math
import pickle
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest

from kansym import edit, make_dataset
from kansym.editing.context import Errors
from kansym.editing.network import EditableNetwork
from kansym.editing.pruning import Pruned
from kansym.editing.script import do_step
from kansym.editing.tables import HEIGHT, WIDTH, curve_svg

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def net() -> EditableNetwork:
    rng = np.random.default_rng(0)
    X = rng.uniform(-1, 1, (120, 3))
    y = np.sin(2 * X[:, 0]) + X[:, 1] ** 2
    table = make_dataset(X, y, names=["<a>", "b", "idle"], target="f")
    return edit(table, start=(3, 1), max_seconds=1)


def numbers(path: ElementTree.Element) -> list[float]:
    return [float(word) for word in path.attrib["d"].lstrip("M").replace("L", " ").split()]


def test_a_curve_stays_in_its_box():
    grid = np.linspace(-2, 2, 500)
    svg = curve_svg(np.column_stack([grid, grid**2]).tolist(), np.column_stack([grid, 9 * grid**3]).tolist(), "<w>")
    root = ElementTree.fromstring(svg)
    assert root.get("aria-label") == "<w>"
    pale, dark = root.iter(f"{SVG}path")
    for path in (pale, dark):
        found = numbers(path)
        assert min(found) >= 0 and max(found[::2]) <= WIDTH and max(found[1::2]) <= HEIGHT and len(found) < 200
    # A parabola is high at both ends and low in the middle.
    heights = numbers(pale)[1::2]
    assert heights[0] < 6 < HEIGHT - 6 < max(heights) and heights[-1] < 6
    assert curve_svg((), (), "nothing") == "" and "NaN" not in curve_svg([(0, 1.0), (1, 1.0)], (), "flat")


def test_a_function_that_leaves_the_box_is_drawn_in_pieces():
    pale = [(0.0, 0.0), (1.0, 1.0)]
    pole = [(0.0, 0.5), (0.2, 0.6), (0.4, 60.0), (0.6, -60.0), (0.8, 0.4), (1.0, 0.5)]
    _, dark = ElementTree.fromstring(curve_svg(pale, pole, "a pole")).iter(f"{SVG}path")
    assert dark.attrib["d"].count("M") == 2
    # Of what is far from the curve nothing is drawn, and a path without points would be no path.
    svg = curve_svg(pale, [(0.0, 50.0), (1.0, 60.0)], "far")
    assert len(list(ElementTree.fromstring(svg).iter(f"{SVG}path"))) == 1


def test_a_table_of_edges_has_a_picture_in_every_row(net: EditableNetwork):
    net = net.copy()
    html = net.edges._repr_html_()
    assert html.count("<svg") == 3 and "&lt;a&gt; -&gt; f" in html and "<a>" not in html
    # One line for a spline, two for a function over its spline, none for what is off.
    net.edge(0, 0, 0).fix("sin")
    assert net.edge(0, 0, 0)._repr_html_().count("<path") == 2
    net.edge(0, 2, 0).remove()
    assert net.edges._repr_html_().count("<svg") == 2
    whole = net._repr_html_()
    assert whole.count('role="img"') == 3 and "without this network" not in whole


def test_a_table_of_suggestions_has_a_picture_in_every_row(net: EditableNetwork):
    html = net.edge(0, 0, 0).suggest(3)._repr_html_()
    assert html.count("<svg") == 3 and html.count("<path") == 6
    assert "<th>error</th>" not in html and "price for complexity" in html


def test_what_nodes_do_is_said():
    rng = np.random.default_rng(0)
    X = rng.uniform(0.5, 2, (60, 2))
    net = edit(make_dataset(X, X[:, 0] * X[:, 1]), start=(2, (0, 1), 1), max_seconds=1)
    assert str(net.edges).splitlines()[-1] == "h1.0 multiplies what comes in"
    assert "h1.0 multiplies what comes in" in net.edges._repr_html_()
    net.add_node(["x0", "x1"])
    assert str(net).splitlines()[-1] == "h1.0 adds what comes in; h1.1 multiplies what comes in"


def test_pruning_says_what_it_did(net: EditableNetwork):
    net = net.copy()
    nothing = net.prune(0.0)
    assert nothing == 0 and not nothing and "nothing removed" in str(nothing) and len(net.history) == 1
    done = net.prune(0.01)
    assert done == 1 and done.edges == ("0.2.0",) and done.before.held_out > 0 and not done.taken_back
    assert str(done).startswith("1 edge (0.2.0) removed; RMS residual") and net.note == str(done)
    assert done.to_dict()["removed"] == 1
    back = net.prune(0.99)
    assert back == 0 and back.taken_back and back.edges and len(net.history) == 2
    assert back.would_be > 1.1 * back.before.held_out and back.after == back.before
    assert str(back).startswith("taken back: without") and "taken back" in repr(back)


def test_a_pruned_result_is_a_number():
    errors = Errors(1.0, 2.0)
    assert sum([Pruned(("0.0.0", "0.1.0"), 0.01, errors, errors), 1]) == 3
    back = Pruned(("0.0.0",), 0.01, errors, errors, taken_back=True, was=2.0, would_be=math.inf)
    assert back == 0 and "the held-out error rises from 2 to inf" in str(back)
    for again in (copy.deepcopy(back), pickle.loads(pickle.dumps(back))):
        assert again == 0 and str(again) == str(back)


@pytest.mark.parametrize("precise", ["where the edge matters", "elsewhere"])
def test_pruning_goes_by_the_weighted_error(precise):
    rng = np.random.default_rng(0)
    X = rng.uniform(-1, 1, (60, 2))
    matters = X[:, 0] < 0
    error = np.where(matters == (precise == "where the edge matters"), 0.01, 10.0)
    table = make_dataset(X, X[:, 0] + np.where(matters, X[:, 1], 0.0), y_error=error)
    done = edit(table, start=(2, 1), max_seconds=1).prune(0.99)
    assert done.taken_back == (precise == "where the edge matters")
    if done.taken_back:
        assert done.was == pytest.approx(done.before.held_out, rel=1e-6) and done.would_be > 1.1 * done.was


def test_nothing_is_held_out_of_few_rows():
    X = np.random.default_rng(0).uniform(-1, 1, (12, 2))
    back = edit(make_dataset(X, X.sum(1)), start=(2, 1), max_seconds=1).prune(0.99)
    assert back.taken_back and "the error rises from" in str(back) and "held" not in str(back)


def test_choosing_says_how_good_it_is(net: EditableNetwork):
    net = net.copy()
    net.edge(0, 2, 0).remove()
    chosen = net.auto()
    assert chosen == {"0.0.0": "sin", "0.1.0": "x^2"} and set(chosen.misfits) == set(chosen)
    first, *lines = str(chosen).splitlines()
    assert first.startswith("RMS residual") and "held out" in first
    assert [line.partition(",")[0] for line in lines] == ["0.0.0 (<a> -> f) is sin", "0.1.0 (b -> f) is x^2"]
    assert all("1-R2 = " in line for line in lines) and chosen.to_dict()["functions"] == dict(chosen)
    assert str(net.auto()) == "no splines are left" and do_step(net, "auto") == "auto: no splines are left"
    assert do_step(net, "prune", "0").startswith("prune: no edge moves")


def test_a_network_that_the_formula_came_without_says_so(net: EditableNetwork):
    net = net.copy()
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
