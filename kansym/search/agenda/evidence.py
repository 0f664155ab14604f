"""What a search knows of its pick: whether what is open may better it, what it lacks, and what speaks against it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from kansym import clock
from kansym.search.agenda.engine import Engine
from kansym.search.agenda.task import Proposal, Task
from kansym.search.found import FoundFormulas
from kansym.search.lengths import is_noisy
from kansym.search.results import StopReason
from kansym.structure.settling import SMALL_TABLE
from kansym.symbolic.complexity import FEW_ROWS
from kansym.symbolic.formula import Formula

AHEAD, LEAST_AHEAD = 0.5, 1.0
"""How far is looked ahead, in units of the time that the search has taken, and the least seconds."""

LEAST_RATE = 0.004
"""Chance per second that what is open betters the pick, below which a search ends."""

LEAST_FOR_RIVALS, FOR_RIVALS = 0.5, 0.1
"""Seconds for rivals of a pick that was found at once, time for the short compositions of a table; and most of them, as
a share of the budget, which the end of the search is kept for."""

OVER = 1.5
"""What the case against a pick takes at most, in units of its seconds: the last of its steps is not divided."""

BETTERED = 0.4
"""Chance that a formula that leaves nothing to find gives way to one that an engine would have found, in units of that
chance where nothing was found yet: of 100 noisy searches 67 have a law that is shorter than what they found or is that,
and of the 56 that ended before their time 13 have a shorter one (`python -m benchmarks.excess pairs`, `da1fd4c0`),
which is a third, rounded up for what is found on the way. Of a short formula it is half of that: 4 of 30 have a shorter
law, of the others 8 of 24 (`dc628818`)."""

FOR_SHORTER = 2.0
"""Seconds beyond those that an exact law took for which a shorter one is looked for where it is very long."""

UNCHANGED = 1.0
"""Seconds for which the pick of a table without an interpolant was not bettered where it counts as good as the data."""


@dataclass(frozen=True)
class Expected:
    """A chance that a job has the law, and the seconds of work until then."""

    chance: float
    seconds: float

    @property
    def rate(self) -> float:
        return self.chance / self.seconds


class Evidence(ABC):
    """For and against the pick of one search, and the rule that ends it.

    Parameters
    ----------
    max_seconds : float
        Of the search.

    Attributes
    ----------
    start, changed : float
        When the search began, and when its pick became shorter by bits that count, as `kansym.clock.now`.
    revising, challenging : Engine
        What asks the pick for what it lacks, and what looks for rivals of it. They begin with the pick, and so are
        asked when there is a new one.
    """

    revising: Engine
    challenging: Engine

    def __init__(self, max_seconds: float) -> None:
        self.max_seconds = max_seconds
        self.start = self.changed = clock.now()
        self._made: Any = None

    @property
    @abstractmethod
    def noisy(self) -> bool:
        """Whether the target has noise."""

    @property
    @abstractmethod
    def pick(self) -> Any:
        """The best so far, or None."""

    @property
    def shown(self) -> str:
        """The pick as progress shows it."""
        return str(self.pick)

    @property
    @abstractmethod
    def bits(self) -> float:
        """Description length of the pick; zero before there is one."""

    @property
    @abstractmethod
    def needs_a_case(self) -> bool:
        """Whether rivals of the pick are to be looked for before the search ends."""

    @abstractmethod
    def case_is_due(self, left: float) -> bool:
        """Whether the seconds that are left are just enough for that."""

    @abstractmethod
    def reason_to_stop(self, promises: Sequence[Expected]) -> StopReason | None:
        """Whether the pick is what there is to be found: it leaves nothing, and what is open hardly betters it."""

    @abstractmethod
    def hope(self) -> float:
        """Chance that the pick, which leaves nothing, gives way, in units of that where nothing was found."""

    @property
    def challenged(self) -> bool:
        """Whether rivals of the pick were looked for."""
        return self._made is not None and self._made is self.pick

    def rewritten(self, before: Formula, after: Formula) -> None:
        """A formula has got exact numbers and is simplified: a case that was made against it stands."""
        if self._made is before:
            self._made = after

    def bettered(self) -> None:
        """The pick has become shorter."""
        self.changed = clock.now()

    def seconds_for_rivals(self) -> float:
        """Half as long as the pick took to find: what was hard to find has rivals that are, too."""
        return min(max(LEAST_FOR_RIVALS, (clock.now() - self.start) / 2), FOR_RIVALS * self.max_seconds)

    def rate_left(self, promises: Sequence[Expected]) -> float:
        """Chance per second that the pick, which leaves nothing, is bettered in the time that is looked ahead.

        That is what the most promising jobs have together, in units of what they have where nothing was found; and a
        pick that nobody has bettered for long is less likely to be bettered than one that has just come.
        """
        elapsed = clock.now() - self.start
        ahead, chance, seconds = max(LEAST_AHEAD, AHEAD * elapsed), 0.0, 0.0
        for one in sorted(promises, key=lambda one: -one.rate):
            chance, seconds = chance + one.chance, seconds + one.seconds
            if seconds >= ahead:
                break
        fresh = (LEAST_AHEAD + self.changed - self.start) / (LEAST_AHEAD + elapsed)
        return self.hope() * fresh * chance / max(seconds, ahead)


class TableEvidence(Evidence):
    """Of a search of one table.

    Parameters
    ----------
    whole : Task
    formulas : FoundFormulas
    """

    def __init__(self, whole: Task, formulas: FoundFormulas) -> None:
        super().__init__(whole.options.max_seconds)
        self.whole, self.formulas = whole, formulas
        self._settled: tuple[Formula, bool] | None = None
        self.revising = Engine("revise", lambda task: task.whole and task.options.structure, self._improvements)
        self.challenging = Engine("rivals", lambda task: task.whole, self._rivals)

    @property
    def noisy(self) -> bool:
        return self.whole.noisy

    @property
    def pick(self) -> Formula | None:
        return self.formulas.best()

    @property
    def bits(self) -> float:
        pick = self.pick
        return 0.0 if pick is None else pick.description_length

    def _improvements(self, task: Task) -> Iterator[Proposal]:
        """What the pick lacks, and parts of it read anew."""
        noise = max(task.noise, task.rows.noise_floor) if task.noisy else 0.0
        self.formulas.improve(noise, seed=task.options.seed)
        yield None

    def reason_to_stop(self, promises: Sequence[Expected]) -> StopReason | None:
        formulas, now = self.formulas, clock.now()
        if formulas.exact():
            patience = FOR_SHORTER + (self.changed - self.start)
            enough = not formulas.very_long() or now - self.changed > patience
            return StopReason.AS_GOOD_AS_DATA if enough else None
        if not self._leaves_nothing() or self.rate_left(promises) >= LEAST_RATE:
            return None
        return StopReason.AS_GOOD_AS_DATA if formulas.at_noise() else StopReason.NOTHING_SMOOTH_LEFT

    def hope(self) -> float:
        formulas, pick = self.formulas, self.formulas.best()
        if pick is None or not pick.expression.free_symbols:
            # A constant says that nothing was found.
            return 1.0
        if formulas.power_law():
            # Nothing is shorter.
            return 0.0
        return BETTERED if formulas.long() else BETTERED / 2

    def _leaves_nothing(self) -> bool:
        """Whether the pick leaves no more than errors, or than any smooth function."""
        best, rows = self.formulas.best(), self.formulas.fit_rows
        if best is None or self.formulas.at_noise() or rows.dataset.y_error is not None:
            return best is not None and self.formulas.at_noise()
        facts = self.whole.facts
        if not facts.seen:
            few = rows.dataset.n_columns == 1 and rows.dataset.n_rows < FEW_ROWS and self.formulas.simplest()
            waited = rows.dataset.n_columns == 1 and clock.now() - self.changed > UNCHANGED
            return (few or waited) and not self.formulas.leaves_something()
        if self._settled is None or self._settled[0] is not best:
            X, y, _ = rows.rows(rows.fitting)
            # What is closer to the rows than noise allows shows that it is none.
            noisy = (facts.noise > 0 or len(y) < SMALL_TABLE) and not self.formulas.belies(facts.noise)
            short = not self.formulas.long()
            settled = noisy and facts.settles(best.predict(X) - y, self.whole.problem, short=short)
            self._settled = best, settled and not (self.formulas.wrong() or self.formulas.leaves_something())
        return self._settled[1]

    @property
    def needs_a_case(self) -> bool:
        return not self.formulas.exact()

    def case_is_due(self, left: float) -> bool:
        pick = self.pick
        # Without noise what is not exact is no law, nor is what is very long.
        may_be_one = pick is not None and is_noisy(pick.loss, self.formulas.fit_rows) and not self.formulas.very_long()
        return may_be_one and left <= OVER * self.seconds_for_rivals()

    def _rivals(self, task: Task) -> Iterator[Proposal]:
        accused = self.pick
        self.formulas.challenge(self.seconds_for_rivals(), seed=task.options.seed)
        self._made = accused
        yield None
