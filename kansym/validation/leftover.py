"""Is anything left: does a smooth function of the inputs predict the residuals?"""

from dataclasses import dataclass

import numpy as np

from kansym.validation.rows import Residuals
from kansym.validation.smoothers import FEWEST_ROWS, MOST_ROWS, best_share

LEVEL = 0.01
"""Probability of an objection to residuals that are pure noise."""


@dataclass(frozen=True)
class Leftover:
    """What smooth functions of the inputs predict of the residuals.

    Attributes
    ----------
    share : float
        Most of the variance of the residuals that one of them predicts, each row from the others; near zero or
        negative where nothing is left.
    p_value : float
        Of as large a share by chance, from permutations of the residuals, with the choice among the functions in it.
    smoother : str
        Which function it was, in words.
    rows : int
        Rows used.
    """

    share: float
    p_value: float
    smoother: str
    rows: int

    @property
    def objection(self) -> bool:
        """Whether something is left."""
        return self.p_value < LEVEL and self.share > 0


def leftover(residuals: Residuals, names: tuple[str, ...], *, seed: int) -> Leftover | None:
    """Try to predict the residuals of a formula from the inputs.

    Kernels of several widths, means of neighbours and cosines along single columns predict every residual from the
    others. The same is done with permuted residuals, and the largest share of each permutation is what chance, and
    the choice of the best of these functions, can do.

    Parameters
    ----------
    residuals : Residuals
    names : tuple of str, length d
    seed : int
        Of the permutations and of the rows that are used.

    Returns
    -------
    Leftover or None
        None for an exact fit and for fewer than eight rows.
    """
    if residuals.exact or residuals.n < FEWEST_ROWS or residuals.rms == 0 or residuals.n - residuals.k < 4:
        return None
    generator = np.random.default_rng(seed)
    rows = np.arange(residuals.n)
    if len(rows) > MOST_ROWS:
        rows = np.sort(generator.choice(len(rows), MOST_ROWS, replace=False))
    # Single wild residuals would decide alone; beyond four standard deviations they are drawn in.
    r = np.clip(residuals.standardized[rows], -4.0, 4.0)
    found = best_share(residuals.X[rows], r, names, generator)
    return None if found is None else Leftover(found.share, found.p_value, found.smoother, len(rows))
