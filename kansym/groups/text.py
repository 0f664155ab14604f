"""A law for several groups in plain text."""

import math

from kansym.groups.result import GroupedConstant, GroupedFormula
from kansym.numbers import measured, probability, short
from kansym.report.constants import note_lines
from kansym.units.words import after_number

MOST_LINES = 20
"""Groups that are listed; the table of constants has all."""


def text_report(found: GroupedFormula) -> str:
    """A report to read in a terminal: formula, shared constants, those of each group, agreement, verdict, notes."""
    sections = [
        ("", [found.equation]),
        ("Shared constants", [shared_line(one) for one in found.constants if one.shared]),
        (f"Constants of each {found.table.group}", _own_lines(found)),
        ("Agreement with the data", agreement_lines(found)),
        ("Groups that do not follow", [f"{one.name}: {one.words}" for one in found.fits if not one.follows]),
        ("LaTeX", [found.latex(with_target=True)]),
        ("Verdict", _verdict(found)),
        ("Other forms", [f"{longer:+.1f} bits  {text}" for text, longer in found.alternatives]),
        ("Notes", note_lines(found.notes)),
    ]
    parts = []
    for title, lines in sections:
        if lines:
            indent = "  " if title else ""
            parts.append("\n".join([*([title] if title else []), *(f"{indent}{line}" for line in lines)]))
    return "\n\n".join(parts)


def shared_line(one: GroupedConstant) -> str:
    """``tau = 2.00(2) s; all equal: chi-squared 3.2 of 4, p = 0.5``."""
    return f"{one.name} = {one.written()}{after_number(one.unit)}{_equal(one, ';')}"


def own_words(one: GroupedConstant) -> str:
    """Common value, scatter and test of a constant that each group has its own of."""
    value, error = one.common
    mean = measured(value, error if math.isfinite(error) else None)
    return f"{one.name}: weighted mean {mean}{after_number(one.unit)}, scatter {short(one.scatter)}{_equal(one, ',')}"


def _equal(one: GroupedConstant, mark: str) -> str:
    """The test of "all groups have the same"."""
    if math.isnan(one.p_value):
        return ""
    return f"{mark} all equal: chi-squared {one.chi2:.3g} of {one.ndf}, {probability(one.p_value)}"


def _own_lines(found: GroupedFormula) -> list[str]:
    own = [one for one in found.constants if not one.shared]
    if not own:
        return []
    head = [
        found.table.group,
        "rows",
        *(one.name + ("" if one.unit in (None, "1") else f" [{one.unit}]") for one in own),
    ]
    rows = [
        [name, str(int(found.table.counts[g])), *(one.written(g) for one in own)]
        for g, name in enumerate(found.groups[:MOST_LINES])
    ]
    widths = [max(len(row[k]) for row in [head, *rows]) for k in range(len(head))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in [head, *rows]
    ]
    if len(found.groups) > MOST_LINES:
        lines.append(f"... and {len(found.groups) - MOST_LINES} more")
    return [*lines, *(own_words(one) for one in own)]


def agreement_lines(found: GroupedFormula) -> list[str]:
    """Rows, chi-squared or noise."""
    lines = [f"{len(found.table.codes)} rows of {len(found.groups)} groups, {found.ndf} degrees of freedom"]
    unit = after_number(found.table.dataset.y_units)
    if found.chi2 is not None:
        p_value = "" if found.p_value is None else f", {probability(found.p_value)}"
        lines.append(f"chi-squared {found.chi2:.5g}{p_value}; errors of the constants follow from those of the table")
    elif found.noise is not None:
        lines.append(f"noise {short(found.noise)}{unit}, estimated from the residuals of all groups")
    elif found.levels is not None:
        lines.append(f"noise of each group estimated, {short(found.levels.min())} to {short(found.levels.max())}{unit}")
    lines.append(f"{found.saved:.0f} bits saved over a mean for each group")
    return lines


def _verdict(found: GroupedFormula) -> list[str]:
    if found.verdict is None:
        return []
    grounds = [f"for: {words}" for words in found.verdict.supporting]
    grounds += [f"against: {words}" for words in found.verdict.against]
    return [f"{found.verdict.kind}: {found.verdict.reason}", *(f"  {line}" for line in grounds)]
