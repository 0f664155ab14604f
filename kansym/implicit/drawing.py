"""The figure of a relation: its sides against each other, and distances beside those of shuffled rows."""

import numpy as np
from matplotlib.figure import Figure

from kansym.figures.axes import label, panel_grid
from kansym.figures.style import styled, theme_of
from kansym.implicit.relation import Relation

BINS = 40

MOST_DISTANCE = 30.0
"""Errors beyond which shuffled rows are drawn at the edge."""


def relation_figure(relation: Relation, *, dark: bool = False) -> Figure:
    """Distances of the rows from the relation, in errors, and those of rows whose columns were shuffled."""
    theme = theme_of(dark)
    own, others = relation.measured.residuals, relation.measured.shuffled
    with styled(theme):
        figure, (first, second) = panel_grid(theme, 2)
        edge = float(np.clip(np.quantile(np.abs(others), 0.9) if len(others) else 5.0, 5.0, MOST_DISTANCE))
        bins = np.linspace(-edge, edge, BINS + 1).tolist()
        first.hist(np.clip(others, -edge, edge), bins, density=True, color=theme.pale, label="shuffled columns")
        first.hist(np.clip(own, -edge, edge), bins, density=True, color=theme.point, alpha=0.8, label="rows")
        first.legend(loc="upper right")
        label(first, "x", "distance from the relation / error", 2.2)
        label(first, "y", "share of rows", 1.7)
        second.axhspan(-1, 1, color=theme.shade, linewidth=0, zorder=0)
        second.plot(np.arange(len(own)), own, marker="o", markersize=2.6, linestyle="", color=theme.point,
                    markeredgewidth=0)  # fmt: skip
        label(second, "x", "row", 2.2)
        label(second, "y", "distance / error", 1.7)
    figure.set_label(
        f"Distances of {len(own)} rows from {relation.symbolic_text()}, beside those of rows with shuffled columns."
    )
    return figure
