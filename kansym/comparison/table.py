"""A comparison in lines of plain text."""

import math
import textwrap
from collections.abc import Iterator

from kansym.comparison.result import Comparison, ToolResult
from kansym.comparison.words import sentences
from kansym.units.words import after_number

LONGEST_FORMULA = 90
"""Characters of a formula in the table; whole ones stand below it."""

WIDTH = 100


WORDS = ("tool", "same as kansym's", "formula")
"""Columns of words, to the left; numbers stand to the right."""


def comparison_lines(comparison: Comparison) -> list[str]:
    """The table, then formulas in full, then remarks."""
    found = [_cells(tool, comparison.kansym) for tool in comparison.tools]
    # What was measured of no tool is no column.
    names = [name for name in found[0] if name in WORDS or any(cells[name] for cells in found)]
    rows = [names, *([cells[name] for name in names] for cells in found)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        padded = [
            cell.ljust(width) if name in WORDS else cell.rjust(width)
            for name, cell, width in zip(names, row, widths, strict=True)
        ]
        lines.append("  ".join(padded).rstrip())
    return [*lines, "", *_below(comparison)]


def _cells(result: ToolResult, own: ToolResult) -> dict[str, str]:
    if result.formula:
        text = result.formula
        text = text if len(text) <= LONGEST_FORMULA else f"{text[: LONGEST_FORMULA - 1]}…"
    else:
        text = f"({result.parameters} parameters, no formula)" if result.parameters else "(no formula)"
    return {
        "tool": result.tool,
        "nodes": "" if result.complexity is None else str(result.complexity),
        "bits": bits_words(result, own),
        "error": error_words(result.rms),
        "held out": error_words(result.held_out_rms),
        "beyond": error_words(result.beyond_rms),
        "seconds": seconds_words(result.seconds),
        "start-up": seconds_words(result.start_up),
        "from Enter": seconds_words(result.from_enter),
        "memory": memory_words(result.peak_memory),
        "same as kansym's": same_words(result),
        "formula": f"{'not run' if result.missing else 'failed'}: {result.failure}" if result.failure else text,
    }


def bits_words(result: ToolResult, own: ToolResult) -> str:
    """Bits more than kansym's formula takes: only differences mean anything."""
    if result.bits is None or own.bits is None:
        return ""
    return f"{result.bits - own.bits:+.0f}" if round(result.bits - own.bits) else "0"


def seconds_words(value: float | None) -> str:
    """Seconds with one digit after the point; nothing where they were not measured."""
    return "" if value is None else f"{value:.1f}"


def memory_words(value: int | None) -> str:
    """Bytes in megabytes."""
    return "" if value is None else f"{value / 1e6:.0f} MB"


def same_words(result: ToolResult) -> str:
    """Whether a pick is kansym's formula, in a few words; nothing for kansym itself and without a formula."""
    if result.same is None:
        return ""
    return "same law, other numbers" if result.same_law and not result.same.kind.same_form else str(result.same.kind)


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
        "count for all; bits are those of writing the rows down with the formula, less those with kansym's. Seconds "
        "are those of the search; starting up comes before and does not count."
    )


def _below(comparison: Comparison) -> Iterator[str]:
    yield from textwrap.wrap(share_words(comparison), WIDTH)
    for result in comparison.tools:
        notes = [] if result is comparison.kansym or result.failure else sentences(result, comparison)
        if len(result.formula) > LONGEST_FORMULA:
            notes.append(f"The whole formula is {result.formula}.")
        if result.remark:
            notes.append(f"Remarks: {result.remark}.")
        if notes:
            yield from textwrap.wrap(
                f"{result.tool}: {' '.join(notes)}",
                WIDTH,
                subsequent_indent="  ",
                break_long_words=False,
                break_on_hyphens=False,
            )
    if comparison.interrupted:
        yield "Interrupted: tools that had not run yet are missing."
