"""Formulas as Python for numpy."""

from collections.abc import Sequence

from kansym.export.dialect import Dialect, SourcePrinter
from kansym.export.identifiers import namer
from kansym.export.program import Argument, FittedConstant, Program
from kansym.export.sources import source
from kansym.export.writing import folded, header, one_line, value_and_unit

SUFFIX = ".py"

_NUMPY = {
    "exp": "exp", "log": "log", "sin": "sin", "cos": "cos", "tan": "tan", "asin": "arcsin", "acos": "arccos",
    "atan": "arctan", "atan2": "arctan2", "sinh": "sinh", "cosh": "cosh", "tanh": "tanh", "asinh": "arcsinh",
    "acosh": "arccosh", "atanh": "arctanh", "sqrt": "sqrt", "Abs": "abs", "sign": "sign", "Expm1": "expm1",
    "Log1p": "log1p", "Cbrt": "cbrt",
}  # fmt: skip
_SCIPY = {
    "erf": "erf", "erfc": "erfc", "gamma": "gamma", "loggamma": "gammaln", "besselj": "jv", "bessely": "yv",
    "besseli": "iv", "besselk": "kv",
}  # fmt: skip

DIALECT = Dialect(
    language="Python",
    functions={
        **{name: f"np.{function}" for name, function in _NUMPY.items()},
        **{name: f"special.{function}" for name, function in _SCIPY.items()},
        "LogExpSum": "log_exp_sum",
        "LogExpm1": "log_expm1",
        "sinc": lambda x: f"np.sinc(({x})/np.pi)",
        "airyai": lambda x: f"special.airy({x})[0]",
        "airybi": lambda x: f"special.airy({x})[2]",
        "LambertW": lambda x, branch="0": f"special.lambertw({x}, {branch}).real",
        "Heaviside": lambda x, at_zero="0.5": f"np.heaviside({x}, {at_zero})",
    },
    number=repr,
    power="**",
    helpers={"log_exp_sum": source("log_exp_sum.numpy"), "log_expm1": source("log_expm1.numpy")},
)

RESERVED = ("np", "special", "log_exp_sum", "log_expm1", "float", "abs", "print", "self")

identify = namer(RESERVED)


def write(program: Program, text: str, made: Sequence[str]) -> str:
    """A module with one function of arrays."""
    printer = SourcePrinter(DIALECT)
    body = printer.doprint(program.body)
    lines = [
        '"""' + "\n".join(escaped(line) for line in header(program, text, made)).rstrip(),
        '"""',
        "",
        "import numpy as np",
    ]
    if "special." in body:
        lines.append("from scipy import special")
    lines += ["", f'__all__ = ["{program.name}"]', "", ""]
    for helper in printer.helpers:
        lines += [helper, "", ""]
    parameters = [argument.identifier for argument in program.arguments]
    parameters += [f"{one.identifier}={one.constant.value!r}" for one in program.constants]
    lines += [f"def {program.name}({', '.join(parameters)}):", *_docstring(program)]
    lines += [f"    {one.identifier} = np.asarray({one.identifier}, dtype=np.float64)" for one in program.arguments]
    returned = folded(body, "    ", first=len("return "))
    if len(returned) == 1:
        lines.append(f"    return {returned[0].strip()}")
    else:
        lines += ["    return (", *(f"    {line}" for line in returned), "    )"]
    return "\n".join(lines) + "\n"


def _docstring(program: Program) -> list[str]:
    unit = f" in {program.unit}" if program.unit not in (None, "1") else ""
    lines = [f'    """{escaped(one_line(program.target))}{unit}, elementwise.']
    if program.arguments or program.constants:
        lines += ["", "    Parameters", "    ----------"]
    for one in program.arguments:
        lines += [f"    {one.identifier} : float or array", f"        {escaped(_described(one))}"]
    for one in program.constants:
        lines += [f"    {one.identifier} : float, optional", f"        {escaped(_fitted(one))}"]
    lines += [
        "",
        "    Returns",
        "    -------",
        "    float or array",
        "        nan where the formula has no real value.",
    ]
    return [*lines, '    """']


def _described(argument: Argument) -> str:
    unit = f", in {argument.unit}" if argument.unit not in (None, "1") else ""
    return f"Column {one_line(argument.name)}{unit}."


def _fitted(one: FittedConstant) -> str:
    return f"Fitted: {value_and_unit(one)}."


def escaped(text: str) -> str:
    """Text that may stand in a docstring."""
    return text.replace("\\", "\\\\").replace('"""', "'''").removesuffix('"')
