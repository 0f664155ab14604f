"""What the formula leaves, along each input."""

from dataclasses import replace

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from kansym.data.preparation import thinned
from kansym.figures.axes import label, named, panel_grid, scale_axis
from kansym.figures.points import (
    MOST_POINTS,
    Points,
    RunningMean,
    floor_shows,
    hollow,
    hollow_entry,
    inputs_shown,
    points_of,
    running_mean,
    table_of,
)
from kansym.figures.style import Theme, styled, theme_of
from kansym.run.finished import FinishedRun

FAR = 6.0
"""Standard errors that a mean is not off by chance: they come from ten rows or so, and there are many places."""


def applies(run: FinishedRun) -> bool:
    """With a table that the formula has a value on."""
    return run.dataset is not None and len(points_of(run)) > 0


def residuals(run: FinishedRun, *, dark: bool = False) -> Figure:
    """Measured less predicted values against every input, those that the formula does not use included.

    Each panel has the running mean with a band of twice its standard error, which misses zero at one place in twenty
    by chance; a formula that lacks something misses it over a long way. Where the data have errors, residuals are in
    units of them, and the grey band is one error on either side; without errors it is the noise floor. At most twelve
    inputs and 2000 points are drawn.

    Parameters
    ----------
    run : FinishedRun
    dark : bool, default False
        For dark backgrounds.

    Raises
    ------
    ArgumentError
        If the run was saved without its table.
    """
    points, dataset, theme = in_errors(points_of(run)), table_of(run), theme_of(dark)
    chosen = inputs_shown(run, dataset.names, others=True)
    floor = run.summary.noise_floor
    with styled(theme):
        figure, panels = panel_grid(theme, len(chosen))
        for number, (axes, k) in enumerate(zip(panels, chosen, strict=True)):
            _panel(axes, points, points.X[:, k], floor, theme, MOST_POINTS if len(chosen) < 4 else MOST_POINTS // 3)
            label(axes, "x", named(dataset.names[k], dataset.units[k]), 2.5 if len(panels) > 1 else 4.8)
            if number % 3 == 0:
                label(
                    axes,
                    "y",
                    _axis(run, points),
                    1.8 if len(panels) > 1 else 3.0,
                )
        means = [mean for k in chosen if (mean := mean_along(points, points.X[:, k])) is not None]
        entries = _entries(points, floor, theme, {mean.discrete for mean in means})
        figure.legend(handles=entries, loc="lower center", ncols=len(entries), fontsize=7.5)
        return figure


def in_errors(points: Points) -> Points:
    """The points with residuals in units of their errors, where they have errors."""
    if points.error is None:
        return points
    return replace(points, residual=points.residual / points.error, error=np.ones(len(points)))


def _axis(run: FinishedRun, points: Points) -> str:
    if points.error is not None:
        return f"residual of {run.summary.target}, in errors"
    return f"residual of {named(run.summary.target, run.summary.y_units)}"


def alt(run: FinishedRun) -> str:
    """One sentence for those who do not see it."""
    points, dataset = in_errors(points_of(run)), table_of(run)
    chosen = inputs_shown(run, dataset.names, others=True)
    means = {dataset.names[k]: mean_along(points, points.X[:, k]) for k in chosen}
    apart = [name for name, mean in means.items() if mean is not None and departs(mean)]
    words = f"the running mean leaves zero along {', '.join(apart)}" if apart else "the running means stay near zero"
    return (
        f"Residuals of {run.summary.target}{', in errors,' if points.error is not None else ''} for {len(points)} rows "
        "against "
        f"{', '.join(dataset.names[k] for k in chosen)}: {words}."
    )


def mean_along(points: Points, x: np.ndarray) -> RunningMean | None:
    """The running mean of the residuals along one input, weighted where rows have errors; without outliers."""
    kept = ~points.aside
    weights = None if points.error is None else (points.error.min() / points.error[kept]) ** 2
    return running_mean(x[kept], points.residual[kept], weights)


def departs(mean: RunningMean) -> bool:
    """Whether it is farther from zero than `FAR` standard errors anywhere."""
    known = np.isfinite(mean.error) & (mean.error > 0)
    return bool((np.abs(mean.mean[known]) > FAR * mean.error[known]).any())


def _panel(axes: Axes, points: Points, x: np.ndarray, floor: float, theme: Theme, most: int) -> None:
    shown = thinned(np.flatnonzero(~points.aside), most)
    scale_axis(axes, "x", x)
    scale_axis(axes, "y", points.residual[~points.aside])
    if points.error is not None:
        axes.axhspan(-1.0, 1.0, color=theme.shade, zorder=0)
    elif floor_shows(floor, points.residual):
        axes.axhspan(-floor, floor, color=theme.shade, zorder=0)
    axes.axhline(0.0, color=theme.primitive, linewidth=1.0, zorder=2)
    if not points.residual.any():
        axes.set_ylim(-max(floor, 1e-300), max(floor, 1e-300))
    axes.plot(
        x[shown],
        points.residual[shown],
        "o",
        color=theme.point,
        markersize=3.5 if len(shown) <= 200 else 2.2,
        markeredgewidth=0,
        alpha=0.7 if len(shown) <= 300 else 0.4,
        zorder=3,
        label="rows",
    )
    _mean(axes, points, x, theme)
    if points.aside.any():
        hollow(axes, x[points.aside], points.residual[points.aside], theme)


def _mean(axes: Axes, points: Points, x: np.ndarray, theme: Theme) -> None:
    mean = mean_along(points, x)
    if mean is None:
        return
    if mean.discrete:
        axes.errorbar(
            mean.x, mean.mean, np.nan_to_num(2 * mean.error), fmt="D", color=theme.spline, markersize=4, elinewidth=1.6,
            zorder=5, label="mean",
        )  # fmt: skip
        return
    known = np.isfinite(mean.error)
    low, high = mean.mean - 2 * mean.error, mean.mean + 2 * mean.error
    axes.fill_between(mean.x[known], low[known], high[known], color=theme.spline, alpha=0.25, linewidth=0, zorder=4)
    axes.plot(mean.x, mean.mean, color=theme.spline, zorder=5, label="mean")


def _entries(points: Points, floor: float, theme: Theme, means: set[bool]) -> list[Line2D | Patch]:
    """What is drawn: few rows have no mean, those at few places one at each, and a band may be too thin to see."""
    entries: list[Line2D | Patch] = [
        Line2D([], [], marker="o", linestyle="none", color=theme.point, markersize=4, label="rows")
    ]
    if points.aside.any():
        entries.append(hollow_entry(theme))
    if means:
        # One entry for both kinds: two panels have no room for more.
        kind = "running mean" if means == {False} else "mean"
        marker = "D" if True in means else ""
        entries.append(
            Line2D([], [], color=theme.spline, marker=marker, markersize=4, label=f"{kind} ± 2 standard errors")
        )
    if points.error is not None:
        entries.append(Patch(color=theme.shade, label="one error"))
    elif floor_shows(floor, points.residual):
        entries.append(Patch(color=theme.shade, label="noise floor"))
    return entries
