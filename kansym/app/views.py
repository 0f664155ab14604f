"""What the page shows, in JSON types: numbers as they are to be read, formulas as MathML and text."""

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from kansym.export.mathml import to_mathml
from kansym.numbers import with_error
from kansym.symbolic.formula import Constant, Formula
from kansym.units.words import after_number, unit_label

if TYPE_CHECKING:
    from kansym.editing.edge import Edge, EdgeTable
    from kansym.editing.suggestion import Suggestions
    from kansym.primitives.primitive import Primitive
    from kansym.validation.certificate import Certificate


def number(value: float | None) -> str:
    """Three digits; a dash for what has no value."""
    return "–" if value is None or not math.isfinite(value) else f"{value:.3g}".replace("-", "−")


def formula_view(formula: Formula) -> dict[str, Any]:
    """A formula with its constants."""
    return {
        "mathml": to_mathml(formula, with_target=True, display=True),
        "text": str(formula),
        "latex": formula.latex(digits=None, with_target=True),
        "constants": [_constant(constant) for constant in formula.constants],
    }


def _constant(constant: Constant) -> dict[str, str]:
    value = constant.snapped or with_error(constant.value, constant.error).replace("-", "−")
    return {"name": constant.name, "value": value, "unit": unit_label(after_number(constant.unit).lstrip())}


def front_view(front: Iterable[Formula], best: Formula, before: Sequence[str]) -> list[dict[str, Any]]:
    """The formulas of a front; `fresh` are those whose text is not among `before`."""
    rows = []
    for formula in front:
        rms = math.sqrt(formula.loss) if formula.loss >= 0 and math.isfinite(formula.loss) else None
        rows.append(
            {
                "mathml": to_mathml(formula),
                "text": str(formula),
                "complexity": formula.complexity,
                "rms": rms,
                "error": number(rms),
                "picked": formula.complexity == best.complexity and str(formula) == str(best),
                "fresh": str(formula) not in before,
            }
        )
    return rows


def verdict_view(certificate: "Certificate") -> dict[str, Any]:
    """The verdict in words."""
    verdict = certificate.verdict
    return {
        "kind": verdict.kind,
        "reason": verdict.reason,
        "for": list(verdict.supporting),
        "against": list(verdict.against),
    }


def edges_view(edges: "EdgeTable") -> list[dict[str, Any]]:
    """The edges as a table, and what can be done with each."""
    return [_edge(edge) for edge in edges]


def _edge(edge: "Edge") -> dict[str, Any]:
    words = {"spline": "spline (free)", "off": "off (removed)"}.get(edge.mode, edge.mode)
    misfit = edge.misfit
    return {
        "id": edge.id,
        "from": edge.source_name,
        "to": edge.target_name,
        "function": words,
        "mode": edge.mode,
        "held": f"held: {', '.join(edge.held)}" if edge.held else "",
        "misfit": "" if misfit is None else number(misfit),
        "effect": "" if edge.mode == "off" else number(edge.score),
        "constants": "" if edge.constants is None else _constants(edge.constants, edge.primitive),
        "can": {"unfix": not edge.is_spline, "remove": edge.mode != "off"},
    }


def _constants(values: dict[str, float], primitive: "Primitive | None") -> str:
    """``c f(a x + b) + d`` in words; the constants that are always the same are left out."""
    redundant = () if primitive is None else primitive.redundant
    left_out = {name for name in redundant if values[name] in (0.0, 1.0)}
    if primitive is None or not primitive.has_shape:
        left_out.add("p")
    return ", ".join(f"{name} = {number(value)}" for name, value in values.items() if name not in left_out)


def rivals_view(edge: "Edge", suggestions: "Suggestions", unit: str, judged: str = "held out") -> dict[str, Any]:
    """The primitives that come closest to an edge, with points to draw; `judged` is what their error is."""
    record = suggestions.to_dict()
    rows = []
    for one in record["suggestions"]:
        # What is left below the rounding of double precision says nothing.
        scores = [f"1−R² = {number(one['misfit'] if one['misfit'] > 1e-15 else 0.0)}"]
        if one["error"] is not None:
            scores.append(f"{judged} {number(one['error'])}{f' {unit}' if unit else ''}")
        rows.append(
            {
                "name": one["name"],
                "label": one["label"],
                "scores": scores,
                "points": one["points"],
                "now": one["name"] == edge.mode,
            }
        )
    return {"edge": edge.id, "trained": record["curve"], "rivals": rows}


def no_rivals_view(edge: "Edge", note: str) -> dict[str, Any]:
    """An edge that no function can be compared with."""
    return {"edge": edge.id, "trained": [], "rivals": [], "note": note}
