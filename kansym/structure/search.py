# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportCallIssue=false
# pyright: reportOperatorIssue=false, reportAssignmentType=false, reportGeneralTypeIssues=false
"""From one problem to smaller ones: symmetries are applied one after another, each confirmed by a fit."""

import itertools
import logging
import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from kansym import clock
from kansym.structure.inner import InnerFunction, inner_functions, with_fitted_number
from kansym.structure.power_columns import power_columns
from kansym.structure.problem import Problem, monomial, relative_error, weighted_squares
from kansym.structure.scaling_symmetry import ScalingReduction, scaling_reductions
from kansym.structure.surrogate import Interpolant, Surrogate, best_surrogate, check_rows
from kansym.structure.unit_groups import sound, unit_reductions
from kansym.symbolic.complexity import complexity
from kansym.symbolic.steps import Step, StepKind
from kansym.units.system import UnitSystem

logger = logging.getLogger(__name__)

GRADIENT_ROWS = 600
"""Points that gradients are read at."""

PLAIN = 0.03
"""Misfit below which a difference of two columns is plain to see."""

NOISY = 1e-7
"""Noise variance, relative to that of the target, above which the data count as noisy. Kinks and poles that the
interpolant cannot follow look like noise too, and are treated with the same caution."""

QUICK = 2
"""Layouts of the axes tried when smaller problems are compared, with noise: there are more of them to compare."""

NOISE_TIE = 0.02
"""Relative difference of two errors of noisy data that says nothing, at least; of few rows, their inverse root."""

CLEAR = 1e-3
"""Error below which gradients are good enough for any inner function, whatever the data are called."""

PLAINLY = 0.3
"""Ratio of errors at which a reduction is taken at once: noise cannot fall by so much."""

BRANCHES = 3
"""Reductions followed from one problem, with noise."""

UNIT_BRANCHES = 2
"""Choices of dimensionless products that are followed, with noise."""

MOST_STEPS = 10
"""Reductions compared before the best is taken, with noise."""

ROUGH, BELOW, OTHERS = 1e-3, 0.9, 4
"""Error of a reduction that is plainly better, in units of the spread of y, from which on others are tried; the share
of it at which another is taken instead, since with more columns left the error of a true one is the larger; and how
many are tried."""

Trial = tuple[list[Problem], Surrogate | None, float]
"""Equivalent smaller problems, the interpolant of the first and its error."""

CERTAIN, LEAST_POINTS = 1e-6, 30
"""Largest misfit of a symmetry of a law whose derivatives are exact, and least rows where it has them."""

MOST_INNER = 4
"""Inner functions tried per problem."""


NEARLY_ZERO = 0.1
"""Share of the spread of y below which its errors are no longer in proportion to it."""

NORMAL_MEDIAN = 0.6745
"""Median of the absolute value of a normal variable of standard deviation one."""


