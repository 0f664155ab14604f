"""Every trained edge as a curve, with the functions that it looks like."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from kansym.deferred import Tensor, torch
from kansym.extraction.edges import EdgeRef, edge_curves, edges_of_mode, match_cost
from kansym.extraction.matching import Match, match_edges
from kansym.figures.labels import primitive_label, scientific, shorten, text_width
from kansym.figures.points import table_of
from kansym.figures.style import Theme, blank, styled, theme_of
from kansym.kan.layer import EdgeMode
from kansym.kan.network import Network
from kansym.primitives.library import default_library
from kansym.primitives.primitive import Primitive
from kansym.run.finished import FinishedRun

ROWS, POINTS = 512, 128
"""Rows that curves are drawn from, and points that functions are matched at: figures must not be waited for."""

COMPLEXITY_WEIGHT = 0.15
"""Decades of error that one unit of complexity must buy, as in the reading of networks."""


UNSEEN = 1e-5
"""1 - R^2 below which no eye tells curves apart; then the simpler function is the more plausible one."""

MOST_EDGES, BEST = 24, 3
"""Edges, and functions for each."""

WIDTH, HEIGHT, TEXT = 1.85, 1.1, 0.62
"""Of a panel and of the lines below it, in inches."""

CURVE_POINTS = 120

STYLES = ("-", (0, (4, 1.6)), (0, (1.2, 1.4)))
"""Lines of the best, the second and the third function: colours alone decide nothing."""


@dataclass(frozen=True, eq=False)
class MatchedEdge:
    """A spline edge and its nearest functions.

    Attributes
    ----------
    ref : EdgeRef
    inputs, values : ndarray, shape (n,)
        Of the edge, at rows of the table, by increasing input.
    matches : tuple of Match
        The most plausible first: misfit, with complexity paid for.
    """

    ref: EdgeRef
    inputs: np.ndarray
    values: np.ndarray
    matches: tuple[Match, ...]


def applies(run: FinishedRun) -> bool:
    """With a table and a network that has spline edges."""
    network = trained_network(run)
    if network is None or run.network is None or run.dataset is None or run.dataset.n_rows < 2:
        return False
    return any(bool(layer.spline_edges[0].any()) for layer in network.layers)


def edges(run: FinishedRun, *, dark: bool = False) -> Figure:
    """The splines of the trained network, each with its three most plausible functions and their 1 − R².

    At most 24 edges are drawn, those that change the output most. Scores are of the curve alone; which function is
    right in the formula is decided by the whole network.

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
    table_of(run)
    theme = theme_of(dark)
    found = matched_edges(run, most=MOST_EDGES, top_k=BEST)
    columns = min(4, max(len(found), 1))
    rows = max(1, math.ceil(len(found) / columns))
    with styled(theme):
        gap, title, margin = 0.3, 0.24, 0.2
        pitch = title + HEIGHT + TEXT + 0.12
        width = max(2 * margin + columns * WIDTH + (columns - 1) * gap, 4.2)
        height = 0.15 + rows * pitch
        figure = blank(theme, width, height)
        for number, edge in enumerate(found):
            row, column = divmod(number, columns)
            left = margin + column * (WIDTH + gap)
            bottom = height - row * pitch - title - HEIGHT
            axes = figure.add_axes((left / width, bottom / height, WIDTH / width, HEIGHT / height))
            _panel(axes, edge, _name(run, edge), theme)
        if not found:
            figure.text(0.5, 0.5, "no edge with a finite curve", ha="center", va="center", color=theme.muted)
        return figure


def alt(run: FinishedRun) -> str:
    """One sentence for those who do not see it."""
    network = trained_network(run)
    assert network is not None
    total = sum(int(layer.spline_edges[0].sum()) for layer in network.layers)
    shown = f"the {MOST_EDGES} that matter most of {total}" if total > MOST_EDGES else str(total)
    return f"Spline edges of the trained network ({shown}), each with the three functions that it looks like most."


def _name(run: FinishedRun, edge: MatchedEdge) -> str:
    """Where the edge goes, inputs and output by name; other nodes by level and place, counted from 1."""
    network = trained_network(run)
    assert network is not None
    dataset, ref = table_of(run), edge.ref
    source = dataset.names[ref.source] if ref.layer == 0 else f"node {ref.layer}.{ref.source + 1}"
    last = ref.layer == len(network.layers) - 1
    target = dataset.target if last else f"node {ref.layer + 1}.{ref.target + 1}"
    half = 0.5 * (WIDTH - text_width(" → ", 8))
    return f"{shorten(source, 8, half)} → {shorten(target, 8, half)}"


