"""SVG for pages: the same text for the same figure, and nothing that meets its neighbours."""

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from kansym.figures.style import blank, styled, theme_of
from kansym.figures.svg import to_svg


def figure(points: int = 300, dark: bool = False, label: str = ""):
    theme = theme_of(dark)
    with styled(theme):
        made = blank(theme, 4, 3, layout="constrained")
        axes = made.subplots()
        x = np.linspace(0, 1, points)
        axes.plot(x, x**2, "o", markersize=4, markeredgewidth=0, color="#123456", alpha=0.5)
        axes.set_xlabel("$x^{2}$ & <more>")
    made.set_label(label)
    return made


def test_the_same_figure_gives_the_same_text_and_another_one_another():
    assert to_svg(figure()) == to_svg(figure())
    assert to_svg(figure()) != to_svg(figure(dark=True))


def test_it_is_one_element_without_style_sheet_script_or_reference_to_elsewhere():
    root = ET.fromstring(to_svg(figure(), title='a "title" & <more>'))
    assert root.tag == "{http://www.w3.org/2000/svg}svg" and root.get("role") == "img"
    tags = {element.tag.split("}")[1] for element in root.iter()}
    assert not tags & {"style", "script", "metadata", "image", "foreignObject"}
    title = root[0]
    assert title.text == 'a "title" & <more>' and title.get("id") == root.get("aria-labelledby")
    for element in root.iter():
        link = element.get("{http://www.w3.org/1999/xlink}href")
        assert link is None or link.startswith("#")


def test_ids_of_two_figures_differ_and_all_references_have_their_target():
    texts = [to_svg(figure(points)) for points in (300, 301)]
    ids = [set(re.findall(r' id="([^"]+)"', text)) for text in texts]
    assert ids[0] and not ids[0] & ids[1]
    for text, own in zip(texts, ids, strict=True):
        assert set(re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', text)) <= {
            pair for one in own for pair in ((one, ""), ("", one))
        }
        assert len(re.findall(r' id="', text)) == len(own)


@pytest.mark.parametrize("points", [3, 300])
def test_every_point_is_there_at_its_place(points):
    text = to_svg(figure(points))
    dots = re.findall(r"M([\d.]+) ([\d.]+)h\.01", text)
    assert len(dots) == (points if points > 50 else 0)
    if not dots:
        assert len(re.findall(r"<use [^>]*fill:#123456", text)) == points
        return
    places = np.array(dots, dtype=float)
    x = np.linspace(0, 1, points)
    # Axes are affine: where a point is drawn is a linear function of its numbers.
    for drawn, values in ((places[:, 0], x), (places[:, 1], x**2)):
        slope, offset = np.polyfit(values, drawn, 1)
        assert np.abs(slope * values + offset - drawn).max() < 0.02


def test_the_label_of_a_figure_is_its_title():
    assert "<title" not in to_svg(figure())
    assert ">seen<" in to_svg(figure(label="seen")) and ">heard<" in to_svg(figure(label="seen"), title="heard")


def test_ids_to_keep_stay_as_they_are():
    made = figure()
    made.axes[0].lines[0].set_gid("curve-1")
    made.axes[0].xaxis.set_gid("curve-x")
    assert 'id="curve-1"' not in to_svg(made)
    kept = to_svg(made, keep=re.compile(r"curve-\d"))
    assert 'id="curve-1"' in kept and "curve-x" not in kept
