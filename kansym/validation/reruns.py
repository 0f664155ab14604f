"""Searches from other seeds, and of rows drawn anew, to see whether they find the same."""

import math
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from kansym.data.dataset import Dataset
from kansym.executors import completed
from kansym.fitting.residuals import residuals_of
from kansym.search.discovery import discover
from kansym.search.options import DiscoveryOptions
from kansym.search.progress import ProgressCallback
from kansym.symbolic.formula import Formula
from kansym.symbolic.naming import plain_symbol
from kansym.symbolic.parametric import parametrize
from kansym.validation.agreement import Agreement, Rerun
from kansym.validation.same_form import contains, probes, tolerance, values_agree


@dataclass(frozen=True, eq=False)
class SearchAgain:
    """One more search as a task.

    Attributes
    ----------
    dataset : Dataset
        What is searched.
    options : DiscoveryOptions
    formula : Formula
        What the outcome is compared with.
    compared_on : Dataset
        On which rows.
    number : int
        For `Rerun.seed`.
    """

    dataset: Dataset
    options: DiscoveryOptions
    formula: Formula
    compared_on: Dataset
    number: int


def search_again(task: SearchAgain, progress: ProgressCallback | None = None) -> Rerun | None:
    """The outcome of a task; None where the search was interrupted."""
    found = discover(task.dataset, task.options, progress=progress)
    return None if found.interrupted else compared(found.formula, task.formula, task.compared_on, task.number)


def agreement(
    dataset: Dataset,
    formula: Formula,
    seeds: Iterable[int],
    *,
    options: DiscoveryOptions | None = None,
    seconds_each: float | None = None,
    seconds: float = float("inf"),
    progress: ProgressCallback | None = None,
    jobs: int = 1,
    executor: Executor | None = None,
) -> Agreement:
    """Search again with other seeds, and compare what is found with `formula`.

    A seed decides which rows are held out, and all starts. Ctrl-C ends it; what was counted stays.

    Parameters
    ----------
    dataset : Dataset
    formula : Formula
    seeds : iterable of int
        Other ones than that of the run itself.
    options : DiscoveryOptions, optional
        Those of the run; seed and time are replaced.
    seconds_each : float, optional
        Time of each search; default that of `options`. Give what the run itself had.
    seconds : float, default without limit
        For all of them: no search is started that would not fit in, but where `options` are deterministic.
    progress : callable, optional
        Called with the progress of each search where they run here.
    jobs : int, default 1
        Worker processes of one thread each; the outcome does not depend on it. One that dies costs its search.
    executor : concurrent.futures.Executor, optional
        Where the searches run instead, as in `kansym.sweep`.
    """
    options, dataset, seeds = options or DiscoveryOptions(), replace(dataset, whole=None), list(seeds)
    again = (SearchAgain(dataset, replace(options, seed=seed), formula, dataset, seed) for seed in seeds)
    return _counted(again, len(seeds), options, seconds_each, seconds, progress, jobs, executor)


def bootstrap(
    dataset: Dataset,
    formula: Formula,
    resamples: int,
    *,
    options: DiscoveryOptions | None = None,
    seconds_each: float | None = None,
    seconds: float = float("inf"),
    progress: ProgressCallback | None = None,
    jobs: int = 1,
    executor: Executor | None = None,
) -> Agreement:
    """Search rows that are drawn anew from those of the table, and compare what is found with `formula`.

    As many rows as the table has are drawn with replacement, so that about a third of them is missing each time (Efron
    1979, doi:10.1214/aos/1176344552); what is drawn twice counts twice, and is not both trained on and held out.

    Parameters
    ----------
    resamples : int
        Tables that are drawn; `Rerun.seed` is their number, from 0, which with the seed of `options` decides the rows.
    dataset, formula, options, seconds_each, seconds, progress, jobs, executor
        As for `agreement`; the searches have the seed of `options`.
    """
    options, dataset = options or DiscoveryOptions(), replace(dataset, whole=None)
    again = (
        SearchAgain(_resampled(dataset, options.seed, number), options, formula, dataset, number)
        for number in range(resamples)
    )
    return _counted(again, resamples, options, seconds_each, seconds, progress, jobs, executor)


def _resampled(dataset: Dataset, seed: int, number: int) -> Dataset:
    drawn = np.random.default_rng([seed, number]).integers(dataset.n_rows, size=dataset.n_rows)
    return dataset.take(np.sort(drawn))


def _counted(
    again: Iterable[SearchAgain],
    asked: int,
    options: DiscoveryOptions,
    seconds_each: float | None,
    seconds: float,
    progress: ProgressCallback | None,
    jobs: int,
    executor: Executor | None,
) -> Agreement:
    """Run the searches, as many as there is time for, and count what they find."""
    start = time.monotonic()
    each = options.max_seconds if seconds_each is None else seconds_each
    here = jobs == 1 and executor is None

    def in_time() -> Iterator[SearchAgain]:
        for task in again:
            remaining = math.inf if options.deterministic else seconds - (time.monotonic() - start)
            if remaining < min(each, 0.5 * seconds):
                return
            yield replace(task, options=replace(task.options, max_seconds=min(each, remaining)))

    function = partial(search_again, progress=progress) if here else search_again
    reruns: dict[int, Rerun] = {}
    try:
        for place, rerun in completed(function, in_time(), workers=jobs, executor=executor):
            if rerun is None:
                break
            if isinstance(rerun, Rerun):
                reruns[place] = rerun
    except KeyboardInterrupt:
        # What was counted stays counted.
        pass
    return Agreement(tuple(reruns[place] for place in sorted(reruns)), asked, time.monotonic() - start)


def compared(found: Formula, formula: Formula, dataset: Dataset, seed: int) -> Rerun:
    """How a formula from another seed stands to the one that is certified."""
    symbols = tuple(plain_symbol(name) for name in dataset.names)
    residuals = residuals_of(formula, dataset)
    points = probes(dataset.X, seed=0)
    allowed = tolerance(residuals.rms, residuals.spread, exact=residuals.exact)
    first, second = (parametrize(f.expression, symbols) for f in (found, formula))
    same_form = contains(first, formula.expression, points, allowed) and contains(
        second, found.expression, points, allowed
    )
    loose = allowed if residuals.exact else residuals.rms
    same_values = values_agree(found.expression, formula.expression, symbols, points, loose)
    return Rerun(seed, str(found), same_form, same_values)
