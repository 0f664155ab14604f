"""Squares of waves: curves of one column that touch zero from one side, again and again.

Intensities are squares of amplitudes, (sin(a x) cos(b x)/x)^2 behind two slits, and a square forgets the sign of what
was squared. Its zeros are double, so that the root of the curve has a kink where the amplitude goes through zero. The
sign is followed from peak to peak, by which of both continuations is smooth, and the amplitude is then a sum of two
waves over a power of the column, found among all pairs of frequencies.
"""

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import sympy
from scipy.signal import find_peaks, peak_prominences

from kansym.terms.chirp_scan import Peak
from kansym.terms.shorter_waves import ROUNDING, Shortening
from kansym.terms.wave_forms import wave_formulas
from kansym.terms.wave_pairs import pair_gains
from kansym.terms.waves import WaveFit, WaveRows, WaveSum, fitted

LEAST_ROWS, FEWEST = 20, 2
"""Rows, and times that it touches zero, that tell a square from a curve that happens to come near to zero."""

PEAK, SEEN = 0.3, 5.0
"""Least prominence of a peak between two zeros, in units of its height and of its errors."""

ACROSS = 3
"""Rows on both sides of a minimum that tell whether the root goes through zero there, by a parabola."""

SMOOTHER = 0.5
"""Share of the misfit of that parabola that a change of sign leaves at most."""

AT_MOST, LOW = 3.0, 0.1
"""Lowest row between two peaks, in units of its error and of the lower peak, that may be at zero."""

AT_ZERO = 0.1
"""Root of a row beside a zero, in units of the lower neighbouring peak's, below which its sign is not known."""

ENVELOPES = (0, 1, 2)
"""Powers of the column that the waves are divided by."""

FREQUENCIES, FREQUENCY_STEP = 120, 0.5
"""Frequencies that are paired, and half turns over the data from one to the next."""

PAIRS, APART, STEPS = 12, 1, 60
"""Pairs that are refined, steps of the grid by which one of their frequencies differs, and most steps of refinement."""

MOST_LEFT = 0.05
"""Root mean square, in units of the target's, that a pair of waves leaves at most."""

MOST_GAPS, HANDED = 6, 2
"""Places where the sign of all that follows may be another one, and pairs of waves that are handed on, at most."""


@dataclass(frozen=True, eq=False)
class SignedRoot:
    """The root of a curve with signs that make it smooth.

    Attributes
    ----------
    z, slope : ndarray, shape (n,)
        The root and |dy/dz|, which is zero where the sign is not known.
    zeros, low : int
        How often the sign changes, and how often the curve may be at zero between two peaks.
    gaps : list of float
        Where the lowest rows between neighbouring peaks are.
    """

    z: np.ndarray
    slope: np.ndarray
    zeros: int
    low: int
    gaps: list[float]


def signed_root(x: np.ndarray, y: np.ndarray, sigma: np.ndarray | float = 0.0) -> SignedRoot:
    """The root of a target that touches zero.

    Parameters
    ----------
    x : ndarray, shape (n,)
    y : ndarray, shape (n,)
        Noise may make it negative near its zeros.
    sigma : ndarray, shape (n,), or float, default 0
        Standard deviation of the errors of y.
    """
    order = np.argsort(x, kind="stable")
    x, y, sigma = x[order], y[order], np.broadcast_to(sigma, y.shape)[order]
    root = np.sqrt(np.maximum(y, 0.0))
    sign, known, zeros, low, gaps = np.ones(len(y)), np.ones(len(y), dtype=bool), 0, 0, []
    for one, other in itertools.pairwise(_peaks(y, sigma)):
        lowest = one + int(y[one : other + 1].argmin())
        gaps.append(float(x[lowest]))
        near = slice(max(lowest - ACROSS, 0), lowest + ACROSS + 1)
        weight = root[near] / np.maximum(sigma[near], 1e-12 * y.max())
        # The lowest row may lie on either side of the zero.
        changes = {k: _misfit(x[near], root[near], weight, k - near.start) for k in (lowest, lowest + 1)}
        best = min(changes, key=lambda k: changes[k])
        low += bool(y[lowest] < max(AT_MOST * sigma[lowest], LOW * min(y[one], y[other])))
        if changes[best] < SMOOTHER * _misfit(x[near], root[near], weight, 0):
            sign[best:] *= -1
            zeros += 1
            beside = slice(max(lowest - 1, 0), lowest + 2)
            known[beside] &= root[beside] > AT_ZERO * min(root[one], root[other])
    back = np.argsort(order, kind="stable")
    return SignedRoot((sign * root)[back], (2 * root * known)[back], zeros, low, gaps)


