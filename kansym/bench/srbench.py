# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportCallIssue=false
# pyright: reportOperatorIssue=false
"""The symbolic-solution criterion of SRBench, written from its description.

A formula is a solution if it is not constant and differs from the law by an additive or by a multiplicative constant,
after its numbers have been rounded to three decimals. La Cava et al., NeurIPS Datasets and Benchmarks 2021,
arXiv:2107.14351, section 4.
"""

from collections.abc import Sequence

import numpy as np
import sympy

from kansym.bench.evaluation import values
from kansym.errors import KansymError
from kansym.symbolic.naming import internal_symbols, rename
from kansym.symbolic.timelimit import TimeLimitError, call_with_limit

DECIMALS = 3
SMALLEST = 1e-4
"""Numbers below count as zero."""

LEAST_R2 = 0.5
"""A formula with a smaller coefficient of determination is no solution."""

SECONDS = 20.0
"""Time for the algebra; as in SRBench, a formula that takes longer is no solution."""

COARSE = 0.05
"""A difference or a ratio that varies by more than this cannot become a constant by rounding: no algebra is needed."""


def symbolic_solution(
    formula: sympy.Expr,
    law: sympy.Expr,
    symbols: Sequence[sympy.Symbol],
    X: np.ndarray,
    *,
    seconds: float = SECONDS,
) -> bool:
    """Whether a formula is a symbolic solution.

    Parameters
    ----------
    formula, law : sympy.Expr
        In `symbols`.
    symbols : sequence of sympy.Symbol, length d
    X : array (m, d)
        Points within the ranges of the variables; those that are positive there are taken as positive.
    seconds : float, default 20
        Limit for the algebra.
    """
    try:
        found, expected = values(formula, symbols, X), values(law, symbols, X)
        if not _explains(found, expected):
            return False
        real = internal_symbols([symbol.name for symbol in symbols], X)
        mapping = dict(zip(symbols, real, strict=True))
        model = rounded(_numeric(rename(formula, mapping)))
        truth = _numeric(rename(law, mapping))
        if model.is_number or not _can_be_constant(values(model, real, X), values(truth, real, X)):
            return False
        return call_with_limit(lambda: _same_up_to_a_constant(model, truth), seconds)
    except (KansymError, TimeLimitError, ArithmeticError, AttributeError, TypeError, ValueError, RecursionError):
        # Whatever sympy stumbles over counts as not solved, as in SRBench.
        return False


def rounded(expression: sympy.Expr) -> sympy.Expr:
    """The expression with its Floats rounded to `DECIMALS` decimals, and those below `SMALLEST` set to zero."""

    def number(value: sympy.Float) -> sympy.Float | sympy.Integer:
        return sympy.S.Zero if abs(value) < SMALLEST else sympy.Float(round(float(value), DECIMALS))

    return expression.xreplace({value: number(value) for value in expression.atoms(sympy.Float)})


def _same_up_to_a_constant(model: sympy.Expr, truth: sympy.Expr) -> bool:
    model = rounded(sympy.simplify(model, ratio=1))
    if model.is_number:
        return False
    difference = rounded(sympy.simplify(rounded(model - truth), ratio=1))
    if difference.is_number and difference.is_finite:
        return True
    fraction = rounded(sympy.simplify(rounded(sympy.simplify(model / truth, ratio=1)), ratio=1))
    return bool(fraction.is_number and fraction.is_finite and not fraction.is_zero)


def _numeric(expression: sympy.Expr) -> sympy.Expr:
    """Named numbers as Floats."""
    return expression.xreplace({number: sympy.Float(number) for number in expression.atoms(sympy.NumberSymbol)})


def _explains(found: np.ndarray, expected: np.ndarray) -> bool:
    good = np.isfinite(found) & np.isfinite(expected)
    if good.mean() < 0.99:
        return False
    with np.errstate(all="ignore"):
        residual = np.mean((found[good] - expected[good]) ** 2)
        return bool(1 - residual / np.var(expected[good]) > LEAST_R2)


def _can_be_constant(found: np.ndarray, expected: np.ndarray) -> bool:
    good = np.isfinite(found) & np.isfinite(expected)
    if not good.any():
        return False
    with np.errstate(all="ignore"):
        difference = np.std((found - expected)[good]) / np.std(expected[good])
        ratios = (found / expected)[good]
        ratios = ratios[np.isfinite(ratios)]
        varies = np.std(ratios) / abs(np.mean(ratios)) if len(ratios) else np.inf
    # A comparison with nan is false, so that what overflows goes no further.
    return bool(difference < COARSE or varies < COARSE)
