"""A trained network as one figure: nodes, and the curve of every edge, from inputs on the left to the output."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyBboxPatch, PathPatch
from matplotlib.path import Path

from kansym.deferred import Tensor
from kansym.errors import ArgumentError
from kansym.figures.edge_curves import EdgeCurve, edge_curves
from kansym.figures.labels import clean, scientific, shorten, text_width
from kansym.figures.network_layout import Layout, lay_out
from kansym.figures.style import FONT, Theme, blank, styled, theme_of
from kansym.kan.network import Network
from kansym.units.words import unit_label

LONGEST_NAME = 1.7
"""Inches for the name of a variable; longer ones are shortened."""


def network_figure(
    network: Network,
    x: Tensor,
    *,
    input_names: Sequence[str],
    output_name: str | Sequence[str],
    index: int = 0,
    primitives_shown: bool = True,
    reference: Network | None = None,
    dark: bool = False,
    input_units: Sequence[str | None] | None = None,
    output_unit: str | None = None,
) -> Figure:
    """Draw one network of a population.

    Every active edge is a box with its curve over the range of the data. Splines are blue; a primitive is drawn thin
    and dark with its name above the box, over the spline of `reference` (thick, pale) where there is one. The opacity
    of a connecting line grows with the edge's effect on the output. Nodes show whether they add or multiply; nodes
    and edges that cannot reach the output are left out.

    Parameters
    ----------
    network : Network
    x : Tensor, shape (n, n_inputs)
        Rows in the network's (scaled) units, for ranges and scores. A few hundred are enough; 4096 are used at most.
    input_names : sequence of str, length n_inputs
        Any strings.
    output_name : str, or sequence of str, length n_outputs
    index : int, default 0
        Position in the population.
    primitives_shown : bool, default True
        False draws symbolic edges like splines, without names.
    reference : Network, optional
        The spline network that the primitives were matched to, of the same shape; adds 1 - R^2 to each name.
    dark : bool, default False
        For dark backgrounds.
    input_units : sequence of (str or None), length n_inputs, optional
        Written below the names; None or ``"1"`` where there is none to write.
    output_unit : str, optional

    Returns
    -------
    matplotlib.figure.Figure
        Not registered with pyplot: ``figure.savefig("network.svg")`` works without a display, and nothing to close.

    Raises
    ------
    ArgumentError
        If names, `x`, `index` or `reference` do not fit the network.
    """
    if len(input_names) != network.n_inputs:
        raise ArgumentError(f"input_names must have {network.n_inputs} entries, got {len(input_names)}")
    if input_units is not None and len(input_units) != network.n_inputs:
        raise ArgumentError(f"input_units must have {network.n_inputs} entries, got {len(input_units)}")
    curves = edge_curves(network, x, index=index, reference=reference)
    theme = theme_of(dark)
    names = [shorten(name, 10, LONGEST_NAME) for name in input_names]
    if isinstance(output_name, str):
        output_name = (
            [output_name] if network.n_outputs == 1 else [f"{output_name} {k}" for k in range(network.n_outputs)]
        )
    outputs = [shorten(name, 10, LONGEST_NAME) for name in output_name]
    units = [_unit(unit) for unit in input_units or ()] or [""] * len(names)
    unit_of_output = _unit(output_unit)
    labelled = primitives_shown and any(curve.name is not None and not curve.plain for curve in curves)
    layout = lay_out(
        curves,
        levels=len(network.layers),
        n_inputs=network.n_inputs,
        n_outputs=network.n_outputs,
        left=0.3 + max(*(text_width(name, 10) for name in names), *(text_width(unit, 8) for unit in units)),
        right=0.3 + max(*(text_width(name, 10) for name in outputs), text_width(unit_of_output, 8)),
        bottom=0.45,
        labelled=labelled,
    )
    entries = _legend_entries(curves, primitives_shown, theme)
    width = max(layout.width, 0.4 + sum(_entry_width(entry) for entry in entries))
    with styled(theme):
        figure = blank(theme, width, layout.height)
        axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
        axes.set_axis_off()
        shift = (width - layout.width) / 2
        axes.set_xlim(-shift, width - shift)
        axes.set_ylim(0.0, layout.height)

        _draw_lines(axes, curves, layout, theme)
        for k, centre in layout.boxes.items():
            _draw_box(axes, curves[k], centre, layout, theme, primitives_shown)
        _draw_nodes(axes, network, layout, theme)
        _draw_names(axes, layout, dict(enumerate(zip(names, units, strict=True))), theme, 0)
        _draw_names(
            axes, layout, {k: (name, unit_of_output) for k, name in enumerate(outputs)}, theme, len(network.layers)
        )
        _draw_legend(axes, entries, -shift + 0.2, theme)
        if layout.unused:
            text = "not used: " + ", ".join(names[k] for k in layout.unused)
            _text(axes, -shift + 0.2, 0.42, shorten(text, 8, width - 0.4), 8, theme.muted)
    return figure


def _text(axes: Axes, x: float, y: float, text: str, points: float, colour: str, **options) -> None:
    options = {"ha": "left", "va": "center", **options}
    # parse_math=False: a name may hold "$" or "_" without being mathematics.
    axes.text(x, y, text, fontsize=points, color=colour, family=FONT, parse_math=False, **options)


def edge_id(curve: EdgeCurve) -> str:
    """Id in an SVG of the box of an edge, or of its line where it has no box: ``edge-0-1-0``."""
    return f"edge-{curve.layer}-{curve.source}-{curve.target}"


def _opacity(curve: EdgeCurve, strongest: float) -> float:
    if not math.isfinite(curve.score) or strongest <= 0:
        return 0.6
    return 0.15 + 0.75 * math.sqrt(min(1.0, curve.score / strongest))


def _draw_lines(axes: Axes, curves: Sequence[EdgeCurve], layout: Layout, theme: Theme) -> None:
    finite = [curves[k].score for k in (*layout.boxes, *layout.lines) if math.isfinite(curves[k].score)]
    strongest = max(finite, default=0.0)
    radius, linewidth = 0.15 * layout.scale, 1.2 * layout.scale
    for k in (*layout.boxes, *layout.lines):
        curve = curves[k]
        start = layout.nodes[curve.layer, curve.source]
        end = layout.nodes[curve.layer + 1, curve.target]
        begin, finish = (start[0] + radius, start[1]), (end[0] - radius, end[1])
        if k in layout.boxes:
            x, y = layout.boxes[k]
            pieces = [(begin, (x - layout.box[0] / 2, y)), ((x + layout.box[0] / 2, y), finish)]
        else:
            pieces = [(begin, finish)]
        for (x0, y0), (x1, y1) in pieces:
            half = 0.5 * (x1 - x0)
            path = Path(
                [(x0, y0), (x0 + half, y0), (x1 - half, y1), (x1, y1)],
                [Path.MOVETO, Path.CURVE4, Path.CURVE4, Path.CURVE4],
            )
            alpha = _opacity(curve, strongest)
            line = PathPatch(path, fill=False, edgecolor=theme.ink, alpha=alpha, linewidth=linewidth, zorder=1)
            if k not in layout.boxes:
                line.set_gid(edge_id(curve))
            axes.add_patch(line)


def _draw_box(
    axes: Axes,
    curve: EdgeCurve,
    centre: tuple[float, float],
    layout: Layout,
    theme: Theme,
    primitives_shown: bool,
) -> None:
    x, y = centre
    width, height = layout.box
    left, bottom = x - width / 2, y - height / 2
    frame = FancyBboxPatch(
        (left, bottom),
        width,
        height,
        boxstyle=f"round,pad=0,rounding_size={0.06 * layout.scale}",
        facecolor=theme.face,
        edgecolor=theme.frame,
        linewidth=0.8,
        zorder=2,
        gid=edge_id(curve),
    )
    axes.add_patch(frame)
    low, high = curve.low, curve.high
    lower, upper = (curve.points[:, 0].min(), curve.points[:, 0].max()) if len(curve.points) else (0.0, 1.0)

    def draw(points: np.ndarray, colour: str, linewidth: float, order: int) -> None:
        across = _fraction(points[:, 0], float(lower), float(upper))
        up = _fraction(points[:, 1], low, high)
        # A reference spline may reach beyond the rows of this network.
        up = np.where((up > -0.08) & (up < 1.08) & (across > -0.03) & (across < 1.03), up, np.nan)
        axes.plot(
            left + width * (0.05 + 0.9 * across),
            bottom + height * (0.13 + 0.74 * up),
            color=colour,
            linewidth=linewidth * layout.scale,
            solid_capstyle="round",
            zorder=order,
        )

    symbolic = curve.name is not None and primitives_shown
    if curve.spline is not None and primitives_shown:
        draw(curve.spline, theme.pale if symbolic else theme.spline, 4.5 if symbolic else 1.8, 3)
    if curve.spline is None or symbolic or not primitives_shown:
        draw(curve.points, theme.primitive if symbolic else theme.spline, 1.3 if symbolic else 1.8, 4)
    if symbolic and curve.name is not None:
        points = max(5.0, 8.0 * layout.scale)
        above = y + height / 2 + 0.035 * layout.scale
        room = width
        if curve.misfit is not None:
            misfit = f"1−R² = {scientific(curve.misfit)}"
            _text(axes, left + width, above, misfit, 0.8 * points, theme.muted, ha="right", va="bottom")
            room -= text_width(misfit, 0.8 * points) + 0.06
        name = shorten(curve.name, points, max(room, 0.3 * width))
        _text(axes, left, above, name, points, theme.primitive, va="bottom")


def _fraction(values: np.ndarray, low: float, high: float) -> np.ndarray:
    """Values as fractions of a range; the middle where the range is a point."""
    span = high - low
    if not span > 1e-12 * max(abs(low), abs(high)):
        return np.full(len(values), 0.5)
    return (values - low) / span


def _draw_nodes(axes: Axes, network: Network, layout: Layout, theme: Theme) -> None:
    radius = 0.15 * layout.scale
    for (level, place), (x, y) in layout.nodes.items():
        if level == 0:
            axes.add_patch(Circle((x, y), 0.06 * layout.scale, facecolor=theme.ink, edgecolor="none", zorder=5))
            axes.plot([x, x + radius], [y, y], color=theme.ink, linewidth=1.2, zorder=1)
            continue
        product = bool(network.layers[level - 1].product[place])
        axes.add_patch(Circle((x, y), radius, facecolor=theme.background, edgecolor=theme.ink, linewidth=1.1, zorder=5))
        # Centred by the glyph's own box: the baseline of "×" is not where its middle is.
        size = (13 if product else 11) * layout.scale
        _text(axes, x, y, "×" if product else "Σ", size, theme.ink, ha="center", va="center_baseline", zorder=6)


def _draw_names(axes: Axes, layout: Layout, names: Mapping[int, tuple[str, str]], theme: Theme, level: int) -> None:
    """Names of inputs to the left of their nodes, of outputs to the right, with their units below."""
    aside = -0.15 * layout.scale if level == 0 else 0.15 * layout.scale + 0.07
    side = "right" if level == 0 else "left"
    for (at, place), (x, y) in layout.nodes.items():
        if at != level:
            continue
        name, unit = names[place]
        _text(axes, x + aside, y + (0.06 if unit else 0.0), name, 10, theme.ink, ha=side)
        if unit:
            _text(axes, x + aside, y - 0.11, unit, 8, theme.muted, ha=side)


def _unit(unit: str | None) -> str:
    return shorten(unit_label(unit), 8, LONGEST_NAME) if unit and unit != "1" else ""


def _legend_entries(
    curves: Sequence[EdgeCurve], primitives_shown: bool, theme: Theme
) -> list[tuple[str, str | None, float]]:
    """Text, colour of the sample and its line width."""
    symbolic = [curve for curve in curves if curve.name is not None and not curve.plain and primitives_shown]
    entries: list[tuple[str, str | None, float]] = []
    if any(curve.name is None or not primitives_shown for curve in curves):
        entries.append(("spline", theme.spline, 1.8))
    if any(curve.spline is not None for curve in symbolic):
        entries.append(("trained spline", theme.pale, 4.5))
    if symbolic:
        entries.append(("primitive", theme.primitive, 1.3))
    entries.append(("line strength: effect on the output", None, 0.0))
    return entries


def _entry_width(entry: tuple[str, str | None, float]) -> float:
    return text_width(clean(entry[0]), 7.5) + (0.35 if entry[1] else 0.0) + 0.25


def _draw_legend(axes: Axes, entries: list[tuple[str, str | None, float]], x: float, theme: Theme) -> None:
    for entry in entries:
        text, colour, linewidth = entry
        start = x
        if colour is not None:
            axes.plot([x, x + 0.27], [0.2, 0.2], color=colour, linewidth=linewidth, solid_capstyle="round")
            start = x + 0.35
        _text(axes, start, 0.2, text, 7.5, theme.muted)
        x += _entry_width(entry)
