"""Formulas as JavaScript, for browsers and node."""

from collections.abc import Sequence

from kansym.export.dialect import Dialect, ExportError, SourcePrinter, Template
from kansym.export.identifiers import namer, words
from kansym.export.program import Program
from kansym.export.sources import source
from kansym.export.writing import argument_line, commented, folded, header, one_line, value_and_unit, with_unit

SUFFIX = ".js"

_MATH = {
    **{name: name for name in ("exp", "log", "sin", "cos", "tan", "asin", "acos", "atan", "atan2", "sinh", "cosh")},
    **{name: name for name in ("tanh", "asinh", "acosh", "atanh", "sqrt", "pow", "sign")},
    "Abs": "abs",
    "Expm1": "expm1",
    "Log1p": "log1p",
    "Cbrt": "cbrt",
}
_HELPERS = {
    "sinc": "sinc.js", "heaviside": "heaviside.js", "logExpSum": "log_exp_sum.js", "logExpm1": "log_expm1.js",
    "airyAi": "airy_ai.js", "besselJ": "bessel_j.js", "logGamma": "log_gamma.js", "gamma": "gamma.js", "erf": "erf.js",
    "erfc": "erfc.js",
}  # fmt: skip


def bessel(language: str, name: str) -> Template:
    """A template of Bessel functions that are known for the orders 0 and 1."""

    def call(order: str, x: str) -> str:
        if order not in ("0", "1"):
            raise ExportError(
                f"formula: kansym writes Bessel functions of the orders 0 and 1 only for {language}, got besselj of "
                f"order {order}; export to python, c, fortran, julia or mathematica"
            )
        return f"{name}({order}, {x})"

    return call


DIALECT = Dialect(
    language="JavaScript",
    functions={
        **{name: f"Math.{function}" for name, function in _MATH.items()},
        "sinc": "sinc",
        "Heaviside": lambda x, at_zero="0.5": f"heaviside({x}, {at_zero})",
        "LogExpSum": "logExpSum",
        "LogExpm1": "logExpm1",
        "airyai": "airyAi",
        "besselj": bessel("JavaScript", "besselJ"),
        "gamma": "gamma",
        "loggamma": "logGamma",
        # Each needs the other.
        "erf": lambda x: f"erf({x})",
        "erfc": lambda x: f"erfc({x})",
    },
    number=repr,
    power="",
    helpers={name: source(file) for name, file in _HELPERS.items()},
)

RESERVED = (
    *words("break case catch class const continue debugger default delete do else enum export extends false finally"),
    *words("for function if implements import in instanceof interface let new null package private protected public"),
    *words("return static super switch this throw true try typeof var void while with yield await async of"),
    *words("arguments eval Math Number NaN Infinity undefined module exports require window document globalThis"),
    *words("Object Array String Boolean Symbol Function Date JSON Promise Proxy Map Set Intl constants"),
    *_HELPERS,
)  # fmt: skip

identify = namer(RESERVED)


def write(program: Program, text: str, made: Sequence[str]) -> str:
    """A file with one function of numbers; a script of a page, or a module of node."""
    printer = SourcePrinter(DIALECT)
    body = printer.doprint(program.body)
    lines = [*commented(header(program, text, made), "//"), "", '"use strict";', ""]
    helpers = printer.helpers
    if any(name in printer.used or f"{name}(" in body for name in ("erf", "erfc")):
        helpers = [one for one in helpers if one not in (source("erf.js"), source("erfc.js"))]
        helpers += [source("erf.js"), source("erfc.js")]
    for helper in helpers:
        lines += [helper, ""]
    lines.append("/**")
    for argument in program.arguments:
        name, _, column = argument_line(argument).partition(": ")
        lines.append(_plain(f" * @param {{number}} {name}{' - ' if column else ''}{column}"))
    lines += [f" * @returns {{number}} {_plain(with_unit(one_line(program.target), program.unit))}", " */"]
    lines.append(f"function {program.name}({', '.join(argument.identifier for argument in program.arguments)}) {{")
    lines += [
        f"  const {one.identifier} = {one.constant.value!r}; // {value_and_unit(one)}" for one in program.constants
    ]
    returned = folded(body, "    ", first=len("return ;"))
    lines += [f"  return {returned[0].strip()};"] if len(returned) == 1 else ["  return (", *returned, "  );"]
    lines += ["}", "", 'if (typeof module !== "undefined") {', f"  module.exports = {{ {program.name} }};", "}", ""]
    return "\n".join(lines)


def _plain(text: str) -> str:
    return text.replace("*/", "* /")