class Reducer:
    """Makes smaller problems out of one.

    Parameters
    ----------
    y : ndarray, shape (n,)
        The user's target, for errors.
    seed : int
    deadline : float
        `kansym.clock.now` value.
    units : UnitSystem, optional
        Where all units are known and the columns can give the target its own: dimensional analysis then comes first.
    known : dict, optional
        Interpolants of problems that an earlier search of the same table has made.

    Attributes
    ----------
    noisy : bool
        Whether the interpolant of the problem at hand leaves noise, or what looks like it.
    lowest : float
        Smallest error of an interpolant of y, in units of the spread of y.
    left : ndarray
        Weighted squared residuals of that interpolant on the rows that it has not seen.
    compared : int
        How many interpolants it is the best of.
    even : float
        Median of the absolute residual of that one in units of what it is for normal errors, all alike or in
        proportion to y: one for noise, and far below where a kink or a pole is all that an interpolant misses.
    """

    def __init__(
        self,
        y: np.ndarray,
        *,
        seed: int,
        deadline: float,
        units: UnitSystem | None = None,
        known: dict[tuple[str, ...], Surrogate | None] | None = None,
    ) -> None:
        self.y, self.seed, self.deadline = y, seed, deadline
        self.known = {} if known is None else known
        self.units = units if units is not None and units.closed else None
        self.noisy = False
        self.lowest, self.even, self.left, self.compared = math.inf, 0.0, np.zeros(0), 0
        self._seen: set[tuple] = set()

    def surrogate(self, problem: Problem) -> tuple[Surrogate | None, float]:
        """Interpolant of a problem's target and its error, in units of the spread of the user's y."""
        check = check_rows(len(self.y), self.seed)
        if problem.dimension == 0:
            weights = problem.target_weights()
            residual = problem.t - (weights * problem.t).sum() / weights.sum()
            return None, self._error(residual * problem.slope, check, problem)
        surrogate = self._interpolant(problem)
        if surrogate is None:
            return None, math.inf
        residual = (surrogate.predict(problem.X[check]) - problem.t[check]) * problem.slope[check]
        return surrogate, self._error(residual, np.arange(len(check)), problem)

    def _interpolant(self, problem: Problem) -> Surrogate | None:
        key = (str(problem.outer), str(problem.columns), str(len(problem.t)), str(self.noisy))
        if key in self.known:
            return self.known[key]
        found = best_surrogate(
            problem.X,
            problem.t,
            weights=problem.fitting_weights(),
            seed=self.seed,
            most=QUICK if self.noisy else 5,
            until=self.deadline,
        )
        # One that time has cut short is nothing that a later search should go by.
        if not clock.late(self.deadline):
            self.known[key] = found
        return found

    def _error(self, residual: np.ndarray, rows: np.ndarray, problem: Problem) -> float:
        """Error of some entries of a residual, in units of the spread of y; the lowest one is remembered."""
        check = check_rows(len(self.y), self.seed)
        weights = None if problem.weights is None else problem.weights[check]
        error = relative_error(residual[rows], self.y, weights)
        self.compared += 1
        if error < self.lowest:
            # The interpolant's own error is not in proportion to what is nearly zero.
            size = np.abs(self.y[check]) + NEARLY_ZERO * float(np.std(self.y))
            self.left = weighted_squares(residual[rows], weights)
            self.lowest, self.even = error, max(_evenness(residual[rows]), _evenness(residual[rows] / size))
        return error

    def look(self, problem: Problem) -> tuple[Surrogate | None, float]:
        """`surrogate` of a problem, which says whether it has noise."""
        surrogate, error = self.surrogate(problem)
        self.noisy = surrogate is not None and surrogate.noise > NOISY
        return surrogate, error

    def reduced(self, problem: Problem) -> Iterator[Problem]:
        """Problems with fewer columns that describe the same table, the smallest first; then the problem itself."""
        if not np.ptp(problem.t) > 0:
            yield problem.with_inputs(np.zeros((len(problem.t), 0)), (), Step(StepKind.CONSTANT))
            yield problem
            return
        surrogate, error = self.look(problem)
        if surrogate is None or clock.late(self.deadline):
            yield problem
            return
        logger.info("structure: %d columns, surrogate error %.1e", problem.dimension, error)
        if self.noisy and problem.weights is None:
            # From here on residuals count as they do in y: a quotient's noise is not the same on all rows.
            problem = replace(problem, weights=np.ones(len(problem.t)))
        yield from self._descend(problem, surrogate, error)

    def _descend(self, problem: Problem, surrogate: Surrogate, error: float) -> Iterator[Problem]:
        if self.noisy:
            steps = self._best_steps(problem, surrogate, error)
        else:
            first = self._first_step(problem, surrogate, error)
            steps = [] if first is None else [first]
        for children, own, own_error in steps:
            key = (str(children[0].outer), str(children[0].columns))
            if key in self._seen or clock.late(self.deadline):
                continue
            self._seen.add(key)
            if own is None or children[0].dimension == 0:
                yield children[0]
            else:
                yield from self._descend(children[0], own, own_error)
            if not self.noisy:
                yield from children[1:]
        yield problem

    def _first_step(self, problem: Problem, surrogate: Surrogate, error: float) -> Trial | None:
        """The first reduction that a fit confirms: without noise a wrong one is worse by orders of magnitude."""
        for children in self._candidates(problem, surrogate):
            if clock.late(self.deadline):
                return None
            own, own_error = self.surrogate(children[0])
            logger.info("structure: %s, error %.1e -> %.1e", children[0].steps[-1], error, own_error)
            if own_error <= _allowed(error):
                return children, own, own_error
        return None

    def _best_steps(self, problem: Problem, surrogate: Surrogate, error: float) -> list[Trial]:
        """The reductions with the least errors; with noise all errors are close to it, and fewer columns win ties.

        One that is plainly better is taken. But what is noise to an interpolant of many columns may be the law; then a
        reduction that takes too many of them is plainly better, and one of the next ones is better still. Plain powers
        come first, since no interpolant is needed to see them, and count for nothing where they are not plainly better.
        """
        powers: list[Trial] = []
        for reduction in power_columns(problem.X, problem.t):
            child = self._scaled(problem, reduction)
            if child.finite() and self._compare(child, error, powers):
                return powers[-1:]
        steps: list[Trial] = []
        unsound: list[Problem] = []
        plain, others = None, 0
        for child in itertools.chain.from_iterable(self._candidates(problem, surrogate)):
            if self.units is not None and not sound(child, self.units):
                unsound.append(child)
                continue
            better = self._compare(child, error, steps)
            if plain is not None:
                others += 1
            elif better:
                plain = steps[-1]
            if plain is not None and (plain[2] < ROUGH or others == OTHERS):
                break
        if plain is not None:
            least = min(steps, key=lambda step: step[2])
            return [least if least[2] < BELOW * plain[2] else plain]
        tie = 1.0 + max(NOISE_TIE, 1.0 / math.sqrt(len(problem.t)))
        if not any(step[2] <= tie * error for step in steps):
            # No reduction with right units will do: a constant with a unit may be hidden.
            for child in unsound:
                if self._compare(child, error, steps):
                    return [steps[-1]]
        allowed = tie * min([error, *(step[2] for step in steps)])
        good = [step for step in steps if step[2] <= max(allowed, 1e-6)]
        # Among equals the simpler columns: noise moves errors by a per cent, and exponents are small in laws.
        level = max(allowed, 1e-6) * (tie - 1)
        good.sort(key=lambda step: (step[0][0].dimension, round(step[2] / level), _size(step[0][0]), step[2]))
        # The choices of dimensionless products are one hypothesis, and must not crowd out the others.
        spare = [step for step in good if step[0][0].steps[-1].kind is StepKind.UNITS][UNIT_BRANCHES:]
        return [step for step in good if step not in spare][:BRANCHES]

    def by_units(self, problem: Problem) -> list[Problem]:
        """The problem in dimensionless products, by the units of its columns; several choices, the simplest first."""
        if self.units is None:
            return []
        children = [
            self._scaled(problem, reduction, StepKind.UNITS) for reduction in unit_reductions(problem, self.units)
        ]
        return [child for child in children if child.finite()]

    def _compare(self, child: Problem, error: float, steps: list[Trial]) -> bool:
        """Add a smaller problem to the steps; whether it is so much better that noise cannot be the reason."""
        if clock.late(self.deadline) or len(steps) >= MOST_STEPS:
            return False
        own, own_error = self.surrogate(child)
        logger.info("structure: %s, error %.3g -> %.3g", child.steps[-1], error, own_error)
        steps.append(([child], own, own_error))
        return own_error < PLAINLY * error

    def _candidates(self, problem: Problem, surrogate: Surrogate) -> Iterator[list[Problem]]:
        """Lists of equivalent smaller problems, the most promising list first."""
        children = self.by_units(problem)
        if children:
            yield children
        points = problem.X if self.noisy else self._some(problem)
        inner = (
            inner_functions(surrogate, points, noisy=self.noisy and surrogate.error > CLEAR, loose=0.3)[:MOST_INNER]
            if problem.dimension > 1
            else []
        )
        # Differences first where they are plain to see: dividing by a column hides them.
        for candidate in inner:
            if candidate.slopes == (0.0, 0.0) and candidate.misfit < PLAIN:
                yield from self._with_inner(problem, candidate)
        for reductions in scaling_reductions(surrogate, points, noisy=self.noisy):
            children = [self._scaled(problem, reduction) for reduction in reductions]
            finite = [child for child in children if child.finite()]
            if finite:
                yield finite
        for candidate in inner:
            if candidate.slopes != (0.0, 0.0) or candidate.misfit >= PLAIN:
                yield from self._with_inner(problem, candidate)

    def by_exact(self, problem: Problem, law: Interpolant) -> Iterator[list[Problem]]:
        """Lists of equivalent smaller problems by the symmetries of a law that is exact."""
        points = self._some(problem)
        value, gradient = law.derivatives(points)
        # At the edge of where it is defined a root has no derivative.
        points = points[np.isfinite(value) & np.isfinite(gradient).all(1)]
        if len(points) < LEAST_POINTS:
            return
        for inner in inner_functions(law, points):
            if inner.misfit < CERTAIN:
                yield from self._with_inner(problem, inner)
        for reductions in scaling_reductions(law, points):
            certain = (self._scaled(problem, one) for one in reductions if one.misfit < CERTAIN)
            children = [child for child in certain if child.finite()]
            if children:
                yield children

    def _some(self, problem: Problem) -> np.ndarray:
        """Rows for gradients."""
        return problem.X[np.random.default_rng(self.seed).permutation(len(problem.X))[:GRADIENT_ROWS]]

    def _scaled(self, problem: Problem, reduction: ScalingReduction, kind: StepKind = StepKind.SCALING) -> Problem:
        made = [monomial(problem.columns, problem.X, row) for row in reduction.groups]
        columns = tuple(column for column, _ in made)
        X = np.column_stack([values for _, values in made]) if made else np.zeros((len(problem.t), 0))
        step = Step(kind, expressions=columns, fewer=len(reduction.factor) - len(made))
        return problem.divided(reduction.factor).with_inputs(X, columns, step)

    def _with_inner(self, problem: Problem, inner: InnerFunction) -> Iterator[list[Problem]]:
        if inner.real:
            inner = with_fitted_number(inner, problem.X, problem.t, problem.fitting_weights(), seed=self.seed)
        expression, values = inner.apply(problem.columns, problem.X)
        keep = [k for k in range(problem.dimension) if k not in (inner.i, inner.j)]
        X = np.column_stack([values, problem.X[:, keep]])
        columns = (expression, *(problem.columns[k] for k in keep))
        if any(inner.powers):
            exponents = np.zeros(problem.dimension)
            exponents[[inner.i, inner.j]] = inner.powers
            problem = problem.divided(exponents)
        child = problem.with_inputs(X, columns, Step(StepKind.INNER, expressions=(expression,)))
        if child.finite():
            yield [child]


def _evenness(residual: np.ndarray) -> float:
    """Median of absolute residuals in units of what it is for normal ones of the same mean square."""
    rms = math.sqrt(float(np.mean(residual**2)))
    return float(np.median(np.abs(residual))) / (NORMAL_MEDIAN * rms) if rms > 0 else 0.0


def _size(problem: Problem) -> int:
    """Nodes of a problem's columns and of what was taken out."""
    return sum(complexity(expression) for expression in (*problem.columns, problem.outer))


def _allowed(error: float) -> float:
    """Largest error of a smaller problem's interpolant that confirms it.

    A true reduction makes the interpolant better, as fewer columns are left; only near the interpolation error of
    smooth curves may it come out larger by chance.
    """
    return max(1.05 * error, min(3e-4, 10 * error))
