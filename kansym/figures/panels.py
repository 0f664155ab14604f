"""Many small plots in one figure, one per input."""

import math
from collections.abc import Sequence

import sympy
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from kansym.figures.style import Theme, blank, finish
from kansym.run.finished import FinishedRun

MOST_PANELS = 12
"""Inputs that are drawn; those of the formula come first."""


LEFT, BETWEEN, RIGHT, TOP, BELOW, LEGEND = 0.78, 0.58, 0.12, 0.24, 0.5, 0.3
"""Inches around panels: numbers and names on their left and below, powers of ten above, the legend under all."""


def panel_grid(theme: Theme, number: int) -> tuple[Figure, list[Axes]]:
    """A figure with so many panels, up to three in a row; one alone is larger. To be made inside `styled`.

    The places are fixed: to ask every text for its size takes longer than to draw the rest.
    """
    width, height = (4.5, 2.9) if number == 1 else (2.35, 1.75)
    columns = min(3, number)
    rows = math.ceil(number / columns)
    whole = LEFT + columns * width + (columns - 1) * BETWEEN + RIGHT
    tall = rows * (TOP + height + BELOW) + LEGEND
    figure = blank(theme, whole, tall)
    panels = []
    for place in range(number):
        row, column = divmod(place, columns)
        left = LEFT + column * (width + BETWEEN)
        bottom = tall - (row + 1) * (TOP + height + BELOW) + BELOW
        axes = figure.add_axes((left / whole, bottom / tall, width / whole, height / tall))
        finish(axes)
        panels.append(axes)
    return figure, panels


def inputs_shown(run: FinishedRun, names: Sequence[str], *, others: bool) -> list[int]:
    """Positions of the inputs that get a panel: those of the formula, then the others if they are wanted."""
    used = used_names(run)
    chosen = [k for k, name in enumerate(names) if name in used]
    if others:
        chosen += [k for k, name in enumerate(names) if name not in used]
    return chosen[:MOST_PANELS]


def used_names(run: FinishedRun) -> set[str]:
    """Names of the inputs that the pick uses."""
    return {symbol.name for symbol in run.formula.expression.free_symbols if isinstance(symbol, sympy.Symbol)}
