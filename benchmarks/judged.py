"""Formulas of any tool against a law: errors on fresh rows, as they are and with refitted constants, and their size."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import sympy

from kansym.comparison.peer_formulas import read_formula, simplified, values_of
from kansym.errors import KansymError
from kansym.symbolic.complexity import complexity
from kansym.symbolic.naming import plain_symbol
from kansym.symbolic.parametric import parametrize
from kansym.symbolic.refit import refit
from kansym.symbolic.text import to_text

Rows = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Judgement:
    """What is measured of a formula.

    Attributes
    ----------
    text : str or None
        With six digits, without traces of rounding; None where there is no formula.
    error, refitted : float
        Root-mean-square errors on fresh rows in units of the spread there, of the formula as it is and after its
        constants were fitted to the training rows; inf where it is not finite.
    nodes : int or None
        As a person would write it.
    """

    text: str | None
    error: float
    refitted: float
    nodes: int | None

    @property
    def least(self) -> float:
        return min(self.error, self.refitted)


NONE = Judgement(None, math.inf, math.inf, None)


def judge(text: str | None, names: Sequence[str], training: Rows, fresh: Rows) -> Judgement:
    """A formula in the names of the columns, judged on rows that no tool has seen."""
    if text is None:
        return NONE
    try:
        expression = read_formula(text, names, names)
        shorter = simplified(expression, names, training[0])
    except KansymError:
        return NONE
    return Judgement(
        to_text(shorter),
        relative_error(expression, names, fresh),
        relative_error(_refitted(expression, names, training), names, fresh),
        complexity(shorter),
    )


def relative_error(expression: sympy.Expr, names: Sequence[str], rows: Rows) -> float:
    """Root-mean-square error in units of the spread of the target; inf where a value is missing."""
    X, y = rows
    values = values_of(expression, names, X)
    if not np.isfinite(values).all():
        return math.inf
    return float(np.sqrt(np.square(values - y).mean()) / y.std())


def _refitted(expression: sympy.Expr, names: Sequence[str], training: Rows) -> sympy.Expr:
    try:
        form = parametrize(expression, tuple(map(plain_symbol, names)))
        return refit(form, *training).form.substituted()
    except (KansymError, ArithmeticError, ValueError):
        return expression
