"""Primitives suggested for an edge, as a table, in JSON types and as a figure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, overload

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from kansym.deferred import torch
from kansym.editing.tables import constants_text, curve_svg, number, styled_html, to_html, to_lines
from kansym.errors import ArgumentError
from kansym.figures.labels import primitive_label, scientific, shorten
from kansym.figures.style import FONT, Theme, blank, styled, theme_of
from kansym.primitives.primitive import Primitive

HEADS = ("", "primitive", "1-R2", "error", "complexity", "constants")

POINTS = 200
"""Points of a curve in `Suggestions.to_dict`."""

FIGURE_POINTS = 300
"""Points per curve in a figure."""

PANELS = 6
"""Panels of a figure; more suggestions are not drawn."""

PANEL = (1.9, 1.5)
"""Inches of one panel."""


@dataclass(frozen=True, eq=False)
class Suggestion:
    """One primitive for one edge.

    Attributes
    ----------
    primitive : Primitive
    constants : dict
        a, b, c, d and p of ``c f(a x + b) + d``, in the user's units where the edge has them; p is 1 without a shape.
    misfit : float
        Weighted 1 - R^2 between the primitive and the curve.
    error : float or None
        Held-out RMS residual of the whole network with this primitive, after a short refit, in units of y; None where
        that was not asked for, inf where it has no finite value.
    """

    primitive: Primitive
    constants: dict[str, float]
    misfit: float
    error: float | None = None

    @property
    def name(self) -> str:
        return self.primitive.name

    @property
    def label(self) -> str:
        """The name as it is drawn: ``x²``, and the exponent of the free power."""
        return primitive_label(self.primitive, self.constants["p"])

    @property
    def complexity(self) -> int:
        return self.primitive.complexity

    @property
    def r2(self) -> float:
        return 1.0 - self.misfit

    def values(self, x: np.ndarray) -> np.ndarray:
        """The primitive at node values x, of the shape of x; nan outside its domain."""
        z = torch.as_tensor(self.constants["a"] * np.asarray(x, dtype=np.float64) + self.constants["b"])
        f = self.primitive.function(z, torch.tensor(self.constants["p"], dtype=torch.float64)).numpy()
        values = self.constants["c"] * f + self.constants["d"]
        return np.where(np.isfinite(values), values, np.nan)

    def to_dict(self) -> dict[str, Any]:
        """In JSON types."""
        error = self.error if self.error is not None and math.isfinite(self.error) else None
        return {
            "name": self.name,
            "label": self.label,
            "complexity": self.complexity,
            "misfit": self.misfit,
            "r2": self.r2,
            "error": error,
            "constants": dict(self.constants),
        }


class Suggestions(Sequence[Suggestion]):
    """Primitives for one edge, the most plausible first.

    Parameters
    ----------
    suggestions : sequence of Suggestion
    x, y : ndarray, shape (n,)
        Points of the curve.
    edge, source : str
        Names of the edge and of the node it reads, for pictures.
    """

    def __init__(self, suggestions: Sequence[Suggestion], x: np.ndarray, y: np.ndarray, edge: str, source: str) -> None:
        self._suggestions = tuple(suggestions)
        self.x, self.y, self.edge, self.source = x, y, edge, source

    @overload
    def __getitem__(self, index: int) -> Suggestion: ...

    @overload
    def __getitem__(self, index: slice) -> Suggestions: ...

    def __getitem__(self, index: int | slice) -> Suggestion | Suggestions:
        if isinstance(index, slice):
            return Suggestions(self._suggestions[index], self.x, self.y, self.edge, self.source)
        return self._suggestions[index]

    def __len__(self) -> int:
        return len(self._suggestions)

    def to_frame(self) -> pd.DataFrame:
        """A table with the columns primitive, complexity, misfit (1 - R^2), error, a, b, c, d, p."""
        rows = [
            {"primitive": one.name, "complexity": one.complexity, "misfit": one.misfit, "error": one.error}
            | {name: one.constants[name] for name in "abcdp"}
            for one in self
        ]
        columns = ["primitive", "complexity", "misfit", "error", *"abcdp"]
        return pd.DataFrame(rows, columns=columns)

    def to_dict(self) -> dict[str, Any]:
        """In JSON types, with points of the curve and of every primitive over it."""
        order = np.argsort(self.x, kind="stable")
        order = order[:: max(1, math.ceil(len(order) / POINTS))]
        grid = np.linspace(float(self.x.min()), float(self.x.max()), POINTS)
        drawn = []
        for one in self:
            values = one.values(grid)
            points = [[float(x), float(y)] for x, y in zip(grid, values, strict=True) if math.isfinite(y)]
            drawn.append({**one.to_dict(), "points": points})
        return {
            "edge": self.edge,
            "source": self.source,
            "curve": np.column_stack([self.x[order], self.y[order]]).tolist(),
            "suggestions": drawn,
        }

    def figure(self, *, dark: bool = False) -> Figure:
        """A panel for each of the first six, the curve of the edge pale below it; name, 1 - R^2 and error above.

        Parameters
        ----------
        dark : bool, default False
            For dark backgrounds.

        Returns
        -------
        matplotlib.figure.Figure
            Not registered with pyplot.

        Raises
        ------
        ArgumentError
            If there are no suggestions.
        """
        return _figure(self, theme_of(dark))

    def __str__(self) -> str:
        return "\n".join([f"{self.edge}:", *to_lines(HEADS, self._rows())])

    def __repr__(self) -> str:
        return f"<{len(self)} suggestions for {self.edge}: {', '.join(one.name for one in self)}>"

    def _repr_html_(self) -> str:
        record = self.to_dict()
        pictures = [
            curve_svg(record["curve"], one["points"], f"{one['label']} over the trained curve")
            for one in record["suggestions"]
        ]
        cells = [[row[0], svg, *map(escape, row[1:])] for svg, row in zip(pictures, self._rows(), strict=True)]
        ranked = "1-R2 with a price for complexity"
        if any(one.error is not None for one in self):
            ranked = "the error of the whole network with it"
        note = f"Pale: the curve of the edge. Dark: the function. Ranked by {ranked}."
        table = to_html([HEADS[0], "curve", *HEADS[1:]], cells)
        return styled_html(f"<p>{escape(self.edge)}</p>", table, [note])

    def _rows(self) -> list[list[str]]:
        """Cells of the table, under `HEADS`."""
        rows = []
        for place, one in enumerate(self, 1):
            text = constants_text(one.constants, (), "abcdp" if one.primitive.has_shape else "abcd")
            rows.append([str(place), one.name, number(one.misfit, 2), number(one.error, 3), str(one.complexity), text])
        return rows


def _figure(suggestions: Suggestions, theme: Theme) -> Figure:
    shown = suggestions[:PANELS]
    if not shown:
        raise ArgumentError(f"there are no suggestions to draw for {suggestions.edge}")
    columns = min(3, len(shown))
    rows = -(-len(shown) // columns)
    # Above each panel a line for the name, and one for the error where there is one.
    head = 0.42 if any(one.error is not None for one in shown) else 0.27
    width, height = columns * PANEL[0] + 0.2, rows * (PANEL[1] + head) + 0.4
    with styled(theme):
        figure = blank(theme, width, height)
        order = np.argsort(suggestions.x, kind="stable")
        x, y = suggestions.x[order], suggestions.y[order]
        for place, one in enumerate(shown):
            row, column = divmod(place, columns)
            left = 0.1 + column * PANEL[0]
            base = height - (row + 1) * (PANEL[1] + head) - 0.04
            axes = figure.add_axes((left / width + 0.004, base / height, (PANEL[0] - 0.12) / width, PANEL[1] / height))
            _draw_panel(axes, x, y, one, theme)
            _write_head(axes, place + 1, one, theme)
        caption = f"{suggestions.edge}, {x[0]:.3g} to {x[-1]:.3g}; pale: the curve of the edge"
        figure.text(
            0.1 / width,
            0.12 / height,
            shorten(caption, 7.5, width - 0.2),
            fontsize=7.5,
            color=theme.muted,
            family=FONT,
            parse_math=False,
        )
        return figure


def _draw_panel(axes: Axes, x: np.ndarray, y: np.ndarray, one: Suggestion, theme: Theme) -> None:
    """The function over the curve, whose points are in order of x."""
    low, high, bottom, top = float(x[0]), float(x[-1]), float(y.min()), float(y.max())
    grid = np.linspace(low, high, FIGURE_POINTS)
    axes.set_facecolor(theme.face)
    for spine in axes.spines.values():
        spine.set_color(theme.frame)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.plot(x, y, color=theme.pale, linewidth=4.5, solid_capstyle="round")
    axes.plot(grid, one.values(grid), color=theme.primitive, linewidth=1.3)
    side, margin = 0.03 * (high - low or 1.0), 0.08 * (top - bottom) or 1.0
    axes.set_xlim(low - side, high + side)
    axes.set_ylim(bottom - margin, top + margin)


def _write_head(axes: Axes, rank: int, one: Suggestion, theme: Theme) -> None:
    """Name and 1 - R^2 above a panel, and below them the error of the network where there is one."""
    options = {"family": FONT, "transform": axes.transAxes, "va": "baseline", "parse_math": False}
    right = {"ha": "right", "fontsize": 7.5, "color": theme.muted, **options}
    height = 1.14 if one.error is not None else 1.04
    name = shorten(f"{rank}  {one.label}", 9, PANEL[0] * 0.55)
    axes.text(0.0, height, name, fontsize=9, color=theme.primitive, **options)
    axes.text(1.0, height, f"1−R² = {scientific(max(one.misfit, 0.0))}", **right)
    if one.error is not None:
        error = "not finite" if not np.isfinite(one.error) else f"{one.error:.3g}"
        axes.text(1.0, 1.035, f"network error {error}", **right)
