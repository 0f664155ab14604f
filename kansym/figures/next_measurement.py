"""How far the two leading forms are apart, in errors of a reading, along the columns."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from kansym.data.dataset import Dataset
from kansym.figures.axes import label, named, panel_grid, scale_axis
from kansym.figures.forms import MOST_PANELS, along, shade_beyond
from kansym.figures.points import table_of
from kansym.figures.style import Theme, styled, theme_of
from kansym.forms.next_measurement import NextMeasurement, Reading, differences, pick_residuals
from kansym.forms.predicted import noise_at, predictions
from kansym.run.finished import FinishedRun


def applies(run: FinishedRun) -> bool:
    """With a table and a second form whose values differ somewhere."""
    if run.summary.forms is None or run.dataset is None or len(run.summary.forms) < 2:
        return False
    found: NextMeasurement = run.next_measurement()
    return found.best is not None and bool(_columns(run, found))


def next_measurement(run: FinishedRun, *, dark: bool = False) -> Figure:
    """The difference of the two leading forms in units of its error, along each column that one of them uses.

    The other columns are those of the row that tells most. Rows that were proposed are marked: a full dot within the
    range of every column, a hollow one beyond.

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
    dataset, theme = table_of(run), theme_of(dark)
    found: NextMeasurement = run.next_measurement()
    columns = _columns(run, found)
    with styled(theme):
        figure, panels = panel_grid(theme, len(columns))
        for number, (axes, column) in enumerate(zip(panels, columns, strict=True)):
            _panel(axes, run, dataset, found, column, theme)
            label(axes, "x", named(dataset.names[column], dataset.units[column]), 2.5 if len(panels) > 1 else 4.8)
            if number == 0:
                label(axes, "y", "difference, in errors", 2.0 if len(panels) > 1 else 3.0)
        figure.legend(handles=_entries(found, theme), loc="lower center", ncols=4, fontsize=7.5)
        return figure


def alt(run: FinishedRun) -> str:
    """One sentence for those who do not see it."""
    found: NextMeasurement = run.next_measurement()
    best = found.best
    where = "" if best is None else ", ".join(f"{name} = {value:.4g}" for name, value in best.at.items())
    apart = "" if best is None else f"; at {where} they are {best.apart:.2g} errors apart"
    return f"Difference of the two leading forms in units of its error, within the data and beyond{apart}."


def _columns(run: FinishedRun, found: NextMeasurement) -> list[int]:
    used = {str(s) for one in found.leading[:2] for s in one.formula.expression.free_symbols}
    names = () if run.dataset is None else run.dataset.names
    return [k for k, name in enumerate(names) if name in used][:MOST_PANELS]


def _panel(axes: Axes, run: FinishedRun, dataset: Dataset, found: NextMeasurement, column: int, theme: Theme) -> None:
    marked = [one for one in (found.inside, found.beyond) if one is not None]
    x, rows = along(dataset, column, np.array(list(marked[0].at.values())))
    scale_axis(axes, "x", dataset.X[:, column])
    error = noise_at(pick_residuals(run.forms, dataset), rows)
    apart = differences(predictions(found.leading[:2], dataset, rows), error)
    shade_beyond(axes, x, dataset.X[:, column], theme)
    axes.plot(x, apart, color=theme.spline, zorder=4)
    for one in marked:
        _mark(axes, one, dataset.names[column], theme)
    finite = apart[np.isfinite(apart)]
    highest = max([*(one.apart for one in marked), float(np.quantile(finite, 0.98)) if len(finite) else 0.0])
    axes.set_ylim(0.0, 1.15 * highest or 1.0)


def _mark(axes: Axes, one: Reading, name: str, theme: Theme) -> None:
    face = theme.background if one.beyond else theme.primitive
    axes.plot(
        [one.at[name]], [one.apart], "o", color=theme.primitive, markerfacecolor=face, markersize=7, zorder=6,
        clip_on=False,
    )  # fmt: skip


def _entries(found: NextMeasurement, theme: Theme) -> list[Line2D | Patch]:
    entries: list[Line2D | Patch] = [Line2D([], [], color=theme.spline, label="the two leading forms")]
    for one, words in ((found.inside, "measure here"), (found.beyond, "beyond the data")):
        if one is not None:
            face = theme.background if one.beyond else theme.primitive
            entries.append(
                Line2D([], [], marker="o", linestyle="none", color=theme.primitive, markerfacecolor=face, label=words)
            )
    entries.append(Patch(color=theme.shade, label="no data"))
    return entries
