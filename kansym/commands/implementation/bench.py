"""The work of ``kansym bench``: run what has no result yet, show it, and sum up."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from kansym.bench import display, records, runner
from kansym.bench.catalogue import load_catalogue
from kansym.bench.records import OWN, Job, Record, Settings
from kansym.bench.runner import check_peer
from kansym.commands.options import split_names
from kansym.commands.output import output_console, watch
from kansym.commands.stopwatch import SEARCH
from kansym.errors import ArgumentError

Run = Callable[[Sequence[Job], int], Iterator[Record]]


def bench(
    *,
    catalogue: str,
    laws: list[str] | None,
    noise: float,
    rows: int,
    seconds: float,
    seeds: list[str] | None,
    dummies: int,
    primitives: list[str] | None,
    without: list[str] | None,
    peers: list[str] | None,
    units: bool,
    by_engine: bool,
    jobs: int,
    out: Path | None,
) -> int:
    """Run a recovery benchmark with the options of the command."""
    try:
        numbers = [int(seed) for seed in split_names(seeds)] or [0]
    except ValueError:
        raise ArgumentError(f"--seeds: expected whole numbers, got {seeds}") from None
    names = tuple(split_names(primitives))
    watch.enter(SEARCH)
    run_benchmark(
        Settings(
            catalogue,
            rows=rows,
            seconds=seconds,
            noise=noise,
            dummies=dummies,
            primitives=names,
            without=tuple(split_names(without)),
        ),
        output_console(),
        laws=split_names(laws),
        seeds=numbers,
        peers=split_names(peers),
        units=units,
        by_engine=by_engine,
        jobs=jobs,
        out=out,
    )
    return 0


def run_benchmark(
    settings: Settings,
    console: Console,
    *,
    laws: Sequence[str] = (),
    seeds: Sequence[int] = (0,),
    peers: Sequence[str] = (),
    units: bool = False,
    by_engine: bool = False,
    jobs: int = 1,
    out: Path | None = None,
    run: Run = runner.run,
) -> list[Record]:
    """Run a recovery benchmark and print it.

    Parameters
    ----------
    settings : Settings
    console : rich.console.Console
        For lines, progress and tables.
    laws : sequence of str
        Names of laws; all of the catalogue by default.
    seeds : sequence of int
    peers : sequence of str
        Tools next to kansym.
    units : bool, default False
        Run every law a second time with the units of its columns.
    by_engine : bool, default False
        Also show who found what was recovered.
    jobs : int, default 1
        Worker processes.
    out : Path, optional
        Folder for ``results.jsonl`` and ``recovered.svg``; results of the same settings that it holds already are not
        computed again.
    run : callable
        Maps jobs and a number of workers to records, `kansym.bench.runner.run` in earnest.

    Returns
    -------
    list of dict
        The records of these settings, those from an earlier run included. Ctrl-C ends the run and keeps what is done.

    Raises
    ------
    ArgumentError
        If there is no such catalogue, law or peer, or a number is out of range.
    """
    catalogue = load_catalogue(settings.catalogue).only(laws)
    for peer in peers:
        check_peer(peer)
    if jobs < 1:
        raise ArgumentError(f"jobs must be at least 1, got {jobs}")
    if not seeds or min(seeds) < 0:
        raise ArgumentError(f"seeds must be whole numbers of at least 0, got {list(seeds)}")
    planned = runner.plan(catalogue, settings, seeds, (*(OWN if units else OWN[:1]), *peers))
    known: list[Record] = []
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        wanted = {job.key for job in planned}
        known = [r for r in records.read(out) if r["failure"] is None and records.key_of(r) in wanted]
    finished = records.done(known)
    missing = [job for job in planned if job.key not in finished]
    if known:
        console.print(f"{len(known)} results from {out}, {len(missing)} to go", highlight=False)
    found = list(known)
    with _progress(console, len(planned), len(known)) as advance:
        try:
            for record in run(missing, jobs):
                if out is not None:
                    records.append(out, record)
                found.append(record)
                console.print(display.line(record), markup=False, highlight=False, soft_wrap=not console.is_terminal)
                advance(record)
        except KeyboardInterrupt:
            console.print(f"interrupted: {len(found)} of {len(planned)} results", highlight=False)
    if found:
        console.print()
        console.print(display.summary(found))
        console.print()
        console.print(display.losses(found))
        if by_engine:
            console.print()
            console.print(display.by_engine(found))
        if out is not None:
            display.plot(found, out / display.PLOT, budget=settings.seconds)
    return found


@contextmanager
def _progress(console: Console, total: int, completed: int) -> Iterator[Callable[[Record], None]]:
    """A bar under the lines on a terminal; nothing elsewhere."""
    if not console.is_terminal:
        yield lambda record: None
        return
    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as display:
        task = display.add_task("", total=total, completed=completed)
        recovered = 0

        def advance(record: Record) -> None:
            nonlocal recovered
            recovered += record["tool"] == "kansym" and record["recovered"]
            display.update(task, advance=1, description=f"{recovered} recovered")

        yield advance
