"""The command ``python -m benchmarks.speed``, or ``make bench``."""

import json
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import App, Parameter, validators
from rich.console import Console
from rich.progress import Progress

from benchmarks.machine import describe
from benchmarks.speed import tables, worker
from benchmarks.speed.protocol import PROTOCOL, Settings, as_records, comparisons, requests
from benchmarks.table import keep as keep_figures
from kansym.errors import KansymError

app = App(name="python -m benchmarks.speed", help="Side-by-side benchmark of kansym and pykan.", version_flags=[])

Count = Annotated[int, Parameter(validator=validators.Number(gte=1))]


@app.default
def main(
    *,
    only: Literal["training", "matching"] | None = None,
    seeds: Count = 3,
    threads: Count = 1,
    quick: bool = False,
    out: Path = Path("benchmark.json"),
    keep: bool = False,
) -> None:
    """Run the benchmark, print its tables and write all raw figures to a JSON file.

    Exit status 3 when pykan is missing or fails; kansym's own figures are printed and written all the same.

    Parameters
    ----------
    only
        One half of the benchmark instead of both.
    seeds
        Data sets and starts per training problem.
    threads
        Threads for both tools.
    quick
        One seed, 10 steps of pykan and 4 edges: a look at the output in about a minute, not a measurement.
    out
        The JSON file.
    keep
        Keep the headline figures in benchmarks/results, for the table of the pages.
    """
    settings = Settings(seeds=seeds, threads=threads, kinds=(only,) if only else ("training", "matching"))
    if quick:
        settings = replace(settings, seeds=1, steps=10, edges=4, many_points=0)
    # A file or a pipe has no width; the tables need this one.
    console = Console(width=None if sys.stdout.isatty() else 170)
    status = benchmark(settings, out, console, worker.run)
    if keep and status == 0:
        keep_figures("speed", "Speed beside pykan", tables.headlines(json.loads(out.read_text())))
    sys.exit(status)


def benchmark(settings: Settings, out: Path, console: Console, run: worker.Run) -> int:
    """Run all requests, print and write; returns the exit status.

    Parameters
    ----------
    settings : Settings
    out : Path
    console : Console
    run : callable
        Maps a request to its results, `benchmarks.speed.worker.run` in earnest.
    """
    if not out.parent.is_dir():
        console.print(
            f"--out: the folder {str(out.parent)!r} does not exist", style="red", markup=False, soft_wrap=True
        )
        return 2
    before, begin = describe(), time.perf_counter()
    results, failure = _collect(settings, console, run)
    found = comparisons(results)
    _show(results, found, console)
    report = {
        "machine": before,
        "settings": asdict(settings),
        "protocol": PROTOCOL,
        "seconds": time.perf_counter() - begin,
        "failure": failure,
        "results": results,
        "comparisons": as_records(found),
        "matching_ratios": tables.matching_ratios(results),
    }
    out.write_text(json.dumps(report, indent=1) + "\n")
    console.print(f"{_machine_line(before, settings)}; {report['seconds']:.0f} s in all; raw figures in {out}")
    if failure:
        console.print(failure, style="red", markup=False, soft_wrap=True)
        return 3
    return 0


def _collect(settings: Settings, console: Console, run: worker.Run) -> tuple[list[dict[str, Any]], str | None]:
    """All results, and the first failure; a tool that has failed once is left out from there on."""
    planned = requests(settings)
    results: list[dict[str, Any]] = []
    failed: dict[str, str] = {}
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task("", total=sum(len(request["jobs"]) for request in planned))
        for request in planned:
            tool = request["tool"]
            if tool in failed:
                continue
            progress.update(task, description=f"{tool} {request['dtype']}")
            try:
                for result in run(request):
                    results.append(result)
                    progress.advance(task)
            except KansymError as error:
                failed[tool] = str(error)
    return results, next(iter(failed.values()), None)


def _show(results: list[dict[str, Any]], found: list[Any], console: Console) -> None:
    kinds = {result["kind"] for result in results}
    if "training" in kinds:
        console.print(tables.own_training_table(results))
    for table in tables.training_tables(found):
        console.print(table)
    if "matching" in kinds:
        console.print(tables.matching_table(results))
    ratios = tables.matching_ratios(results)
    for entry in ratios:
        curves = "splined" if entry["splined"] else "exact"
        how = "all edges at once" if entry["batched"] else "edge by edge"
        console.print(
            f"kansym, {how}, makes {entry['ratio']:.0f} times as many edge-primitive fits a second as pykan in "
            f"{entry['pykan_dtype']}, {entry['cpu_ratio']:.0f} times in CPU time ({curves} curves, "
            f"{entry['points']} points)"
        )


def _machine_line(machine: dict[str, Any], settings: Settings) -> str:
    versions = ", ".join(f"{name} {number or 'missing'}" for name, number in machine["versions"].items())
    threads = f"{settings.threads} thread{'s' if settings.threads > 1 else ''}"
    return f"{machine['cpu']}, {machine['cores']} cores, {threads}; {versions}"


if __name__ == "__main__":
    app()
