"""The leading forms and their mean, within the data and beyond."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from kansym.data.dataset import Dataset
from kansym.figures.axes import is_logarithmic, label, named, panel_grid, scale_axis, set_scale
from kansym.figures.labels import shorten
from kansym.figures.points import points_of, table_of
from kansym.figures.style import Theme, styled, theme_of
from kansym.forms.averaging import averaged
from kansym.forms.next_measurement import BEYOND, leading_forms
from kansym.forms.result import NAMED, FormProbability, Forms
from kansym.numbers import chance
from kansym.run.finished import FinishedRun

POINTS = 241

MOST_DRAWN, MOST_PANELS = 4, 3
"""Forms, and columns."""

STYLES = ("-", (0, (5, 2)), (0, (1.5, 1.5)), (0, (5, 2, 1.5, 2)))
"""Of the pick and the forms after it, so that colours alone decide nothing."""

DEVIATIONS = 2.0
"""Of the band."""


def applies(run: FinishedRun) -> bool:
    """With a table, and a second form that is probable enough to be named."""
    forms = run.summary.forms
    usable = run.dataset is not None and forms is not None and len(points_of(run)) > 0
    return usable and forms is not None and any(one.probability >= NAMED for one in forms[1:]) and bool(_columns(run))


def forms(run: FinishedRun, *, dark: bool = False) -> Figure:
    """The leading forms along each column that one of them uses, with the mean over all forms and twice its deviation.

    The other columns are at their medians. The range beyond the data, a third of it at either end, is shaded: where the
    forms part there, the band is wide.

    Parameters
    ----------
    run : FinishedRun
    dark : bool, default False
        For dark backgrounds.

    Raises
    ------
    ArgumentError
        If the run has no forms, or was saved without its table.
    """
    dataset, theme, met = table_of(run), theme_of(dark), run.forms
    drawn, columns = drawn_forms(met), _columns(run)
    with styled(theme):
        figure, panels = panel_grid(theme, len(columns))
        for number, (axes, column) in enumerate(zip(panels, columns, strict=True)):
            _panel(axes, run, dataset, met, drawn, column, theme)
            label(axes, "x", named(dataset.names[column], dataset.units[column]), 2.5 if len(panels) > 1 else 4.8)
            if number == 0:
                label(axes, "y", named(run.summary.target, run.summary.y_units), 1.8 if len(panels) > 1 else 3.0)
        width = 3.6 if len(panels) == 1 else 2.3 * len(panels)
        _legend(figure, drawn, theme, width)
        return figure


def alt(run: FinishedRun) -> str:
    """One sentence for those who do not see it."""
    drawn = drawn_forms(run.forms)
    said = ", ".join(f"{one.text} with probability {chance(one.probability)}" for one in drawn)
    return f"Values of the leading forms, {said}, and of their mean with its deviation, within the data and beyond."


def drawn_forms(met: Forms) -> tuple[FormProbability, ...]:
    """The pick, and the others that are drawn."""
    return tuple(one for one in leading_forms(met) if one is met.pick or one.probability >= NAMED)[:MOST_DRAWN]


def colours(theme: Theme) -> tuple[str, ...]:
    """Of the pick and the forms after it."""
    return (theme.primitive, *theme.others)


def along(dataset: Dataset, column: int, at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Values of a column in its range and a third beyond, and rows that have them and are otherwise those of `at`."""
    values = dataset.X[:, column]
    low, high = float(values.min()), float(values.max())
    steps = np.linspace(-BEYOND, 1 + BEYOND, POINTS)
    if not high > low:
        x = low + (steps - 0.5) * (abs(low) or 1.0)
    elif is_logarithmic(values):
        x = np.exp(np.log(low) + steps * (np.log(high) - np.log(low)))
    else:
        x = low + steps * (high - low)
        # What is positive in all of the data stays so.
        x = x[x > 0] if low > 0 else x
    rows = np.tile(at, (len(x), 1))
    rows[:, column] = x
    return x, rows


