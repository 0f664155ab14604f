"""The search for a system: candidates by the weak form, judged by integrated trajectories, in rounds."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from kansym import clock
from kansym.dynamics.equations import Candidate, candidate_of, ranked, searched_candidates, sparse_candidates
from kansym.dynamics.options import DynamicsOptions
from kansym.dynamics.ranking import Ranked, Ranking
from kansym.dynamics.response import Response
from kansym.dynamics.setting import Setting
from kansym.dynamics.smoothing import Smoothed, along, closer, smooth, without_noise
from kansym.dynamics.trajectories import Trajectories
from kansym.dynamics.units import derivative_units, units_of_grid
from kansym.dynamics.weak import WeakProblem, weak_problems
from kansym.search.options import DiscoveryOptions

logger = logging.getLogger(__name__)

Report = Callable[[str], None]
"""Told what is being done."""

ROUNDS = 3
"""Times that states of the best system take the place of the smoothed ones."""

SPARSE_SHARE, THROUGH_SHARE, FIRST_SHARE, LAST_SHARE = 0.25, 0.32, 0.5, 0.12
"""Shares of the time after which sparse sums, those by curves through all points, and the comparison of their systems
are done; and the share that is kept for the last fits."""

LONGER_SHARE = 0.1
"""Share of the time after which no longer shots are begun: what the systems are is told by short ones too."""

LEAST_SEARCH = 3.0
"""Seconds of a search for one equation, below which it is left out."""

FEW_CONSTANTS = 5
"""Constants of a right-hand side up to which one without a residual ends the search: more of them may describe any
smooth curve to its last digit."""


@dataclass(frozen=True, eq=False)
class Outcome:
    """What a search ends with.

    Attributes
    ----------
    setting : Setting
    best : Ranked or None
        None where no system could be integrated.
    candidates : tuple of list of Candidate
        By equation, the shortest first; by the weak form.
    gaps : tuple of float
        See `Ranking.gaps`.
    interrupted : bool
    """

    setting: Setting
    best: Ranked | None
    candidates: tuple[list[Candidate], ...]
    gaps: tuple[float, ...]
    interrupted: bool


class Search:
    """State of one search.

    Parameters
    ----------
    data : Trajectories
    options : DynamicsOptions
    report : callable
    """

    def __init__(self, data: Trajectories, options: DynamicsOptions, report: Report) -> None:
        self.options, self.report, self.data = options, report, data
        self.begin = clock.now()
        report("smoothing the states")
        self.smoothed = smooth(data)
        self.setting = Setting.of(data, self.smoothed, options.order, options.explicit_time)
        self.ranking = Ranking(self.setting, self._after(1 - LAST_SHARE))
        self.problems = self._weak(self.smoothed)
        self.candidates: list[list[Candidate]] = [[] for _ in data.states]

    def _after(self, share: float) -> float:
        return self.begin + share * self.options.max_seconds

    def _lengthened(self) -> float:
        """Until when longer and longer shots are tried at one time."""
        return clock.now() + LONGER_SHARE * self.options.max_seconds

    def _weak(self, smoothed: Smoothed) -> tuple[WeakProblem, ...]:
        options = self.options
        return weak_problems(smoothed, self.setting.names, order=options.order, explicit_time=options.explicit_time)

    def run(self) -> Outcome:
        """Search until the time is up, or nothing is left to find; Ctrl-C ends it with what there is."""
        interrupted = False
        try:
            self._sparse()
            self._start()
            self._rounds(FIRST_SHARE)
            self.ranking.shorten()
            if self.options.search and not self._done():
                self._search()
                if self.ranking.best is None or not self.setting.follows(self.ranking.best.fit):
                    self._start()
                self._rounds(1 - 2 * LAST_SHARE)
            self.ranking.shorten()
        except KeyboardInterrupt:
            interrupted = True
        return Outcome(self.setting, self.ranking.best, tuple(self.candidates), self.ranking.gaps(), interrupted)

    def _sparse(self) -> None:
        """Sparse sums of every equation."""
        until = self._after(SPARSE_SHARE)
        for k, problem in enumerate(self.problems):
            self.report(f"sparse sums for {self.data.states[k]}")
            end = clock.now() + clock.left(until) / (len(self.problems) - k)
            self.candidates[k] = ranked(sparse_candidates(problem, until=end))

    def _start(self) -> None:
        """Integrate the best of every equation together, and those that are sums of the smallest library."""
        if not all(self.candidates):
            return
        sources = [*self._through_points(), (self.problems, self.candidates)]
        self.report("integrating the first system")
        systems = [] if self.ranking.best is None else [list(self.ranking.best.fitted)]
        first = len(systems)
        for _, candidates in sources:
            plain = [
                max((one for one in own if one.leads), key=lambda one: one.bits, default=own[0]) for own in candidates
            ]
            systems += [[own[0].form for own in candidates], [one.form for one in plain]]
        chosen = self.ranking.horizon(systems, self._lengthened())
        if chosen is not None and chosen >= first:
            self.problems, self.candidates = sources[(chosen - first) // 2]

    def _through_points(self) -> list[tuple[tuple[WeakProblem, ...], list[list[Candidate]]]]:
        """The weak form by curves through all points and sums of monomials by it, unless it is what there is.

        Where the points do not resolve the motion, what a smooth curve leaves of them looks like noise.
        """
        exact = self.smoothed.exact
        if exact.all() or self.data.runs[0].error is not None or self.ranking.best is not None:
            return []
        problems = self._weak(without_noise(self.smoothed, self.data, ~exact))
        until = self._after(THROUGH_SHARE)
        found = [sparse_candidates(problem, until=until, monomials_only=True) for problem in problems]
        return [(problems, found)] if all(found) else []

    def _done(self) -> bool:
        """Whether the trajectories are described to rounding, by so few constants that this says something."""
        best = self.ranking.best
        return best is not None and self.ranking.exact and not self._unsettled(best)

    def _unsettled(self, best: Ranked) -> list[int]:
        """Equations that the whole search works on: all, or the long ones where nothing is left of the trajectories."""
        equations = range(len(best.forms))
        return [k for k in equations if not self.ranking.exact or len(best.forms[k].constants) > FEW_CONSTANTS]

    def _sharpen(self) -> None:
        """Judge by smaller errors where trajectories are followed far more closely than those allow.

        States that the points do not resolve look noisy until their law is known.
        """
        while (best := self.ranking.best) is not None and not clock.late(self.ranking.until):
            smoothed = closer(self.smoothed, self.data, best.fit.losses)
            if smoothed is None:
                return
            setting = Setting.of(self.data, smoothed, self.options.order, self.options.explicit_time)
            ranking, problems = self.ranking.judged_by(setting, self._lengthened()), self._weak(smoothed)
            self.smoothed, self.setting, self.ranking, self.problems = smoothed, setting, ranking, problems

    def _rounds(self, share: float) -> None:
        """Exchange right-hand sides; then again with the states of the best system in place of the smoothed ones."""
        until = self._after(share)
        new: list[list[Candidate]] = self.candidates
        for _ in range(ROUNDS):
            self._sharpen()
            before = self.ranking.best
            self.report("comparing systems by their trajectories")
            self.ranking.shorten()
            self.ranking.improve(new, until)
            self._sharpen()
            best = self.ranking.best
            if self.ranking.exact:
                return
            if best is not None and best.parts > 1 and not clock.late(until):
                self.ranking.horizon([best.fitted], self._lengthened())
            states = None if clock.late(until) else self.ranking.states()
            if states is None or (self.ranking.best is before and new is not self.candidates):
                return
            new = self._again(states)

    def _again(self, states: list[tuple[np.ndarray, np.ndarray]]) -> list[list[Candidate]]:
        """Candidates judged by the response of the best system, or by a weak form with its states."""
        found, until = [], self._after(1 - LAST_SHARE)
        response, before = self._response(), self.ranking.best
        if response is not None and len(self.problems) > 1:
            self.ranking.exchange(response.systems(until))
            response = response if self.ranking.best is before else self._response()
        problems = self._weak(along(self.smoothed, states)) if response is None else response.problems()
        for problem, known in zip(problems, self.candidates, strict=True):
            own = sparse_candidates(problem, until=until)
            old = (candidate_of(one.form.substituted(), problem) for one in known)
            found.append(ranked([*own, *(one for one in old if one is not None)]))
        return found

    def _response(self) -> Response | None:
        # Without noise the weak form is exact, and a linear response is not.
        best = self.ranking.best
        return None if best is None or self.smoothed.exact.any() else Response.of(self.setting, best)

    def _search(self) -> None:
        """The whole search on the derivative of every state, the worst described first."""
        best = self.ranking.best
        order = list(range(len(self.problems)))
        if best is not None:
            order = sorted(self._unsettled(best), key=lambda k: -float(best.fit.losses[k]))
        until = self._after(1 - 2 * LAST_SHARE)
        for place, k in enumerate(order):
            seconds = clock.left(until) / (len(self.problems) - place)
            if seconds < LEAST_SEARCH:
                return
            self.report(f"searching for the equation of {self.data.states[k]}")
            pieces, degree = self.smoothed.pieces, self.options.order
            derivative = np.concatenate([piece.curves[k](piece.run.t, degree) for piece in pieces])
            error = np.concatenate([piece.curves[k].error(piece.run.t, degree) for piece in pieces])
            target = derivative_name(self.data.states[k], degree, self.setting.names)
            units = {**units_of_grid(self.setting), target: derivative_units(self.data, k, degree)}
            found = searched_candidates(
                self.problems[k],
                derivative,
                error,
                target=target,
                units=units,
                options=DiscoveryOptions(seed=self.options.seed, deterministic=self.options.deterministic),
                seconds=seconds,
            )
            self.candidates[k] = ranked([*found, *self.candidates[k]])


def derivative_name(state: str, order: int, taken: tuple[str, ...]) -> str:
    """What the left side is called where only letters are possible: ``dx_dt`` or ``d2x_dt2``."""
    name = f"d{state}_dt" if order == 1 else f"d2{state}_dt2"
    while name in taken:
        name += "_"
    return name


def searched(data: Trajectories, options: DynamicsOptions, report: Report) -> tuple[Outcome, float]:
    """A search with its own clock, and the seconds that it took."""
    began = time.monotonic()
    with clock.budget(options.max_seconds, deterministic=options.deterministic):
        outcome = Search(data, options, report).run()
    return outcome, time.monotonic() - began
