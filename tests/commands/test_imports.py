"""Which libraries a command imports, by what it does: modules are counted, not seconds."""

import subprocess
import sys

import pytest

from kansym.cli import main

LIBRARIES = (
    "cyclopts", "rich", "numpy", "sympy", "scipy", "scipy.stats", "pandas", "pint", "torch", "matplotlib", "sklearn",
    "jinja2", "odrpack", "uncertainties",
)  # fmt: skip

ALGEBRA = {"numpy", "sympy", "scipy"}
SHOWN = {"cyclopts", "rich"}

CODE = f"""
import atexit, runpy, sys
atexit.register(lambda: print("imported", *(name for name in {LIBRARIES!r} if name in sys.modules)))
sys.argv = ["kansym", *{{arguments!r}}]
runpy.run_module("kansym", run_name="__main__")
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A table, and the run of a search of it."""
    folder = tmp_path_factory.mktemp("imports")
    rows = "".join(f"{a},{b},{3 * a * b}\n" for a in range(1, 7) for b in range(1, 6))
    (folder / "t.csv").write_text(f"a,b,y\n{rows}", encoding="utf-8")
    table = str(folder / "t.csv")
    assert main(["discover", table, "--target", "y", "--seconds", "1", "--out", str(folder / "run"), "--quiet"]) == 0
    return folder


def imported(folder, *arguments: str, code: int = 0) -> set[str]:
    """The libraries that a call has imported when it ends."""
    done = subprocess.run(
        [sys.executable, "-c", CODE.format(arguments=arguments)],
        capture_output=True, text=True, timeout=300, cwd=folder, check=False,
    )  # fmt: skip
    assert done.returncode == code, done.stderr
    return {*done.stdout.splitlines()[-1].split()[1:]}


def test_the_package_imports_no_library():
    code = f"import kansym, sys; print([name for name in {LIBRARIES!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize(
    ("arguments", "code", "allowed"),
    [
        (["--version"], 0, set()),
        (["--help"], 0, SHOWN),
        (["compare", "--help"], 0, SHOWN),
        (["discover", "no.csv", "--target", "y"], 2, SHOWN),
        (["discover", "keplr", "--target", "y"], 2, SHOWN),
        (["discover", "t.csv", "--targt", "y"], 2, SHOWN),
        (["fit-constants", "k*a", "no.csv", "--target", "y"], 2, SHOWN),
        (["compare", "no.csv", "--target", "y"], 2, SHOWN),
        (["sweep", "no*.csv", "--target", "y"], 2, SHOWN),
        (["dynamics", "no.csv", "--time", "t", "--state", "x"], 2, SHOWN),
        (["report", "no"], 2, SHOWN),
        (["export", "no", "--to", "c"], 2, SHOWN),
        (["datasets"], 0, SHOWN),
        (["primitives"], 0, SHOWN | ALGEBRA),
        (["discover", "t.csv", "--target", "z"], 2, SHOWN | ALGEBRA | {"pint", "uncertainties"}),
        (
            ["discover", "t.csv", "--target", "y", "--without", "sinn"],
            2,
            SHOWN | ALGEBRA | {"pint", "uncertainties"},
        ),
        (["export", "run", "--to", "c"], 0, SHOWN | ALGEBRA | {"odrpack", "uncertainties"}),
        (
            ["fit-constants", "k*a*b", "t.csv", "--target", "y"],
            0,
            SHOWN | ALGEBRA | {"odrpack", "uncertainties"},
        ),
        (
            ["fit-constants", "A*a**k*b", "t.csv", "--target", "y"],
            0,
            SHOWN | ALGEBRA | {"odrpack", "uncertainties"},
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_command_imports_what_it_needs(folder, arguments, code, allowed):
    assert imported(folder, *arguments, code=code) <= allowed


def test_a_search_that_needs_no_network_draws_nothing_and_trains_nothing(folder):
    used = imported(folder, "discover", "t.csv", "--target", "y")
    assert "sympy" in used and not used & {"torch", "scipy.stats", "matplotlib", "jinja2", "sklearn"}
