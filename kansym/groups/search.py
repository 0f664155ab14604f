# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false
"""The search for one form of all groups: where candidates come from, and in which order."""

import itertools
import logging
import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace

import numpy as np
import sympy

from kansym import clock
from kansym.data.dataset import Dataset
from kansym.data.noise import noise_floor
from kansym.data.weights import row_weights
from kansym.groups.compositions import grouped_compositions
from kansym.groups.contest import Contest, columns_of_constants
from kansym.groups.outcome import leaves_nothing
from kansym.groups.sums import GroupedSums
from kansym.groups.table import GroupedTable
from kansym.primitives.allowed import allowed_functions
from kansym.search.challenge import rivals
from kansym.search.curve_readings import EngineTable
from kansym.search.formulation import from_expression, judge
from kansym.search.options import DiscoveryOptions
from kansym.search.pipeline import RESERVE, run_pipeline
from kansym.search.progress import Progress, ProgressCallback
from kansym.search.results import StopReason
from kansym.search.rows import FitRows
from kansym.search.watchdog import tell
from kansym.symbolic.formula import Formula
from kansym.symbolic.naming import plain, plain_symbol
from kansym.symbolic.parametric import ParametricForm
from kansym.terms.effort import EFFORTS
from kansym.terms.enumeration import FEW, FEW_OF_NOISY_CURVES, Enumeration
from kansym.terms.pursuit import Pursuit, TermOptions, suits

logger = logging.getLogger(__name__)

ROUNDS = (1 / 16, 1 / 8, 1 / 4, 1.0)
"""Parts of the time after which each round is done, where errors are given, so that chi-squared can end the search; a
round asks everything, the first ones briefly. Without errors nothing tells what a wrong form leaves from noise: then
there is one round."""

PATIENCE = 2.0
"""Least seconds without a better form after which one that leaves nothing is what there is, as in a search of one table
(`kansym.search.agenda.loop.FOR_SHORTER`)."""

COMPOSITIONS, COMPOSED, SUMS, ADDED, WHOLE, COLUMNS = 0.35, 0.54, 0.63, 0.74, 0.87, 0.92
"""Parts of a round after which each of these is done: compositions of few operations with constants of each group's
own, looked for, and tried; the same for sums; whole searches of one group, and of all rows in units of each group's own
size; all rows with the constants of the groups as columns. What is left is for the best form."""

IMPROVED = 0.4
"""Share of the time for trying forms that is for changes of the best."""

COMPOSITIONS_TRIED, SUMS_TRIED = 24, 48
"""Compositions and sums with constants of each group's own that are tried."""

ENUMERATED = 0.5
"""Share of a table's time for compositions of few operations; the rest is for sums of products."""

HANDED, FINISHED, NEAR_NATS = 40, 16, 17.0
"""Compositions and sums of one table that are tried on all groups, and nats behind its best up to which the first are.
"""

OFFERED, NEAR_BITS = 40, 40.0
"""Formulas of a whole search that are tried on all groups, and bits behind its pick up to which they are."""

FIRST = 0.2
"""Share of the time for the first search of one group."""

SEEDS = 4
"""Best forms so far that a whole search begins with."""

LEAST_SECONDS, LEAST_WHOLE = 0.5, 2.0
"""Of a search, and of a whole one or a round; less finds nothing."""

AT_ONCE = 12
"""Forms that are fitted before the constants of the best are decided on."""

MOST_COLUMNS = 2
"""Of each group's own constants that become columns."""

NOISE_SHARE = 0.7
"""Of what the best form leaves of a table, that is taken for its noise."""


