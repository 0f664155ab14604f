"""How the network grew: what each step brought."""

import math

from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from kansym.figures.axes import finish, set_scale
from kansym.figures.style import Theme, blank, styled, theme_of
from kansym.kan.decision import Decision
from kansym.kan.shape import format_shape
from kansym.run.finished import FinishedRun

MOST_TICKS = 26
"""Steps that are named on the axis; of more, those with a new shape."""


def applies(run: FinishedRun) -> bool:
    """With a network that grew."""
    return any(_error(step) is not None for step in run.summary.growth)


def growth(run: FinishedRun, *, dark: bool = False) -> Figure:
    """Training and held-out error of every network that was tried, and its grid; steps that were refused are hollow.

    Errors are in units of the spread of the target.

    Parameters
    ----------
    run : FinishedRun
    dark : bool, default False
        For dark backgrounds.
    """
    steps, theme = run.summary.growth, theme_of(dark)
    with styled(theme):
        figure = blank(theme, min(9.0, max(4.6, 1.6 + 0.32 * len(steps))), 4.3, layout="constrained")
        upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
        for axes in (upper, lower):
            finish(axes)
        errors = [value for s in steps for value in (_positive(s.train_rmse), _positive(s.validation_rmse)) if value]
        set_scale(upper, "y", "log" if errors and max(errors) > 10 * min(errors) else "linear")
        for values, colour, marker in (
            ([_positive(step.train_rmse) for step in steps], theme.point, "s"),
            ([_positive(step.validation_rmse) for step in steps] if _holds_out(steps) else [], theme.spline, "o"),
        ):
            kept = [(k, value) for k, value in enumerate(values) if value is not None and steps[k].accepted]
            upper.plot(*zip(*kept, strict=True), color=colour, linewidth=1.0, zorder=2) if kept else None
            for k, value in enumerate(values):
                if value is None:
                    continue
                face = colour if steps[k].accepted else theme.background
                upper.plot(
                    [k], [value], marker, color=colour, markerfacecolor=face, markersize=5, linestyle="none", zorder=3
                )
        grids = [step.grid for step in steps]
        colours = [theme.pale if step.accepted else theme.shade for step in steps]
        lower.bar(range(len(steps)), grids, width=0.55, color=colours)
        lower.set_ylim(0, 1.25 * max(grids, default=1))
        lower.set_ylabel("grid")
        lower.yaxis.set_major_locator(MaxNLocator(integer=True, nbins=3))
        lower.grid(axis="x", visible=False)
        upper.set_ylabel("RMS error / spread")
        named = _named(steps)
        lower.set_xticks(named, [_words(steps[k]) for k in named], rotation=90 if len(steps) > 4 else 0, fontsize=7)
        lower.set_xlim(-0.6, len(steps) - 0.4)
        entries = _entries(steps, theme)
        figure.legend(handles=entries, loc="outside upper center", ncols=len(entries), fontsize=7.5)
        figure.align_ylabels()
        return figure


def _holds_out(steps: tuple[Decision, ...]) -> bool:
    """Small tables have no rows to hold out; their one error is that of training."""
    return any(step.validation_rmse != step.train_rmse for step in steps)


def _entries(steps: tuple[Decision, ...], theme: Theme) -> list[Line2D]:
    held_out = _holds_out(steps)
    rows = "training rows" if held_out else "all rows"
    entries = [Line2D([], [], color=theme.point, marker="s", markersize=5, label=rows)]
    if held_out:
        entries.append(Line2D([], [], color=theme.spline, marker="o", markersize=5, label="held-out rows"))
    if not all(step.accepted for step in steps):
        entries.append(
            Line2D(
                [], [], color=theme.muted, marker="o" if held_out else "s", markersize=5, markerfacecolor="none",
                linestyle="none", label="refused",
            )
        )  # fmt: skip
    return entries


def alt(run: FinishedRun) -> str:
    """One sentence for those who do not see it."""
    steps = run.summary.growth
    kept = [step for step in steps if step.accepted and _error(step) is not None]
    words = f"Growth of the network in {len(steps)} steps, {sum(step.accepted for step in steps)} of them kept"
    if not kept:
        return f"{words}."
    first, last = kept[0], kept[-1]
    return (
        f"{words}: from {format_shape(first.shape)} with a relative error of {_error(first):.2g} to "
        f"{format_shape(last.shape)} with {_error(last):.2g}."
    )


def _error(step: Decision) -> float | None:
    """The held-out error, or that of training where nothing was held out."""
    return _positive(step.validation_rmse) or _positive(step.train_rmse)


def _positive(value: float) -> float | None:
    return value if math.isfinite(value) and value > 0 else None


def _named(steps: tuple[Decision, ...]) -> list[int]:
    every = list(range(len(steps)))
    if len(steps) <= MOST_TICKS:
        return every
    new = [k for k in every if k == 0 or steps[k].shape != steps[k - 1].shape]
    return new[:: math.ceil(len(new) / MOST_TICKS)]


def _words(step: Decision) -> str:
    return f"{step.action}\n{format_shape(step.shape)}"
