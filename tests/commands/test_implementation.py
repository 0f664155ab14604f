"""Declarations of commands and the functions that do their work."""

import inspect
import subprocess
import sys
from typing import get_type_hints

import pytest

from kansym.cli import COMMANDS
from kansym.commands.implementation import implementation_of

HEAVY = ("torch", "scipy", "sympy", "numpy", "pandas", "matplotlib", "sklearn")


@pytest.mark.parametrize("name", COMMANDS)
def test_the_work_of_a_command_takes_its_arguments(name):
    command, work = COMMANDS[name], implementation_of(COMMANDS[name])
    expected = get_type_hints(command)
    for parameter in inspect.signature(command).parameters.values():
        if parameter.kind is parameter.VAR_POSITIONAL:
            expected[parameter.name] = tuple[expected[parameter.name], ...]
    assert get_type_hints(work) == expected
    parameters = inspect.signature(work).parameters.values()
    assert all(p.kind is p.KEYWORD_ONLY and p.default is p.empty for p in parameters)


def test_helps_and_errors_in_options_import_no_numerical_library():
    calls = [
        ["--help"],
        *([name, "--help"] for name in COMMANDS),
        ["discover"],
        ["discover", "t.csv", "--fast"],
        ["discover", "t.csv", "--agreement", "-1"],
        ["discover", "t.csv", "--guess", "a", "--given", "a + ..."],
        ["edges", "run", "--suggest", "3"],
        ["figures", "run", "--format", "gif"],
    ]
    code = f"import sys; from kansym.cli import main; [main(call) for call in {calls!r}]; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=300)
    assert done.stderr.count("kansym: error: ") == 6
    assert not {*done.stdout.splitlines()[-1].split()} & {*HEAVY}
