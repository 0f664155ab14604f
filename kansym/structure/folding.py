# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false
"""Columns in which a law is even about a place: |x - c| in place of x.

A kink is noise to an interpolant, which sees neither symmetries nor inner functions beside it. Where a law has a column
as |x - c| only, it is the same at both sides of c. An interpolant shows that roughly in spite of its errors, and with
the right place for c the kink is gone, and its error with it: the place is where that is least.

Where y itself has a kink, a pole or an edge, a function of it may have none.
"""

import math
from dataclasses import dataclass, replace

import numpy as np
import sympy
from scipy.optimize import minimize_scalar

from kansym import clock
from kansym.structure.links import usable_links
from kansym.structure.problem import Problem
from kansym.structure.surrogate import Surrogate, fit_surrogate
from kansym.symbolic.steps import Step, StepKind

PLACES, INNER = 29, 0.15
"""Places that are tried in each column, and share of its rows beyond the outermost of them."""

MIRRORED, LEAST_MIRRORED = 600, 60
"""Rows at whose mirror images an interpolant is asked, and the least of them that have one within the data."""

EVEN, LIKELY = 0.3, 2
"""Mean square by which values at mirror images differ, in units of those at other values of the column, up to which it
may be even; and columns whose places are looked at closely."""

FEW, MANY = 240, 400
"""Rows of the interpolants that find the place, and of those that say what it is worth."""

NEAR, NEARER, ROUNDS, SHARP = 0.04, 0.005, 12, 1e-3
"""How far from the likeliest place the best one is looked for, with each of them, in units of the range of the column;
most interpolants for that, and how far apart the last ones are, in units of that distance."""

ROUGH = 5e-4
"""Error of an interpolant without noise above which its target has a kink, a pole or an edge."""

LINK_ROWS, SMOOTHER = 500, 0.2
"""Rows of the interpolants that links are compared with, and the most error of the one that makes the target smooth, in
units of that without."""

GONE = 0.6
"""Error of an interpolant of the folded table, in units of that of the table, from which on it is folded."""


@dataclass(frozen=True)
class _Fold:
    """A column, the place that it is folded at, and the error of an interpolant then."""

    error: float
    column: int
    place: float


def folded(problem: Problem, surrogate: Surrogate | None, seed: int, until: float = math.inf) -> Problem | None:
    """The problem with |x - c| in place of the column x that leaves the least error; None where none leaves much less.

    Parameters
    ----------
    problem : Problem
    surrogate : Surrogate or None
        An interpolant of it.
    seed : int
        Of the rows of interpolants.
    until : float, default inf
        `kansym.clock.now` value after which there is none.
    """
    if surrogate is None or surrogate.error < ROUGH:
        return None
    errors = _Errors(problem, surrogate.axes.log, seed)
    folds = [
        _Fold(errors.of(column, place, FEW), column, place)
        for column in range(problem.dimension)
        for place in (() if clock.late(until) else _likeliest(problem, surrogate, column))
    ]
    likely = sorted(folds, key=lambda one: one.error)[:LIKELY]
    closer = [errors.closer(fold, NEAR, FEW) for fold in likely if not clock.late(until)]
    best = min(closer, key=lambda one: one.error, default=None)
    if best is None or clock.late(until) or not best.error < errors.plain(FEW):
        return None
    best = errors.closer(replace(best, error=errors.of(best.column, best.place, MANY)), NEARER, MANY)
    if not best.error < GONE * errors.plain(MANY):
        return None
    expression = sympy.Abs(problem.columns[best.column] - sympy.Float(best.place))
    columns = tuple(expression if k == best.column else one for k, one in enumerate(problem.columns))
    step = Step(StepKind.COORDINATE, expressions=(expression,))
    return problem.with_inputs(_mirrored(problem.X, best.column, best.place), columns, step)


@dataclass(frozen=True, eq=False)
class _Errors:
    """Errors of interpolants of a problem with a column folded at a place."""

    problem: Problem
    log: np.ndarray
    seed: int

    def plain(self, rows: int) -> float:
        return self._error(self.problem.X, self.log, rows)

    def of(self, column: int, place: float, rows: int) -> float:
        linear = np.arange(self.problem.dimension) == column
        return self._error(_mirrored(self.problem.X, column, place), self.log & ~linear, rows)

    def closer(self, fold: _Fold, near: float, rows: int) -> _Fold:
        """The same column at the place that leaves the least error within so much of its range."""
        width = near * float(np.ptp(self.problem.X[:, fold.column]))
        found = minimize_scalar(
            lambda place: self.of(fold.column, place, rows),
            bounds=(fold.place - width, fold.place + width),
            method="bounded",
            options={"maxiter": ROUNDS, "xatol": SHARP * width},
        )
        return _Fold(float(found.fun), fold.column, float(found.x)) if found.fun < fold.error else fold

    def _error(self, X: np.ndarray, log: np.ndarray, rows: int) -> float:
        weights = self.problem.fitting_weights()
        found = fit_surrogate(X, self.problem.t, log=log, weights=weights, seed=self.seed, rows=rows)
        return np.inf if found is None else found.error


def _mirrored(X: np.ndarray, column: int, place: float) -> np.ndarray:
    folded = X.copy()
    folded[:, column] = np.abs(X[:, column] - place)
    return folded


def _likeliest(problem: Problem, surrogate: Surrogate, column: int) -> list[float]:
    """The place about which an interpolant is most nearly even in a column, if there is one."""
    X = problem.X[:MIRRORED]
    x = X[:, column]
    values, found = surrogate.predict(X), list[tuple[float, float]]()
    for place in np.quantile(problem.X[:, column], np.linspace(INNER, 1 - INNER, PLACES)).tolist():
        other = X.copy()
        other[:, column] = 2 * place - x
        inside = (other[:, column] >= x.min()) & (other[:, column] <= x.max())
        if inside.sum() >= LEAST_MIRRORED:
            missed = surrogate.predict(other[inside]) - values[inside]
            # Of what it would be for values of the column that have nothing to do with each other.
            order = np.flatnonzero(inside)[np.argsort(x[inside], kind="stable")]
            other[order, column] = np.roll(x[order], len(order) // 2)
            change = surrogate.predict(other[inside]) - values[inside]
            found.append((float(np.mean(missed**2)) / (float(np.mean(change**2)) or 1.0), place))
    least, place = min(found, default=(np.inf, 0.0))
    return [place] if least < EVEN else []


def smoother_link(problem: Problem, surrogate: Surrogate, seed: int, until: float = math.inf) -> Problem | None:
    """The problem under the link that makes it smooth, where it has a kink, a pole or an edge; None where none does.

    Parameters
    ----------
    problem, surrogate, seed, until
        As in `folded`.
    """
    best, lowest = None, SMOOTHER * surrogate.error
    for link in usable_links(problem.t)[1:] if surrogate.error >= ROUGH else ():
        if clock.late(until):
            return None
        linked = link.apply(problem)
        if not linked.finite():
            continue
        weights = linked.fitting_weights()
        own = fit_surrogate(linked.X, linked.t, log=surrogate.axes.log, weights=weights, seed=seed, rows=LINK_ROWS)
        if own is not None and own.error < lowest:
            best, lowest = linked, own.error
    return best
