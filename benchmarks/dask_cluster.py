"""Sweeps on a real Dask cluster of this machine: overhead, efficiency, and workers and drivers that are killed.

::

    python -m benchmarks.dask_cluster               # 60 tables, four workers
    python -m benchmarks.dask_cluster --tables 6    # a short look

A scheduler and workers are processes of their own that speak over loopback. The same tables are swept here, by one
worker, by four, by four of which one dies by ``kill -9`` in the middle while another one joins, and by a driver that
dies by ``kill -9`` and is started again. Exit status 1 where a table is missing or there twice, or has another formula
than here.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import numpy as np
from cyclopts import App, Parameter, validators

from benchmarks.table import keep as keep_figures
from kansym import Dataset, DiscoveryOptions, make_dataset
from kansym.executors import completed, dask_executor
from kansym.optional import optional_module
from kansym.run.files import RECORD
from kansym.sweeps.folder import sweep
from kansym.sweeps.row import SweepRow
from kansym.sweeps.task import SearchedTable, SearchTask

app = App(name="python -m benchmarks.dask_cluster", help="Sweeps on a Dask cluster.", version_flags=[])

Count = Annotated[int, Parameter(validator=validators.Number(gte=4))]

ANSWER = 300_000
"""Bytes that a task gives back, about."""

LONGEST_START = 120.0
"""Seconds in which workers join."""


def tables(count: int) -> dict[str, Dataset]:
    """Small tables of laws with noise: powers, exponentials and resonances in turn."""
    found = {}
    for number in range(count):
        rng = np.random.default_rng(number)
        x, c = np.sort(rng.uniform(0.5, 3, 60)), rng.uniform(1, 3, 2)
        law = (c[0] * x ** (1 + number % 2), c[0] * np.exp(-c[1] * x), c[0] / (1 + (x - c[1]) ** 2))[number % 3]
        found[f"table{number:03d}"] = make_dataset(x[:, None], law + 0.01 * rng.normal(size=60), names=["x"])
    return found


def options(seconds: float) -> DiscoveryOptions:
    """Of all searches: work decides when they end, so that all workers find the same."""
    return DiscoveryOptions(max_seconds=seconds, deterministic=True, device="cpu")


@dataclass
class Cluster:
    """A scheduler and its workers.

    Attributes
    ----------
    file : Path
        Of the scheduler, with its address.
    workers : list of Popen
    """

    file: Path
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def add(self, count: int = 1) -> None:
        """Start workers."""
        for _ in range(count):
            self.workers.append(started("dask_worker", self.file, "--nthreads", "1", "--no-nanny", "--no-dashboard"))

    def wait(self, count: int) -> None:
        """Wait until so many have joined."""
        distributed = optional_module("distributed", feature="A Dask cluster", extra="dask")
        with distributed.Client(scheduler_file=str(self.file)) as client:
            client.wait_for_workers(count, timeout=LONGEST_START)


def started(program: str, file: Path, *more: str) -> subprocess.Popen[bytes]:
    """A process of the cluster, with one thread for numerical libraries."""
    environment = os.environ | {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, "-m", f"distributed.cli.{program}", "--scheduler-file", str(file), *more]
    quiet = subprocess.DEVNULL
    return subprocess.Popen(command, env=environment, stdout=quiet, stderr=quiet)


@contextmanager
def cluster(workers: int, folder: Path) -> Iterator[Cluster]:
    """A scheduler with some workers, for as long as the block lasts."""
    file = folder / "scheduler.json"
    file.unlink(missing_ok=True)
    with ExitStack() as ends:
        scheduler = started("dask_scheduler", file, "--host", "127.0.0.1", "--port", "0", "--no-dashboard")
        ends.callback(_end, scheduler)
        limit = time.monotonic() + LONGEST_START
        while not file.exists() and time.monotonic() < limit:
            time.sleep(0.1)
        found = Cluster(file)
        ends.callback(lambda: [_end(one) for one in found.workers])
        found.add(workers)
        found.wait(workers)
        yield found


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()


def echo(task: SearchTask) -> SearchedTable:
    """A task that takes what a search takes, gives back as much, and does nothing."""
    return SearchedTable({"report": bytes(ANSWER)}, task.command)


def swept(
    count: int, seconds: float, out: Path, file: Path | None, on_row: Callable[[SweepRow], None] | None = None
) -> tuple[dict[str, str], float]:
    """Formulas by table, and the seconds they took, here or on a cluster."""
    seen: Counter[str] = Counter()

    def arrived(row: SweepRow) -> None:
        seen[row.name] += 1
        if on_row is not None:
            on_row(row)

    with ExitStack() as ends:
        executor = None if file is None else ends.enter_context(dask_executor(str(file)))
        start = time.perf_counter()
        found = sweep(tables(count), options(seconds), out=out, executor=executor, on_row=arrived)
        took = time.perf_counter() - start
    twice = [name for name, times in seen.items() if times > 1]
    if twice:
        raise SystemExit(f"came twice: {', '.join(twice)}")
    return {row.name: row.failure if row.summary is None else str(row.summary.formula) for row in found.rows}, took


@app.command(show=False)
def drive(out: Path, file: Path, *, count: int, seconds: float) -> None:
    """A driver, to be killed."""
    swept(count, seconds, out, file)


def killed_driver(count: int, seconds: float, folder: Path, file: Path) -> tuple[dict[str, str], int]:
    """Formulas of a sweep whose driver dies in the middle and is started again, and tables that it had done."""
    out = folder / "driver"
    command = [sys.executable, "-m", "benchmarks.dask_cluster", "drive", str(out), str(file)]
    done: list[Path] = []
    driver = subprocess.Popen([*command, "--count", str(count), "--seconds", str(seconds)])
    while driver.poll() is None and len(done := list(out.glob(f"*/{RECORD}"))) < count // 2:
        time.sleep(0.05)
    driver.send_signal(signal.SIGKILL)
    driver.wait()
    before = {path: path.stat().st_mtime_ns for path in done}
    found, _ = swept(count, seconds, out, file)
    again = [path.parent.name for path, written in before.items() if path.stat().st_mtime_ns != written]
    if again:
        raise SystemExit(f"searched twice after the driver was killed: {', '.join(again)}")
    return found, len(before)


def killed_worker(count: int, seconds: float, folder: Path, found: Cluster) -> tuple[dict[str, str], float]:
    """Formulas of a sweep in the middle of which a worker dies and another one joins."""
    done = 0

    def on_row(_: SweepRow) -> None:
        nonlocal done
        done += 1
        if done == count // 3:
            found.workers[0].send_signal(signal.SIGKILL)
            found.add()

    return swept(count, seconds, folder / "worker", found.file, on_row)


@app.default
def main(*, tables: Count = 60, workers: int = 4, seconds: float = 2.0, keep: bool = False) -> None:
    """Sweep the same tables in all ways.

    Parameters
    ----------
    tables
        Number of tables.
    workers
        Of the cluster.
    seconds
        Budget of each search, in seconds of work.
    keep
        Keep the figures for the pages.
    """
    cores = os.cpu_count() or 1
    # Ended from outside, it takes the cluster with it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        here, took = swept(tables, seconds, folder / "here", None)
        figures = {"in this process": f"{took:.1f} s, {took / tables:.2f} s a table"}
        print(*figures.values(), flush=True)
        with cluster(1, folder) as one:
            overhead = _overhead(tables, one)
            alone, single = swept(tables, seconds, folder / "one", one.file)
        figures["one worker"] = f"{single:.1f} s; overhead of a task {1000 * overhead:.0f} ms"
        print(figures["one worker"], flush=True)
        with cluster(workers, folder) as many:
            four, took = swept(tables, seconds, folder / "four", many.file)
            ideal = min(cores, workers)
            figures[f"{workers} workers"] = f"{took:.1f} s, {single / took / ideal:.0%} of {ideal} cores"
            print(figures[f"{workers} workers"], flush=True)
            died, took = killed_worker(tables, seconds, folder, many)
            figures["one killed, one added"] = f"{took:.1f} s, {same(died, here)}"
            print(figures["one killed, one added"], flush=True)
            resumed, before = killed_driver(tables, seconds, folder, many.file)
            figures["driver killed"] = f"{before} tables were done and stayed, {same(resumed, here)}"
            print(figures["driver killed"], flush=True)
    wrong = [found for found in (alone, four, died, resumed) if found != here]
    print(f"formulas of all sweeps: {'NOT the same' if wrong else f'the same {len(here)}'}")
    if keep:
        keep_figures("dask_cluster", f"{tables} tables on a Dask cluster", figures)
    sys.exit(1 if wrong or len(here) != tables else 0)


def same(found: dict[str, str], expected: dict[str, str]) -> str:
    """How many tables have the formula that was found here."""
    return f"{sum(found.get(name) == said for name, said in expected.items())} of {len(expected)} formulas as here"


def _overhead(count: int, one: Cluster) -> float:
    """Seconds of a task that does nothing, on one worker, once it has imported kansym."""
    some = [SearchTask(dataset, options(1.0)) for dataset in tables(count).values()]
    with dask_executor(str(one.file)) as executor:
        list(completed(echo, some[:1], executor=executor))
        start = time.perf_counter()
        list(completed(echo, some, executor=executor))
        return (time.perf_counter() - start) / count


if __name__ == "__main__":
    app()
