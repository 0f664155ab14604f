# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false
"""How a run ended: recovered by which criterion, or at which stage the law was lost."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import sympy

from kansym.bench.form import same_form
from kansym.bench.problem import Problem
from kansym.bench.srbench import symbolic_solution
from kansym.bench.strict import EXACT, StrictVerdict, fitted_law, strict

RECOVERED = "recovered"
NOT_PICKED = "on the front, not picked"
TOO_LONG = "too long (simplifier)"
INSIDE_ONLY = "right in the box, wrong outside"
CONSTANTS = "constants off (same form)"
CLOSE = "close: primitive or structure missed"
INACCURATE = "network not accurate"
NO_FORMULA = "not recovered"
FAILED = "failed"

STAGES = (RECOVERED, NOT_PICKED, TOO_LONG, CONSTANTS, INSIDE_ONLY, CLOSE, INACCURATE, NO_FORMULA, FAILED)
"""From won to lost early; a peer has no network and ends in "not recovered" instead."""

ACCURATE = 1e-2
"""RMS error on clean targets, relative to their spread, of a network that shows the law."""

FORMS = 3
"""Formulas of a front whose forms are looked at."""


@dataclass(frozen=True)
class Verdict:
    """How a formula stands.

    Attributes
    ----------
    strict : StrictVerdict
    srbench : bool
        Whether it is a symbolic solution in the sense of SRBench.
    form : bool
        Whether other numbers would make it the law, see `kansym.bench.form`; so they do where it has the law's values.
    """

    strict: StrictVerdict
    srbench: bool
    form: bool


def judge(formula: sympy.Expr, problem: Problem) -> Verdict:
    """Judge a formula by all criteria; see `kansym.bench.strict`, `kansym.bench.srbench` and `kansym.bench.form`.

    Parameters
    ----------
    formula : sympy.Expr
        In the names of the problem's columns.
    problem : Problem
    """
    # A law that is judged by its fit has true constants; fitted to the formula, those that it lacks would vanish.
    measured = bool(problem.law.free) and problem.law.judge == "values"
    truth = fitted_law(formula, problem) if measured else problem.truth
    verdict = strict(formula, problem)
    form = (verdict.right and verdict.tolerance <= EXACT) or same_form(formula, problem)
    return Verdict(verdict, symbolic_solution(formula, truth, problem.symbols, problem.inside), form)


def stage(
    pick: StrictVerdict,
    front: Sequence[tuple[sympy.Expr, StrictVerdict]],
    problem: Problem,
    predict: Callable[[np.ndarray], np.ndarray] | None,
    *,
    network: bool = True,
) -> str:
    """The stage at which a law was lost, or "recovered".

    Parameters
    ----------
    pick : StrictVerdict
        Of the picked formula.
    front : sequence of (formula, StrictVerdict)
        All formulas, the pick included.
    problem : Problem
    predict : callable or None
        Predictions of the best network for rows (m, d); None where there is none.
    network : bool, default True
        Whether the tool trains networks; else what is left is "not recovered" where its best formula is inaccurate.
    """
    verdicts = [verdict for _, verdict in front]
    if pick.recovered:
        return RECOVERED
    if any(verdict.recovered for verdict in verdicts):
        return NOT_PICKED
    if any(verdict.right for verdict in verdicts):
        return TOO_LONG
    best = sorted(front, key=lambda entry: entry[1].inside)[:FORMS]
    if any(same_form(formula, problem) for formula, _ in best):
        return CONSTANTS
    if any(verdict.right_inside for verdict in verdicts):
        return INSIDE_ONLY
    error = min((verdict.inside for verdict in verdicts), default=np.inf)
    if predict is not None:
        error = min(error, network_error(problem, predict))
    if error < ACCURATE:
        return CLOSE
    return INACCURATE if network else NO_FORMULA


def network_error(problem: Problem, predict: Callable[[np.ndarray], np.ndarray]) -> float:
    """RMS error of predictions within the ranges against the law itself, relative to the law's spread."""
    clean = problem.law_at(problem.inside)
    return float(np.sqrt(np.mean((predict(problem.inside) - clean) ** 2)) / np.std(clean))
