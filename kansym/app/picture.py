"""The figure of the network as a part of the page: each edge can be clicked, focused and read aloud."""

import re
from collections.abc import Mapping
from xml.etree import ElementTree

from matplotlib.figure import Figure

from kansym.figures.svg import to_svg

SVG = "http://www.w3.org/2000/svg"
XLINK = "http://www.w3.org/1999/xlink"
EDGE = re.compile(r"edge-(\d+)-(\d+)-(\d+)")
"""Ids of the groups that `kansym.figures.network_figure` gives to edges: layer, source, target."""

POINTS_TO_PIXELS = 96 / 72

REACH = "stroke-width:16"
"""Of what can be clicked around an edge that is drawn as a line."""


def page_picture(figure: Figure, labels: Mapping[str, str], description: str) -> str:
    """SVG to be put into a page.

    Parameters
    ----------
    figure : Figure
        Of the network.
    labels : mapping of str to str
        What each edge, ``"0.1.0"``, is called.
    description : str
        What the whole picture shows, for those who do not see it.
    """
    ElementTree.register_namespace("", SVG)
    ElementTree.register_namespace("xlink", XLINK)
    root = ElementTree.fromstring(to_svg(figure, title="", keep=EDGE))
    width = float(root.attrib.pop("width").removesuffix("pt")) * POINTS_TO_PIXELS
    root.attrib.pop("height")
    # No role of an image: what is inside an image is not reachable.
    root.attrib |= {"data-width": f"{width:.0f}", "role": "group", "aria-label": description}
    for group in root.iter(f"{{{SVG}}}g"):
        found = EDGE.fullmatch(group.get("id", ""))
        if not found:
            continue
        edge = ".".join(found.groups())
        del group.attrib["id"]
        words = labels.get(edge, edge)
        group.attrib |= {
            "class": "edge",
            "data-edge": edge,
            "tabindex": "0",
            "role": "button",
            "aria-label": words,
            "aria-pressed": "false",
        }
        _widen(group)
        title = ElementTree.Element(f"{{{SVG}}}title")
        title.text = words
        group.insert(0, title)
    return ElementTree.tostring(root, encoding="unicode")


def _widen(group: ElementTree.Element) -> None:
    """Give a line that can be clicked a broad unseen one: it is a point wide."""
    for path in list(group.iter(f"{{{SVG}}}path")):
        if "fill:none" in path.get("style", ""):
            reach = {"class": "reach", "d": path.get("d", ""), "style": f"fill:none;stroke:transparent;{REACH}"}
            group.append(ElementTree.Element(f"{{{SVG}}}path", reach))
