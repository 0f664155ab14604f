"""The curve of an edge with the primitives that it may be."""

import numpy as np
from matplotlib.figure import Figure

from kansym.editing.suggestion import Suggestions
from kansym.errors import ArgumentError
from kansym.figures.labels import scientific, shorten
from kansym.figures.style import FONT, blank, styled, theme_of

POINTS = 300
"""Points per curve."""

SHOWN = 6
"""Panels; more suggestions are not drawn."""

PANEL = (1.9, 1.5)
"""Inches of one panel."""


def suggestions_figure(suggestions: Suggestions, *, dark: bool = False) -> Figure:
    """A panel for each suggestion, the curve of the edge pale below it; name, 1 - R^2 and error above.

    Parameters
    ----------
    suggestions : Suggestions
        The first six are drawn.
    dark : bool, default False
        For dark backgrounds.

    Returns
    -------
    matplotlib.figure.Figure
        Not registered with pyplot.

    Raises
    ------
    ArgumentError
        If there is none.
    """
    shown = list(suggestions)[:SHOWN]
    if not shown:
        raise ArgumentError(f"there are no suggestions to draw for {suggestions.edge}")
    theme = theme_of(dark)
    columns = min(3, len(shown))
    rows = -(-len(shown) // columns)
    # Above each panel a line for the name, and one for the error where there is one.
    head = 0.42 if any(one.error is not None for one in shown) else 0.27
    width, height = columns * PANEL[0] + 0.2, rows * (PANEL[1] + head) + 0.4
    with styled(theme):
        figure = blank(theme, width, height)
        order = np.argsort(suggestions.x, kind="stable")
        x, y = suggestions.x[order], suggestions.y[order]
        low, high = float(x[0]), float(x[-1])
        grid = np.linspace(low, high, POINTS)
        bottom, top = float(y.min()), float(y.max())
        margin = 0.08 * (top - bottom) or 1.0
        for place, one in enumerate(shown):
            row, column = divmod(place, columns)
            left = 0.1 + column * PANEL[0]
            base = height - (row + 1) * (PANEL[1] + head) - 0.04
            axes = figure.add_axes((left / width + 0.004, base / height, (PANEL[0] - 0.12) / width, PANEL[1] / height))
            axes.set_facecolor(theme.face)
            for spine in axes.spines.values():
                spine.set_color(theme.frame)
            axes.set_xticks([])
            axes.set_yticks([])
            axes.plot(x, y, color=theme.pale, linewidth=4.5, solid_capstyle="round")
            axes.plot(grid, one.values(grid), color=theme.primitive, linewidth=1.3)
            axes.set_xlim(low - 0.03 * (high - low or 1.0), high + 0.03 * (high - low or 1.0))
            axes.set_ylim(bottom - margin, top + margin)
            options = {"family": FONT, "transform": axes.transAxes, "va": "baseline", "parse_math": False}
            name = shorten(f"{place + 1}  {one.label}", 9, PANEL[0] * 0.55)
            axes.text(0.0, 1.14 if one.error is not None else 1.04, name, fontsize=9, color=theme.primitive, **options)
            misfit = f"1−R² = {scientific(max(one.misfit, 0.0))}"
            right = {"ha": "right", "fontsize": 7.5, "color": theme.muted, **options}
            axes.text(1.0, 1.14 if one.error is not None else 1.04, misfit, **right)
            if one.error is not None:
                error = "not finite" if not np.isfinite(one.error) else f"{one.error:.3g}"
                axes.text(1.0, 1.035, f"network error {error}", **right)
        caption = f"{suggestions.edge}, {low:.3g} to {high:.3g}; pale: the curve of the edge"
        figure.text(
            0.1 / width,
            0.12 / height,
            shorten(caption, 7.5, width - 0.2),
            fontsize=7.5,
            color=theme.muted,
            family=FONT,
            parse_math=False,
        )
        return figure
