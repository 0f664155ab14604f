"""The pipeline: a `Dataset` goes in, a `Discovery` comes out; `kansym.search.discovery.discover` is the way in.

`_Run.search` has the order of the engines, and when a run ends. What has been found so far is always valid.
"""

import itertools
import logging
import math
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from typing import cast

import numpy as np
import sympy

from kansym import clock, provenance
from kansym.data.dataset import Dataset
from kansym.data.limits import require_moderate_target
from kansym.data.preparation import prepare
from kansym.device import choose_device
from kansym.errors import KansymError
from kansym.extraction.one_dimensional import as_networks
from kansym.interrupting import AGAIN, Abandoned, first_press
from kansym.kan.growth import Candidate, Decision
from kansym.primitives.allowed import allowed_functions
from kansym.primitives.library import default_library
from kansym.search import budget
from kansym.search.baseline import baseline
from kansym.search.challenge import SECONDS as CHALLENGE_SECONDS
from kansym.search.ending import Ending
from kansym.search.faults import contained
from kansym.search.found import FoundFormulas, Seeds
from kansym.search.front import ParetoFront
from kansym.search.held import ELBOW, HeldNetworks
from kansym.search.lengths import is_noisy
from kansym.search.networks import PROMISING, Networks, training_work
from kansym.search.options import DiscoveryOptions
from kansym.search.parts import leaf_formulas, leaf_table
from kansym.search.progress import Progress, ProgressCallback
from kansym.search.prospects import may_better
from kansym.search.reading import Reader
from kansym.search.results import Discovery, NetworkReading, StopReason, TrainedNetwork, near_rivals, notes_on
from kansym.search.rows import FitRows
from kansym.search.sums import SPLINED_BY_TWO, Sums, Turn
from kansym.search.watchdog import tell, watched
from kansym.structure.leaf import Leaf, Look
from kansym.structure.problem import Problem
from kansym.structure.product_units import SMALL_TABLE
from kansym.structure.settling import UNEVEN_ROWS
from kansym.structure.solver import Solver
from kansym.symbolic.complexity import FEW_ROWS
from kansym.symbolic.formula import Formula
from kansym.symbolic.own_functions import own_functions
from kansym.symbolic.steps import Step, StepKind, in_words
from kansym.threads import threads_for

logger = logging.getLogger(__name__)


def run_pipeline(
    dataset: Dataset, options: DiscoveryOptions, progress: ProgressCallback | None = None, *, seeds: Seeds | None = None
) -> Discovery:
    """One search; errors of the inputs, outliers and a given part are left to `kansym.search.discovery.discover`.

    Formulas of `seeds` come before the search. One that is exact ends it.

    Raises
    ------
    DataError
        If y is so large or small that its squares leave double precision, or no row has a positive weight.
    """
    require_moderate_target(dataset)
    limits = clock.budget(options.max_seconds, deterministic=options.deterministic)
    with threads_for(len(dataset.y)), limits, provenance.keeping():
        run = _Run(dataset, options, progress)
        try:
            with watched():
                try:
                    stopped = run.search(seeds)
                finally:
                    clock.current().horizon = math.inf
                run.challenge()
        except (Abandoned, KansymError):
            raise
        except Exception as error:
            run.faults.add("the search", error)
            stopped = StopReason.FAILED
        except KeyboardInterrupt:
            stopped = StopReason.INTERRUPTED
        return run.finish(stopped)


