"""The same table, seed and options: the same answer?

::

    python -m benchmarks.same_answer busy         # idle, beside four busy processes, and on one core with one of them
    python -m benchmarks.same_answer disturbed    # five disturbances of a few units in the last place
    python -m benchmarks.same_answer budgets      # is max_seconds kept on a busy machine?
    python -m benchmarks.same_answer longer       # does half, double or four times the budget make the pick worse?

Searches end by their work, not by the wall (`kansym.clock`), unless the machine is more than about three times slower
than an idle one; what the wall ended is marked and counts as another answer.
"""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from cyclopts import App

from benchmarks.searches import Search, record, run, searches
from kansym.data.dataset import Dataset
from kansym.search.results import Discovery

TABLES = 20

BUSY = 4
"""Busy processes beside a search."""

UNITS = 4
"""Units in the last place by which numbers are disturbed, at most."""

app = App(name="python -m benchmarks.same_answer", help="The same answer on any machine.", version_flags=[])


def chosen(count: int) -> list[Search]:
    """Searches spread over all kinds of the golden record."""
    every = searches()
    return [every[k] for k in np.linspace(0, len(every) - 1, count).round().astype(int)]


@contextmanager
def busy(processes: int, *, one_core: bool = False) -> Iterator[None]:
    """Processes that take what time they get; with `one_core` they and this process share a single core."""
    own = os.sched_getaffinity(0)
    if one_core:
        os.sched_setaffinity(0, {min(own)})
    running = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(processes)]
    try:
        yield
    finally:
        for process in running:
            process.kill()
            process.wait()
        os.sched_setaffinity(0, own)


def disturbed(dataset: Dataset, seed: int) -> Dataset:
    """The table with every number of inputs and target off by a few units in the last place."""
    rng = np.random.default_rng(seed)

    def moved(values: np.ndarray) -> np.ndarray:
        return values * (1 + np.finfo(float).eps * rng.integers(-UNITS, UNITS + 1, values.shape))

    return replace(dataset, X=moved(dataset.X), y=moved(dataset.y))


def form(found: Discovery) -> str:
    """The formula with every number that has a point replaced by a sign for it."""
    return re.sub(r"\d+\.\d+(e[+-]?\d+)?", "#", found.formula.text(10))


def nearly(first: Discovery, second: Discovery) -> bool:
    """Whether constants agree to a hundredth of their errors, or to ten digits where they have none."""
    pairs = zip(first.formula.constants, second.formula.constants, strict=True)
    return all(abs(a.value - b.value) <= max(0.01 * (a.error or 0.0), 1e-10 * abs(a.value)) for a, b in pairs)


def _line(name: str, marks: Sequence[str], seconds: float) -> None:
    print(f"{name[:44]:44}  {'  '.join(f'{mark:9}' for mark in marks)}  {seconds:6.1f} s", flush=True)


@app.command(name="busy")
def busy_machine(*, seconds: float = 60.0, deterministic: bool = False, tables: int = TABLES) -> None:
    """Search three times: idle, beside busy processes, and on one core with one of them."""
    torch.set_num_threads(1)
    same = 0
    for search in chosen(tables):
        start = time.perf_counter()
        records: list[dict[str, Any]] = []
        for processes, one_core in ((0, False), (BUSY, False), (1, True)):
            with busy(processes, one_core=one_core):
                records.append(record(run(search, seconds, deterministic=deterministic), verdict=False))
        agree = [other == records[0] for other in records[1:]]
        same += all(agree)
        _line(search.name, ["same" if one else "DIFFERENT" for one in agree], time.perf_counter() - start)
        for other in (other for one, other in zip(agree, records[1:], strict=True) if not one):
            print(
                *(
                    f"    {key}: {records[0][key]} / {other[key]}"[:300]
                    for key in other
                    if other[key] != records[0][key]
                ),
                sep="\n",
            )
    print(f"{same} of {tables} tables: the same pick, constants to ten digits and front, three times")
    sys.exit(same < tables)


@app.command(name="disturbed")
def disturbances(*, seconds: float = 20.0, count: int = 5, tables: int = TABLES) -> None:
    """Search a table and five copies that differ in the last places of their numbers."""
    torch.set_num_threads(1)
    forms = near = 0
    for search in chosen(tables):
        start, plain = time.perf_counter(), search.dataset()
        first = run(search, seconds, dataset=plain)
        others = [run(search, seconds, dataset=disturbed(plain, seed)) for seed in range(count)]
        alike = [form(other) == form(first) for other in others]
        close = [one and nearly(first, other) for one, other in zip(alike, others, strict=True)]
        forms, near = forms + all(alike), near + all(close)
        marks = ["same" if c else "constants" if a else "FORM" for a, c in zip(alike, close, strict=True)]
        _line(search.name, marks, time.perf_counter() - start)
        for other in (other for one, other in zip(close, others, strict=True) if not one):
            print(f"    {first.formula.text(10)[:140]}  ({first.formula.description_length:.3f})")
            print(f"    {other.formula.text(10)[:140]}  ({other.formula.description_length:.3f})")
    print(f"{forms} of {tables} tables: the same form under {count} disturbances; {near}: constants as well")
    sys.exit(near < tables)


@app.command(name="budgets")
def wall_budgets(*, tables: int = 10) -> None:
    """Searches of 1, 5 and 20 s beside busy processes: how long do they take?"""
    torch.set_num_threads(1)
    longest = 0.0
    for search in chosen(tables):
        begin, ratios = time.perf_counter(), []
        for seconds in (1.0, 5.0, 20.0):
            dataset = search.dataset()
            with busy(BUSY):
                start = time.perf_counter()
                run(search, seconds, dataset=dataset, deterministic=False)
                ratios.append((time.perf_counter() - start) / seconds)
        longest = max(longest, *ratios)
        _line(search.name, [f"{ratio:.2f}" for ratio in ratios], time.perf_counter() - begin)
    print(f"the longest search took {longest:.2f} times its budget")
    sys.exit(longest > 1.1)


@app.command(name="longer")
def other_budgets(*, seconds: float = 20.0, tables: int = TABLES) -> None:
    """Searches of half, once, twice and four times the budget: more time must not make the pick longer."""
    torch.set_num_threads(1)
    worse = 0
    for search in chosen(tables):
        start = time.perf_counter()
        found = [run(search, factor * seconds) for factor in (0.5, 1.0, 2.0, 4.0)]
        lengths = [one.formula.description_length for one in found]
        marks = [f"{length - lengths[0]:+.1f}" for length in lengths]
        fell = any(later > earlier + 0.01 for earlier, later in pairwise(lengths))
        worse += fell
        _line(search.name, marks, time.perf_counter() - start)
        if fell:
            print(*(f"    {one.formula.text(6)[:140]}" for one in found), sep="\n")
    print(f"{worse} of {tables} tables: a longer search ended with a longer description")
    sys.exit(worse > 0)


if __name__ == "__main__":
    app()
