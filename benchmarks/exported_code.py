"""Exported source files compiled and run, many at a time."""

import importlib.util
import json
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kansym.errors import KansymError


class RunnerError(KansymError, RuntimeError):
    """A compiler refused a file, or a program failed; the message holds what it said."""


@dataclass(frozen=True, eq=False)
class Task:
    """A source file with the values that its function is asked for.

    Attributes
    ----------
    code : str
    name : str
        Of the function; different for all tasks of a run.
    X : array (n, d)
        A column per argument.
    """

    code: str
    name: str
    X: np.ndarray


PROGRAMS: Mapping[str, str | None] = {
    "python": None,
    "torch": None,
    "c": "gcc",
    "fortran": "gfortran",
    "javascript": "node",
    "julia": "julia",
    "mathematica": "mathics",
}
"""What runs a language; None where Python does. Mathics is an interpreter of the Wolfram Language."""

C_FLAGS = ("-std=c99", "-O1", "-Wall", "-Wextra", "-Wshadow", "-pedantic", "-Werror")
FORTRAN_FLAGS = ("-std=f2008", "-O1", "-Wall", "-Werror")


def is_available(language: str) -> bool:
    """Whether the language can be run on this machine."""
    program = PROGRAMS[language]
    return program is None or shutil.which(program) is not None


def run(language: str, tasks: Sequence[Task], folder: Path) -> list[np.ndarray]:
    """Values of all tasks, each of shape (n,).

    Parameters
    ----------
    language : str
    tasks : sequence of Task
    folder : Path
        An empty folder for sources and programs.

    Raises
    ------
    RunnerError
        If a compiler or a program reports an error.
    """
    return _RUNNERS[language](tasks, folder)


def _python(tasks: Sequence[Task], folder: Path) -> list[np.ndarray]:
    results = []
    for task in tasks:
        function = getattr(_module(task, folder), task.name)
        with np.errstate(all="ignore"):
            value = function(*task.X.T)
        results.append(np.broadcast_to(np.asarray(value, dtype=np.float64), len(task.X)))
    return results


def _torch(tasks: Sequence[Task], folder: Path) -> list[np.ndarray]:
    import torch

    results = []
    for task in tasks:
        module = getattr(_module(task, folder), task.name.capitalize())()
        with torch.no_grad():
            value = module(*torch.from_numpy(np.ascontiguousarray(task.X.T)))
        results.append(np.broadcast_to(value.detach().numpy(), len(task.X)))
    return results


def _module(task: Task, folder: Path) -> object:
    path = folder / f"{task.name}.py"
    path.write_text(task.code, encoding="utf-8")
    spec = importlib.util.spec_from_file_location(f"exported_{task.name}", path)
    if spec is None or spec.loader is None:
        raise RunnerError(f"{path} cannot be imported")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _c(tasks: Sequence[Task], folder: Path) -> list[np.ndarray]:
    lines = ["#include <stdio.h>"]
    for task in tasks:
        (folder / f"{task.name}.c").write_text(task.code, encoding="utf-8")
        lines.append(f"double {task.name}({', '.join(['double'] * task.X.shape[1]) or 'void'});")
    lines += ["int main(void)", "{", "    double x[64];", "    int i, j;"]
    for task in tasks:
        n, d = task.X.shape
        call = f"{task.name}({', '.join(f'x[{k}]' for k in range(d))})"
        lines += [
            f"    for (i = 0; i < {n}; i++) {{",
            f'        for (j = 0; j < {d}; j++) {{ if (scanf("%lf", &x[j]) != 1) {{ return 1; }} }}',
            f'        printf("%.17g\\n", {call});',
            "    }",
        ]
    (folder / "main.c").write_text("\n".join([*lines, "    return 0;", "}", ""]), encoding="utf-8")
    sources = ["main.c", *(f"{task.name}.c" for task in tasks)]
    _call(["gcc", *C_FLAGS, *sources, "-o", "main", "-lm"], folder)
    return _split(_call(["./main"], folder, _numbers(tasks)), tasks)


