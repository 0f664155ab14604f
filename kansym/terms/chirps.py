"""Waves whose phases are polynomials of one to three columns, found before anything else of a law.

What a polynomial leaves is scanned for waves (`kansym.terms.chirp_scan`), the highest peaks are refined beside the
polynomial and the waves so far, and what they leave is scanned again, as long as there are peaks that chance does not
make. A product of waves is a sum of waves, so that it is found as one.
"""

import math
from dataclasses import dataclass, replace

import numpy as np

from kansym import clock
from kansym.terms.chirp_scan import Peak, peaks
from kansym.terms.shorter_waves import ROUNDING, Shortening, length, monomials, unscaled
from kansym.terms.waves import Wave, WaveFit, WaveRows, WaveSum, fitted

DEGREES = {1: 10, 2: 6, 3: 4, 4: 3, 5: 3}
"""Degree of the polynomial, by the number of columns, that takes out all that is smooth: where it leaves nothing, there
is no wave of several turns."""

LOW_DEGREE = 2
"""Degree of the polynomial beside slow waves, which one of high degree takes for its own."""

LEFT = 1e-3
"""Root mean square, in units of the target's, that is left for a scan to explain; below, other terms make most of it."""

FITTED = 800
"""Rows that waves are fitted to."""

LOOK_ROWS, LOOK_STEPS, STEPS = 320, 15, 60
"""Rows and steps of a peak's first refinement, and most steps beside all other waves."""

PEAKS, TRIED = 6, 3
"""Peaks that are refined, and the best of them beside all others."""

MOST_WAVES = 4
"""Most waves: a product of three has as many."""

LEAST_GAIN, CLEAR_GAIN = 0.12, 0.97
"""Share of the sum of squares that a wave must take away, and one after which more waves have more time."""

MORE_TIME = 3.0
"""Times as long as without a clear wave."""

SEEN = 0.02
"""Share of the sum of squares that each wave leaves where all that is left of the law is smooth."""

SWELLS = 0.5
"""Share of the sum of squares that amplitudes which are no constants leave at most where they are needed."""

NEAR_NOISE, AS_GOOD = 1.5, 1.1
"""Residuals in units of the noise, and of another fit, that are as good."""

EXACT = 1.5 * ROUNDING
"""Residual, in units of the target's root mean square, at which nothing is left."""


@dataclass(frozen=True, eq=False)
class Chirps:
    """Waves that are seen in a table.

    Attributes
    ----------
    waves : tuple of Wave
        In powers of the columns, with no more of them than needed.
    fit : WaveFit or None
        A sum of waves and a polynomial that leaves nothing but noise, as short as it gets.
    size : float
        Root mean square of the target, in units of which coefficients are.
    """

    waves: tuple[Wave, ...]
    fit: WaveFit | None
    size: float


def chirps(
    X: np.ndarray, y: np.ndarray, root: np.ndarray, *, noise: float = 0.0, seed: int = 0, seconds: float = math.inf
) -> Chirps | None:
    """Look for waves; None where none are seen.

    Parameters
    ----------
    X : ndarray, shape (n, d)
        One to five columns.
    y : ndarray, shape (n,)
    root : ndarray, shape (n,)
        Root weights.
    noise : float, default 0
        Standard deviation of y's errors, in units of y, where it is known.
    seed : int, default 0
        Of the rows.
    seconds : float, default inf
        Time after which no further wave is looked for, unless the last one was clear.
    """
    low, high = X.min(0), X.max(0)
    chosen = np.random.default_rng(seed).permutation(len(y))[:FITTED]
    target = (y * root)[chosen]
    size = math.sqrt(float(np.mean(target**2)))
    if not ((high > low).all() and math.isfinite(size) and size > 0):
        return None
    plain = WaveRows.of(X[chosen], target / size, root[chosen], scaled=False)
    scaled = WaveRows.of((plain.X - (low + high) / 2) / ((high - low) / 2), plain.y, plain.root, scaled=True)
    return _Search(plain, scaled, len(y), noise / size, seconds).found(size)


@dataclass(frozen=True, eq=False)
class _Seen:
    """Waves beside a polynomial, and whether what they leave has no further peaks."""

    fit: WaveFit
    basis: np.ndarray
    white: bool

    @property
    def exact(self) -> bool:
        return _exact(self.fit)


