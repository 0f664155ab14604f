"""What reports say about a run, as plain values that text, page and notebook render in their own ways."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy

from kansym.figures.steps import steps_in_words
from kansym.kan.decision import Decision
from kansym.kan.shape import format_shape
from kansym.numbers import measured, short, with_error
from kansym.run.agreement import fitted_count
from kansym.run.finished import FinishedRun
from kansym.run.residuals import counted, floor_words, holds_out, r_squared, weighting
from kansym.run.summary import RunSummary
from kansym.search.final_fit import MANY
from kansym.search.front import ParetoFront
from kansym.search.results import StopReason
from kansym.symbolic.formula import Formula
from kansym.units.words import after_number
from kansym.validation.certificate import Certificate
from kansym.validation.grounds import Topic
from kansym.validation.verdict import accounts_for_errors, bits

MOST_OUTLIERS = 50
"""Outliers that are listed."""


def exponent_lines(formula: Formula) -> list[str]:
    """What the data say of each whole or rational exponent, ``x**(2/3): 0.684(2) if free, 3.9 errors from 2/3``."""
    lines = []
    for one in formula.exponents:
        away = f"{one.deviation:.1f} errors from {one.number}"
        lines.append(f"{one.power}: {measured(one.fitted, one.error)} if the exponent is free, {away}")
    return lines


def errors_too_small(summary: RunSummary) -> str:
    """Where residuals are beyond the errors of the table, that the errors of the constants do not hold; else empty."""
    fit = None if summary.certificate is None else summary.certificate.fit
    chi2 = summary.agreement.reduced_chi2
    known = any(constant.error for constant in summary.formula.constants)
    if fit is None or chi2 is None or fit.chi2_p is None or accounts_for_errors(fit) or not known or chi2 < 1:
        return ""
    return (
        "These standard errors follow from the errors of the table. The residuals are "
        f"{short(math.sqrt(chi2))} times as large as those, so the constants are less well known than this says."
    )


@dataclass(frozen=True)
class FrontRow:
    """A formula of the front.

    Attributes
    ----------
    formula : Formula
    picked : bool
    rms, bits : str
        Root-mean-square residual and description length; empty where they are not known.
    """

    formula: Formula
    picked: bool
    rms: str
    bits: str


def front_rows(front: ParetoFront, best: Formula | None) -> list[FrontRow]:
    """The formulas of a front, the simplest first; `best` is the pick."""
    return [
        FrontRow(
            formula=formula,
            picked=best is not None and is_pick(formula, best),
            rms=f"{math.sqrt(formula.loss):.3g}" if formula.loss >= 0 else "",
            bits=f"{formula.description_length:.0f}" if math.isfinite(formula.description_length) else "",
        )
        for formula in front
    ]


def is_pick(formula: Formula, best: Formula) -> bool:
    """Whether a formula of the front is the pick, which may have been read from another file."""
    return formula is best or formula.to_dict() == best.to_dict()


def agreement_lines(summary: RunSummary) -> list[str]:
    """How well formula and table agree, one number a line; weighted numbers where the weights change them."""
    agreement, unit = summary.agreement, after_number(summary.y_units)
    # The plain one is the scatter that people publish; an old record has the other only.
    known = agreement.plain_rms is not None
    rms = agreement.rms if agreement.plain_rms is None else agreement.plain_rms
    relative = agreement.relative if agreement.plain_relative is None else agreement.plain_relative
    weights = weighting(summary)
    beside = f" ({weights})" if weights else ""
    share = f"{_percent(relative)} of the spread of {summary.target}"
    lines = [f"RMS residual {rms:.3g}{unit}, {share}{'' if known else beside}; {_rows_counted(summary)}"]
    if agreement.reduced_chi2 is not None:
        rows = summary.rows - agreement.left_out - agreement.undefined_rows
        freedom = rows - fitted_count(summary.formula)
        chi2 = f"chi-squared {agreement.reduced_chi2 * freedom:.4g} / {freedom}"
        lines.append(f"{chi2} = {agreement.reduced_chi2:.3g} per degree of freedom")
    if weights and known:
        lines.append(f"RMS residual {weights}: {agreement.rms:.3g}{unit}")
    if agreement.held_out_rms is not None:
        lines.append(f"RMS residual {_judged_on(summary)}{beside}: {agreement.held_out_rms:.3g}{unit}")
    lines.append(f"{r_squared(agreement.one_minus_r2)}{beside}")
    if summary.noise_floor > 0:
        lines.append(floor_words(summary))
    if agreement.undefined_rows:
        lines.append(f"the formula has no finite value on {counted(agreement.undefined_rows, 'row')}")
    return lines


def _rows_counted(summary: RunSummary) -> str:
    agreement = summary.agreement
    used = counted(summary.rows - agreement.left_out - agreement.undefined_rows, "row")
    return f"{used}, without {counted(agreement.left_out, 'outlier')}" if agreement.left_out else used


def _judged_on(summary: RunSummary) -> str:
    if not holds_out(summary):
        return "of each row predicted from the others"
    fit = None if summary.certificate is None else summary.certificate.fit
    return f"on {fit.held_out_rows} held-out rows" if fit is not None and fit.held_out_rows else "on held-out rows"


def _percent(fraction: float) -> str:
    if not math.isfinite(fraction):
        return "an unknown part"
    if fraction >= 0.1:
        return f"{100 * fraction:.0f} %"
    return f"{100 * fraction:.2g} %" if fraction > 1e-6 else f"{fraction:.1g}"


CLAIMS = (
    StopReason.AS_GOOD_AS_DATA,
    StopReason.NOTHING_SMOOTH_LEFT,
    StopReason.AS_GOOD_AS_SPLINE,
    StopReason.SHORTEST,
    StopReason.AS_GOOD_AS_NETWORKS,
)
"""Endings that say how good the formula is, by tests that are quick and dull beside those of the certificate."""

OF_WHAT_IS_LEFT = (Topic.FIT, Topic.RESIDUALS, Topic.FUNCTIONS)
"""Topics of grounds that say the same."""


def ended(summary: RunSummary) -> str:
    """How long the run took, and why it ended."""
    return ended_words(summary.seconds, summary.stopped, summary.certificate)


def ended_words(seconds: float, stopped: str, certificate: Certificate | None = None) -> str:
    """``searched for 5.2 s; ended because: every shape was tried``; a reason that says that it ended stands alone.

    Where the certificate objects to what the formula leaves, a claim that it leaves nothing is said to be the search's.
    """
    alone = stopped in (StopReason.OUT_OF_WALL_TIME, StopReason.INTERRUPTED, StopReason.EDITED)
    words = f"searched for {seconds:.1f} s; {'' if alone else 'ended because: '}"
    if stopped in CLAIMS and certificate is not None and _sees_more(certificate):
        return f"{words}to the search {stopped}; the tests of the certificate see more"
    return f"{words}{stopped}"


def _sees_more(certificate: Certificate) -> bool:
    grounds = certificate.verdict.grounds
    return any(not ground.supports and ground.topic in OF_WHAT_IS_LEFT for ground in grounds)


@dataclass(frozen=True)
class GuessValues:
    """What became of a formula that the search started from.

    Attributes
    ----------
    text, verdict, words : str
    fitted : bool
        Whether its constants could be fitted.
    constants : list of dict
        With ``name``, ``value`` with its error, and ``start``, the number in the guess; empty without one.
    rivals : list of dict
        Of shorter descriptions, where the guess is the pick all the same: ``formula``, and ``bits`` by which it is
        shorter.
    """

    text: str
    verdict: str
    words: str
    fitted: bool
    constants: list[dict[str, str]]
    rivals: list[dict[str, str]]


def guesses_of(summary: RunSummary) -> list[GuessValues]:
    """The guesses of a run."""
    found = []
    for guess in summary.guesses:
        constants = [
            {
                "name": one.name,
                "value": with_error(one.value, one.error),
                "start": f"{guess.numbers[one.name]:g}" if one.name in guess.numbers else "",
            }
            for one in (() if guess.formula is None else guess.formula.constants)
        ]
        rivals = [{"formula": str(one.formula), "bits": bits(one.bits)} for one in guess.rivals]
        fitted = guess.formula is not None
        found.append(GuessValues(guess.text, guess.verdict, guess.words, fitted, constants, rivals))
    return found


def history_values(summary: RunSummary) -> dict[str, Any]:
    return {
        "steps": steps_in_words(summary.formula) if summary.formula.structure else [],
        "origin": "" if summary.formula.origin is None else str(summary.formula.origin),
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


def option_words(options: Mapping[str, Any]) -> dict[str, str]:
    """The options of a run as text."""
    words = {
        key: ", ".join(str(entry) for entry in value) if isinstance(value, list) else str(value)
        for key, value in options.items()
    }
    if "limits" in options:
        words["limits"] = ", ".join(_limit_words(name, *ends) for name, ends in options["limits"].items())
    return words


def _limit_words(name: str, low: float | None, high: float | None) -> str:
    if low is None or high is None:
        return f"{name} <= {high:g}" if low is None else f"{name} >= {low:g}"
    return f"{name} = {low:g}" if low == high else f"{low:g} <= {name} <= {high:g}"


def data_values(run: FinishedRun) -> dict[str, Any]:
    """Rows, columns and the hash; ranges and errors where the table was kept."""
    summary, dataset = run.summary, run.dataset
    target = _column(summary.target, "target", summary.y_units)
    columns = [_column(name, "input", unit) for name, unit in zip(summary.names, summary.units, strict=True)]
    if dataset is not None and dataset.names == summary.names:
        target |= _range(dataset.y, dataset.y_error)
        for k, column in enumerate(columns):
            column |= _range(dataset.X[:, k], None if dataset.x_error is None else dataset.x_error[:, k])
    used = {symbol.name for symbol in run.formula.expression.atoms(sympy.Symbol)}
    for column in columns:
        column["used"] = column["name"] in used
    everything = [target, *columns]
    return {
        "rows": summary.rows,
        "kept_rows": None if dataset is None or dataset.n_rows == summary.rows else dataset.n_rows,
        "columns": everything,
        "has_errors": any(column["error"] for column in everything),
        "has_ranges": any(column["low"] for column in everything),
        "weighted": dataset is not None and dataset.sample_weight is not None,
        "sha256": summary.data_sha256,
    }


def outlier_values(run: FinishedRun) -> dict[str, Any]:
    """Rows farther from the formula than chance allows, the farthest first, with their columns if known."""
    summary, dataset = run.summary, run.dataset
    # Of a large table a folder keeps evenly spaced rows only, under other numbers.
    known = dataset if dataset is not None and dataset.n_rows == summary.rows else None
    rows = []
    for outlier in summary.outliers[:MOST_OUTLIERS]:
        rows.append(
            {
                "inputs": [] if known is None else [f"{value:.6g}" for value in known.X[outlier.row]],
                "target": "" if known is None else f"{known.y[outlier.row]:.6g}",
                "residual": f"{outlier.residual:+.3g}",
                "sigmas": f"{outlier.sigmas:+.1f}" if math.isfinite(outlier.sigmas) else "beyond all errors",
            }
        )
    return {
        "rows": rows,
        "names": list(summary.names) if known is not None else [],
        "many": len(summary.outliers) > MANY * summary.rows and not summary.agreement.left_out,
        "more": max(0, len(summary.outliers) - MOST_OUTLIERS),
    }


def _column(name: str, role: str, unit: str | None) -> dict[str, Any]:
    return {"name": name, "role": role, "unit": unit, "low": "", "high": "", "error": "", "used": True}


def _range(values: np.ndarray, error: np.ndarray | None) -> dict[str, str]:
    found = {"low": f"{values.min():.6g}", "high": f"{values.max():.6g}", "error": ""}
    if error is not None and error.any():
        low, high = f"{error.min():.3g}", f"{error.max():.3g}"
        found["error"] = low if low == high else f"{low} to {high}"
    return found
