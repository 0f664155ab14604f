"""Squares of waves: curves of one column that touch zero from one side, again and again.

Intensities are squares of amplitudes, (sin(a x) cos(b x)/x)^2 behind two slits, and a square forgets the sign of what
was squared. Its zeros are double, so that the root of the curve has a kink where the amplitude goes through zero. The
sign is followed from peak to peak, by which of both continuations is smooth, and the amplitude is then a sum of two
waves over a power of the column, found among all pairs of frequencies.
"""

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import scipy
import sympy

from kansym.terms.chirp_scan import Peak
from kansym.terms.shorter_waves import ROUNDING, Shortening
from kansym.terms.wave_forms import wave_formulas
from kansym.terms.wave_pairs import PairGains
from kansym.terms.waves import WaveFit, WaveRows, WaveSum, fitted

LEAST_ROWS, FEWEST = 20, 2
"""Rows, and times that it touches zero, that tell a square from a curve that happens to come near to zero."""

PEAK, SEEN = 0.3, 5.0
"""Least prominence of a peak between two zeros, in units of its height and of its errors."""

ACROSS = 3
"""Rows on both sides of a minimum that tell whether the root goes through zero there, by a parabola."""

SMOOTHER, TOLD = 0.5, 25.0
"""Share of the larger misfit of that parabola, with and without a change of sign, that the smaller one is at most, and
chi-squared between both, where the rows tell."""

AT_MOST, LOW = 3.0, 0.1
"""Lowest row between two peaks, in units of its error and of the lower peak, that may be at zero."""

AT_ZERO = 0.1
"""Root of a row beside a zero, in units of the lower neighbouring peak's, below which its sign is not known."""

ENVELOPES = (0, 1, 2)
"""Powers of the column that the waves are divided by."""

FREQUENCIES, FREQUENCY_STEP = 120, 0.5
"""Frequencies that are paired, and half turns over the data from one to the next."""

PAIRS, APART, STEPS = 12, 1, 60
"""Pairs that are refined for each power, steps of the grid by which one of their frequencies differs, and most steps of
refinement."""

MOST_LEFT = 0.05
"""Root mean square, in units of the target's, that a pair of waves leaves at most."""

MOST_DOUBTFUL, HANDED = 6, 2
"""Places where a change of sign is tried as well as none, and pairs of waves that are handed on, at most."""


@dataclass(frozen=True, eq=False)
class SignedRoot:
    """The root of a curve with signs that make it smooth.

    Attributes
    ----------
    z, slope : ndarray, shape (n,)
        The root and |dy/dz|, which is zero where the sign is not known.
    low : int
        How often the curve may be at zero between two peaks.
    doubtful : list of float
        Where all that follows may as well have the other sign.
    """

    z: np.ndarray
    slope: np.ndarray
    low: int
    doubtful: list[float]


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
    sign, known, low, doubtful = np.ones(len(y)), np.ones(len(y), dtype=bool), 0, []
    for one, other in itertools.pairwise(_peaks(y, sigma)):
        lowest = one + int(y[one : other + 1].argmin())
        near = slice(max(lowest - ACROSS, 0), lowest + ACROSS + 1)
        weight = 2 * root[near] / np.maximum(sigma[near], 1e-12 * y.max())
        # The lowest row may lie on either side of the zero.
        changes = {k: _misfit(x[near], root[near], weight, k - near.start) for k in (lowest, lowest + 1)}
        best = min(changes, key=lambda k: changes[k])
        without = _misfit(x[near], root[near], weight, 0)
        low += bool(y[lowest] < max(AT_MOST * sigma[lowest], LOW * min(y[one], y[other])))
        less, more = sorted((changes[best], without))
        if less > SMOOTHER * more or more - less < TOLD:
            doubtful.append(float(x[lowest]))
        if changes[best] < without:
            sign[best:] *= -1
            beside = slice(max(lowest - 1, 0), lowest + 2)
            known[beside] &= root[beside] > AT_ZERO * min(root[one], root[other])
    back = np.argsort(order, kind="stable")
    return SignedRoot((sign * root)[back], (2 * root * known)[back], low, doubtful)


def _peaks(y: np.ndarray, sigma: np.ndarray) -> list[int]:
    """Places of the peaks of a curve in order, its ends among them, that stand out between lower places."""
    walled = np.concatenate([[y.min()], y, [y.min()]])
    places, _ = scipy.signal.find_peaks(walled)
    prominence, places = scipy.signal.peak_prominences(walled, places)[0], places - 1
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
    signs = list(_signs(x, seen.doubtful[:MOST_DOUBTFUL]))
    found: list[tuple[WaveFit, WaveRows, int]] = []
    for power in ENVELOPES if x.min() > 0 else ENVELOPES[:1]:
        weight = root * seen.slope / size
        rows = WaveRows.of(x[:, None], seen.z * weight, weight / x**power, scaled=False)
        found += [(fit, rows, power) for fit, rows in _pairs(rows, signs)]
    # Starts that end at one place leave the same.
    distinct = {f"{one[0].square:.6g}": one for one in found if one[0].error < max(MOST_LEFT, 2 * noise / size)}
    for fit, rows, power in sorted(distinct.values(), key=lambda one: one[0].square)[:HANDED]:
        short = Shortening(rows, len(y)).shortened(fit, rows, max(ROUNDING, noise / size))
        for formula in wave_formulas(short, 1.0, (variable,)):
            yield sign * (formula / variable**power) ** 2


def _signs(x: np.ndarray, doubtful: list[float]) -> Iterator[np.ndarray]:
    """All ways in which a sign may change at places, shape (n,)."""
    steps = [np.where(x > place, -1.0, 1.0) for place in doubtful]
    for changes in itertools.product((False, True), repeat=len(steps)):
        yield math.prod(itertools.compress(steps, changes), start=np.ones(len(x)))


def _pairs(rows: WaveRows, signs: list[np.ndarray]) -> list[tuple[WaveFit, WaveRows]]:
    """The two waves that leave least, for some of the signs that the target may have."""
    width, count = float(np.ptp(rows.X)), min(FREQUENCIES, rows.number)
    cells = [Peak(((1,),), np.array([(1 + k) * FREQUENCY_STEP * math.pi / width]), (0,), 0.0) for k in range(count)]
    gains = PairGains(cells, rows)
    first, second = np.triu_indices(count, 1)
    every = np.stack([gains(rows.y * one)[first, second] for one in signs])
    chosen: list[tuple[int, int, int]] = []
    for place in np.argsort(-every, axis=None, kind="stable").tolist():
        which, pair = divmod(place, len(first))
        one, other = int(first[pair]), int(second[pair])
        if all(which != w or max(abs(one - a), abs(other - b)) > APART for w, a, b in chosen):
            chosen.append((which, one, other))
        if len(chosen) == PAIRS:
            break
    fits = []
    for which, one, other in chosen:
        signed = replace(rows, y=rows.y * signs[which])
        fits.append((fitted(WaveSum((), (cells[one].wave(), cells[other].wave())), signed, STEPS), signed))
    return [one for one in fits if math.isfinite(one[0].square)]
