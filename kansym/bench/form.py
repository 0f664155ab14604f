# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false
"""The criterion of form: with other numbers in the same places, a formula is the law.

With noise, agreement alone rewards formulas that look like the law and are not; without it, short ranges do.
"""

from collections.abc import Iterator

import numpy as np
import sympy

from kansym.bench.problem import Problem
from kansym.bench.strict import EXACT, nrmse
from kansym.errors import KansymError
from kansym.symbolic.parametric import parametrize
from kansym.symbolic.refit import refit

MOST_CONSTANTS = 20
"""Numbers of a formula that are fitted to see whether its form is the law's."""

NEAR = 1e-5
"""NRMSE beyond the ranges that numbers fitted within them still reach."""

STEPS = 200
"""Evaluations of the Jacobian in a fit."""


def same_form(formula: sympy.Expr, problem: Problem) -> bool:
    """Whether other numbers would make the formula the law, within its ranges and beyond.

    The numbers are fitted to clean targets within the ranges, from those of the formula, and must reach an RMS error of
    `EXACT` in units of the spread of the targets. A formula of another form that only comes very close there differs
    beyond. First the numbers with a point are fitted, then all others too: factors and terms that are whole numbers,
    fractions or pi. Exponents without a point are part of the form, and so are signs.

    Parameters
    ----------
    formula : sympy.Expr
        In the names of the problem's columns.
    problem : Problem
    """
    clean = problem.law_at(problem.inside)
    spread = float(np.std(clean))
    for candidate in _candidates(formula):
        try:
            form = parametrize(candidate, problem.symbols)
            if len(form.constants) > MOST_CONSTANTS:
                continue
            for log_scale in (False, True):
                fit = refit(form, problem.inside, clean, max_steps=STEPS, log_scale_start=log_scale)
                if np.sqrt(fit.loss) <= EXACT * spread:
                    break
            else:
                continue
            beyond = nrmse(
                fit.form.substituted(),
                problem.truth,
                problem.symbols,
                problem.beyond,
                spread=spread,
                tolerance=NEAR,
                precise=problem.law.precise,
            )
        except (KansymError, ValueError, TypeError, ArithmeticError, np.linalg.LinAlgError):
            # Whatever cannot be fitted does not have the form.
            continue
        if beyond <= NEAR:
            return True
    return False


def _candidates(formula: sympy.Expr) -> Iterator[sympy.Expr]:
    yield formula
    loose = _loosened(formula)
    if loose != formula:
        yield loose


def _loosened(node: sympy.Expr) -> sympy.Expr:
    """The formula with exact factors and terms as Floats; -1 is a sign."""
    if not node.args:
        return node
    arguments = [_loosened(argument) for argument in node.args]
    if node.is_Add or node.is_Mul:
        arguments = [_as_float(argument) for argument in arguments]
    return node.func(*arguments)


def _as_float(node: sympy.Expr) -> sympy.Expr:
    exact = node.is_Rational or node.is_NumberSymbol
    return sympy.Float(node) if exact and node not in (sympy.S.One, sympy.S.NegativeOne, sympy.S.Zero) else node