def _peaks(y: np.ndarray, sigma: np.ndarray) -> list[int]:
    """Places of the peaks of a curve in order, its ends among them, that stand out between lower places."""
    walled = np.concatenate([[y.min()], y, [y.min()]])
    places, _ = find_peaks(walled)
    prominence, places = peak_prominences(walled, places)[0], places - 1
    return places[(prominence > SEEN * sigma[places]) & (prominence > PEAK * y[places])].tolist()


def _misfit(x: np.ndarray, root: np.ndarray, weight: np.ndarray, change: int) -> float:
    """Weighted sum of squares that a parabola leaves of a root with another sign from row `change` on."""
    signed = np.where(np.arange(len(x)) >= change, -root, root) * weight
    columns = np.vander((x - x[0]) / max(float(np.ptp(x)), 1e-300), 3) * weight[:, None]
    left = signed - columns @ np.linalg.lstsq(columns, signed, rcond=None)[0]
    return float(left @ left)


def squared_waves(
    x: np.ndarray, y: np.ndarray, variable: sympy.Symbol, *, weights: np.ndarray | None = None, noise: float = 0.0
) -> Iterator[sympy.Expr]:
    """Formulas of squares of at most two waves over a power of the column, those that leave least first.

    Parameters
    ----------
    x, y : ndarray, shape (n,)
        A target of one sign but for noise.
    variable : Symbol
    weights : ndarray, shape (n,), optional
        Of the squared residuals.
    noise : float, default 0
        Standard deviation of y's errors where weights are one, if it is known.
    """
    root = np.ones(len(y)) if weights is None else np.sqrt(weights / weights.mean())
    sign = 1.0 if y.sum() > 0 else -1.0
    if len(y) < LEAST_ROWS or not np.ptp(x) > 0 or (sign * y < -SEEN * noise / root).any():
        return
    seen = signed_root(x, sign * y, noise / root)
    if seen.low < FEWEST:
        return
    size = float(np.sqrt(np.mean((root * y) ** 2)))
    found: list[tuple[WaveFit, WaveRows, int]] = []
    # A lobe that the noise hides has a zero on both sides, of which one is seen.
    for gap in (math.inf, *seen.gaps[:MOST_GAPS]):
        signed = np.where(x > gap, -seen.z, seen.z) * root * seen.slope / size
        for power in ENVELOPES if x.min() > 0 else ENVELOPES[:1]:
            rows = WaveRows.of(x[:, None], signed, root * seen.slope / x**power / size, scaled=False)
            fit = _pair(rows)
            if fit is not None and fit.error < max(MOST_LEFT, 2 * noise / size):
                found.append((fit, rows, power))
    for fit, rows, power in sorted(found, key=lambda one: one[0].square)[:HANDED]:
        short = Shortening(rows, len(y)).shortened(fit, rows, max(ROUNDING, noise / size))
        for formula in wave_formulas(short, 1.0, (variable,)):
            yield sign * (formula / variable**power) ** 2


def _pair(rows: WaveRows) -> WaveFit | None:
    """The two waves that leave least."""
    width, count = float(np.ptp(rows.X)), min(FREQUENCIES, rows.number)
    cells = [Peak(((1,),), np.array([(1 + k) * FREQUENCY_STEP * math.pi / width]), (0,), 0.0) for k in range(count)]
    gain = pair_gains(cells, rows.y, rows)
    chosen: list[tuple[int, int]] = []
    first, second = np.triu_indices(count, 1)
    for place in np.argsort(-gain[first, second], kind="stable").tolist():
        one, other = int(first[place]), int(second[place])
        if all(max(abs(one - a), abs(other - b)) > APART for a, b in chosen):
            chosen.append((one, other))
        if len(chosen) == PAIRS:
            break
    sums = [WaveSum((), (cells[one].wave(), cells[other].wave())) for one, other in chosen]
    fits = [fitted(one, rows, STEPS) for one in sums]
    return min((one for one in fits if math.isfinite(one.square)), key=lambda one: one.square, default=None)
