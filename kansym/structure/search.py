# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportCallIssue=false
# pyright: reportOperatorIssue=false, reportAssignmentType=false, reportGeneralTypeIssues=false
"""From one problem to smaller ones: symmetries are applied one after another, each confirmed by a fit."""

import logging
import math
import time
from collections.abc import Iterator

import numpy as np

from kansym.structure.inner import InnerFunction, inner_functions
from kansym.structure.problem import Problem, monomial, relative_error
from kansym.structure.scaling_symmetry import scaling_reductions
from kansym.structure.surrogate import Surrogate, best_surrogate

logger = logging.getLogger(__name__)

GRADIENT_ROWS = 600
"""Points that gradients are read at."""

PLAIN = 0.03
"""Misfit below which a difference of two columns is plain to see."""

MOST_INNER = 4
"""Inner functions tried per problem."""


class Reducer:
    """Makes smaller problems out of one.

    Parameters
    ----------
    y : ndarray, shape (n,)
        The user's target, for errors.
    seed : int
    deadline : float
        `time.monotonic` value.
    """

    def __init__(self, y: np.ndarray, *, seed: int, deadline: float) -> None:
        self.y, self.seed, self.deadline = y, seed, deadline

    def surrogate(self, problem: Problem) -> tuple[Surrogate | None, float]:
        """Interpolant of a problem's target and its error, in units of the spread of the user's y."""
        if problem.dimension == 0:
            weights = problem.target_weights()
            residual = problem.t - (weights * problem.t).sum() / weights.sum()
            return None, relative_error(residual * problem.slope, self.y, problem.weights)
        surrogate = best_surrogate(problem.X, problem.t, weights=problem.fitting_weights(), seed=self.seed)
        if surrogate is None:
            return None, math.inf
        residual = (surrogate.predict(problem.X) - problem.t) * problem.slope
        return surrogate, relative_error(residual, self.y, problem.weights)

    def reduced(self, problem: Problem) -> Iterator[Problem]:
        """Problems with fewer columns that describe the same table, the smallest first; then the problem itself."""
        surrogate, error = self.surrogate(problem)
        if surrogate is None or time.monotonic() > self.deadline:
            yield problem
            return
        logger.info("structure: %d columns, surrogate error %.1e", problem.dimension, error)
        yield from self._descend(problem, surrogate, error)

    def _descend(self, problem: Problem, surrogate: Surrogate, error: float) -> Iterator[Problem]:
        for children in self._candidates(problem, surrogate):
            if time.monotonic() > self.deadline:
                break
            first = children[0]
            own, own_error = self.surrogate(first)
            logger.info("structure: %s, error %.1e -> %.1e", first.steps[-1], error, own_error)
            if own_error > _allowed(error):
                continue
            if own is None or first.dimension == 0:
                yield first
            else:
                yield from self._descend(first, own, own_error)
            yield from children[1:]
            break
        yield problem

    def _candidates(self, problem: Problem, surrogate: Surrogate) -> Iterator[list[Problem]]:
        """Lists of equivalent smaller problems, the most promising list first."""
        points = problem.X[np.random.default_rng(self.seed).permutation(len(problem.X))[:GRADIENT_ROWS]]
        inner = inner_functions(surrogate, points)[:MOST_INNER] if problem.dimension > 1 else []
        # Differences first where they are plain to see: dividing by a column hides them.
        for candidate in inner:
            if candidate.slopes == (0.0, 0.0) and candidate.misfit < PLAIN:
                yield from self._with_inner(problem, candidate)
        for reductions in scaling_reductions(surrogate, points):
            children = []
            for reduction in reductions:
                made = [monomial(problem.columns, problem.X, row) for row in reduction.groups]
                columns = tuple(column for column, _ in made)
                X = np.column_stack([values for _, values in made]) if made else np.zeros((len(problem.t), 0))
                step = f"scaling symmetry: {len(reduction.factor) - len(made)} columns fewer"
                children.append(problem.divided(reduction.factor, "").with_inputs(X, columns, step))
            finite = [child for child in children if child.finite()]
            if finite:
                yield finite
        for candidate in inner:
            if candidate.slopes != (0.0, 0.0) or candidate.misfit >= PLAIN:
                yield from self._with_inner(problem, candidate)

    def _with_inner(self, problem: Problem, inner: InnerFunction) -> Iterator[list[Problem]]:
        expression, values = inner.apply(problem.columns, problem.X)
        keep = [k for k in range(problem.dimension) if k not in (inner.i, inner.j)]
        X = np.column_stack([values, problem.X[:, keep]])
        columns = (expression, *(problem.columns[k] for k in keep))
        child = problem.with_inputs(X, columns, f"inner function {expression}")
        if child.finite():
            yield [child]


def _allowed(error: float) -> float:
    """Largest error of a smaller problem's interpolant that confirms it.

    A true reduction makes the interpolant better, as fewer columns are left; only near the interpolation error of
    smooth curves may it come out larger by chance.
    """
    return max(1.05 * error, min(3e-4, 10 * error))
