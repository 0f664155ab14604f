"""Headline figures of the benchmarks: kept as JSON in ``benchmarks/results``, and set as tables for the pages.

::

    python -m benchmarks.nist --keep                 # every benchmark has this option: its figures go to results/
    python -m benchmarks.table --bench runs/feynman  # those of a finished `kansym bench --out runs/feynman`
    python -m benchmarks.table                       # docs/_figures.md from all that is kept

A file has a title and runs, each with its command, date, commit, machine and figures in the words of the page. A run
takes the place of an earlier one of the same command. ``quoted`` marks figures that were copied from a page: commit and
date are then those of the page that stated them first.
"""

import datetime
import json
import shlex
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from cyclopts import App

from benchmarks.machine import cpu_model, describe
from kansym.bench.catalogue import load_catalogue
from kansym.bench.records import OWN, WITH_UNITS, Record, Settings, read, settings_of

RESULTS = Path(__file__).parent / "results"
PAGE = Path(__file__).parents[1] / "docs" / "_figures.md"
BENCH = "Known laws"

PATHS = ("--out", "--python", "--before")
"""Options whose values are paths."""

FEW = 5
"""Laws that a command names; of more that are the first of their catalogue it says how many."""

app = App(name="python -m benchmarks.table", help="The table of headline figures.", version_flags=[])


@dataclass(frozen=True)
class Run:
    """Figures of one run of a benchmark.

    Attributes
    ----------
    command, date, commit : str
        The date as in 2026-11-25.
    machine : str or None
        Processor and cores; None where nobody wrote them down.
    quoted : bool
        Whether the figures were copied from a page.
    figures : mapping of str to str
        What was measured, and the figure as a page says it.
    """

    command: str
    date: str
    commit: str
    machine: str | None
    quoted: bool
    figures: Mapping[str, str]


def load(path: Path) -> tuple[str, list[Run]]:
    """Title and runs of a file."""
    content = json.loads(path.read_text(encoding="utf-8"))
    return content["title"], [Run(**entry) for entry in content["runs"]]


def keep(
    name: str, title: str, figures: Mapping[str, str], *, command: str | None = None, folder: Path = RESULTS
) -> Path:
    """Keep the figures of a run that has just ended.

    Parameters
    ----------
    name : str
        Of the benchmark, and of the file.
    title : str
        Of the benchmark in the table.
    figures : mapping of str to str
    command : str, optional
        That of this process by default, without ``--keep``.
    folder : Path
    """
    if command is None:
        command = shlex.join(["python", "-m", f"benchmarks.{name}", *_told(sys.argv[1:])])
    machine = f"{cpu_model()}, {describe()['cores']} cores"
    run = Run(command, datetime.date.today().isoformat(), commit_of(), machine, False, dict(figures))
    path = folder / f"{name}.json"
    runs = load(path)[1] if path.exists() else []
    places = [k for k, other in enumerate(runs) if other.command == command]
    for k in places or [len(runs)]:
        runs[k : k + 1] = [run]
    content = {"title": title, "runs": [asdict(entry) for entry in runs]}
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def commit_of(clone: Path = RESULTS) -> str:
    """Of a clone; marked where files differ from it."""
    command = ["git", "describe", "--always", "--exclude=*", "--dirty=+"]
    found = subprocess.run(command, cwd=clone, capture_output=True, text=True, check=False)
    return found.stdout.strip() or "unknown"


def bench_figures(records: Sequence[Record], tool: str) -> dict[str, str]:
    """Headline figures of `kansym bench` for a tool that some of the records are of."""
    own = [record for record in records if record["tool"] == tool]
    times = [record["elapsed"] for record in own if record["elapsed"] is not None]
    counts = {"strict": "recovered", "form": "form", "SRBench": "srbench", "anywhere on the front": "front_recovered"}
    if any(record.get("form") is None for record in own):
        # Results from before the form was judged.
        del counts["form"]
    figures = {name: f"{sum(bool(r[field]) for r in own)} of {len(own)}" for name, field in counts.items()}
    return figures | ({"median seconds": f"{statistics.median(times):.1f}"} if times else {})