class _Search:
    """Waves one after another.

    Parameters
    ----------
    plain, scaled : WaveRows
    number : int
        Rows of the table.
    noise : float
        In units of the target.
    seconds : float
    """

    def __init__(self, plain: WaveRows, scaled: WaveRows, number: int, noise: float, seconds: float) -> None:
        self.plain, self.scaled, self.noise = plain, scaled, noise
        self.late, self.latest = clock.now() + seconds, clock.now() + MORE_TIME * seconds
        self.dimension = plain.X.shape[1]
        self.shortening = Shortening(plain, number)

    def found(self, size: float) -> Chirps | None:
        basis = self._smooth(DEGREES[self.dimension])
        rows = self.scaled.beside(basis)
        before = fitted(WaveSum((), ()), rows, 0)
        seen = self._waves(before, rows, basis) if before.error > LEFT else None
        if seen is None:
            return None
        clear = seen.fit.square < SEEN ** len(seen.fit.total.waves) * before.square
        noisy = seen.white and seen.fit.error < NEAR_NOISE * self.noise
        if not (clear or seen.exact or noisy):
            return None
        slower = None if seen.exact else self._slower(seen)
        if slower is not None and slower.exact:
            seen, slower = slower, None
        waves = self._shortened(seen)
        if not (seen.exact or noisy):
            return Chirps(waves, None, size)
        sums = [waves] if slower is None else [waves, self._shortened(slower)]
        whole = min(map(self.shortening.whole, sums), key=self.shortening.length)
        good = whole.error < max(EXACT, NEAR_NOISE * self.noise)
        return Chirps(waves, whole if good else None, size)

    def _shortened(self, seen: _Seen) -> tuple[Wave, ...]:
        """Waves in powers of the columns as they are, with no more of them than needed."""
        waves = tuple(unscaled(wave, self.scaled, self.plain) for wave in seen.fit.total.waves)
        fit = fitted(WaveSum((), waves), self.plain.beside(seen.basis), STEPS)
        return self.shortening.waves(fit, seen.basis)

    def _smooth(self, degree: int) -> np.ndarray:
        return self.scaled.columns(monomials(self.dimension, degree))

    def _slower(self, seen: _Seen) -> _Seen | None:
        """The same waves and slower ones beside a polynomial of low degree, where they leave nothing more by that."""
        basis = self._smooth(LOW_DEGREE)
        rows = self.scaled.beside(basis)
        fit = fitted(seen.fit.total, rows, STEPS)
        if _exact(fit):
            return _Seen(fit, basis, white=False)
        more = self._waves(fit, rows, basis) if math.isfinite(fit.square) else None
        if more is None:
            return None
        as_good = seen.white and more.fit.error < AS_GOOD * seen.fit.error
        return more if more.exact or as_good else None

    def _waves(self, fit: WaveFit, rows: WaveRows, basis: np.ndarray) -> _Seen | None:
        """The best fit with more waves; None where none is seen."""
        found: list[WaveFit] = []
        white = False
        while len(fit.total.waves) < MOST_WAVES and fit.error > LEFT:
            seen = peaks(fit.residual, rows, PEAKS)
            white = not seen
            more = self._more(fit, seen, rows) if seen else None
            if more is None or more.square > (1 - LEAST_GAIN) * fit.square:
                break
            clear = more.square < (1 - CLEAR_GAIN) * fit.square
            fit = more
            swelling = fit if _exact(fit) else self._swelling(fit, rows)
            if _exact(swelling):
                return _Seen(swelling, basis, white=False)
            if swelling.square < SWELLS * fit.square and not peaks(swelling.residual, rows, 1):
                return _Seen(swelling, basis, white=True)
            found += [fit, swelling]
            if clock.late(self.latest if clear else self.late):
                break
        found = [one for one in found if math.isfinite(one.square)]
        if not found:
            return None
        # What a polynomial leaves of other terms is not for waves to explain.
        best = min(found, key=lambda one: length(one, LEFT, rows.number))
        return _Seen(best, basis, white)

    def _more(self, fit: WaveFit, seen: list[Peak], rows: WaveRows) -> WaveFit | None:
        """A fit with the peak that takes most away as another wave."""
        few = rows.take(LOOK_ROWS)
        few = few.beside(rows.fixed[:LOOK_ROWS] / few.root[:, None])
        sums = [replace(fit.total, waves=(*fit.total.waves, _wave(peak))) for peak in seen]
        looks = [fitted(one, few, LOOK_STEPS) for one in sums]
        looks = sorted((one for one in looks if math.isfinite(one.square)), key=lambda one: one.square)[:TRIED]
        whole = [fitted(one.total, rows, LOOK_STEPS) for one in looks]
        best = min(whole, key=lambda one: one.square, default=None)
        return None if best is None else fitted(best.total, rows, STEPS)

    def _swelling(self, fit: WaveFit, rows: WaveRows) -> WaveFit:
        """The same waves with amplitudes that are linear, or quadratic in the only column."""
        amplitudes = monomials(self.dimension, 2 if self.dimension == 1 else 1)
        waves = tuple(wave.times(amplitudes) for wave in fit.total.waves)
        return fitted(replace(fit.total, waves=waves), rows, STEPS)


def _exact(fit: WaveFit) -> bool:
    return fit.error < EXACT


def _wave(peak: Peak) -> Wave:
    return Wave(peak.monomials, peak.rates, ()).times([peak.amplitude])
