"""Relations among the columns of tables: is the form right, are constants within their errors, is nothing invented?

Forty tables hold a relation, drawn at 0, 1 and 3 % of noise in all columns, with the errors given and without; forty
hold none (`benchmarks.relation_tables`). A form is right if it can be made exact on the table without noise and has no
more terms than the relation has in its shortest writing::

    python -m benchmarks.relations                        # all of it, a minute for every four tables
    python -m benchmarks.relations --half 0 --levels 0.01 # every other table
    python -m benchmarks.relations --out runs/relations --jobs 2
"""

import math
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from cyclopts import App, Parameter, validators

from benchmarks.measuring import Record, measure_and_say
from benchmarks.relation_tables import RELATIONS, WITHOUT, Case, noisy
from kansym.implicit.finding import find_relations
from kansym.implicit.fit import fit_form
from kansym.implicit.judging import Judged
from kansym.implicit.noise import noise_of
from kansym.implicit.relation import Relation, shown
from kansym.implicit.table import Columns

app = App(name="python -m benchmarks.relations", help=str(__doc__).splitlines()[0], version_flags=[])

LEVELS = (0.0, 0.01, 0.03)

EXACT = 1e-5
"""Relative distance of clean rows from a form that is right, its constants fitted to them."""

CLEAN_ROWS = 400

WITHIN = 3.0
"""Errors within which a constant is right."""

Kind = Literal["both", "with", "without"]
Count = Annotated[int, Parameter(validator=validators.Number(gte=0))]


@dataclass(frozen=True)
class Task:
    """A table at a level of noise.

    Attributes
    ----------
    name : str
    level : float
    given : bool
        Whether errors are given.
    seed : int
    seconds : float
    """

    name: str
    level: float
    given: bool
    seed: int
    seconds: float

    @property
    def case(self) -> Case:
        """The table."""
        return next(one for one in (*RELATIONS, *WITHOUT) if one.name == self.name)


def examine(task: Task) -> Record:
    """Search a table, and judge what is found."""
    case = task.case
    clean = case.columns(task.seed)
    X, errors = noisy(clean, task.level, np.random.default_rng([task.seed, 1, len(case.name)]))
    table = Columns(X, tuple(clean), errors if task.given else None)
    began = time.monotonic()
    found = find_relations(table, max_seconds=task.seconds, seed=task.seed, deterministic=True)
    record: Record = {
        "elapsed": time.monotonic() - began,
        "number": found.number,
        "text": str(found),
        "verdicts": [one.verdict.kind for one in found.relations],
        "best": None if found.best is None else str(found.best),
    }
    if not case.size:
        return record
    right, misses = False, []
    for relation in found.relations[:1]:
        exact = made_exact(relation, case, task)
        right = exact is not None
        if exact is not None and task.given:
            misses = [
                (one.value - other.value) / one.error
                for one, other in zip(relation.constants, exact.constants, strict=True)
                if one.error
            ]
    return record | {"right": right, "misses": misses, "counted": found.number == case.number}


def made_exact(relation: Relation, case: Case, task: Task) -> Relation | None:
    """The relation with constants of clean rows; None where it is wrong there, or longer than it needs to be."""
    fitted = relation.fitted
    if fitted.form.size > case.size:
        return None
    clean = case.columns(task.seed + 1000, CLEAN_ROWS)
    table = Columns(np.column_stack(list(clean.values())), tuple(clean))
    again = fit_form(fitted.form, table.X, noise_of(table), held=relation.held)
    if again is None or again.size > EXACT:
        return None
    judged = Judged(again, relation.held, 0.0, 0.0, 0.0, 0.0, {})
    return shown(judged, table, True, relation.measured, relation.verdict)


def line(record: Record) -> str:
    """A record in words."""
    name, level, given = record["key"][:3]
    mark = {True: "right", False: "wrong", None: "none" if not record.get("number") else "FALSE"}[record.get("right")]
    errors = "given" if given else ""
    return f"{mark:6}{name:28}{100 * level:3.0f} % {errors:6}{record['elapsed']:6.1f} s  {record['text']}"


def figures(records: Sequence[Record]) -> dict[str, str]:
    """Headline figures."""
    found: dict[str, str] = {}
    with_relation = [one for one in records if "right" in one]
    for given in (False, True):
        for level in LEVELS:
            own = [one for one in with_relation if one["key"][1] == level and one["key"][2] == given]
            if own:
                words = f"right form, {100 * level:.0f} % noise{', errors given' if given else ''}"
                found[words] = f"{sum(one['right'] for one in own)} of {len(own)}"
    misses = [miss for one in with_relation for miss in one["misses"]]
    if misses:
        inside = sum(abs(miss) <= WITHIN for miss in misses)
        found["constants within 3 errors"] = f"{inside} of {len(misses)}, {100 * inside / len(misses):.1f} %"
    without = [one for one in records if "right" not in one]
    if without:
        found["tables without a relation in which one is seen"] = (
            f"{sum(one['number'] > 0 for one in without)} of {len(without)}"
        )
    times = [one["elapsed"] for one in records]
    found["seconds, median and largest"] = f"{statistics.median(times):.0f} and {max(times):.0f}"
    return found


def tasks(
    half: int | None, levels: Sequence[float], given: str, seed: int, seconds: float, only: str, kind: Kind
) -> list[Task]:
    """What is to be done."""
    found = []
    for place, case in enumerate(RELATIONS if kind != "without" else ()):
        if half is None or place % 2 == half:
            found += [
                Task(case.name, level, errors, seed, seconds)
                for level in levels
                for errors in (False, True)
                if (level or not errors) and given in ("both", "yes" if errors else "no")
            ]
    for place, case in enumerate(WITHOUT if kind != "with" else ()):
        if half is None or place % 2 == half:
            # Half of these have errors of 1 % that are given.
            found.append(Task(case.name, 0.0 if place % 4 < 2 else 0.01, place % 4 >= 2, seed, seconds))
    return [one for one in found if only in one.name]


def key(task: Task) -> list[Any]:
    """Of a record."""
    return [task.name, task.level, task.given, task.seed, task.seconds]


@app.default
def main(
    *,
    half: int | None = None,
    levels: list[float] | None = None,
    given: str = "both",
    only: str = "",
    kind: Kind = "both",
    seed: Count = 0,
    seconds: float = 30.0,
    out: Path | None = None,
    jobs: Annotated[int, Parameter(validator=validators.Number(gte=1))] = 1,
    keep: bool = False,
) -> None:
    """Search tables with and without a relation.

    Parameters
    ----------
    half
        0 or 1: every other table only.
    levels
        Noise, in parts of each value.
    given
        "yes", "no" or "both": whether errors are given.
    only
        Tables whose name holds this.
    kind
        Tables with a relation, without, or both.
    seed
        Of the tables.
    seconds
        Budget of each search, in counted work.
    out
        Folder for results; those it holds already are not computed again.
    jobs
        Processes.
    keep
        Keep the headline figures in benchmarks/results.
    """
    if not math.isfinite(seconds):
        raise SystemExit("--seconds must be finite")
    wanted = tasks(half, levels or LEVELS, given, seed, seconds, only, kind)
    names = {"name": "relations", "title": "Relations among columns"}
    measure_and_say(examine, wanted, key, **names, out=out, jobs=jobs, line=line, figures=figures, keep=keep)


if __name__ == "__main__":
    app()
