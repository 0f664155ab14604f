"""Formulas as Julia."""

from collections.abc import Sequence

from kansym.export.dialect import Dialect, SourcePrinter
from kansym.export.identifiers import namer, words
from kansym.export.program import Program
from kansym.export.sources import source
from kansym.export.writing import commented, folded, header, value_and_unit

SUFFIX = ".jl"

_SAME = (
    "exp", "log", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh",
    "sqrt", "sign",
)  # fmt: skip
_SPECIAL = ("erf", "erfc", "gamma", "loggamma", "besselj", "bessely", "besseli", "besselk", "airyai", "airybi")
_HELPERS = {
    "log_exp_sum": "log_exp_sum.jl", "log_expm1": "log_expm1.jl", "heaviside": "heaviside.jl", "sinc_of": "sinc_of.jl",
}  # fmt: skip

DIALECT = Dialect(
    language="Julia",
    functions={
        **{name: name for name in (*_SAME, *_SPECIAL)},
        "Abs": "abs",
        "atan2": "atan",
        "Expm1": "expm1",
        "Log1p": "log1p",
        "Cbrt": "cbrt",
        "sinc": "sinc_of",
        "LogExpSum": "log_exp_sum",
        "LogExpm1": "log_expm1",
        "Heaviside": lambda x, at_zero="0.5": f"heaviside({x}, {at_zero})",
        "LambertW": lambda x, branch="0": f"lambertw({x}, {branch})",
    },
    number=repr,
    power="^",
    helpers={name: source(file) for name, file in _HELPERS.items()},
)

RESERVED = (
    *words("baremodule begin break catch const continue do else elseif end export false finally for function global"),
    *words("if import let local macro module public quote return struct true try using while in isa where type"),
    *words("abstract mutable primitive pi im NaN Inf e abs expm1 log1p cbrt lambertw float one iszero isnan max min"),
    *_SAME, *_SPECIAL, *_HELPERS,
)  # fmt: skip

identify = namer(RESERVED)


def write(program: Program, text: str, made: Sequence[str]) -> str:
    """A file with one function of numbers; arrays go through it with a dot, ``f.(x)``."""
    printer = SourcePrinter(DIALECT)
    body = printer.doprint(program.body)
    lines = [*commented(header(program, text, made), "#"), ""]
    if printer.used & set(_SPECIAL):
        lines += ["using SpecialFunctions", ""]
    if "lambertw(" in body:
        lines += ["using LambertW", ""]
    for helper in printer.helpers:
        lines += [helper, ""]
    arguments = ", ".join(argument.identifier for argument in program.arguments)
    keywords = ", ".join(f"{one.identifier} = {one.constant.value!r}" for one in program.constants)
    lines += commented((f"{one.identifier}: {value_and_unit(one)}" for one in program.constants), "#")
    lines.append(f"function {program.name}({arguments}{'; ' if keywords else ''}{keywords})")
    returned = folded(body, "        ", first=len("return "))
    lines += [f"    return {returned[0].strip()}"] if len(returned) == 1 else ["    return (", *returned, "    )"]
    return "\n".join([*lines, "end", ""])
