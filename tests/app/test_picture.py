"""The figure of the network as a part of a page."""

import xml.etree.ElementTree

import pytest
import torch

from kansym.app.picture import SVG, page_picture
from kansym.figures.network_figure import network_figure
from kansym.kan.network import Network


@pytest.mark.parametrize("dark", [False, True])
def test_every_edge_can_be_clicked_focused_and_read_aloud(dark):
    network = Network.create((2, (1, 1), 1), generator=torch.Generator().manual_seed(0))
    rows = torch.rand(50, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(1)) * 2 - 1
    figure = network_figure(network, rows, input_names=["<b>", 'a"&'], output_name="y", dark=dark)
    labels = {"0.0.0": '<b> to "h"'}
    root = xml.etree.ElementTree.fromstring(page_picture(figure, labels, "All & everything"))
    edges = [group for group in root.iter(f"{{{SVG}}}g") if group.get("class") == "edge"]
    wanted = {f"0.{source}.{target}" for source in range(2) for target in range(2)} | {"1.0.0", "1.1.0"}
    assert {edge.get("data-edge") for edge in edges} == wanted and len(edges) == 6
    for edge in edges:
        assert edge.get("role") == "button" and edge.get("tabindex") == "0" and edge.get("aria-label")
        assert edge.get("id") is None
    first = next(edge for edge in edges if edge.get("data-edge") == "0.0.0")
    assert first.get("aria-label") == '<b> to "h"' == first.findtext(f"{{{SVG}}}title")
    # A style sheet in it would hold for the whole page; a fixed size would not fit it.
    assert not list(root.iter(f"{{{SVG}}}style")) and not list(root.iter(f"{{{SVG}}}metadata"))
    assert root.get("viewBox") and root.get("width") is None and root.get("aria-label") == "All & everything"


def test_a_plain_edge_is_a_line_with_a_broad_reach():
    from kansym.primitives import default_library

    network = Network.create((2, (0, 1), 1), generator=torch.Generator().manual_seed(0))
    network.set_symbolic(1, 0, 0, default_library()["x"], frozen="abcdp")
    rows = torch.rand(50, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(1)) * 2 - 1
    figure = network_figure(network, rows, input_names=["a", "b"], output_name="y")
    root = xml.etree.ElementTree.fromstring(page_picture(figure, {}, "x"))
    line = next(group for group in root.iter(f"{{{SVG}}}g") if group.get("data-edge") == "1.0.0")
    drawn, reach = list(line.iter(f"{{{SVG}}}path"))
    assert reach.get("class") == "reach" and reach.get("d") == drawn.get("d")
