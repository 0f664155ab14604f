"""Sums of waves without whatever they can spare: monomials of phases, amplitudes and of the polynomial beside them.

Backward elimination by what leaving out a parameter adds to the sum of squares, as many at once as can be spared
together.
"""

import itertools
import math

import numpy as np

from kansym import clock
from kansym.clock import Work
from kansym.structure.rational import powers_up_to
from kansym.terms.waves import Wave, WaveFit, WaveRows, WaveSum, fitted

LOW_DEGREES = (0, 1, 2, 3, 4)
"""Degrees of polynomials that a law may have beside its waves."""

STEPS = 60
"""Most steps of a fit."""

ROUNDING = 1e-11
"""Residual, in units of the target's root mean square, that is rounding."""

PARAMETER_NATS = 4.0
"""Nats of a parameter's place in a formula, besides those of its digits."""

PRETENDED = 3.0
"""Noise that is pretended while waves are shortened beside a polynomial of high degree, in units of what they leave:
where other terms make it, it is not theirs to explain."""

ALONE = 3
"""Least important parameters that are tried one by one where none can be spared together."""


class Shortening:
    """Shorter sums of waves for one table.

    Parameters
    ----------
    rows : WaveRows
        Not scaled, so that monomials are powers of the columns.
    number : int
        Rows of the table.
    """

    def __init__(self, rows: WaveRows, number: int) -> None:
        self.rows, self.number = rows, number

    def length(self, fit: WaveFit) -> float:
        """Description length in nats."""
        return length(fit, ROUNDING, self.number)

    def waves(self, fit: WaveFit, smooth: np.ndarray) -> WaveFit:
        """Shorter waves beside columns (n, F) that are not asked whether they are needed."""
        return self.shortened(fit, self.rows.beside(smooth), max(ROUNDING, PRETENDED * fit.error))

    def whole(self, waves: tuple[Wave, ...]) -> WaveFit:
        """A polynomial of low degree with some waves, and neither with more than is needed."""
        dimension = self.rows.X.shape[1]
        sums = [WaveSum(tuple(powers_up_to(dimension, degree)), waves) for degree in LOW_DEGREES]
        fits = [fitted(one, self.rows, STEPS) for one in sums]
        best = min(fits, key=self.length)
        return self.shortened(best, self.rows, ROUNDING)

    def shortened(self, fit: WaveFit, rows: WaveRows, floor: float) -> WaveFit:
        """The same waves without what they can spare, where a residual of `floor` means nothing."""
        price = PARAMETER_NATS + 0.5 * math.log(self.number)
        while math.isfinite(fit.square) and fit.parameters:
            added = fit.importance()
            order = np.argsort(added, kind="stable")
            misfit = fit.square + rows.number * floor**2
            nats = 0.5 * self.number * np.log1p(np.cumsum(added[order]) / misfit)
            spared = int(np.sum(nats < price * np.arange(1, len(order) + 1)))
            together = ((order[: spared >> k]) for k in range(spared.bit_length()))
            alone = (order[k : k + 1] for k in range(ALONE))
            for dropped in itertools.chain(together, alone):
                total = fit.total.without(set(dropped.tolist()))
                tried = fitted(total, rows, STEPS) if total.waves else None
                if tried is not None and length(tried, floor, self.number) < length(fit, floor, self.number):
                    fit = tried
                    break
            else:
                return fit
        return fit


def length(fit: WaveFit, floor: float, number: int) -> float:
    """Description length in nats, for so many rows."""
    price = PARAMETER_NATS + 0.5 * math.log(number)
    return 0.5 * number * math.log(fit.error**2 + floor**2) + price * fit.parameters


def unscaled(wave: Wave, scaled: WaveRows, plain: WaveRows) -> Wave:
    """The same phase, but for a constant, in powers of the columns as they are."""
    every = plain.columns(((0,) * plain.X.shape[1], *wave.monomials))
    clock.charge(Work.DENSE_PRODUCTS, every.size * every.shape[1])
    rates = np.linalg.lstsq(every, wave.phase(scaled), rcond=None)[0][1:]
    amplitudes = tuple(dict.fromkeys(powers for powers, _ in wave.sides))
    return Wave(wave.monomials, rates, ()).times(amplitudes)