def _told(arguments: Sequence[str]) -> list[str]:
    """The options that decide the figures: no paths of a machine."""
    pairs = zip(["", *arguments], arguments, strict=False)
    return [one for before, one in pairs if one not in ("--keep", *PATHS) and before not in PATHS]


def keep_bench(out: Path, *, folder: Path = RESULTS) -> None:
    """Keep the figures of all settings, and all tools, that a folder of `kansym bench` has results of."""
    groups: dict[Settings, list[Record]] = {}
    for record in read(out):
        groups.setdefault(settings_of(record), []).append(record)
    for settings, records in groups.items():
        tools = sorted({record["tool"] for record in records}, key=lambda tool: (tool != "kansym", tool))
        prefix = "" if tools == ["kansym"] else "{}, "
        figures = {
            prefix.format(tool) + name: value for tool in tools for name, value in bench_figures(records, tool).items()
        }
        keep("bench", BENCH, figures, command=_bench_command(settings, records), folder=folder)


def _bench_command(settings: Settings, records: Sequence[Record]) -> str:
    """The options that decide the figures; the defaults are left out."""
    default, words = Settings(settings.catalogue), ["kansym", "bench", settings.catalogue]
    for name in ("rows", "seconds", "noise", "dummies"):
        if (value := getattr(settings, name)) != getattr(default, name):
            words += [f"--{name}", f"{value:g}"]
    laws, tools = (list(dict.fromkeys(record[field] for record in records)) for field in ("law", "tool"))
    names = load_catalogue(settings.catalogue).names
    if len(laws) == len(names):
        laws = []
    elif len(laws) > FEW and set(laws) == set(names[: len(laws)]):
        laws = [str(len(laws))]
    seeds = sorted({record["seed"] for record in records})
    lists = {
        "primitives": settings.primitives,
        "without": settings.without,
        "laws": laws,
        "seeds": seeds if seeds != [0] else [],
        "peers": [tool for tool in tools if tool not in OWN],
    }
    for name, values in lists.items():
        words += [f"--{name}", ",".join(map(str, values))] if values else []
    return shlex.join([*words, *(["--units"] if WITH_UNITS in tools else [])])


def render(folder: Path = RESULTS) -> str:
    """The tables of all runs that are kept, in Markdown: a part for each benchmark, between marks for pages."""
    lines = ["<!-- Made by `python -m benchmarks.table` from benchmarks/results; not to be edited by hand. -->"]
    for title, runs in map(load, sorted(folder.glob("*.json"))):
        lines += ["", f"<!-- {title} -->", ""]
        alike: dict[tuple[str, ...], list[Run]] = {}
        for run in runs:
            alike.setdefault(tuple(run.figures), []).append(run)
        for group in alike.values():
            lines += _table(group)
        lines.append(f"<!-- end: {title} -->")
    return "\n".join(lines) + "\n"


def _table(runs: Sequence[Run]) -> list[str]:
    """Runs with the same figures: a row for each, or for a single run a row for each figure."""
    if len(runs) == 1:
        (run,) = runs
        rows = [f"| {what} | {figure} |" for what, figure in run.figures.items()]
        return [f"| `{run.command}` | |", "|---|---|", *rows, "", f"Source: {_source(run)}.", ""]
    names = list(runs[0].figures)
    rows = [f"| {' | '.join([f'`{run.command}`', *run.figures.values(), _source(run)])} |" for run in runs]
    return [f"| {' | '.join(['command', *names, 'source'])} |", f"|{'---|' * (len(names) + 2)}", *rows, ""]


def _source(run: Run) -> str:
    source = [f"quoted since {run.commit}" if run.quoted else run.commit, run.date]
    return ", ".join(source + ([] if run.machine is None else [run.machine]))


@app.default
def main(*, bench: Path | None = None) -> None:
    """Write docs/_figures.md from the figures in benchmarks/results.

    Parameters
    ----------
    bench
        A folder that `kansym bench --out` has just filled: keep its figures first.
    """
    if bench is not None:
        keep_bench(bench)
    PAGE.write_text(render(), encoding="utf-8")
    print(PAGE)


if __name__ == "__main__":
    app()
