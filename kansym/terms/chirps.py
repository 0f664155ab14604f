"""Waves whose phases are polynomials of one to three columns, found before anything else of a law.

What a polynomial leaves is scanned for waves (`kansym.terms.chirp_scan`), the highest peaks are refined beside the
polynomial and the waves so far, and what they leave is scanned again, as long as there are peaks that chance does not
make. A product of waves is a sum of waves, so that it is found as one.
"""

import math
from dataclasses import dataclass, replace

import numpy as np

from kansym import clock
from kansym.structure.periodogram import SMOOTH_DEGREES
from kansym.structure.rational import powers_up_to
from kansym.terms.chirp_scan import Peak, peaks
from kansym.terms.shorter_waves import ROUNDING, Shortening, length, unscaled
from kansym.terms.wave_pairs import best_pairs
from kansym.terms.waves import Wave, WaveFit, WaveRows, WaveSum, fitted

LOW_DEGREE = 2
"""Degree of the polynomial beside slow waves, which one of high degree takes for its own."""

LEFT = 1e-3
"""Root mean square, in units of the target's, that a scan is to explain; below, other terms make most of it."""

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

SEEN, WHITE = 0.02, 0.25
"""Share of the sum of squares that each wave leaves where all that is left of the law is smooth, and that all of them
leave where it has no peaks, as noise has none."""

SWELLS = 0.5
"""Share of the sum of squares that amplitudes which are no constants leave at most where they are needed."""

NEAR_NOISE, AS_GOOD = 1.5, 1.1
"""Residuals in units of the noise, and of another fit, that are as good."""

MOST_PARAMETERS = 3
"""Most rates and coefficients of a wave, and of one more, in a sum that leaves nothing."""

MOST_SLOW = 2
"""Waves beside which nothing is left where a polynomial leaves little."""

PAIRED_DEGREES, PAIRS = {1: (0, 2), 2: (2,)}, 40
"""Degrees of polynomials, by the number of columns, beside two waves that are found together, and pairs that are
refined."""

FEWEST_TURNS = 2.0
"""Turns of a phase over the rows, with noise: slower ones bend like any smooth curve."""

EXACT = 1.5 * ROUNDING
"""Residual, in units of the target's root mean square, at which nothing is left."""


