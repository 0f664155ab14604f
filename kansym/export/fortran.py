"""Formulas as Fortran 2008."""

import textwrap
from collections.abc import Sequence

import sympy
from sympy.printing.fortran import FCodePrinter

from kansym.export.languages import CodeLanguage
from kansym.export.printer import SourcePrinter
from kansym.export.program import Program
from kansym.export.writing import argument_line, commented, one_line, value_and_unit, with_unit

LONGEST_LINE = 110
"""Characters of a line of code; the standard allows 132."""


class FortranPrinter(SourcePrinter, FCodePrinter):
    """Numbers are doubles, whole ones too: 1/2 would be 0."""

    functions = {
        "sqrt": "sqrt", "sign": "signum", "asinh": "asinh", "acosh": "acosh", "atanh": "atanh", "Cbrt": "cbrt",
        "expm1": "expm1", "log1p": "log1p", "LogExpSum": "log_exp_sum", "LogExpm1": "log_expm1", "sinc": "sinc",
        "Heaviside": "heaviside", "erfc": "erfc", "gamma": "gamma", "loggamma": "log_gamma", "airyai": "airy_ai",
        "besselj": "bessel_jn", "bessely": "bessel_yn",
    }  # fmt: skip
    power = "**"
    orders = sympy.S.Integers
    definitions = "functions.f90"

    def number(self, value: float) -> str:
        """``1.6e-19_dp``."""
        return f"{value!r}_dp"

    def integer(self, value: int) -> str:
        """``2.0_dp``."""
        return self.number(float(value))


class Fortran(CodeLanguage):
    """A module with one elemental function in double precision."""

    title = "Fortran"
    suffix = ".f90"
    printer = FortranPrinter
    keywords = (
        "module implicit none private public contains elemental pure function result real integer kind dp "
        "parameter intent in if else then do end call program subroutine return stop use sign merge mod max min "
        "int nint floor ceiling value formula_value"
    )
    fold_case = True
    longest_name = 52

    def lines(self, program: Program, code: str, printer: SourcePrinter, head: Sequence[str]) -> list[str]:
        """The lines of a file."""
        names = [argument.identifier for argument in program.arguments]
        lines = [
            *commented(head, "!"),
            "",
            f"module {program.name}_formula",
            "  implicit none",
            "  private",
            f"  public :: {program.name}",
            "  integer, parameter :: dp = kind(1.0d0)",
            "contains",
            "",
            *commented([with_unit(one_line(program.target), program.unit)], "  !>"),
        ]
        kind = "elemental pure function" if names else "pure function"
        lines += _continued(f"{kind} {program.name}({', '.join(names)}) result(formula_value)", "  ")
        for argument in program.arguments:
            remark = argument_line(argument).removeprefix(f"{argument.identifier}: ").removeprefix(argument.identifier)
            lines.append(f"    real(dp), intent(in) :: {argument.identifier}{f' ! {remark}' if remark else ''}"[:130])
        lines.append("    real(dp) :: formula_value")
        for one in program.constants:
            declared = f"    real(dp), parameter :: {one.identifier} = {one.constant.value!r}_dp"
            lines.append(f"{declared} ! {value_and_unit(one)}"[:130])
        lines += _continued(f"formula_value = {code}", "    ")
        lines += [f"  end function {program.name}", ""]
        for helper in printer.helpers:
            lines += [helper, ""]
        return [*lines, f"end module {program.name}_formula"]


def _continued(statement: str, indent: str) -> list[str]:
    """A statement in lines that end with ``&``; where there is no space to break at, inside a word."""
    lines = textwrap.wrap(
        statement, LONGEST_LINE, initial_indent=indent, subsequent_indent=f"{indent}  &", break_on_hyphens=False
    )
    return [f"{line} &" if not line.endswith("&") and line is not lines[-1] else line for line in lines]


LANGUAGE = Fortran()