def _fortran(tasks: Sequence[Task], folder: Path) -> list[np.ndarray]:
    lines = ["program main"]
    for task in tasks:
        (folder / f"{task.name}.f90").write_text(task.code, encoding="utf-8")
        lines.append(f"  use {task.name}_formula")
    lines += ["  implicit none", "  integer :: i", "  real(kind(1.0d0)) :: x(64)"]
    for task in tasks:
        n, d = task.X.shape
        arguments = ", &\n".join(f"x({k + 1})" for k in range(d))
        call = f"{task.name}({arguments})"
        lines += [f"  do i = 1, {n}", *([f"    read(*, *) x(1:{d})"] if d else [])]
        lines += [f"    write(*, '(es25.17e3)') {call}", "  end do"]
    (folder / "main.f90").write_text("\n".join([*lines, "end program main", ""]), encoding="utf-8")
    sources = [*(f"{task.name}.f90" for task in tasks), "main.f90"]
    _call(["gfortran", *FORTRAN_FLAGS, *sources, "-o", "main"], folder)
    return _split(_call(["./main"], folder, _numbers(tasks)), tasks)


def _javascript(tasks: Sequence[Task], folder: Path) -> list[np.ndarray]:
    for task in tasks:
        (folder / f"{task.name}.js").write_text(task.code, encoding="utf-8")
    data = [[task.name, task.X.tolist()] for task in tasks]
    (folder / "data.json").write_text(json.dumps(data), encoding="utf-8")
    main = (
        'const data = JSON.parse(require("fs").readFileSync("data.json", "utf8"));\n'
        "for (const [name, rows] of data) {\n"
        "  const f = require(`./${name}.js`)[name];\n"
        "  for (const row of rows) { console.log(String(f(...row))); }\n"
        "}\n"
    )
    (folder / "main.js").write_text(main, encoding="utf-8")
    return _split(_call(["node", "main.js"], folder), tasks)


def _julia(tasks: Sequence[Task], folder: Path) -> list[np.ndarray]:
    lines = []
    for task in tasks:
        (folder / f"{task.name}.jl").write_text(task.code, encoding="utf-8")
        lines.append(f'include("{task.name}.jl")')
        lines += [f"println({task.name}({', '.join(map(repr, map(float, row)))}))" for row in task.X]
    (folder / "main.jl").write_text("\n".join([*lines, ""]), encoding="utf-8")
    return _split(_call(["julia", "--startup-file=no", "main.jl"], folder), tasks)


def _mathematica(tasks: Sequence[Task], folder: Path) -> list[np.ndarray]:
    lines = []
    for task in tasks:
        lines.append(f"{task.code.rstrip()};")
        rows = (", ".join(_wolfram_text(float(value)) for value in row) for row in task.X)
        lines += [f"Print[FullForm[N[{task.name}[{row}]]]];" for row in rows]
    (folder / "main.wl").write_text("\n".join([*lines, ""]), encoding="utf-8")
    output = _call(["mathics", "-f", "main.wl"], folder)
    shown = [line for line in output.splitlines() if re.match(r"^(-?[\d.]+`?|Complex\[|Indeterminate)", line)]
    return _split("\n".join(map(_wolfram_number, shown)), tasks)


def _wolfram_text(value: float) -> str:
    """A machine number: without the mark, one of 17 digits would have a precision of its own."""
    mantissa, _, exponent = repr(value).partition("e")
    return f"{mantissa}`" + (f"*^{int(exponent)}" if exponent else "")


def _wolfram_number(text: str) -> str:
    found = re.fullmatch(r"(-?[\d.]+)`?[\d.]*(?:\*\^(-?\d+))?", text)
    return "nan" if found is None else found.group(1) + (f"e{found.group(2)}" if found.group(2) else "")


def _numbers(tasks: Sequence[Task]) -> str:
    return "".join(" ".join(map(repr, map(float, row))) + "\n" for task in tasks for row in task.X)


def _split(output: str, tasks: Sequence[Task]) -> list[np.ndarray]:
    values = [float(line) for line in output.split()]
    sizes = [len(task.X) for task in tasks]
    if len(values) != sum(sizes):
        raise RunnerError(f"expected {sum(sizes)} numbers, got {len(values)}: {output[:2000]}")
    return np.split(np.array(values), np.cumsum(sizes)[:-1])


def _call(command: Sequence[str], folder: Path, given: str = "") -> str:
    process = subprocess.run(
        command, cwd=folder, input=given, capture_output=True, text=True, check=False, timeout=600, encoding="utf-8"
    )
    if process.returncode:
        raise RunnerError(f"{command[0]} failed: {(process.stderr or process.stdout)[-3000:]}")
    return process.stdout


_RUNNERS: Mapping[str, Callable[[Sequence[Task], Path], list[np.ndarray]]] = {
    "python": _python,
    "torch": _torch,
    "c": _c,
    "fortran": _fortran,
    "javascript": _javascript,
    "julia": _julia,
    "mathematica": _mathematica,
}
