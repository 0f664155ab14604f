# sympy's printer calls an argument of a method other than its base class does.
# pyright: reportIncompatibleMethodOverride=false
"""Formulas as C99."""

from collections.abc import Sequence

import sympy
from sympy.printing.c import C99CodePrinter

from kansym.export.languages import CodeLanguage
from kansym.export.printer import SourcePrinter
from kansym.export.program import Program
from kansym.export.writing import commented, returned, value_and_unit


class CPrinter(SourcePrinter, C99CodePrinter):
    """Numbers are doubles, whole ones too: 1/2 would be 0."""

    functions = {
        "pow": "pow", "square": "square", "cube": "cube", "sign": "sign", "sinc": "sinc", "Heaviside": "heaviside",
        "LogExpSum": "log_exp_sum", "LogExpm1": "log_expm1", "airyai": "airy_ai", "besselj": "jn", "bessely": "yn",
    }  # fmt: skip
    orders = sympy.S.Integers
    definitions = "functions.c"

    def integer(self, value: int) -> str:
        """``2.0``."""
        return repr(float(value))


class C(CodeLanguage):
    """A file with one function of doubles, to be compiled with ``-lm``."""

    title = "C"
    suffix = ".c"
    printer = CPrinter
    keywords = (
        f"{' '.join(C99CodePrinter.reserved_words)} asm fortran main NULL NAN INFINITY errno FILE HUGE_VAL complex I "
        "div_t gamma j0 j1 y0 y1 signgam isnan isfinite isinf isnormal fpclassify signbit finite abs ceil floor fmod "
        "round trunc rint exp2 exp10 pow10 log2 log10 ldexp frexp modf hypot fma fmin fmax fdim remainder drem "
        "significand nan logb ilogb scalbn nearbyint lrint lround copysign nextafter"
    )

    def lines(self, program: Program, code: str, printer: SourcePrinter, head: Sequence[str]) -> list[str]:
        """The lines of a file."""
        lines = [*commented(head, "//"), ""]
        if printer.called & {"jn", "yn"}:
            lines += ["/* Bessel functions are in POSIX, not in C99. */", "#define _XOPEN_SOURCE 700"]
        lines += ["#include <math.h>", ""]
        for helper in printer.helpers:
            lines += [helper, ""]
        parameters = ", ".join(f"double {argument.identifier}" for argument in program.arguments) or "void"
        lines += [f"double {program.name}({parameters})", "{"]
        for one in program.constants:
            remark = value_and_unit(one).replace("*/", "* /").replace("/*", "/ *").replace("??/", "?? /")
            lines.append(f"    const double {one.identifier} = {one.constant.value!r}; /* {remark} */")
        return [*lines, *returned(code, "    ", end=";"), "}"]


LANGUAGE = C()
