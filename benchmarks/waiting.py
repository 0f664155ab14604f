"""How long does a person wait: from Enter to the prompt, each command as a process of its own?

::

    git worktree add ../before <commit>
    python -m benchmarks.waiting commands --before ../before   # wall and processor seconds, by what is on the terminal
    python -m benchmarks.waiting budgets --before ../before    # is --seconds the whole, idle and on a busy machine?
    python -m benchmarks.waiting modules --before ../before    # which libraries are imported

Both states run in turn, on one core each. What is measured is what a terminal shows: the first words, the result, the
last words and the prompt; an idle machine is needed.
"""

import json
import os
import selectors
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from cyclopts import App, Parameter, validators

from benchmarks.machine import cpu_model
from benchmarks.table import commit_of
from benchmarks.table import keep as keep_figures

HERE = Path(__file__).parents[1]

TITLE = "Waiting"

app = App(name="python -m benchmarks.waiting", help="From Enter to the prompt, how long?", version_flags=[])

Count = Annotated[int, Parameter(validator=validators.Number(gte=1))]

LIBRARIES = (
    "numpy", "sympy", "scipy", "scipy.stats", "pandas", "pint", "torch", "matplotlib", "sklearn", "jinja2", "rich",
)  # fmt: skip
"""Libraries whose import is counted."""

WORDS, RESULT, LAST, PROMPT = "first words", "result", "last words", "prompt"
"""What a person sees, in this order."""

TOLERANCE, OVERHEAD = 0.1, 0.5
"""Share of the seconds, and seconds, by which the whole may differ from what was asked for."""


@dataclass(frozen=True)
class Call:
    """A command as it is typed.

    Attributes
    ----------
    name : str
        For the table.
    arguments : tuple of str
    """

    name: str
    arguments: tuple[str, ...]


@dataclass(frozen=True)
class Seen:
    """What a call took.

    Attributes
    ----------
    wall, processor : dict of str to float
        Seconds from Enter to what a person sees; of the processor for the whole process, and its children.
    code : int
    last : str
        The last line.
    """

    wall: dict[str, float]
    processor: dict[str, float]
    code: int
    last: str


def environment(clone: Path) -> dict[str, str]:
    """Of a process that runs a state of the project on one core."""
    return {**os.environ, "PYTHONPATH": str(clone), "OMP_NUM_THREADS": "1"}


def watched(clone: Path, arguments: Sequence[str], folder: Path) -> Seen:
    """Run a command of a state of the project, and note when what is seen of it."""
    began = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "kansym", *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=folder, env=environment(clone),
    )  # fmt: skip
    wall: dict[str, float] = {}
    processor: dict[str, float] = {}
    last = b""

    def note(what: str) -> None:
        wall[what] = time.monotonic() - began
        processor[what] = _processor_seconds(process.pid)

    with selectors.DefaultSelector() as selector:
        for stream in (process.stdout, process.stderr):
            assert stream is not None
            selector.register(stream, selectors.EVENT_READ)
        while selector.get_map():
            for key, _ in selector.select():
                part = os.read(key.fd, 65536)
                if not part:
                    selector.unregister(key.fileobj)
                    continue
                last = part
                if WORDS not in wall:
                    note(WORDS)
                if key.fileobj is process.stdout and RESULT not in wall:
                    note(RESULT)
                note(LAST)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    wall[PROMPT], processor[PROMPT] = time.monotonic() - began, usage.ru_utime + usage.ru_stime
    for stream in (process.stdout, process.stderr):
        assert stream is not None
        stream.close()
    said = last.decode("utf-8", "replace").strip().splitlines()
    return Seen(wall, processor, process.returncode, said[-1] if said else "")


