"""What engines yield: the share of laws that each finds by its own work, which the loop orders its jobs by.

::

    python -m benchmarks.yields measure --sample 60 --jobs 2     # adds to benchmarks/yields.jsonl
    python -m benchmarks.yields write                            # kansym/search/agenda/yields.py from that file
    python -m benchmarks.yields without textbooks                # how the table changes when a kind is left out

A search of an entry of the paired set (`benchmarks.paired`, development half) runs to the end of its budget and is not
shown any formula that is right, so that every job has its turn. Of each engine the work is noted after which it first
wrote a right formula, and of the engines on the path to its task the work after which they had made that. The table has
the share of laws by work at a few horizons, with `PRIOR` counted as `COUNTS` laws.
"""

import math
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any
from unittest import mock

from cyclopts import App, Parameter, validators

from benchmarks.hits import Job, Jury, Record, add_records, read, search
from benchmarks.paired.entries import table_of
from kansym.provenance import Book
from kansym.search import pipeline
from kansym.search.agenda.evidence import TableEvidence
from kansym.search.agenda.loop import Agenda
from kansym.symbolic.formula import Formula

RECORDS = Path(__file__).parent / "yields.jsonl"
TABLE = Path(__file__).parents[1] / "kansym" / "search" / "agenda" / "yields.py"

HORIZONS = (0.1, 0.4, 1.6, 6.4)
"""Seconds of work."""

COUNTS = 25
"""Laws that the prior stands for."""

RISE = 1.3
"""Factor by which a share has to rise for another number in the table."""

IN_TURN = 3
"""Every so many slices one goes to the job that has had least."""

PRIOR: dict[str, tuple[tuple[float, float], tuple[float, float]]] = {
    "exact laws": ((0.35, 0.05), (0.03, 0.05)),
    "interpolant": ((0.5, 0.4), (0.5, 0.4)),
    "fitting form": ((0.5, 0.2), (0.2, 0.2)),
    "simple forms": ((0.15, 0.15), (0.12, 0.15)),
    "functions": ((0.1, 0.3), (0.02, 0.3)),
    "mixed laws": ((0.08, 0.5), (0.02, 0.5)),
    "reductions": ((0.5, 0.5), (0.5, 0.5)),
    "sparse sums": ((0.1, 0.5), (0.08, 0.5)),
    "separations": ((0.3, 0.5), (0.05, 0.5)),
    "fast factors": ((0.05, 0.5), (0.04, 0.5)),
    "waves": ((0.1, 0.5), (0.08, 0.5)),
    "curves": ((0.4, 0.3), (0.3, 0.5)),
    "compositions": ((0.2, 1.5), (0.3, 2.0)),
    "sums": ((0.2, 3.0), (0.15, 3.0)),
    "trained networks": ((0.08, 4.0), (0.03, 6.0)),
    "edge readings": ((0.3, 0.3), (0.12, 0.3)),
    "revise": ((0.1, 1.0), (0.1, 1.5)),
}
"""Chance that an engine has the law, and the work that it takes: without noise, and with it."""

GIVEN = {"interpolant": ((0.2, 0.3), (0.8, 0.5))}
"""Of engines whose proposals are what others need: nearly all that is found by others follows from them."""

Count = Annotated[int, Parameter(validator=validators.Number(gte=1))]
app = App(name="python -m benchmarks.yields", help="What engines yield.", version_flags=[])


class Endless(Agenda):
    """Whose jobs have their turn sooner."""

    in_turn = IN_TURN
    last: "Agenda | None" = None

    def __init__(self, *args: Any, **told: Any) -> None:
        super().__init__(*args, **told)
        Endless.last = self


class Witness(Jury):
    """Keeps right formulas of one law from its search, and notes which jobs proposed them."""

    def _note(self, formula: Formula) -> None:
        job = None if Endless.last is None else Endless.last.at_work
        if job is not None and job.engine.name not in self.hits:
            self.hits[job.engine.name] = {"spent": job.steps.spent, "path": [list(one) for one in job.task.path]}


