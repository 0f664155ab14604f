"""Curves through measured states: a first guess of states and derivatives, and the size of the noise.

Nothing is decided by these derivatives. They begin a search; the weak form and integrated trajectories end it.
"""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import scipy.interpolate

from kansym import clock
from kansym.clock import Work
from kansym.data.noise import digit_rounding
from kansym.dynamics.trajectories import Trajectories, Trajectory

NOISELESS = 3e-6
"""Noise, in units of a state's spread, below which a curve goes through the points."""

BESIDE = 1e-4
"""The same where another state has no noise at all: runs are rarely exact in one state and not in another."""

ROUNDING = 1e-8
"""Least error of a state, in units of its size: what integration leaves."""

MOST_POINTS = 300
"""Points that are smoothed at once; the cost grows with the cube."""

GAP = 8.0
"""Steps in units of the median beyond which nothing is said of what happens between two points."""

FORETOLD = 0.3
"""Error of foretold points, in units of the noise, below which the noise is less: with noise it is more than one."""

RARE = 0.2
"""Median error of foretold points, in units of their root mean square, below which what is missed is no noise: motion
that the points do not resolve is missed at few of them, and noise at all (0.67)."""

BETWEEN = 1.5
"""Error of points with noise that a spline through others foretells, in units of the noise."""

EDGE = 3
"""Foretold points at both ends of a stretch that are left aside: splines are poor there."""

LENGTHS, FINER = 8, 3
"""Length scales that are tried, and how many more around the best."""

LEAST_PIECE = 6
"""Points of a piece between gaps that is smoothed; fewer are left to the integrated fit."""

OVERESTIMATED = 0.1
"""Root-mean-square residual of a system, in units of what was taken for noise, below which that was something else."""

LEAST_SHARE = 0.02
"""Where errors are a share of the state: least size that counts, in units of its RMS."""


class Curve(Protocol):
    """A smooth function of the time."""

    def __call__(self, t: np.ndarray, order: int = 0) -> np.ndarray:
        """Values, or derivatives of an order up to 2, shape (k,)."""
        ...

    def error(self, t: np.ndarray, order: int = 1) -> np.ndarray:
        """Standard errors of the curve or a derivative, shape (k,)."""
        ...


@dataclass(frozen=True, eq=False)
class InterpolatingSpline:
    """Through every point, of the highest order that is still calm; the error is the difference to a lower order."""

    high: scipy.interpolate.BSpline
    low: scipy.interpolate.BSpline

    @classmethod
    def through(cls, t: np.ndarray, y: np.ndarray) -> "InterpolatingSpline":
        orders = [order for order in (7, 5, 3) if order < len(t)]
        splines = [scipy.interpolate.make_interp_spline(t, y, k=order) for order in orders[:2]]
        return cls(splines[0], splines[-1])

    def __call__(self, t: np.ndarray, order: int = 0) -> np.ndarray:
        return self.high(t, nu=order)

    def error(self, t: np.ndarray, order: int = 1) -> np.ndarray:
        difference = np.abs(self.high(t, nu=order) - self.low(t, nu=order))
        # Two orders agree here and there by chance.
        return np.maximum(difference, np.median(difference))


def _squared_exponential(r: np.ndarray) -> tuple[np.ndarray, ...]:
    value = np.exp(-0.5 * r**2)
    return value, -r * value, (r**2 - 1) * value, (3 * r - r**3) * value, (r**4 - 6 * r**2 + 3) * value


def _matern(r: np.ndarray) -> tuple[np.ndarray, ...]:
    """Matern 7/2, whose curves have two derivatives with an error that is finite."""
    s, sign = math.sqrt(7) * np.abs(r), np.sign(r)
    decay, c = np.exp(-s), math.sqrt(7)
    polynomials = [
        (1, 1, 2 / 5, 1 / 15),
        (0, -1 / 5, -1 / 5, -1 / 15),
        (-1 / 5, -1 / 5, 0, 1 / 15),
        (0, 1 / 5, 1 / 5, -1 / 15),
        (1 / 5, 1 / 5, -2 / 5, 1 / 15),
    ]
    values = []
    for order, (a, b, d, e) in enumerate(polynomials):
        values.append(c**order * (sign if order % 2 else 1.0) * (a + b * s + d * s**2 + e * s**3) * decay)
    return tuple(values)


KERNELS = (_squared_exponential, _matern)
"""Each gives the kernel and its first four derivatives, by the distance in units of the length scale."""


