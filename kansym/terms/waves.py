"""Sums of waves whose phases are polynomials, beside a polynomial, fitted by variable projection.

A wave is a sine and a cosine of one phase, each times monomials, and the phase is a sum of monomials with rates of
their own. All that is linear is solved for; the rates are moved by Levenberg-Marquardt with Kaufman's Jacobian (1975,
doi:10.1007/BF01932995).
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np
from numpy.polynomial.chebyshev import chebvander

from kansym import clock
from kansym.clock import Work

Powers = tuple[int, ...]
"""Exponents of a monomial, one for each input."""

SINGULAR = 1e-9
"""Share of a column that its companions must leave: sums of waves that cancel imitate anything."""

EXACT_SQUARE = 1e-26
"""Mean squared residual, in units of the target's, that is rounding: there is nothing to refine."""

SETTLED = 1e-7
"""Relative gain of a step after which no further one is worth it."""

MOST_DAMPING = 1e6
"""Damping at which a step is too short to matter."""

SINE, COSINE = 0, 1
"""Sides of a wave."""


@dataclass(frozen=True, eq=False)
class WaveRows:
    """Rows that waves are fitted to.

    Attributes
    ----------
    X : ndarray, shape (n, d)
        Inputs, or inputs moved and scaled to the interval from -1 to 1.
    y : ndarray, shape (n,)
        Target times root weights, of mean square about one.
    root : ndarray, shape (n,)
        Root weights.
    scaled : bool
        Whether monomials are products of Chebyshev polynomials in place of powers. Those of all degrees up to one span
        the same.
    fixed : ndarray, shape (n, F)
        Orthonormal columns that every sum has besides its own terms; `y` has none of them.
    """

    X: np.ndarray
    y: np.ndarray
    root: np.ndarray
    scaled: bool
    fixed: np.ndarray
    known: dict[Powers, np.ndarray] = field(default_factory=dict)

    @classmethod
    def of(cls, X: np.ndarray, y: np.ndarray, root: np.ndarray, *, scaled: bool) -> Self:
        return cls(X, y, root, scaled, np.zeros((len(y), 0)))

    @property
    def number(self) -> int:
        return len(self.y)

    def column(self, powers: Powers) -> np.ndarray:
        """A monomial on the rows, shape (n,)."""
        if powers not in self.known:
            column = np.ones(self.number)
            for x, power in zip(self.X.T, powers, strict=True):
                if power:
                    column = column * (chebvander(x, power)[:, power] if self.scaled else x**power)
            self.known[powers] = column
        return self.known[powers]

    def columns(self, every: Iterable[Powers]) -> np.ndarray:
        """Monomials on the rows, shape (n, count)."""
        found = [self.column(powers) for powers in every]
        return np.stack(found, 1) if found else np.zeros((self.number, 0))

    def take(self, count: int) -> Self:
        """The first rows, without fixed columns."""
        return self.of(self.X[:count], self.y[:count], self.root[:count], scaled=self.scaled)

    def beside(self, columns: np.ndarray) -> Self:
        """With further columns (n, F), not weighted, in every sum."""
        weighted = columns * self.root[:, None]
        clock.charge(Work.DENSE_PRODUCTS, 2 * weighted.size * weighted.shape[1])
        basis, _ = np.linalg.qr(weighted / np.linalg.norm(weighted, axis=0))
        return replace(self, y=self.y - basis @ (basis.T @ self.y), fixed=basis)

    def apart(self, columns: np.ndarray) -> np.ndarray:
        """What the fixed columns leave of others (n, k)."""
        clock.charge(Work.DENSE_PRODUCTS, 2 * columns.size * self.fixed.shape[1])
        return columns - self.fixed @ (self.fixed.T @ columns)


@dataclass(frozen=True, eq=False)
class Wave:
    """A phase and what its sine and cosine are multiplied by.

    Attributes
    ----------
    monomials : tuple of Powers, length L
        Of the phase.
    rates : ndarray, shape (L,)
    sides : tuple of (Powers, int)
        Monomials that the `SINE` or `COSINE` of the phase is multiplied by.
    """

    monomials: tuple[Powers, ...]
    rates: np.ndarray
    sides: tuple[tuple[Powers, int], ...]

    def phase(self, rows: WaveRows) -> np.ndarray:
        return rows.columns(self.monomials) @ self.rates

    def times(self, amplitudes: Sequence[Powers]) -> "Wave":
        """The same phase, with both sides times some monomials."""
        return replace(self, sides=tuple((powers, side) for powers in amplitudes for side in (SINE, COSINE)))


@dataclass(frozen=True, eq=False)
class WaveSum:
    """A polynomial, by its monomials, and waves."""

    background: tuple[Powers, ...]
    waves: tuple[Wave, ...]

    @property
    def linear(self) -> int:
        """Number of coefficients: those of the polynomial, then those of the sides of the waves."""
        return len(self.background) + sum(len(wave.sides) for wave in self.waves)

    @property
    def rates(self) -> int:
        return sum(len(wave.rates) for wave in self.waves)

    def moved(self, step: np.ndarray) -> "WaveSum":
        """The same with other rates; `step` has shape (rates,)."""
        ends = np.cumsum([len(wave.rates) for wave in self.waves])[:-1]
        steps = np.split(step, ends)
        return replace(
            self, waves=tuple(replace(wave, rates=wave.rates + s) for wave, s in zip(self.waves, steps, strict=True))
        )

    def without(self, dropped: set[int]) -> "WaveSum":
        """Less some parameters, by their numbers: coefficients first, then rates. Waves without either go as well."""
        background = tuple(powers for k, powers in enumerate(self.background) if k not in dropped)
        waves: list[Wave] = []
        side, rate = len(self.background), self.linear
        for wave in self.waves:
            sides = tuple(one for k, one in enumerate(wave.sides) if side + k not in dropped)
            kept = [k for k in range(len(wave.rates)) if rate + k not in dropped]
            side, rate = side + len(wave.sides), rate + len(wave.rates)
            if sides and kept:
                waves.append(Wave(tuple(wave.monomials[k] for k in kept), wave.rates[kept], sides))
        return WaveSum(background, tuple(waves))


