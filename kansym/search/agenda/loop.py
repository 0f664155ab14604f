"""The loop: all open jobs, the next slice of work to the one with the greatest expected gain, one rule to stop."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from kansym import clock, provenance
from kansym.kan.decision import Decision
from kansym.search.agenda.engine import Engine
from kansym.search.agenda.grounds import UserGround
from kansym.search.agenda.stepping import SLICE, Steps
from kansym.search.agenda.task import Found, Proposal, Task
from kansym.search.agenda.yields import expected, had
from kansym.search.events import Event
from kansym.search.faults import Faults
from kansym.search.lengths import is_noisy
from kansym.search.results import StopReason, TrainedNetwork
from kansym.structure.settling import SMALL_TABLE
from kansym.symbolic.complexity import FEW_ROWS
from kansym.symbolic.formula import Formula
from kansym.symbolic.steps import Step, StepKind

logger = logging.getLogger(__name__)

IN_TURN = 10
"""Every so many slices one goes to the job that has had least, so that a wrong order costs little."""

MOST_OPEN = 200
"""Tasks that are opened in one search."""

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

STAGES = {"structure": "structure", "terms": "terms", "networks": "training"}
"""What progress says of an engine at work, by its kind."""


@dataclass(frozen=True)
class Expected:
    """A chance that a job has the law, and the seconds of work until then."""

    chance: float
    seconds: float

    @property
    def rate(self) -> float:
        return self.chance / self.seconds


@dataclass(eq=False)
class Job:
    """An engine at work on a task."""

    engine: Engine
    task: Task
    steps: Steps[Proposal]
    number: int

    @property
    def pace(self) -> float:
        """Yields are those of tables with as many rows as most: on larger ones an engine has done as much later."""
        return self.task.pace if self.engine.informed or self.engine.informs else 1.0

    def expected(self, *, noisy: bool, elsewhere: float = 0.0) -> Expected:
        """What it promises, given that it has not had the law, and the chance that a smaller table has it sooner."""
        chance, seconds = expected(self.engine.name, noisy=noisy, spent=self.steps.spent / self.pace)
        return Expected(self.task.odds * (1 - elsewhere) * chance, seconds * self.pace)

    def remember(self, *, noisy: bool) -> None:
        """Tell its task how likely this engine would have had the law by now."""
        if not self.engine.informs:
            self.task.tried[self.engine.name] = had(self.engine.name, noisy=noisy, spent=self.steps.spent / self.pace)


class Agenda:
    """The open jobs of one search.

    Parameters
    ----------
    whole : Task
        The user's table.
    engines : sequence of Engine
    deadline : float
        `kansym.clock.now` value.
    faults : Faults
        Counts engines that fail.
    report : callable ``(stage, message)``

    Attributes
    ----------
    log : list of Event
    network : TrainedNetwork or None
        The best of the whole table.
    decisions : list of Decision
        How networks of the whole table came to be.
    at_work : Job or None
        Whose proposals are judged.
    """

    in_turn = IN_TURN

    def __init__(
        self,
        whole: Task,
        engines: Sequence[Engine],
        *,
        deadline: float,
        faults: Faults,
        report: Callable[[str, str], None],
    ) -> None:
        if not isinstance(whole.ground, UserGround):
            raise TypeError("the whole table is judged as the user's")
        self.whole, self.engines, self.deadline, self.faults, self.report = whole, engines, deadline, faults, report
        self.formulas = whole.ground.formulas
        self.start = self.changed = clock.now()
        self.log: list[Event] = []
        self.network: TrainedNetwork | None = None
        self.decisions: list[Decision] = []
        self.at_work: Job | None = None
        self._jobs: list[Job] = []
        self._waiting: list[tuple[Engine, Task]] = []
        self._uninformed: set[Task] = set()
        self._opened: dict[object, Task] = {}
        self._numbers = itertools.count()
        self._case: Job | None = None
        self._accused: Formula | None = None
        self._made: Formula | None = None
        self._settled: tuple[Formula, bool] | None = None
        # These begin with the pick, and so are asked when there is a new one.
        self._revising = Engine("revise", _is_whole, self._improvements)
        self._challenging = Engine("rivals", _is_whole, self._rivals)

    def run(self) -> StopReason:
        """Go on until nothing is to be gained, or time is up; why it ended.

        After Ctrl-C whoever is at work hands over what it has, and KeyboardInterrupt is raised.
        """
        self._open(self.whole)
        try:
            return self._loop()
        except KeyboardInterrupt:
            self._collect()
            raise
        finally:
            for job in tuple(self._jobs):
                self._end(job)

    # -- tasks and jobs -----------------------------------------------------------------------------------------------

    def _open(self, task: Task) -> None:
        """Ask all engines that suit a task, unless the same was opened before."""
        usable = task.odds > 0 and task.problem.finite() and len(task.problem.t) > 0
        if not usable or self._is_open(task) or len(self._opened) >= MOST_OPEN:
            return
        self._opened[task.key] = task
        task.number = len(self._opened)
        if not np.ptp(task.problem.t) > 0:
            none = np.zeros((len(task.problem.t), 0))
            task.problem = task.problem.with_inputs(none, (), Step(StepKind.CONSTANT))
        if any(one.informs and one.suits(task) for one in self.engines):
            self._uninformed.add(task)
        self._waiting += [(engine, task) for engine in self.engines]
        self._start_ready(task)

    def _is_open(self, task: Task) -> bool:
        """Whether the same was opened before; what is known of it then is the better of the two."""
        known = self._opened.get(task.key)
        if known is None or not (known.odds > 0 or any(job.task is known for job in self._jobs)):
            # It was closed before.
            return False
        if task.odds > known.odds:
            known.parent, known.chance = task.parent, task.chance
        if known.kinds and not task.kinds:
            known.kinds = frozenset()
            self._start_ready(known)
        return True

    def _start(self, engine: Engine, task: Task) -> Job:
        job = Job(engine, task, Steps(partial(engine.propose, task)), next(self._numbers))
        self._jobs.append(job)
        return job

    def _start_ready(self, task: Task) -> None:
        """Start those who wait for neither an interpolant nor for what it says of the steps to a task."""
        late = task in self._uninformed
        ready = [
            engine
            for engine, other in self._waiting
            if other is task and task.asks(engine.name) and not (engine.informed and late)
        ]
        self._waiting = [one for one in self._waiting if one[1] is not task or one[0] not in ready]
        for engine in ready if task.odds > 0 else ():
            if engine.suits(task):
                self._start(engine, task)

    def _end_hopeless(self) -> None:
        """End jobs on tasks whose steps were seen to be wrong, or were taken in simpler words."""
        for job in [one for one in self._jobs if not one.task.odds > 0]:
            self._end(job)

    def _end(self, job: Job) -> None:
        job.steps.close()
        if job in self._jobs:
            self._jobs.remove(job)
            book = provenance.current()
            if book is not None:
                book.add(job.steps.book.spent)

    # -- the loop -----------------------------------------------------------------------------------------------------

    def _loop(self) -> StopReason:
        for number in itertools.count(1):
            if not self._jobs:
                return StopReason.ALL_SHAPES_TRIED
            if clock.late(self.deadline):
                return StopReason.OUT_OF_WALL_TIME if clock.current().ended_by_wall else StopReason.OUT_OF_TIME
            reason = self._reason_to_stop([one.expected(noisy=self.whole.noisy) for one in self._jobs])
            case = self._case_that_is_due(at_once=reason is not None)
            if case is not None:
                job = case
            elif reason is not None:
                return reason
            elif number % self.in_turn == 0:
                job = min(self._jobs, key=lambda one: (one.steps.spent, one.number))
            else:
                elsewhere = self._elsewhere()
                job = max(self._jobs, key=lambda one: self._promise(one, elsewhere).rate)
            self._step(job)
        raise AssertionError("the loop has no end of its own")

    def _promise(self, job: Job, elsewhere: Mapping[Task, float]) -> Expected:
        # What begins with the pick has no better place.
        begins_with_the_pick = job.engine in (self._revising, self._challenging)
        chance = 0.0 if begins_with_the_pick else elsewhere.get(job.task, 0.0)
        return job.expected(noisy=self.whole.noisy, elsewhere=chance)

    def _elsewhere(self) -> dict[Task, float]:
        """Chance that the law of a table comes from a smaller one that was made of it, where it is easier to find."""
        chances: dict[Task, float] = {}
        for task in self._opened.values():
            if task.parent is not None:
                # Of two tables with the law either may show it first.
                chances[task.parent] = max(chances.get(task.parent, 0.0), task.still_likely / 2)
        return chances

    def _step(self, job: Job) -> None:
        """One slice of work, and what is made of what it brings."""
        self.at_work, spent, bits = job, job.steps.spent, self._bits()
        promised, came = self._promise(job, self._elsewhere()).rate, ""
        if not spent:
            self.report(STAGES[job.engine.kind], f"{job.engine.name} of {_words(job.task)}")
        items: list[Proposal] = []
        try:
            items = job.steps.step(SLICE)
        except Exception as error:
            self.faults.add(job.engine.name, error)
            job.steps.close()
        for item in items:
            try:
                came = self._receive(job, item)
            except Exception as error:
                # What cannot be judged costs itself and nothing else.
                self.faults.add(job.engine.name, error)
        job.remember(noisy=self.whole.noisy)
        if job.steps.done:
            self._end(job)
            if job.engine.informs:
                job.task.look = job.steps.spent
                self._uninformed.discard(job.task)
                self._start_ready(job.task)
                self._end_hopeless()
        change = self._bits() - bits
        event = Event(
            at=clock.now(),
            work=job.steps.spent - spent,
            engine=job.engine.name,
            task=job.task.number,
            table=_words(job.task),
            rate=promised,
            came=came,
            bits=change,
        )
        self.log.append(event)
        if event.better:
            self.changed = clock.now()
            self._revise(job)
            self.report("composing", f"{self.formulas.best()}")

    def _bits(self) -> float:
        best = self.formulas.best()
        return 0.0 if best is None else best.description_length

    def _receive(self, job: Job, item: Proposal) -> str:
        if isinstance(item, Found):
            return self._judge(job, item)
        if isinstance(item, Task):
            item.path = (*job.task.path, (job.engine.name, job.steps.spent))
            self._open(item)
            return f"{item.problem.steps[-1]}" if item.problem.steps else _words(item)
        if job.task.whole and isinstance(item, Decision):
            self.decisions.append(item)
            self.report("training", str(item))
        if job.task.whole and isinstance(item, TrainedNetwork):
            self.keep(item)
        return ""

    def keep(self, network: TrainedNetwork) -> None:
        """Keep a network of the whole table if it is the best."""
        if self.network is None or network.validation_loss < self.network.validation_loss:
            self.network = network

    def _judge(self, job: Job, found: Found) -> str:
        if found.reading is not None:
            self.report("matching", f"{found.steps}")
        origin = job.steps.origin
        if origin is None:
            provenance.sign(job.engine.name)
        else:
            provenance.credit(replace(origin, work=clock.now()))
        ground = job.task.ground
        for task in ground.take(found):
            task.path = (*job.task.path, (job.engine.name, job.steps.spent))
            self._open(task)
        if ground.settled:
            for other in [one for one in self._jobs if one.task.ground is ground]:
                self._end(other)
        self._end_hopeless()
        return str(found.expression)

    def _revise(self, by: Job) -> None:
        """Ask anew what the pick lacks, where it has changed."""
        if not self.whole.options.structure or by.engine in (self._revising, self._challenging):
            return
        for job in [one for one in self._jobs if one.engine is self._revising]:
            self._end(job)
        self._start(self._revising, self.whole)

    def _improvements(self, task: Task) -> Iterator[Proposal]:
        """What the pick lacks, and parts of it read anew."""
        noise = max(task.noise, task.rows.noise_floor) if task.noisy else 0.0
        self.formulas.improve(noise, seed=task.options.seed)
        yield None

    def _collect(self) -> None:
        """What the job at work has, after an interrupt."""
        job = self.at_work
        if job is None or job.steps.done:
            return
        try:
            for item in job.steps.finish():
                self._receive(job, item)
        except Exception as error:
            self.faults.add(job.engine.name, error)

    # -- when to stop -------------------------------------------------------------------------------------------------

    def _reason_to_stop(self, promises: Sequence[Expected]) -> StopReason | None:
        """Whether the pick is what there is to be found: it leaves nothing, and what is open hardly betters it."""
        formulas, now = self.formulas, clock.now()
        if formulas.exact():
            patience = FOR_SHORTER + (self.changed - self.start)
            enough = not formulas.very_long() or now - self.changed > patience
            return StopReason.AS_GOOD_AS_DATA if enough else None
        if not self._leaves_nothing() or self.rate_left(promises) >= LEAST_RATE:
            return None
        return StopReason.AS_GOOD_AS_DATA if formulas.at_noise() else StopReason.NOTHING_SMOOTH_LEFT

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
        return self._hope() * fresh * chance / max(seconds, ahead)

    def _hope(self) -> float:
        """Chance that the pick, which leaves nothing, gives way, in units of that where nothing was found."""
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

    # -- the case against the pick ------------------------------------------------------------------------------------

    @property
    def challenged(self) -> bool:
        """Whether rivals of the pick were looked for."""
        return self._made is not None and self._made is self.formulas.best()

    def _case_that_is_due(self, *, at_once: bool) -> Job | None:
        """The job that looks for rivals of the pick, where the search would end without, or has just time for it."""
        pick, left = self.formulas.best(), clock.left(self.deadline)
        if pick is None or self.formulas.exact():
            return None
        if pick is self._accused and self._case is not None:
            return None if self._case.steps.done else self._case
        if not at_once:
            # Without noise what is not exact is no law, nor is what is very long.
            may_be_one = is_noisy(pick.loss, self.formulas.fit_rows) and not self.formulas.very_long()
            if not (may_be_one and left <= OVER * self._seconds_for_rivals()):
                return None
        if self._case is not None:
            self._end(self._case)
        self.report("composing", f"looking for rivals of {pick}")
        self._accused, self._case = pick, self._start(self._challenging, self.whole)
        return self._case

    def _seconds_for_rivals(self) -> float:
        """Half as long as the pick took to find: what was hard to find has rivals that are, too."""
        whole = self.whole.options.max_seconds
        return min(max(LEAST_FOR_RIVALS, (clock.now() - self.start) / 2), FOR_RIVALS * whole)

    def _rivals(self, task: Task) -> Iterator[Proposal]:
        accused = self._accused
        self.formulas.challenge(self._seconds_for_rivals(), seed=task.options.seed)
        self._made = accused
        yield None


def _is_whole(task: Task) -> bool:
    return task.whole


def _words(task: Task) -> str:
    if task.whole:
        return "the table"
    columns = ", ".join(map(str, task.problem.columns))
    return f"a function of {columns}" if columns else "a constant"
