"""Signs that the formula leaves open, such as that of a width that only occurs squared."""

from collections.abc import Collection, Sequence
from itertools import combinations

import numpy as np

from kansym.symbolic.parametric import ParametricForm

LARGEST_GROUP = 2
"""Constants whose signs are turned at once: one for a width that is squared, two for an amplitude over it."""


def positive_where_free(
    form: ParametricForm, columns: Sequence[np.ndarray], values: np.ndarray, fixed: Collection[int]
) -> np.ndarray:
    """The values with as many positive ones as changes of sign that change nothing allow.

    Parameters
    ----------
    form : ParametricForm
    columns : sequence of d arrays (n,)
    values : array (k,)
    fixed : collection of int
        Constants that keep their sign, by index.
    """
    result = np.array(values)
    reference = form.value_at(columns, result)
    free = [j for j in range(len(result)) if j not in fixed]
    for size in range(1, LARGEST_GROUP + 1):
        for group in combinations(free, size):
            turned = result.copy()
            turned[list(group)] *= -1
            # The first of a group decides a tie: an amplitude and a width of opposite signs.
            gain = int((turned > 0).sum()) - int((result > 0).sum())
            if gain < 0 or (gain == 0 and result[group[0]] > 0):
                continue
            if np.allclose(form.value_at(columns, turned), reference, rtol=1e-12, atol=0.0):
                result = turned
    return result