def middle(X: np.ndarray) -> np.ndarray:
    """Medians, as values that occur."""
    return np.array([np.sort(column)[(len(column) - 1) // 2] for column in X.T])


def shade_beyond(axes: Axes, x: np.ndarray, values: np.ndarray, theme: Theme) -> None:
    """Shade where no data are."""
    axes.set_xlim(x[0], x[-1])
    for start, end in ((x[0], values.min()), (values.max(), x[-1])):
        if end > start:
            axes.axvspan(start, end, color=theme.shade, linewidth=0, zorder=0)


def _columns(run: FinishedRun) -> list[int]:
    """Columns that a leading form uses."""
    if run.summary.forms is None or run.dataset is None:
        return []
    used = {str(s) for one in drawn_forms(run.summary.forms) for s in one.formula.expression.free_symbols}
    return [k for k, name in enumerate(run.dataset.names) if name in used][:MOST_PANELS]


def _panel(
    axes: Axes, run: FinishedRun, dataset: Dataset, met: Forms, drawn: tuple[FormProbability, ...], column: int,
    theme: Theme,
) -> None:  # fmt: skip
    x, rows = along(dataset, column, middle(dataset.X))
    points = points_of(run)
    scale_axis(axes, "x", dataset.X[:, column])
    with np.errstate(all="ignore"):
        mean, deviation = averaged(met, dataset, rows)
        curves = [one.formula.predict(rows) for one in drawn]
    within = (x >= dataset.X[:, column].min()) & (x <= dataset.X[:, column].max())
    inside = np.concatenate([curve[within & np.isfinite(curve)] for curve in curves])
    shown = np.concatenate([points.y, inside]) if dataset.n_columns == 1 else inside
    logarithmic = is_logarithmic(points.y) and bool((shown > 0).all())
    set_scale(axes, "y", "log" if logarithmic else "linear")
    shade_beyond(axes, x, dataset.X[:, column], theme)
    if dataset.n_columns == 1:
        few = len(points.shown) <= 200
        axes.plot(
            points.X[points.shown, column], points.y[points.shown], "o", color=theme.point,
            markersize=3.5 if few else 2.2, markeredgewidth=0, alpha=0.85 if few else 0.6, zorder=2,
        )  # fmt: skip
    axes.fill_between(
        x, mean - DEVIATIONS * deviation, mean + DEVIATIONS * deviation, color=theme.spline, alpha=0.28, linewidth=0,
        zorder=3,
    )  # fmt: skip
    for curve, colour, style in zip(curves, colours(theme), STYLES, strict=False):
        axes.plot(x, curve, color=colour, linestyle=style, zorder=5)
    _limit(axes, shown, curves, mean, deviation, logarithmic=logarithmic)


def _limit(
    axes: Axes, shown: np.ndarray, curves: list[np.ndarray], mean: np.ndarray, deviation: np.ndarray, *,
    logarithmic: bool,
) -> None:  # fmt: skip
    """Room for what is within the data, and for the forms and the band beyond as far as they stay near."""
    everything = np.concatenate([*curves, mean - DEVIATIONS * deviation, mean + DEVIATIONS * deviation])
    everything = everything[np.isfinite(everything)]
    if logarithmic:
        shown, everything = np.log10(shown), np.log10(everything[everything > 0])
    if not len(shown) or not len(everything):
        return
    low, high = float(shown.min()), float(shown.max())
    reach = (high - low) or abs(high) or 1.0
    low = min(low, max(float(everything.min()), low - 0.6 * reach))
    high = max(high, min(float(everything.max()), high + 0.6 * reach))
    ends = (low - 0.06 * reach, high + 0.06 * reach)
    axes.set_ylim(*((10**end for end in ends) if logarithmic else ends))


def _legend(figure: Figure, drawn: tuple[FormProbability, ...], theme: Theme, width: float) -> None:
    entries: list[Line2D | Patch] = [
        Line2D(
            [], [], color=colour, linestyle=style, label=f"{shorten(one.text, 7.5, width)}: {chance(one.probability)}"
        )
        for one, colour, style in zip(drawn, colours(theme), STYLES, strict=False)
    ]
    entries.append(Patch(color=theme.spline, alpha=0.28, label="mean of all forms ± 2 deviations"))
    entries.append(Patch(color=theme.shade, label="beyond the data"))
    columns = 2
    lines = -(-len(entries) // columns)
    # The legend has more lines than one: the figure grows by as many.
    wide, tall = figure.get_size_inches()
    more = 0.17 * (lines - 1)
    for axes in figure.axes:
        box = axes.get_position()
        axes.set_position(
            (box.x0, (box.y0 * tall + more) / (tall + more), box.width, box.height * tall / (tall + more))
        )
    figure.set_size_inches(wide, tall + more)
    legend = figure.legend(handles=entries, loc="lower center", ncols=columns, fontsize=7.5)
    for text in legend.get_texts():
        text.set_parse_math(False)
