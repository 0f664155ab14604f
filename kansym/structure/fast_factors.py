# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportOperatorIssue=false
"""A factor that turns many times: y = A(X) (k + sin(c x + d z + phi)), with A smooth in all columns.

Records of an oscillation at several amplitudes, waves that decay on their way, and fringes under an envelope have no
interpolant. The phase shows in the periodogram of what a polynomial leaves, over frequencies of one column and of two.
Beside it polynomials are fitted for a smooth term, and for what stands before the sine and before the cosine. Where the
three are multiples of one function, but for a small change of the rates, that is A; rates, phase and k are then fitted
beside a polynomial for A (variable projection, Golub and Pereyra 1973, doi:10.1137/0710036), and where that leaves no
other peak, y over the factor is a smaller problem.
"""

import functools
import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy.optimize
import sympy

from kansym import clock
from kansym.clock import Work
from kansym.structure.periodogram import SMOOTH_DEGREES, WAVE_VALUES, highest_peak, scattered
from kansym.structure.problem import Problem
from kansym.structure.rational import chebyshev_products

LOW_DEGREES, HIGH_DEGREES = {1: 4, 2: 3, 3: 2, 4: 2, 5: 1}, {1: 24, 2: 12, 3: 7, 4: 5, 5: 4}
"""Degree of the polynomials in place of A, by the number of columns: where three of them are fitted, and for the last
digits of the factor."""

FEWEST = 200
"""Fewest rows."""

SLOWEST = 16.0
"""Frequency below which an interpolant follows."""

MOVES = np.linspace(-1.6, 1.6, 33)
"""What may be amiss with each rate of a peak."""

NEAR = 24.0
"""Distance of the rates of a peak beside the factor up to which it is what a polynomial misses of A."""

ONE = 0.1
"""What is no multiple of one function, in units of the wave, up to which the rest is one."""

PLAIN = 0.02
"""Distance of k from zero or one up to which it is that."""

AWAY = 0.3
"""Least size of the factor, in units of its largest, on the rows that are kept."""

STEPS = 20
"""Evaluations of a fit for each of its parameters."""


@dataclass(frozen=True, eq=False)
class _Table:
    """Columns from -1 to 1, and y times root weights, of mean square one."""

    s: np.ndarray
    y: np.ndarray
    root: np.ndarray

    def polynomials(self, degrees: dict[int, int]) -> np.ndarray:
        """Polynomials of the columns up to a total degree, shape (n, m)."""
        return chebyshev_products(self.s, degrees[self.s.shape[1]]) * self.root[:, None]

    def left(self, matrix: np.ndarray) -> np.ndarray:
        """What columns leave of y."""
        clock.charge(Work.DENSE_PRODUCTS, 4 * matrix.size * matrix.shape[1])
        basis = np.linalg.qr(matrix)[0]
        return self.y - basis @ (basis.T @ self.y)


def without_fast_factor(problem: Problem) -> tuple[Problem, np.ndarray] | None:
    """The problem over a factor that turns many times, and the rows that it has; None where none is seen.

    Next to zeros of the factor y says little of A.

    Parameters
    ----------
    problem : Problem
    """
    some = scattered(len(problem.t))
    if problem.dimension not in SMOOTH_DEGREES or len(some) < FEWEST:
        return None
    low, high, weights = problem.X.min(0), problem.X.max(0), problem.fitting_weights()
    middle, half = (low + high) / 2, (high - low) / 2
    root = np.ones(len(some)) if weights is None else np.sqrt(weights / weights.mean())[some]
    size = float(np.sqrt(np.mean((root * problem.t[some]) ** 2)))
    if not ((half > 0).all() and size > 0):
        return None
    table = _Table((problem.X[some] - middle) / half, root * problem.t[some] / size, root)
    peak = _peak(table, table.left(table.polynomials(SMOOTH_DEGREES)))
    factor = None if peak is None else _factor(table, *peak)
    if peak is None or factor is None:
        return None
    level, rates, phase = factor
    rates = rates / half[peak[0]]
    phase = (phase - float(rates @ middle[peak[0]])) % (2 * math.pi)
    values = level + np.sin(problem.X[:, peak[0]] @ rates + phase)
    terms = [sympy.Float(rate) * problem.columns[k] for k, rate in zip(peak[0], rates.tolist(), strict=True)]
    constant = sympy.Integer(round(level)) if level == round(level) else sympy.Float(level)
    expression = constant + sympy.sin(sympy.Add(*terms, sympy.Float(phase)))
    kept = np.flatnonzero(np.abs(values) > AWAY * (1 + abs(level)))
    if len(kept) < FEWEST // 2:
        return None
    return problem.on(kept).less((), expression, values[kept], product=True), kept


