"""Formulas as Wolfram Language."""

import re
from collections.abc import Mapping, Sequence

from sympy.printing.mathematica import MCodePrinter

from kansym.export.languages import CodeLanguage
from kansym.export.printer import SourcePrinter
from kansym.export.program import Program
from kansym.export.writing import commented, folded, value_and_unit


def number(value: float) -> str:
    """A machine number: without the mark, one of 17 digits would have a precision of its own."""
    mantissa, _, exponent = repr(value).partition("e")
    return f"{mantissa}`" + (f"*^{int(exponent)}" if exponent else "")


class MathematicaPrinter(SourcePrinter, MCodePrinter):
    """Whole numbers are exact, others machine numbers."""

    functions = {
        "Abs": "Abs", "sign": "Sign", "Cbrt": "CubeRoot",
        "expm1": lambda x: f"(2*Exp[({x})/2]*Sinh[({x})/2])",
        "log1p": lambda x: f"(2*ArcTanh[({x})/(2 + ({x}))])",
        "LogExpSum": lambda u, c: f"Log[Abs[Exp[{u}] + {c}]]",
        "LogExpm1": lambda u: f"Log[Abs[2*Exp[({u})/2]*Sinh[({u})/2]]]",
        "Heaviside": lambda x, at_zero: f"Piecewise[{{{{0, {x} < 0}}, {{1, {x} > 0}}}}, {at_zero}]",
        "atan2": lambda y, x: f"ArcTan[{x}, {y}]",
        "LambertW": lambda x, *branch: f"ProductLog[{', '.join([*branch, x])}]",
    }  # fmt: skip
    power = "^"
    brackets = "[]"

    def number(self, value: float) -> str:
        """``1.5`*^-19``."""
        return number(value)

    def integer(self, value: int) -> str:
        """Exact, however long."""
        return str(value)


class Mathematica(CodeLanguage):
    """A definition of one function; numbers and lists go through it."""

    title = "Mathematica"
    suffix = ".wl"
    printer = MathematicaPrinter
    keywords = "C D E I K N O Pi With Piecewise"

    def identify(self, names: Sequence[str]) -> Mapping[str, str]:
        """Identifiers without underscores, which are patterns, and without capitals in front, which are built in."""
        result: dict[str, str] = {}
        for name, identifier in super().identify(names).items():
            joined = re.sub(r"_+(.)", lambda found: found.group(1).upper(), identifier).replace("_", "") or "x"
            base = joined if len(joined) == 1 else joined[0].lower() + joined[1:]
            candidate, place = base, 2
            while candidate in self.reserved or candidate in result.values():
                candidate, place = f"{base}v{place}", place + 1
            result[name] = candidate
        return result

    def lines(self, program: Program, code: str, printer: SourcePrinter, head: Sequence[str]) -> list[str]:
        """The lines of a file."""
        lines = [f"(*{_plain(line)} *)" if line.strip() else "" for line in commented(head, " ")]
        patterns = ", ".join(f"{argument.identifier}_" for argument in program.arguments)
        lines += ["", f"{program.name}[{patterns}] := With["]
        defined = []
        for place, one in enumerate(program.constants, 1):
            comma = "," if place < len(program.constants) else ""
            value = number(one.constant.value)
            defined.append(f"    {one.identifier} = {value}{comma} (* {_plain(value_and_unit(one))} *)")
        lines += ["  {", *defined, "  },"] if defined else ["  {},"]
        return [*lines, *folded(code, "  "), "]"]


def _plain(text: str) -> str:
    return text.replace("(*", "( *").replace("*)", "* )")


LANGUAGE = Mathematica()