@dataclass(frozen=True, eq=False)
class GaussianCurve:
    """Posterior mean of a Gaussian process whose length scale and noise have the largest marginal likelihood."""

    t: np.ndarray
    level: float
    length: float
    kernel: int
    weights: np.ndarray
    inverse: np.ndarray
    amplitude: float

    def _derivatives(self, t: np.ndarray) -> tuple[np.ndarray, ...]:
        return KERNELS[self.kernel]((t[:, None] - self.t) / self.length)

    def __call__(self, t: np.ndarray, order: int = 0) -> np.ndarray:
        values = self._derivatives(t)[order] @ self.weights / self.length**order
        return values + (self.level if order == 0 else 0.0)

    def error(self, t: np.ndarray, order: int = 1) -> np.ndarray:
        rows = self._derivatives(t)[order] / self.length**order
        peak = abs(KERNELS[self.kernel](np.zeros(1))[2 * order][0]) / self.length ** (2 * order)
        variance = peak - np.einsum("ij,jk,ik->i", rows, self.inverse, rows)
        return np.sqrt(self.amplitude * np.maximum(variance, 1e-6 * peak))


@dataclass(frozen=True, eq=False)
class _Likelihood:
    value: float
    noise: float
    curve: GaussianCurve


def _fitted(t: np.ndarray, y: np.ndarray, spread: np.ndarray, known: bool) -> _Likelihood:
    """The likeliest process for errors proportional to `spread` (n,), or equal to it where they are `known`."""
    level, n = float(np.mean(y)), len(t)
    z = (y - level) / spread
    dt, whole = float(np.median(np.diff(t))), float(t[-1] - t[0])
    ratios = 10.0 ** np.arange(-1, 13, 0.25)
    best: tuple[float, int, float, float, float] | None = None

    def score(kernel: int, length: float) -> float:
        nonlocal best
        clock.charge(Work.CHOLESKY, 8.0 * n**3)
        matrix = KERNELS[kernel]((t[:, None] - t) / length)[0] / spread[:, None] / spread
        values, vectors = np.linalg.eigh(matrix)
        size = float(np.trace(matrix)) / n
        square = (vectors.T @ z) ** 2
        # Ratios are those of the variances of curve and noise, whatever the units.
        all_values = 1.0 + ratios[:, None] / size * np.maximum(values, 0.0)
        noise = np.ones(len(ratios)) if known else np.mean(square / all_values, axis=1)
        noise = np.maximum(noise, 1e-300)
        likelihood = -0.5 * (n * np.log(noise) + np.log(all_values).sum(1) + (square / all_values).sum(1) / noise)
        k = int(np.argmax(likelihood))
        if best is None or likelihood[k] > best[0]:
            best = (float(likelihood[k]), kernel, length, ratios[k] / size, float(noise[k]))
        return float(likelihood[k])

    tried = np.geomspace(1.5 * dt, 1.5 * whole, LENGTHS)
    for kernel in range(len(KERNELS)):
        scores = [score(kernel, length) for length in tried]
        k = int(np.argmax(scores))
        for length in np.geomspace(tried[max(k - 1, 0)], tried[min(k + 1, LENGTHS - 1)], FINER + 2)[1:-1]:
            score(kernel, length)
    assert best is not None
    likelihood, kernel, length, ratio, noise = best
    matrix = KERNELS[kernel]((t[:, None] - t) / length)[0]
    inverse = np.linalg.inv(matrix + np.diag(spread**2) / ratio)
    curve = GaussianCurve(t, level, length, kernel, inverse @ (y - level), inverse, ratio * noise)
    return _Likelihood(likelihood - float(np.log(spread).sum()), math.sqrt(noise), curve)


@dataclass(frozen=True, eq=False)
class Piece:
    """A stretch of a run without a gap, with a curve for each state.

    Attributes
    ----------
    run : Trajectory
        The points of the piece.
    curves : tuple of Curve, length m
    sigma : ndarray, shape (n, m)
        Standard errors of the states, given or estimated.
    """

    run: Trajectory
    curves: tuple[Curve, ...]
    sigma: np.ndarray

    def states(self, t: np.ndarray, order: int = 0) -> np.ndarray:
        """States or their derivatives at times (k,), shape (k, m)."""
        return np.column_stack([curve(t, order) for curve in self.curves])


