"""Pictures of what was measured about the structure of a table: interactions of columns, and a symmetry."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from kansym.figures.axes import finish, label, panel_grid, scale_axis
from kansym.figures.labels import shorten
from kansym.figures.style import Theme, blank, styled, theme_of
from kansym.structure.interaction import NOT_SEEN, Separability
from kansym.structure.invariance import Symmetry
from kansym.symbolic.text import to_text

MOST_PANELS = 9
"""Columns that a symmetry is drawn against."""


def separability_figure(found: Separability, *, dark: bool = False) -> Figure:
    """Interactions of each two groups of columns, in spreads of the target; pale where none is seen.

    Parameters
    ----------
    found : Separability
    dark : bool, default False
        For dark backgrounds.
    """
    theme, count = theme_of(dark), len(found.groups)
    names = [shorten(", ".join(group), 8, 1.6) for group in found.groups]
    with styled(theme):
        side = max(0.62 * count, 1.4)
        figure = blank(theme, 2 * side + 2.6, side + 1.0, layout="constrained")
        both = figure.subplots(1, 2)
        sums = (found.sums, found.sum_errors, "to be a sum")
        products = (found.products, found.product_errors, "to be a product")
        for axes, (sizes, errors, words) in zip(both, (sums, products), strict=True):
            _matrix(axes, sizes, errors, theme)
            axes.set_title(f"missing {words}", fontsize=8)
            axes.set_xticks(range(count), names, parse_math=False)
            axes.set_yticks(range(count), names if axes is both[0] else [""] * count, parse_math=False)
        words = f"{found.target}: sum of {len(found.terms)}, product of {len(found.factors)}"
        figure.set_label(words)
        return figure


def _matrix(axes: Axes, sizes: np.ndarray, errors: np.ndarray, theme: Theme) -> None:
    """Sizes as numbers, on a colour where they are seen above their errors."""
    axes.grid(visible=False)
    seen = np.where(sizes >= NOT_SEEN * errors, np.clip(np.log10(np.maximum(sizes, 1e-4)) / 4 + 1, 0.15, 1), 0.0)
    np.fill_diagonal(seen, np.nan)
    colours = LinearSegmentedColormap.from_list("interaction", [theme.background, theme.spline])
    colours = colours.with_extremes(bad=theme.face)
    lines = np.arange(len(sizes) + 1) - 0.5
    axes.pcolormesh(lines, lines, seen, cmap=colours, vmin=0, vmax=1, edgecolors=theme.frame, linewidth=0.8)
    for (row, column), value in np.ndenumerate(sizes):
        if row == column:
            continue
        ink = theme.background if seen[row, column] > 0.6 else theme.ink
        text = "?" if np.isnan(value) else f"{value:.2g}" if seen[row, column] else f"< {2 * errors[row, column]:.1g}"
        axes.text(column, row, text, ha="center", va="center", fontsize=7, color=ink)
    axes.set_aspect("equal")
    axes.set_ylim(len(sizes) - 0.5, -0.5)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)


def symmetry_figure(found: Symmetry, *, dark: bool = False) -> Figure:
    """The target, divided by the factor, against each combination and each other column.

    Where y is a function of a single combination, the points lie on one curve.

    Parameters
    ----------
    found : Symmetry
    dark : bool, default False
        For dark backgrounds.
    """
    theme = theme_of(dark)
    names = [*(to_text(one) for one in found.through), *found.rest][:MOST_PANELS]
    target = found.target if found.factor == 1 else f"{found.target} / ({to_text(found.factor)})"
    with styled(theme):
        figure, panels = panel_grid(theme, len(names))
        for k, (axes, name) in enumerate(zip(panels, names, strict=True)):
            axes.scatter(found.values[:, k], found.y, s=6, color=theme.point, alpha=0.6, linewidths=0, zorder=2)
            scale_axis(axes, "x", found.values[:, k])
            scale_axis(axes, "y", found.y)
            finish(axes)
            label(axes, "x", name, 2.3)
            label(axes, "y", target, 1.7)
        figure.set_label(str(found))
        return figure
