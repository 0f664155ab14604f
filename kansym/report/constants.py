"""A constant as reports show it, and lines of text that all reports have."""

import textwrap
from collections.abc import Iterable
from dataclasses import dataclass

from kansym.numbers import is_rounding, measured, with_error
from kansym.symbolic.formula import Constant, Formula
from kansym.units.naming import reduced
from kansym.units.words import after_number

WIDTH = 100
"""Columns that prose is wrapped to; formulas are never broken, so that they can be copied."""


@dataclass(frozen=True)
class ConstantValues:
    """A constant of a formula.

    Attributes
    ----------
    name : str
    short : str
        Rounded by the rule of the Particle Data Group, ``9.812(20)``, or the number that it was snapped to.
    full : str
        ``9.812 ± 0.020``, or the number that it was snapped to.
    unit : str
        Empty for a pure number.
    converted : str
        The value in a unit without a number in it and in which nothing cancels, for units such as ``1000 m`` and
        ``cm/mm``; else empty.
    remark : str
        How its error is to be understood, and the simple number that it is near to; empty where it is a plain standard
        error.
    known : bool
        Whether it has a standard error: it was fitted, and the data determine it.
    weak : bool
        Whether the error is larger than the value.
    suggestions : tuple of str
        Known constants that it may be.
    """

    name: str
    short: str
    full: str
    unit: str
    converted: str
    remark: str
    known: bool
    weak: bool
    suggestions: tuple[str, ...]

    @classmethod
    def of(cls, constant: Constant) -> "ConstantValues":
        value, error, unit = constant.value, constant.error, constant.unit
        snapped = constant.snapped is not None
        fitted = f"; {measured(constant.fitted, error)} was fitted" if constant.fitted is not None else ""
        converted = ""
        factor, plain = reduced(unit) if unit and not snapped else (1.0, unit)
        if plain != unit:
            scaled = None if error is None else factor * error
            # A pure number is written as the literature does, with its error in brackets.
            written = measured(factor * value, scaled) if plain == "1" else with_error(factor * value, scaled)
            converted = f"{written}{after_number(plain)}"
        rounding = error is not None and is_rounding(value, error)
        remark = "exact to rounding" if rounding else "standard error unknown" if error is None else ""
        if constant.near is not None and not rounding:
            remark = f"{constant.deviation:.1f} errors from {constant.near}"
        if constant.held is not None:
            remark = {"bound": "at its bound", "fixed": "fixed"}[constant.held]
        if snapped:
            remark = f"taken as exact{fitted}"
        return cls(
            name=constant.name,
            short=constant.snapped or measured(value, error),
            full=constant.snapped or with_error(value, error),
            unit=after_number(unit).strip(),
            converted=converted,
            remark=remark,
            known=not snapped and error is not None,
            weak=not snapped and not rounding and error is not None and error > abs(value),
            suggestions=tuple(f"may be {words}" for words in constant.suggestions),
        )

    @property
    def long(self) -> str:
        """The full value, for a column beside the short one; empty where it says no more."""
        return self.full if self.known and self.full != self.short else ""

    @property
    def remarks(self) -> list[str]:
        """All remarks on the constant."""
        weak = ["the error is larger than the value"] if self.weak else []
        converted = [f"that is {self.converted}"] if self.converted else []
        return [*converted, *([self.remark] if self.remark else weak), *self.suggestions]


def constants_of(formula: Formula) -> list[ConstantValues]:
    """The constants of a formula."""
    return [ConstantValues.of(constant) for constant in formula.constants]


def constant_line(constant: Constant) -> str:
    """``c0 = 9.812 ± 0.020 m/s^2``, with its remarks."""
    shown = ConstantValues.of(constant)
    line = f"{shown.name} = {shown.full}{after_number(constant.unit)}"
    if shown.converted:
        line += f", which is {shown.converted}"
    return f"{line}  ({shown.remark})" if shown.remark else line


def note_lines(notes: Iterable[str]) -> list[str]:
    """Notes as a list, wrapped."""
    lines = []
    for note in notes:
        lines += textwrap.wrap(note, WIDTH - 4, initial_indent="- ", subsequent_indent="  ")
    return lines