@dataclass(frozen=True, eq=False)
class Smoothed:
    """All runs, smoothed.

    Attributes
    ----------
    pieces : tuple of Piece
    noise : ndarray, shape (m,)
        Error of each state: its standard deviation, or a share of the state where `relative`.
    relative : ndarray of bool, shape (m,)
    exact : ndarray of bool, shape (m,)
        States without noise to speak of.
    """

    pieces: tuple[Piece, ...]
    noise: np.ndarray
    relative: np.ndarray
    exact: np.ndarray
    _floor: np.ndarray

    def sigma(self, run: Trajectory) -> np.ndarray:
        """Standard errors (n, m) of the states of a run."""
        if run.error is not None:
            return run.error
        sigma = np.empty_like(run.x)
        for k in range(run.x.shape[1]):
            sizes = np.maximum(np.abs(run.x[:, k]), self._floor[k]) if self.relative[k] else 1.0
            sigma[:, k] = self.noise[k] * sizes
        return sigma


def smooth(data: Trajectories) -> Smoothed:
    """Smooth every state of every run; how much, the data say.

    Each stretch without a gap gets a Gaussian process per state (squared-exponential or Matern 7/2, the likelier), with
    the length scale and noise of the largest marginal likelihood; the noise is the same at all points or a share
    of the state, whichever is likelier on all runs. A state without noise gets a spline through its points.

    References
    ----------
    Rasmussen and Williams, Gaussian Processes for Machine Learning (2006), doi:10.7551/mitpress/3206.001.0001.
    """
    parts = [part for run in data.runs for part in stretches(run)]
    m, given = len(data.states), data.runs[0].error is not None
    curves: list[list[Curve]] = [[] for _ in parts]
    noise, floor = np.zeros(m), np.zeros(m)
    relative, exact = np.zeros(m, dtype=bool), np.zeros(m, dtype=bool)
    found, small = [], np.zeros(m, dtype=bool)
    for k in range(m):
        everything = np.concatenate([run.x[:, k] for run in data.runs])
        rms, spread = float(np.sqrt(np.mean(everything**2))), max(float(np.std(everything)), 1e-300)
        floor[k] = max(LEAST_SHARE * rms, 1e-300)
        fits, noise[k], relative[k] = _column(parts, k, floor[k])
        size = rms if relative[k] else 1.0
        exact[k] = not given and noise[k] * size < NOISELESS * spread
        sizes = floor[k] if relative[k] else None
        misses = np.empty(0) if given or exact[k] else _misses(parts, k, sizes)
        less = float(np.sqrt(np.mean(misses**2))) if len(misses) else math.inf
        rare = len(misses) > 0 and bool(np.median(misses) <= RARE * less)
        if less < FORETOLD * noise[k]:
            noise[k], exact[k] = less / BETWEEN, rare
            fits = fits if rare else _known(parts, k, noise[k], sizes)
        found.append(fits)
        small[k] = rare or noise[k] * size < BESIDE * spread
    if exact.any():
        # What is small, or rare, beside a state without noise is a change that the points do not resolve.
        exact |= small
    noise, relative = np.where(exact, _rounding(data), noise), relative & ~exact
    for k in range(m):
        for place, part in enumerate(parts):
            through = exact[k] or found[k][place] is None
            curve = InterpolatingSpline.through(part.t, part.x[:, k]) if through else found[k][place]
            assert curve is not None
            curves[place].append(curve)
    whole = Smoothed((), noise, relative, exact, floor)
    pieces = [Piece(part, tuple(own), whole.sigma(part)) for part, own in zip(parts, curves, strict=True)]
    return Smoothed(tuple(pieces), noise, relative, exact, floor)


def _column(parts: Sequence[Trajectory], k: int, floor: float) -> tuple[list[GaussianCurve | None], float, bool]:
    """Curves of one state in all parts, its noise, and whether that is a share of it."""
    errors = [None if part.error is None else part.error[:, k] for part in parts]
    models = [False] if errors[0] is not None else [False, True]
    outcomes = []
    for relative in models:
        likelihood, squares, points = 0.0, 0.0, 0
        curves: list[GaussianCurve | None] = []
        for part, error in zip(parts, errors, strict=True):
            y = part.x[:, k]
            if np.ptp(y) == 0:
                curves.append(None)
                continue
            spread = np.ones(len(y)) if not relative else np.maximum(np.abs(y), floor)
            fit = _fitted(part.t, y, spread if error is None else error, error is not None)
            likelihood += fit.value
            squares += len(y) * fit.noise**2
            points += len(y)
            curves.append(fit.curve)
        outcomes.append((likelihood, curves, math.sqrt(squares / max(points, 1)), relative))
    _, curves, noise, relative = max(outcomes, key=lambda outcome: outcome[0])
    return curves, noise, relative


def _known(parts: Sequence[Trajectory], k: int, noise: float, floor: float | None) -> list[GaussianCurve | None]:
    """Curves of one state in all parts for a noise that is known, a share of the state where there is a floor."""
    curves: list[GaussianCurve | None] = []
    for part in parts:
        y = part.x[:, k]
        error = noise * (np.ones(len(y)) if floor is None else np.maximum(np.abs(y), floor))
        curves.append(None if np.ptp(y) == 0 else _fitted(part.t, y, error, True).curve)
    return curves


