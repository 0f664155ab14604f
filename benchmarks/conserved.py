"""Conserved quantities from runs alone: is their number right, and are they those of the system?

Eleven systems (`benchmarks.conserved_systems`), ten runs each, without noise and with 1 % of the spread of each state.
The form is right if every quantity of the system is a function of those that were found, and these of the system's: the
gradients, at points of clean runs and with constants fitted to these, span the same space::

    python -m benchmarks.conserved
    python -m benchmarks.conserved --seed 3 --only Kepler --out runs/conserved --jobs 2
"""

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import sympy
from cyclopts import App, Parameter, validators

from benchmarks.conserved_systems import SYSTEMS, SystemCase
from benchmarks.measuring import Record, measure_and_say
from kansym.conserved.finding import find_conserved
from kansym.conserved.quantity import Quantity, shown
from kansym.conserved.states import States
from kansym.dynamics.trajectories import read_trajectories

app = App(name="python -m benchmarks.conserved", help=str(__doc__).splitlines()[0], version_flags=[])

LEVELS = (0.0, 0.01)

SAME = 1e-4
"""Sine of the angle between a gradient and the space of the others that is rounding of runs and fits."""

Count = Annotated[int, Parameter(validator=validators.Number(gte=0))]


@dataclass(frozen=True)
class Task:
    """A system at a level of noise."""

    name: str
    level: float
    seed: int
    seconds: float

    @property
    def case(self) -> SystemCase:
        """The system."""
        return next(one for one in SYSTEMS if one.name == self.name)


def examine(task: Task) -> Record:
    """Search runs, and judge what is found."""
    case = task.case
    table = case.table(task.seed, task.level)
    began = time.monotonic()
    found = find_conserved(
        table, time="t", states=case.states, run="run", max_seconds=task.seconds, seed=task.seed, deterministic=True
    )
    elapsed = time.monotonic() - began
    number = len(case.quantities)
    return {
        "elapsed": elapsed,
        "text": "; ".join(one.text() for one in found.quantities),
        "number": found.number,
        "counted": found.number == number,
        "right": found.number == number and (number == 0 or same_space(found.quantities, case, task.seed)),
    }


def same_space(found: Sequence[Quantity], case: SystemCase, seed: int) -> bool:
    """Whether the gradients of what was found, made exact on clean runs, span those of the system."""
    clean = read_trajectories(case.table(seed, 0.0), time="t", states=list(case.states), trajectory="run")
    states = States.of(clean)
    exact = [shown(one.form.terms, states, clean, seed, one.form.rates) for one in found]
    if any(one.share > SAME for one in exact):
        return False
    x = states.x[:: max(1, len(states.x) // 200)]
    symbols = [sympy.Symbol(name) for name in case.states]
    truth = []
    for expression in case.functions():
        slopes = [sympy.lambdify(symbols, sympy.diff(expression, one), "numpy") for one in symbols]
        truth.append(np.column_stack([np.broadcast_to(slope(*x.T), len(x)) for slope in slopes]))
    own = np.stack([one.gradient(x) for one in exact], axis=1)
    own = own / np.linalg.norm(own, axis=2, keepdims=True)
    for gradient in truth:
        unit = gradient / np.linalg.norm(gradient, axis=1, keepdims=True)
        left = [g - o.T @ np.linalg.lstsq(o.T, g, rcond=None)[0] for g, o in zip(unit, own, strict=True)]
        if np.median(np.linalg.norm(left, axis=1)) > SAME:
            return False
    return True


def line(record: Record) -> str:
    """A record in words."""
    name, level = record["key"][:2]
    mark = "right" if record["right"] else "number" if record["counted"] else "WRONG"
    return f"{mark:7}{name:20}{100 * level:3.0f} % {record['elapsed']:6.1f} s  {record['text'] or 'none'}"


def figures(records: Sequence[Record]) -> dict[str, str]:
    """Headline figures."""
    found: dict[str, str] = {}
    for level in LEVELS:
        own = [one for one in records if one["key"][1] == level]
        if own:
            words = f"{100 * level:.0f} % noise"
            found[f"number right, {words}"] = f"{sum(one['counted'] for one in own)} of {len(own)}"
            found[f"form right, {words}"] = f"{sum(one['right'] for one in own)} of {len(own)}"
    times = [one["elapsed"] for one in records]
    found["seconds, median and largest"] = f"{statistics.median(times):.0f} and {max(times):.0f}"
    return found


def key(task: Task) -> list[Any]:
    """Of a record."""
    return [task.name, task.level, task.seed, task.seconds]


@app.default
def main(
    *,
    only: str = "",
    levels: list[float] | None = None,
    seed: Count = 0,
    seconds: float = 30.0,
    out: Path | None = None,
    jobs: Annotated[int, Parameter(validator=validators.Number(gte=1))] = 1,
    keep: bool = False,
) -> None:
    """Search runs of systems.

    Parameters
    ----------
    only
        Systems whose name holds this.
    levels
        Noise, in parts of the spread of each state.
    seed
        Of the runs.
    seconds
        Budget of each search, in counted work.
    out
        Folder for results; those it holds already are not computed again.
    jobs
        Processes.
    keep
        Keep the headline figures in benchmarks/results.
    """
    wanted = [Task(one.name, level, seed, seconds) for one in SYSTEMS for level in levels or LEVELS if only in one.name]
    names = {"name": "conserved", "title": "Conserved quantities"}
    measure_and_say(examine, wanted, key, **names, out=out, jobs=jobs, line=line, figures=figures, keep=keep)


if __name__ == "__main__":
    app()
