"""The report of a run in plain text."""

import textwrap
from collections.abc import Iterable

from kansym.figures.steps import steps_in_words
from kansym.report.constants import WIDTH, ConstantValues, constant_line, note_lines
from kansym.report.values import (
    agreement_lines,
    ended,
    errors_too_small,
    exponent_lines,
    front_rows,
    guesses_of,
    option_words,
)
from kansym.run.residuals import counted, loss_words
from kansym.run.summary import RunSummary
from kansym.symbolic.constants import is_named
from kansym.symbolic.formula import Formula
from kansym.units.words import after_number
from kansym.validation.text import measurement_lines, verdict_lines


def text_report(summary: RunSummary, *, full: bool = True, name_constants: bool = False) -> str:
    """A report to read in a terminal or keep beside the data.

    Parameters
    ----------
    summary : RunSummary
    full : bool, default True
        False leaves out how the network grew, and the record of versions, options and command.
    name_constants : bool, default False
        Write the formula with names for its constants as well, ``y = c0*exp(c1*t)``. That is done in any case where
        the user has named some, as in a guess: their values need not stand in the formula, as tau in -0.4*t.
    """
    formula = summary.formula
    named = name_constants or any(is_named(constant.name) for constant in formula.constants)
    parts = [
        f"{formula}\n",
        _section(
            "Constants", [*_constants(formula, named=named), *textwrap.wrap(errors_too_small(summary), WIDTH - 2)]
        ),
        _section("The guess" if len(summary.guesses) == 1 else "The guesses", _guesses(summary)),
        _section("Agreement with the data", agreement_lines(summary)),
        _section("LaTeX", _latex(formula, named=named)),
        _section("Certificate", _certificate(summary, full)),
        _section("Probability of the form", forms_lines(summary)),
        _section("Formulas by complexity (* is the pick)", front_table(summary)),
        _section("What the formula does not notice", map(str, summary.symmetries)),
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


def _constants(formula: Formula, *, named: bool) -> list[str]:
    lines = [formula.named().text] if named and formula.constants else []
    for constant in formula.constants:
        lines.append(constant_line(constant))
        lines += [f"  {words}" for words in ConstantValues.of(constant).suggestions]
    return [*lines, *exponent_lines(formula)]


def _latex(formula: Formula, *, named: bool) -> list[str]:
    kinds = (False, True) if named and formula.constants else (False,)
    return [formula.latex(with_target=True, with_units=with_names) for with_names in kinds]


def forms_lines(summary: RunSummary) -> list[str]:
    """How probable the form is beside others, in a line that is wrapped."""
    return [] if summary.forms is None else textwrap.wrap(summary.forms.text(), WIDTH - 2, break_long_words=False)


def _guesses(summary: RunSummary) -> list[str]:
    """What became of the formulas that the search started from."""
    lines = []
    for guess in guesses_of(summary):
        lines.append(guess.text)
        if guess.fitted:
            values = [
                f"{one['name']} = {one['value']}" + (f" (from {one['start']})" if one["start"] else "")
                for one in guess.constants
            ]
            lines += _indented(f"fitted: {', '.join(values)}" if values else "it has no constants to fit")
        lines += _indented(f"{guess.verdict}: {guess.words}")
        lines += [f"    {one['bits']} shorter: {one['formula']}" for one in guess.rivals]
    return lines


def _indented(text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH - 4, initial_indent="  ", subsequent_indent="  ")


def _certificate(summary: RunSummary, full: bool) -> list[str]:
    """The verdict with its grounds; in full, everything that was measured."""
    if summary.certificate is None:
        return []
    # The formula itself stands above.
    lines = verdict_lines(summary.certificate)
    return [*lines, "", *measurement_lines(summary.certificate)] if full else lines


def front_table(summary: RunSummary) -> list[str]:
    """The Pareto front, one formula a line."""
    lines = [f"{'':2}{'complexity':>10}  {'loss':>10}  formula"]
    for row in front_rows(summary.front, summary.formula):
        formula = row.formula
        mark = "*" if row.picked else "!" if formula.consistent is False else ""
        lines.append(f"{mark:2}{formula.complexity:>10}  {formula.loss:>10.3g}  {formula}")
    lines.append(loss_words(summary))
    if any(formula.consistent is False for formula in summary.front):
        lines.append("! the units of this formula do not go together")
    return lines


def _history(summary: RunSummary) -> list[str]:
    lines = list(summary.decisions)
    if summary.network:
        lines.append(f"best network: {summary.network}{after_number(summary.y_units)}")
    if summary.formula.structure:
        lines.append(f"the formula came from: {'; '.join(steps_in_words(summary.formula))}")
    if summary.formula.origin:
        lines.append(f"found by: {summary.formula.origin}")
    return [*lines, ended(summary)]


def _data(summary: RunSummary) -> list[str]:
    def named(name: str, unit: str | None) -> str:
        return f"{name} [{unit}]" if unit else name

    inputs = ", ".join(named(name, unit) for name, unit in zip(summary.names, summary.units, strict=False))
    what = f"input{'s'[: len(summary.names) != 1]} {inputs}"
    return [
        f"{counted(summary.rows, 'row')}; target {named(summary.target, summary.y_units)}; {what}",
        f"sha256 {summary.data_sha256}",
    ]


def _record(summary: RunSummary) -> list[str]:
    lines = [f"command: {summary.command}"] if summary.command else []
    if summary.seed is not None:
        lines.append(f"seed: {summary.seed}")
    for key, shown in option_words(summary.options).items():
        lines += textwrap.wrap(f"{key}: {shown}", WIDTH - 4, subsequent_indent="  ")
    lines.append("versions: " + ", ".join(f"{name} {version}" for name, version in summary.versions.items()))
    return [*lines, f"time: {summary.created}"]
