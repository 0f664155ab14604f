"""Relations in plain text, and as a record in JSON types."""

import math
from typing import Any

from kansym.implicit.noise import NoiseKind
from kansym.implicit.relation import Relation, Relations
from kansym.numbers import percent, short
from kansym.report.constants import constant_line, note_lines
from kansym.symbolic.text import to_text
from kansym.validation.verdict import LAW


def text_report(found: Relations) -> str:
    """A report to read in a terminal: relations, constants, what they are solved for, verdicts, notes."""
    blocks = [] if found.relations else ["no relation"]
    for relation in found.relations:
        blocks += relation_blocks(relation)
    if not found.relations and found.best is not None:
        blocks.append("\n".join(["The best form that was tried", f"  {found.best.text()}"]))
        blocks.append("\n".join(["Verdict", *(f"  {line}" for line in verdict_lines(found.best))]))
    if found.others:
        lines = [f"{one.text()}  ({_longer(one, found)})" for one in found.others]
        blocks.append(
            "\n".join(["Other forms that describe the table about as well", *(f"  {line}" for line in lines)])
        )
    blocks.append("\n".join(["Errors", *(f"  {line}" for line in error_lines(found))]))
    if found.notes:
        blocks.append("\n".join(["Notes", *(f"  {line}" for line in note_lines(found.notes))]))
    return "\n\n".join(blocks)


def relation_blocks(relation: Relation) -> list[str]:
    """The parts of a report on one relation."""
    sections = [
        ("", [relation.text()]),
        ("Constants", [constant_line(one) for one in relation.constants]),
        ("With names for the constants", [relation.symbolic_text()] if relation.constants else []),
        ("Solved", solved_lines(relation)),
        ("Verdict", verdict_lines(relation)),
        ("LaTeX", [relation.latex()]),
    ]
    return [
        "\n".join([*([title] if title else []), *(f"  {line}" if title else line for line in lines)])
        for title, lines in sections
        if lines
    ]


def solved_lines(relation: Relation) -> list[str]:
    """``V = c0*n*T/p`` for every column that the relation could be solved for."""
    return [f"{column} = {to_text(expression)}" for column, expression in relation.solutions.items()]


def verdict_lines(relation: Relation) -> list[str]:
    """The verdict with its grounds, those for it first."""
    grounds = sorted(relation.verdict.grounds, key=lambda one: not one.supports)
    return [relation.verdict.kind, *(f"{'+' if one.supports else '-'} {one.words}" for one in grounds)]


def error_lines(found: Relations) -> list[str]:
    """Where the errors of the columns come from."""
    if found.noise is NoiseKind.GIVEN:
        exact = [n for n, column in zip(found.table.names, _errors(found).T, strict=True) if not column.any()]
        lines = ["errors of the columns are those that were given"]
        return [*lines, f"taken as exact: {', '.join(exact)}"] if exact else lines
    if found.error is None:
        return ["errors of the columns were not given"]
    unit = "of each value" if found.noise is NoiseKind.RELATIVE else "of the spread of each column"
    words = (
        f"errors were not given; what the relation leaves is {100 * found.error:.2g} % {unit}, the same in all columns"
    )
    return [words, "errors of constants follow from that; no test can say whether rows are too far off"]


def _errors(found: Relations):
    errors = found.table.errors
    assert errors is not None
    return errors


def _longer(one: Relation, found: Relations) -> str:
    more = found.relations[0].measured.gain - one.measured.gain if found.relations else 0.0
    return f"{abs(more):.1f} bits {'more' if more >= 0 else 'less'}"


def record(found: Relations) -> dict[str, Any]:
    """Everything in JSON types."""
    return {
        "relations": [_record(one) for one in found.relations],
        "best": None if found.best is None else _record(found.best),
        "others": [_record(one) for one in found.others],
        "number": found.number,
        "columns": list(found.table.names),
        "units": dict(zip(found.table.names, found.table.units, strict=True)),
        "rows": found.table.n_rows,
        "errors": found.noise.name.lower(),
        "error": found.error,
        "tried": found.tried,
        "notes": list(found.notes),
        "seconds": found.seconds,
    }


def _record(one: Relation) -> dict[str, Any]:
    numbers = one.measured
    return {
        "text": one.text(),
        "left": to_text(one.left),
        "right": to_text(one.right),
        "latex": one.latex(),
        "columns": list(one.columns),
        "constants": [
            {"name": c.name, "value": c.value, "error": c.error, "unit": c.unit} for c in one.constants
        ],
        "covariance": [[float(x) for x in row] for row in one.covariance],
        "solved": {column: to_text(expression) for column, expression in one.solutions.items()},
        "verdict": one.verdict.kind,
        "law": one.verdict.kind == LAW,
        "grounds": [
            {"topic": g.topic.value, "supports": bool(g.supports), "value": _finite(g.value), "name": g.name}
            for g in one.verdict.grounds
        ],
        "gain_bits": _finite(numbers.gain),
        "share": _finite(numbers.share),
        "p_value": numbers.p_value,
        "notices": {name: _finite(value) for name, value in numbers.notices.items()},
        "chi2": _finite(numbers.chi2),
        "degrees_of_freedom": numbers.degrees,
        "units_agree": one.units_agree,
    }  # fmt: skip


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def summary_line(found: Relations) -> str:
    """What a page has below its title."""
    number = {0: "no relation", 1: "one relation"}.get(found.number, f"{found.number} independent relations")
    share = "" if found.best is None else f", {percent(found.best.measured.share)} of what shuffled columns leave"
    return f"{number}; {found.table.n_rows} rows, {short(found.seconds, 2)} s{share}"
