# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false
"""Where formulas are judged: the user's table, or the values of one function that separates."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import sympy

from kansym import provenance
from kansym.errors import ArgumentError
from kansym.search.agenda.task import Facts, Found, Task
from kansym.search.found import FoundFormulas
from kansym.search.lengths import description_length_of
from kansym.search.results import NetworkReading
from kansym.structure.leaf import evaluate, symbols
from kansym.structure.problem import TARGET, Problem
from kansym.structure.separability import Separation
from kansym.symbolic.complexity import complexity
from kansym.symbolic.formula import Formula
from kansym.symbolic.parametric import parametrize

BOUND_STEPS = 30
"""Steps of the fit by which a formula is judged at first."""

HOPELESS = 5.0
"""Residual of a formula as it was proposed, in units of the pick's, beyond which no fit of its constants is tried."""

NEAR_BITS, SAME_BITS = 30.0, 1.0
"""Bits behind the pick up to which a formula gets algebra and elimination, each constant that it does not need being
worth some ten; and bits by which other words for one function must be shorter."""

READINGS = 4
"""Readings of one separated function that are followed."""

MISFIT_PRICE = 10.0
"""Nodes of a formula that one decade of misfit is worth, when readings of curves are compared."""

READ, NEXT_READING, SURE = 0.6, 0.7, 0.9
"""Chance that the best reading of a function is right, by which factor that of the next one is less, and that of a form
without constants that fits within errors, or of a step after which fewer columns tell as much as all did before."""

UNCERTAIN = 3.0
"""Errors of an interpolant by which a function that was read off it may be wrong."""


class UserGround:
    """The user's table.

    Parameters
    ----------
    formulas : FoundFormulas
    """

    def __init__(self, formulas: FoundFormulas) -> None:
        self.formulas = formulas
        self.readings: dict[Formula, NetworkReading] = {}
        self._lengths: dict[str, float] = {}

    @property
    def pick(self) -> Formula | None:
        return self.formulas.best()

    @property
    def settled(self) -> bool:
        return False

    def take(self, found: Found) -> list[Task]:
        """Judge a formula in two stages: a bound and a short fit, then algebra for what is near the pick."""
        if self._promises(found.expression):
            before = len(self.formulas)
            self.formulas.add(found.expression, found.steps)
            if found.reading is not None:
                self.readings.update(dict.fromkeys(self.formulas.all[before:], found.reading))
        return []

    def _promises(self, expression: sympy.Expr) -> bool:
        rows, pick = self.formulas.fit_rows, self.pick
        try:
            form = parametrize(expression, rows.variables)
            if pick is not None and rows.loss(form, rows.fitting) > HOPELESS**2 * pick.train_loss:
                return False
            fitted = rows.fit(form, max_steps=BOUND_STEPS)
            if fitted.status == "non-finite":
                return False
            length = description_length_of(fitted.form, rows)
        except ArgumentError:
            # A constant that no double holds.
            return False
        except Exception as error:
            rows.faults.add("a formula", error)
            return False
        # What leaves the same is the same function in other words.
        key = f"{fitted.loss:.5e}"
        if length >= self._lengths.get(key, math.inf) - SAME_BITS:
            return False
        self._lengths[key] = length
        return pick is None or length < pick.description_length + NEAR_BITS


