"""Random files and options through the command: exit 0 with a valid result, or exit 2 with one clear line.

::

    python -m tests.fuzz --cases 300                 # case n is the same on every run
    python -m tests.fuzz --cases 10000 --jobs 2 --out runs/fuzz
    python -m tests.fuzz --only 4711 --out runs/fuzz # one case again; its file is kept

A case fails if the command exits with another code, prints a warning or a traceback, prints something else than one
line when it refuses, prints JSON that is none or a formula without a finite value on some row, takes longer than its
budget, a tenth of it and a grace, or more than 2 GB of memory.
"""

import argparse
import json
import multiprocessing
import os
import shlex
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

from tests.fuzz.worker import MOST_MEMORY, Outcome, work

HANG = 120.0
"""Seconds without an answer after which a worker is ended; the longest budget of a case is 15 s, and other programs may
run beside."""

START = 300.0
"""The same for a worker that has not begun: it imports everything and makes a run for `kansym report`."""

CASES_PER_WORKER = 500
"""A worker is replaced after that many, since caches of algebra grow."""

THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


class _Worker:
    """A process that runs one case after another in its own folder."""

    def __init__(self, seed: int, home: Path) -> None:
        self.home, self.number, self.cases = home, -1, 0
        home.mkdir(parents=True)
        context = multiprocessing.get_context("spawn")
        self.connection, theirs = context.Pipe()
        self.process = context.Process(target=work, args=(theirs, seed, home), daemon=True)
        self.process.start()
        theirs.close()
        self.since = time.monotonic()

    def give(self, number: int) -> None:
        self.number, self.since = number, time.monotonic()
        self.cases += 1
        self.connection.send(number)

    def trouble(self) -> str:
        """Why the process has to be ended, or empty."""
        limit = HANG if self.number >= 0 else START
        if time.monotonic() - self.since > limit:
            return f"no answer for {limit:g} s"
        if self.memory() > 1.5 * MOST_MEMORY:
            return f"took {self.memory() / 2**20:.0f} MB of memory"
        return "" if self.process.is_alive() else f"the process died with code {self.process.exitcode}"

    def memory(self) -> int:
        try:
            pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        except (OSError, ValueError, IndexError):
            return 0
        return pages * os.sysconf("SC_PAGE_SIZE")

    def end(self) -> None:
        # In this order: a worker that lives on would complain of the closed connection.
        self.process.kill()
        self.process.join()
        self.connection.close()


def outcomes(numbers: Sequence[int], *, seed: int, jobs: int, out: Path | None = None) -> Iterator[Outcome]:
    """Run cases and give back what they did, as they end.

    Parameters
    ----------
    numbers : sequence of int
        Of the cases.
    seed : int
    jobs : int
        Processes, one thread each.
    out : Path, optional
        Where the folders of failing cases are kept; nothing is kept without it.
    """
    before = {name: os.environ.get(name) for name in THREADS}
    os.environ.update(dict.fromkeys(THREADS, "1"))
    base = Path(tempfile.mkdtemp(prefix="kansym-fuzz-"))
    waiting = list(reversed(numbers))
    workers: list[_Worker] = []
    started = 0
    try:
        while waiting or any(worker.number >= 0 for worker in workers):
            while len(workers) < min(jobs, len(waiting) + sum(worker.number >= 0 for worker in workers)):
                workers.append(_Worker(seed, base / f"worker{started}"))
                started += 1
            ready = wait([worker.connection for worker in workers], timeout=0.1)
            for worker in list(workers):
                answer = _answer(worker) if worker.connection in ready else None
                trouble = worker.trouble() if answer is None else ""
                if answer is None and not trouble:
                    continue
                if trouble and worker.number < 0:
                    raise RuntimeError(f"a worker did not start: {trouble}")
                outcome = Outcome(worker.number, failure=trouble) if trouble else answer
                if isinstance(outcome, Outcome):
                    if outcome.failure and out is not None:
                        _keep(outcome, worker.home / "case", out)
                    yield outcome
                worker.number = -1
                if trouble or worker.cases >= CASES_PER_WORKER or not waiting:
                    worker.end()
                    workers.remove(worker)
                    shutil.rmtree(worker.home, ignore_errors=True)
                else:
                    worker.give(waiting.pop())
    finally:
        for worker in workers:
            worker.end()
        shutil.rmtree(base, ignore_errors=True)
        for name, value in before.items():
            os.environ.pop(name, None) if value is None else os.environ.update({name: value})


