"""What the page shows, in JSON types, and what is worked out about the network after every step.

Numbers are as they are to be read, formulas MathML and text. Formula, front and verdict are measured one after another.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from kansym.editing.edge import Edge, EdgeTable
from kansym.editing.network import EditableNetwork
from kansym.editing.suggestion import Suggestions
from kansym.export.mathml import to_mathml
from kansym.numbers import with_error
from kansym.primitives.primitive import Primitive
from kansym.run.finished import FinishedRun, found_without
from kansym.symbolic.formula import Constant, Formula
from kansym.units.words import after_number, unit_label
from kansym.validation.certificate import Certificate

FORMULA_SECONDS = 15.0
"""Most time for the formula of a step."""


@dataclass(frozen=True)
class Shown:
    """What the page shows of a network; never changed, so that it can be read at any time.

    Attributes
    ----------
    start : Shown or None
        Of the run as it was opened; None for that one itself.
    edges, errors, front : list
    formula, verdict : dict or None
    missing : str
        Why there is no formula; empty where there is one.
    remark : str
        What is to be known about the formula; mostly empty.
    steps, undone : tuple of str
    note : str
        About the last step.
    unknown : tuple of str
        Stages that are still to be measured.
    """

    start: "Shown | None" = None
    edges: list[dict[str, Any]] = field(default_factory=list)
    errors: list[dict[str, Any]] = field(default_factory=list)
    formula: dict[str, Any] | None = None
    missing: str = ""
    remark: str = ""
    front: list[dict[str, Any]] = field(default_factory=list)
    verdict: dict[str, Any] | None = None
    steps: tuple[str, ...] = ()
    undone: tuple[str, ...] = ()
    note: str = ""
    unknown: tuple[str, ...] = ()

    def to_dict(self, *, pending: Sequence[str]) -> dict[str, Any]:
        """In JSON types; `pending` are the stages that are worked on."""
        return {
            "edges": self.edges,
            "errors": self.errors,
            "formula": self.formula,
            "missing": self.missing,
            "remark": self.remark,
            "front": self.front,
            "verdict": self.verdict,
            "steps": list(self.steps),
            "note": self.note,
            "undo": self.steps[-1] if self.steps else None,
            "redo": self.undone[0] if self.undone else None,
            "pending": list(pending),
        }


def opened(run: FinishedRun, net: EditableNetwork) -> Shown:
    """Of a run as it was opened: its own formula, front and verdict."""
    certificate = run.summary.certificate
    free = len(net.edges.splines)
    return Shown(
        edges=edges_view(net.edges),
        errors=[_network_errors(net, None), _formula_errors(run.formula, None)],
        formula=formula_view(run.formula),
        remark=found_without(free) if free else "",
        front=front_view(run.front, run.formula, before=[str(formula) for formula in run.front]),
        verdict=None if certificate is None else verdict_view(certificate),
        undone=net.undone,
    )


def stepped(before: Shown, net: EditableNetwork) -> Shown:
    """After a step: edges and errors of the network at once, the rest is unknown until it is measured."""
    start = before.start or before
    if len(net.history) == 1:
        return replace(start, undone=net.undone)
    steps = {"steps": net.history[1:], "undone": net.undone, "note": net.note, "start": start}
    shown = replace(before, edges=edges_view(net.edges), remark="", **steps)
    network = _network_errors(net, start.errors[0])
    if net.is_symbolic:
        return replace(shown, errors=[network, *before.errors[1:]], missing="", unknown=("formula", "front", "verdict"))
    free = net.edges.splines
    names = ", ".join(edge.name for edge in free[:3]) + (f" and {len(free) - 3} more" if len(free) > 3 else "")
    formula = {"of": "formula", "train": "–", "held_out": "–", "was": _was(start.errors[1])}
    return replace(
        shown,
        errors=[network, formula],
        formula=None,
        missing=f"No formula yet: a free curve on {names}.",
        front=start.front,
        verdict=None,
        unknown=(),
    )


def _measure_formula(shown: Shown, net: EditableNetwork) -> Shown:
    start = shown.start or shown
    formula = net.formula(max_seconds=FORMULA_SECONDS)
    errors = [shown.errors[0], _formula_errors(formula, start.errors[1])]
    return replace(shown, formula=formula_view(formula), errors=errors, missing="")


def _measure_front(shown: Shown, net: EditableNetwork) -> Shown:
    start = shown.start or shown
    front = net.front
    return replace(shown, front=front_view(front, front.best, before=[row["text"] for row in start.front]))


def _measure_verdict(shown: Shown, net: EditableNetwork) -> Shown:
    return replace(shown, verdict=verdict_view(net.certificate()))


@dataclass(frozen=True)
class Stage:
    """One thing to be measured.

    Attributes
    ----------
    words : str
        What the page says while it lasts.
    of : callable
        From what is shown and the network to what is shown then.
    """

    words: str
    of: Callable[[Shown, EditableNetwork], Shown]

    def measure(self, shown: Shown, net: EditableNetwork) -> Shown:
        """Measure; what is left to do is `unknown` less this stage."""
        return replace(self.of(shown, net), unknown=shown.unknown[1:])


STAGES = {
    "formula": Stage("Composing the formula", _measure_formula),
    "front": Stage("Comparing with the front", _measure_front),
    "verdict": Stage("Measuring what speaks for and against", _measure_verdict),
}


def failed(shown: Shown) -> Shown:
    """Where a stage failed: what it and those after it would show is not known."""
    start = shown.start or shown
    lost = set(shown.unknown)
    if "formula" in lost:
        formula = {"of": "formula", "train": "–", "held_out": "–", "was": _was(start.errors[1])}
        words = "No formula: see the message above."
        shown = replace(shown, formula=None, missing=words, errors=[shown.errors[0], formula])
    if "front" in lost:
        shown = replace(shown, front=start.front)
    return replace(shown, verdict=None, unknown=())


def _network_errors(net: EditableNetwork, before: dict[str, Any] | None) -> dict[str, Any]:
    error = net.error
    # Where no row is held out the column is of leave-one-out, which a network is not put to.
    held_out = number(error.held_out) if len(net.context.fit_rows.validation) else "–"
    return {"of": "network", "train": number(error.train), "held_out": held_out, "was": _was(before)}


def _formula_errors(formula: Formula, before: dict[str, Any] | None) -> dict[str, Any]:
    def root(loss: float) -> str:
        return number(math.sqrt(loss)) if loss >= 0 else "–"

    return {
        "of": "formula",
        "train": root(formula.train_loss),
        "held_out": root(formula.validation_loss),
        "was": _was(before),
    }


def _was(row: dict[str, Any] | None) -> dict[str, str] | None:
    return None if row is None else {"train": row["train"], "held_out": row["held_out"]}


# -- views -------------------------------------------------------------------------------------------------------------


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


def verdict_view(certificate: Certificate) -> dict[str, Any]:
    """The verdict in words."""
    verdict = certificate.verdict
    return {
        "kind": verdict.kind,
        "reason": verdict.reason,
        "for": list(verdict.supporting),
        "against": list(verdict.against),
    }


def edges_view(edges: EdgeTable) -> list[dict[str, Any]]:
    """The edges as a table, and what can be done with each."""
    return [_edge(edge) for edge in edges]


def _edge(edge: Edge) -> dict[str, Any]:
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


def _constants(values: dict[str, float], primitive: Primitive | None) -> str:
    """``c f(a x + b) + d`` in words; the constants that are always the same are left out."""
    redundant = () if primitive is None else primitive.redundant
    left_out = {name for name in redundant if values[name] in (0.0, 1.0)}
    if primitive is None or not primitive.has_shape:
        left_out.add("p")
    return ", ".join(f"{name} = {number(value)}" for name, value in values.items() if name not in left_out)


def rivals_view(edge: Edge, suggestions: Suggestions, unit: str, judged: str = "held out") -> dict[str, Any]:
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


def no_rivals_view(edge: Edge, note: str) -> dict[str, Any]:
    """An edge that no function can be compared with."""
    return {"edge": edge.id, "trained": [], "rivals": [], "note": note}
