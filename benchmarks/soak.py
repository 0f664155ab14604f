# scipy types its results as tuples.
# pyright: reportAttributeAccessIssue=false
"""Random searches in one process, for an hour: does it stay as large as it is?

::

    python -m benchmarks.soak                 # an hour
    python -m benchmarks.soak --minutes 10

Laws are drawn at random, with noise on every second one, searched for some seconds each, certified, saved and loaded.
After each search memory, threads, open files and child processes are counted. Exit status 1 where one of them grows: by
the slope of a line through the counts after the warm-up, in units of its error and of what would matter in a day.
"""

import gc
import resource
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import scipy.stats
from cyclopts import App, Parameter, validators

from kansym import DiscoveryOptions, certify, discover, load_run, make_dataset, save_run
from kansym.bench.problem import make_problem
from kansym.bench.random_laws import random_law

app = App(name="python -m benchmarks.soak", help="A long run in one process.", version_flags=[])

WARM_UP = 0.3
"""Share of the time after which counts are those of a process that has done everything once and filled its caches."""

LEVEL = 1e-3
"""Probability of a slope by chance, below which it is one."""

MATTERS = {"memory": 50.0, "threads": 2.0, "files": 2.0, "children": 1.0}
"""Growth over the time after the warm-up, in the unit of the count, that is none."""

Minutes = Annotated[float, Parameter(validator=validators.Number(gt=0))]


@dataclass(frozen=True)
class Count:
    """What a process holds.

    Attributes
    ----------
    minutes : float
        Since the start.
    memory : float
        Resident, in MB.
    threads, files, children : int
    """

    minutes: float
    memory: float
    threads: int
    files: int
    children: int


def count(start: float) -> Count:
    """What this process holds now, less what a collection of garbage frees."""
    gc.collect()
    own = Path("/proc/self")
    if not own.exists():
        sys.exit("the soak counts what Linux shows below /proc")
    tasks = list((own / "task").iterdir())
    return Count(
        minutes=(time.monotonic() - start) / 60,
        memory=int((own / "statm").read_text().split()[1]) * resource.getpagesize() / 2**20,
        threads=len(tasks),
        files=len(list((own / "fd").iterdir())),
        children=sum(len((task / "children").read_text().split()) for task in tasks),
    )


def search(number: int, seconds: float, seed: int) -> str:
    """Search a law that its number decides, certify it, save it and load it: the formula."""
    law = random_law(np.random.default_rng([seed, number]), f"soak-{number}")
    problem = make_problem(law, rows=200, seed=number, noise=0.01 * (number % 2))
    options = DiscoveryOptions(max_seconds=seconds, seed=number, deterministic=True)
    found = discover(make_dataset(problem.X, problem.y), options)
    certificate = certify(found, options=options)
    with tempfile.TemporaryDirectory() as folder:
        save_run(found, folder, options=options, certificate=certificate)
        return f"{load_run(folder).formula}; {certificate.verdict.kind}"


def grows(counts: Sequence[Count], name: str) -> tuple[float, bool]:
    """Growth of a count over the time after the warm-up, by a line through it, and whether that is a leak."""
    late = [one for one in counts if one.minutes >= WARM_UP * counts[-1].minutes]
    values = np.array([getattr(one, name) for one in late], dtype=np.float64)
    minutes = np.array([one.minutes for one in late])
    if len(late) < 4 or not np.ptp(values) > 0:
        return 0.0, False
    line = scipy.stats.linregress(minutes, values)
    growth = float(line.slope) * float(np.ptp(minutes))
    return growth, growth > MATTERS[name] and float(line.pvalue) < LEVEL


@app.default
def main(*, minutes: Minutes = 60.0, seconds: float = 3.0, seed: int = 0) -> None:
    """Search one law after the other.

    Parameters
    ----------
    minutes
        Of it all.
    seconds
        Budget of each search, in seconds of work.
    seed
        Draws the laws.
    """
    start, number, counts = time.monotonic(), 0, list[Count]()
    print(f"{'minutes':>8} {'search':>7} {'MB':>7} {'threads':>8} {'files':>6} {'children':>9}  formula")
    try:
        while not counts or counts[-1].minutes < minutes:
            try:
                said = search(number, seconds, seed)
            except Exception as error:
                said = f"{type(error).__name__}: {error}"
            number += 1
            counts.append(one := count(start))
            print(
                f"{one.minutes:8.1f} {number:7d} {one.memory:7.0f} {one.threads:8d} {one.files:6d} {one.children:9d}  "
                f"{' '.join(said.split())[:100]}",
                flush=True,
            )
    except KeyboardInterrupt:
        print("interrupted")
    leaks = []
    for name in MATTERS:
        growth, leak = grows(counts, name) if counts else (0.0, False)
        leaks += [name] if leak else []
        print(f"{name:<10} grew by {growth:+.1f} after the warm-up{': it leaks' if leak else ''}")
    sys.exit(1 if leaks else 0)


if __name__ == "__main__":
    app()
