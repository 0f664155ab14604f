"""The report of a run in plain text."""

import math
import textwrap
from collections.abc import Iterable

from kansym.numbers import is_rounding, with_error
from kansym.run.residuals import floor_words, judging_rows, loss_words, r_squared, weighting
from kansym.run.summary import RunSummary
from kansym.symbolic.formula import Constant, Formula
from kansym.units.unit import split_factor
from kansym.units.words import after_number, begins_with_number

WIDTH = 100
"""Columns that prose is wrapped to; formulas are never broken, so that they can be copied."""


def text_report(summary: RunSummary, *, full: bool = True) -> str:
    """A report to read in a terminal or keep beside the data.

    Parameters
    ----------
    summary : RunSummary
    full : bool, default True
        False leaves out how the network grew, and the record of versions, options and command.
    """
    formula = summary.formula
    parts = [
        f"{formula}\n",
        _section("Constants", _constants(formula)),
        _section("The guess" if len(summary.guesses) == 1 else "The guesses", _guesses(summary)),
        _section("Agreement with the data", agreement_lines(summary)),
        _section("LaTeX", [formula.latex(with_target=True)]),
        _section("Certificate", _certificate(summary, full)),
        _section("Formulas by complexity (* is the pick)", front_table(summary)),
        _section("Notes", note_lines(summary.notes)),
    ]
    if full:
        parts += [
            _section("How it was found", _history(summary)),
            _section("Data", _data(summary)),
            _section("Record", _record(summary)),
        ]
    else:
        parts.append(f"{ended(summary)}\n")
    return "\n".join(part for part in parts if part)


def _section(title: str, lines: Iterable[str]) -> str:
    body = "\n".join(f"  {line}" for line in lines)
    return f"{title}\n{body}\n" if body else ""


def _constants(formula: Formula) -> list[str]:
    lines = []
    for constant in formula.constants:
        lines.append(constant_line(constant))
        lines += [f"  may be {words}" for words in constant.suggestions]
    return lines


def constant_line(constant: Constant) -> str:
    """``c0 = 9.812 ± 0.020 m/s^2``, and what is to be said of it."""
    value = constant.snapped or with_error(constant.value, constant.error)
    line = f"{constant.name} = {value}{after_number(constant.unit)}"
    if constant.snapped is None and constant.unit and begins_with_number(constant.unit):
        factor, unit = split_factor(constant.unit)
        error = None if constant.error is None else factor * constant.error
        line += f", which is {with_error(factor * constant.value, error)}{after_number(unit)}"
    return line + _remark(constant)


def _guesses(summary: RunSummary) -> list[str]:
    """What became of the formulas that the search started from."""
    lines = []
    for guess in summary.guesses:
        lines.append(guess.text)
        if guess.formula is not None:
            values = []
            for one in guess.formula.constants:
                began = guess.numbers.get(one.name)
                start = "" if began is None else f" (from {began:g})"
                values.append(f"{one.name} = {with_error(one.value, one.error)}{start}")
            lines += _indented(f"fitted: {', '.join(values)}" if values else "it has no constants to fit")
        lines += _indented(f"{guess.verdict}: {guess.words}")
    return lines


def _indented(text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH - 4, initial_indent="  ", subsequent_indent="  ")


def _remark(constant: Constant) -> str:
    if constant.snapped is not None:
        return "  (taken as exact)"
    if constant.error is None:
        return "  (standard error unknown)"
    return "  (exact to rounding)" if is_rounding(constant.value, constant.error) else ""


def _certificate(summary: RunSummary, full: bool) -> list[str]:
    """The verdict with its grounds; in full, everything that was measured."""
    if summary.certificate is None:
        return []
    # The formula itself stands above.
    lines = summary.certificate.text()[2:]
    return lines if full else lines[: lines.index("")] if "" in lines else lines


