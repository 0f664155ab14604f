"""Formulas as Python for numpy and scipy."""

from collections.abc import Sequence

from sympy.printing.numpy import SciPyPrinter

from kansym.export.languages import CodeLanguage
from kansym.export.printer import SourcePrinter, Spelling
from kansym.export.program import Argument, FittedConstant, Program
from kansym.export.writing import one_line, returned, value_and_unit


class NumpyPrinter(SourcePrinter, SciPyPrinter):
    """Calls numpy ``np``, and scipy.special ``special``."""

    functions = {
        "Abs": "np.abs",
        "sqrt": "np.sqrt",
        "Cbrt": "np.cbrt",
        "LogExpSum": "log_exp_sum",
        "LogExpm1": "log_expm1",
        "sinc": lambda x: f"np.sinc(({x})/np.pi)",
        "Heaviside": "np.heaviside",
        "airyai": lambda x: f"special.airy({x})[0]",
        "airybi": lambda x: f"special.airy({x})[2]",
        "LambertW": lambda *arguments: f"special.lambertw({', '.join(arguments)}).real",
    }
    power = "**"
    definitions = "numpy_functions.py"

    def spelling(self, name: str) -> Spelling | None:
        """``np.arcsin``, ``special.jv``."""
        known = super().spelling(name)
        return known.replace("numpy.", "np.").replace("scipy.", "") if isinstance(known, str) else known


class Python(CodeLanguage):
    """A module with one function of arrays."""

    title = "Python"
    suffix = ".py"
    printer = NumpyPrinter
    keywords = "np special float abs print self"

    def lines(self, program: Program, code: str, printer: SourcePrinter, head: Sequence[str]) -> list[str]:
        """The lines of a file."""
        lines = [*docstring(head), "", "import numpy as np"]
        if "special." in code:
            lines.append("from scipy import special")
        lines += ["", f'__all__ = ["{program.name}"]', "", ""]
        for helper in printer.helpers:
            lines += [helper, "", ""]
        parameters = [argument.identifier for argument in program.arguments]
        parameters += [f"{one.identifier}={one.constant.value!r}" for one in program.constants]
        lines += [f"def {program.name}({', '.join(parameters)}):", *docstring(_about(program), "    ")]
        for one in program.arguments:
            lines.append(f"    {one.identifier} = np.asarray({one.identifier}, dtype=np.float64)")
        return [*lines, *returned(code, "    ")]


def docstring(lines: Sequence[str], indent: str = "") -> list[str]:
    """A docstring of several lines, whatever they hold."""
    first, *rest = (line.replace("\\", "\\\\").replace('"""', "'''").removesuffix('"') for line in lines)
    return [f'{indent}"""{first}', *(f"{indent}{line}".rstrip() for line in rest), f'{indent}"""']


def _about(program: Program) -> list[str]:
    unit = f" in {program.unit}" if program.unit not in (None, "1") else ""
    lines = [f"{one_line(program.target)}{unit}, elementwise."]
    if program.arguments or program.constants:
        lines += ["", "Parameters", "----------"]
    for one in program.arguments:
        lines += [f"{one.identifier} : float or array", f"    {_described(one)}"]
    for one in program.constants:
        lines += [f"{one.identifier} : float, optional", f"    {_fitted(one)}"]
    return [*lines, "", "Returns", "-------", "float or array", "    nan where the formula has no real value."]


def _described(argument: Argument) -> str:
    unit = f", in {argument.unit}" if argument.unit not in (None, "1") else ""
    return f"Column {one_line(argument.name)}{unit}."


def _fitted(one: FittedConstant) -> str:
    return f"Fitted: {value_and_unit(one)}."


LANGUAGE = Python()