@dataclass(frozen=True, eq=False)
class Chirps:
    """Waves that are seen in a table.

    Attributes
    ----------
    waves : tuple of Wave
        In powers of the columns, with no more of them than needed.
    part : WaveFit or None
        The waves alone, where what they leave is smooth but no polynomial.
    fit : WaveFit or None
        A sum of waves and a polynomial that leaves nothing but noise, as short as it gets.
    size : float
        Root mean square of the target, in units of which coefficients are.
    """

    waves: tuple[Wave, ...]
    part: WaveFit | None
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
        basis = self._smooth(SMOOTH_DEGREES[self.dimension])
        rows = self.scaled.beside(basis)
        before = fitted(WaveSum((), ()), rows, 0)
        if before.error < EXACT:
            return None
        if before.error < LEFT:
            seen = self._slow()
            return None if seen is None else self._exact(seen, size)
        firsts = self._more(before, peaks(before.residual, rows, PEAKS), rows, basis)
        if not firsts or not _gained(firsts[0], before, LEAST_GAIN):
            return None
        clear = _gained(firsts[0], before, CLEAR_GAIN)
        seen = self._alone(firsts, rows, basis)
        if seen is None and self.dimension == 1:
            # In one column a polynomial of high degree has much of a wave that turns back.
            seen = self._low_alone()
        if seen is None and not clear:
            seen = self._paired(self.late)
        if seen is None:
            seen = self._waves(firsts[0], rows, basis)
        if not seen.exact:
            seen = self._slower(seen)
        if clear and not (seen.exact or self.noise):
            seen = self._paired(self.latest) or seen
        if seen.exact:
            return self._exact(seen, size)
        noisy = seen.white and seen.fit.error < NEAR_NOISE * self.noise
        waves, left = seen.fit.total.waves, seen.fit.square / before.square
        slow = any(np.ptp(wave.phase(self.scaled)) < FEWEST_TURNS * 2 * math.pi for wave in waves)
        if noisy and slow:
            return None
        white = seen.white and not slow and left < WHITE
        if not (noisy or white or left < SEEN ** len(waves)):
            return None
        part = self._shortened(seen)
        whole = self.shortening.whole(part.total.waves) if noisy else None
        good = whole is not None and whole.error < NEAR_NOISE * self.noise
        return Chirps(part.total.waves, None if good else part, whole if good else None, size)

    def _exact(self, seen: _Seen, size: float) -> Chirps | None:
        """Waves that leave nothing, unless they are so many that they would imitate anything."""
        waves = self._shortened(seen).total.waves
        whole = self.shortening.whole(waves)
        parameters = sum(len(wave.rates) + len(wave.sides) for wave in whole.total.waves)
        if parameters > MOST_PARAMETERS * (len(whole.total.waves) + 1):
            return None
        return Chirps(waves, None, whole if _exact(whole) else None, size)

    def _alone(self, firsts: list[WaveFit], rows: WaveRows, basis: np.ndarray) -> _Seen | None:
        """One wave that leaves nothing, with an amplitude that may be no constant."""
        for fit in firsts:
            one = fit if _exact(fit) else self._swelling(fit, rows)
            if _exact(one):
                return _Seen(one, basis, white=False)
        return None

    def _low_alone(self) -> _Seen | None:
        """The same beside a polynomial of low degree."""
        if clock.late(self.late):
            return None
        basis = self._smooth(LOW_DEGREE)
        rows = self.scaled.beside(basis)
        before = fitted(WaveSum((), ()), rows, 0)
        firsts = self._more(before, peaks(before.residual, rows, PEAKS), rows, basis)
        return self._alone(firsts or [], rows, basis)

    def _slow(self) -> _Seen | None:
        """One wave of a turn or less, or two, beside a polynomial of low degree, where they leave nothing."""
        basis = self._smooth(LOW_DEGREE)
        rows = self.scaled.beside(basis)
        fit = fitted(WaveSum((), ()), rows, 0)
        for _ in range(MOST_SLOW):
            more = self._more(fit, peaks(fit.residual, rows, PEAKS), rows, basis)
            if more and _exact(more[0]):
                return _Seen(more[0], basis, white=False)
            if not more or clock.late(self.late):
                return None
            fit = more[0]
        return None

    def _paired(self, late: float) -> _Seen | None:
        """Two waves that are found together, where they leave nothing."""
        for degree in PAIRED_DEGREES.get(self.dimension, ()):
            if clock.late(late):
                return None
            basis = self._smooth(degree)
            rows, few = self.scaled.beside(basis), self.scaled.take(LOOK_ROWS).beside(basis[:LOOK_ROWS])
            pairs = best_pairs(fitted(WaveSum((), ()), rows, 0).residual, rows, few, PAIRS)
            fits = self._best([WaveSum((), pair) for pair in pairs], rows, few)
            if not fits:
                continue
            fit = fits[0]
            white = fit.error < NEAR_NOISE * self.noise and not peaks(fit.residual, rows, 1)
            if _exact(fit) or white:
                return _Seen(fit, basis, white)
        return None

    def _shortened(self, seen: _Seen) -> WaveFit:
        """Waves in powers of the columns as they are, with no more of them than needed."""
        waves = tuple(unscaled(wave, self.scaled, self.plain) for wave in seen.fit.total.waves)
        fit = fitted(WaveSum((), waves), self.plain.beside(seen.basis), STEPS)
        return self.shortening.waves(fit, seen.basis)

    def _smooth(self, degree: int) -> np.ndarray:
        return self.scaled.columns(powers_up_to(self.dimension, degree))

    def _slower(self, seen: _Seen) -> _Seen:
        """The same waves and slower ones beside a polynomial of low degree, if they leave as little by that."""
        basis = self._smooth(LOW_DEGREE)
        rows = self.scaled.beside(basis)
        fit = fitted(seen.fit.total, rows, STEPS)
        if not math.isfinite(fit.square):
            return seen
        more = self._waves(fit, rows, basis)
        as_good = more.white and seen.white and more.fit.error < AS_GOOD * seen.fit.error
        return more if more.exact or as_good else seen

    def _waves(self, fit: WaveFit, rows: WaveRows, basis: np.ndarray) -> _Seen:
        """The best fit with as many further waves as pay."""
        found: list[WaveFit] = []
        late, white = self.late, False
        while True:
            swelling = fit if _exact(fit) else self._swelling(fit, rows)
            if _exact(swelling):
                return _Seen(swelling, basis, white=False)
            if swelling.square < SWELLS * fit.square and not peaks(swelling.residual, rows, 1):
                return _Seen(swelling, basis, white=True)
            found += [fit, swelling]
            if fit.error < LEFT or len(fit.total.waves) == MOST_WAVES or clock.late(late):
                break
            more = self._more(fit, peaks(fit.residual, rows, PEAKS), rows, basis)
            white = more is None
            if not more or not _gained(more[0], fit, LEAST_GAIN):
                break
            late = self.latest if _gained(more[0], fit, CLEAR_GAIN) else self.late
            fit = more[0]
            # The first wave may have been none of the law's.
            last = fitted(replace(fit.total, waves=fit.total.waves[-1:]), rows, STEPS)
            if last.error < LEFT:
                return _Seen(last, basis, white=False)
        # What a polynomial leaves of other terms is not for waves to explain.
        best = min(found, key=lambda one: length(one, LEFT, rows.number) if math.isfinite(one.square) else math.inf)
        return _Seen(best, basis, white)

    def _more(self, fit: WaveFit, seen: list[Peak], rows: WaveRows, basis: np.ndarray) -> list[WaveFit] | None:
        """Fits with a peak as another wave, the one that leaves least first; None where there are no peaks."""
        if not seen:
            return None
        few = self.scaled.take(LOOK_ROWS).beside(basis[:LOOK_ROWS])
        return self._best([replace(fit.total, waves=(*fit.total.waves, peak.wave())) for peak in seen], rows, few)

    def _best(self, sums: list[WaveSum], rows: WaveRows, few: WaveRows) -> list[WaveFit]:
        """The sums that leave least once they are refined, on few rows first; the best of them refined to the end."""
        looks = [fitted(one, few, LOOK_STEPS) for one in sums]
        looks = sorted((one for one in looks if math.isfinite(one.square)), key=lambda one: one.square)[:TRIED]
        whole = [fitted(one.total, rows, LOOK_STEPS) for one in looks]
        whole = sorted((one for one in whole if math.isfinite(one.square)), key=lambda one: one.square)
        return [fitted(whole[0].total, rows, STEPS), *whole[1:]] if whole else []

    def _swelling(self, fit: WaveFit, rows: WaveRows) -> WaveFit:
        """The same waves with amplitudes that are linear, or quadratic in the only column."""
        amplitudes = powers_up_to(self.dimension, 2 if self.dimension == 1 else 1)
        waves = tuple(wave.times(amplitudes) for wave in fit.total.waves)
        return fitted(replace(fit.total, waves=waves), rows, STEPS)


def _gained(more: WaveFit, fit: WaveFit, share: float) -> bool:
    return more.square < (1 - share) * fit.square


def _exact(fit: WaveFit) -> bool:
    return fit.error < EXACT
