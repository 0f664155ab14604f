"""How long do the steps of a search take that its clock charges?

Searches of the golden record report where they are; between two reports the processor's time and what was charged of
each kind of work are counted. Non-negative least squares over all these pieces gives the seconds of a unit of each
kind, to be compared with `kansym.clock.SECONDS`, and the ratio of charged to measured time of every search says how
well the clock knows what it is about::

    OMP_NUM_THREADS=1 python -m benchmarks.calibration
    OMP_NUM_THREADS=1 python -m benchmarks.calibration --tables 30
"""

import time
from dataclasses import dataclass

import numpy as np
import scipy.optimize
import torch
from cyclopts import App

from benchmarks.same_answer import chosen
from benchmarks.searches import Search
from kansym import clock
from kansym.clock import SECONDS, SLOWNESS, Clock, Work
from kansym.search.discovery import discover
from kansym.search.options import DiscoveryOptions
from kansym.search.progress import Progress

SHORTEST = 0.3
"""Seconds of a piece: shorter ones are joined, since their times are mostly those of other things."""

app = App(name="python -m benchmarks.calibration", help="The rates of the clock.", version_flags=[])


@dataclass(frozen=True, eq=False)
class Piece:
    """A piece of a search: seconds of the processor, and units of each kind of work."""

    search: str
    seconds: float
    counts: np.ndarray


def pieces(search: Search, seconds: float) -> list[Piece]:
    """The pieces of a search with a budget of so many seconds of work."""
    found: list[Piece] = []
    dataset, own = search.dataset(), Clock()
    since, before = time.process_time(), np.zeros(len(Work))

    def cut(_: Progress | None, least: float = SHORTEST) -> None:
        nonlocal since, before
        now, counts = time.process_time(), np.array([own.counts[kind] for kind in Work])
        if now - since >= least:
            found.append(Piece(search.name, now - since, counts - before))
            since, before = time.process_time(), counts

    with clock.running(own):
        discover(dataset, DiscoveryOptions(max_seconds=seconds, seed=0, device="cpu", **search.options), progress=cut)
    cut(None, 0.0)
    return found


def rates(measured: list[Piece]) -> np.ndarray:
    """Seconds of a unit of each kind, in the order of `Work`."""
    counts, seconds = np.array([one.counts for one in measured]), np.array([one.seconds for one in measured])
    size = np.where(counts.sum(0) > 0, counts.sum(0), 1.0)
    # Relative errors count, but for those of the shortest pieces.
    weight = 1 / np.sqrt(seconds + SHORTEST)
    return scipy.optimize.nnls(counts / size * weight[:, None], seconds * weight)[0] / size


@app.default
def main(*, tables: int = 20, seconds: float = 20.0) -> None:
    """Measure the rates.

    Parameters
    ----------
    tables : int
        Searches, spread over the golden record.
    seconds : float
        Budget of each, in seconds of work.
    """
    torch.set_num_threads(1)
    measured: list[Piece] = []
    kept = np.array([SECONDS[kind] for kind in Work])
    for search in chosen(tables):
        own = pieces(search, seconds)
        took, charged = sum(one.seconds for one in own), float(sum(one.counts @ kept for one in own))
        print(
            f"{search.name[:44]:44}  {took:6.2f} s measured, {charged:6.2f} s charged: {charged / took:.2f}", flush=True
        )
        measured += own
    found, totals = rates(measured), np.sum([one.counts for one in measured], axis=0)
    print(f"\n{'kind':20}{'kept':>10}{'measured':>12}{'of all time':>14}")
    whole = sum(one.seconds for one in measured)
    for kind, own, rate, total in zip(Work, kept, found, totals, strict=True):
        print(f"{kind.name:20}{own:10.2g}{rate:12.2g}{100 * own * total / whole:12.1f} %")
    print(f"\nthe reference core is {SLOWNESS:g} times slower; charged over measured: {totals @ kept / whole:.2f}")


if __name__ == "__main__":
    app()
