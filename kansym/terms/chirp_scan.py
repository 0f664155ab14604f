"""A periodogram over the coefficients of polynomial phases.

Where y is a wave of a polynomial phase, its product with a wave of nearly that phase does not average out. The phases
of a grid are sums of monomials, so that the phasors of all of them are products of a few, and the averages one product
of matrices: a million phases take hundredths of a second (the matched filter of Abatzoglou 1986,
doi:10.1109/TAES.1986.310805, on rows in any order).
"""

import functools
import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from kansym import clock
from kansym.clock import Work
from kansym.structure.periodogram import CHANCE, TURN
from kansym.terms.waves import Powers, Wave, WaveRows

STEP = 1.6
"""Distance of neighbours on a grid, in radians at the end of a column's range."""

SCANNED = 320
"""Rows that a grid is tried on."""

OWN_RATES = (96.0, 48.0, 24.0)
"""Largest rates of the first three Chebyshev polynomials of one column."""

PAIR_RATES, FEW_PAIR_RATES = (22.4, 12.8, 4.8), (16.0, 11.2, 4.8)
"""Largest rates of the columns, their product and their second Chebyshev polynomials, for a table of two columns and
for one of more, which has many pairs."""

TRIPLE_RATES = (11.2, 8.0)
"""Largest rates of three columns and of their products; their squares are left to refinement."""

LINEAR_RATES = {1: 1600.0, 2: 512.0, 3: 32.0}
"""Largest rates of one, two and three columns in phases that have nothing but these: straight waves may be short."""

MOST_FOR_AMPLITUDES = 2
"""Columns of a table up to which waves times a column are scanned for, too."""

MOST_FOR_TRIPLES = 4
"""Columns of a table up to which triples of them are tried."""

APART = 2
"""Steps of the grid, in any direction, within which two cells belong to one peak."""

CELLS = 400
"""Highest cells among which peaks are told apart."""


@dataclass(frozen=True, eq=False)
class Peak:
    """A phase that is seen.

    Attributes
    ----------
    monomials : tuple of Powers
        All that the phase may have, with those that the grid leaves at zero.
    rates : ndarray, shape (L,)
        Of Chebyshev polynomials of the scaled columns.
    amplitude : Powers
        What the wave is times.
    height : float
        Nats above chance.
    """

    monomials: tuple[Powers, ...]
    rates: np.ndarray
    amplitude: Powers
    height: float

    def wave(self) -> Wave:
        return Wave(self.monomials, self.rates, ()).times([self.amplitude])


@dataclass(frozen=True, eq=False)
class _Grid:
    """Rates of monomials, as two factors of a product: (A, L) and (B, M), and monomials that have none."""

    left: tuple[Powers, ...]
    right: tuple[Powers, ...]
    others: tuple[Powers, ...]
    left_rates: np.ndarray
    right_rates: np.ndarray


def peaks(residual: np.ndarray, rows: WaveRows, top: int) -> list[Peak]:
    """The highest peaks of what is left of a target, over phases of one, two and three columns.

    Parameters
    ----------
    residual : ndarray, shape (n,)
        Weighted, on the rows.
    rows : WaveRows
        Scaled, and in no order: the first are scanned.
    top : int
    """
    found = [peak for cells in _scanned(residual, rows, swelling=True) for peak in _apart(cells, top)]
    return sorted((peak for peak in found if peak.height > 0), key=lambda peak: -peak.height)[:top]


def cells(residual: np.ndarray, rows: WaveRows, top: int) -> list[Peak]:
    """The highest cells of the grids, with their neighbours, for waves with constant amplitudes; see `peaks`."""
    found = [peak for one in _scanned(residual, rows, swelling=False) for peak in one]
    return sorted(found, key=lambda peak: -peak.height)[:top]


def near(one: Peak, other: Peak) -> bool:
    """Whether two cells belong to one peak."""
    return one.monomials == other.monomials and float(np.abs(one.rates - other.rates).max()) <= APART * STEP


def _scanned(residual: np.ndarray, rows: WaveRows, *, swelling: bool) -> Iterator[list[Peak]]:
    """The highest cells of each grid."""
    count = min(SCANNED, rows.number)
    few, r = rows.take(count), residual[:count]
    if not float(r @ r) > 0:
        return
    dimension = rows.X.shape[1]
    times = range(dimension if swelling and dimension <= MOST_FOR_AMPLITUDES else 0)
    amplitudes = [(0,) * dimension, *(_unit(dimension, k) for k in times)]
    fastest = [TURN * (len(np.unique(column)) - 1) for column in rows.X.T]
    for grid in _grids(fastest):
        # Of waves with many phases only those that neither bend nor swell are scanned for.
        for amplitude in amplitudes[:1] if len(grid.left + grid.right) == 2 < 2 * dimension else amplitudes:
            yield _highest(r, few, grid, amplitude)