def _processor_seconds(pid: int) -> float:
    """So far; nan where the system does not say."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return float("nan")
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def write_tables(folder: Path) -> None:
    """The tables of the cases, drawn from one seed."""
    draws = np.random.default_rng(57)

    def save(name: str, header: str, *columns: np.ndarray) -> None:
        np.savetxt(folder / name, np.column_stack(columns), delimiter=",", header=header, comments="", fmt="%.17g")

    a, b = draws.uniform(1, 5, (2, 300))
    exact = 3.5 * a * np.exp(-b / 2)
    save("exact.csv", "a,b,y", a, b, exact)
    save("noisy.csv", "a,b,y", a, b, exact * (1 + 0.02 * draws.standard_normal(300)))
    t = np.linspace(0, 6, 100)
    save("decay.csv", "t,y", t, 3 * np.exp(-t / 2) + 1 + 0.02 * draws.standard_normal(100))
    save("line.csv", "t,y", t, 2 * t + 1 + 0.05 * draws.standard_normal(100))
    save("wave.csv", "t,y", t, np.sin(3 * t) * np.exp(-t / 5) + 0.02 * draws.standard_normal(100))
    x = draws.uniform(-1, 1, (4, 300))
    save("four.csv", "p,q,r,s,y", *x, x[0] * x[1] + np.sin(2 * x[2]) + x[3] ** 2 + 0.05 * draws.standard_normal(300))
    save("errors.csv", "t,dt,y,dy", t + 0.02 * draws.standard_normal(100), np.full(100, 0.02),
         5 / (1 + t) + 0.03 * draws.standard_normal(100), np.full(100, 0.03))  # fmt: skip
    wild = 2 * t**1.5 + 0.05 * draws.standard_normal(100)
    wild[::17] += 8
    save("wild.csv", "t,y", t, wild)
    save("none.csv", "a,b,y", a, b, draws.standard_normal(300))
    groups = np.repeat(np.arange(5), 20)
    save("groups.csv", "t,group,y", t, groups, (1 + groups) * np.exp(-t / 2) + 0.02 * draws.standard_normal(100))
    swing = np.cos(2 * t)
    save("swing.csv", "t,x,v", t, swing + 0.002 * draws.standard_normal(100), -2 * np.sin(2 * t))
    save("hundred.csv", "t,y", t, 3 * np.exp(-t / 2) + 1 + 0.02 * draws.standard_normal(100))


CALLS = (
    Call("--version", ("--version",)),
    Call("--help", ("--help",)),
    Call("a wrong file name", ("discover", "no.csv", "--target", "y")),
    Call("a wrong option", ("discover", "exact.csv", "--targt", "y")),
    Call("a wrong column", ("discover", "exact.csv", "--target", "z")),
    Call("datasets", ("datasets",)),
    Call("compare --help", ("compare", "--help")),
    Call("fit-constants, 100 rows", ("fit-constants", "A*exp(-t/tau) + B", "hundred.csv", "--target", "y")),
    Call("exact law, two columns, 300 rows", ("discover", "exact.csv", "--target", "y")),
    Call("the same with --out", ("discover", "exact.csv", "--target", "y", "--out", "run", "--overwrite")),
    Call("export", ("export", "run", "--to", "c")),
    Call("report", ("report", "run")),
    Call("noisy table, two columns, 300 rows", ("discover", "noisy.csv", "--target", "y")),
    Call("kepler", ("discover", "kepler", "--target", "period")),
)

BUDGETED = (
    Call("noisy", ("discover", "noisy.csv", "--target", "y")),
    Call("decay", ("discover", "decay.csv", "--target", "y")),
    Call("wave", ("discover", "wave.csv", "--target", "y")),
    Call("four columns", ("discover", "four.csv", "--target", "y")),
    Call("no law", ("discover", "none.csv", "--target", "y")),
    Call("errors of both axes", ("discover", "errors.csv", "--target", "y", "--error", "dy", "--x-error", "t=dt")),
    Call("robust", ("discover", "wild.csv", "--target", "y", "--robust")),
    Call("kepler", ("discover", "kepler", "--target", "period")),
    Call("groups", ("discover", "groups.csv", "--target", "y", "--group", "group")),
    Call("dynamics", ("dynamics", "swing.csv", "--time", "t", "--state", "x,v")),
)


def states(before: Path | None) -> dict[str, Path]:
    """The states of the project, by what they are called."""
    return {**({} if before is None else {"before": before.resolve()}), "now": HERE}


@contextmanager
def tables() -> Iterator[Path]:
    """A folder with the tables."""
    with tempfile.TemporaryDirectory() as name:
        write_tables(Path(name))
        yield Path(name)


@contextmanager
def busy(processes: int) -> Iterator[None]:
    """Processes beside the measurement that never rest."""
    others = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(processes)]
    try:
        yield
    finally:
        for other in others:
            other.kill()
            other.wait()


@app.command
def commands(
    *, before: Path | None = None, only: str = "", repeats: Count = 3, out: Path | None = None, keep: bool = False
) -> None:
    """Time each command, the states of the project in turn; the median of some calls.

    Parameters
    ----------
    before
        A clone of another state of the project.
    only
        Commands whose name contains one of these texts, separated by semicolons.
    repeats
        Calls of each command by each state.
    out
        File for everything that was measured, a line of JSON for each call.
    keep
        Keep the figures in benchmarks/results.
    """
    sides = states(before)
    said = {"before": commit_of(before)} if before else {}
    print(cpu_model(), flush=True)
    with tables() as folder:
        for side, clone in sides.items():
            # Compiled once, and a run for those that read one; each state has its own.
            (folder / side).mkdir()
            write_tables(folder / side)
            watched(clone, CALLS[9].arguments, folder / side)
        for call in [one for one in CALLS if any(part in one.name for part in only.split(";"))]:
            found: dict[str, list[Seen]] = {side: [] for side in sides}
            for _ in range(repeats):
                for side, clone in sides.items():
                    seen = watched(clone, call.arguments, folder / side)
                    found[side].append(seen)
                    _write(out, call, side, seen)
            said[call.name] = ", ".join(f"{side} {_in_words(seen)}" for side, seen in found.items())
            print(f"{call.name}: {said[call.name]}", flush=True)
            for side, seen in found.items():
                print(f"    {side}: {_phases(seen)}; {seen[-1].last[:100]}", flush=True)
    if keep:
        keep_figures("waiting", TITLE, said)


def _in_words(seen: Sequence[Seen]) -> str:
    wall, processor = (statistics.median(getattr(one, kind)[PROMPT] for one in seen) for kind in ("wall", "processor"))
    return f"{wall:.2f} s ({processor:.2f} of the processor)"


def _phases(seen: Sequence[Seen]) -> str:
    """Medians of what is seen when, with the seconds of the processor until then."""
    parts = []
    for what in (WORDS, RESULT, LAST, PROMPT):
        walls = [one.wall[what] for one in seen if what in one.wall]
        if walls:
            spent = statistics.median(one.processor[what] for one in seen if what in one.wall)
            parts.append(f"{what} {statistics.median(walls):.2f} ({spent:.2f})")
    return ", ".join(parts)


def _write(out: Path | None, call: Call, side: str, seen: Seen) -> None:
    if out is not None:
        line: dict[str, Any] = {"call": call.name, "state": side, "code": seen.code, "last": seen.last}
        with out.open("a", encoding="utf-8") as file:
            file.write(json.dumps({**line, "wall": seen.wall, "processor": seen.processor}) + "\n")


@app.command
def budgets(
    *,
    before: Path | None = None,
    seconds: str = "6,10,20",
    only: str = "",
    beside: int = 2,
    out: Path | None = None,
    keep: bool = False,
) -> None:
    """Compare the whole of a command, from Enter to the prompt, with its --seconds, idle and beside busy processes.

    Parameters
    ----------
    before
        A clone of another state of the project.
    seconds
        Budgets, separated by commas.
    only
        Tables whose name contains this text.
    beside
        Busy processes.
    out
        File for everything that was measured, a line of JSON for each call.
    keep
        Keep the figures in benchmarks/results.
    """
    sides = states(before)
    said = {"before": commit_of(before)} if before else {}
    print(cpu_model(), flush=True)
    with tables() as folder:
        for others in (0, beside):
            where = "idle" if not others else f"beside {others} busy processes"
            for budget in map(float, seconds.split(",")):
                over: dict[str, list[float]] = {side: [] for side in sides}
                for call in [one for one in BUDGETED if only in one.name]:
                    with busy(others):
                        for side, clone in sides.items():
                            run = (folder / f"{side}-{call.name}").as_posix()
                            options = ("--seconds", f"{budget:g}", "--out", run, "--quiet")
                            again = () if call.name == "dynamics" else ("--overwrite",)
                            seen = watched(clone, (*call.arguments, *options, *again), folder)
                            over[side].append(seen.wall[PROMPT] - budget)
                            _write(out, Call(f"{call.name}, {budget:g} s, {where}", call.arguments), side, seen)
                            print(f"{where}, {budget:g} s, {call.name}, {side}: {_phases([seen])}", flush=True)
                for side, extra in over.items():
                    kept = sum(one <= TOLERANCE * budget + OVERHEAD for one in extra)
                    name = f"--seconds {budget:g}, {where}: {side}"
                    said[name] = f"kept on {kept} of {len(extra)} tables, at most {budget + max(extra):.1f} s"
                    print(f"{name}: {said[name]}", flush=True)
    if keep:
        keep_figures("waiting", TITLE, said)


LOADED = f"""
import atexit, runpy, sys
names = {LIBRARIES!r}
atexit.register(lambda: print(len(sys.modules), *(name for name in names if name in sys.modules)))
sys.argv = ["kansym", *{{arguments!r}}]
if sys.argv[1:]:
    runpy.run_module("kansym", run_name="__main__")
