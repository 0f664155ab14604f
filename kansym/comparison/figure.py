"""Several tools side by side: what their formulas cost, how far they are off, and what they took."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter

from kansym.comparison.result import Comparison, ToolResult
from kansym.comparison.table import bits_words, error_words, memory_words, seconds_words
from kansym.figures.labels import clean
from kansym.figures.style import Theme, blank, styled, theme_of
from kansym.symbolic.same import Sameness
from kansym.units.words import after_number

WIDTH, TOOL_HEIGHT, PANEL_HEIGHT, LEGEND_HEIGHT = 5.9, 0.28, 0.72, 0.3
"""Inches: of the figure, of a tool's line, of a panel's title and axis, and of the legend."""

COLUMNS = 2

EXACT = 1e-15
"""Errors in units of the spread of y below which all is rounding: no bar."""

FAR_APART = 30.0
"""Ratio of errors from which bars from zero on would show the largest only."""

KANSYM, SAME, NUMBERS, OTHER, NO_FORMULA = (
    "kansym", "the same function", "the same law, other numbers", "another function", "no formula",
)  # fmt: skip

ROOM = 1.45
"""Width of a panel in units of its longest bar, for the number behind it."""


@dataclass(frozen=True)
class _Panel:
    """A quantity of every tool."""

    title: str
    value: Callable[[ToolResult], float | None]
    words: Callable[[ToolResult], str]
    log: bool = False
    before: Callable[[ToolResult], float | None] | None = None
    """A part of the value that is drawn paler, from zero on."""


def comparison_figure(comparison: Comparison, *, dark: bool = False) -> Figure:
    """One panel for each quantity and one line for each tool; shorter is better in all of them.

    Tools that failed are left out. Errors that lie far apart have a logarithmic axis. The pale part of the seconds is
    the start-up.
    """
    theme = theme_of(dark)
    # Why a tool has no result is said in the table.
    tools = [tool for tool in comparison.tools if not tool.failure]
    panels = [panel for panel in _panels(comparison) if any(panel.value(tool) is not None for tool in tools)]
    rows = max(1, math.ceil(len(panels) / COLUMNS))
    with styled(theme):
        height = rows * (PANEL_HEIGHT + TOOL_HEIGHT * len(tools)) + LEGEND_HEIGHT
        figure = blank(theme, WIDTH, height, layout="constrained")
        for place, panel in enumerate(panels):
            axes = figure.add_subplot(rows, COLUMNS, place + 1)
            _draw(axes, panel, tools, theme, named=place % COLUMNS == 0)
        kinds = dict.fromkeys(_kind(tool, place) for place, tool in enumerate(tools))
        patches = [Patch(color=_colour(kind, theme), label=kind) for kind in kinds]
        figure.legend(handles=patches, loc="outside lower left", ncols=len(patches))
    return figure


def _panels(comparison: Comparison) -> Sequence[_Panel]:
    own, spread = comparison.kansym, comparison.spread or 1.0
    unit = after_number(comparison.y_units)

    def bits(result: ToolResult) -> float | None:
        return None if result.bits is None or own.bits is None else result.bits - own.bits

    def error(value: Callable[[ToolResult], float | None], title: str) -> _Panel:
        def shown(result: ToolResult) -> float | None:
            found = value(result)
            return None if found is None or not math.isfinite(found) else (found if found > EXACT * spread else 0.0)

        return _Panel(f"{title}{unit and f',{unit}'}", shown, lambda result: error_words(value(result)), log=True)

    unseen = comparison.held_out_rows > 0
    title = "Error on rows that no tool saw" if unseen else "Error on the rows"
    return (
        _Panel("Bits more than kansym's", bits, lambda result: bits_words(result, own)),
        error(lambda result: result.held_out_rms if unseen else result.rms, title),
        error(lambda result: result.beyond_rms, "Error beyond their range"),
        _Panel(
            "Seconds from Enter (pale: start-up)",
            lambda result: result.from_enter,
            lambda result: seconds_words(result.from_enter),
            before=lambda result: result.start_up,
        ),
        _Panel(
            "Peak memory in megabytes",
            lambda result: None if result.peak_memory is None else result.peak_memory / 1e6,
            lambda result: memory_words(result.peak_memory).removesuffix(" MB"),
        ),
    )


def _draw(axes: Axes, panel: _Panel, tools: Sequence[ToolResult], theme: Theme, *, named: bool) -> None:
    values = [panel.value(tool) for tool in tools]
    axes.set_title(clean(panel.title))
    axes.set_yticks(range(len(tools)), [clean(tool.tool) for tool in tools] if named else [""] * len(tools))
    axes.set_ylim(len(tools) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="y", visible=False)
    low = _scale(axes, [value for value in values if value is not None], log=panel.log)
    for place, (tool, value) in enumerate(zip(tools, values, strict=True)):
        if value is None:
            axes.annotate(
                panel.words(tool) or "not measured",
                (0, place), xycoords=("axes fraction", "data"), xytext=(4, 0), textcoords="offset points",
                va="center", fontsize=7.5, color=theme.muted, style="italic",
            )  # fmt: skip
            continue
        colour = _colour(_kind(tool, place), theme)
        axes.barh(
            [place],
            [max(value, low) - low if panel.log else value - low],
            left=low,
            height=0.55,
            color=colour,
            zorder=2,
        )
        paler = None if panel.before is None else panel.before(tool)
        if paler:
            axes.barh([place], [paler], height=0.55, color=theme.background, alpha=0.6, zorder=3)
        axes.annotate(
            panel.words(tool), (max(value, low), place), xytext=(3, 0), textcoords="offset points",
            va="center", fontsize=7.5, color=theme.ink, zorder=4,
        )  # fmt: skip


def _scale(axes: Axes, values: Sequence[float], *, log: bool) -> float:
    """Set the axis for some values; returns where bars begin."""
    most, least = max(*values, 0.0), min(value for value in (*values, math.inf) if value or value == math.inf)
    if most == 0.0 and least == math.inf:
        # Nothing to show but that there is nothing.
        axes.set_xlim(0.0, 1.0)
        axes.set_xticks([])
        return 0.0
    if not log or most < FAR_APART * least:
        least = min(least, 0.0)
        space = (most - least or 1.0) * (ROOM - 1)
        axes.set_xlim(least - (space if least < 0 else 0.0), most + space)
        axes.xaxis.set_major_locator(MaxNLocator(nbins=4))
        return 0.0
    axes.set_xscale("log")
    low = least * (least / most) ** 0.2
    axes.set_xlim(low, low * (most / low) ** ROOM)
    axes.xaxis.set_major_locator(LogLocator(numticks=5))
    axes.xaxis.set_minor_formatter(NullFormatter())
    return low


def _kind(tool: ToolResult, place: int) -> str:
    if place == 0:
        return KANSYM
    if tool.same is None:
        return NO_FORMULA
    if tool.same.kind is Sameness.SAME:
        return SAME
    return NUMBERS if tool.same_law else OTHER


def _colour(kind: str, theme: Theme) -> str:
    return {
        KANSYM: theme.primitive,
        SAME: theme.others[0],
        NUMBERS: theme.others[1],
        OTHER: theme.point,
        NO_FORMULA: theme.pale,
    }[kind]
