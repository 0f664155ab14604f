"""When the search of a noisy table has found what there is."""

import logging
import math

from kansym import clock
from kansym.search.found import FoundFormulas
from kansym.structure.problem import Problem
from kansym.structure.settling import PATIENCE, UNEVEN_ROWS
from kansym.structure.solver import Solver
from kansym.symbolic.formula import Formula

logger = logging.getLogger(__name__)

BLIND = 5.0
"""Validation RMSE that shows nothing, in errors of y."""

LEAST, FOR_SHORTER = 6.0, 2.0
"""Least seconds for which a search goes on with a formula that leaves nothing; and how many times as long as it took
where that is not short, since a shorter one may come late."""


class Ending:
    """What a search knows of its end.

    Parameters
    ----------
    formulas : FoundFormulas
    part : bool
        Whether the table is a part of another, whose search decides.

    Attributes
    ----------
    settled, short : bool
        Whether a pick has left nothing that is smooth, and whether that was a short one.
    """

    def __init__(self, formulas: FoundFormulas, *, part: bool) -> None:
        self.formulas, self.settled, self.short = formulas, False, False
        self._rows, self._start = formulas.fit_rows, clock.now()
        table = self._rows.dataset
        many = len(table.y) >= UNEVEN_ROWS
        self._tells, self._large_part = not part and table.y_error is None and many, part and many
        self._seen: Formula | None = None
        self._foreseen = False

    def beyond_errors(self, loss: float, solver: Solver | None) -> bool:
        """Whether a loss is so far above the errors of the table, or an interpolant's, that there is more to see."""
        errors = math.inf if self._rows.dataset.y_error is None else self._rows.noise_floor
        smooth = math.inf if solver is None else solver.smooth
        return loss > (BLIND * min(errors, smooth)) ** 2

    def short_part(self, noisy: bool) -> bool:
        """Whether a part of many noisy rows has a short formula: where that leaves nothing, the whole needs it soon."""
        return noisy and self._large_part and not self.formulas.long()

    def settles(self, solver: Solver, unbeaten: int) -> bool:
        """Whether the pick leaves nothing that is smooth; see `Solver.settles`."""
        best = self.formulas.best()
        if best is None or self.beyond_errors(best.validation_loss, solver):
            return False
        X, y, weights = self._rows.rows(self._rows.fitting)
        whole, short = Problem.of(X, y, self._rows.variables, weights), not self.formulas.long()
        found = solver.settles(best.predict(X) - y, whole, unbeaten=unbeaten, short=short) and not self.formulas.wrong()
        if found:
            self.settled, self.short = True, short
        return found

    def foresee(self, solver: Solver | None) -> bool:
        """Let all deadlines pass soon where the pick leaves nothing of many rows; whether a short one has.

        Few rows are described by much, of which the shortest may come late; given errors say more than interpolants.
        """
        best = self.formulas.best()
        # Before there is an interpolant nobody knows what is noise.
        if self._tells and solver is not None and solver.noise > 0 and best is not self._seen:
            self._seen = best
            self._foreseen = not self.formulas.very_long() and self.settles(solver, PATIENCE)
            times = FOR_SHORTER if self.formulas.long() else 1.0
            clock.current().horizon = self.soon(times)
            logger.info("the pick leaves %s", "nothing" if self._foreseen else "something")
        return self.short

    def soon(self, times: float = 1.0) -> float:
        """Time on the clock until which to go on beside a pick that leaves nothing, as many times as long as it took;
        inf where it leaves something."""
        now = clock.now()
        return now + times * max(LEAST, now - self._start) if self._foreseen else math.inf
