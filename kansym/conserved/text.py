"""Conserved quantities in plain text, and as a record in JSON types."""

import math
from typing import Any

from kansym.conserved.quantity import ConservedFound, Quantity
from kansym.numbers import measured, probability, short
from kansym.report.constants import constant_line, note_lines

FEW = 5
"""Runs whose values are listed."""


def text_report(found: ConservedFound) -> str:
    """A report to read in a terminal: quantities, constants, how constant they are, values in the runs, notes."""
    blocks = ["\n".join(found_lines(found))]
    for number, quantity in enumerate(found.quantities, start=1):
        lines = [*(constant_line(one) for one in quantity.constants), *constancy_lines(found, quantity)]
        blocks.append("\n".join([f"Quantity {number}", *(f"  {line}" for line in lines)]))
    if found.quantities:
        blocks.append("\n".join(["LaTeX", *(f"  {one.latex()}" for one in found.quantities)]))
    blocks.append("\n".join(["Errors", f"  {error_line(found)}"]))
    if found.notes:
        blocks.append("\n".join(["Notes", *(f"  {line}" for line in note_lines(found.notes))]))
    return "\n\n".join(blocks)


def found_lines(found: ConservedFound) -> list[str]:
    """The quantities, or that there is none."""
    if not found.quantities:
        return ["no conserved quantity: no function that was tried stays constant along the runs"]
    return [f"{one.text()} = constant" for one in found.quantities]


def constancy_lines(found: ConservedFound, one: Quantity) -> list[str]:
    """How constant a quantity is."""
    lines = [
        f"along the runs it changes by {short(one.spread)} of its errors, {short(100 * one.share)} % of its extent"
    ]
    if found.errors_given:
        lines.append(f"errors alone make it change as much with {probability(one.p_value)}")
    if math.isfinite(one.between):
        lines.append(f"from run to run it differs {short(1 / max(one.between, 1e-300))} times as much as along them")
    else:
        lines.append("there is a single run: that it differs between runs is not seen")
    if one.symmetry is not None:
        lines.append(f"it belongs to {one.symmetry}")
    shown = ", ".join(measured(float(value), None) for value in one.values[:FEW])
    return [*lines, f"in the runs: {shown}{', ...' if len(one.values) > FEW else ''}"]


def error_line(found: ConservedFound) -> str:
    """Where the errors of the states come from."""
    if found.errors_given:
        return "errors of the states are those that were given"
    sizes = found.sigma.mean(axis=0)
    words = ", ".join(f"{state} {short(float(size))}" for state, size in zip(found.data.states, sizes, strict=True))
    return f"errors were not given; from how smooth the states are in time: {words}"


def record(found: ConservedFound) -> dict[str, Any]:
    """Everything in JSON types."""
    return {
        "quantities": [
            {
                "text": one.text(),
                "latex": one.latex(),
                "constants": [{"name": c.name, "value": c.value, "error": c.error} for c in one.constants],
                "covariance": [[float(x) for x in row] for row in one.covariance],
                "values": [float(value) for value in one.values],
                "spread": one.spread,
                "share": one.share,
                "between": one.between if math.isfinite(one.between) else None,
                "p_value": one.p_value,
                "drift": one.drift,
                "symmetry": None
                if one.symmetry is None
                else {"motion": one.symmetry.motion.value, "states": list(one.symmetry.states)},
            }
            for one in found.quantities
        ],
        "number": found.number,
        "states": list(found.data.states),
        "time": found.data.time,
        "runs": [run.name for run in found.data.runs],
        "units": dict(found.data.units),
        "errors_given": found.errors_given,
        "errors": [float(size) for size in found.sigma.mean(axis=0)],
        "tried": found.tried,
        "notes": list(found.notes),
        "seconds": found.seconds,
    }


def summary_line(found: ConservedFound) -> str:
    """What a page has below its title."""
    runs = len(found.data.runs)
    words = f"{runs} run{'s' if runs > 1 else ''}, {found.data.points} points, {short(found.seconds)} s"
    number = {0: "no conserved quantity", 1: "one conserved quantity"}
    return f"{number.get(found.number, f'{found.number} independent conserved quantities')}; {words}"
