"""Figures of a run as pieces of a page. One that cannot be drawn costs a line, not the report."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from markupsafe import Markup
from matplotlib.figure import Figure

from kansym.comparison.result import Comparison
from kansym.figures import FIGURES, to_svg
from kansym.figures.axes import stacked
from kansym.report.html.captions import caption_of
from kansym.report.html.markup import trusted_svg
from kansym.run.finished import FinishedRun

logger = logging.getLogger(__name__)

ORDER = (
    "slices",
    "residuals",
    "parity",
    "forms",
    "next_measurement",
    "front",
    "freed_edges",
    "correlation",
    "network",
    "edges",
    "structure",
    "growth",
)
"""The data with the curve first, then what it leaves, then the rest; those that are not named follow."""

LEADING = ("slices", "residuals")
"""Figures that stand before the constants."""

OF_FORMS = ("forms", "next_measurement")
"""Figures that stand beside the probabilities of forms."""

PANELS = ("slices", "residuals", "forms", "next_measurement")
"""Figures with a panel for each input."""

COMPARED = "Shorter is better in every panel. Errors that lie far apart are on a logarithmic axis."

WIDE = 650.0
"""Pixels from which a figure takes the whole width of the page."""

PIXELS = 96.0
"""Of an inch, by the rules of style sheets."""


@dataclass(frozen=True)
class Drawing:
    """A figure on the page.

    Attributes
    ----------
    key : str
        Its name in the page.
    title, caption, alt : str
    svg : Markup or None
        None where it could not be drawn.
    width : float
        In pixels, as it was drawn.
    failure : str
        Why it could not.
    narrow : Markup or None
        The same with its panels below each other, for narrow pages; None where it has one panel.
    """

    key: str
    title: str
    caption: str = ""
    alt: str = ""
    svg: Markup | None = None
    width: float = 0.0
    failure: str = ""
    narrow: Markup | None = None

    @property
    def wide(self) -> bool:
        """Whether it takes the whole width of the page."""
        return self.width > WIDE

    @property
    def leads(self) -> bool:
        """Whether it stands before the constants."""
        return self.key in LEADING

    @property
    def of_forms(self) -> bool:
        """Whether it stands beside the probabilities of forms."""
        return self.key in OF_FORMS


def drawings(run: FinishedRun) -> list[Drawing]:
    """All figures of a run that it has the means for."""
    names = [*(name for name in ORDER if name in FIGURES), *(name for name in FIGURES if name not in ORDER)]
    found = [_of_kind(name, run) for name in names]
    return [drawing for drawing in found if drawing is not None]


def _of_kind(name: str, run: FinishedRun) -> Drawing | None:
    kind = FIGURES[name]
    alone = name == "slices" and len(run.summary.names) == 1
    return drawn(
        name,
        "Data and formula" if alone else kind.title,
        lambda: kind(run) if kind.applies(run) else None,
        lambda _: kind.alt(run),
        lambda: caption_of(name, run),
    )


def comparison_drawing(comparison: Comparison) -> Drawing:
    """Several tools side by side: what their formulas cost, how far they are off, and what they took."""
    tools = ", ".join(result.tool for result in comparison.tools if not result.failure)
    alt = f"{tools} side by side: bits, errors, seconds from Enter and memory; the table has the numbers."
    drawing = drawn("comparison", "Side by side", comparison.figure, lambda _: alt, lambda: COMPARED)
    assert drawing is not None
    return drawing


def _label(figure: Figure) -> str:
    return str(figure.get_label())


def drawn(
    key: str,
    title: str,
    draw: Callable[[], Figure | None],
    alt: Callable[[Figure], str] = _label,
    caption: Callable[[], str] = str,
) -> Drawing | None:
    """A figure as a piece of a page; one that says why, where it cannot be drawn, and None where there is none.

    Parameters
    ----------
    key, title : str
    draw : callable
        None where there is nothing to draw.
    alt : callable, optional
        Words for who does not see it; by default the label of the figure.
    caption : callable, optional
        Of no words by default.
    """
    try:
        figure = draw()
        if figure is None:
            return None
        words = " ".join(alt(figure).split())
        svg = trusted_svg(to_svg(figure, title=words), f"{key}-", words)
        return Drawing(
            key, title, caption(), words, svg, float(figure.get_size_inches()[0]) * PIXELS,
            narrow=_narrow(key, figure, draw, words),
        )  # fmt: skip
    # A drawing is decoration next to the formula: whatever goes wrong in one must not cost the report.
    except Exception as error:
        logger.warning("the figure %r could not be drawn: %s: %s", key, type(error).__name__, error)
        return Drawing(key, title, failure=f"{type(error).__name__}: {error}")


def _narrow(key: str, figure: Figure, draw: Callable[[], Figure | None], words: str) -> Markup | None:
    """A figure with its panels below each other."""
    if key not in PANELS or len(figure.axes) < 2:
        return None
    with stacked():
        other = draw()
    return None if other is None else trusted_svg(to_svg(other, title=words), f"{key}-narrow-", words)