def record_of(job: Job) -> Record:
    """Who would have found the law of an entry."""
    problem, entry = table_of(job.entry).problem, job.entry
    witness = Witness(problem)
    endless = mock.patch.object(TableEvidence, "reason_to_stop", lambda evidence, promises: None)
    with mock.patch.object(pipeline, "Agenda", Endless), endless:
        search(problem, Book(witness), job.seconds)
    agenda = Endless.last
    if agenda is None:
        raise ValueError(f"{entry.name}: a formula that needs no search was right")
    spent: dict[str, float] = defaultdict(float)
    for event in agenda.log:
        spent[event.engine] += event.work
    return {
        "entry": entry.name,
        "kind": entry.kind,
        "noisy": agenda.evidence.noisy,
        "hits": witness.hits,
        "spent": {name: round(work, 2) for name, work in sorted(spent.items())},
    }


@app.command
def measure(
    *,
    sample_size: Annotated[Count, Parameter(name="--sample")] = 60,
    seconds: float = 15.0,
    jobs: Count = 1,
    out: Path = RECORDS,
) -> None:
    """Search entries of the development half and add their records to a file.

    Parameters
    ----------
    sample_size
        So many entries, a third of each stratum.
    seconds
        Budget of a search, in counted work.
    jobs
        Processes.
    out
        The file; entries that it has are not searched again.
    """
    add_records(record_of, out, sample_size, seconds, jobs)


def least_work(records: Sequence[Record]) -> dict[str, dict[str, float]]:
    """The least work of each engine after which it had a law, or had made the task of one, by entry."""
    found: dict[str, dict[str, float]] = {}
    for one in records:
        for name, hit in one["hits"].items():
            for engine, work in (*hit["path"], (name, hit["spent"])):
                mine = found.setdefault(engine, {})
                mine[one["entry"]] = min(work, mine.get(one["entry"], math.inf))
    return found


def curve(works: Sequence[float], laws: int, prior: tuple[float, float]) -> tuple[tuple[float, float], ...]:
    """Shares of laws by the horizons, where they rise."""
    found: list[tuple[float, float]] = []
    for horizon in HORIZONS:
        expected = COUNTS * prior[0] * (1 - math.exp(-horizon / prior[1]))
        share = float(f"{(sum(work <= horizon for work in works) + expected) / (laws + COUNTS):.2g}")
        if not found or share > RISE * found[-1][1]:
            found.append((horizon, share))
    return tuple(found)


def yields(records: Sequence[Record]) -> dict[str, tuple[Any, Any]]:
    """The table."""
    kinds = [[one for one in records if one["noisy"] is noisy] for noisy in (False, True)]
    works = [least_work(kind) for kind in kinds]
    made: dict[str, tuple[Any, Any]] = {}
    for name, priors in PRIOR.items():
        both = [
            curve(sorted(work.get(name, {}).values()), len(kind), prior)
            for kind, work, prior in zip(kinds, works, priors, strict=True)
        ]
        made[name] = (GIVEN[name], GIVEN[name]) if name in GIVEN else (both[0], both[1])
    return made


def lines(table: dict[str, tuple[Any, Any]]) -> Iterator[str]:
    """The table as code."""
    for name, (clean, noisy) in table.items():
        yield f'    "{name}": ({clean}, {noisy}),'


@app.command
def write(*, records: Path = RECORDS, out: Path = TABLE) -> None:
    """Write the table from the records; run the formatter afterwards.

    Parameters
    ----------
    records
        The file of records.
    out
        The module with the table.
    """
    text = out.read_text(encoding="utf-8")
    body = "\n".join(lines(yields(read(records))))
    head, tail = "YIELDS: dict[str, tuple[Curve, Curve]] = {\n", '\n}\n"""By engine'
    made = re.sub(re.escape(head) + r".*?" + re.escape(tail), lambda _: head + body + tail, text, flags=re.DOTALL)
    out.write_text(made, encoding="utf-8")


@app.command
def without(kind: str, *, records: Path = RECORDS) -> None:
    """Print the entries of the table that change by more than a fifth without one kind of laws.

    Parameters
    ----------
    kind
        Such as textbooks, random or sums.
    records
        The file of records.
    """
    every = read(records)
    whole, less = yields(every), yields([one for one in every if one["kind"] != kind])
    for name in whole:
        for place, noise in enumerate(("clean", "noisy")):
            before, after = whole[name][place][-1][1], less[name][place][-1][1]
            if abs(after - before) > 0.2 * before:
                print(f"{name:30} {noise}: {before} -> {after}")


if __name__ == "__main__":
    app()