class _Run:
    """State of one discovery."""

    def __init__(
        self,
        dataset: Dataset,
        options: DiscoveryOptions,
        progress: ProgressCallback | None,
        *,
        attainable: float | None = None,
        part: bool = False,
    ) -> None:
        self.start, self.began = clock.now(), time.monotonic()
        self.options, self.progress, self.part, self._leaves = options, progress, part, 0
        rows = prepare(dataset, validation_fraction=options.validation_fraction, seed=options.seed)
        self.dataset, self.floor = rows.table, rows.noise_floor
        library = allowed_functions(options.primitives), own_functions(options.primitives)
        self.fit_rows = FitRows.of(rows.table, rows.train, rows.validation, rows.noise_floor, *library)
        self.faults = self.fit_rows.faults
        self.device = choose_device(options.device, training_work(options, *rows.table.X.shape))
        self.network: TrainedNetwork | None = None
        self.readings: dict[Formula, NetworkReading] = {}
        self.decisions: list[Decision] = []
        # Where something smooth is known to reach an error, networks far above it have the wrong shape.
        self.promising = PROMISING if attainable is None else min(PROMISING, max(SPLINED_BY_TWO, 30 * attainable))
        self.challenged = self._curve = False
        self.solver: Solver | None = None
        # Where noise is known, time is kept for the case against the pick.
        noisy = not part and is_noisy(0.0, self.fit_rows)
        kept = min(budget.CHALLENGE * options.max_seconds, CHALLENGE_SECONDS) if noisy else 0.0
        self.deadline = self.start + options.max_seconds * (1 - budget.RESERVE) - kept
        self.formulas = FoundFormulas(self.fit_rows, self.deadline)
        self.sums = Sums(self.fit_rows, options, self.device, part=part, deadline=self.deadline, attainable=attainable)
        self.ending = Ending(self.formulas, part=part)
        self.own_library = set(options.primitives) != set(default_library())

    def report(self, stage: str, message: str) -> None:
        logger.info("%s: %s", stage, message)
        if self.progress is not None:
            elapsed = time.monotonic() - self.began
            remaining = max(0.0, self.options.max_seconds - elapsed)
            best, ahead = self.formulas.best(), self.formulas.ahead()
            tell(self.progress, Progress(stage, message, best, elapsed, remaining, ahead))

    def _on_decision(self, decision: Decision) -> None:
        self.decisions.append(decision)
        self.report("training", str(decision))

    def search(self, seeds: Seeds | None = None) -> StopReason:
        """Run until done; returns why it ended. What is cheap and likely comes first."""
        self._baseline()
        good = self.formulas.at_noise()
        if seeds is not None:
            self.formulas.all.extend(seeds(self.fit_rows, self.deadline, self.report))
        if good or self.formulas.exact():
            return StopReason.AS_GOOD_AS_DATA
        columns = self.dataset.n_columns
        stages = (
            self._of_quick_structure if self.options.structure and columns > 1 else None,
            # Curves in parts have a spline first.
            self._of_first_sums if self.options.structure or columns > 1 else None,
            self._of_structure if self.options.structure else None,
            self._of_one_curve if columns == 1 else None,
            self._of_last_sums,
            self._of_networks,
        )
        for stage in stages:
            if stage is not None and (reason := stage()) is not None:
                return reason
        return self._of_held_networks()

    def _of_quick_structure(self) -> StopReason | None:
        """Reductions and linear algebra alone: whether they end the search."""
        self._quickly()
        rows = self.dataset.n_rows
        # With few rows much is as good as the data; what is very long is one of many that are.
        if self.formulas.exact() or (
            self.formulas.at_noise() and rows >= SMALL_TABLE and not self.formulas.very_long()
        ):
            return StopReason.AS_GOOD_AS_DATA
        if self.ending.settled and self.ending.short:
            return StopReason.NOTHING_SMOOTH_LEFT
        self.ending.settled = False
        return None

    def _of_first_sums(self) -> None:
        if self.sums.noisy:
            self._terms(self.sums.first)

    def _of_structure(self) -> StopReason | None:
        """The whole structure search, and what its formulas lack."""
        rows, columns = self.dataset.X.shape
        self._structure()
        # With noise a long formula is seldom improved to the law, which takes long: sums come first. Where nothing
        # smooth is left that is their last turn, which comes next and has all that the early one has.
        sums = self.sums.noisy and self.formulas.long() and self.sums.open(self.sums.early)
        if sums and not (self.ending.settled or self.formulas.exact()):
            self._terms(self.sums.early)
        # A short formula that leaves nothing lacks nothing; what else its parts may be, its rivals will say.
        elif not sums and (self.formulas.long() or not self.ending.settled):
            self._improve()
        # With few rows much is as good as the data, and the readings of the curve are still to come; what is long
        # is one of many that are, and the last sums are still to come.
        many = rows >= SMALL_TABLE or (columns > 1 and not (self.sums.noisy and self.formulas.long()))
        if self.formulas.exact() or (self.formulas.at_noise() and many):
            return StopReason.AS_GOOD_AS_DATA
        if self._shortest:
            return StopReason.SHORTEST
        # Only readings know functions of the user's own.
        if not self.ending.settled or (self.own_library and columns == 1):
            return None
        if columns == 1:
            self._terms(Turn.GLANCE)
        # Near poles nothing smooth is left either, though a sum of products may be; so may a shorter formula.
        found = (self.formulas.long() or not self.sums.noisy) and self._terms(self.sums.last)
        return StopReason.AS_GOOD_AS_DATA if found else StopReason.NOTHING_SMOOTH_LEFT

    @property
    def _shortest(self) -> bool:
        """Whether no formula of the only column is shorter than the pick, of rows so few that much that is longer
        describes them; not where their errors say that what is short does not do.

        None of 19 pairs of such tables moves by it (`benchmarks.paired`): their picks are longer.
        """
        rows, columns = self.dataset.X.shape
        few = columns == 1 and rows < FEW_ROWS and not self.own_library
        enough = self.dataset.y_error is None or self.formulas.at_noise()
        return few and enough and self.formulas.simplest()

    def _of_one_curve(self) -> StopReason | None:
        """Readings of a table's only column."""
        # The curve itself as one spline: what it leaves is noise, and a reading that leaves no more needs no other.
        for first in itertools.islice(self.candidates, 1):
            self._keep_network(first)
        # With noise much is as good as the data.
        if self.sums.noisy and self.part and not self.own_library:
            self._terms(Turn.CURVE if self.sums.open(Turn.CURVE) else Turn.GLANCE)
        # What is seen in few rows need not be noise.
        sure = self.sums.noisy and self.dataset.n_rows >= UNEVEN_ROWS
        if sure or not self._terms(self.sums.or_compositions(Turn.BRIEF)):
            self._one_dimensional()
        if self.sums.noisy and not (self.own_library and self._nothing_left()):
            self._terms(Turn.GLANCE)
        long = self.sums.noisy and self.formulas.long() and not self.own_library
        if self.formulas.exact() or (self._nothing_left() and not long):
            return StopReason.AS_GOOD_AS_DATA if self.formulas.at_noise() else StopReason.AS_GOOD_AS_SPLINE
        return None

    def _of_last_sums(self) -> StopReason | None:
        return StopReason.AS_GOOD_AS_DATA if self._terms(self.sums.or_compositions(self.sums.last)) else None

    def _of_networks(self) -> StopReason | None:
        """Networks from the smallest up, read as they come."""
        unimproved = 0
        for candidate in self.candidates:
            self._keep_network(candidate)
            if clock.late(self.deadline):
                return None
            if self.formulas and len(self.formulas) > 1:
                # A larger network that sees no more than the formula is evidence that there is no more to see.
                better = self.networks.loss(candidate) < 0.9 * self.formulas.best_loss()
                unimproved = 0 if better else unimproved + 1
            chosen = self._next_network()
            if chosen is not None and self._worth_reading(chosen):
                self._read(chosen, thorough=False)
                if self.formulas.at_noise():
                    return StopReason.AS_GOOD_AS_DATA
            # Without an interpolant's word or errors, what a network leaves may be of its shape.
            told = self.solver is not None or self.dataset.y_error is not None
            if told and unimproved >= 3 and self._matches_network():
                return StopReason.AS_GOOD_AS_NETWORKS
        return None

    def _of_held_networks(self) -> StopReason:
        """What was left aside; why the search ends."""
        self._read_held()
        if self.formulas.at_noise():
            return StopReason.AS_GOOD_AS_DATA
        if not clock.late(self.deadline):
            return StopReason.ALL_SHAPES_TRIED
        if self.ending.settled:
            return StopReason.NOTHING_SMOOTH_LEFT
        return StopReason.OUT_OF_WALL_TIME if clock.current().ended_by_wall else StopReason.OUT_OF_TIME

    @contained("looking for rivals")
    def challenge(self) -> None:
        """Look for rivals of the pick where noise lets much pass for it."""
        best = self.formulas.best()
        if best is not None and is_noisy(best.loss, self.fit_rows):
            self.report("composing", "looking for rivals of the pick")
            until = self.start + self.options.max_seconds * (1 - budget.RESERVE)
            # Half as long as the search itself has taken: what was hard to find has rivals that are hard to find.
            until = min(until, clock.now() + max(budget.LEAST_FOR_RIVALS, (clock.now() - self.start) / 2))
            self.challenged = self.formulas.challenge(until, seed=self.options.seed)

    @contained("the first formulas")
    def _baseline(self) -> None:
        """The front is valid from the first moment."""
        allowed = "x^2" in self.options.primitives
        self.formulas.all += baseline(self.fit_rows, self.deadline, quadratic=allowed and not self.part)
        self.report("composing", "constant and linear formulas")

    @cached_property
    def networks(self) -> Networks:
        return Networks(self.fit_rows, self.options, self.device, self.deadline)

    @cached_property
    def reader(self) -> Reader:
        return Reader(self.networks, self.fit_rows, self.formulas, self.readings, self.report)

    @cached_property
    def candidates(self) -> Iterator[Candidate]:
        """Networks from the smallest up, each trained when it is asked for."""
        grower = self.networks.grower(self._on_decision) if self.options.networks else ()
        return self.faults.guard("training networks", iter(grower))

    @cached_property
    def held(self) -> HeldNetworks:
        """The networks that compete for being read."""
        return HeldNetworks(self.networks, self.promising)

    def _keep_network(self, candidate: Candidate) -> None:
        self.held.all.append(candidate)
        if self.network is None or self.networks.loss(candidate) < self.network.validation_loss:
            self.network = self.networks.trained(candidate)

    def _next_network(self) -> Candidate | None:
        """The network to read now, if any."""
        late = clock.late(self.start + 0.5 * self.options.max_seconds)
        return self.held.next(self.formulas.best_loss(), noisy=self.sums.noisy, late=late, unread=not self.readings)

    def _read_held(self) -> None:
        """Read what was left aside."""
        for candidate, thorough in self.held.rest(unread=not self.readings):
            if clock.late(self.deadline) or self.formulas.at_noise():
                return
            if self._worth_reading(candidate):
                self._read(candidate, thorough=thorough)

    def _worth_reading(self, candidate: Candidate) -> bool:
        """Whether a network may have a better formula than the pick; only few rows say that it has not."""
        alone = self.options.structure and not self.own_library and not self.formulas.long()
        return not alone or may_better(self.networks.loss(candidate), self.formulas.best(), self.fit_rows)

    def _matches_network(self, factor: float = 1.1) -> bool:
        """Whether the pick's held-out loss is within `factor` of the best network's; never without held-out rows."""
        best = self.formulas.best()
        if best is None or self.network is None or not len(self.fit_rows.validation):
            return False
        # Limited by its splines and not by noise: very precise, or far above the errors. As good as it is not the law.
        blind = self.ending.beyond_errors(self.network.validation_loss, self.solver)
        noisy = not blind and self.network.validation_loss > (SPLINED_BY_TWO * self.networks.scaling.y_scale) ** 2
        return noisy and best.validation_loss < factor * self.network.validation_loss

    @contained("the quick structure search")
    def _quickly(self) -> None:
        """What structure finds of several columns before all that takes long."""
        self.report("structure", "looking for symmetries")
        solver = self.solver = self._solver(budget.QUICK, quick=True)
        leader, unbeaten = None, 0
        for raw, problem in self.faults.guard("the structure search", solver.solutions(self._whole())):
            steps = problem.steps or (Step(StepKind.WHOLE),)
            self.sums.see(solver.noise, solver.smooth, solver.reducer.idle)
            self.formulas.add(raw, steps)
            self.report("structure", in_words(steps))
            enough = self.formulas.at_noise() and len(self.dataset.y) >= SMALL_TABLE
            if self.formulas.exact() or (enough and not solver.more):
                break
            best = self.formulas.best()
            leader, unbeaten = best, unbeaten + 1 if best is leader else 0
            if not solver.more and self.ending.settles(solver, unbeaten):
                break
        self.sums.see(solver.noise, solver.smooth, solver.reducer.idle)

    @property
    def _quickly_solved(self) -> bool:
        """Whether the solver at work is the quick one, whose parts have no sums."""
        return self.solver is not None and self.solver.quick

    def _whole(self) -> Problem:
        X, y, weights = self.fit_rows.rows(self.fit_rows.fitting)
        return Problem.of(X, y, self.fit_rows.variables, weights)

    def _solver(self, share: float, *, quick: bool) -> Solver:
        every = self.fit_rows.allowed is None or self.fit_rows.allowed.elementary
        return Solver(
            self.fit_rows.rows(self.fit_rows.fitting)[1],
            self._leaf,
            seed=self.options.seed,
            until=self.start + share * self.options.max_seconds,
            any_function=every,
            units=self.fit_rows.units,
            quick=quick,
            known=None if self.solver is None else self.solver.reducer.known,
        )

    @contained("the structure search")
    def _structure(self) -> None:
        """Solve the smaller problems that symmetries and inner functions make of this one."""
        self.report("structure", "looking for symmetries")
        soon = self.start + budget.QUICK * self.options.max_seconds
        y, whole = self.dataset.y, self._whole()
        solver = self.solver = self._solver(budget.STRUCTURE_SHARE, quick=False)
        leader, unbeaten, reduced = None, 0, False
        for raw, problem in self.faults.guard("the structure search", solver.solutions(whole)):
            steps = problem.steps or (Step(StepKind.WHOLE),)
            self.sums.see(solver.noise, solver.smooth, solver.reducer.idle)
            self.formulas.add(raw, steps)
            self.report("structure", in_words(steps))
            self.sums.settled = self.ending.foresee(solver)
            if self.formulas.exact() and self.formulas.very_long() and not clock.late(soon):
                continue  # A quotient of expanded polynomials may be a short law of a smaller problem.
            if self.formulas.exact() or (self.formulas.at_noise() and len(y) >= SMALL_TABLE and not solver.more):
                return
            self._curve = self._curve or (problem.reduced and problem.dimension == 1)
            if self._additive():
                return
            if self.sums.noise > 0 and self.sums.first is not Turn.GLANCE and not self._shortest:
                # Without errors given these had to wait for an interpolant to see the noise.
                self._terms(self.sums.first)
            # What is left of a reduced table has its own sums before the whole has.
            reduced = reduced or (self.sums.noisy and problem.reduced)
            after = budget.TERMS_AFTER_REDUCED if reduced else budget.TERMS_AFTER
            due = solver.looked and clock.late(self.start + after * self.options.max_seconds)
            if due and self._sums_end(self.sums.early):
                return
            best = self.formulas.best()
            leader, unbeaten = best, unbeaten + 1 if best is leader else 0
            if not solver.more and self.ending.settles(solver, unbeaten):
                self.sums.settled = self.ending.short
                # As long as another curve of the one column that is left may be shorter, or another sum is.
                shorter = reduced and (problem.dimension == 1 or self.formulas.long())
                if self._leaves or not shorter or self.formulas.simplest():
                    return
        self.sums.see(solver.noise, solver.smooth, solver.reducer.idle)

    def _leaf(self, leaf: Leaf) -> Iterator[sympy.Expr]:
        """Formulas of a small table, by the same search without structure; the best ones first."""
        if not np.ptp(leaf.t) > 0:
            yield sympy.Float(float(leaf.t[0]))
            return
        if (
            leaf.look is not Look.WAVES
            and not self._quickly_solved
            and any(map(self._sums_end, self.sums.before(leaf)))
        ):
            return
        if leaf.look is not Look.WHOLE:
            yield from self._glance(leaf)
            return
        if self._quickly_solved:
            yield from self._searched(leaf, replace(self.options, terms=False))
            return
        self._leaves += 1
        longest = self.sums.spare(self.start, self.options.max_seconds)
        if self.ending.settled and leaf.X.shape[1] == 1:
            longest = min(budget.LAST_LOOK * self.options.max_seconds, budget.LAST_SECONDS)
        yield from self._searched(replace(leaf, until=min(leaf.until, clock.now() + longest)), self.options)

    def _searched(self, leaf: Leaf, options: DiscoveryOptions) -> Iterator[sympy.Expr]:
        table, options = leaf_table(leaf, options, self.dataset.n_columns)
        part = _Run(table, options, None, attainable=leaf.attainable, part=True)
        with first_press() as press:
            part.search()
        self.faults.count += part.faults.count
        yield from leaf_formulas(leaf, part.formulas.all)
        if press.came:  # What the part has found so far is in the whole.
            raise KeyboardInterrupt

    def _glance(self, leaf: Leaf) -> Iterator[sympy.Expr]:
        """What is exact of a leaf and seen at once, or has a look of its own."""
        table, options = leaf_table(leaf, self.options, self.dataset.n_columns)
        part = _Run(table, options, None, attainable=leaf.attainable, part=True)
        names = dict(zip(part.fit_rows.variables, leaf.variables, strict=True))
        look = part.sums.at_once if leaf.look is Look.WAVES else part.sums.followed_by_splines
        for formula in look(leaf.until):
            yield cast(sympy.Expr, formula.xreplace(names))

    def _terms(self, turn: Turn) -> bool:
        """Look for sums of products; whether one is as good as the data allow."""
        if not self.sums.open(turn):
            return False
        noisy, several, last = self.sums.noisy, self.dataset.n_columns > 1, turn is self.sums.last
        # What was found of one column is seldom kept beside sums, nor what a glance finds of several beside structure.
        kept = turn not in {Turn.SINGLE, Turn.SHORT} and not (noisy and several and turn is Turn.GLANCE)
        # What is very long, or long with noise, seldom is on the way to the law, and improving it takes long.
        long = self.formulas.long() if noisy and kept else self.formulas.very_long()
        # Before structure there are only a constant and a straight line.
        if ((noisy and kept and several and (self.part or self.solver is not None)) or last) and not long:
            self._improve()
        before = self.formulas.best()
        self.report("terms", "looking for sums of products")
        for raw in self.faults.guard("sums of products", self.sums.formulas(turn)):
            self.formulas.add(raw, "sum of products")
            self.report("terms", f"{self.formulas.best()}")
            self.sums.settled = self.ending.foresee(self.solver)
            # With noise a long formula that leaves no more than errors is one of many, and a sum may be shorter.
            if self.formulas.at_noise() and not (self.sums.noisy and self.formulas.long()):
                return True
            if clock.current().over or (self.ending.short_part(self.sums.noisy) and self._nothing_left()):
                break
        # Beside a short formula that leaves nothing the second best need not be improved.
        if (noisy or last or not self.part) and kept and not (self.sums.settled and self.formulas.best() is before):
            self._improve(last=last)
        return self.formulas.at_noise()

    def _sums_end(self, turn: Turn) -> bool:
        """Look for sums, short compositions first; the structure search ends with one that is as good as the data."""
        solver = cast(Solver, self.solver)
        self.sums.see(solver.noise, solver.smooth, solver.reducer.idle)
        done = any(map(self._terms, (Turn.SHORT, turn)))
        solver.until = clock.now() if done else solver.until
        return done

    def _additive(self) -> bool:
        """Read functions of one and two columns, and the smallest network if it sees all; whether that is enough."""
        solver, after = self.solver, budget.TERMS_AFTER_REDUCED if self._curve else budget.ADDITIVE_AFTER
        if solver is None or not clock.late(self.start + after * self.options.max_seconds):
            return False
        done = self._sums_end(Turn.SINGLE)
        for first in itertools.islice(self.candidates, int(not (done or self.dataset.n_columns == 1 or self.held.all))):
            self._keep_network(first)
            if self.networks.loss(first) < (ELBOW * solver.smooth) ** 2:
                self._read(first, thorough=True)
                self._improve()
        if not done and self.formulas.exact():
            solver.until = clock.now()
        return done or self.formulas.exact()

    @contained("improving formulas")
    def _improve(self, *, last: bool = False) -> None:
        """Let the best formulas have what they lack; with noise not those that a network betters by far."""
        noise = max(self.sums.noise, self.floor) if self.sums.noisy else 0.0
        if last or noise <= 0 or not self.held.far_below(self.formulas.best_loss()):
            self.formulas.improve(noise, seed=self.options.seed, last=last)

    @contained("reading the curve")
    def _one_dimensional(self) -> None:
        """A table with one input is one edge: read it as one or two primitives."""
        # The structure search has had all formulas as short, or the whole needs what a part has found.
        known = self.solver is not None and self.formulas.simplest()
        if not self.options.networks or ((known or self.ending.short_part(self.sums.noisy)) and self._nothing_left()):
            return
        self.report("matching", "reading the curve as one or two primitives")
        # Where a formula leaves nothing to find, something shorter may be as good, but is not worth the whole budget.
        second_look = min(self.deadline, clock.now() + budget.SECOND_LOOK * self.options.max_seconds)
        alone = clock.now() + budget.TERMS_AFTER * self.options.max_seconds
        selector = self.networks.selector()
        for form, group in self.networks.curve_readings():
            if clock.late(self.deadline) or (clock.late(second_look) and self._nothing_left()):
                return
            if clock.late(alone) and not self._nothing_left() and any(map(self._terms, (Turn.BRIEF, self.sums.last))):
                return
            self.reader.formulate(selector.fit_all(as_networks(group, self.networks.rows.x)), form)
            if self._nothing_left() and len(self.dataset.y) >= SMALL_TABLE:
                return

    def _nothing_left(self) -> bool:
        """Whether the best formula is as good as the data, or as a free spline through them."""
        return self.formulas.at_noise() or self._matches_network(1.05)

    @contained("reading a network")
    def _read(self, candidate: Candidate, *, thorough: bool) -> None:
        self.held.mark(candidate, done=self.reader.read(candidate, thorough=thorough, noisy=self.sums.noisy))

    @contained("the network beside the formula")
    def _network_beside(self) -> None:
        """A network where algebra alone found the formula: to predict with, and to hold against the formula."""
        with first_press() as press:
            for candidate in self.networks.beside(self._on_decision) if self.options.networks else ():
                self._keep_network(candidate)
        if press.came:
            logger.warning("the network beside the formula was interrupted; the formula stands without it; %s", AGAIN)

    def finish(self, stopped: StopReason) -> Discovery:
        """The front and the pick, from whatever has been found."""
        # A formula that leaves nothing to find is as good as any network: of 8 noisy tables whose formulas were found
        # without one, none had a better network or another verdict with it. Where none was found, one may predict.
        nothing_found = stopped in (StopReason.OUT_OF_TIME, StopReason.OUT_OF_WALL_TIME)
        if self.network is None and nothing_found and not (self.part or self.formulas.exact()):
            self._network_beside()
        notes = [*self.dataset.notes, *(() if self.fit_rows.units is None else self.fit_rows.units.notes)]
        if not self.formulas:
            self._baseline()
        if self.fit_rows.rough:
            least = budget.RESERVE * self.options.max_seconds
            clock.current().grant(least)
            for rough, polish in self.formulas.polish(max(self.start + self.options.max_seconds, clock.now()) + least):
                if rough in self.readings:
                    self.readings[polish] = self.readings[rough]
        front = ParetoFront.from_formulas(self.formulas.all, self.dataset.X)
        network = None if self.network is None else self.network.measured(self.fit_rows)
        # Without held-out rows the network's loss is that of training: nothing against a formula.
        held_out = network.validation_loss if network is not None and len(self.fit_rows.validation) else None
        notes += [*notes_on(front, held_out, self.floor), *self.faults.note]
        self.report("finishing", stopped)
        return Discovery(
            front=front,
            formula=front.best,
            network=network,
            reading=self.readings.get(front.best),
            rivals=near_rivals(self.formulas.all, front),
            formulas=tuple(self.formulas.all),
            challenged=self.challenged,
            forms_tried=len(self.fit_rows.finished),
            own_functions=self.fit_rows.own,
            decisions=tuple(self.decisions),
            dataset=self.dataset,
            noise_floor=self.floor,
            seconds=time.monotonic() - self.began,
            stopped=stopped,
            notes=tuple(notes),
        )
