"""What exported files share: what they say about a formula and where it comes from, comments, lines to be read."""

import re
import textwrap
from collections.abc import Iterable, Mapping, Sequence

from kansym._version import __version__
from kansym.export.program import Argument, FittedConstant, Program
from kansym.numbers import measured
from kansym.run.finished import FinishedRun
from kansym.run.summary import RunSummary
from kansym.symbolic.formula import Formula
from kansym.units.words import after_number

WIDTH = 100
"""Columns of comments and code."""


def one_line(text: str) -> str:
    """Text without line breaks and control characters: names of columns may hold anything."""
    return re.sub(r"[\s\x00-\x1f\x7f-\x9f\u2028\u2029]+", " ", text).strip()


def commented(lines: Iterable[str], mark: str) -> list[str]:
    """Lines as comments that begin with `mark` and end with the line."""
    result = []
    for line in lines:
        indent = " " * (len(line) - len(line.lstrip()))
        pieces = textwrap.wrap(
            one_line(line), WIDTH - len(mark), initial_indent=indent, subsequent_indent=f"{indent}  "
        )
        for piece in pieces or [""]:
            # A backslash at the end, or its trigraph, would join the next line in C.
            ending = " ." if piece.endswith(("\\", "??/")) else ""
            result.append(f"{mark} {piece}{ending}".rstrip())
    return result


def returned(code: str, indent: str, *, end: str = "") -> list[str]:
    """The statement that returns an expression; a long one in parentheses and several lines.

    Parameters
    ----------
    code : str
    indent : str
        Of the statement, that of a function's body; what is in parentheses has twice as much.
    end : str, default ""
        What ends a statement.
    """
    body = folded(code, indent + indent)
    if len(body) == 1:
        return [f"{indent}return {code}{end}"]
    return [f"{indent}return (", *body, f"{indent}){end}"]


def folded(code: str, indent: str) -> list[str]:
    """An expression in lines that are not too long, where there are spaces to break it at."""
    return textwrap.wrap(
        code, WIDTH, initial_indent=indent, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


def with_unit(name: str, unit: str | None) -> str:
    """``wavenumber [1/cm]``."""
    return f"{name} [{unit}]" if unit not in (None, "", "1") else name


def value_and_unit(constant: FittedConstant) -> str:
    """``39.7293(17) cm^3 MJy/sr``, for a comment."""
    one = constant.constant
    unit = after_number(one.unit)
    remark = ", exact" if one.snapped else "" if one.error else ", error unknown"
    return one_line(f"{measured(one.value, None if one.snapped else one.error)}{unit}{remark}")


def argument_line(argument: Argument) -> str:
    """The column behind an argument."""
    shown = with_unit(one_line(argument.name), argument.unit)
    if argument.name == argument.identifier:
        return shown.replace(f"{argument.identifier} ", f"{argument.identifier}: ", 1)
    return f"{argument.identifier}: {shown}"


def header(program: Program, text: str, made: Sequence[str]) -> list[str]:
    """What stands on top of a file, as lines of plain text.

    Parameters
    ----------
    program : Program
    text : str
        The formula.
    made : sequence of str
        How it was found.
    """
    lines = [one_line(text), ""]
    lines.append(f"Returns {with_unit(one_line(program.target), program.unit)}.")
    if program.arguments:
        lines += ["Arguments:", *(f"  {argument_line(argument)}" for argument in program.arguments)]
    if program.constants:
        known = any(one.constant.error for one in program.constants)
        lines.append(f"Constants{', standard errors in units of the last digits' if known else ''}:")
        lines += [f"  {c.identifier} = {value_and_unit(c)}" for c in program.constants]
    return [*lines, "", *made]


def summary_of(run: RunSummary | FinishedRun | None) -> RunSummary | None:
    """The summary of a run."""
    return run.summary if isinstance(run, FinishedRun) else run


def units_of(run: RunSummary | FinishedRun | None) -> Mapping[str, str | None]:
    """Units of columns and target by name; empty without a run."""
    summary = summary_of(run)
    if summary is None:
        return {}
    return {**dict(zip(summary.names, summary.units, strict=False)), summary.target: summary.y_units}


def made_by(run: RunSummary | FinishedRun | None, formula: Formula) -> list[str]:
    """Version, command, table and verdict, one line each; the verdict is that of the pick."""
    summary = summary_of(run)
    if summary is None:
        return [f"Written by kansym {__version__}."]
    lines = [f"Found by kansym {summary.versions.get('kansym', __version__)} on {summary.created[:10]}."]
    if summary.command:
        lines.append(f"Command: {summary.command}")
    seed = "" if summary.seed is None else f", seed {summary.seed}"
    lines.append(f"Table: {summary.rows} rows{seed}, sha256 {summary.data_sha256[:16]}.")
    if summary.certificate is not None and formula.expression == summary.formula.expression:
        lines.append(f"Verdict: {summary.certificate.verdict.kind}.")
    return lines
