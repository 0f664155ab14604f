"""Formulas as JavaScript, for browsers and node."""

from collections.abc import Sequence

import sympy
from sympy.printing.jscode import JavascriptCodePrinter

from kansym.export.languages import CodeLanguage
from kansym.export.printer import SourcePrinter
from kansym.export.program import Program
from kansym.export.writing import argument_line, commented, one_line, returned, value_and_unit, with_unit


class JavaScriptPrinter(SourcePrinter, JavascriptCodePrinter):
    """What is not in ``Math`` is defined in the file."""

    functions = {
        "sqrt": "Math.sqrt", "pow": "Math.pow", "Cbrt": "Math.cbrt", "expm1": "Math.expm1", "log1p": "Math.log1p",
        "LogExpSum": "logExpSum", "LogExpm1": "logExpm1", "sinc": "sinc", "Heaviside": "heaviside", "erf": "erf",
        "erfc": "erfc", "gamma": "gamma", "loggamma": "logGamma", "airyai": "airyAi", "besselj": "besselJ",
    }  # fmt: skip
    orders = sympy.FiniteSet(0, 1)
    definitions = "functions.js"


class JavaScript(CodeLanguage):
    """A file with one function of numbers; a script of a page, or a module of node."""

    title = "JavaScript"
    suffix = ".js"
    printer = JavaScriptPrinter
    keywords = (
        "break case catch class const continue debugger default delete do else enum export extends false finally "
        "for function if implements import in instanceof interface let new null package private protected public "
        "return static super switch this throw true try typeof var void while with yield await async of arguments "
        "eval Math Number NaN Infinity undefined module exports require window document globalThis Object Array "
        "String Boolean Symbol Function Date JSON Promise Proxy Map Set Intl constants"
    )

    def lines(self, program: Program, code: str, printer: SourcePrinter, head: Sequence[str]) -> list[str]:
        """The lines of a file."""
        lines = [*commented(head, "//"), "", '"use strict";', ""]
        for helper in printer.helpers:
            lines += [helper, ""]
        documented = []
        for argument in program.arguments:
            name, _, column = argument_line(argument).partition(": ")
            documented.append(f" * @param {{number}} {name}{' - ' if column else ''}{column}")
        documented.append(f" * @returns {{number}} {with_unit(one_line(program.target), program.unit)}")
        lines += ["/**", *(line.replace("*/", "* /") for line in documented), " */"]
        lines.append(f"function {program.name}({', '.join(argument.identifier for argument in program.arguments)}) {{")
        for one in program.constants:
            lines.append(f"  const {one.identifier} = {one.constant.value!r}; // {value_and_unit(one)}")
        lines += [*returned(code, "  ", end=";"), "}", ""]
        return [*lines, 'if (typeof module !== "undefined") {', f"  module.exports = {{ {program.name} }};", "}"]


LANGUAGE = JavaScript()
