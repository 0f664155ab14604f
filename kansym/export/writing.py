"""What all source files share: comments, docstrings and lines of bearable length."""

import re
import textwrap
from collections.abc import Iterable, Sequence

from kansym.export.program import Argument, FittedConstant, Program
from kansym.numbers import measured
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


def folded(expression: str, indent: str, *, first: int = 0) -> list[str]:
    """A long expression in several lines, broken at spaces.

    Parameters
    ----------
    expression : str
    indent : str
        Of the lines.
    first : int, default 0
        Characters that stand before the first line.
    """
    if len(indent) + first + len(expression) <= WIDTH:
        return [indent + expression]
    return textwrap.wrap(
        expression, WIDTH, initial_indent=indent, subsequent_indent=indent, break_long_words=False,
        break_on_hyphens=False,
    )  # fmt: skip


def with_unit(name: str, unit: str | None) -> str:
    """``wavenumber [1/cm]``."""
    return f"{name} [{unit}]" if unit not in (None, "", "1") else name


def value_and_unit(constant: FittedConstant) -> str:
    """``39.7293(17) cm^3 MJy/sr``, for a comment."""
    one = constant.constant
    unit = after_number(one.unit)
    remark = "" if one.error else ", exact" if one.snapped else ", error unknown"
    return one_line(f"{measured(one.value, one.error)}{unit}{remark}")


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
