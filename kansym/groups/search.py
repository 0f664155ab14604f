"""The search for one form of all groups: the loop of `kansym.search.agenda`, on the tables that groups make.

All groups together are asked for compositions and sums whose constants are each group's own. The rows of the largest
group, all rows in units of each group's own size, and all rows with each group's own constants of the best form as
columns are ordinary tables, which the engines of an ordinary search are asked about. Whatever is good on one of them is
tried on all groups (`kansym.groups.contest`).
"""

import logging
import time

import numpy as np

from kansym import clock, provenance
from kansym.data.dataset import Dataset
from kansym.errors import KansymError
from kansym.groups.contest import Contest
from kansym.groups.engines import GroupGround, engines_of_groups
from kansym.groups.evidence import GroupEvidence
from kansym.groups.table import GroupedTable
from kansym.groups.tables import TableGround, columns_of, scaled
from kansym.interrupting import Abandoned
from kansym.search.agenda.loop import Agenda
from kansym.search.agenda.task import Task, prepared_rows
from kansym.search.baseline import baseline
from kansym.search.events import merged
from kansym.search.faults import contained
from kansym.search.found import FoundFormulas
from kansym.search.options import DiscoveryOptions
from kansym.search.pipeline import engines_of
from kansym.search.progress import Progress, ProgressCallback
from kansym.search.results import StopReason
from kansym.search.watchdog import tell, watched
from kansym.threads import threads_for

logger = logging.getLogger(__name__)

FOR_THE_REST = 0.1
"""Share of the time for formulas of single tables that were good there and not among the very best, and for changes of
the best form."""

ONE_TABLE = 0.3
"""Chance that the law of all groups is found on one of the ordinary tables that they make, in units of that on all. Of
the first nine laws of `python -m benchmarks.groups` six are right with 0.3 as with 0.7. Four of them come from ordinary
tables within 25 s of work; one that does not comes after 33 s with 0.3, and after 52 s with 0.7."""


class Search:
    """One search over the groups of a table.

    Parameters
    ----------
    contest : Contest
    options : DiscoveryOptions
        `max_seconds` is for all of it.
    progress : callable or None
    """

    def __init__(self, contest: Contest, options: DiscoveryOptions, progress: ProgressCallback | None) -> None:
        self.contest, self.faults, self.options, self.progress = contest, contest.faults, options, progress
        self.start, self.began = clock.now(), time.monotonic()
        self.deadline = self.start + (1 - FOR_THE_REST) * options.max_seconds
        table = contest.table
        largest = int(np.argmax(table.counts))
        engines = engines_of_groups(table)
        told = {"title": "all groups", "kinds": frozenset(one.name for one in engines)}
        rows = prepared_rows(scaled(table), options)
        whole = Task.of_table(rows, GroupGround(contest), options, given=False, **told)
        made = (
            (table.of(largest), f"{table.group} {table.names[largest]}"),
            (scaled(table), "all groups, each in units of its own"),
        )
        self.tables = [self._table(dataset, words) for dataset, words in made if np.ptp(dataset.y) > 0]
        self.evidence = GroupEvidence(contest, options, self.deadline, ONE_TABLE)
        self.agenda = Agenda(
            whole,
            [*engines, *engines_of(options)],
            self.evidence,
            deadline=self.deadline,
            faults=self.faults,
            report=self.report,
            beside=self.tables,
        )

    def _table(self, dataset: Dataset, words: str) -> Task:
        """The task of describing one table that the groups make."""
        rows = prepared_rows(dataset, self.options)
        formulas = FoundFormulas(rows, self.deadline)
        ground = TableGround(formulas, self.contest, columns_of(self.contest.table))
        return Task.of_table(rows, ground, self.options, chance=ONE_TABLE, title=words)

    def report(self, stage: str, message: str) -> None:
        """Tell how far it is."""
        logger.info("%s: %s", stage, message)
        if self.progress is not None:
            elapsed = time.monotonic() - self.began
            shown = self.evidence.shown
            words = f"{message}; so far {shown}" if shown else message
            tell(self.progress, Progress(stage, words, None, elapsed, max(0.0, self.options.max_seconds - elapsed)))

    def run(self) -> StopReason:
        """Search all tables together; why it ended. Ctrl-C ends it with what there is."""
        try:
            with watched():
                self._begin()
                stopped = self.agenda.run()
                self._try_the_rest()
        except (Abandoned, KansymError):
            raise
        except Exception as error:
            self.faults.add("the search", error)
            stopped = StopReason.FAILED
        except KeyboardInterrupt:
            stopped = StopReason.INTERRUPTED
        return stopped

    def _begin(self) -> None:
        """There is a form from the first moment. All tables would give the same forms: one is asked."""
        for ground in self.grounds[:1]:
            self._begin_with(ground)

    @contained("the first formulas")
    def _begin_with(self, ground: TableGround) -> None:
        quadratic = "x^2" in self.options.primitives
        ground.formulas.all += baseline(ground.formulas.fit_rows, self.deadline, quadratic=quadratic)
        for formula in ground.near():
            ground.offer(formula)

    def _try_the_rest(self) -> None:
        """What was good on one table and not among the very best; and changes of what was found last."""
        self.report("composing", "formulas of single tables")
        self.contest.deadline = self.start + self.options.max_seconds
        for ground in self.grounds:
            for formula in ground.near():
                if clock.late(self.contest.deadline):
                    break
                ground.offer(formula)
        self.contest.improve()

    @property
    def grounds(self) -> list[TableGround]:
        """The ordinary tables."""
        return [task.ground for task in self.tables if isinstance(task.ground, TableGround)]


def search_groups(table: GroupedTable, options: DiscoveryOptions, progress: ProgressCallback | None = None) -> Contest:
    """The forms that describe all groups of a table, the shortest description first.

    Parameters
    ----------
    table : GroupedTable
    options : DiscoveryOptions
    progress : callable, optional
        Called with a `Progress` after every step.

    Returns
    -------
    Contest
        With `interrupted`, whether Ctrl-C ended it, `idle`, the seconds without a better form that ended it, and `log`.
    """
    with (
        clock.budget(options.max_seconds, deterministic=options.deterministic),
        threads_for(len(table.dataset.y)),
        provenance.keeping(),
    ):
        contest = Contest(table, clock.now() + options.max_seconds)
        search = Search(contest, options, progress)
        stopped = search.run()
        contest.faults.count += sum(ground.formulas.fit_rows.faults.count for ground in search.grounds)
        contest.interrupted = stopped == StopReason.INTERRUPTED
        contest.idle = clock.now() - contest.changed if stopped == StopReason.AS_GOOD_AS_DATA else 0.0
        contest.log = merged(search.agenda.log)
        contest.finish()
        return contest
