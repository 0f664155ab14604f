"""Systems as source files: a function of the right-hand sides, for integrators of other languages."""

from collections.abc import Sequence

from kansym.dynamics.system import System
from kansym.errors import ArgumentError
from kansym.export.languages import CodeLanguage, language_of
from kansym.export.printer import SourcePrinter
from kansym.export.program import Program, program_of
from kansym.export.python import docstring
from kansym.export.writing import commented, made_by, one_line, returned, value_and_unit

LANGUAGES = ("python", "julia", "c")
"""What systems are written in."""

NAME = "rhs"
"""Of the function."""


def system_code(system: System, language: str) -> str:
    """A complete source file with a function of the right-hand sides.

    Python: ``rhs(t, x, u=())`` returns the derivatives, as `scipy.integrate.solve_ivp` wants it. Julia:
    ``rhs!(dxdt, x, u, t)``, as DifferentialEquations.jl does. C: ``void rhs(double t, const double x[], const double
    u[], double dxdt[])``. Constants have all their digits, and carry errors and units in comments.

    Parameters
    ----------
    system : System
    language : {"python", "julia", "c"}

    Raises
    ------
    ArgumentError
        If there is no such language.
    ExportError
        If an equation holds a function that the language lacks.
    """
    if language not in LANGUAGES:
        raise ArgumentError(f"language must be one of {', '.join(LANGUAGES)}, got {language!r}")
    target = language_of(language)
    assert isinstance(target, CodeLanguage)
    units = {name: system.data.units.get(name) for name in system.variables}
    programs = [program_of(formula, target.identify, units=units) for formula in system.formulas]
    printer = target.printer()
    codes = [printer.code(program.body) for program in programs]
    write = {"python": _python, "julia": _julia, "c": _c}[language]
    return "\n".join([*write(system, programs, codes, printer, _head(system, language)), ""])


def _head(system: System, language: str) -> list[str]:
    """What the file says about itself."""
    first = 1 if language == "julia" else 0
    order = ", ".join(f"x[{k + first}] = {one_line(name)}" for k, name in enumerate(system.states))
    lines = [*map(one_line, system.equations()), "", f"States: {order}."]
    if system.data.inputs:
        order = ", ".join(f"u[{k + first}] = {one_line(name)}" for k, name in enumerate(system.data.inputs))
        lines.append(f"Inputs: {order}.")
    if system.stiff:
        lines.append("The system is stiff: use an implicit method.")
    return [*lines, "", *made_by(None, system.formulas[0])]


def _arguments(system: System, program: Program, first: int) -> list[str]:
    """What a right-hand side is called with, in terms of t, x and u."""
    found = []
    for argument in program.arguments:
        if argument.name in system.states:
            found.append(f"x[{system.states.index(argument.name) + first}]")
        elif argument.name in system.data.inputs:
            found.append(f"u[{system.data.inputs.index(argument.name) + first}]")
        else:
            found.append("t")
    return found


def _rates(system: System, programs: Sequence[Program], first: int) -> list[str]:
    """The derivative of every state, as calls."""
    m = len(programs)
    moved = [f"x[{m + k + first}]" for k in range(m)] if system.order == 2 else []
    return [*moved, *(f"{one.name}({', '.join(_arguments(system, one, first))})" for one in programs)]


def _python(
    system: System, programs: Sequence[Program], codes: Sequence[str], printer: SourcePrinter, head: Sequence[str]
) -> list[str]:
    lines = [*docstring(head), "", "import numpy as np"]
    if any("special." in code for code in codes):
        lines.append("from scipy import special")
    lines += ["", "", *(line for helper in printer.helpers for line in (helper, "", ""))]
    for program, code in zip(programs, codes, strict=True):
        parameters = [argument.identifier for argument in program.arguments]
        parameters += [f"{one.identifier}={one.constant.value!r}" for one in program.constants]
        remarks = [f"{one.identifier} = {value_and_unit(one)}" for one in program.constants]
        lines += [f"def {program.name}({', '.join(parameters)}):", *(f"    {one}" for one in commented(remarks, "#"))]
        lines += [*returned(code, "    "), "", ""]
    rates = _rates(system, programs, 0)
    return [*lines, f"def {NAME}(t, x, u=()):", f"    return np.array([{', '.join(rates)}], dtype=np.float64)"]


def _julia(
    system: System, programs: Sequence[Program], codes: Sequence[str], printer: SourcePrinter, head: Sequence[str]
) -> list[str]:
    lines = [*commented(head, "#"), "", *(line for helper in printer.helpers for line in (helper, ""))]
    for program, code in zip(programs, codes, strict=True):
        lines += commented((f"{one.identifier}: {value_and_unit(one)}" for one in program.constants), "#")
        arguments = ", ".join(argument.identifier for argument in program.arguments)
        keywords = ", ".join(f"{one.identifier} = {one.constant.value!r}" for one in program.constants)
        lines.append(f"function {program.name}({arguments}{'; ' if keywords else ''}{keywords})")
        lines += [*returned(code, "    "), "end", ""]
    lines.append(f"function {NAME}!(dxdt, x, u, t)")
    lines += [f"    dxdt[{k}] = {rate}" for k, rate in enumerate(_rates(system, programs, 1), 1)]
    return [*lines, "    return nothing", "end"]


def _c(
    system: System, programs: Sequence[Program], codes: Sequence[str], printer: SourcePrinter, head: Sequence[str]
) -> list[str]:
    lines = [*commented(head, "//"), ""]
    if printer.called & {"jn", "yn"}:
        lines += ["#define _XOPEN_SOURCE 700"]
    lines += ["#include <math.h>", "", *(line for helper in printer.helpers for line in (helper, ""))]
    for program, code in zip(programs, codes, strict=True):
        parameters = ", ".join(f"double {argument.identifier}" for argument in program.arguments) or "void"
        lines += [f"static double {program.name}({parameters})", "{"]
        for one in program.constants:
            remark = value_and_unit(one).replace("*/", "* /").replace("/*", "/ *").replace("??/", "?? /")
            lines.append(f"    const double {one.identifier} = {one.constant.value!r}; /* {remark} */")
        lines += [*returned(code, "    ", end=";"), "}", ""]
    lines += [f"void {NAME}(double t, const double x[], const double u[], double dxdt[])", "{"]
    lines += ["    (void)t;", "    (void)u;"]
    lines += [f"    dxdt[{k}] = {rate};" for k, rate in enumerate(_rates(system, programs, 0))]
    return [*lines, "}"]
