"""Figures of a run as pieces of a page. One that cannot be drawn costs a line, not the report."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from markupsafe import Markup
from matplotlib.figure import Figure

from kansym.comparison.result import Comparison
from kansym.figures import FIGURES, to_svg
from kansym.figures.catalogue import FigureKind
from kansym.report.finished import FinishedRun
from kansym.report.html.markup import trusted_svg

logger = logging.getLogger(__name__)


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
    failure : str
        Why not.
    """

    key: str
    title: str
    caption: str = ""
    alt: str = ""
    svg: Markup | None = None
    failure: str = ""

    @property
    def wide(self) -> bool:
        """Whether it takes the whole width of the page."""
        return self.key in WIDE


WIDE = frozenset({"network", "residuals", "slices", "edges", "structure"})
"""Figures that take the whole width of the page."""

CAPTIONS = {
    "network": "Each edge is a curve of one variable: the trained spline, and where it was read the function.",
}
"""How to read each figure."""


def drawings(run: FinishedRun, comparison: Comparison | None = None) -> list[Drawing]:
    """All figures of a run that it has the means for."""
    found = [_of_kind(kind, run, comparison) for kind in FIGURES.values()]
    return [drawing for drawing in found if drawing is not None]


def _of_kind(kind: FigureKind, run: FinishedRun, comparison: Comparison | None) -> Drawing | None:
    def draw() -> Figure | None:
        if not kind.applies(run):
            return None
        return kind(run, comparison=comparison) if kind.name == "front" and comparison is not None else kind(run)

    return _drawn(kind.name, kind.title, draw, lambda: kind.alt(run))


def comparison_drawing(comparison: Comparison) -> Drawing:
    """The fronts of several tools."""
    tools = ", ".join(result.tool for result in comparison.tools)
    alt = f"Pareto fronts of {tools}: residual against the number of nodes, the picks as large markers."
    drawn = _drawn("comparison", "Fronts of all tools", comparison.figure, lambda: alt)
    assert drawn is not None
    return drawn


def _drawn(key: str, title: str, draw: Callable[[], Figure | None], alt: Callable[[], str]) -> Drawing | None:
    caption = CAPTIONS.get(key, "")
    try:
        figure = draw()
        if figure is None:
            return None
        words = alt()
        return Drawing(key, title, caption, words, trusted_svg(to_svg(figure, title=words), f"{key}-", words))
    # A drawing is decoration next to the formula: whatever goes wrong in one must not cost the report.
    except Exception as error:
        logger.warning("the figure %r could not be drawn: %s: %s", key, type(error).__name__, error)
        return Drawing(key, title, caption, failure=f"{type(error).__name__}: {error}")
