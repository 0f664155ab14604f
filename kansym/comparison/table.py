"""A comparison in lines of plain text."""

import math
import textwrap
from collections.abc import Iterator

from kansym.comparison.result import Comparison, ToolResult
from kansym.units.words import after_number

LONGEST_FORMULA = 90
"""Characters of a formula in the table; whole ones stand below it."""

WIDTH = 100


def comparison_lines(comparison: Comparison) -> list[str]:
    """The table, then formulas in full, then remarks."""
    headers = ["tool", "nodes", "error", "held out", "beyond", "seconds", "same as kansym's", "formula"]
    kept = [True, True, True, comparison.held_out_rows > 0, comparison.beyond_rows > 0, True, True, True]
    rows = [headers, *(_cells(tool) for tool in comparison.tools)]
    rows = [[cell for cell, keep in zip(row, kept, strict=True) if keep] for row in rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        # Numbers to the right; the first and the last two columns are words.
        cells = [
            cell.ljust(width) if place in (0, len(row) - 2, len(row) - 1) else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    return [*lines, "", *_below(comparison)]


def _cells(result: ToolResult) -> list[str]:
    if result.failure:
        return [result.tool, "", "", "", "", "", "", f"failed: {result.failure}"]
    if result.formula:
        text = result.formula
        text = text if len(text) <= LONGEST_FORMULA else f"{text[: LONGEST_FORMULA - 1]}…"
    else:
        text = f"({result.parameters} parameters, no formula)" if result.parameters else "(no formula)"
    return [
        result.tool,
        "" if result.complexity is None else str(result.complexity),
        error_words(result.rms),
        error_words(result.held_out_rms),
        error_words(result.beyond_rms),
        "" if result.seconds is None else f"{result.seconds:.1f}",
        "" if result.same is None else str(result.same.kind),
        text,
    ]


def error_words(value: float | None) -> str:
    """An error in three digits; "undefined" where the formula has no value, nothing where it was not asked."""
    if value is None:
        return ""
    return f"{value:.3g}" if math.isfinite(value) else "undefined"


def share_words(comparison: Comparison) -> str:
    """What was compared, and in which units."""
    unit = after_number(comparison.y_units)
    shares = [f"{comparison.rows} rows fitted by all"]
    if comparison.held_out_rows:
        shares.append(f"{comparison.held_out_rows} held out")
    if comparison.beyond_rows:
        shares.append(f"{comparison.beyond_rows} beyond the box of the others")
    return (
        f"{', '.join(shares)}; {comparison.seconds:g} s for each, seed {comparison.seed}. Errors are root-mean-square "
        f"residuals of {comparison.target}{unit} (its spread is {comparison.spread:.3g}{unit}); nodes by one "
        "count for all."
    )


def _below(comparison: Comparison) -> Iterator[str]:
    yield from textwrap.wrap(share_words(comparison), WIDTH)
    for result in comparison.tools:
        notes = []
        if len(result.formula) > LONGEST_FORMULA:
            notes.append(f"formula: {result.formula}")
        if result.same is not None and result.same.reason:
            notes.append(f"{result.same.kind}: {result.same.reason}")
        if result.remark:
            notes.append(result.remark)
        if result.start_up is not None and result.start_up >= 1:
            notes.append(f"{result.start_up:.1f} s to start up, not counted")
        if notes:
            yield f"{result.tool}: {'; '.join(notes)}"
    if comparison.interrupted:
        yield "Interrupted: tools that had not run yet are missing."
