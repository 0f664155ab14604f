"""How the search went: who had which work when, and when the pick became shorter."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from kansym.figures.axes import finish
from kansym.figures.style import Theme, blank, styled, theme_of
from kansym.run.finished import FinishedRun
from kansym.search.events import Event

MOST_ENGINES = 18
"""Engines that have a row of their own, those with the most work first."""

BAR, ROW = 0.62, 0.26
"""Height of a bar in rows, and inches of a row."""


def applies(run: FinishedRun) -> bool:
    """With the log of a search."""
    return bool(run.summary.log)


def search_log(run: FinishedRun, *, dark: bool = False) -> Figure:
    """A row for every engine, a bar for each of its turns, and a line wherever the pick became shorter.

    Work is in seconds of the search's own clock. Pale bars are turns on smaller tables.

    Parameters
    ----------
    run : FinishedRun
    dark : bool, default False
        For dark backgrounds.
    """
    log, theme = run.summary.log, theme_of(dark)
    spent: dict[str, float] = {}
    for event in log:
        spent[event.engine] = spent.get(event.engine, 0.0) + event.work
    names = sorted(spent, key=lambda name: -spent[name])[:MOST_ENGINES]
    rows = {name: place for place, name in enumerate(reversed(names))}
    with styled(theme):
        figure = blank(theme, 7.6, 1.3 + ROW * len(rows), layout="constrained")
        axes = figure.subplots()
        finish(axes)
        for event in log:
            if event.engine in rows:
                _bar(axes, event, rows[event.engine], theme)
        for event in log:
            if event.better:
                axes.axvline(event.at, color=theme.spline, linewidth=0.9, zorder=1)
        axes.set_yticks(list(rows.values()), list(rows), fontsize=7.5)
        axes.set_ylim(-0.7, len(rows) - 0.3)
        axes.set_xlim(0, max(event.at for event in log) * 1.01)
        axes.grid(axis="y", visible=False)
        axes.set_xlabel("work of the search (s)")
        figure.legend(handles=_entries(theme), loc="outside upper center", ncols=3, fontsize=7.5)
        return figure


def _bar(axes: Axes, event: Event, row: int, theme: Theme) -> None:
    colour = theme.point if event.task == 1 else theme.pale
    axes.broken_barh([(event.at - event.work, event.work)], (row - BAR / 2, BAR), facecolor=colour, zorder=2)


def _entries(theme: Theme) -> list[Line2D]:
    return [
        Line2D([], [], color=theme.point, linewidth=5, label="on the table"),
        Line2D([], [], color=theme.pale, linewidth=5, label="on smaller tables"),
        Line2D([], [], color=theme.spline, linewidth=0.9, label="the pick became shorter"),
    ]


def alt(run: FinishedRun) -> str:
    """What the figure shows, in words."""
    log = run.summary.log
    by = ", ".join(f"{event.engine} after {event.at:.1f} s" for event in log if event.better)
    engines = len({event.engine for event in log})
    return f"{engines} engines took turns for {log[-1].at:.1f} s of work; the pick became shorter by {by or 'nobody'}."
