"""Figures of a law for several groups: each group with its curve, all groups on one curve, and the constants."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from kansym.figures.axes import finish, label, named, panel_grid, scale_axis
from kansym.figures.labels import shorten
from kansym.figures.style import MARKERS, Theme, blank, styled, theme_of
from kansym.groups.collapse import collapse
from kansym.groups.result import GroupedFormula

MOST_PANELS = 12
"""Groups that are drawn, those of most rows."""

MOST_COLOURS = 6
"""Groups that have a colour and a name of their own where all are drawn together."""

GRID = 200


def groups_figure(found: GroupedFormula, *, dark: bool = False) -> Figure:
    """Small multiples: the rows of each group with the law's curve, or predicted against measured with more inputs.

    Parameters
    ----------
    found : GroupedFormula
    dark : bool, default False
        For dark backgrounds.
    """
    theme, table = theme_of(dark), found.table
    shown = sorted(np.argsort(-table.counts, kind="stable")[:MOST_PANELS])
    with styled(theme):
        figure, panels = panel_grid(theme, len(shown))
        for place, (axes, g) in enumerate(zip(panels, shown, strict=True)):
            _panel(axes, found, int(g), theme)
            scale_axis(axes, "y", table.dataset.y)
            if place % 3:
                axes.set_ylabel("")
        figure.set_label(groups_alt(found))
        return figure


def _panel(axes: Axes, found: GroupedFormula, g: int, theme: Theme) -> None:
    table, dataset = found.table, found.table.dataset
    rows = table.rows_of(g)
    y, error = dataset.y[rows], None if dataset.y_error is None else dataset.y_error[rows]
    one = len(dataset.names) == 1
    predicted = found.form.value_at(tuple(dataset.X[rows].T), found.values[g])
    x = dataset.X[rows, 0] if one else predicted
    scale = scale_axis(axes, "x", x)
    if one:
        low, high = float(x.min()), float(x.max())
        grid = np.geomspace(low, high, GRID) if scale == "log" else np.linspace(low, high, GRID)
        axes.plot(grid, found.form.value_at((grid,), found.values[g]), color=theme.primitive, zorder=2)
        label(axes, "x", named(dataset.names[0], dataset.units[0]), 2.3)
    else:
        ends = [min(x.min(), y.min()), max(x.max(), y.max())]
        axes.plot(ends, ends, color=theme.primitive, linewidth=1.1, zorder=2)
        label(axes, "x", f"predicted {named(found.target, dataset.y_units)}", 2.3)
    style = {"color": theme.point, "ecolor": theme.point, "marker": "o", "markersize": 3.0, "markeredgewidth": 0}
    axes.errorbar(x, y, error, linestyle="none", elinewidth=0.8, zorder=3, **style)
    label(axes, "y", named(found.target, dataset.y_units), 1.7)
    fit = found.fits[g]
    stranger = "" if fit.follows else ", does not follow"
    axes.set_title(shorten(f"{table.group} {fit.name}{stranger}", 9, 2.3), parse_math=False)


def groups_alt(found: GroupedFormula) -> str:
    """One sentence for those who do not see it."""
    many = len(found.groups)
    drawn = f"{MOST_PANELS} of {many} groups" if many > MOST_PANELS else f"{many} groups"
    kind = "with the curve of the law" if len(found.table.dataset.names) == 1 else "against what the law predicts"
    return f"{found.target} of {drawn} by {found.table.group}, each {kind}."


def collapse_figure(found: GroupedFormula, *, dark: bool = False) -> Figure | None:
    """All groups in units in which they lie on one curve; None where the law has none, see `kansym.groups.collapse`.

    Parameters
    ----------
    found : GroupedFormula
    dark : bool, default False
    """
    one = collapse(found)
    if one is None:
        return None
    theme, table = theme_of(dark), found.table
    with styled(theme):
        figure = blank(theme, 5.2, 3.6, layout="constrained")
        axes = figure.subplots()
        finish(axes)
        scale_axis(axes, "x", one.x)
        scale_axis(axes, "y", one.y)
        axes.plot(*one.curve, color=theme.primitive, zorder=2, label="law")
        many = table.n_groups > MOST_COLOURS
        for g, name in enumerate(table.names):
            rows = table.rows_of(g)
            colour = theme.point if many else theme.others[g]
            marker = "o" if many else MARKERS[g]
            words = (
                (f"{table.n_groups} groups" if g == 0 else None) if many else shorten(f"{table.group} {name}", 8, 1.6)
            )
            error = None if one.error is None else one.error[rows]
            axes.errorbar(
                one.x[rows], one.y[rows], error, linestyle="none", color=colour, ecolor=colour, elinewidth=0.7,
                marker=marker, markersize=3.4, markeredgewidth=0, zorder=3, label=words if g == 0 or not many else None,
            )  # fmt: skip
        label(axes, "x", one.x_label, 4.4)
        label(axes, "y", one.y_label, 3.2)
        axes.legend()
        figure.set_label(f"All groups in one picture: {one.y_label} against {one.x_label}, with the law.")
        return figure


def constants_figure(found: GroupedFormula, *, dark: bool = False) -> Figure | None:
    """The constants of each group with their errors and common value; None where all are shared.

    Parameters
    ----------
    found : GroupedFormula
    dark : bool, default False
    """
    own = [one for one in found.constants if not one.shared]
    if not own:
        return None
    theme = theme_of(dark)
    with styled(theme):
        figure, panels = panel_grid(theme, len(own))
        for axes, one in zip(panels, own, strict=True):
            places = np.arange(len(one.values))
            scale_axis(axes, "y", one.values)
            errors = np.where(np.isfinite(one.errors), one.errors, 0.0)
            axes.errorbar(
                places, one.values, errors, linestyle="none", color=theme.spline, marker="o", markersize=3.5,
                markeredgewidth=0, elinewidth=0.9, zorder=3,
            )  # fmt: skip
            axes.axhline(one.common[0], color=theme.muted, linewidth=0.9, zorder=1)
            label(axes, "y", named(one.name, one.unit), 1.7)
            label(axes, "x", found.table.group, 2.2)
            if len(places) <= MOST_PANELS:
                axes.set_xticks(places, [shorten(name, 8, 0.6) for name in found.groups], parse_math=False)
                if max(map(len, found.groups)) * len(places) > 24:
                    axes.tick_params("x", rotation=60)
            else:
                axes.set_xticks([])
        figure.set_label(f"{', '.join(one.name for one in own)} of each {found.table.group}, with their common values.")
        return figure
