# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportReturnType=false
"""For and against the best form of all groups: what it lacks, its rivals, and when a search for a better one ends."""

from collections.abc import Iterator, Sequence

import numpy as np
import sympy

from kansym.data.noise import noise_floor
from kansym.groups.contest import Contest
from kansym.groups.decision import Split
from kansym.groups.outcome import leaves_nothing
from kansym.groups.tables import TableGround, columns_of, with_constants
from kansym.primitives.allowed import allowed_functions
from kansym.search.agenda.engine import Engine
from kansym.search.agenda.evidence import BETTERED, LEAST_RATE, OVER, Evidence, Expected
from kansym.search.agenda.task import Proposal, Task
from kansym.search.formulation import judge
from kansym.search.found import FoundFormulas, nodes_of_short
from kansym.search.options import DiscoveryOptions
from kansym.search.results import StopReason
from kansym.search.rows import FitRows
from kansym.symbolic.complexity import complexity
from kansym.symbolic.naming import plain, plain_symbol
from kansym.symbolic.parametric import ParametricForm
from kansym.symbolic.single_argument import is_power_law

MOST_COLUMNS = 2
"""Of each group's own constants that become columns."""

WITH_CONSTANTS = frozenset({"interpolant", "compositions", "sums"})
"""Engines that are asked about the table with constants of the groups as columns."""


class GroupEvidence(Evidence):
    """Of a search over the groups of a table.

    Parameters
    ----------
    contest : Contest
    options : DiscoveryOptions
    deadline : float
        `kansym.clock.now` value.
    chance : float
        That the law of all groups is the law of the table with constants of the groups as columns.
    """

    def __init__(self, contest: Contest, options: DiscoveryOptions, deadline: float, chance: float) -> None:
        super().__init__(options.max_seconds)
        self.contest, self.options, self.deadline, self.chance = contest, options, deadline, chance
        self.revising = Engine("revise", _grouped, self._improvements)
        self.challenging = Engine("rivals", _grouped, self._rivals)
        self._leaving: tuple[Split, bool] | None = None
        self._extended: Task | None = None

    @property
    def noisy(self) -> bool:
        return True

    @property
    def pick(self) -> Split | None:
        return self.contest.best

    @property
    def shown(self) -> str:
        return "" if self.pick is None else str(plain(self.pick.form.expression))

    @property
    def bits(self) -> float:
        return 0.0 if self.pick is None else self.pick.bits

    def reason_to_stop(self, promises: Sequence[Expected]) -> StopReason | None:
        best = self.pick
        # Without errors nothing tells what a wrong form leaves from noise.
        if best is None or not self.contest.judge.errors_given:
            return None
        if self._leaving is None or self._leaving[0] is not best:
            self._leaving = best, leaves_nothing(best, self.contest.judge)
        if not self._leaving[1] or self.rate_left(promises) >= LEAST_RATE:
            return None
        return StopReason.AS_GOOD_AS_DATA

    def hope(self) -> float:
        if self.pick is None:
            return 1.0
        form = self.pick.form
        expression, columns = form.substituted(), set(form.variables)
        if is_power_law(expression, expression.free_symbols & columns):
            return 0.0
        return BETTERED if complexity(expression) > nodes_of_short(expression) else BETTERED / 2

    def _improvements(self, task: Task) -> Iterator[Proposal]:
        """The best forms with one constant more or less; and the best one's own constants as columns."""
        self.contest.improve()
        yield None
        ground = self._with_constants()
        if ground is None:
            return
        if self._extended is not None:
            self._extended.chance = 0.0
        rows = ground.formulas.fit_rows
        told = {"chance": self.chance, "kinds": WITH_CONSTANTS, "title": "all groups and their constants"}
        self._extended = Task.of_table(rows, ground, self.options, **told)
        yield self._extended

    def _with_constants(self) -> TableGround | None:
        """All rows with the groups' own constants of the best form as columns, where there are few of them."""
        best, table = self.pick, self.contest.table
        if best is None or not 0 < (~best.shared).sum() <= MOST_COLUMNS:
            return None
        dataset, form = with_constants(best, table)
        floor = self.contest.judge.floor if dataset.y_error is None else noise_floor(dataset)
        every = np.arange(dataset.n_rows)
        rows = FitRows.of(dataset, every, every[:0], floor, allowed_functions(self.options.primitives))
        constants = [one for one in form.variables if one not in table.variables]
        medians = np.median(best.fit.values[:, ~best.shared], axis=0).tolist()
        numbers = {plain_symbol(one.name): sympy.Float(value) for one, value in zip(constants, medians, strict=True)}
        ground = TableGround(FoundFormulas(rows, self.deadline), self.contest, columns_of(table) | numbers)
        expression = form.expression.xreplace(dict(zip(form.variables, rows.variables, strict=True)))
        own = judge(
            ParametricForm(expression, rows.variables, form.constants, form.values), rows, structure="all groups"
        )
        ground.formulas.all += [] if own is None else [own]
        return ground

    @property
    def needs_a_case(self) -> bool:
        return self.pick is not None and 0 < (~self.pick.shared).sum() <= MOST_COLUMNS

    def case_is_due(self, left: float) -> bool:
        return left <= OVER * self.seconds_for_rivals()

    def _rivals(self, task: Task) -> Iterator[Proposal]:
        """Other functions in the places of the best form's, on all rows with each group's own constants as columns."""
        accused, ground = self.pick, self._with_constants()
        if ground is not None and len(ground.formulas):
            ground.formulas.challenge(self.seconds_for_rivals(), seed=task.options.seed)
            for formula in ground.near():
                ground.offer(formula)
                yield None
            self.contest.improve()
        self._made = accused


def _grouped(task: Task) -> bool:
    return not task.whole
