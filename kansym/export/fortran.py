"""Formulas as Fortran 2008."""

import textwrap
from collections.abc import Sequence

from kansym.export.dialect import Dialect, SourcePrinter, Template
from kansym.export.identifiers import namer, words
from kansym.export.program import Program
from kansym.export.sources import source
from kansym.export.writing import argument_line, commented, header, one_line, value_and_unit, with_unit

SUFFIX = ".f90"

LONGEST_LINE = 110
"""Characters of a line of code; the standard allows 132."""

_SAME = (
    "exp", "log", "sin", "cos", "tan", "asin", "acos", "atan", "atan2", "sinh", "cosh", "tanh", "asinh", "acosh",
    "atanh", "sqrt", "erf", "erfc", "gamma", "sinc",
)  # fmt: skip

_HELPERS = {
    "cbrt": "cbrt.f90", "signum": "signum.f90", "sinc": "sinc.f90", "heaviside": "heaviside.f90",
    "log_exp_sum": "log_exp_sum.f90", "log_expm1": "log_expm1.f90", "expm1": "expm1.f90", "log1p": "log1p.f90",
    "airy_ai": "airy_ai.f90",
}  # fmt: skip


def number(value: float) -> str:
    """``1.0_dp``, ``1.6e-19_dp``."""
    return f"{value!r}_dp"


def _whole_order(name: str) -> Template:
    return lambda order, x: f"{name}({order.removesuffix('.0_dp')}, {x})"


DIALECT = Dialect(
    language="Fortran",
    functions={
        **{name: name for name in _SAME},
        "Abs": "abs",
        "sign": "signum",
        "Cbrt": "cbrt",
        "Expm1": "expm1",
        "Log1p": "log1p",
        "loggamma": "log_gamma",
        "LogExpSum": "log_exp_sum",
        "LogExpm1": "log_expm1",
        "Heaviside": lambda x, at_zero="0.5_dp": f"heaviside({x}, {at_zero})",
        "besselj": _whole_order("bessel_jn"),
        "bessely": _whole_order("bessel_yn"),
        "airyai": "airy_ai",
    },
    number=number,
    power="**",
    integer=lambda value: number(float(value)),
    helpers={name: source(file) for name, file in _HELPERS.items()},
)

RESERVED = (
    *_SAME, *_HELPERS, *words("abs sign log_gamma bessel_jn bessel_yn dp real integer kind result function module"),
    *words("end implicit none private public elemental pure contains parameter intent in if else then do merge mod"),
    *words("max min use value formula_value call program subroutine return stop int nint floor ceiling"),
)  # fmt: skip

identify = namer(RESERVED, fold_case=True, longest=52)


def write(program: Program, text: str, made: Sequence[str]) -> str:
    """A module with one elemental function in double precision."""
    printer = SourcePrinter(DIALECT)
    body = printer.doprint(program.body)
    if "log_expm1" in printer.used:
        printer.used.add("expm1")
    names = [argument.identifier for argument in program.arguments]
    lines = [
        *commented(header(program, text, made), "!"),
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
    elemental = "elemental pure function" if names else "pure function"
    lines += _continued(f"{elemental} {program.name}({', '.join(names)}) result(formula_value)", "  ")
    for argument in program.arguments:
        remark = argument_line(argument).removeprefix(f"{argument.identifier}: ").removeprefix(argument.identifier)
        lines.append(f"    real(dp), intent(in) :: {argument.identifier}{f' ! {remark}' if remark else ''}"[:130])
    lines.append("    real(dp) :: formula_value")
    for one in program.constants:
        declared = f"    real(dp), parameter :: {one.identifier} = {number(one.constant.value)}"
        lines.append(f"{declared} ! {value_and_unit(one)}"[:130])
    lines += _continued(f"formula_value = {body}", "    ")
    lines += [f"  end function {program.name}", ""]
    for helper in printer.helpers:
        lines += [helper, ""]
    return "\n".join([*lines, f"end module {program.name}_formula", ""])


def _continued(statement: str, indent: str) -> list[str]:
    """A statement in lines that end with ``&``; where there is no space to break at, inside a word."""
    lines = textwrap.wrap(
        statement, LONGEST_LINE, initial_indent=indent, subsequent_indent=f"{indent}  &", break_on_hyphens=False
    )
    return [f"{line} &" if not line.endswith("&") and line is not lines[-1] else line for line in lines]
