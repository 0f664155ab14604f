"""How much a formula does between the rows of a table."""

import numpy as np

from kansym.fitting.sizes import OSCILLATING
from kansym.symbolic.parametric import ParametricForm

PLACE = 0.3819660112501051
"""Where between two rows: the golden section. Halfway, what has two periods per row would look slow once more."""

RESOLVED = 0.5
"""Limit of `aliased`, twice what can be reached on evenly spaced rows."""


def roughness(form: ParametricForm, X: np.ndarray, values: np.ndarray) -> float:
    """Root mean square of what the formula differs, between neighbouring rows, from the straight line through the two.

    Rounded to three digits, so that minima that are the same to rounding are equal; inf where it is not finite.

    Parameters
    ----------
    form : ParametricForm
    X : array (n, d)
        Neighbours are neighbours in the order of the first column, then of the second, and so on.
    values : array (k,)
    """
    if len(X) < 2:
        return 0.0
    ordered = X[np.lexsort(X.T[::-1])]
    here = form.with_values(values)
    at_rows = here.evaluate(ordered)
    between = here.evaluate((1 - PLACE) * ordered[:-1] + PLACE * ordered[1:])
    with np.errstate(all="ignore"):
        result = float(np.sqrt(np.mean((between - (1 - PLACE) * at_rows[:-1] - PLACE * at_rows[1:]) ** 2)))
    return float(f"{result:.3g}") if np.isfinite(result) else float("inf")


def aliased(form: ParametricForm, X: np.ndarray, values: np.ndarray) -> bool:
    """Whether a formula oscillates more than once per two rows, so that the rows show a slower oscillation.

    A formula that the rows resolve is, between two of them, no further from the straight line through them than about
    a quarter of its second differences along the rows; that is reached at two rows per period. Only tables of one
    column have an order that says so; others are never aliased.

    Parameters
    ----------
    form : ParametricForm
    X : array (n, d)
    values : array (k,)
    """
    if X.shape[1] != 1 or len(X) < 3 or not form.expression.has(*OSCILLATING):
        return False
    ordered = X[np.argsort(X[:, 0])]
    at_rows = form.with_values(values).evaluate(ordered)
    with np.errstate(all="ignore"):
        bends = float(np.sqrt(np.mean(np.diff(at_rows, 2) ** 2)))
        return bool(roughness(form, X, values) > RESOLVED * bends)
