"""Random command lines for a random file: most of them right, the others wrong in one or two places."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tests.fuzz.files import RandomFile, pick

WRONG_NUMBERS = ("-1", "0", "nan", "inf", "1e400", "abc", "", "1,5", "0x10", "1e-9", "９", "1_0", " 2")
FUNCTIONS = ("exp", "log", "sin", "cos", "x^2", "sqrt", "abs", "tanh", "x", "x^p", "erf")
FORMULAS = (
    *(
        "A*x0 + B",
        "A*exp(-x0/tau) + B",
        "A*x0**n",
        "A*sin(w*x0 + phi)",
        "A/(x0 + B)",
        "A*log(x0)",
        "A*x0 + k*x1",
        "y*A",
    ),
    *(
        "A*x0**2 + B*x0 + C",
        "A",
        "x0",
        "A*sqrt(x0 - B)",
        "A*gamma(x0/B)",
        "exp(exp(exp(A*x0)))",
        "A*x0/0",
        "A*x0**(10**10)",
    ),
    *(
        "__import__('os')",
        "A*(x0 + 1)**1000",
        "9**9**9*A*x0",
        "(" * 500,
        "A*B*C*x0",
        "log(log(log(A*x0)))",
        "A*besselj(B, x0)",
    ),
    *(
        "A*x0 + B*abs(x0 - C)",
        "A*x0 + B*sign(x0 - C)",
        "",
        "\0",
        "A*x0²",
        "A*LambertW(B*x0)",
        "A*cbrt(cbrt(cbrt(B*x0)))",
    ),
)

GIVEN = (
    *("x0 + ...", "x0*(...)", "A*x0 + ...", "exp(-x0/tau)*(...)", "...", "... + ...", "x0", "x0/0 + ...", "sqrt(...)"),
    *(
        "9**9**9 + ...",
        "exp(exp(exp(...)))",
        "(...)**2",
        "",
        "y + ...",
        "__import__('os') + ...",
        "...*" * 200,
        "0*(...)",
    ),
)
UNIT_FILES = (
    *(
        "x0 = m/s\ny = m\n",
        "x0 = m/s\nx1 = kg\ny = J\n",
        "y = furlong\n",
        "",
        "x0 m\n",
        "[units]\nx0 = 'm'\n",
        "z = m\n",
    ),
    *(
        "x0 = m**(10**10)\n",
        "x0 = __import__('os')\n",
        "\0\xff",
        "x0 = m\nx0 = s\n",
        "# note\ny = 1/cm\n",
        "x0 = ((((m\n",
    ),
)


@dataclass(frozen=True)
class CommandLine:
    """What is handed to `kansym.cli.main`.

    Attributes
    ----------
    tokens : tuple of str
    seconds : float
        The time that the command may take: its budget, or a usual time for commands without one.
    command : str
    as_json : bool
    options : dict
        Of the table, as `kansym.data.readers.read_table` calls them, where they are right.
    out : Path or None
        Where a run may have been saved.
    """

    tokens: tuple[str, ...]
    seconds: float
    command: str
    as_json: bool
    options: dict
    out: Path | None = None


def random_command(rng: np.random.Generator, file: RandomFile, folder: Path, run: Path) -> CommandLine:
    """A random command line.

    Parameters
    ----------
    rng : numpy Generator
    file : RandomFile
        Handed to the command, if it wants one.
    folder : Path
        Where the command may write.
    run : Path
        A saved run; `report` gets it, or a damaged copy.
    """
    draw = rng.random()
    if draw < 0.72:
        return _discover(rng, file, folder)
    if draw < 0.92:
        return _fit_constants(rng, file)
    if draw < 0.97:
        return _report(rng, file, folder, run)
    command = pick(rng, ["primitives", "datasets", "--help", "--version", "discver", "report", "discover", ""])
    as_json = command in ("primitives", "datasets") and rng.random() < 0.5
    tokens = [command] if command else []
    if as_json:
        tokens.append("--json")
    if rng.random() < 0.2:
        tokens.append(pick(rng, ["--no-such", "extra", "-q", "--help"]))
    return CommandLine(tuple(tokens), 10.0, command or "none", as_json, {})


def _table_options(rng: np.random.Generator, file: RandomFile) -> tuple[list[str], dict]:
    """Options that both commands with a table have."""
    names = list(file.columns)
    tokens: list[str] = []
    options: dict = {}
    target = names[-1] if rng.random() < 0.96 else pick(rng, [*names, "z", "0", "-1", "Y", "\udcff", "--"])
    if rng.random() < 0.97:
        tokens += ["--target", target]
        options["target"] = target
    if len(names) > 2 and rng.random() < 0.1:
        tokens += ["--error", names[-2]]
        options["error"] = names[-2]
    elif rng.random() < 0.02:
        tokens += ["--error", pick(rng, ["s", target, ""])]
    if rng.random() < 0.5:
        tokens.append("--drop-missing")
        options["drop_missing"] = True
    if rng.random() < 0.03:
        tokens += ["--key", pick(rng, ["table", "x0", "/", "nothing", ""])]
        options["key"] = tokens[-1]
    return tokens, options


def _quoted(name: str) -> str:
    return name if name.isidentifier() else f"`{name}`"


def _input_error(rng: np.random.Generator, file: RandomFile) -> list[str]:
    """Errors of an input, and most times of the target."""
    error = pick(rng, ["0.1", "0.01", "1e-3", file.columns[-1], file.columns[0], "-1", "0", "inf", "abc", ""])
    tokens = ["--x-error", f"{file.columns[0]}={error}" if rng.random() < 0.9 else error]
    if len(file.columns) > 2 and rng.random() < 0.8:
        tokens += ["--error", file.columns[-2]]
    return tokens


def _unit_file(rng: np.random.Generator, folder: Path) -> Path:
    path = folder / "units.txt"
    if rng.random() < 0.9:
        path.write_bytes(pick(rng, UNIT_FILES).encode("latin-1"))
    return path


def _number(rng: np.random.Generator, right: object, wrong: float = 0.02) -> str:
    return pick(rng, WRONG_NUMBERS) if rng.random() < wrong else str(right)


def _discover(rng: np.random.Generator, file: RandomFile, folder: Path) -> CommandLine:
    tokens, options = _table_options(rng, file)
    seconds = float(rng.choice([0.1, 0.3, 0.5, 1.0, 2.0, 0.01], p=[0.35, 0.35, 0.15, 0.08, 0.02, 0.05]))
    given = _number(rng, seconds)
    tokens += ["--seconds", given]
    # Odd texts may be numbers all the same: 1_0 is 10 to Python.
    with suppress(ValueError):
        seconds = max(seconds, min(float(given), 20.0))
    names = list(file.columns[:-1])
    if names and rng.random() < 0.1:
        chosen = [str(name) for name in rng.choice(names, int(rng.integers(1, len(names) + 1)), replace=False)]
        if rng.random() < 0.2:
            chosen.append(pick(rng, ["z", "", file.columns[-1], "0"]))
        tokens += ["--columns", ",".join(chosen)]
    as_json = bool(rng.random() < 0.5)
    out: Path | None = None
    for chance, more in (
        (0.3, ["--seed", _number(rng, int(rng.integers(10)), 0.03)]),
        (0.08, ["--device", pick(rng, ["cpu", "auto", "cuda", "cuda:7", "tpu", ""])]),
        (0.15, ["--validation-fraction", _number(rng, rng.choice([0.0, 0.1, 0.2, 0.5, 0.89]), 0.05)]),
        (0.08, ["--primitives", ",".join(rng.choice(FUNCTIONS, int(rng.integers(1, 4))))]),
        (0.08, ["--without", ",".join(rng.choice(FUNCTIONS, int(rng.integers(1, 4))))]),
        (0.06, _input_error(rng, file)),
        (0.05, ["--given", pick(rng, GIVEN).replace("x0", _quoted(file.columns[0]))]),
        (0.05, ["--robust"]),
        (0.05, ["--units", str(_unit_file(rng, folder))]),
        (0.02, ["--agreement", _number(rng, 1, 0.3)]),
        (0.6, ["--quiet"]),
        (0.02, [pick(rng, ["--no-such", "--target", "-z", "extra", "--json=3", "--seed", "--help"])]),
    ):
        if rng.random() < chance:
            tokens += more
    if rng.random() < 0.04:
        blocked = folder / "file"
        blocked.write_text("")
        out = Path(pick(rng, [str(folder / "run"), str(folder / "a/b/c"), str(blocked), "/proc/no", "\0"]))
        tokens += ["--out", str(out)]
    if as_json:
        tokens.append("--json")
    if "--agreement" in tokens:
        seconds *= 2
    return CommandLine(("discover", str(file.path), *tokens), seconds, "discover", as_json, options, out)


def _fit_constants(rng: np.random.Generator, file: RandomFile) -> CommandLine:
    tokens, options = _table_options(rng, file)
    formula = pick(rng, FORMULAS[:15] if rng.random() < 0.6 else FORMULAS)
    for old, new in zip(("x0", "x1"), [*file.columns[:2], "x1"], strict=False):
        if rng.random() < 0.9:
            formula = formula.replace(old, _quoted(new))
    as_json = bool(rng.random() < 0.5)
    for chance, more in (
        (0.2, ["--seed", _number(rng, int(rng.integers(10)), 0.03)]),
        (0.2, ["--start", pick(rng, ["A=1", "A=1,B=2", "A=1e300", "A=nan", "Q=1", "A", "=", "A=1,A=2", "B=0"])]),
        (0.1, ["--scale-errors"]),
        (0.06, _input_error(rng, file)),
        (0.1, ["--robust"]),
        (0.1, ["--intervals"]),
        (0.05, ["--level", _number(rng, rng.choice([0.68, 0.95, 0.9999999]), 0.3)]),
        (0.02, [pick(rng, ["--no-such", "--seconds", "extra", "--help"])]),
    ):
        if rng.random() < chance:
            tokens += more
    if as_json:
        tokens.append("--json")
    return CommandLine(("fit-constants", formula, str(file.path), *tokens), 15.0, "fit-constants", as_json, options)


def _report(rng: np.random.Generator, file: RandomFile, folder: Path, run: Path) -> CommandLine:
    copy = folder / "run"
    copy.mkdir()
    for source in run.iterdir():
        (copy / source.name).write_bytes(source.read_bytes())
    action = rng.random()
    damaged = copy / pick(rng, [path.name for path in sorted(run.iterdir())])
    if action < 0.25:
        damaged.unlink()
    elif action < 0.75:
        if rng.random() < 0.7:
            damaged = copy / "formula.json"
        data = bytearray(damaged.read_bytes())
        for _ in range(int(rng.integers(1, 6))):
            at = int(rng.integers(len(data)))
            data[at] = (
                int(rng.integers(256)) if rng.random() < 0.5 else int(rng.choice(list(b'0123456789"{}[],:nulTe-')))
            )
        damaged.write_bytes(bytes(data))
    target = file.path if action > 0.9 else copy
    return CommandLine(("report", str(target)), 10.0, "report", False, {})
