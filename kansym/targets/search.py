"""`discover_targets`: one search for each of several targets of a table, and what was found for one tried on all."""

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from kansym import clock
from kansym.data.dataset import Dataset
from kansym.errors import ArgumentError, KansymError
from kansym.extraction.selection import EXACT
from kansym.interrupting import first_press, two_presses
from kansym.search.discovery import discover
from kansym.search.options import DiscoveryOptions
from kansym.search.progress import ProgressCallback
from kansym.search.results import Discovery, StopReason
from kansym.targets.analysis import common_of
from kansym.targets.common import Common
from kansym.targets.result import TargetRow, TargetsDiscovery
from kansym.targets.trying import Source, seeds_of, with_sources

logger = logging.getLogger(__name__)

OWN, TRYING, COMMON = 0.6, 0.1, 0.05
"""Shares of the time: for the first searches, of all targets together; for what one suggests to the others, each time;
and for what they have in common. What is left goes to targets that are not settled, with what the first ones do not
use."""

SEEDS = 0.3
"""Share of a second search for what other targets suggest."""

LEAST_SECONDS = 0.5
"""Time below which no second search is begun."""

OPEN = (StopReason.OUT_OF_TIME, StopReason.OUT_OF_WALL_TIME, StopReason.FAILED)
"""Reasons to end a search after which more time may find something better."""

Tables = Mapping[str, Dataset | KansymError]
"""A table for each target, by its name, or why there is none."""


@dataclass
class _Budget:
    """Work and wall time of all searches together."""

    seconds: float
    deterministic: bool
    work: float = 0.0
    began: float = field(default_factory=time.monotonic)

    @property
    def left(self) -> float:
        """Seconds that neither the work nor the wall has used."""
        wall = 0.0 if self.deterministic else time.monotonic() - self.began
        return max(self.seconds - max(self.work, wall), 0.0)

    @contextmanager
    def part(self, seconds: float) -> Iterator[float]:
        """A clock of so many seconds; what is charged to it counts for all."""
        with clock.budget(seconds, deterministic=self.deterministic):
            start = clock.now()
            try:
                yield seconds
            finally:
                self.work += clock.now() - start


def discover_targets(
    tables: Tables,
    options: DiscoveryOptions | None = None,
    *,
    progress: Callable[[str], ProgressCallback | str | None] | None = None,
) -> TargetsDiscovery:
    """Look for the laws behind several targets that depend on the same inputs.

    Each target has a search of its own. Its formula, the functions and sums in it, and the phase that belongs to a
    magnitude are then tried on all the others, where they must pay by description length like any formula: no target
    gets worse by it. Time that a target does not use goes to those that are not settled. What is found does not depend
    on the order of the targets.

    Parameters
    ----------
    tables : mapping of str to Dataset
        By the name of the target, two at least; all with the same inputs. In the place of a table there may be the
        error that reading it raised, which is kept as the reason of that row.
    options : DiscoveryOptions, optional
        `max_seconds` is for all targets together.
    progress : callable, optional
        Called with the name of a target, gives what progress of its search is reported to.

    Returns
    -------
    TargetsDiscovery

    Raises
    ------
    ArgumentError
        If there are fewer than two targets, or `options` holds a guess or a given part, which are for one target.
    KansymError
        Where no table can be searched: why the first cannot.

    Notes
    -----
    Ctrl-C ends the run with what has been found so far; a target that was not reached is a row that says so.
    """
    options = options or DiscoveryOptions()
    if len(tables) < 2:
        raise ArgumentError(f"tables must hold two targets at least, got {len(tables)}; one is for kansym.discover")
    if options.given is not None or options.guesses:
        raise ArgumentError("a guess or a given part is for one target; search that one alone")
    run = _Run(tables, options, progress)
    with two_presses():
        for step in (run.search, run.share):
            with first_press() as press:
                step()
            run.interrupted = run.interrupted or press.came
    if not any(run.found.values()):
        raise KeyboardInterrupt if run.interrupted else run.first_error
    return run.result()