def _peak(table: _Table, residual: np.ndarray) -> tuple[list[int], np.ndarray] | None:
    """Columns and rates of the highest peak of what is left of y; None where chance may be the reason."""
    size, d = float(np.linalg.norm(residual)), table.s.shape[1]
    if not size > 0:
        return None
    best, found = 0.0, None
    for columns in itertools.chain(([k] for k in range(d)), map(list, itertools.combinations(range(d), 2))):
        height, rates = highest_peak(residual * table.root / size, table.s[:, columns])
        if height > best:
            best, found = height, (columns, rates)
    return found if found is not None and np.abs(found[1]).max() > SLOWEST else None


def _factor(table: _Table, columns: list[int], rates: np.ndarray) -> tuple[float, np.ndarray, float] | None:
    """The level k, the rates and the phase of a factor near these rates; None where A is no one function."""
    s, low = table.s[:, columns], table.polynomials(LOW_DEGREES)
    u = (s @ rates)[:, None]
    parts = np.concatenate([low, low * np.sin(u), low * np.cos(u)], axis=1)
    clock.charge(Work.DENSE_PRODUCTS, 4 * parts.size * parts.shape[1])
    smooth, sine, cosine = (low @ own for own in np.linalg.lstsq(parts, table.y, rcond=None)[0].reshape(3, -1))
    # The rates of the peak are those of the law but for a part of a turn, which what stands before both has.
    wave = sine + 1j * cosine
    moves = np.array(list(itertools.product(MOVES, repeat=len(columns))))
    clock.charge(Work.FORM_VALUES, WAVE_VALUES * len(moves) * len(s))
    move = moves[np.abs(np.exp(-2j * (moves @ s.T)) @ wave**2).argmax()]
    wave, rates = wave * np.exp(-1j * (s @ move)), rates + move
    shares, sizes, _ = np.linalg.svd(np.array([smooth, wave.real, wave.imag]), full_matrices=False)
    k, a, b = shares[:, 0].tolist()
    turning = math.hypot(a, b)
    if not sizes[1] < ONE * turning * sizes[0]:
        return None

    def left(numbers: np.ndarray, amplitude: np.ndarray) -> np.ndarray:
        return table.left(amplitude * (numbers[0] + np.sin(s @ numbers[2:] + numbers[1]))[:, None])

    numbers = np.array([k / turning, math.atan2(b, a), *rates])
    for degrees in (SMOOTH_DEGREES, HIGH_DEGREES):
        numbers = _fitted(functools.partial(left, amplitude=table.polynomials(degrees)), numbers)
    level, phase, rates = float(numbers[0]), float(numbers[1]), numbers[2:]
    other = _peak(table, left(numbers, table.polynomials(HIGH_DEGREES)))
    if other is not None and not _near(other, (columns, rates)):
        return None
    whole = float(round(level))
    return (whole if abs(whole) <= 1 and abs(level - whole) < PLAIN else level), rates, phase


def _near(one: tuple[list[int], np.ndarray], other: tuple[list[int], np.ndarray]) -> bool:
    """Whether a peak may be what a polynomial misses of the other one's A."""
    both = np.zeros((2, 1 + max(*one[0], *other[0])))
    for place, (columns, rates) in enumerate((one, other)):
        both[place, columns] = rates
    return min(np.abs(both[0] - sign * both[1]).max() for sign in (1, -1)) < NEAR


def _fitted(left: Callable[[np.ndarray], np.ndarray], start: np.ndarray) -> np.ndarray:
    """Least squares from a start."""
    return scipy.optimize.least_squares(left, start, diff_step=1e-7, max_nfev=STEPS).x
