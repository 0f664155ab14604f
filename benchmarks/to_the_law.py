"""How long until the law is there: from Enter, in one Python session, and beside other tools on the same tables?

::

    python -m benchmarks.to_the_law kansym                 # Feynman's hundred without noise
    python -m benchmarks.to_the_law peers --with operon    # every tenth of them, without noise and with 1 %

`kansym` searches every table twice: by a command, a process of its own that is watched as a person would
(`benchmarks.waiting`), and in one session, where the formulas are noted as they come and judged afterwards. Both read
the same file with the same seed, so they find the same formula. Seconds are counted of laws that were found.

`peers` gives every other tool 1, 2, 4, ... seconds, each time in a new process, until a formula of its front is the
law. Its seconds from Enter are its start-up and those of this last search: a person who knew how long it takes would
wait no shorter. An idle machine is needed, as everywhere where seconds of the wall are counted.
"""

import json
import math
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import sympy
from cyclopts import App, Parameter, validators

import kansym
from benchmarks.machine import cpu_model
from benchmarks.table import keep as keep_figures
from benchmarks.waiting import HERE, PROMPT, RESULT, Seen, watched
from kansym.bench.catalogue import load_catalogue
from kansym.bench.problem import Problem, make_problem
from kansym.bench.strict import strict
from kansym.comparison.peer_formulas import readable
from kansym.comparison.peers import is_installed, peer_named
from kansym.comparison.process import PeerProcess
from kansym.comparison.request import PeerError, Request, safe_names

TITLE = "Seconds to the law"

CATALOGUE = "feynman"

ROWS = 2000
"""As in `kansym bench`."""

app = App(name="python -m benchmarks.to_the_law", help="How long until the law is there?", version_flags=[])

Count = Annotated[int, Parameter(validator=validators.Number(gte=1))]
Seconds = Annotated[float, Parameter(validator=validators.Number(gt=0))]


@dataclass(frozen=True)
class Session:
    """What one search in a Python session took, in seconds of the wall.

    Attributes
    ----------
    right : bool
        Whether the pick is the law.
    seen : float
        Until the law was the best formula; nan where it never was.
    returned : float
        Until `kansym.discover` returned.
    """

    right: bool
    seen: float
    returned: float


class Watch:
    """Notes every formula that became the best, and when."""

    def __init__(self) -> None:
        self.start = time.perf_counter()
        self.changes: list[tuple[sympy.Expr, float]] = []

    def __call__(self, progress: Any) -> None:
        if progress.best is not None and (not self.changes or progress.best.expression != self.changes[-1][0]):
            self.changes.append((progress.best.expression, time.perf_counter() - self.start))


def write(problem: Problem, file: Path) -> None:
    """The table of a problem, to the last digit."""
    columns = np.column_stack([problem.X, problem.y])
    np.savetxt(file, columns, delimiter=",", header=",".join([*problem.names, "y"]), comments="", fmt="%.17g")


def searched(file: Path, problem: Problem, seconds: float) -> Session:
    """Search a table in this session."""
    watch = Watch()
    found = kansym.discover(file, target="y", options=kansym.DiscoveryOptions(max_seconds=seconds), progress=watch)
    returned = time.perf_counter() - watch.start
    right = strict(found.formula.expression, problem).right
    seen = next(
        (at for formula, at in watch.changes if strict(formula, problem).right), returned if right else math.nan
    )
    return Session(right, seen, returned)


def commanded(file: Path, seconds: float, folder: Path) -> Seen:
    """Search a table by a command."""
    return watched(HERE, ("discover", file.name, "--target", "y", "--seconds", f"{seconds:g}"), folder)


def drawn(every: int, noise: float) -> Iterator[Problem]:
    """Tables of each so many laws of the catalogue."""
    for law in load_catalogue(CATALOGUE).laws[::every]:
        yield make_problem(law, rows=ROWS, seed=0, noise=noise)


@app.command(name="kansym")
def own(*, every: Count = 1, seconds: Seconds = 20.0, keep: bool = False) -> None:
    """Time the command and the search in one session on the laws of the catalogue without noise.

    Parameters
    ----------
    every
        Take each so many laws.
    seconds
        Budget of a command, and of a search in the session.
    keep
        Keep the figures in benchmarks/results.
    """
    print(cpu_model(), flush=True)
    sessions: list[Session] = []
    commands: list[Seen] = []
    with tempfile.TemporaryDirectory() as name:
        for problem in drawn(every, 0.0):
            file = Path(name) / "table.csv"
            write(problem, file)
            sessions.append(searched(file, problem, seconds))
            commands.append(commanded(file, seconds, Path(name)))
            print(f"{problem.law.name}: {_in_words(sessions[-1], commands[-1])}", flush=True)
    found = [place for place, session in enumerate(sessions) if session.right]
    said = {
        "laws found": f"{len(found)} of {len(sessions)}",
        "from Enter to the result": _median([commands[place].wall[RESULT] for place in found]),
        "from Enter to the prompt": _median([commands[place].wall[PROMPT] for place in found]),
        "in one session, until the law is there": _median([sessions[place].seen for place in found]),
        "in one session, until the search returns": _median([sessions[place].returned for place in found]),
    }
    for what, figure in said.items():
        print(f"{what}: {figure}")
    if keep:
        keep_figures("to_the_law", TITLE, said)