def _misses(parts: Sequence[Trajectory], k: int, floor: float | None) -> np.ndarray:
    """By how much a spline through every other point misses the others, in shares of the state where there is a floor;
    where noise is a share of a state that decays, most points have next to none."""
    misses = []
    for part in parts:
        t, y = part.t, part.x[:, k]
        if len(t) >= 2 * LEAST_PIECE:
            guess = InterpolatingSpline.through(t[::2], y[::2])(t[1:-1:2])
            sizes = 1.0 if floor is None else np.maximum(np.abs(y[1:-1:2]), floor)
            misses.append(((guess - y[1:-1:2]) / sizes)[EDGE:-EDGE])
    return np.abs(np.concatenate(misses)) if misses else np.empty(0)


def along(smoothed: Smoothed, states: Sequence[tuple[np.ndarray, np.ndarray]]) -> Smoothed:
    """The same pieces with other curves: through states (k, m) at many times (k,) of each piece."""
    pieces = []
    for piece, (t, x) in zip(smoothed.pieces, states, strict=True):
        curves = tuple(InterpolatingSpline.through(t, column) for column in x.T)
        pieces.append(Piece(piece.run, curves, piece.sigma))
    return Smoothed(tuple(pieces), smoothed.noise, smoothed.relative, smoothed.exact, smoothed._floor)


def closer(smoothed: Smoothed, data: Trajectories, losses: np.ndarray) -> Smoothed | None:
    """The same with the errors that a system leaves, where these are far smaller than what was taken for noise.

    Parameters
    ----------
    smoothed : Smoothed
    data : Trajectories
    losses : array (m,)
        Mean squared residual of each state, in units of its variance.

    Returns
    -------
    Smoothed or None
        None where no error is overestimated, or errors are given.
    """
    far = (losses < OVERESTIMATED**2) & ~smoothed.exact
    if data.runs[0].error is not None or not far.any():
        return None
    everything = np.vstack([run.x for run in data.runs])
    sizes = np.where(smoothed.relative, np.sqrt(np.mean(everything**2, axis=0)), 1.0)
    noise = smoothed.noise * np.where(far, np.sqrt(losses), 1.0)
    found = _with_noise(replace(smoothed, noise=noise))
    return without_noise(found, data, far & (noise * sizes <= _rounding(data) / OVERESTIMATED))


def without_noise(smoothed: Smoothed, data: Trajectories, states: np.ndarray) -> Smoothed:
    """The same with curves through all points of some states (m,), as if they had no noise."""
    exact = smoothed.exact | states
    pieces = []
    for piece in smoothed.pieces:
        own = [
            InterpolatingSpline.through(piece.run.t, x) if new else curve
            for curve, x, new in zip(piece.curves, piece.run.x.T, exact & ~smoothed.exact, strict=True)
        ]
        pieces.append(replace(piece, curves=tuple(own)))
    noise = np.where(exact, _rounding(data), smoothed.noise)
    return _with_noise(
        replace(smoothed, pieces=tuple(pieces), noise=noise, relative=smoothed.relative & ~exact, exact=exact)
    )


def _with_noise(smoothed: Smoothed) -> Smoothed:
    return replace(smoothed, pieces=tuple(replace(one, sigma=smoothed.sigma(one.run)) for one in smoothed.pieces))


def _rounding(data: Trajectories) -> np.ndarray:
    """Least error (m,) of each state: that of its digits, or what integration leaves."""
    everything = np.vstack([run.x for run in data.runs])
    return np.array([max(ROUNDING * one, digit_rounding(x)) for one, x in zip(data.scale, everything.T, strict=True)])


def stretches(run: Trajectory, most: int = MOST_POINTS) -> list[Trajectory]:
    """A run cut at its gaps, and where it has more points than can be smoothed at once; cuts share a point."""
    steps = np.diff(run.t)
    gaps = np.flatnonzero(steps > GAP * np.median(steps)) + 1
    found: list[Trajectory] = []
    for low, high in zip([0, *gaps], [*gaps, len(run)], strict=True):
        count = max(1, math.ceil((high - low) / most))
        ends = np.linspace(low, high - 1, count + 1).round().astype(int)
        found += [run.part(slice(a, b + 1)) for a, b in itertools.pairwise(ends)]
    kept = [part for part in found if len(part) >= LEAST_PIECE]
    return kept or [run]
