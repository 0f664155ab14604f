# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false
"""Whole and rational exponents of a formula beside what the data say of them: a number is written where they agree.

An exponent of a noisy formula was chosen among a few numbers, or fitted and then rounded. Beside data that are sharp
enough the wrong one spoils all other constants: of ``3*x*(1 + a*x**0.684)`` with 2/3 the 3 becomes 2.88.
"""

import logging
import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import scipy
import sympy

from kansym.data.dataset import Dataset
from kansym.errors import KansymError
from kansym.fitting.estimate import estimate_table
from kansym.fitting.levels import DENIAL
from kansym.numbers import is_rounding
from kansym.symbolic.exponents import Exponent, with_a_free_exponent
from kansym.symbolic.parametric import ParametricForm
from kansym.symbolic.text import to_text

logger = logging.getLogger(__name__)

MOST_EXPONENTS = 4
"""Of a formula that are freed, one after the other."""

FRACTION_ERRORS = 2.0
"""Errors up to which a fraction with a denominator above two is written: one is always near, so that a right one, which
is farther off in one table of twenty, has nothing for it but the data."""


@dataclass(frozen=True, eq=False)
class FreedExponent:
    """An exponent, and the fit that has it free.

    Attributes
    ----------
    exponent : Exponent
    form : ParametricForm
        With its constants, the exponent last, fitted.
    denied : float
        How far the number is away, in units of what is too far.
    base : sympy.Expr
        What has the exponent, in the symbols of the form.
    """

    exponent: Exponent
    form: ParametricForm
    denied: float
    base: sympy.Expr


def freed_exponents(form: ParametricForm, table: Dataset, loss: str = "linear") -> tuple[FreedExponent, ...]:
    """What a table says of each rational exponent of a formula.

    Parameters
    ----------
    form : ParametricForm
        With fitted constants.
    table : Dataset
    loss : str, default "linear"
        See `kansym.fitting.estimate.estimate`.

    Returns
    -------
    tuple of FreedExponent
        Without those that the data do not determine, and those without noise to compare with.
    """
    found = list(_fits(form, table, loss))
    # Nearly all laws have whole and half exponents: at three errors from 2 that is still the likelier number.
    level = DENIAL / max(len(found), 1)
    limit = float(scipy.stats.norm.isf(level / 2))
    return tuple(
        FreedExponent(one, free, one.deviation / (limit if node.exp.q <= 2 else FRACTION_ERRORS), node.base)
        for node, one, free in found
    )


def _fits(form: ParametricForm, table: Dataset, loss: str) -> Iterator[tuple[sympy.Pow, Exponent, ParametricForm]]:
    numbers = {symbol: sympy.Float(value) for symbol, value in zip(form.constants, form.values, strict=True)}
    places = list(with_a_free_exponent(form, table.X))[:MOST_EXPONENTS]
    for node, free in places:
        if table.n_rows <= len(free.constants):
            continue
        try:
            fit = estimate_table(free, table, loss)
        except KansymError as problem:
            logger.info("the exponent of %s cannot be freed: %s", node, problem)
            continue
        value, variance = float(fit.form.values[-1]), float(fit.covariance[-1, -1])
        # Of a formula that leaves more than the errors these say too much.
        excess = 1.0 if fit.chi2 is None or fit.ndf < 1 else max(fit.chi2 / fit.ndf, 1.0)
        error = math.sqrt(variance * excess) if variance > 0 else math.nan
        if not math.isfinite(error) or is_rounding(value, error) or not np.isfinite(fit.form.values).all():
            continue
        power = to_text(node.xreplace(numbers), digits=4)
        deviation = abs(value - float(node.exp)) / error
        yield node, Exponent(power, str(node.exp), value, error, deviation), fit.form
