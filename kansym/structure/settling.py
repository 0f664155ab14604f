"""When a formula for a noisy table leaves nothing to find: what smooth functions say of its residual."""

import math

import numpy as np

from kansym.structure.problem import Problem, weighted_squares
from kansym.structure.search import Reducer
from kansym.structure.surrogate import check_rows, fit_surrogate, one_signed

LEAST_NOISE = 3e-4
"""Error of the best interpolant, in units of the spread of y, below which it may be its own and not the data's."""

EVEN, UNEVEN_ROWS = 0.8, 300
"""Smallest `Reducer.even` of what is taken for noise, and rows below which it does not matter: a dozen held out do not
tell, relative errors are uneven too, and what few rows have no exact law for at once is measured."""

SETTLED = 1.01
"""Ratio of two errors on rows that neither has seen at which they are alike: the lowest error of many interpolants is
low by chance as well."""

TELLING = 30
"""Held-out rows from which the standard error of a mean says how far it is from its expectation."""

SMALL_TABLE = 200
"""Rows below which interpolants say little of what leaves nothing."""

PREDICTED = 0.99
"""Share of the squares of a residual that what an interpolant leaves of it must exceed, if it predicts nothing."""


class Settling:
    """What settles one table.

    Parameters
    ----------
    reducer : Reducer
        With the lowest error of the interpolants so far.
    seed : int
        Of the rows that they have not seen.
    """

    def __init__(self, reducer: Reducer, seed: int) -> None:
        self.reducer, self.seed = reducer, seed
        self._asked: tuple[float, bool] | None = None
        """The last residual that was looked at, by its square, and whether nothing of it is predicted."""

    @property
    def noisy(self) -> bool:
        """Whether what the best interpolant leaves is noise."""
        even = self.reducer.even > EVEN or len(self.reducer.y) < UNEVEN_ROWS
        return even and self.reducer.noisy and LEAST_NOISE <= self.reducer.lowest < math.inf

    def settles(self, residual: np.ndarray, problem: Problem, *, short: bool) -> bool:
        """Whether a formula's residual of y is as small as any smooth function's; only asked with noise.

        `residual` has one entry per row of `problem`. The same held-out rows are compared, so that their noise cancels,
        up to a standard error of the difference (the rule of Breiman et al. 1984 for the simplest tree), or as many as
        the best of so many interpolants is better by chance; few rows must be as close as two of these are. Of many
        rows a `short` formula settles as well where an interpolant of its residual predicts nothing.
        """
        if not self.reducer.noisy or self.reducer.lowest < LEAST_NOISE:
            return False
        check = check_rows(len(residual), self.seed)
        weights = None if problem.weights is None else problem.weights[check]
        more = weighted_squares(residual[check], weights) - self.reducer.left
        if float(more.mean()) <= self._by_chance(more):
            return True
        # On a dozen rows an interpolant predicts nothing of anything.
        return short and len(residual) >= SMALL_TABLE and self._leaves_nothing(residual, problem)

    def _by_chance(self, more: np.ndarray) -> float:
        """How much more squared residuals may be in the mean than those of the best of so many interpolants."""
        if len(more) < TELLING:
            return (SETTLED**2 - 1.0) * float(self.reducer.left.mean())
        errors = max(1.0, math.sqrt(2.0 * math.log(max(self.reducer.compared, 1))))
        return errors * float(more.std()) / math.sqrt(len(more))

    def _leaves_nothing(self, residual: np.ndarray, problem: Problem) -> bool:
        key = float(residual @ residual)
        if self._asked is None or self._asked[0] != key:
            self._asked = key, _predicts_nothing(residual, problem, self.seed)
        return self._asked[1]


def _predicts_nothing(residual: np.ndarray, problem: Problem, seed: int) -> bool:
    """Whether an interpolant predicts nothing of a residual on rows that it has not seen."""
    signed = one_signed(problem.X)
    surrogate = fit_surrogate(problem.X, residual, log=signed, weights=problem.weights, seed=seed)
    if surrogate is None:
        return False
    check = surrogate.check
    left = residual[check] - surrogate.predict(problem.X[check])
    weights = np.ones(len(check)) if problem.weights is None else problem.weights[check]
    return float(weights @ left**2) > PREDICTED * float(weights @ residual[check] ** 2)