def _median(seconds: Sequence[float]) -> str:
    return f"median {statistics.median(seconds):.2f} s, at most {max(seconds):.1f} s" if seconds else "-"


def _in_words(session: Session, command: Seen) -> str:
    return (
        f"{'law' if session.right else '-'}; session {session.seen:.2f} s, returned {session.returned:.2f} s; "
        f"command {command.wall.get(RESULT, math.nan):.2f} s, prompt {command.wall[PROMPT]:.2f} s"
    )


@app.command
def peers(
    *,
    tools: Annotated[str, Parameter(name="--with")] = "operon,pysr",
    every: Count = 10,
    noises: str = "0,0.01",
    most: Seconds = 32.0,
    out: Path | None = None,
    keep: bool = False,
) -> None:
    """Time kansym and other tools from Enter to their first right formula on the same tables.

    Parameters
    ----------
    tools
        Other tools, separated by commas; one that is not installed is named and skipped.
    every
        Take each so many laws.
    noises
        Relative noise of the tables, separated by commas.
    most
        Seconds of the longest search of a tool.
    out
        File for everything that was measured, a line of JSON for each tool on each table.
    keep
        Keep the figures in benchmarks/results.
    """
    wanted = [peer_named(name) for name in tools.split(",")]
    said: dict[str, Any] = {}
    for peer in wanted:
        if not is_installed(peer):
            print(f"{peer.title} is not installed: {peer.install}")
    print(cpu_model(), flush=True)
    for noise in map(float, noises.split(",")):
        seconds: dict[str, list[float]] = {}
        for problem in drawn(every, noise):
            with tempfile.TemporaryDirectory() as name:
                times = {"kansym": _from_enter(problem, most, Path(name))}
                for peer in filter(is_installed, wanted):
                    times[peer.title] = _first_right(peer.name, problem, most)
            for tool, at in times.items():
                seconds.setdefault(tool, []).append(at)
                if out is not None:
                    line = {"law": problem.law.name, "noise": noise, "tool": tool, "seconds": _finite(at)}
                    with out.open("a", encoding="utf-8") as file:
                        file.write(json.dumps(line) + "\n")
            print(f"{problem.law.name}, {noise:.0%}: " + ", ".join(f"{tool} {at:.1f} s" for tool, at in times.items()))
        for tool, took in seconds.items():
            found = [one for one in took if math.isfinite(one)]
            said[f"{noise:.0%} noise: {tool}"] = f"{len(found)} of {len(took)} laws, {_median(found)}"
            print(f"{noise:.0%} noise: {tool}: {said[f'{noise:.0%} noise: {tool}']}", flush=True)
    if keep:
        keep_figures("to_the_law", TITLE, said)


def _finite(seconds: float) -> float | None:
    return seconds if math.isfinite(seconds) else None


def _from_enter(problem: Problem, most: float, folder: Path) -> float:
    """Seconds of kansym's command until the prompt, where it finds the law; nan where it does not."""
    file = folder / "table.csv"
    write(problem, file)
    took = commanded(file, most, folder).wall[PROMPT]
    return took if searched(file, problem, most).right else math.nan


def _first_right(name: str, problem: Problem, most: float) -> float:
    """Seconds of another tool from Enter to its first right formula; nan where it has none."""
    seconds = 1.0
    while seconds <= most:
        with tempfile.TemporaryDirectory() as folder, PeerProcess(peer_named(name)) as process:
            request = Request(
                X=problem.X,
                y=problem.y,
                weights=problem.weights,
                points=problem.X[:1],
                units=(None,) * problem.X.shape[1],
                y_unit=None,
                functions=tuple(kansym.DiscoveryOptions().primitives),
                seconds=seconds,
                seed=0,
                folder=Path(folder),
            )
            try:
                answer = process.ask(request)
            except PeerError as error:
                print(f"{name}, {seconds:g} s: {error}")
                return math.nan
        formulas = readable(answer.formulas, safe_names(problem.X.shape[1]), problem.names)
        if any(strict(formula, problem).right for formula in formulas.values()):
            return answer.start_up + answer.seconds
        seconds *= 2
    return math.nan


if __name__ == "__main__":
    app()
