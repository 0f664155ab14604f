"""The functions of the formula, and what the data make of each when it is free."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from kansym.figures.axes import finish, label, named, panel_grid
from kansym.figures.labels import shorten
from kansym.figures.style import Theme, styled, theme_of
from kansym.numbers import probability
from kansym.run.finished import FinishedRun
from kansym.validation.freed_edges import BAND, FreedFunction

MOST_PANELS = 9
"""Functions that are drawn, those with the smallest p-values."""


def applies(run: FinishedRun) -> bool:
    """With a certificate in which functions were freed."""
    return bool(functions_shown(run))


def functions_shown(run: FinishedRun) -> list[FreedFunction]:
    """The functions that are drawn, in the order of the formula."""
    certificate = run.summary.certificate
    if certificate is None or certificate.freed is None:
        return []
    free = [one for one in certificate.freed.functions if one.curve is not None]
    chosen = sorted(free, key=lambda one: one.p_value)[:MOST_PANELS]
    return [one for one in free if one in chosen]


def freed_edges(run: FinishedRun, *, dark: bool = False) -> Figure:
    """Each function of the formula, and beside it the same with a spline that the data are free to bend.

    Below each stands the difference. The band is the 95 % range of the freed function, all constants fitted with it. A
    right function runs within the band nearly everywhere; one that only looks like the right one leaves it. At most
    nine functions are drawn.

    Parameters
    ----------
    run : FinishedRun
    dark : bool, default False
        For dark backgrounds.
    """
    theme, functions = theme_of(dark), functions_shown(run)
    units = dict(zip(run.summary.names, run.summary.units, strict=True))
    with styled(theme):
        figure, panels = panel_grid(theme, len(functions))
        room = 2.3 if len(panels) > 1 else 4.4
        for axes, one in zip(panels, functions, strict=True):
            strip = _strip(figure, axes)
            _draw(axes, strip, one, theme)
            label(strip, "x", named(one.argument, units.get(one.argument)), room)
            style = {"fontsize": 8, "pad": 3, "parse_math": False}
            axes.set_title(shorten(one.text, 8, room - 1.05), **style)
            said = f"{'moved' if one.moved else 'stays'}, {probability(one.adjusted_p, 1)}"
            axes.set_title(said, loc="right", color=theme.ink if one.moved else theme.muted, **style)
        entries = [
            Line2D([], [], color=theme.primitive, linewidth=1.2, label="function of the formula"),
            Line2D([], [], color=theme.spline, label="freed"),
            Patch(color=theme.spline, alpha=0.25, label="95 %"),
        ]
        figure.legend(handles=entries, loc="lower center", ncols=3, fontsize=7.5)
        return figure


def alt(run: FinishedRun) -> str:
    """One sentence for those who do not see it."""
    functions = functions_shown(run)
    moved = [one.text for one in functions if one.moved]
    words = f"the data move {', '.join(moved)}" if moved else "the data move none of them"
    names = ", ".join(one.text for one in functions)
    return f"{names}, each with a spline beside it that is fitted to the data: {words}."


def _strip(figure: Figure, axes: Axes) -> Axes:
    """A third of the place of a panel, at its bottom, for the difference, which the curves themselves seldom show."""
    left, bottom, width, height = axes.get_position().bounds
    axes.set_position((left, bottom + 0.36 * height, width, 0.64 * height))
    axes.tick_params(labelbottom=False)
    strip = figure.add_axes((left, bottom, width, 0.3 * height))
    finish(strip)
    return strip


def _draw(axes: Axes, strip: Axes, one: FreedFunction, theme: Theme) -> None:
    assert one.curve is not None
    x, function, freed, error = (
        np.array(part) for part in (one.curve.x, one.curve.function, one.curve.freed, one.curve.error)
    )
    known = np.isfinite(freed)
    x, function, freed, wide = x[known], function[known], freed[known], BAND * error[known]
    for part, below in ((axes, np.zeros_like(function)), (strip, function)):
        band = {"color": theme.spline, "alpha": 0.25, "linewidth": 0, "zorder": 2}
        part.fill_between(x, freed - wide - below, freed + wide - below, **band)
        part.plot(x, freed - below, color=theme.spline, zorder=3, label="freed")
        part.plot(x, function - below, color=theme.primitive, linewidth=1.2, zorder=4, label="function")
        part.margins(x=0.02)