def _highest(residual: np.ndarray, rows: WaveRows, grid: _Grid, amplitude: Powers) -> list[Peak]:
    number = len(grid.left_rates) * len(grid.right_rates)
    # A product of complex numbers is several of real ones.
    clock.charge(Work.DICTIONARY_VALUES, 2 * number * rows.number)
    weighted = residual * rows.root * rows.column(amplitude)
    weighted /= math.sqrt(float(weighted @ weighted))
    left = _phasors(grid.left_rates, rows.columns(grid.left)) * weighted.astype(np.float32)
    right = _phasors(grid.right_rates, rows.columns(grid.right))
    product = left @ right.T
    power = (product.real**2 + product.imag**2).reshape(-1)
    count = min(CELLS, number)
    highest = np.argpartition(-power, count - 1)[:count]
    monomials, zeros = grid.left + grid.right + grid.others, np.zeros(len(grid.others))
    found = []
    for cell in highest[np.lexsort((highest, -power[highest]))].tolist():
        a, b = divmod(cell, len(right))
        rates = np.concatenate([grid.left_rates[a], grid.right_rates[b], zeros])
        found.append(Peak(monomials, rates, amplitude, float(power[cell]) - math.log(number) - CHANCE))
    return found


def _apart(cells: list[Peak], top: int) -> list[Peak]:
    """The highest of some sorted cells of one grid, one for each peak."""
    found: list[Peak] = []
    for cell in cells:
        if len(found) == top:
            break
        if not any(near(cell, other) for other in found):
            found.append(cell)
    return found


def _phasors(rates: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """exp(i phase) for rates (A, L) of columns (n, L), shape (A, n)."""
    phase = (rates @ columns.T).astype(np.float32)
    found = np.empty(phase.shape, dtype=np.complex64)
    np.cos(phase, out=found.real)
    np.sin(phase, out=found.imag)
    return found


def _grids(fastest: Sequence[float]) -> Iterator[_Grid]:
    """Grids for columns with these largest rates."""
    dimension = len(fastest)
    unit = functools.partial(_unit, dimension)
    for i in range(dimension):
        first, second, third = OWN_RATES
        yield _grid([unit(i)], [unit(i, i), unit(i, i, i)], [first], [second, third])
        yield _grid([unit(i)], [unit(i, i)], [min(LINEAR_RATES[1], fastest[i])], [0.0], [unit(i, i, i)])
    for i, j in itertools.combinations(range(dimension), 2):
        linear, cross, square = PAIR_RATES if dimension == 2 else FEW_PAIR_RATES
        right = [unit(i, j), unit(i, i), unit(j, j)]
        yield _grid([unit(i), unit(j)], right, [linear, linear], [cross, square, square])
        short = [min(LINEAR_RATES[2], fastest[k]) for k in (i, j)]
        yield _grid([unit(i)], [unit(j)], short[:1], short[1:], right)
    for chosen in itertools.combinations(range(dimension if dimension <= MOST_FOR_TRIPLES else 0), 3):
        linear, cross = TRIPLE_RATES
        right = [unit(*both) for both in itertools.combinations(chosen, 2)]
        others = [unit(k, k) for k in chosen]
        yield _grid([unit(k) for k in chosen], right, 3 * [linear], 3 * [cross], others)
        first, *rest = (unit(k) for k in chosen)
        yield _grid(rest, [first], 2 * [LINEAR_RATES[3]], [LINEAR_RATES[3]], [*right, *others])


def _unit(dimension: int, *columns: int) -> Powers:
    """The product of some columns."""
    return tuple(columns.count(k) for k in range(dimension))


def _grid(
    left: Sequence[Powers],
    right: Sequence[Powers],
    left_most: Sequence[float],
    right_most: Sequence[float],
    others: Sequence[Powers] = (),
) -> _Grid:
    """All rates up to the largest; of a phase and its negative only one."""
    right_rates = _product(right_most)
    # The last of each negative pair in the order of the grid: the middle one is zero.
    right_rates = right_rates[len(right_rates) // 2 :]
    return _Grid(tuple(left), tuple(right), tuple(others), _product(left_most), right_rates)


def _product(most: Sequence[float]) -> np.ndarray:
    axes = []
    for largest in most:
        count = round(largest / STEP)
        axes.append(STEP * np.arange(-count, count + 1))
    return np.array(list(itertools.product(*axes)))
