"""Edges and suggestions in a notebook: tables with a small picture of the curve in every row."""

import itertools
import math
from collections.abc import Iterable, Sequence
from html import escape
from typing import TYPE_CHECKING

import numpy as np

from kansym.editing.table import edge_remarks, edge_rows, suggestion_rows
from kansym.figures.style import LIGHT

if TYPE_CHECKING:
    from kansym.editing.edge import Edge
    from kansym.editing.suggestion import Suggestions

WIDTH, HEIGHT, MARGIN = 96, 36, 4
"""Pixels of a picture, and of its rim."""

POINTS = 60
"""Points of a line: more cannot be seen at this size."""

ROOM = 0.12
"""How far a function may leave the range of the trained curve, as a share of it; beyond it is not drawn."""


def edges_html(edges: Iterable["Edge"]) -> str:
    """A table of edges, each with its curve: pale the trained spline, dark the function that it was made."""
    edges = list(edges)
    heads, rows = edge_rows(edges)
    pictures = [_edge_picture(edge) for edge in edges]
    cells = [[p, *map(escape, row)] for p, row in zip(pictures, rows, strict=True)]
    return _page(_table(["curve", *heads], cells), edge_remarks(edges))


def network_html(picture: str, remarks: Sequence[str], edges: Iterable["Edge"]) -> str:
    """The picture of a network, what is to be known about it, and its edges."""
    return _page(f"<figure>{picture}</figure>", remarks) + edges_html(edges)


def suggestions_html(suggestions: "Suggestions") -> str:
    """A table of suggestions, each drawn over the curve of the edge."""
    heads, rows = suggestion_rows(suggestions)
    record = suggestions.to_dict()
    pictures = [
        curve_svg(record["curve"], one["points"], f"{one['label']} over the trained curve")
        for one in record["suggestions"]
    ]
    cells = [[row[0], p, *map(escape, row[1:])] for p, row in zip(pictures, rows, strict=True)]
    note = "Pale: the curve of the edge. Dark: the function. Ranked by 1-R2 with a price for complexity."
    if any(one.error is not None for one in suggestions):
        note = "Pale: the curve of the edge. Dark: the function. Ranked by the error of the whole network with it."
    return _page(f"<p>{escape(suggestions.edge)}</p>", _table([heads[0], "curve", *heads[1:]], cells), [note])


def curve_svg(pale: Sequence[Sequence[float]], dark: Sequence[Sequence[float]], words: str) -> str:
    """Two lines over each other in a small box; either may be empty.

    Parameters
    ----------
    pale, dark : sequence of (x, y)
        The trained curve, in order of x, and the function.
    words : str
        What a screen reader says.
    """
    every, shown = [*pale, *dark], pale if len(pale) else dark
    if not every:
        return ""
    left, right = min(x for x, _ in every), max(x for x, _ in every)
    low, high = min(y for _, y in shown), max(y for _, y in shown)
    room = ROOM * (high - low or 1.0)

    def path(points: Sequence[Sequence[float]]) -> str:
        step = max(1, math.ceil(len(points) / POINTS))
        across, up = WIDTH - 2 * MARGIN, HEIGHT - 2 * MARGIN
        pieces = []
        # Where a function leaves the range, at a pole or a jump, its line ends and another one begins.
        for inside, group in itertools.groupby(points, lambda point: low - room <= point[1] <= high + room):
            run = list(group)
            places = (
                f"{MARGIN + across * (x - left) / (right - left or 1.0):.1f} "
                f"{MARGIN + up * ((high - y) / (high - low) if high > low else 0.5):.1f}"
                for x, y in run[::step] + run[-1:]
            )
            pieces += [f"M{'L'.join(places)}"] if inside else []
        return "".join(pieces)

    lines = [(pale, LIGHT.pale if len(dark) else LIGHT.spline, 4 if len(dark) else 1.6), (dark, LIGHT.primitive, 1.4)]
    shapes = "".join(
        f'<path d="{drawn}" fill="none" stroke="{colour}" stroke-width="{width}" stroke-linecap="round"/>'
        for points, colour, width in lines
        if (drawn := path(points))
    )
    label = escape(words, quote=True)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{label}" width="{WIDTH}" height="{HEIGHT}" '
        f'viewBox="0 0 {WIDTH} {HEIGHT}" style="background:{LIGHT.face};border-radius:3px">{shapes}</svg>'
    )


def _edge_picture(edge: "Edge") -> str:
    curve = edge.curve
    if curve is None:
        return ""
    if edge.is_spline:
        return curve_svg(_points(curve.points), (), f"{edge.name}: the trained curve")
    spline = () if curve.spline is None else _points(curve.spline)
    return curve_svg(spline, _points(curve.points), f"{edge.name}: {edge.mode} over the trained curve")


def _points(points: np.ndarray) -> list[list[float]]:
    return points[np.isfinite(points).all(1)].tolist()


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Cells are HTML, heads are text; columns without any content are left out."""
    kept = [k for k in range(len(heads)) if any(row[k] for row in rows)] or list(range(len(heads)))
    heads, rows = [heads[k] for k in kept], [[row[k] for k in kept] for row in rows]
    head = "".join(f"<th>{escape(cell)}</th>" for cell in heads)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _page(*parts: str | Sequence[str]) -> str:
    # Brings the style of a notebook's other results with it; it takes a moment to import.
    from kansym.report.notebook.display import wrapped

    pieces = [
        part if isinstance(part, str) else "".join(f'<p class="quiet">{escape(line)}</p>' for line in part)
        for part in parts
    ]
    return wrapped("".join(pieces))
