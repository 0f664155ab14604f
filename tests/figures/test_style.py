"""Figures in a notebook."""

import struct

import pytest
from matplotlib.figure import Figure

from kansym.figures.style import blank, styled, theme_of


def test_a_notebook_shows_a_figure_once_and_sharp():
    theme = theme_of(True)
    with styled(theme):
        figure = blank(theme, 3, 2)
    data, page = figure._repr_png_()
    assert struct.unpack(">II", data[16:24]) == (576, 384) and page == {"width": 288, "height": 192}
    assert not hasattr(figure, "_repr_svg_")


def test_the_printer_of_a_notebook_for_figures_goes_first():
    formatters = pytest.importorskip("IPython.core.formatters")
    theme = theme_of(False)
    with styled(theme):
        figure = blank(theme, 3, 2)
    formatter = formatters.DisplayFormatter()
    shown, page = formatter.format(figure)
    assert set(shown) == {"text/plain", "image/png"} and page["image/png"] == {"width": 288, "height": 192}
    # What %matplotlib inline does.
    formatter.formatters["image/png"].for_type(Figure, lambda figure: b"inline")
    assert formatter.format(figure)[0]["image/png"] == b"inline"
