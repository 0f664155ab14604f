"""Agreement over seeds: does the search find the same formula from other starts and with other rows held out?"""

import math
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace

from kansym.data.dataset import Dataset
from kansym.fitting.residuals import residuals_of
from kansym.search.discovery import discover
from kansym.search.options import DiscoveryOptions
from kansym.search.progress import ProgressCallback
from kansym.symbolic.formula import Formula
from kansym.symbolic.naming import plain_symbol
from kansym.symbolic.parametric import parametrize
from kansym.validation.same_form import contains, probes, tolerance, values_agree


@dataclass(frozen=True)
class Rerun:
    """One more search.

    Attributes
    ----------
    seed : int
    formula : str
    same_form : bool
        Whether each form gives the other's values once its constants are set: they differ in numbers at most.
    same_values : bool
        Whether the values agree within the residuals, in the box of the data and 30 % beyond.
    """

    seed: int
    formula: str
    same_form: bool
    same_values: bool


@dataclass(frozen=True)
class Agreement:
    """Searches from other seeds.

    Attributes
    ----------
    reruns : tuple of Rerun
        Those that were finished.
    asked : int
        Those that were asked for.
    seconds : float
    """

    reruns: tuple[Rerun, ...]
    asked: int
    seconds: float

    @property
    def same_form(self) -> int:
        """Reruns with the same form."""
        return sum(rerun.same_form for rerun in self.reruns)

    @property
    def same_values(self) -> int:
        """Reruns with the same form or the same values."""
        return sum(rerun.same_form or rerun.same_values for rerun in self.reruns)


def agreement(
    dataset: Dataset,
    formula: Formula,
    seeds: Iterable[int],
    *,
    options: DiscoveryOptions | None = None,
    seconds_each: float | None = None,
    seconds: float = float("inf"),
    progress: ProgressCallback | None = None,
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
        Called with the progress of each search.
    """
    start, seeds = time.monotonic(), list(seeds)
    options = options or DiscoveryOptions()
    each = options.max_seconds if seconds_each is None else seconds_each
    reruns: list[Rerun] = []
    try:
        for seed in seeds:
            remaining = math.inf if options.deterministic else seconds - (time.monotonic() - start)
            if remaining < min(each, 0.5 * seconds):
                break
            again = replace(options, seed=seed, max_seconds=min(each, remaining))
            found = discover(dataset, again, progress=progress)
            if found.interrupted:
                break
            reruns.append(compared(found.formula, formula, found.dataset, seed))
    except KeyboardInterrupt:
        # What was counted stays counted.
        pass
    return Agreement(tuple(reruns), len(seeds), time.monotonic() - start)


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