else:
    import kansym
"""


@app.command
def modules(*, before: Path | None = None, keep: bool = False) -> None:
    """Count the modules that commands import, and name the libraries among them.

    Parameters
    ----------
    before
        A clone of another state of the project.
    keep
        Keep the figures in benchmarks/results.
    """
    sides = states(before)
    said = {"before": commit_of(before)} if before else {}
    wanted = [
        Call("import kansym", ()),
        *(one for one in CALLS if one.name not in ("kepler", "report") and "noisy" not in one.name),
    ]
    with tables() as folder:
        for side, clone in sides.items():
            (folder / side).mkdir()
            write_tables(folder / side)
            watched(clone, CALLS[9].arguments, folder / side)
        for call in wanted:
            for side, clone in sides.items():
                code = LOADED.format(arguments=call.arguments)
                done = subprocess.run(
                    [sys.executable, "-c", code],
                    capture_output=True, text=True, cwd=folder / side, env=environment(clone), check=False,
                )  # fmt: skip
                count, *names = done.stdout.splitlines()[-1].split()
                said[f"modules of {call.name}: {side}"] = f"{count}; {', '.join(names) or 'no library'}"
                print(f"{call.name}, {side}: {count}; {' '.join(names)}", flush=True)
    if keep:
        keep_figures("waiting", TITLE, said)


if __name__ == "__main__":
    app()
