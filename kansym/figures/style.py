"""What all figures share: colours, fonts and lines, for light and dark backgrounds."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Literal

import matplotlib
from matplotlib.backend_bases import RendererBase
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

FONT = "DejaVu Sans"
"""Comes with matplotlib: figures look alike on every machine."""

SHARP = 2
"""Pixels of a notebook's picture per pixel of the page, for screens with small ones."""

PIXELS = 96
"""Pixels of a page per inch."""


@dataclass(frozen=True)
class Theme:
    """Colours. What is drawn together differs in lightness as well as in hue, for print and for the colour-blind.

    Attributes
    ----------
    background, ink, muted : str
        Of the paper, of text and axes, and of text beside the point.
    frame, face : str
        Of boxes.
    spline, pale : str
        A network's curves, and the same behind something else.
    primitive : str
        Formulas, and the functions that edges were read as.
    point : str
        Measured points.
    shade : str
        Areas: bands, and ranges beyond the data.
    others : tuple of str
        For whatever else is compared (Okabe and Ito 2008, without the colours above).
    """

    background: str
    ink: str
    muted: str
    frame: str
    face: str
    spline: str
    pale: str
    primitive: str
    point: str
    shade: str
    others: tuple[str, ...]


LIGHT = Theme(
    background="#ffffff",
    ink="#1c2128",
    muted="#59636e",
    frame="#c9cfd6",
    face="#fafbfc",
    spline="#2b6cb0",
    pale="#a9cbee",
    primitive="#9c2a10",
    point="#6b7682",
    shade="#e6eaef",
    others=("#007a5a", "#b8860b", "#a3478a", "#2f8fc7", "#7a4a12", "#444444"),
)
DARK = Theme(
    background="#14181d",
    ink="#e6e9ed",
    muted="#a3adb8",
    frame="#434c57",
    face="#1b2027",
    spline="#6cb0f5",
    pale="#2d5b8c",
    primitive="#ffb38a",
    point="#98a3af",
    shade="#262d36",
    others=("#3fd0a5", "#f0c75e", "#e59ad0", "#8ecff5", "#d9a066", "#c8c8c8"),
)

MARKERS = "sD^vPX*"
"""Beside `Theme.others`, so that colours alone decide nothing."""


def theme_of(dark: bool) -> Theme:
    return DARK if dark else LIGHT


@contextmanager
def styled(theme: Theme) -> Iterator[None]:
    """Settings of matplotlib inside of which a figure is made; the user's own are neither used nor changed."""
    with matplotlib.rc_context():
        # The user's style sheet, the one of a notebook included, would otherwise shine through.
        matplotlib.rcdefaults()
        with matplotlib.rc_context(_settings(theme)):
            yield


class StyledFigure(Figure):
    """A figure that keeps its settings: ticks are only made when it is drawn, wherever that is."""

    theme: Theme = LIGHT
    _saving = False

    def draw(self, renderer: RendererBase) -> None:
        if self._saving:
            super().draw(renderer)
            return
        with styled(self.theme):
            super().draw(renderer)

    def savefig(self, fname: Any, *, transparent: bool | None = None, **kwargs: Any) -> None:
        with styled(self.theme):
            self._saving = True
            try:
                super().savefig(fname, transparent=transparent, **kwargs)
            finally:
                self._saving = False

    def _repr_png_(self) -> tuple[bytes, dict[str, int]]:
        # At the end of a cell; `%matplotlib inline` has a printer of its own for figures, which then goes before this.
        width, height = (round(float(inches) * PIXELS) for inches in self.get_size_inches())
        stream = BytesIO()
        self.savefig(stream, format="png", dpi=SHARP * PIXELS)
        return stream.getvalue(), {"width": width, "height": height}


def blank(theme: Theme, width: float, height: float, *, layout: Literal["constrained"] | None = None) -> Figure:
    """A figure of `width` by `height` inches that pyplot does not know; to be made inside `styled`."""
    figure = StyledFigure(figsize=(width, height), layout=layout)
    figure.theme = theme
    FigureCanvasAgg(figure)
    return figure


def _settings(theme: Theme) -> Any:
    return {
        "figure.facecolor": theme.background,
        "savefig.facecolor": theme.background,
        "axes.facecolor": theme.background,
        "axes.edgecolor": theme.muted,
        "axes.labelcolor": theme.ink,
        "axes.titlecolor": theme.ink,
        "axes.titlesize": 9,
        "axes.titlelocation": "left",
        "axes.labelsize": 9,
        "axes.linewidth": 0.7,
        "axes.grid": True,
        "axes.unicode_minus": True,
        "grid.color": theme.shade,
        "grid.linewidth": 0.6,
        "text.color": theme.ink,
        "xtick.color": theme.muted,
        "ytick.color": theme.muted,
        "xtick.labelcolor": theme.ink,
        "ytick.labelcolor": theme.ink,
        "xtick.labelsize": 8,
        "ytick.labelsize": 8,
        "font.family": [FONT],
        "font.size": 9,
        "mathtext.fontset": "dejavusans",
        "legend.fontsize": 8,
        "legend.frameon": False,
        "legend.labelcolor": theme.ink,
        "lines.linewidth": 1.4,
        "lines.solid_capstyle": "round",
        "svg.hashsalt": "kansym",
        "svg.fonttype": "path",
        "figure.constrained_layout.h_pad": 0.06,
        "figure.constrained_layout.w_pad": 0.06,
    }
