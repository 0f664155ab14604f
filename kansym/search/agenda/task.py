"""A task is a table to be described, with what is known of it, and the way back to the table that it was made from."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol, Self, cast

import numpy as np
import sympy

from kansym.data.dataset import Dataset
from kansym.data.preparation import prepare
from kansym.device import choose_device
from kansym.kan.decision import Decision
from kansym.primitives.allowed import allowed_functions
from kansym.search.curve_readings import EngineTable
from kansym.search.networks import training_work
from kansym.search.options import DiscoveryOptions
from kansym.search.results import NetworkReading, TrainedNetwork
from kansym.search.rows import FitRows
from kansym.structure.leaf import symbols
from kansym.structure.problem import Problem
from kansym.structure.search import Reducer
from kansym.structure.settling import Settling
from kansym.structure.surrogate import Surrogate
from kansym.symbolic.formula import Formula
from kansym.symbolic.own_functions import own_functions
from kansym.symbolic.steps import Step, StepKind, Structure
from kansym.units.system import UnitSystem

ROUNDED = 1e-5
"""Errors of y, in units of its spread, up to which a sum can be told to be exact."""

INTERPOLATED = 1e-3
"""The same up to which interpolants follow functions without noise; what they leave beyond that may be noise."""

LOOK = 0.08
"""Seconds of work of an interpolant of an ordinary table: between the median and the upper quartile, 0.02 and 0.16, of
those that yields are measured on."""

OF_NOISE = 0.1
"""Share of what interpolants leave that is taken for noise before a formula is known."""

DECADES = 100.0
"""Largest target in units of the median from which on rows count by their relative errors, without noise."""


@dataclass(eq=False)
class Facts:
    """What interpolants say of a table; whole tables and what reductions make of them share it.

    Attributes
    ----------
    reducer : Reducer
        With its interpolants.
    seen : bool
        Whether there is an interpolant yet.
    """

    reducer: Reducer
    seed: int
    seen: bool = False
    _settling: Settling = field(init=False)

    @classmethod
    def of(cls, y: np.ndarray, seed: int, *, units: UnitSystem | None = None, seen: bool = False) -> Self:
        """What is known of a table with this target before anything was looked at."""
        return cls(Reducer(y, seed=seed, deadline=math.inf, units=units), seed, seen)

    def anew(self, y: np.ndarray | None = None) -> Facts:
        """Facts of another table of the same target, or of fewer rows of it, with the interpolants that there are."""
        own = self.reducer.y if y is None else y
        return Facts(Reducer(own, seed=self.seed, deadline=math.inf, known=self.reducer.known), self.seed)

    def __post_init__(self) -> None:
        self._settling = Settling(self.reducer, self.seed)

    @property
    def noise(self) -> float:
        """Standard deviation of the noise of y as the interpolants see it, in units of y; zero where they see none."""
        return self.smooth if self._settling.noisy else 0.0

    @property
    def smooth(self) -> float:
        """Error of the best interpolant on rows that it has not seen, in units of y; inf before there is one."""
        return self.reducer.lowest * self._spread

    @cached_property
    def _spread(self) -> float:
        return float(np.std(self.reducer.y))

    def settles(self, residual: np.ndarray, problem: Problem, *, short: bool) -> bool:
        """See `Settling.settles`."""
        return self._settling.settles(residual, problem, short=short)


@dataclass(frozen=True, eq=False)
class Found:
    """A formula that an engine proposes.

    Attributes
    ----------
    expression : sympy.Expr
        Of the ground's target, in the ground's columns.
    problem : Problem
        That it solves.
    reading : NetworkReading or None
        The network that it was read from.
    sure : bool
        Whether it is a form without constants that fits within errors.
    structure : Structure or None
        How it was found, where that is not by the steps to the problem.
    """

    expression: sympy.Expr
    problem: Problem
    reading: NetworkReading | None = None
    sure: bool = False
    structure: Structure | None = None

    @property
    def steps(self) -> Structure:
        return self.structure or self.problem.steps or (Step(StepKind.WHOLE),)


class Ground(Protocol):
    """A table with its own judge."""

    @property
    def pick(self) -> Formula | None:
        """The best formula so far: a bound, which lets engines leave out what cannot be better."""
        ...

    @property
    def settled(self) -> bool:
        """Whether no more formulas are wanted."""
        ...

    def take(self, found: Found) -> list[Task]:
        """Judge a formula; the tasks that it opens."""
        ...


@dataclass(eq=False)
class Task:
    """A table to be described.

    Attributes
    ----------
    problem : Problem
        With the way back to the table of its ground.
    ground : Ground
    facts : Facts
    surrogate : Surrogate or None
        Interpolant of its target.
    depth : int
        Functions that were taken out before.
    chance : float
        Chance that the step to it is true, if those before are.
    parent : Task or None
        The task that it was made from.
    options : DiscoveryOptions
    given : FitRows or None
        The table as it was given, of a task that is a whole one.
    error : float or None
        Standard error of a target that was read off an interpolant.
    up_to_constant : bool
        Whether the target is known up to a constant, which belongs to what is left.
    expected : float
        Error of its own interpolant beyond which its steps were wrong.
    kinds : frozenset of str
        Names of engines that are asked; empty for all that suit.
    title : str
        What the table is, in words; empty for the user's own, and for what its columns say.
    number : int
        In the order in which tasks are opened.
    path : tuple of (str, float)
        Engines that have led to it, with the work of each until then.
    look : float
        Seconds of work that its interpolant took, or that of the table it was made from.
    tried : dict of str to float
        Chance that each engine would have had the law by the work that it has done, if the steps were true.
    """

    problem: Problem
    ground: Ground
    facts: Facts
    options: DiscoveryOptions
    given: FitRows | None = None
    error: float | None = None
    surrogate: Surrogate | None = None
    depth: int = 0
    chance: float = 1.0
    parent: Task | None = None
    up_to_constant: bool = False
    expected: float = math.inf
    kinds: frozenset[str] = frozenset()
    title: str = ""
    number: int = 0
    path: tuple[tuple[str, float], ...] = ()
    look: float = 0.0
    tried: dict[str, float] = field(default_factory=dict)

    @property
    def whole(self) -> bool:
        """Whether it is a whole table, as the user's."""
        return self.given is not None

    @property
    def odds(self) -> float:
        """Chance that all steps to it are true; zero where one was seen to be wrong."""
        return self.chance * (1.0 if self.parent is None else self.parent.odds)

    @property
    def still_likely(self) -> float:
        """Chance that the step to it is true, if those before are, given that the work on it has not shown the law."""
        missed = math.prod(1 - share for share in self.tried.values())
        return self.chance * missed / (1 - self.chance * (1 - missed))

    @property
    def dimension(self) -> int:
        return self.problem.dimension

    @property
    def n_rows(self) -> int:
        return len(self.problem.t)

    @property
    def device(self) -> str:
        """Of torch, where networks and large dictionaries have their work."""
        return choose_device(self.options.device, training_work(self.options, *self.problem.X.shape))

    @property
    def pace(self) -> float:
        """How many times longer than of most tables a look at this one takes; at least one."""
        return max(1.0, self.look / LOOK)

    @property
    def any_function(self) -> bool:
        """Whether the user allows all elementary functions."""
        allowed = allowed_functions(self.options.primitives)
        return allowed is None or allowed.elementary

    @property
    def key(self) -> tuple[Any, ...]:
        """Equal for tasks that ask the same, up to the unit of the target."""
        outer = self.problem.outer.as_coeff_Mul()[1]
        return (id(self.ground), str(outer), str(self.problem.columns), self.n_rows)

    def asks(self, engine: str) -> bool:
        """Whether an engine of that name is asked, if it suits."""
        return not self.kinds or engine in self.kinds

    @classmethod
    def of_table(
        cls, rows: FitRows, ground: Ground, options: DiscoveryOptions, *, given: bool = True, **told: Any
    ) -> Self:
        """The task of describing a table of which nothing is known yet; `given` says whether as an ordinary one."""
        X, y, weights = rows.rows(rows.fitting)
        facts = Facts.of(y, options.seed, units=rows.units)
        problem = Problem.of(X, y, rows.variables, weights)
        return cls(problem, ground, facts, options, given=rows if given else None, **told)

    def smaller(self, problem: Problem, *, chance: float = 1.0, **changes: Any) -> Task:
        """A task on the same ground that a step has made of this one."""
        told: dict[str, Any] = {"facts": self.facts, "depth": self.depth, "look": self.look, "parent": self, **changes}
        return Task(problem, self.ground, options=self.options, chance=chance, **told)

    # -- the table as engines take it ---------------------------------------------------------------------------------

    @cached_property
    def rows(self) -> FitRows:
        """The table as formulas see it."""
        if self.given is not None:
            return self.given
        return part_rows(self.problem, self.error, self.options)

    def compose(self, expression: sympy.Expr) -> sympy.Expr:
        """A formula of the ground's target, from one of this table's in `rows.variables`."""
        if self.given is not None:
            return expression
        own = symbols(self.dimension)
        inner = cast(sympy.Expr, expression.xreplace(dict(zip(self.rows.variables, own, strict=True))))
        return self.problem.compose(inner, own)

    @property
    def noise(self) -> float:
        """Standard deviation of the target as interpolants see it; zero where they see none."""
        if self.given is not None:
            return self.facts.noise
        if self.surrogate is None:
            return 0.0
        left = self.surrogate.error * float(self.problem.t.std())
        weights = self.problem.fitting_weights()
        return left if left > INTERPOLATED * math.sqrt(float(np.cov(self.problem.t, aweights=weights))) else 0.0

    @property
    def smooth(self) -> float:
        """What interpolants leave, noise or not, in units of the target; inf before there is one."""
        if self.given is not None:
            return self.facts.smooth if self.facts.seen else math.inf
        return math.inf if self.surrogate is None else self.surrogate.error * float(self.problem.t.std())

    @property
    def noisy(self) -> bool:
        """Whether the target has noise, by its errors or as the interpolants see it."""
        return bool(self.noise > 0 or self.rows.noise_floor > self._rounded)

    @property
    def _rounded(self) -> float:
        return ROUNDED * float(self.rows.dataset.y.std())

    def table(self) -> tuple[np.ndarray, np.ndarray, np.ndarray | None, tuple[sympy.Symbol, ...]]:
        """Columns, y, weights, and the variables of the columns."""
        X, y, weights = self.rows.rows(self.rows.fitting)
        return X, y, weights, self.rows.variables

    def told(self, weights: np.ndarray | None) -> EngineTable:
        """What engines are told besides. Errors that are given count in full; a rounding says nothing of the noise."""
        noisy, floor = self.noisy, self.rows.noise_floor
        seen = self.noise if noisy and floor <= self._rounded else 0.0
        # What an interpolant leaves may be its own error.
        seen *= OF_NOISE
        return {
            "weights": weights,
            "noise": max(floor, seen),
            "noisy": noisy,
            "allowed": self.rows.allowed,
            "seed": self.options.seed,
        }

    def evened(self, y: np.ndarray, weights: np.ndarray | None) -> np.ndarray | None:
        """Weights under which all rows of a target without noise count that runs over decades."""
        middle = float(np.median(np.abs(y)))
        if self.noisy or not float(np.abs(y).max()) > DECADES * middle > 0:
            return weights
        return (1.0 if weights is None else weights) / (y**2 + middle**2)


def part_rows(problem: Problem, error: float | None, options: DiscoveryOptions) -> FitRows:
    """The table of a smaller problem as formulas see it."""
    variables = symbols(problem.dimension)
    names = tuple(variable.name for variable in variables)
    errors = None if error is None else np.full(len(problem.t), error)
    table = Dataset(problem.X, problem.t, names, target="_t", y_error=errors, sample_weight=problem.fitting_weights())
    return prepared_rows(table, options)


def prepared_rows(table: Dataset, options: DiscoveryOptions) -> FitRows:
    """A table with its split, its noise floor and the functions that the user allows."""
    made = prepare(table, validation_fraction=options.validation_fraction, seed=options.seed)
    library = allowed_functions(options.primitives), own_functions(options.primitives)
    return FitRows.of(made.table, made.train, made.validation, made.noise_floor, *library)


Proposal = Found | Task | TrainedNetwork | Decision | None
"""What engines yield: a formula, a smaller task, a trained network and how it came to be, or None where they have only
learnt something of the table."""
