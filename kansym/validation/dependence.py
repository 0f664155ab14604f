"""Does y depend on the inputs at all, and how well does any smooth function predict it?"""

from dataclasses import dataclass

import numpy as np
import scipy.stats

from kansym.validation.rows import Residuals
from kansym.validation.smoothers import FEWEST_ROWS, MOST_ROWS, best_share


@dataclass(frozen=True)
class Dependence:
    """What generic smooth functions of the inputs make of y.

    Attributes
    ----------
    p_value : float
        Of as close a dependence by chance, from permutations of the ranks of y, with the choice among the functions
        in it.
    left : float
        Least share of the variance of y that one of them leaves, each row from the others; 1 where none is better
        than the mean.
    smoother : str
        Which function that was, in words.
    rows : int
        Rows used.
    """

    p_value: float
    left: float
    smoother: str
    rows: int


def dependence(residuals: Residuals, names: tuple[str, ...], *, seed: int) -> Dependence | None:
    """Ask, without any formula, whether y depends on the inputs.

    A search looks at very many formulas, and the rows that chose one cannot say whether it is chance. This asks the
    rows a question that no search has touched. A formula that is as good as the best of these functions, each row
    predicted from the others, is as good a description as they are.

    Parameters
    ----------
    residuals : Residuals
        Brings the rows; the formula is not used.
    names : tuple of str, length d
    seed : int
        Of the permutations and of the rows that are used.

    Returns
    -------
    Dependence or None
        None below eight rows.
    """
    if residuals.n < FEWEST_ROWS or not np.ptp(residuals.y) > 0:
        return None
    generator = np.random.default_rng(seed)
    rows = np.arange(residuals.n)
    if len(rows) > MOST_ROWS:
        rows = np.sort(generator.choice(len(rows), MOST_ROWS, replace=False))
    y = residuals.y[rows] / np.max(np.abs(residuals.y))
    # Ranks for the test, since a few large values would decide alone; the values themselves for the comparison.
    ranked = best_share(residuals.X[rows], scipy.stats.rankdata(y), names, generator)
    plain = best_share(residuals.X[rows], y, names, None)
    if ranked is None or plain is None:
        return None
    return Dependence(ranked.p_value, float(min(1.0, max(0.0, 1.0 - plain.share))), plain.smoother, len(rows))
