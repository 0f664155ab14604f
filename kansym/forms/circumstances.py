"""What a search knows about whether the law is among the forms that it has met."""

import math
from dataclasses import dataclass

from kansym.fitting.predictability import leftover
from kansym.fitting.residuals import EXACT, residuals_of
from kansym.forms.distinct import DistinctForm
from kansym.search.results import Discovery, StopReason

OPEN = (
    StopReason.ALL_SHAPES_TRIED,
    StopReason.OUT_OF_TIME,
    StopReason.OUT_OF_WALL_TIME,
    StopReason.FAILED,
    StopReason.INTERRUPTED,
)
"""Endings of a search that has not seen that nothing is left."""

LEAST_P = 1e-3
"""Least probability that counts: some hundred permutations tell no smaller ones."""


@dataclass(frozen=True)
class Circumstances:
    """Of the pick of a search.

    Attributes
    ----------
    rows, columns : int
        Of the table; columns that the pick has.
    words : float
        Bits of the pick itself.
    constants : int
        That were fitted.
    noise : float
        What it leaves, in units of the spread of y.
    left_p : float
        Probability by chance of what smooth functions predict of its residuals; 1 where that cannot be asked.
    settled : bool
        Whether the search ended because it saw nothing left, as far as is known.
    """

    rows: int
    columns: int
    words: float
    constants: int
    noise: float
    left_p: float
    settled: bool

    def signals(self, doubt: float) -> dict[str, float]:
        """What the logistic model of `kansym.forms.calibration` weighs, by name.

        unsettled: whether the search ended in any other way; left: minus the decimal logarithm of that probability;
        words: binary logarithm of the bits of the pick; gain: of the bits gained for each of these;
        rows: decimal logarithm of their number; doubt.

        Parameters
        ----------
        doubt : float
            Share of the forms that were met other than the pick.
        """
        noise = min(max(self.noise, EXACT), 1.0)
        gained = -self.rows * math.log2(noise)
        return {
            "unsettled": float(not self.settled),
            "left": -math.log10(max(self.left_p, LEAST_P)),
            "words": math.log2(max(self.words, 1.0)),
            "gain": math.log2(max(gained, 1.0) / max(self.words, 1.0)),
            "rows": math.log10(max(self.rows, 1)),
            "doubt": doubt,
        }


def circumstances(discovery: Discovery, pick: DistinctForm, left_p: float | None = None) -> Circumstances:
    """Measure them on the rows of a discovery; `left_p` where it is known already."""
    residuals = residuals_of(discovery.formula, discovery.dataset)
    if left_p is None:
        left = leftover(residuals, discovery.dataset.names, seed=0)
        left_p = 1.0 if left is None else left.p_value
    noise = residuals.rms / residuals.spread if residuals.n and residuals.spread > 0 else math.inf
    return Circumstances(
        rows=residuals.n,
        columns=len(discovery.formula.expression.free_symbols),
        words=pick.words,
        constants=residuals.k,
        noise=noise,
        left_p=left_p,
        settled=discovery.stopped not in OPEN,
    )
