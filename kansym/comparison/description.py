# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false
"""Bits of every tool's formula, by one rule for all."""

import math

import numpy as np
import sympy

from kansym.comparison.peer_formulas import without_rounding
from kansym.data.dataset import Dataset
from kansym.data.noise import noise_floor
from kansym.errors import KansymError
from kansym.search.lengths import description_length_of
from kansym.search.rows import FitRows
from kansym.symbolic.naming import plain_symbol
from kansym.symbolic.parametric import parametrize
from kansym.symbolic.timelimit import TimeLimitError, call_with_limit

SECONDS = 10.0
"""For a formula; a long one of a peer's is fitted again with every row left out."""


def bits_of(formula: sympy.Expr, dataset: Dataset) -> float | None:
    """Description length of a table with the help of a formula, as kansym picks by it; None where it has none.

    Constants next to whole numbers are read as fitted ones and as whole ones, and the shorter reading counts: tools do
    not say which of the two they mean.

    Parameters
    ----------
    formula : sympy.Expr
        In plain symbols of the columns; decimals are fitted constants.
    dataset : Dataset
        The rows that it was fitted to.
    """
    everything = np.arange(dataset.n_rows)
    rows = FitRows.of(dataset, everything, everything[:0], noise_floor(dataset))

    symbols = tuple(map(plain_symbol, dataset.names))

    def length() -> float:
        readings = dict.fromkeys((formula, without_rounding(formula, symbols, dataset.X)))
        forms = [parametrize(reading.xreplace(rows.symbols), rows.variables) for reading in readings]
        return min(description_length_of(form, rows, final=True) for form in forms)

    try:
        found = call_with_limit(length, SECONDS)
    except (TimeLimitError, KansymError, ArithmeticError, TypeError, ValueError, RecursionError, np.linalg.LinAlgError):
        return None
    return found if math.isfinite(found) else None
