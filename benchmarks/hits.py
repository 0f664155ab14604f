"""The hit matrix: which finders would have found a law, each as if no other had, and after how much work.

::

    python -m benchmarks.hits measure --sample 60 --jobs 2     # adds to benchmarks/hit_matrix.jsonl
    python -m benchmarks.hits page                             # docs/_finders.md from that file

A search of an entry of the paired set (`benchmarks.paired`, development half) runs to the end of its budget and is not
shown any formula that is right: whoever proposes one has a hit, with the work of that finder alone until then, the
reductions on the way to its problem, and the finders that read the factors and terms that were taken out. So one search
asks all finders. What it cannot ask is who else would have solved a smaller problem on which a finder had ended the
search of that part.
"""

import json
import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from cyclopts import App, Parameter, validators

from benchmarks.paired.entries import Entry, sample, table_of
from kansym.bench.problem import Problem
from kansym.bench.strict import EXACT, NOISE_SHARE, strict
from kansym.data.dataset import make_dataset
from kansym.executors import WorkerFailure, completed
from kansym.provenance import Book, keeping
from kansym.search.discovery import discover
from kansym.search.options import DiscoveryOptions
from kansym.symbolic.formula import Formula

MATRIX = Path(__file__).parent / "hit_matrix.jsonl"
PAGE = Path(__file__).parents[1] / "docs" / "_finders.md"

COVERS = (0.95, 0.99)
"""Shares of all laws with a hit that sets of finders are chosen for."""

NEAR = 10.0
"""Times the tolerance of the judge up to which a formula is given to the judge."""

Record = dict[str, Any]

app = App(name="python -m benchmarks.hits", help="Which finders find which laws.", version_flags=[])

Positive = Annotated[float, Parameter(validator=validators.Number(gt=0))]
Count = Annotated[int, Parameter(validator=validators.Number(gte=1))]


class Jury:
    """Keeps right formulas of one law from its search, and notes who proposed them."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.clean = problem.law_at(problem.inside)
        self.tolerance = max(EXACT, problem.noise / NOISE_SHARE)
        self.hits: dict[str, Record] = {}
        self.book: Book | None = None
        self._known: dict[Any, bool] = {}

    def __call__(self, formula: Formula) -> bool:
        """Whether a formula of the user's table is right; formulas of its parts are no business of the jury."""
        if formula.variables != self.problem.names or formula.target != "y":
            return False
        expression = formula.expression
        if expression not in self._known:
            self._known[expression] = self._near(formula) and strict(expression, self.problem).recovered
        if self._known[expression]:
            self._note(formula)
        return self._known[expression]

    def _near(self, formula: Formula) -> bool:
        left = formula.predict(self.problem.inside) - self.clean
        size = float(np.std(self.clean))
        return bool(np.sqrt(np.nanmean(left**2)) <= NEAR * self.tolerance * size)

    def _note(self, formula: Formula) -> None:
        origin = formula.origin
        if origin is None or self.book is None or origin.finder in self.hits:
            return
        self.hits[origin.finder] = {
            "work": origin.work,
            "spent": self.book.spent.get(origin.finder, 0.0),
            "changes": list(origin.changes),
            "reductions": [str(step.kind) for step in formula.steps],
            "readers": sorted({step.finder for step in formula.steps if step.finder}),
        }


@dataclass(frozen=True)
class Job:
    """An entry and the budget of its search."""

    entry: Entry
    seconds: float


def hits(job: Job) -> Record:
    """The record of one entry: who found it, and the work of all finders."""
    problem = table_of(job.entry).problem
    jury = Jury(problem)
    book = jury.book = Book(jury)
    search(problem, book, job.seconds)
    entry = job.entry
    return {
        "entry": entry.name,
        "kind": entry.kind,
        "stratum": entry.stratum,
        "columns": problem.X.shape[1],
        "seconds": job.seconds,
        "hits": jury.hits,
        "spent": {name: round(work, 3) for name, work in sorted(book.spent.items())},
    }


def search(problem: Problem, book: Book, seconds: float) -> None:
    """Search a table, whose book withholds what is right."""
    table = make_dataset(problem.X, problem.y, names=list(problem.names), target="y", y_error=problem.errors)
    with keeping(book):
        discover(table, DiscoveryOptions(max_seconds=seconds, seed=0, device="cpu", deterministic=True))


@app.command
def measure(
    *,
    sample_size: Annotated[Count | None, Parameter(name="--sample")] = None,
    seconds: Positive = 30.0,
    jobs: Count = 1,
    out: Path = MATRIX,
) -> None:
    """Search entries of the development half and add their records to a file.

    Parameters
    ----------
    sample_size
        So many entries, a third of each stratum; all by default.
    seconds
        Budget of a search, in counted work.
    jobs
        Processes.
    out
        The file; entries that it has are not searched again.
    """
    add_records(hits, out, sample_size, seconds, jobs)


