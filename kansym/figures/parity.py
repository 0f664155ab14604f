"""Measured against predicted values, with what is left between them."""

import math

import numpy as np
from matplotlib.figure import Figure

from kansym.figures.axes import finish, label, named, scale_axis
from kansym.figures.points import Points, floor_shows, hollow, points_of
from kansym.figures.style import blank, styled, theme_of
from kansym.run.finished import FinishedRun
from kansym.run.residuals import counted, r_squared, weighting
from kansym.units.words import after_number, powers_of_ten

MOST_BARS = 150
"""Points up to which each has its error bar."""


def applies(run: FinishedRun) -> bool:
    """With a table that the formula has a value on."""
    return run.dataset is not None and len(points_of(run)) > 0


def parity(run: FinishedRun, *, dark: bool = False) -> Figure:
    """Predicted against measured values with the line of equality, and below it the residuals on the same axis.

    At most 2000 points are drawn. The axes are logarithmic where all values are positive and reach over more than 2.5
    decades. Rows that the formula has no value on are counted in words.

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
    points, theme, summary = points_of(run), theme_of(dark), run.summary
    target = named(summary.target, summary.y_units)
    shown = points.shown[~points.aside[points.shown]]
    y, predicted, residual = points.y[shown], points.predicted[shown], points.residual[shown]
    with styled(theme):
        figure = blank(theme, 5.2, 5.6, layout="constrained")
        upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1.1))
        for axes in (upper, lower):
            finish(axes)
        scale_axis(upper, "x", points.y, points.predicted)
        scale_axis(upper, "y", points.y, points.predicted)
        bars = points.error is not None and len(points) <= MOST_BARS
        style = {"color": theme.point, "markersize": _size(len(shown)), "marker": "o", "markeredgewidth": 0}
        upper.plot(y, predicted, linestyle="none", alpha=0.75, zorder=3, label="rows", **style)
        lower.plot(y, residual, linestyle="none", alpha=0.75, zorder=3, **style)
        if bars and points.error is not None:
            error = points.error[shown]
            lower.errorbar(y, residual, error, linestyle="none", ecolor=theme.point, elinewidth=0.8, zorder=2)
        elif points.error is not None:
            middle = float(np.median(points.error))
            lower.axhspan(-middle, middle, color=theme.shade, zorder=0)
        ends = [min(y.min(), predicted.min()), max(y.max(), predicted.max())]
        upper.plot(ends, ends, color=theme.primitive, linewidth=1.1, zorder=2, label="equal")
        lower.axhline(0.0, color=theme.primitive, linewidth=1.1, zorder=2)
        if summary.noise_floor > 0 and points.error is None and floor_shows(summary.noise_floor, residual):
            lower.axhspan(-summary.noise_floor, summary.noise_floor, color=theme.shade, zorder=0)
        label(upper, "y", f"predicted {target}", 3.4)
        label(lower, "x", f"measured {target}", 4.4)
        label(lower, "y", named("residual", summary.y_units), 1.2)
        scale_axis(lower, "y", residual)
        upper.set_xlim(upper.get_xlim())
        upper.set_ylim(upper.get_xlim())
        if points.aside.any():
            for axes, values in ((upper, points.predicted), (lower, points.residual)):
                hollow(axes, points.y[points.aside], values[points.aside], theme)
        upper.text(0.03, 0.97, _words(run, points), transform=upper.transAxes, va="top", parse_math=False)
        figure.align_ylabels()
        return figure


def alt(run: FinishedRun) -> str:
    """One sentence for those who do not see it."""
    points, summary = points_of(run), run.summary
    agreement, weights = summary.agreement, weighting(summary)
    correlation = r_squared(agreement.one_minus_r2).replace("R²", "R squared")
    correlation += f" ({weights})" if weights else ""
    rms = agreement.rms if agreement.plain_rms is None else agreement.plain_rms
    beside = f"; {counted(points.undefined, 'row')} without a value left out" if points.undefined else ""
    beside += f"; {counted(int(points.aside.sum()), 'outlier')} left out" if points.aside.any() else ""
    return (
        f"Predicted against measured {summary.target} for {counted(len(points), 'row')}: {correlation}, RMS residual "
        f"{rms:.3g}{after_number(summary.y_units)}{beside}."
    )


def _words(run: FinishedRun, points: Points) -> str:
    agreement = run.summary.agreement
    weights = weighting(run.summary).replace("^2", "²")
    lines = [r_squared(agreement.one_minus_r2) + (f", {weights}" if weights else "")]
    if agreement.reduced_chi2 is not None:
        lines.append(f"χ² per degree of freedom {agreement.reduced_chi2:.3g}")
    if points.undefined:
        lines.append(f"{points.undefined} rows without a value")
    if points.aside.any():
        lines.append(f"hollow: {counted(int(points.aside.sum()), 'outlier')}, left out")
    if len(points.shown) < len(points):
        lines.append(f"{len(points.shown)} of {len(points)} rows drawn")
    return powers_of_ten("\n".join(lines))


def _size(number: int) -> float:
    return float(np.clip(9.0 / math.sqrt(max(number, 1) / 10), 2.0, 5.0))
