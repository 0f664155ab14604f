"""A fit of a known form in plain text."""

import math

import numpy as np

from kansym.fitting.intervals import Intervals
from kansym.fitting.result import KnownForm
from kansym.numbers import with_error
from kansym.report.constants import constant_line, note_lines
from kansym.units.words import after_number

SHOWN = 20
"""Outliers that the report lists."""


def text_report(fit: KnownForm, intervals: Intervals | None = None) -> str:
    """A report to read in a terminal: formula, constants with errors, agreement, correlations and notes."""
    formula = fit.formula
    kind = "scaled by the residuals" if fit.errors_scaled else "absolute, from the errors of the table"
    if fit.loss != "linear":
        kind = f"of the {fit.loss} loss, from the residuals"
    method = {"profile": "profile likelihood", "covariance": "from the standard errors"}
    sections = [
        ("", [f"{formula.target} = {fit.expression}", f"{formula}"]),
        (f"Constants (standard errors {kind})", _constants(fit)),
        (
            f"Intervals of {100 * intervals.level:.4g} % ({method.get(intervals.method, intervals.method)})"
            if intervals is not None
            else "",
            [] if intervals is None else _intervals(fit, intervals),
        ),
        ("Agreement with the data", _agreement(fit)),
        ("Outliers (rows counted from 0)", _outliers(fit)),
        ("Correlations", correlation_table(fit)),
        ("LaTeX", [formula.latex(with_target=True)]),
        ("Notes", note_lines(fit.notes)),
    ]
    return "\n".join(_section(title, lines) for title, lines in sections if lines).rstrip("\n")


def correlation_table(fit: KnownForm) -> list[str]:
    """The correlation matrix below its diagonal; empty for a single constant."""
    names = list(fit.values)
    if len(names) < 2:
        return []
    correlation = fit.correlation
    width = max(7, *(len(name) for name in names))
    first = max(len(name) for name in names)
    lines = [" ".join([" " * first, *(f"{name:>{width}}" for name in names)])]
    for i, name in enumerate(names):
        cells = [f"{_number(correlation[i, j]):>{width}}" for j in range(i + 1)]
        lines.append(" ".join([f"{name:<{first}}", *cells]))
    return lines


def _number(correlation: float) -> str:
    if not math.isfinite(correlation):
        return "-"
    # 0.99999 matters: rounded to 1.000 it would hide that two constants can hardly be told apart.
    return f"{correlation:.3f}" if abs(correlation) <= 0.999 or correlation == 1.0 else f"{correlation:.6f}"


def _section(title: str, lines: list[str]) -> str:
    if not title:
        return "\n".join(lines) + "\n"
    return "\n".join([title, *(f"  {line}" for line in lines)]) + "\n"


def _constants(fit: KnownForm) -> list[str]:
    lines = [constant_line(constant) for constant in fit.formula.constants]
    lines += [f"{part.text} = {with_error(part.value, part.error)}" for part in fit.determined]
    return lines


def _intervals(fit: KnownForm, intervals: Intervals) -> list[str]:
    lines = []
    fixed = {one.name for one in fit.formula.constants if one.held == "fixed"}
    for name, (low, high) in intervals.items():
        if name in fixed:
            continue
        value = fit.values[name]
        apart = f"  ({_difference(low - value)}, {_difference(high - value)})"
        lines.append(f"{name}: {low:.6g} to {high:.6g}{apart}")
    return lines + note_lines(intervals.notes)


def _difference(number: float) -> str:
    return f"{number:+.3g}" if math.isfinite(number) else "no bound"


def _outliers(fit: KnownForm) -> list[str]:
    names = list(fit.formula.variables)
    lines = []
    for outlier in fit.outliers[:SHOWN]:
        place = ", ".join(f"{name}={x:g}" for name, x in zip(names, fit.problem.X[outlier.row], strict=True))
        weight = "" if fit.weights is None else f", weight {fit.weights[outlier.row]:.2g}"
        distance = f"residual {outlier.residual:.3g}, {outlier.sigmas:+.3g} standard errors"
        lines.append(f"row {outlier.row} ({place}): {distance}{weight}")
    if len(fit.outliers) > SHOWN:
        lines.append(f"and {len(fit.outliers) - SHOWN} more")
    return lines


def _agreement(fit: KnownForm) -> list[str]:
    n, unit = len(fit.residuals), after_number(fit.problem.y_units)
    rms = float(np.sqrt(np.mean(fit.residuals**2)))
    lines = [
        f"{n} rows, {fit.ndf} degrees of freedom",
        f"RMS residual {rms:.3g}{unit}; residual sum of squares {fit.rss:.6g}",
    ]
    if fit.ndf > 0 and fit.chi2 is None:
        lines.append(f"residual standard deviation {fit.residual_sd:.4g}")
    if fit.chi2 is not None:
        per = f" = {fit.chi2 / fit.ndf:.3g} per degree of freedom" if fit.ndf > 0 else ""
        lines.append(f"chi-squared {fit.chi2:.4g} / {fit.ndf}{per}")
    if fit.p_value is not None:
        lines.append(f"p-value {fit.p_value:.3g}")
    return lines
