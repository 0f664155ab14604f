"""The loop: all open jobs, and the next slice of work to the one with the greatest expected gain."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from kansym import clock, provenance
from kansym.kan.decision import Decision
from kansym.search.agenda.engine import Engine
from kansym.search.agenda.evidence import Evidence, Expected
from kansym.search.agenda.stepping import SLICE, Steps
from kansym.search.agenda.task import Found, Proposal, Task
from kansym.search.agenda.yields import expected, had
from kansym.search.events import Event
from kansym.search.faults import Faults
from kansym.search.results import StopReason, TrainedNetwork
from kansym.symbolic.steps import Step, StepKind

logger = logging.getLogger(__name__)

IN_TURN = 10
"""Every so many slices one goes to the job that has had least, so that a wrong order costs little."""

MOST_OPEN = 200
"""Tasks that are opened in one search."""

STAGES = {"structure": "structure", "terms": "terms", "networks": "training"}
"""What progress says of an engine at work, by its kind."""


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
        chance, seconds = expected(self.engine.measured, noisy=noisy, spent=self.steps.spent / self.pace)
        return Expected(self.task.odds * (1 - elsewhere) * chance, seconds * self.pace)

    def remember(self, *, noisy: bool) -> None:
        """Tell its task how likely this engine would have had the law by now."""
        if not self.engine.informs:
            self.task.tried[self.engine.name] = had(
                self.engine.measured, noisy=noisy, spent=self.steps.spent / self.pace
            )


class Agenda:
    """The open jobs of one search.

    Parameters
    ----------
    whole : Task
        The table that the pick describes.
    engines : sequence of Engine
    evidence : Evidence
        What is known of the pick.
    deadline : float
        `kansym.clock.now` value.
    faults : Faults
        Counts engines that fail.
    report : callable ``(stage, message)``
    beside : sequence of Task, optional
        Other tables whose formulas describe that one.

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
        evidence: Evidence,
        *,
        deadline: float,
        faults: Faults,
        report: Callable[[str, str], None],
        beside: Sequence[Task] = (),
    ) -> None:
        self.whole, self.engines, self.evidence = whole, engines, evidence
        self.deadline, self.faults, self.report, self.beside = deadline, faults, report, beside
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
        self._accused: object = None

    def run(self) -> StopReason:
        """Go on until nothing is to be gained, or time is up; why it ended.

        After Ctrl-C whoever is at work hands over what it has, and KeyboardInterrupt is raised.
        """
        for task in (self.whole, *self.beside):
            self._open(task)
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
        if any(one.informs and task.asks(one.name) and one.suits(task) for one in self.engines):
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
            reason = self.evidence.reason_to_stop([one.expected(noisy=self.evidence.noisy) for one in self._jobs])
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
        begins_with_the_pick = job.engine in (self.evidence.revising, self.evidence.challenging)
        chance = 0.0 if begins_with_the_pick else elsewhere.get(job.task, 0.0)
        return job.expected(noisy=self.evidence.noisy, elsewhere=chance)

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
        self.at_work, spent, bits = job, job.steps.spent, self.evidence.bits
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
        job.remember(noisy=self.evidence.noisy)
        if job.steps.done:
            self._end(job)
            if job.engine.informs:
                job.task.look = job.steps.spent
                self._uninformed.discard(job.task)
                self._start_ready(job.task)
                self._end_hopeless()
        change = self.evidence.bits - bits
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
            self.evidence.bettered()
            self._revise(job)
            self.report("composing", self.evidence.shown)

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
        revising = self.evidence.revising
        if not revising.suits(self.whole) or by.engine in (revising, self.evidence.challenging):
            return
        for job in [one for one in self._jobs if one.engine is revising]:
            self._end(job)
        self._start(revising, self.whole)

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

    # -- the case against the pick ------------------------------------------------------------------------------------

    def _case_that_is_due(self, *, at_once: bool) -> Job | None:
        """The job that looks for rivals of the pick, where the search would end without, or has just time for it."""
        evidence, pick = self.evidence, self.evidence.pick
        if pick is None or not evidence.needs_a_case:
            return None
        if pick is self._accused and self._case is not None:
            return None if self._case.steps.done else self._case
        if not (at_once or evidence.case_is_due(clock.left(self.deadline))):
            return None
        if self._case is not None:
            self._end(self._case)
        self.report("composing", f"looking for rivals of {evidence.shown}")
        self._accused, self._case = pick, self._start(evidence.challenging, self.whole)
        return self._case


def _words(task: Task) -> str:
    if task.title or task.whole:
        return task.title or "the table"
    columns = ", ".join(map(str, task.problem.columns))
    return f"a function of {columns}" if columns else "a constant"
