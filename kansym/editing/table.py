"""Edges and suggestions as tables of text."""

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kansym.editing.edge import Edge
    from kansym.editing.suggestion import Suggestions

EDGE_HEADS = ("edge", "from -> to", "function", "score", "1-R2", "constants")
SUGGESTION_HEADS = ("", "primitive", "1-R2", "error", "complexity", "constants")


def number(value: float | None, digits: int = 4) -> str:
    """A number for a table; empty for None."""
    if value is None or math.isnan(value):
        return ""
    return f"{value:.{digits}g}"


def constants_text(constants: dict[str, float], held: Sequence[str] = (), names: str = "abcd") -> str:
    """Constants as ``a=3.142 b=0 c=1 d=0``; held ones are marked with a star."""
    return " ".join(f"{name}{'*' if name in held else ''}={constants[name]:.5g}" for name in names)


def edge_rows(edges: Iterable["Edge"]) -> tuple[Sequence[str], list[list[str]]]:
    """Heads and cells of a table of edges."""
    rows = []
    for edge in edges:
        if edge.mode == "off":
            rows.append([edge.id, edge.name, "off", "", "", ""])
            continue
        constants = edge.constants
        names = "abcd" if edge.primitive is None or not edge.primitive.has_shape else "abcdp"
        text = "" if constants is None else constants_text(constants, edge.held, names)
        rows.append([edge.id, edge.name, edge.mode, number(edge.score, 3), number(edge.misfit, 2), text])
    return EDGE_HEADS, rows


def edge_lines(edges: Iterable["Edge"]) -> list[str]:
    """A table of edges in plain text."""
    edges = list(edges)
    lines = to_lines(*edge_rows(edge for edge in edges if edge.mode != "off"))
    off = [edge.id for edge in edges if edge.mode == "off"]
    if off:
        lines.append(f"off: {', '.join(off)}")
    return [*lines, *edge_remarks(edges)]


def edge_remarks(edges: Sequence["Edge"]) -> list[str]:
    """What hidden nodes do with the curves that come in, and what a star means."""
    kinds: dict[str, list[str]] = {"sum": [], "product": []}
    for edge in edges:
        names = kinds[edge.target_kind]
        # That the target adds goes without saying, until there is something that multiplies.
        if edge.mode != "off" and (not edge.is_last or edge.target_kind == "product") and edge.target_name not in names:
            names.append(edge.target_name)
    words = {"sum": ("adds", "add"), "product": ("multiplies", "multiply")}
    said = [f"{', '.join(names)} {words[kind][len(names) > 1]}" for kind, names in kinds.items() if names]
    lines = [f"{' what comes in; '.join(said)} what comes in"] if said else []
    if any(edge.held for edge in edges):
        lines.append("* held by hand")
    return lines


def suggestion_rows(suggestions: "Suggestions") -> tuple[Sequence[str], list[list[str]]]:
    """Heads and cells of a table of suggestions."""
    rows = []
    for place, one in enumerate(suggestions, 1):
        names = "abcdp" if one.primitive.has_shape else "abcd"
        text = constants_text(one.constants, (), names)
        rows.append([str(place), one.name, number(one.misfit, 2), number(one.error, 3), str(one.complexity), text])
    return SUGGESTION_HEADS, rows


def suggestion_lines(suggestions: "Suggestions") -> list[str]:
    """A table of suggestions in plain text."""
    return [f"{suggestions.edge}:", *to_lines(*suggestion_rows(suggestions))]


def to_lines(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Columns as wide as they need to be; those without any content are left out."""
    kept = [k for k in range(len(heads)) if any(row[k] for row in rows)] or list(range(len(heads)))
    table = [[line[k] for k in kept] for line in (heads, *rows)]
    widths = [max(len(line[k]) for line in table) for k in range(len(kept))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in table]
