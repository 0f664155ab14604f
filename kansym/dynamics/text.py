"""A system in plain text, and as a record in JSON types."""

from typing import Any

import numpy as np

from kansym.dynamics.system import System
from kansym.errors import ArgumentError
from kansym.report.constants import constant_line, note_lines


def text_report(system: System) -> str:
    """A report to read in a terminal: equations, constants with errors, certificate, fixed points, notes."""
    sections = [
        ("", list(system.equations())),
        *((f"Constants of {system.left(k)}", [constant_line(one) for one in formula.constants])
          for k, formula in enumerate(system.formulas)),
        ("Certificate", certificate_lines(system)),
        ("Conserved", [str(one) for one in system.conserved]),
        ("Fixed points near the data", fixed_point_lines(system)),
        ("LaTeX", system.latex().splitlines()),
        ("Notes", note_lines(system.notes)),
    ]  # fmt: skip
    blocks = ["\n".join([*([title] if title else []), *(f"  {line}" if title else line for line in lines)])
              for title, lines in sections if lines]  # fmt: skip
    return "\n\n".join(blocks)


def certificate_lines(system: System) -> list[str]:
    """The verdict of each equation with its reasons, and what was measured."""
    certificate = system.certificate
    if certificate is None:
        return []
    lines = []
    for k, verdict in enumerate(certificate.verdicts):
        lines.append(f"{system.left(k)}: {verdict.kind}")
        lines += [f"  {reason}" for reason in verdict.reasons]
    states = system.data.states
    own = ", ".join(f"{state} {value:.2g}" for state, value in zip(states, certificate.residuals, strict=True))
    lines.append(f"RMS residual of the integrated trajectories, in standard errors: {own}")
    for one in certificate.left_out:
        missed = ", ".join(f"{state} {value:.2g}" for state, value in zip(states, one.residuals, strict=True))
        lines.append(f"left out: {one.name} from {system.data.time} = {one.begin:.4g} on: {missed} standard errors")
    return lines


def fixed_point_lines(system: System) -> list[str]:
    """Fixed points; none where inputs or the time act."""
    try:
        return [str(one) for one in system.fixed_points()]
    except ArgumentError:
        return []


def record(system: System) -> dict[str, Any]:
    """Everything in JSON types."""
    certificate = system.certificate
    return {
        "equations": list(system.equations()),
        "latex": system.latex(),
        "order": system.order,
        "states": list(system.states),
        "inputs": list(system.data.inputs),
        "time": system.data.time,
        "units": dict(system.data.units),
        "formulas": [formula.to_dict() for formula in system.formulas],
        "residuals": _plain(system.residuals),
        "stiff": system.stiff,
        "certificate": None if certificate is None else {
            "verdicts": [
                {"state": one.state, "kind": one.kind, "reasons": list(one.reasons)} for one in certificate.verdicts
            ],
            "r2": _plain(certificate.r2),
            "left_out": [
                {"name": one.name, "begin": one.begin, "residuals": _plain(one.residuals), "r2": _plain(one.r2)}
                for one in certificate.left_out
            ],
        },
        "conserved": [
            {"expression": str(one.expression), "values": list(one.values), "share": one.share}
            for one in system.conserved
        ],
        "starts": [_plain(start) for start in system.starts],
        "notes": list(system.notes),
        "seconds": system.seconds,
    }  # fmt: skip


def _plain(values: np.ndarray) -> list[Any]:
    """Numbers as JSON has them: None for what is not finite."""
    if values.ndim > 1:
        return [_plain(row) for row in values]
    return [float(value) if np.isfinite(value) else None for value in values]