def _panel(axes: Axes, edge: MatchedEdge, name: str, theme: Theme) -> None:
    axes.set_xticks([])
    axes.set_yticks([])
    axes.set_facecolor(theme.face)
    for spine in axes.spines.values():
        spine.set_color(theme.frame)
    x = np.linspace(edge.inputs[0], edge.inputs[-1], CURVE_POINTS)
    spline = np.interp(x, edge.inputs, edge.values)
    axes.plot(x, spline, color=theme.pale, linewidth=5, zorder=2, label="spline")
    low, high = float(edge.values.min()), float(edge.values.max())
    space = 0.12 * (high - low) or 1.0
    axes.set_ylim(low - space, high + space)
    axes.set_title(name, fontsize=8, pad=3, parse_math=False)
    colours = (theme.primitive, theme.others[0], theme.others[2])
    for place, match in enumerate(edge.matches):
        with np.errstate(all="ignore"):
            values = match.evaluate(torch.from_numpy(x)).numpy()
        values = np.where(np.isfinite(values), values, np.nan)
        label = primitive_label(match.primitive, match.p)
        line = {"color": colours[place], "linestyle": STYLES[place], "linewidth": 1.2}
        axes.plot(x, values, zorder=3 + place, label=label, **line)
        y = -0.06 - 0.17 * place
        axes.plot([0.0, 0.13], [y - 0.055, y - 0.055], transform=axes.transAxes, clip_on=False, **line)
        options = {"transform": axes.transAxes, "va": "top", "fontsize": 7.5, "parse_math": False}
        axes.text(0.17, y, shorten(label, 7.5, 0.95), **options)
        axes.text(1.0, y, scientific(match.loss), ha="right", color=theme.muted, **options)


def trained_network(run: FinishedRun) -> Network | None:
    """The network with spline edges: the one that the pick was read from, else the best one."""
    if run.reading is not None and run.reading.trained is not None:
        return run.reading.trained
    return None if run.network is None else run.network.network


def scaled_rows(run: FinishedRun) -> Tensor:
    """All rows in the units of the network; needs one."""
    assert run.network is not None
    return torch.from_numpy(np.ascontiguousarray(run.network.scaling.scale_inputs(table_of(run).X)))


def library_of(run: FinishedRun) -> dict[str, Primitive]:
    """The functions that the run was allowed, as far as they are built in."""
    library = default_library()
    allowed = run.summary.options.get("primitives", "all")
    if not isinstance(allowed, list):
        return dict(library)
    return {name: library[name] for name in allowed if name in library} or dict(library)


def matched_edges(run: FinishedRun, *, most: int, top_k: int) -> list[MatchedEdge]:
    """The spline edges of the trained network with their nearest functions, in order of layers.

    Parameters
    ----------
    run : FinishedRun
        With a table.
    most : int
        Edges at most: those that change most, times what they do to the output.
    top_k : int
        Functions per edge, of those that the run was allowed.
    """
    network = trained_network(run)
    if network is None or run.network is None:
        return []
    rows = scaled_rows(run)
    rows = rows[:: math.ceil(rows.shape[0] / ROWS)]
    refs = edges_of_mode(network, EdgeMode.SPLINE)
    if not refs or rows.shape[0] < 2:
        return []
    with torch.no_grad():
        inputs, values, weights = edge_curves(network, rows, refs)
    usable = (torch.isfinite(inputs) & torch.isfinite(values)).all(1)
    moved = torch.nan_to_num((weights * (values - values.mean(1, keepdim=True)).square()).mean(1), nan=0.0)
    chosen = [k for k in torch.argsort(moved, descending=True).tolist() if usable[k]][:most]
    chosen.sort()
    if not chosen:
        return []
    library = library_of(run)
    found = match_edges(inputs[chosen], values[chosen], library, top_k=len(library), max_points=POINTS)
    edges = []
    for k, matches in zip(chosen, found, strict=True):
        order = np.argsort(inputs[k].numpy(), kind="stable")
        best = sorted(matches, key=lambda match: match_cost(match, UNSEEN, COMPLEXITY_WEIGHT))[:top_k]
        edges.append(MatchedEdge(refs[k], inputs[k].numpy()[order], values[k].numpy()[order], tuple(best)))
    return edges
