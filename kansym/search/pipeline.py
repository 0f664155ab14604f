"""The pipeline: a `Dataset` goes in, a `Discovery` comes out; `kansym.search.discovery.discover` is the way in.

The search itself is the loop of `kansym.search.agenda`. What has been found so far is always valid.
"""

import logging
import time

from kansym import clock, provenance
from kansym.data.dataset import Dataset
from kansym.data.limits import require_moderate_target
from kansym.device import choose_device
from kansym.errors import KansymError
from kansym.interrupting import AGAIN, Abandoned, first_press
from kansym.search.agenda.engine import Engine
from kansym.search.agenda.engines import ENGINES
from kansym.search.agenda.evidence import TableEvidence
from kansym.search.agenda.grounds import UserGround
from kansym.search.agenda.loop import Agenda
from kansym.search.agenda.task import Task, prepared_rows
from kansym.search.baseline import baseline
from kansym.search.events import merged
from kansym.search.faults import contained
from kansym.search.found import FoundFormulas, Seeds
from kansym.search.front import ParetoFront
from kansym.search.networks import Networks
from kansym.search.options import DiscoveryOptions
from kansym.search.progress import Progress, ProgressCallback
from kansym.search.results import Discovery, StopReason, near_rivals, notes_on
from kansym.search.watchdog import tell, watched
from kansym.threads import threads_for

logger = logging.getLogger(__name__)

RESERVE = 0.03
"""Share of the time budget kept for the last refit."""


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
        run = Study(dataset, options, progress)
        try:
            with watched():
                stopped = run.search(seeds)
        except (Abandoned, KansymError):
            raise
        except Exception as error:
            run.faults.add("the search", error)
            stopped = StopReason.FAILED
        except KeyboardInterrupt:
            stopped = StopReason.INTERRUPTED
        return run.finish(stopped)


def engines_of(options: DiscoveryOptions) -> list[Engine]:
    """The engines that the user's switches leave."""
    wanted = {
        "structure": options.structure,
        "terms": options.terms and options.structure,
        "networks": options.networks,
    }
    return [one for one in ENGINES if wanted[one.kind]]


class Study:
    """One search of a table, from its first formulas to the result.

    Parameters
    ----------
    dataset : Dataset
    options : DiscoveryOptions
    progress : callable or None
    """

    def __init__(self, dataset: Dataset, options: DiscoveryOptions, progress: ProgressCallback | None) -> None:
        self.start, self.began = clock.now(), time.monotonic()
        self.options, self.progress = options, progress
        # A device that is none is said before any work; which one "auto" means is asked of torch by who trains.
        choose_device(options.device, work=0)
        self.fit_rows = prepared_rows(dataset, options)
        self.dataset, self.floor = self.fit_rows.dataset, self.fit_rows.noise_floor
        self.faults = self.fit_rows.faults
        self.deadline = self.start + options.max_seconds * (1 - RESERVE)
        self.formulas = FoundFormulas(self.fit_rows, self.deadline)
        self.ground = UserGround(self.formulas)
        self.whole = Task.of_table(self.fit_rows, self.ground, options)
        self.evidence = TableEvidence(self.whole, self.formulas)
        self.agenda = Agenda(
            self.whole,
            engines_of(options),
            self.evidence,
            deadline=self.deadline,
            faults=self.faults,
            report=self.report,
        )

    def report(self, stage: str, message: str) -> None:
        logger.info("%s: %s", stage, message)
        if self.progress is not None:
            elapsed = time.monotonic() - self.began
            remaining = max(0.0, self.options.max_seconds - elapsed)
            best, ahead = self.formulas.best(), self.formulas.ahead()
            tell(self.progress, Progress(stage, message, best, elapsed, remaining, ahead))

    def search(self, seeds: Seeds | None = None) -> StopReason:
        """Run until done; returns why it ended."""
        self._baseline()
        if seeds is not None:
            self.formulas.all.extend(seeds(self.fit_rows, self.deadline, self.report))
        if self.formulas.exact():
            return StopReason.AS_GOOD_AS_DATA
        return self.agenda.run()

    @contained("the first formulas")
    def _baseline(self) -> None:
        """The front is valid from the first moment."""
        allowed = "x^2" in self.options.primitives
        self.formulas.all += baseline(self.fit_rows, self.deadline, quadratic=allowed)
        self.report("composing", "constant and linear formulas")

    @contained("the network beside the formula")
    def _network_beside(self) -> None:
        """A network where algebra alone found the formula: to predict with, and to hold against the formula."""
        with first_press() as press:
            networks = Networks(self.fit_rows, self.options, self.whole.device, self.deadline)
            for candidate in networks.beside(self.agenda.decisions.append):
                self.agenda.keep(networks.trained(candidate))
        if press.came:
            logger.warning("the network beside the formula was interrupted; the formula stands without it; %s", AGAIN)

    def finish(self, stopped: StopReason) -> Discovery:
        """The front and the pick, from whatever has been found."""
        # A formula that leaves nothing to find is as good as any network: of 8 noisy tables whose formulas were found
        # without one, none had a better network or another verdict with it. Where none was found, one may predict.
        nothing_found = stopped in (StopReason.OUT_OF_TIME, StopReason.OUT_OF_WALL_TIME)
        wanted = self.options.networks and self.agenda.network is None
        if wanted and nothing_found and not self.formulas.exact():
            self._network_beside()
        notes = [*self.dataset.notes, *(() if self.fit_rows.units is None else self.fit_rows.units.notes)]
        if not self.formulas:
            self._baseline()
        if self.fit_rows.rough:
            least = RESERVE * self.options.max_seconds
            clock.current().grant(least)
            for rough, polish in self.formulas.polish(max(self.start + self.options.max_seconds, clock.now()) + least):
                self.evidence.rewritten(rough, polish)
                if rough in self.ground.readings:
                    self.ground.readings[polish] = self.ground.readings[rough]
        front = ParetoFront.from_formulas(self.formulas.all, self.dataset.X)
        network = None if self.agenda.network is None else self.agenda.network.measured(self.fit_rows)
        # Without held-out rows the network's loss is that of training: nothing against a formula.
        held_out = network.validation_loss if network is not None and len(self.fit_rows.validation) else None
        notes += [*notes_on(front, held_out, self.floor), *self.faults.note]
        self.report("finishing", stopped)
        return Discovery(
            front=front,
            formula=front.best,
            network=network,
            reading=self.ground.readings.get(front.best),
            rivals=near_rivals(self.formulas.all, front),
            formulas=tuple(self.formulas.all),
            challenged=self.evidence.challenged,
            forms_tried=len(self.fit_rows.finished),
            own_functions=self.fit_rows.own,
            decisions=tuple(self.agenda.decisions),
            log=merged(self.agenda.log),
            dataset=self.dataset,
            noise_floor=self.floor,
            seconds=time.monotonic() - self.began,
            stopped=stopped,
            notes=tuple(notes),
        )
