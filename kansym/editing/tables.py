"""How edges and suggestions are shown: tables as text and as HTML, with a small picture of the curve in every row."""

import itertools
import math
from collections.abc import Sequence
from html import escape

from kansym.figures.style import LIGHT
from kansym.surfaces import surface

WIDTH, HEIGHT, MARGIN = 96, 36, 4
"""Pixels of a picture, and of its rim."""

POINTS = 60
"""Points of a line: more cannot be seen at this size."""

ROOM = 0.12
"""How far a function may leave the range of the trained curve, as a share of it; beyond it is not drawn."""


def number(value: float | None, digits: int = 4) -> str:
    """A number for a table; empty for None."""
    if value is None or math.isnan(value):
        return ""
    return f"{value:.{digits}g}"


def constants_text(constants: dict[str, float], held: Sequence[str] = (), names: str = "abcd") -> str:
    """Constants as ``a=3.142 b=0 c=1 d=0``; held ones are marked with a star."""
    return " ".join(f"{name}{'*' if name in held else ''}={constants[name]:.5g}" for name in names)


def to_lines(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """A table in plain text: columns as wide as they need to be; those without any content are left out."""
    table = _without_empty_columns(heads, rows)
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in table]


def to_html(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """The same as HTML; cells are HTML, heads are text."""
    heads, *rows = _without_empty_columns(heads, rows)
    head = "".join(f"<th>{escape(cell)}</th>" for cell in heads)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _without_empty_columns(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[list[str]]:
    """Heads and rows."""
    kept = [k for k in range(len(heads)) if any(row[k] for row in rows)] or list(range(len(heads)))
    return [[line[k] for k in kept] for line in (heads, *rows)]


def styled_html(*parts: str | Sequence[str]) -> str:
    """Parts of a notebook's output in the style of its other results: HTML, or lines of text for remarks."""
    pieces = [
        part if isinstance(part, str) else "".join(f'<p class="quiet">{escape(line)}</p>' for line in part)
        for part in parts
    ]
    return surface("styled_html")("".join(pieces))


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
