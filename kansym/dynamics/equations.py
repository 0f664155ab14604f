# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false
"""Candidates for the right-hand side of one equation: sparse sums, and what the whole search finds."""

import logging
import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import sympy

from kansym import clock
from kansym.data.dataset import Dataset, make_dataset
from kansym.dynamics.inner import sums_with_inner_constant
from kansym.dynamics.library import MONOMIALS, libraries, sparse_sums
from kansym.dynamics.weak import WeakProblem
from kansym.errors import KansymError
from kansym.search.discovery import discover
from kansym.search.options import DiscoveryOptions
from kansym.search.progress import ProgressCallback
from kansym.symbolic.naming import plain
from kansym.symbolic.parametric import ParametricForm, parametrize

logger = logging.getLogger(__name__)

LEADERS = 2
"""Sums of each library that are integrated in any case."""

EXPLAINED, FEW = 1.25, 5
"""Mean squared residual of the weak form, in units of the variance, of a sum with few constants that leaves nothing for
a further inner constant; and how many constants are few."""

INNER_SHARE = 0.4
"""Of the time that is left for sums, for those with one inner constant; the rest is for the large library."""

KEPT = 16
"""Candidates of one equation that are remembered."""

MOST_CONSTANTS = 16
"""Constants of a right-hand side."""


@dataclass(frozen=True, eq=False)
class Candidate:
    """A right-hand side with constants of the weak form.

    Attributes
    ----------
    form : ParametricForm
        In plain symbols.
    loss : float
        Mean squared residual of the weak form, in units of the variance.
    bits : float
        Description length by the weak form.
    leads : bool, default False
        Whether it is the best of a library: worth integrating whatever the weak form, which has smoothed states, says
        of it beside those of larger libraries.
    """

    form: ParametricForm
    loss: float
    bits: float
    leads: bool = False

    @property
    def key(self) -> str:
        """The same for forms that differ in the order of their constants only."""
        one = sympy.Symbol("a constant")
        return str(self.form.expression.xreplace(dict.fromkeys(self.form.constants, one)))


def candidate_of(expression: sympy.Expr, problem: WeakProblem) -> Candidate | None:
    """An expression in Floats with its constants fitted to the weak form; None where that is not possible."""
    try:
        form = parametrize(expression, problem.grid.symbols)
        if len(form.constants) > min(MOST_CONSTANTS, len(problem.b) - 1):
            return None
        form, loss = problem.fit(form)
        if not math.isfinite(loss):
            return None
        return Candidate(form, loss, problem.length(form, loss))
    except (KansymError, ValueError, TypeError, ArithmeticError, np.linalg.LinAlgError) as error:
        logger.info("a right-hand side was given up: %s", error)
        return None


def ranked(candidates: Iterable[Candidate]) -> list[Candidate]:
    """The shortest descriptions, each form once, with the better constants, and those that lead a library."""
    best: dict[str, Candidate] = {}
    for candidate in sorted(candidates, key=lambda one: (one.bits, not one.leads)):
        best.setdefault(candidate.key, candidate)
    return [one for place, one in enumerate(best.values()) if place < KEPT or one.leads]


def sparse_candidates(problem: WeakProblem, *, until: float, monomials_only: bool = False) -> list[Candidate]:
    """Sums of few terms of the libraries, with inner constants fitted, and what is left of them without a term."""
    found: list[Candidate] = []
    for place, atoms in enumerate(libraries(problem.grid)):
        if place == MONOMIALS:
            if monomials_only:
                break
            if not any(one.loss < EXPLAINED and len(one.form.constants) <= FEW for one in found):
                sums = sums_with_inner_constant(problem, until=clock.now() + INNER_SHARE * clock.left(until))
                found += [one for one in (candidate_of(raw, problem) for raw in sums) if one is not None]
        if found and clock.late(until):
            break
        sums = sparse_sums(problem, atoms, until=until)
        new = ranked(one for one in (candidate_of(raw, problem) for raw in sums) if one is not None)
        found += [*(replace(one, leads=True) for one in new[:LEADERS]), *new[LEADERS:]]
    leaders = ranked(found)[:3]
    for leader in leaders:
        terms = sympy.Add.make_args(leader.form.substituted())
        if 1 < len(terms) <= MOST_CONSTANTS and not clock.late(until):
            fewer = (sympy.Add(*(other for other in terms if other is not term)) for term in terms)
            found += [one for one in (candidate_of(raw, problem) for raw in fewer) if one is not None]
    return ranked(found)


def searched_candidates(
    problem: WeakProblem,
    derivative: np.ndarray,
    error: np.ndarray,
    *,
    target: str,
    units: dict[str, str | None],
    options: DiscoveryOptions,
    seconds: float,
    progress: ProgressCallback | None = None,
) -> list[Candidate]:
    """What the whole search finds for the estimated derivative, with constants of the weak form.

    Parameters
    ----------
    problem : WeakProblem
    derivative, error : arrays (n,)
        At the points of the grid.
    target : str
        Name of the derivative.
    units : dict of str to (str or None)
        Of the columns and the target.
    options : DiscoveryOptions
    seconds : float
    progress : callable, optional
    """
    table = _table(problem, derivative, error, target, units)
    if table is None:
        return []
    found = discover(table, replace(options, max_seconds=seconds), progress=progress)
    formulas = [found.formula, *found.front, *found.rivals]
    raw = dict.fromkeys(plain(formula.expression) for formula in formulas if formula.consistent is not False)
    return ranked(one for one in (candidate_of(expression, problem) for expression in raw) if one is not None)


def _table(
    problem: WeakProblem, derivative: np.ndarray, error: np.ndarray, target: str, units: dict[str, str | None]
) -> Dataset | None:
    """The table of a search; None where there is nothing to find."""
    X, names = problem.grid.points, problem.grid.names
    usable = np.isfinite(derivative) & np.isfinite(error) & np.isfinite(X).all(axis=1)
    least = 1e-12 * float(np.abs(derivative[usable]).max(initial=0.0))
    varied = [k for k in range(len(names)) if np.ptp(X[usable, k]) > 0]
    if usable.sum() < 8 or least == 0.0 or np.ptp(derivative[usable]) <= least or not varied:
        return None
    return make_dataset(
        X[usable][:, varied],
        derivative[usable],
        names=[names[k] for k in varied],
        target=target,
        y_error=np.maximum(error[usable], least),
        units=[units.get(names[k]) for k in varied],
        y_units=units.get(target),
        remove_constant=False,
    )
