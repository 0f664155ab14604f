"""Pareto fronts of several tools over each other."""

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from kansym.comparison.result import Comparison
from kansym.figures.style import StyledFigure

# Colours that the colour-blind tell apart (Okabe and Ito 2008), and a marker besides.
COLOURS = ("#000000", "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
MARKERS = "osD^vPX"

SMALLEST = 1e-16
"""Residuals in units of the spread of y below which all is rounding."""


def comparison_figure(comparison: Comparison) -> Figure:
    """Complexity against the residual on the fitted rows, one front per tool, picks as large markers.

    Tools without formulas are horizontal lines. The residual is in units of the spread of y.
    """
    figure = StyledFigure(figsize=(7, 4.5), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    spread = comparison.spread or 1.0
    for number, result in enumerate(comparison.tools):
        colour, marker = COLOURS[number % len(COLOURS)], MARKERS[number % len(MARKERS)]
        if result.failure or result.rms is None:
            continue
        rms = max(result.rms / spread, SMALLEST)
        if result.complexity is None:
            axes.axhline(rms, color=colour, linestyle="--", linewidth=1, label=f"{result.tool} (no formula)")
            continue
        # Fronts of peers end in formulas of any length; what is twice as long as the longest pick shows nothing.
        xs = [point.complexity for point in result.front]
        ys = [max(point.rms / spread, SMALLEST) for point in result.front]
        axes.plot(xs, ys, color=colour, linewidth=1, alpha=0.7, drawstyle="steps-post", zorder=2)
        axes.plot(xs, ys, marker, color=colour, markersize=4, alpha=0.7, linestyle="none", zorder=3)
        axes.plot(
            [result.complexity],
            [rms],
            marker,
            color=colour,
            markersize=10,
            markerfacecolor="none",
            markeredgewidth=1.8,
            label=result.tool,
            zorder=4,
        )
    axes.set_yscale("log")
    axes.set(
        xlabel="nodes of the formula",
        ylabel=f"RMS residual of {comparison.target} / its spread",
    )
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(alpha=0.3)
    axes.legend(loc="upper right", title="large markers: picks", fontsize=9)
    return figure
