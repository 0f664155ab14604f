"""Tables of edges and suggestions, with their small pictures."""

from xml.etree import ElementTree

import numpy as np

from kansym import edit, make_dataset
from kansym.editing.network import EditableNetwork
from kansym.editing.tables import HEIGHT, WIDTH, curve_svg

SVG = "{http://www.w3.org/2000/svg}"


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


def test_a_table_of_edges_has_a_picture_in_every_row(idle_column: EditableNetwork):
    net = idle_column.copy()
    html = net.edges._repr_html_()
    assert html.count("<svg") == 3 and "&lt;a&gt; -&gt; f" in html and "<a>" not in html
    # One line for a spline, two for a function over its spline, none for what is off.
    net.edge(0, 0, 0).fix("sin")
    assert net.edge(0, 0, 0)._repr_html_().count("<path") == 2
    net.edge(0, 2, 0).remove()
    assert net.edges._repr_html_().count("<svg") == 2
    whole = net._repr_html_()
    assert whole.count('role="img"') == 3 and "without this network" not in whole


def test_a_table_of_suggestions_has_a_picture_in_every_row(idle_column: EditableNetwork):
    html = idle_column.edge(0, 0, 0).suggest(3)._repr_html_()
    assert html.count("<svg") == 3 and html.count("<path") == 6
    assert "<th>error</th>" not in html and "price for complexity" in html


def test_what_nodes_do_is_said():
    rng = np.random.default_rng(0)
    X = rng.uniform(0.5, 2, (60, 2))
    net = edit(make_dataset(X, X[:, 0] * X[:, 1]), start=(2, (0, 1), 1), max_seconds=60)
    assert str(net.edges).splitlines()[-1] == "h1.0 multiplies what comes in"
    assert "h1.0 multiplies what comes in" in net.edges._repr_html_()
    net.add_node(["x0", "x1"])
    assert str(net).splitlines()[-1] == "h1.0 adds what comes in; h1.1 multiplies what comes in"
