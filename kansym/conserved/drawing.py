"""The figure of conserved quantities: how constant each is along the runs."""

import numpy as np
from matplotlib.figure import Figure

from kansym.conserved.quantity import ConservedFound
from kansym.errors import ArgumentError
from kansym.figures.axes import label, named, panel_grid
from kansym.figures.style import MARKERS, styled, theme_of

MOST_PANELS, MOST_RUNS = 6, 6
"""Quantities and runs that are drawn."""


def conserved_figure(found: ConservedFound, *, dark: bool = False) -> Figure:
    """Every quantity against the time, less its mean in the run, in units of its error.

    Raises
    ------
    ArgumentError
        If nothing is conserved.
    """
    shown = found.quantities[:MOST_PANELS]
    if not shown:
        raise ArgumentError("there is no conserved quantity to draw")
    theme = theme_of(dark)
    data = found.data
    ends = np.cumsum([0, *map(len, data.runs)])
    with styled(theme):
        figure, panels = panel_grid(theme, len(shown))
        for number, (axes, one) in enumerate(zip(panels, shown, strict=True), start=1):
            axes.axhspan(-1, 1, color=theme.shade, linewidth=0, zorder=0)
            for k, run in enumerate(data.runs[:MOST_RUNS]):
                colours = (theme.point, *theme.others)
                axes.plot(run.t, one.residuals[ends[k] : ends[k + 1]], linestyle="", markersize=2.6, markeredgewidth=0,
                          marker="o" if k == 0 else MARKERS[(k - 1) % len(MARKERS)],
                          color=colours[k % len(colours)])  # fmt: skip
            label(axes, "x", named(data.time, data.units.get(data.time)), 2.2)
            label(axes, "y", f"change of quantity {number} / error", 1.8)
    figure.set_label(f"Change of {len(shown)} conserved quantities along the runs, in units of their errors.")
    return figure
