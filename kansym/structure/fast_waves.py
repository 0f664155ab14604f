"""Waves of many turns in one column, alone or damped, beside a straight line and one another.

A record of an oscillation has hundreds of turns, which no polynomial or interpolant follows. The highest peak of the
periodogram of what is left, up to the frequency that the spacing of the rows tells, starts a wave with several decays;
all rates so far are fitted together by variable projection, and the next peak is looked for as long as there is one
that chance does not make.
"""

import math
from collections.abc import Iterator

import numpy as np
import sympy

from kansym.structure.periodogram import TURN, highest_peak
from kansym.structure.rates import Block, RateFit, Rows, fitted
from kansym.structure.rounding import ROUNDING

SLOWEST = 40.0
"""Frequency, in radians from the middle of the column to its end, below which polynomials follow a wave."""

DECAYS = (-0.5, 0.5, -3.0, 3.0, -12.0, 12.0)
"""Starts of decays, from the middle of the column to its end."""

MOST = 4
"""Most waves."""

NEARLY = 1e-7
"""Residual, in units of y's root mean square, at which only digits of rates are left to find."""


def fast_waves(
    x: np.ndarray, y: np.ndarray, symbol: sympy.Symbol, *, weights: np.ndarray | None = None, noise: float = 0.0
) -> Iterator[sympy.Expr]:
    """A sum of waves that leaves no peak, with Float constants; nothing where none turns so often.

    Parameters
    ----------
    x, y : ndarray, shape (n,)
    symbol : sympy.Symbol
        For x.
    weights : ndarray, shape (n,), optional
        Of the squared residuals of y.
    noise : float, default 0
        Standard deviation of y where the weight is one, as far as it is known.
    """
    rows = Rows.of(x, y, weights)
    if rows is None or TURN * (rows.distinct - 1) < SLOWEST:
        return
    few = rows.scattered()
    floor = max(noise / rows.size, ROUNDING)
    fit = fitted((Block(0.0, 0.0, 2),), few)
    while fit is not None and len(fit.blocks) <= MOST and fit.square > NEARLY**2 * few.number:
        peak = _peak(few, fit.residual)
        # What is slow is left to others, unless it is beside what is fast.
        slow = len(fit.blocks) == 1 and (peak or 0.0) < SLOWEST
        more = None if peak is None or slow else _with_wave(fit, peak, few, floor)
        if more is None:
            break
        fit = more
    whole = fitted(fit.blocks, rows) if fit is not None and len(fit.blocks) > 1 else None
    if whole is not None:
        yield rows.written(whole, floor, symbol)


def _peak(rows: Rows, residual: np.ndarray) -> float | None:
    """The frequency that explains most of a residual; None where chance may be the reason."""
    size = float(np.linalg.norm(residual))
    if not size > 0:
        return None
    height, frequencies = highest_peak(residual * rows.root / size, rows.s[:, None])
    return float(frequencies[0]) if height > 0 else None


def _with_wave(fit: RateFit, frequency: float, rows: Rows, floor: float) -> RateFit | None:
    """The sum with one more wave, the shortest of plain, damped and swelling ones; None where it is no shorter."""
    blocks = [Block(decay, frequency, 1) for decay in (0.0, *DECAYS)]
    swelling = Block(0.0, frequency, 2)
    fits = [fitted((*fit.blocks, block), rows) for block in (*blocks, swelling)]
    lengths = [(rows.length(one, floor), place) for place, one in enumerate(fits) if one is not None]
    best, place = min(lengths, default=(math.inf, 0))
    return fits[place] if best < rows.length(fit, floor) else None