def _answer(worker: _Worker) -> Any:
    try:
        return worker.connection.recv()
    except (EOFError, OSError):
        worker.process.join(5)
        return None


def _keep(outcome: Outcome, case: Path, out: Path) -> None:
    """Copy the folder of a case, with what is known about it."""
    target = out / f"case-{outcome.number}"
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    for source in case.rglob("*") if case.is_dir() else ():
        if source.is_file() and not source.is_symlink() and source.stat().st_size < 2**24:
            place = target / source.relative_to(case)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, place)
    record = json.dumps(asdict(outcome), indent=1, ensure_ascii=True)
    (target / "case.json").write_text(record + "\n", encoding="utf-8")


class Summary:
    """Counts of outcomes, and the failures."""

    def __init__(self) -> None:
        self.codes: Counter[tuple[str, int | None]] = Counter()
        self.kinds: Counter[tuple[str, int | None]] = Counter()
        self.failures: list[Outcome] = []
        self.slowest = self.largest = Outcome(-1)
        self.cases = 0

    def add(self, outcome: Outcome) -> None:
        """Count an outcome."""
        self.cases += 1
        self.codes[outcome.command, outcome.code] += 1
        self.kinds[outcome.kind, outcome.code] += 1
        if outcome.failure:
            self.failures.append(outcome)
        self.slowest = max(self.slowest, outcome, key=lambda one: one.seconds)
        self.largest = max(self.largest, outcome, key=lambda one: one.memory)

    def lines(self) -> list[str]:
        """The summary as text."""
        lines = []
        for title, counts in (("command", self.codes), ("file", self.kinds)):
            lines.append(f"{title:<30}{'exit 0':>8}{'exit 2':>8}{'other':>8}")
            names = sorted({name for name, _ in counts})
            for name in names:
                total = sum(count for (one, _), count in counts.items() if one == name)
                good, refused = counts[name, 0], counts[name, 2]
                lines.append(f"{name or '(ended)':<30}{good:>8}{refused:>8}{total - good - refused:>8}")
            lines.append("")
        lines.append(f"slowest: case {self.slowest.number}, {self.slowest.seconds:.1f} s")
        lines.append(f"most memory: case {self.largest.number}, {self.largest.memory / 2**20:.0f} MB")
        lines.append(f"{self.cases} cases, {len(self.failures)} failed")
        return lines + [describe(outcome) for outcome in sorted(self.failures, key=lambda one: one.number)]


def describe(outcome: Outcome) -> str:
    """A failure in one line."""
    command = shlex.join(("kansym", *outcome.tokens)).encode("unicode_escape").decode()
    reason = " | ".join(outcome.failure.splitlines())
    return f"case {outcome.number} ({outcome.kind}): {reason[-600:]}: {command[:300]}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the cases that the options ask for; returns 1 if one fails."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--cases", type=int, default=10_000, help="how many, from 0 on (default 10000)")
    parser.add_argument("--first", type=int, default=0, help="number of the first case")
    parser.add_argument("--only", type=int, action="append", help="this case; may be given several times")
    parser.add_argument("--seed", type=int, default=0, help="other cases with every seed")
    parser.add_argument("--jobs", type=int, default=2, help="worker processes, one thread each (default 2)")
    parser.add_argument("--out", type=Path, help="keep the files of failing cases in this folder")
    options = parser.parse_args(arguments)
    if options.cases < 1 or options.jobs < 1 or options.seed < 0 or options.first < 0:
        parser.error("--cases and --jobs must be at least 1, --seed and --first at least 0")
    numbers = options.only or range(options.first, options.first + options.cases)
    summary = Summary()
    began = time.monotonic()
    for outcome in outcomes(list(numbers), seed=options.seed, jobs=options.jobs, out=options.out):
        summary.add(outcome)
        if outcome.failure:
            sys.stdout.write(describe(outcome) + "\n")
        if summary.cases % 500 == 0:
            sys.stdout.write(f"{summary.cases} cases, {time.monotonic() - began:.0f} s\n")
        sys.stdout.flush()
    sys.stdout.write("\n".join(["", *summary.lines()]) + "\n")
    return 1 if summary.failures else 0


if __name__ == "__main__":
    sys.exit(main())