@dataclass(frozen=True, eq=False)
class WaveFit:
    """A sum of waves with its coefficients.

    Attributes
    ----------
    total : WaveSum
    coefficients : ndarray, shape (P,)
    square : float
        Sum of squared residuals; inf where columns cancel.
    residual : ndarray, shape (n,)
    columns, slopes : ndarray, shape (n, P) and (n, R)
        Terms, and derivatives by the rates, less what the fixed columns have of them.
    basis : ndarray, shape (n, P)
        Orthonormal, of the columns.
    """

    total: WaveSum
    coefficients: np.ndarray
    square: float
    residual: np.ndarray
    columns: np.ndarray
    slopes: np.ndarray
    basis: np.ndarray

    @property
    def parameters(self) -> int:
        return self.total.linear + self.total.rates

    @property
    def error(self) -> float:
        """Root mean square of the residual."""
        return math.sqrt(self.square / len(self.residual))

    def importance(self) -> np.ndarray:
        """What leaving out each parameter adds to the sum of squares, to second order; shape (parameters,)."""
        every = np.concatenate([self.columns, self.slopes], 1)
        values = np.concatenate([self.coefficients, *(wave.rates for wave in self.total.waves)])
        size = np.linalg.norm(every, axis=0)
        unit = every / np.where(size > 0, size, 1.0)
        clock.charge(Work.DENSE_PRODUCTS, unit.shape[0] * unit.shape[1] ** 2)
        # A parameter without any slope keeps a regular matrix, and has no importance.
        inverse = np.linalg.pinv(unit.T @ unit + 1e-14 * np.eye(unit.shape[1]), hermitian=True)
        spread = np.maximum(np.diag(inverse), 1e-300)
        return (values * size) ** 2 / spread


def fitted(total: WaveSum, rows: WaveRows, steps: int) -> WaveFit:
    """Fit rates and coefficients.

    Parameters
    ----------
    total : WaveSum
    rows : WaveRows
    steps : int
        Most steps; zero only solves for the coefficients.
    """
    best, damping = _solved(total, rows), 1e-2
    for _ in range(steps if total.waves else 0):
        if best.square < EXACT_SQUARE * rows.number or not math.isfinite(best.square) or damping > MOST_DAMPING:
            break
        trial = _solved(best.total.moved(_step(best, damping)), rows)
        if trial.square < best.square:
            gain = 1 - trial.square / best.square
            best, damping = trial, damping * 0.2
            if gain < SETTLED:
                break
        else:
            damping *= 6
    return best


def _solved(total: WaveSum, rows: WaveRows) -> WaveFit:
    """The coefficients of a sum at its rates."""
    clock.charge(Work.SMALL_FITS)
    clock.charge(Work.DENSE_PRODUCTS, 2 * rows.number * (total.linear**2 + total.linear * total.rates))
    clock.charge(Work.PRODUCT_UNITS, 2 * rows.number * len(total.waves))
    sides = [(np.sin(phase), np.cos(phase)) for phase in (wave.phase(rows) for wave in total.waves)]
    terms = [rows.column(powers) for powers in total.background]
    for wave, both in zip(total.waves, sides, strict=True):
        terms += [rows.column(powers) * both[side] for powers, side in wave.sides]
    if not terms:
        empty = np.zeros((rows.number, 0))
        return WaveFit(total, np.zeros(0), float(rows.y @ rows.y), rows.y, empty, empty, empty)
    weighted = np.stack(terms, 1) * rows.root[:, None]
    size = np.linalg.norm(weighted, axis=0)
    unit = rows.apart(weighted / np.where(size > 0, size, 1.0))
    basis, triangle = np.linalg.qr(unit)
    share = basis.T @ rows.y
    residual = rows.y - basis @ share
    if np.abs(np.diag(triangle)).min() < SINGULAR:
        empty = np.zeros((rows.number, total.rates))
        return WaveFit(total, np.zeros(len(size)), math.inf, residual, unit * size, empty, basis)
    coefficients = np.linalg.solve(triangle, share) / size
    slopes, place = [np.zeros((rows.number, 0))], len(total.background)
    for wave, (sine, cosine) in zip(total.waves, sides, strict=True):
        slope = np.zeros(rows.number)
        for (powers, side), c in zip(wave.sides, coefficients[place : place + len(wave.sides)], strict=True):
            slope += c * rows.column(powers) * (cosine if side == SINE else -sine)
        place += len(wave.sides)
        slopes.append(rows.columns(wave.monomials) * (slope * rows.root)[:, None])
    square = float(residual @ residual)
    return WaveFit(total, coefficients, square, residual, unit * size, rows.apart(np.concatenate(slopes, 1)), basis)


def _step(fit: WaveFit, damping: float) -> np.ndarray:
    """Damped Gauss-Newton step of the rates."""
    # What the coefficients absorb is no reason to move.
    slopes = fit.slopes - fit.basis @ (fit.basis.T @ fit.slopes)
    normal = slopes.T @ slopes
    diagonal = np.diag(normal).copy()
    normal[np.diag_indices_from(normal)] += damping * diagonal + 1e-12 * diagonal.max() + 1e-300
    return np.linalg.solve(normal, slopes.T @ fit.residual)
