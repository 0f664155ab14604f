"""Both criteria of recovery, for one formula."""

from dataclasses import dataclass

import sympy

from kansym.bench.problem import Problem
from kansym.bench.srbench import symbolic_solution
from kansym.bench.strict import StrictVerdict, fitted_law, strict


@dataclass(frozen=True)
class Verdict:
    """How a formula stands.

    Attributes
    ----------
    strict : StrictVerdict
    srbench : bool
        Whether it is a symbolic solution in the sense of SRBench.
    """

    strict: StrictVerdict
    srbench: bool


def judge(formula: sympy.Expr, problem: Problem) -> Verdict:
    """Judge a formula both ways; see `kansym.bench.strict` and `kansym.bench.srbench`.

    Parameters
    ----------
    formula : sympy.Expr
        In the names of the problem's columns.
    problem : Problem
    """
    truth = fitted_law(formula, problem) if problem.law.free else problem.truth
    return Verdict(strict(formula, problem), symbolic_solution(formula, truth, problem.symbols, problem.inside))
