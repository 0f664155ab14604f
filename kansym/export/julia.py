"""Formulas as Julia."""

from collections.abc import Sequence

from sympy.printing.julia import JuliaCodePrinter

from kansym.export.languages import CodeLanguage
from kansym.export.printer import SourcePrinter
from kansym.export.program import Program
from kansym.export.writing import commented, returned, value_and_unit

SPECIAL = frozenset(
    {"erf", "erfc", "gamma", "loggamma", "besselj", "bessely", "besseli", "besselk", "airyai", "airybi"}
)
"""Functions of the package SpecialFunctions."""


class JuliaPrinter(SourcePrinter, JuliaCodePrinter):
    """For numbers: sympy's own printer writes ``.*`` and ``.^`` of arrays."""

    functions = {
        "atan2": "atan", "expm1": "expm1", "log1p": "log1p", "Cbrt": "cbrt", "sinc": "sinc_of", "loggamma": "loggamma",
        "LogExpSum": "log_exp_sum", "LogExpm1": "log_expm1", "Heaviside": "heaviside", "LambertW": "lambertw",
    }  # fmt: skip
    power = "^"
    definitions = "functions.jl"


class Julia(CodeLanguage):
    """A file with one function of numbers; arrays go through it with a dot, ``f.(x)``."""

    title = "Julia"
    suffix = ".jl"
    printer = JuliaPrinter
    keywords = (
        "baremodule begin break catch const continue do else elseif end export false finally for function global "
        "if import let local macro module public quote return struct true try using while in isa where type "
        "abstract mutable primitive pi im NaN Inf e float one iszero isnan max min"
    )

    def lines(self, program: Program, code: str, printer: SourcePrinter, head: Sequence[str]) -> list[str]:
        """The lines of a file."""
        lines = [*commented(head, "#"), ""]
        if printer.called & SPECIAL:
            lines += ["using SpecialFunctions", ""]
        if "lambertw" in printer.called:
            lines += ["using LambertW", ""]
        for helper in printer.helpers:
            lines += [helper, ""]
        arguments = ", ".join(argument.identifier for argument in program.arguments)
        keywords = ", ".join(f"{one.identifier} = {one.constant.value!r}" for one in program.constants)
        lines += commented((f"{one.identifier}: {value_and_unit(one)}" for one in program.constants), "#")
        lines.append(f"function {program.name}({arguments}{'; ' if keywords else ''}{keywords})")
        return [*lines, *returned(code, "    "), "end"]


LANGUAGE = Julia()