class CurveGround:
    """Values of one function that separates; every good reading of it opens what is left of the table.

    Parameters
    ----------
    parent : Task
    linked : Problem
        What the function was taken from.
    separation : Separation
    curve : tuple of ndarray
        Places, and the function there.
    error : float
        Of the interpolant that it was taken from, in units of the spread of the target.
    """

    def __init__(
        self, parent: Task, linked: Problem, separation: Separation, curve: tuple[np.ndarray, np.ndarray], error: float
    ) -> None:
        self.parent, self.linked, self.separation, self.error = parent, linked, separation, error
        self.x, self.a = curve
        self.spread = float(self.a.std())
        self.uncertain = max(UNCERTAIN * error, UNCERTAIN * separation.misfit, 1e-6) * self.spread
        self.settled = False
        self._chance = 1.0
        self._readings: list[_Reading] = []

    @property
    def pick(self) -> Formula | None:
        return None

    @property
    def usable(self) -> bool:
        """Whether the function is one, and no constant."""
        return math.isfinite(self.spread) and self.spread > 1e-12 * float(np.abs(self.a).max())

    def task(self, chance: float) -> Task:
        """The function as a table."""
        options, self._chance = self.parent.options, chance
        problem = Problem(self.x[:, None], self.a, symbols(1), TARGET, np.ones(len(self.a)))
        facts = Facts.of(self.a, options.seed, seen=True)
        told = {"error": self.uncertain, "up_to_constant": not self.separation.product}
        return Task(problem, self, facts, options, parent=self.parent, chance=chance, **told)

    def take(self, found: Found) -> list[Task]:
        """What is left of the table without the function, if this reading of it is among the best."""
        (variable,), product = symbols(1), self.separation.product
        # The constant of a term belongs to the rest.
        expression = found.expression if product else found.expression.as_independent(variable, as_Add=True)[1]
        column = self.linked.X[:, self.separation.column]
        curve = evaluate(expression, variable, self.x)
        values = evaluate(expression, variable, column)
        if self.settled or curve is None or values is None:
            return []
        if product and not (np.abs(values) > 1e-9 * np.abs(values).max()).all():
            return []
        residual = curve - self.a
        if not product:
            residual = residual - residual.mean()
        reading = _Reading(residual, self._cost(expression, _size(residual)))
        # Up to the interpolant's errors, which longer readings follow, no two of them differ.
        least = self.uncertain / UNCERTAIN
        same = [other for other in self._readings if other.same(reading, least)]
        rank = sum(reading.cost >= other.cost for other in self._readings if other not in same)
        if rank >= READINGS or any(other.cost <= reading.cost for other in same):
            return []
        for other in same:
            self._readings.remove(other)
            for task in other.opened:
                task.chance = 0.0
        self._readings.append(reading)
        sure = found.sure and reading.error <= self.uncertain and not self.parent.facts.reducer.noisy
        self.settled = sure
        # What leaves several times as much as the function may be wrong by is as many times less likely.
        likely = READ * NEXT_READING**rank * min(1.0, self.uncertain / max(reading.error, 1e-300))
        reading.opened += self._rest(expression, values, SURE if sure else likely)
        return reading.opened

    def _cost(self, expression: sympy.Expr, error: float) -> float:
        return complexity(expression) + MISFIT_PRICE * math.log10(max(error, self.uncertain) / self.spread)

    def _rest(self, expression: sympy.Expr, values: np.ndarray, chance: float) -> list[Task]:
        (variable,), column = symbols(1), self.separation.column
        reader, product = provenance.last(), self.separation.product
        term = expression.xreplace({variable: self.linked.columns[column]})
        finder = "" if reader is None else reader.finder
        rest = self.linked.without(column, term, values, product=product, finder=finder)
        if not rest.finite():
            return []
        parent = self.parent
        facts, expected = parent.facts.anew(), max(0.02, 30 * self.error)
        chance *= self._chance
        return [parent.smaller(rest, chance=chance, facts=facts, depth=parent.depth + 1, expected=expected)]


@dataclass(eq=False)
class _Reading:
    """A reading of a separated function.

    Attributes
    ----------
    residual : ndarray
    cost : float
        Nodes, and what the misfit is worth in nodes.
    opened : list of Task
        What is left of the table without it.
    """

    residual: np.ndarray
    cost: float
    opened: list[Task] = field(default_factory=list)

    @property
    def error(self) -> float:
        return _size(self.residual)

    def same(self, other: _Reading, least: float) -> bool:
        """Whether both are one function, in other words or with constants that follow errors of the interpolant.

        `least` is the distance up to which readings are taken for one in any case.
        """
        return _size(self.residual - other.residual) <= max(min(self.error, other.error), least)


def _size(residual: np.ndarray) -> float:
    return float(np.sqrt(np.mean(residual**2)))


def separated(
    task: Task,
    linked: Problem,
    separation: Separation,
    curve: tuple[np.ndarray, np.ndarray],
    *,
    error: float,
    chance: float,
) -> Task | None:
    """The task of reading one function of a table; None where it is a constant."""
    ground = CurveGround(task, linked, separation, curve, error)
    return ground.task(chance) if ground.usable else None
