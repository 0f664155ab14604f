"""A finished run as plain values: everything that the page says, nothing about how it looks."""

import math
from typing import Any

from kansym.comparison.result import Comparison, ToolResult
from kansym.comparison.table import error_words, share_words
from kansym.figures.structure import steps_in_words
from kansym.kan.growth import Decision
from kansym.kan.network import format_shape
from kansym.numbers import is_rounding, measured, with_error
from kansym.report.html.certificate import certificate_values
from kansym.report.html.formulas import code_listings, formula_markup, formula_text
from kansym.report.html.table import data_values, outlier_values
from kansym.report.text import agreement_lines, ended
from kansym.run.finished import FinishedRun
from kansym.run.residuals import error_words as residual_words
from kansym.run.summary import RunSummary
from kansym.search.front import ParetoFront
from kansym.symbolic.formula import Constant, Formula
from kansym.units.words import after_number


def summarise(run: FinishedRun, comparison: Comparison | None = None) -> dict[str, Any]:
    """What the page of a run says.

    Parameters
    ----------
    run : FinishedRun
    comparison : Comparison, optional
        With other tools on the same table.

    Returns
    -------
    dict
        Of text, numbers, lists and dictionaries, and of formulas as MathML.
    """
    summary = run.summary
    formula = summary.formula
    return {
        "target": summary.target,
        "inputs": list(summary.names),
        "formula": {
            "markup": formula_markup(formula, display=True),
            "text": formula_text(formula),
            "latex": formula.latex(with_target=True),
            "complexity": formula.complexity,
        },
        "code": code_listings(run),
        "certificate": certificate_values(summary.certificate),
        "constants": [constant_values(constant) for constant in formula.constants],
        "agreement": agreement_lines(summary),
        "front": front_values(summary.front, formula),
        "error_words": residual_words(summary, after_number(summary.y_units)),
        "comparison": None if comparison is None else comparison_values(comparison),
        "history": _history(summary),
        "data": data_values(run),
        "outliers": outlier_values(run),
        "guesses": _guesses(summary),
        "notes": list(summary.notes),
        "record": _record(summary),
    }


def constant_values(constant: Constant) -> dict[str, Any]:
    """A constant of a formula: rounded by the rule of the Particle Data Group, with unit and suggestions."""
    known = constant.error is not None and constant.snapped is None
    short = constant.snapped or measured(constant.value, constant.error)
    long = with_error(constant.value, constant.error) if known else ""
    return {
        "name": constant.name,
        "short": short,
        "long": "" if long == short else long,
        "unit": after_number(constant.unit).strip(),
        "remarks": [*_remarks(constant), *(f"may be {words}" for words in constant.suggestions)],
    }


def _remarks(constant: Constant) -> list[str]:
    if constant.snapped is not None:
        return ["taken as exact"]
    if constant.error is None:
        return ["standard error unknown"]
    if is_rounding(constant.value, constant.error):
        return ["exact to rounding"]
    return ["the error is larger than the value"] if constant.error > abs(constant.value) else []


def front_values(front: ParetoFront, best: Formula | None) -> list[dict[str, Any]]:
    """The formulas of the front, the simplest first; `best` is the pick."""
    rows = []
    for formula in front:
        rows.append(
            {
                "complexity": formula.complexity,
                "rms": f"{math.sqrt(formula.loss):.3g}" if formula.loss >= 0 else "",
                "bits": f"{formula.description_length:.0f}" if math.isfinite(formula.description_length) else "",
                "target": formula.target,
                "markup": formula_markup(formula, with_target=False),
                "text": formula.text(),
                "picked": best is not None and is_pick(formula, best),
                "consistent": formula.consistent,
            }
        )
    return rows


def is_pick(formula: Formula, best: Formula) -> bool:
    """Whether a formula of the front is the pick, which may have been read from another file."""
    return formula is best or formula.to_dict() == best.to_dict()


def comparison_values(comparison: Comparison) -> dict[str, Any]:
    """A comparison with other tools."""
    return {
        "tools": [_tool(result) for result in comparison.tools],
        "held_out": comparison.held_out_rows > 0,
        "beyond": comparison.beyond_rows > 0,
        "about": share_words(comparison),
        "interrupted": comparison.interrupted,
    }


def _tool(result: ToolResult) -> dict[str, Any]:
    same = result.same
    return {
        "tool": f"{result.tool} {result.version}".strip(),
        "nodes": "" if result.complexity is None else str(result.complexity),
        "error": error_words(result.rms),
        "held_out": error_words(result.held_out_rms),
        "beyond": error_words(result.beyond_rms),
        "seconds": "" if result.seconds is None else f"{result.seconds:.1f}",
        "same": "" if same is None else str(same.kind),
        "reason": "" if same is None else same.reason,
        "formula": result.formula,
        "parameters": result.parameters,
        "failure": result.failure,
        "remark": result.remark,
    }


def _history(summary: RunSummary) -> dict[str, Any]:
    return {
        "steps": steps_in_words(summary.formula) if summary.formula.structure else [],
        "network": f"{summary.network}{after_number(summary.y_units)}" if summary.network else "",
        "growth": [_decision(decision) for decision in summary.growth],
        "decisions": [] if summary.growth else list(summary.decisions),
        "held_out": any(d.validation_rmse != d.train_rmse for d in summary.growth),
        "ended": ended(summary),
    }


def _decision(decision: Decision) -> dict[str, Any]:
    return {
        "action": decision.action,
        "shape": format_shape(decision.shape),
        "grid": decision.grid,
        "train": _error(decision.train_rmse),
        "validation": _error(decision.validation_rmse),
        "accepted": decision.accepted,
        "reason": decision.reason,
    }


def _error(value: float) -> str:
    return f"{value:.3g}" if math.isfinite(value) else ""


def _guesses(summary: RunSummary) -> list[dict[str, Any]]:
    found = []
    for guess in summary.guesses:
        constants = () if guess.formula is None else guess.formula.constants
        values = [
            {
                "name": one.name,
                "value": with_error(one.value, one.error),
                "start": f"{guess.numbers[one.name]:g}" if one.name in guess.numbers else "",
            }
            for one in constants
        ]
        found.append({"text": guess.text, "verdict": guess.verdict, "words": guess.words, "constants": values})
    return found


def _record(summary: RunSummary) -> dict[str, Any]:
    options = {
        key: ", ".join(str(entry) for entry in value) if isinstance(value, list) else str(value)
        for key, value in summary.options.items()
    }
    return {
        "command": summary.command,
        "seed": "" if summary.seed is None else str(summary.seed),
        "options": options,
        "versions": dict(summary.versions),
        "created": summary.created,
    }
