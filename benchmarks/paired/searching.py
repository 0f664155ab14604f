"""Searches of entries by one or two states of the project in turn, each judged by this one."""

import atexit
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import sympy

from benchmarks.pace.side import Side
from benchmarks.paired.entries import Entry, Table, table_of
from kansym.bench.form import same_form
from kansym.bench.outcome import judge
from kansym.bench.problem import Problem
from kansym.bench.strict import strict
from kansym.errors import KansymError
from kansym.executors import WorkerFailure, completed
from kansym.symbolic.parser import parse_expression

WORKER = Path(__file__).parent / "side.py"

FORMS = 3
"""Formulas of a front whose forms are looked at."""

Record = dict[str, Any]
"""Fields of an entry and of what a state found for it; one line of a file of records."""


@dataclass(frozen=True)
class Job:
    """One entry for some states of the project, one after another.

    Attributes
    ----------
    entry : Entry
    clones : tuple of (str, Path)
        Labels of states, and where they are.
    seconds : float
        Budget of a search, in counted work where a state counts it.
    certify : bool
        Whether a certificate is made too.
    without : tuple of str
        Engines that are turned off: "structure", "terms", "networks".
    exact : bool
        Whether exact numbers are asked for in place of constants that agree with them, where a state has that option.
    """

    entry: Entry
    clones: tuple[tuple[str, Path], ...]
    seconds: float
    certify: bool = False
    without: tuple[str, ...] = ()
    exact: bool = False


def run(jobs: Iterable[Job], workers: int) -> Iterator[Record]:
    """Records as they come; a job that fails altogether gives one that says so for each of its states."""
    jobs = list(jobs)
    for place, found in completed(search, jobs, workers=workers):
        if isinstance(found, WorkerFailure):
            job = jobs[place]
            yield from (_record(job, label, {"failure": found.reason}) for label, _ in job.clones)
        else:
            yield from found


def search(job: Job) -> list[Record]:
    """The records of a job, one for each state."""
    try:
        table = table_of(job.entry)
    except KansymError as error:
        return [_record(job, label, {"failure": str(error)}) for label, _ in job.clones]
    return [_record(job, label, _searched(job, table, clone)) for label, clone in job.clones]


def _searched(job: Job, table: Table, clone: Path) -> Record:
    """What a state found; whatever fails costs this record and no other."""
    try:
        return _found_and_judged(job, table, clone)
    except Exception as error:
        return {"failure": " ".join(f"{type(error).__name__}: {error}".split())[:500]}


def _found_and_judged(job: Job, table: Table, clone: Path) -> Record:
    problem = table.problem
    circumstances = {
        "rows": len(problem.y),
        "columns": problem.X.shape[1],
        "noise": table.noise,
        "errors": problem.errors is not None,
        "distribution": table.distribution,
        "law_nodes": problem.law.nodes,
    }
    try:
        found = _side(clone).ask(
            X=problem.X.tolist(),
            y=problem.y.tolist(),
            errors=None if problem.errors is None else problem.errors.tolist(),
            names=list(problem.names),
            seconds=job.seconds,
            certify=job.certify,
            without=list(job.without),
            exact=job.exact,
        )
    except (RuntimeError, OSError) as error:
        # The process has ended; the next table gets a new one.
        _side.cache_clear()
        return {**circumstances, "failure": str(error)}
    if "failure" in found:
        return {**circumstances, **found}
    front = found.pop("front")
    return {**circumstances, **found, **verdicts(found["formula"], front, problem)}


def verdicts(pick: str, front: Sequence[str], problem: Problem) -> Record:
    """Whether a pick is the law, and has its form; whether the law is on the front."""
    read = {text: _read(text, problem) for text in (pick, *front)}
    formula = read[pick]
    if formula is None:
        return {"right": False, "form": False, "front_right": False, "failure": f"cannot read {pick[:200]}"}
    verdict = judge(formula, problem)
    others = [one for text, one in read.items() if one is not None and text != pick]
    right = verdict.strict.recovered or any(strict(one, problem).recovered for one in others)
    form = verdict.form or any(same_form(one, problem) for one in others[-FORMS:])
    return {
        "right": verdict.strict.recovered,
        "form": verdict.form,
        "front_right": right,
        "front_form": form,
        "nodes": verdict.strict.nodes,
    }


def _read(text: str, problem: Problem) -> sympy.Expr | None:
    try:
        return parse_expression(text, problem.names)
    except KansymError:
        return None


def _record(job: Job, label: str, found: Record) -> Record:
    entry = job.entry
    flags = dict.fromkeys(("right", "form", "front_right"), False)
    return {
        "entry": entry.name,
        "kind": entry.kind,
        "stratum": entry.stratum,
        "half": entry.half,
        "state": label,
        "seconds": job.seconds,
        "without": list(job.without),
        "exact": job.exact,
        **flags,
        **found,
    }


@cache
def _side(clone: Path) -> Side:
    """The process of a state, started once in every worker."""
    side = Side(WORKER, clone).__enter__()
    atexit.register(side.__exit__)
    return side


def read_records(path: Path) -> list[Record]:
    """The records of a file; a last line that was cut is skipped."""
    found = []
    if path.is_file():
        for line in path.read_text(encoding="utf-8").splitlines():
            try:
                found.append(json.loads(line))
            except json.JSONDecodeError:
                continue
    return found
