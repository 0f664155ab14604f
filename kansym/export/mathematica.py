"""Formulas as Wolfram Language."""

from collections.abc import Sequence

from kansym.export.dialect import Dialect, SourcePrinter
from kansym.export.identifiers import namer, without_underscores, words
from kansym.export.program import Program
from kansym.export.writing import commented, folded, header, value_and_unit

SUFFIX = ".wl"

_FUNCTIONS = {
    "exp": "Exp", "log": "Log", "sin": "Sin", "cos": "Cos", "tan": "Tan", "asin": "ArcSin", "acos": "ArcCos",
    "atan": "ArcTan", "sinh": "Sinh", "cosh": "Cosh", "tanh": "Tanh", "asinh": "ArcSinh", "acosh": "ArcCosh",
    "atanh": "ArcTanh", "sqrt": "Sqrt", "Abs": "Abs", "sign": "Sign", "Cbrt": "CubeRoot", "erf": "Erf", "erfc": "Erfc",
    "gamma": "Gamma", "loggamma": "LogGamma", "besselj": "BesselJ", "bessely": "BesselY", "besseli": "BesselI",
    "besselk": "BesselK", "airyai": "AiryAi", "airybi": "AiryBi", "sinc": "Sinc",
}  # fmt: skip


def number(value: float) -> str:
    """A machine number: without the mark, one of 17 digits would have a precision of its own."""
    mantissa, _, exponent = repr(value).partition("e")
    return f"{mantissa}`" + (f"*^{int(exponent)}" if exponent else "")


DIALECT = Dialect(
    language="Mathematica",
    functions={
        **_FUNCTIONS,
        "atan2": lambda y, x: f"ArcTan[{x}, {y}]",
        "Expm1": lambda x: f"(2*Exp[({x})/2]*Sinh[({x})/2])",
        "Log1p": lambda x: f"(2*ArcTanh[({x})/(2 + ({x}))])",
        "LogExpSum": lambda u, c: f"Log[Abs[Exp[{u}] + {c}]]",
        "LogExpm1": lambda u: f"Log[Abs[2*Exp[({u})/2]*Sinh[({u})/2]]]",
        "Heaviside": lambda x, at_zero="1/2": f"Piecewise[{{{{0, {x} < 0}}, {{1, {x} > 0}}}}, {at_zero}]",
        "LambertW": lambda x, branch="0": f"ProductLog[{x}]" if branch == "0" else f"ProductLog[{branch}, {x}]",
    },
    number=number,
    power="^",
    # Exact, however long.
    integer=str,
    call=("[", "]"),
)

RESERVED = (*words("C D E I K N O Pi With Piecewise"), *_FUNCTIONS.values())

identify = without_underscores(namer(RESERVED), RESERVED)


def write(program: Program, text: str, made: Sequence[str]) -> str:
    """A definition of one function; numbers and lists go through it."""
    printer = SourcePrinter(DIALECT)
    body = printer.doprint(program.body)
    comments = commented(header(program, text, made), " ")
    lines = [f"(*{_plain(line)} *)" if line.strip() else "" for line in comments]
    patterns = ", ".join(f"{argument.identifier}_" for argument in program.arguments)
    lines += ["", f"{program.name}[{patterns}] := With["]
    constants = [f"    {one.identifier} = {number(one.constant.value)}" for one in program.constants]
    remarks = [f" (* {_plain(value_and_unit(one))} *)" for one in program.constants]
    if not constants:
        lines.append("  {},")
    else:
        lines.append("  {")
        last = len(constants) - 1
        for k, (constant, remark) in enumerate(zip(constants, remarks, strict=True)):
            lines.append(f"{constant}{',' if k < last else ''}{remark}")
        lines.append("  },")
    lines += folded(body, "  ")
    return "\n".join([*lines, "]", ""])


def _plain(text: str) -> str:
    return text.replace("(*", "( *").replace("*)", "* )")
