"""What the rows of a table say about two formulas."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from mpmath import libmp

from kansym.comparison.same.forms import fitted
from kansym.comparison.same.meeting import Check, Side
from kansym.comparison.same.program import Program
from kansym.comparison.same.values import Sampled, unite
from kansym.symbolic.parametric import ParametricForm

MOST_ROWS = 3000
"""Rows that are fitted; more are thinned by a random choice."""

EXACT = 1e-6
"""In units of the spread of y: where the rows have no noise, formulas this near to each other are the same on them,
and constants that change a formula by no more are the same constants. Single precision is a tenth of it."""

ROUNDING = 1e-15
"""In units of the values: no table in double precision tells more apart."""

STANDARD_ERRORS = 5.0
"""Where the rows have noise, what is nearer than so many standard errors is not told apart by them."""

FITTED = 0.01
"""In standard errors: how near two fits of the same form to the same rows come to each other. Optimizers stop at a
thousandth or less; the data themselves would leave one."""

FITTED_EXACTLY = 1e-8
"""The same where there is no noise, in units of the spread of y."""

MOVED = 1e-3
"""Relative change of a constant, at most, from one fit to a common formula. A term that has to go, however small its
part, is a term that one formula has and the other has not."""


@dataclass(frozen=True, eq=False)
class Table:
    """Rows.

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

    @property
    def n(self) -> int:
        """Number of rows."""
        return len(self.X)

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


def spread(values: np.ndarray) -> float:
    """Standard deviation, without overflow; the size of values that are all equal."""
    finite = values[np.isfinite(values)]
    largest = float(np.max(np.abs(finite), initial=0.0))
    if largest == 0:
        return 0.0
    deviation = float(np.std(finite / largest))
    return largest * (deviation if deviation > 1e-12 else 1.0)


def told_apart(table: Table, values: Sequence[np.ndarray]) -> bool:
    """Whether the rows tell two formulas apart, given their values (n,) on them.

    They do not where the root-mean-square difference is below `EXACT` of the spread of y, or below `STANDARD_ERRORS`
    standard errors, the smaller residual over sqrt(n): then chi-squared of the one and of the other differ by less
    than chance makes them. Rows on which either has no value are left out.
    """
    first, second = values
    both = np.isfinite(first) & np.isfinite(second)
    if not both.any():
        return True
    reference = [spread(values) for values in (first[both], second[both])] if table.y is None else [spread(table.y)]
    allowed = max(
        EXACT * min(reference), ROUNDING * min(table.rms(np.where(both, values, 0.0)) for values in (first, second))
    )
    if table.y is not None:
        misfit = min(table.misfit(first), table.misfit(second))
        if math.isfinite(misfit):
            allowed = max(allowed, STANDARD_ERRORS * misfit / math.sqrt(table.n))
    with np.errstate(all="ignore"):
        return table.rms(np.where(both, first - second, 0.0)) > allowed


@dataclass(frozen=True, eq=False)
class Fits:
    """Two forms fitted to the same rows.

    Attributes
    ----------
    forms : pair of ParametricForm
    misfits : pair of float
        Root-mean-square residuals.
    """

    forms: tuple[ParametricForm, ParametricForm]
    misfits: tuple[float, float]

    @property
    def best(self) -> float:
        """The smaller misfit."""
        return min(self.misfits)


def fit_both(forms: tuple[ParametricForm, ParametricForm], table: Table) -> Fits:
    """Fit all constants of both forms, from their present values."""
    if table.y is None:
        raise ValueError("there is no y to fit to")
    found = tuple(fitted(form, table.X, table.y, table.weights).form for form in forms)
    return Fits(found, tuple(table.misfit(form.evaluate(table.X)) for form in found))  # pyright: ignore


def fitted_alike(fits: Fits, table: Table, sampled: Sampled, check: Check) -> bool:
    """Whether both fits are one function, within what an optimizer leaves.

    First by their values on the rows; then there have to be constants within the same reach for which both formulas
    are equal to all digits, at all places.
    """
    if table.y is None or not math.isfinite(max(fits.misfits)):
        return False
    allowed = max(FITTED * fits.best / math.sqrt(table.n), FITTED_EXACTLY * spread(table.y))
    first, second = (form.evaluate(table.X) for form in fits.forms)
    if table.rms(first - second) > allowed:
        return False
    programs = [Program(form) for form in fits.forms]
    one, other = (Side(program, tuple(program.constants), True) for program in programs)
    union = unite(sampled, one, other, check, lambda meeting: bool((np.abs(meeting.moves) <= MOVED).all()))
    if union is None or union.saturated:
        return False
    for form, constants, before in zip(
        fits.forms, (union.meeting.first, union.meeting.second), (first, second), strict=True
    ):
        moved = form.with_values(np.array([libmp.to_float(value) for value in constants]))
        if not table.rms(moved.evaluate(table.X) - before) <= 2 * allowed:
            return False
    return True


def as_good(values: Sequence[np.ndarray], fits: Fits, table: Table) -> bool:
    """Whether two formulas describe the rows as well as their form can, given their values (n,) on them.

    That is, each is within `STANDARD_ERRORS` of the best constants, all taken together, and of the other formula: fits
    that are not the best ones would let pass too much.
    """
    if table.y is None:
        return False
    best = fits.best
    k = max(1, *(len(form.constants) for form in fits.forms))
    noise = STANDARD_ERRORS * best * math.sqrt(k / max(table.n - k, 1))
    allowed = max(noise, EXACT * spread(table.y))
    for misfit in map(table.misfit, values):
        if not math.isfinite(misfit) or math.sqrt(max(misfit - best, 0.0)) * math.sqrt(misfit + best) > allowed:
            return False
    with np.errstate(all="ignore"):
        return table.rms(values[0] - values[1]) <= allowed