class _Run:
    def __init__(
        self,
        tables: Tables,
        options: DiscoveryOptions,
        progress: Callable[[str], ProgressCallback | str | None] | None,
    ) -> None:
        self.tables, self.options = tables, options
        self.progress = progress or (lambda _: None)
        self.budget = _Budget(options.max_seconds, options.deterministic)
        self.found: dict[str, Discovery | None] = dict.fromkeys(tables)
        self.failures = {name: str(table) for name, table in tables.items() if isinstance(table, KansymError)}
        self.sources: dict[str, str] = {}
        self.common = Common()
        self.interrupted = False

    @property
    def first_error(self) -> KansymError:
        """Why the first target has no formula."""
        first = next(iter(self.tables.values()))
        return first if isinstance(first, KansymError) else ArgumentError(next(iter(self.failures.values())))

    @property
    def usable(self) -> dict[str, Dataset]:
        return {name: table for name, table in self.tables.items() if isinstance(table, Dataset)}

    def search(self) -> None:
        """The rounds; what is found stands at any time."""
        share = OWN * self.options.max_seconds / max(len(self.usable), 1)
        for name in self.usable:
            self._search(name, share)
        self._exchange()
        open_ = [name for name, found in self.found.items() if found is not None and _is_open(found)]
        left = (1 - COMMON - TRYING) * self.budget.left / max(len(open_), 1)
        if open_ and left > LEAST_SECONDS:
            sources = self._sources()
            for name in open_:
                self._search(name, left, [source for source in sources if source.target != name])
            self._exchange()

    def share(self) -> None:
        """What the formulas have in common."""
        pairs = [(found.formula, found.dataset) for found in self.found.values() if found is not None]
        seconds = max(COMMON * self.options.max_seconds, self.budget.left)
        try:
            with self.budget.part(seconds):
                self.common = common_of(pairs, loss=self.options.loss, until=clock.now() + seconds)
        except Exception:
            # The formulas stand.
            logger.warning("what the targets have in common could not be found", exc_info=True)

    def _search(self, name: str, seconds: float, sources: Sequence[Source] = ()) -> None:
        """One search; a second one takes the place of the first where it is better."""
        table, before = self.usable[name], self.found[name]
        seeds = seeds_of(sources, SEEDS) if sources else None
        try:
            with self.budget.part(seconds):
                searched = replace(self.options, max_seconds=seconds)
                found = discover(table, searched, progress=self.progress(name), seeds=seeds)
        except Exception as error:
            logger.warning("the search for %s failed", name, exc_info=True)
            if before is None:
                words = str(error) if isinstance(error, KansymError) else f"{type(error).__name__}: {error}"
                self.failures[name] = " ".join(words.split())[:500]
            return
        if before is None or found.formula.rank < before.formula.rank:
            self.found[name] = found
            self.sources[name] = next((s.target for s in sources if _is_of(found, s.target)), "")
        if found.interrupted:
            raise KeyboardInterrupt

    def _exchange(self) -> None:
        """What was found for each target tried on all others; none sees what another gains by it."""
        sources = self._sources()
        tried = {name: found for name, found in self.found.items() if found is not None and not _is_exact(found)}
        if len(sources) < 2 or not tried:
            return
        seconds = min(TRYING * self.options.max_seconds, self.budget.left) / len(tried)
        if seconds == 0:
            return
        for name, found in tried.items():
            others = [source for source in sources if source.target != name]
            try:
                with self.budget.part(seconds):
                    self.found[name], source = with_sources(found, self.usable[name], others, self.options, seconds)
            except Exception:
                # The formula stands.
                logger.warning("suggestions for %s failed", name, exc_info=True)
                continue
            if source:
                self.sources[name] = source

    def _sources(self) -> list[Source]:
        """In an order that does not depend on that of the targets."""
        sources = [Source(name, found.formula) for name, found in self.found.items() if found is not None]
        return sorted(sources, key=lambda source: (source.formula.complexity, str(source.formula)))

    def _rows(self) -> list[TargetRow]:
        return [
            TargetRow(
                name,
                table if isinstance(table, Dataset) else None,
                self.found[name],
                "" if self.found[name] else self.failures.get(name, "interrupted before it was searched"),
                self.sources.get(name, ""),
            )
            for name, table in self.tables.items()
        ]

    def result(self) -> TargetsDiscovery:
        seconds = time.monotonic() - self.budget.began
        return TargetsDiscovery(tuple(self._rows()), self.common, seconds, self.interrupted)


def _is_of(found: Discovery, target: str) -> bool:
    return found.formula.structure.endswith(f"the form of {target}")


def _is_exact(found: Discovery) -> bool:
    """Whether a formula leaves rounding alone."""
    return found.formula.loss <= EXACT * float((found.dataset.y**2).mean())


def _is_open(found: Discovery) -> bool:
    return found.stopped in OPEN and not _is_exact(found)