class Search:
    """One search over the groups of a table.

    Parameters
    ----------
    contest : Contest
    options : DiscoveryOptions
        `max_seconds` is for all of it.
    progress : callable or None

    Attributes
    ----------
    interrupted : bool
        Whether Ctrl-C ended it.
    idle : float
        Seconds without a better form after which it ended, since the best leaves nothing; else 0.
    """

    def __init__(self, contest: Contest, options: DiscoveryOptions, progress: ProgressCallback | None) -> None:
        self.contest, self.options, self.progress = contest, options, progress
        self.start, self.began = clock.now(), time.monotonic()
        self.round, self.seconds = self.start, options.max_seconds
        self.interrupted, self.idle = False, 0.0
        self.allowed = allowed_functions(options.primitives)

    def run(self) -> None:
        """Search the groups, then all rows together; Ctrl-C ends it with what there is."""
        try:
            self._run()
        except KeyboardInterrupt:
            self.interrupted = True

    def _run(self) -> None:
        table = self.contest.table
        largest = int(np.argmax(table.counts))
        words = f"{table.group} {table.names[largest]}"
        steps = (
            self._compositions,
            self._sums,
            lambda: self._whole(table.of(largest), (clock.now() + self._at(WHOLE)) / 2, words),
            lambda: self._whole(scaled(table), self._at(WHOLE), "all groups, each in units of its own"),
            lambda: self._columns(self._at(COLUMNS)),
            self._improve,
        )
        self._first(table.of(largest), words)
        several = False
        for end in ROUNDS if self.contest.judge.errors_given else (1.0,):
            self.round = clock.now()
            self.seconds = self.start + end * self.options.max_seconds - self.round
            if self.seconds < LEAST_WHOLE and end < 1:
                continue
            for step in steps:
                step()
                # Before the first round is over, some have not been asked.
                if self._is_enough() and several:
                    return
            several = True

    def _is_enough(self) -> bool:
        """Whether the best form leaves nothing, and nothing better came in as long as it took to find, and a little."""
        best, idle = self.contest.best, clock.now() - self.contest.changed
        enough = best is not None and idle >= max(PATIENCE, self.contest.changed - self.start)
        enough = enough and leaves_nothing(best, self.contest.judge)
        self.idle = idle if enough else 0.0
        return enough

    def _improve(self) -> None:
        """What was found last is to be written as simply as what was found first."""
        self.contest.deadline = self._at(1 + RESERVE)
        self.contest.improve(leaders=1)

    def _at(self, share: float) -> float:
        """The time at which so much of the round is over."""
        return self.round + share * self.seconds

    def report(self, stage: str, message: str) -> None:
        """Tell how far it is."""
        logger.info("%s: %s", stage, message)
        if self.progress is not None:
            elapsed = time.monotonic() - self.began
            best = self.contest.best
            words = message if best is None else f"{message}; so far {plain(best.form.expression)}"
            tell(self.progress, Progress(stage, words, None, elapsed, max(0.0, self.options.max_seconds - elapsed)))

    def _first(self, dataset: Dataset, words: str) -> None:
        """Try the best forms of a brief search of one group, so that there is an answer soon."""
        seconds = min(2 * LEAST_SECONDS, FIRST * self.options.max_seconds)
        if seconds < LEAST_SECONDS or not np.ptp(dataset.y) > 0:
            return
        self.report("searching", words)
        found = run_pipeline(dataset, replace(self.options, max_seconds=seconds, networks=False))
        ranked = sorted(found.formulas, key=lambda one: one.rank)[:AT_ONCE]
        self._offer((one.expression for one in ranked), math.inf, self._symbols)
        if found.stopped == StopReason.INTERRUPTED:
            raise KeyboardInterrupt

    @property
    def _symbols(self) -> dict[sympy.Symbol, sympy.Expr]:
        """Of the columns, by the symbols of a search."""
        return {plain_symbol(symbol.name): symbol for symbol in self.contest.table.variables}

    def _compositions(self) -> None:
        """Try compositions of few operations that describe all groups, with constants of each group's own."""
        self.report("searching", "all groups, for compositions of few operations")
        found = grouped_compositions(
            self.contest.table,
            self._given_noise(),
            self.allowed,
            seed=self.options.seed,
            until=self._at(COMPOSITIONS),
            handed=COMPOSITIONS_TRIED,
            near=NEAR_NATS,
        )
        self._try(found, self._at(COMPOSED))

    def _sums(self) -> None:
        """Try sums whose coefficients are each group's own."""
        table = self.contest.table
        if table.dataset.n_columns not in EFFORTS or clock.left(self._at(SUMS)) < LEAST_SECONDS:
            return
        self.report("searching", "all groups, for sums with coefficients of their own")
        sums = GroupedSums(table, self._given_noise(), self.allowed, seed=self.options.seed)
        # One formula is for all groups.
        found = (dict(zip(sums.groups, one, strict=False)) for one in sums.expressions(self._at(SUMS), SUMS_TRIED))
        self._try(found, self._at(ADDED))

    def _given_noise(self) -> float:
        """Noise in units of each group's own size, where errors are given, else 0."""
        return 0.0 if self.contest.table.dataset.y_error is None else noise_floor(scaled(self.contest.table))

    def _try(self, source: Iterator[dict[int, sympy.Expr]], until: float) -> None:
        """Try forms, each with its constants in one group or in several, and change the best."""
        source = self.contest.faults.guard("a source of forms", source)
        # The first are tried even where it took too long to find them.
        late = math.inf
        while batch := list(itertools.islice(source, AT_ONCE)):
            starts = [one if len(one) > 1 else None for one in batch]
            self.contest.offer_all([next(iter(one.values())) for one in batch], starts, late)
            if late == math.inf:
                late = clock.now() + (1 - IMPROVED) * clock.left(until)
            if clock.late(late):
                break
        self.contest.improve(until)

    def _engines(
        self,
        dataset: Dataset,
        variables: tuple[sympy.Symbol, ...],
        until: float,
        words: str,
        numbers: Mapping[sympy.Symbol, sympy.Expr],
    ) -> None:
        """Try compositions of few operations and sums of products that describe one table on all groups.

        Parameters
        ----------
        dataset : Dataset
        variables : tuple of Symbol
            Of its columns.
        until : float
            `kansym.clock.now` value.
        words : str
            What the table is.
        numbers : mapping of Symbol to Float
            What stands for columns that the groups do not have.
        """
        if clock.left(until) < LEAST_SECONDS or not np.ptp(dataset.y) > 0:
            return
        self.report("searching", words)
        X, y = dataset.X, dataset.y
        noise = self._noise(dataset)
        table: EngineTable = {
            "weights": row_weights(dataset),
            "noise": noise,
            "noisy": True,
            "allowed": self.allowed,
            "seed": self.options.seed,
        }
        few = FEW_OF_NOISY_CURVES if X.shape[1] == 1 else FEW
        share = clock.now() + ENUMERATED * clock.left(until)
        found = list(Enumeration(X, y, variables, **table).formulas(share, few=few, handed=HANDED, near=NEAR_NATS))
        self._offer(found, until, numbers)
        if suits(X, y):
            options = TermOptions(finished=FINISHED, handed_with_noise=FINISHED)
            self._offer(Pursuit(X, y, variables, options=options, **table).formulas(until), math.inf, numbers)
        self.contest.improve(until)

    def _offer(
        self, expressions: Iterable[sympy.Expr], until: float, numbers: Mapping[sympy.Symbol, sympy.Expr] | None
    ) -> None:
        for expression in self.contest.faults.guard("a source of forms", iter(expressions)):
            self.contest.offer(expression.xreplace(dict(numbers or {})))
            if clock.late(until):
                break

    def _noise(self, dataset: Dataset) -> float:
        """Standard deviation of y, as far as it is known."""
        if dataset.y_error is not None:
            return noise_floor(dataset)
        best = self.contest.best
        return 0.0 if best is None else NOISE_SHARE * float(np.sqrt(np.mean(best.fit.residuals**2)))

    def _columns(self, until: float) -> None:
        """Search all rows with the groups' own constants of the best form as columns, where there are few of them."""
        best = next((one for one in self.contest.found if 0 < (~one.shared).sum() <= MOST_COLUMNS), None)
        if best is None or clock.left(until) < LEAST_SECONDS:
            return
        X, form, values = columns_of_constants(best, self.contest.table)
        constants = [symbol for symbol in form.variables if symbol not in self.contest.table.variables]
        dataset = self.contest.table.dataset
        levels = np.ones(len(values)) if best.levels is None else best.levels
        error = dataset.y_error if best.levels is None else levels[self.contest.table.codes]
        extended = replace(
            dataset,
            X=np.ascontiguousarray(X),
            names=tuple(symbol.name for symbol in form.variables),
            units=(None,) * X.shape[1],
            y_units=None,
            x_error=None,
            y_error=error,
        )
        medians = {symbol: sympy.Float(float(np.median(values[:, j]))) for j, symbol in enumerate(constants)}
        half = clock.now() + 0.5 * clock.left(until)
        self._engines(extended, form.variables, half, "all groups, with their own constants as columns", medians)
        rows = np.arange(dataset.n_rows)
        floor = noise_floor(extended) if error is not None else self.contest.judge.floor
        fit_rows = FitRows.of(extended, rows, rows[:0], floor, self.allowed)
        self.report("composing", "looking for rivals of the best form")
        formula = judge(
            ParametricForm(
                form.expression.xreplace(dict(zip(form.variables, fit_rows.variables, strict=True))),
                fit_rows.variables,
                form.constants,
                form.values,
            ),
            fit_rows,
            structure="all groups",
        )
        if formula is None:
            return
        symbols = self._symbols
        symbols |= {plain_symbol(symbol.name): number for symbol, number in medians.items()}
        others = rivals(formula, fit_rows, until=until, seed=self.options.seed)
        self._offer((one.expression for one in others), math.inf, symbols)
        self.contest.improve()

    def _whole(self, dataset: Dataset, until: float, words: str) -> None:
        """Search one table with all there is, beginning with the best forms so far."""
        if clock.left(until) < LEAST_WHOLE or not np.ptp(dataset.y) > 0:
            return
        self.report("searching", f"{words}, with networks")
        options = replace(self.options, max_seconds=clock.left(until))
        found = run_pipeline(dataset, options, None, seeds=self._seeds())
        ranked = sorted(found.formulas, key=lambda one: one.rank)[:OFFERED]
        least = ranked[0].description_length if ranked else 0.0
        near = (one.expression for one in ranked if one.description_length <= least + NEAR_BITS)
        self._offer(near, math.inf, self._symbols)
        if found.stopped == StopReason.INTERRUPTED:
            raise KeyboardInterrupt
        self.contest.improve()

    def _seeds(self) -> Callable[[FitRows, float, Callable[[str, str], None]], Iterator[Formula]]:
        leaders = self.contest.found[:SEEDS]

        def seeds(fit_rows: FitRows, deadline: float, report: Callable[[str, str], None]) -> Iterator[Formula]:
            del report
            for split in leaders:
                expression = plain(split.form.with_values(np.median(split.fit.values, axis=0)).substituted())
                yield from from_expression(
                    expression.xreplace(fit_rows.symbols), fit_rows, structure="another group", deadline=deadline
                )

        return seeds


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
        With `interrupted`, whether Ctrl-C ended it, and `idle`, the seconds without a better form that ended it.
    """
    with clock.budget(options.max_seconds, deterministic=options.deterministic):
        contest = Contest(table, clock.now() + options.max_seconds)
        one = Search(contest, options, progress)
        one.run()
        contest.finish()
        contest.interrupted, contest.idle = one.interrupted, one.idle
        return contest


def scaled(table: GroupedTable) -> Dataset:
    """All rows, with the target of each group in units of its own root mean square."""
    dataset = table.dataset
    sizes = np.sqrt(np.add.reduceat(dataset.y**2, table.starts) / table.counts)
    scale = np.where(sizes > 0, sizes, 1.0)[table.codes]
    error = None if dataset.y_error is None else dataset.y_error / scale
    return replace(dataset, y=dataset.y / scale, y_error=error, y_units=None, y_sides=None, counts=False)