def add_records(record_of: Callable[[Job], Record], out: Path, size: int | None, seconds: float, jobs: int) -> None:
    """Add the records of those entries of a sample of the development half that a file has not."""
    have = {one["entry"] for one in read(out)}
    todo = [Job(entry, seconds) for entry in sample("development", size) if entry.name not in have]
    with out.open("a", encoding="utf-8") as file:
        for place, found in completed(record_of, todo, workers=jobs):
            if isinstance(found, WorkerFailure):
                print(f"{todo[place].entry.name}: {found.reason}", flush=True)
                continue
            file.write(json.dumps(found) + "\n")
            file.flush()
            print(f"{found['entry']:50} {', '.join(found['hits']) or '-'}", flush=True)


def read(path: Path = MATRIX) -> list[Record]:
    """The records of a file, none where there is no file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.is_file() else []


def paths(record: Record) -> dict[frozenset[str], float]:
    """Sets of finders that lead to a law: who wrote it, with those who read the factors and terms on the way; with the
    work of the writer."""
    return {frozenset((name, *hit.get("readers", ()))): hit["spent"] for name, hit in record["hits"].items()}


def cover(records: Iterable[Record], share: float) -> list[tuple[str, int]]:
    """Finders that together hit a share of all laws with a hit; those of one path join together.

    Greedy set cover: the next path is the one with the most laws that are left for each finder that it adds; of equals
    the one that has spent less work on its hits. The laws of a path count for the last of its finders.
    """
    left = {one["entry"]: paths(one) for one in records if one["hits"]}
    allowed = len(left) - math.ceil(share * len(left) - 1e-9)
    chosen: list[tuple[str, int]] = []
    while len(left) > allowed:
        have = {name for name, _ in chosen}
        work: Counter[frozenset[str]] = Counter()
        for found in left.values():
            work.update({path - have: spent for path, spent in found.items()})
        counts = {new: sum(any(path - have <= new for path in found) for found in left.values()) for new in work}
        best = min(counts, key=lambda new: (-counts[new] / len(new), work[new], sorted(new)))
        *helpers, last = sorted(best)
        chosen += [*((name, 0) for name in helpers), (last, counts[best])]
        have |= best
        left = {entry: found for entry, found in left.items() if not any(path <= have for path in found)}
    return chosen


def lines(records: Sequence[Record]) -> Iterator[str]:
    """The page: a row per finder, and the sets that cover."""
    solved = [one for one in records if one["hits"]]
    spent: Counter[str] = Counter()
    for one in records:
        spent.update(one["spent"])
    total = spent.total() or 1.0
    # Readings of networks and curves sign what they propose; their work is that of training, which is no finder's.
    every = {*spent, *(name for one in records for path in paths(one) for name in path)}
    names = sorted(every, key=lambda name: (-sum(name in one["hits"] for one in records), -spent[name], name))
    yield f"{len(records)} laws, of which {len(solved)} have a hit."
    yield ""
    yield "| finder | hits | first | alone | read on the way | work until a hit, median | share of all work |"
    yield "|---|---|---|---|---|---|---|"
    for name in names:
        own = [one for one in solved if name in one["hits"]]
        first = sum(min(one["hits"], key=lambda other, one=one: one["hits"][other]["work"]) == name for one in own)
        alone = sum(len(one["hits"]) == 1 for one in own)
        times = sorted(one["hits"][name]["spent"] for one in own)
        median = f"{times[len(times) // 2]:.1f} s" if times else "-"
        on_the_way = sum(any(name in hit.get("readers", ()) for hit in one["hits"].values()) for one in solved)
        share_of_work = f"{100 * spent[name] / total:.0f} %" if name in spent else "-"
        yield f"| {name} | {len(own)} | {first} | {alone} | {on_the_way} | {median} | {share_of_work} |"
    for share in COVERS:
        chosen = cover(records, share)
        shown = ", ".join(f"{name} (+{count})" for name, count in chosen)
        yield ""
        yield f"{100 * share:.0f} % of the laws with a hit are covered by {len(chosen)} finders: {shown}."
    idle = [name for name in names if not any(name in path for one in records for path in paths(one))]
    yield ""
    work = sum(spent[name] for name in idle)
    yield f"Without any hit: {', '.join(idle) or 'none'}; {100 * work / total:.0f} % of the work of finders."


@app.command
def page(*, matrix: Path = MATRIX, out: Path = PAGE) -> None:
    """Write the page from the file of records.

    Parameters
    ----------
    matrix
        The file.
    out
        The page.
    """
    out.write_text("\n".join(lines(read(matrix))) + "\n", encoding="utf-8")
    print(out.read_text(encoding="utf-8"))


if __name__ == "__main__":
    app()
