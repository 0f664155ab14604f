"""What rows say about two formulas, in double precision."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kansym.symbolic.parametric import ParametricForm
from kansym.symbolic.refit import refit
from kansym.symbolic.same.forms import fitted

FEWEST = 10
"""Rows on which both have a value that are needed to call values equal."""

STRAYS = 0.05
"""Share of the points at which only one formula may have a value: a few may lie next to an edge of its domain."""

MOST_ROWS = 3000
"""Rows that are fitted; more are thinned by a random choice."""

EXACT = 1e-6
"""In units of the spread of y: where the rows have no noise, formulas this near to each other are the same on them,
and constants that change a formula by no more are the same constants. Single precision is a tenth of it."""

ROUNDING = 1e-15
"""In units of the values: no table in double precision tells more apart."""

STANDARD_ERRORS = 5.0
"""Where the rows have noise, what is nearer than so many standard errors is not told apart by them."""


def equal_values(
    first: np.ndarray, second: np.ndarray, *, relative: float | None = None, rms: float = 0.0, strays: float = 0.0
) -> bool:
    """Whether two formulas have equal values on the same rows, given these values (n,), nan where there are none.

    On `FEWEST` rows at least both must have a value.

    Parameters
    ----------
    first, second : array (n,)
    relative : float, optional
        Largest difference at any row, in units of the larger value there. Rows where both are zero do not count: that
        is mostly what is left of something too small for a double, and says nothing.
    rms : float, default 0
        Largest root-mean-square difference, where `relative` is not given.
    strays : float, default 0
        Share of the rows that are left out: where only one has a value, or, for `rms`, where they differ most, since
        poles next to a point would decide alone.
    """
    usable = np.isfinite(first) & np.isfinite(second)
    lone = np.isfinite(first) != np.isfinite(second)
    if relative is not None:
        usable &= (first != 0) | (second != 0)
    if usable.sum() < FEWEST or np.mean(lone) > strays:
        return False
    first, second = first[usable], second[usable]
    if relative is not None:
        return bool((np.abs(first - second) <= relative * np.maximum(np.abs(first), np.abs(second))).all())
    squares = np.sort((first - second) ** 2)
    return bool(np.sqrt(np.mean(squares[: max(FEWEST, int((1 - strays) * len(squares)))])) <= rms)


def can_fit_values(
    form: ParametricForm, points: np.ndarray, values: np.ndarray, rms: float, *, max_steps: int = 60
) -> bool:
    """Whether some constants make a form agree with the values (m,) of another at points (m, d), to this root mean
    square; `can_reproduce` in double precision, from the form's own constants."""
    mine = form.evaluate(points)
    usable = np.isfinite(values) & np.isfinite(mine)
    # Undefined at different points, they are different functions.
    if (
        usable.sum() < max(FEWEST, len(form.constants) + 1)
        or np.mean(np.isfinite(values) != np.isfinite(mine)) > STRAYS
    ):
        return False
    points, values = points[usable], values[usable]
    if not np.any(values):
        return bool(np.sqrt(np.mean(mine[usable] ** 2)) <= rms)
    return bool(np.sqrt(refit(form, points, values, max_steps=max_steps).loss) <= rms)


@dataclass(frozen=True, eq=False)
class Table:
    """Rows that both formulas were fitted to.

    Attributes
    ----------
    X : array (n, d)
    y : array (n,) or None
    weights : array (n,) or None
        With mean 1.
    """

    X: np.ndarray
    y: np.ndarray | None
    weights: np.ndarray | None

    @classmethod
    def thinned(cls, X: np.ndarray, y: np.ndarray | None, weights: np.ndarray | None, *, seed: int) -> "Table":
        """At most `MOST_ROWS` rows, those that carry weight."""
        rows = np.arange(len(X)) if weights is None else np.flatnonzero(weights > 0)
        if len(rows) > MOST_ROWS:
            rows = np.sort(np.random.default_rng(seed).choice(rows, MOST_ROWS, replace=False))
        if weights is not None:
            weights = weights[rows] / np.mean(weights[rows])
        return cls(X[rows], None if y is None else y[rows], weights)

    def rms(self, residuals: np.ndarray) -> float:
        """Weighted root mean square (no overflow of the squares); inf where a value is missing."""
        largest = float(np.max(np.abs(residuals), initial=0.0))
        if not math.isfinite(largest):
            return math.inf
        if largest == 0:
            return 0.0
        squares = (residuals / largest) ** 2
        return largest * math.sqrt(float(np.mean(squares if self.weights is None else self.weights * squares)))

    def misfit(self, values: np.ndarray) -> float:
        """Root-mean-square residual of values of a formula; nan without y."""
        if self.y is None:
            return math.nan
        with np.errstate(all="ignore"):
            return self.rms(values - self.y)

    def fit(self, form: ParametricForm) -> ParametricForm:
        """The form with its constants fitted to y."""
        assert self.y is not None
        return fitted(form, self.X, self.y, self.weights).form

    def tell_apart(self, first: np.ndarray, second: np.ndarray) -> bool:
        """Whether the rows tell two formulas apart, given their values (n,) on them.

        They do not where the root-mean-square difference is below `EXACT` of the spread of y, or below
        `STANDARD_ERRORS` standard errors, the smaller residual over sqrt(n): then chi-squared of the one and of the
        other differ by less than chance makes them. Rows on which either has no value are left out.
        """
        both = np.isfinite(first) & np.isfinite(second)
        if not both.any():
            return True
        spreads = [spread(first[both]), spread(second[both])] if self.y is None else [spread(self.y)]
        sizes = [self.rms(np.where(both, values, 0.0)) for values in (first, second)]
        allowed = max(EXACT * min(spreads), ROUNDING * min(sizes))
        if self.y is not None:
            misfit = min(self.misfit(first), self.misfit(second))
            if math.isfinite(misfit):
                allowed = max(allowed, STANDARD_ERRORS * misfit / math.sqrt(len(self.X)))
        with np.errstate(all="ignore"):
            return self.rms(np.where(both, first - second, 0.0)) > allowed

    def as_good(self, values: Sequence[np.ndarray], best: float, constants: int) -> bool:
        """Whether two formulas describe the rows as well as their form can, given their values (n,) on them, the
        misfit of the best constants and how many there are.

        That is, each is within `STANDARD_ERRORS` of the best constants, all taken together, and of the other formula:
        fits that are not the best ones would let pass too much.
        """
        if self.y is None:
            return False
        noise = STANDARD_ERRORS * best * math.sqrt(constants / max(len(self.X) - constants, 1))
        allowed = max(noise, EXACT * spread(self.y))
        for misfit in map(self.misfit, values):
            if not math.isfinite(misfit) or math.sqrt(max(misfit - best, 0.0)) * math.sqrt(misfit + best) > allowed:
                return False
        with np.errstate(all="ignore"):
            return self.rms(values[0] - values[1]) <= allowed


def spread(values: np.ndarray) -> float:
    """Standard deviation, without overflow; the size of values that are all equal."""
    finite = values[np.isfinite(values)]
    largest = float(np.max(np.abs(finite), initial=0.0))
    if largest == 0:
        return 0.0
    deviation = float(np.std(finite / largest))
    return largest * (deviation if deviation > 1e-12 else 1.0)