def agreement_lines(summary: RunSummary) -> list[str]:
    """How well formula and table agree, one number a line."""
    agreement, unit = summary.agreement, after_number(summary.y_units)
    weights = weighting(summary)
    # The plain one is the scatter that people publish; an old record has the other only.
    known = agreement.plain_rms is not None
    rms = agreement.rms if agreement.plain_rms is None else agreement.plain_rms
    relative = agreement.relative if agreement.plain_relative is None else agreement.plain_relative
    beside = f" ({weights})" if weights else ""
    share = f"{_percent(relative)} of the spread of {summary.target}"
    lines = [f"RMS residual {rms:.3g}{unit}, {share}{'' if known else beside}"]
    if agreement.reduced_chi2 is not None:
        lines.append(f"chi-squared per degree of freedom: {agreement.reduced_chi2:.3g}")
    if weights and known:
        lines.append(f"RMS residual {weights}: {agreement.rms:.3g}{unit}")
    if agreement.held_out_rms is not None:
        kind = "leave-one-out" if judging_rows(summary) == "leave-one-out" else "on held-out rows"
        lines.append(f"RMS residual {kind}{beside}: {agreement.held_out_rms:.3g}{unit}")
    lines.append(f"{r_squared(agreement.one_minus_r2)}{beside}")
    if summary.noise_floor > 0:
        lines.append(floor_words(summary))
    if agreement.undefined_rows:
        lines.append(f"the formula has no finite value on {agreement.undefined_rows} rows")
    return lines


def _percent(fraction: float) -> str:
    if not math.isfinite(fraction):
        return "an unknown part"
    if fraction >= 0.1:
        return f"{100 * fraction:.0f} %"
    return f"{100 * fraction:.2g} %" if fraction > 1e-6 else f"{fraction:.1g}"


def front_table(summary: RunSummary) -> list[str]:
    """The Pareto front, one formula a line."""
    best = summary.formula
    lines = [f"{'':2}{'complexity':>10}  {'loss':>10}  formula"]
    for formula in summary.front:
        # The pick may have been refitted after the front was made.
        picked = formula is best or formula.to_dict() == best.to_dict()
        mark = "*" if picked else "!" if formula.consistent is False else ""
        lines.append(f"{mark:2}{formula.complexity:>10}  {formula.loss:>10.3g}  {formula}")
    lines.append(loss_words(summary))
    if any(formula.consistent is False for formula in summary.front):
        lines.append("! the units of this formula do not go together")
    return lines


def note_lines(notes: Iterable[str]) -> list[str]:
    """Notes as a list, wrapped."""
    lines = []
    for note in notes:
        lines += textwrap.wrap(note, WIDTH - 4, initial_indent="- ", subsequent_indent="  ")
    return lines


def ended(summary: RunSummary) -> str:
    """How long the run took, and why it ended."""
    return f"{summary.seconds:.1f} s; ended because: {summary.stopped}"


def _history(summary: RunSummary) -> list[str]:
    lines = list(summary.decisions)
    if summary.network:
        lines.append(f"best network: {summary.network}{after_number(summary.y_units)}")
    if summary.formula.structure:
        lines.append(f"the formula was read from: {summary.formula.structure}")
    return [*lines, ended(summary)]


def _data(summary: RunSummary) -> list[str]:
    def named(name: str, unit: str | None) -> str:
        return f"{name} [{unit}]" if unit else name

    inputs = ", ".join(named(name, unit) for name, unit in zip(summary.names, summary.units, strict=False))
    return [
        f"{summary.rows} rows; target {named(summary.target, summary.y_units)}; inputs {inputs}",
        f"sha256 {summary.data_sha256}",
    ]


def _record(summary: RunSummary) -> list[str]:
    lines = [f"command: {summary.command}"] if summary.command else []
    if summary.seed is not None:
        lines.append(f"seed: {summary.seed}")
    for key, value in summary.options.items():
        shown = ", ".join(str(entry) for entry in value) if isinstance(value, list) else str(value)
        lines += textwrap.wrap(f"{key}: {shown}", WIDTH - 4, subsequent_indent="  ")
    lines.append("versions: " + ", ".join(f"{name} {version}" for name, version in summary.versions.items()))
    return [*lines, f"time: {summary.created}"]
