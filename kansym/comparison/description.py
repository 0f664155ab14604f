# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false
"""Bits of every tool's formula, by one rule for all."""

import math

import numpy as np
import sympy

from kansym.data.dataset import Dataset
from kansym.data.noise import noise_floor
from kansym.errors import KansymError
from kansym.search.lengths import description_length_of
from kansym.search.rows import FitRows
from kansym.symbolic.parametric import parametrize
from kansym.symbolic.timelimit import TimeLimitError, call_with_limit

SECONDS = 10.0


def bits_of(formula: sympy.Expr, dataset: Dataset) -> float | None:
    """Description length of a table with the help of a formula, as kansym picks by it; None where it has none.

    Parameters
    ----------
    formula : sympy.Expr
        In plain symbols of the columns; decimals are fitted constants.
    dataset : Dataset
        The rows that it was fitted to.
    """
    everything = np.arange(dataset.n_rows)
    rows = FitRows.of(dataset, everything, everything[:0], noise_floor(dataset))

    def length() -> float:
        return description_length_of(parametrize(formula.xreplace(rows.symbols), rows.variables), rows, final=True)

    try:
        found = call_with_limit(length, SECONDS)
    except (TimeLimitError, KansymError, ArithmeticError, TypeError, ValueError, RecursionError, np.linalg.LinAlgError):
        return None
    return found if math.isfinite(found) else None
