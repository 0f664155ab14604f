"""Formulas as C99."""

from collections.abc import Sequence

from kansym.export.dialect import Dialect, SourcePrinter, Template
from kansym.export.identifiers import namer, words
from kansym.export.program import Program
from kansym.export.sources import source
from kansym.export.writing import commented, folded, header, value_and_unit

SUFFIX = ".c"

_SAME = (
    "exp", "log", "sin", "cos", "tan", "asin", "acos", "atan", "atan2", "sinh", "cosh", "tanh", "asinh", "acosh",
    "atanh", "sqrt", "pow", "erf", "erfc", "square", "cube", "sign", "sinc",
)  # fmt: skip

_HELPERS = {
    "square": "square.c", "cube": "cube.c", "sign": "sign.c", "sinc": "sinc.c", "heaviside": "heaviside.c",
    "log_exp_sum": "log_exp_sum.c", "log_expm1": "log_expm1.c", "airy_ai": "airy_ai.c",
}  # fmt: skip


def _whole_order(name: str) -> Template:
    def call(order: str, x: str) -> str:
        # Orders are printed as doubles, and the functions of POSIX want int.
        return f"{name}({order.removesuffix('.0')}, {x})" if order.removeprefix("-").endswith(".0") else ""

    return call


DIALECT = Dialect(
    language="C",
    functions={
        **{name: name for name in _SAME},
        "Abs": "fabs",
        "Expm1": "expm1",
        "Log1p": "log1p",
        "Cbrt": "cbrt",
        "gamma": "tgamma",
        "loggamma": "lgamma",
        "LogExpSum": "log_exp_sum",
        "LogExpm1": "log_expm1",
        "Heaviside": lambda x, at_zero="0.5": f"heaviside({x}, {at_zero})",
        "besselj": _whole_order("jn"),
        "bessely": _whole_order("yn"),
        "airyai": "airy_ai",
    },
    number=repr,
    power="",
    integer=lambda value: repr(float(value)),
    helpers={name: source(file) for name, file in _HELPERS.items()},
)

RESERVED = (
    *words("auto break case char const continue default do double else enum extern float for goto if inline int long"),
    *words("register restrict return short signed sizeof static struct switch typedef union unsigned void volatile"),
    *words("while asm fortran main NULL NAN INFINITY errno FILE HUGE_VAL"),
    *_SAME, *_HELPERS, *words("fabs expm1 log1p cbrt tgamma lgamma gamma jn yn j0 j1 y0 y1 signgam isnan"),
    *words("ceil floor fmod round trunc rint exp2 log2 log10 ldexp frexp modf hypot fma fmin fmax fdim remainder"),
    *words("nan logb ilogb scalbn nearbyint lrint lround copysign nextafter fpclassify isfinite isinf isnormal"),
    *words("signbit abs pow10 exp10 significand drem finite div_t complex I"),
)  # fmt: skip

identify = namer(RESERVED)


def write(program: Program, text: str, made: Sequence[str]) -> str:
    """A file with one function of doubles, to be compiled with ``-lm``."""
    printer = SourcePrinter(DIALECT)
    body = printer.doprint(program.body)
    lines = commented(header(program, text, made), "//")
    lines.append("")
    if any(f"{name}(" in body for name in ("jn", "yn")):
        lines += ["/* Bessel functions are in POSIX, not in C99. */", "#define _XOPEN_SOURCE 700"]
    lines += ["#include <math.h>", ""]
    for helper in printer.helpers:
        lines += [helper, ""]
    parameters = ", ".join(f"double {argument.identifier}" for argument in program.arguments) or "void"
    prototype = f"double {program.name}({parameters})"
    lines += [prototype, "{"]
    for one in program.constants:
        lines += [f"    const double {one.identifier} = {one.constant.value!r}; /* {_plain(value_and_unit(one))} */"]
    returned = folded(f"{body};", "        ", first=0)
    lines += [f"    return {returned[0].strip()}"] if len(returned) == 1 else ["    return", *returned]
    return "\n".join([*lines, "}", ""])


def _plain(text: str) -> str:
    return text.replace("*/", "* /").replace("/*", "/ *").replace("??/", "?? /")
