"""The highest peak of a periodogram over frequencies of one column or of two, on rows in any order.

Frequencies are in radians from the middle of a column to its end (Lomb 1976, doi:10.1007/BF00648343; Scargle 1982,
doi:10.1086/160554).
"""

import math

import numpy as np

from kansym import clock
from kansym.clock import Work

SMOOTH_DEGREES = {1: 10, 2: 6, 3: 4, 4: 3, 5: 3}
"""Degree of the polynomial, by the number of columns, that takes out all that is smooth: where it leaves nothing, there
is no wave of several turns."""

STEP, TURN = 0.8, math.pi / 2
"""Distance of neighbouring frequencies of one column, and the largest for each step between values of a column: on the
points of a regular grid a faster wave has the values of a slower one."""

FASTEST, FASTEST_OF_TWO = 1600.0, 256.0
"""Largest frequencies of one column and of two."""

CHANCE = 8.0
"""Nats above the logarithm of the number of frequencies that a peak of noise alone has once in some thousand tables."""

ROWS = 1000
"""Rows that waves are looked for on."""

WAVE_VALUES = 6
"""Values of a form that take as long as one of a wave."""

GOLDEN = (math.sqrt(5) - 1) / 2
"""Its multiples are spread evenly and have no step."""


def scattered(number: int) -> np.ndarray:
    """Places of `ROWS` rows at most, spread evenly: those of equal steps would take a fast wave for a slow one."""
    if number <= ROWS:
        return np.arange(number)
    return np.unique((np.arange(1, ROWS + 1) * GOLDEN % 1.0 * number).astype(int))


def highest_peak(weighted: np.ndarray, s: np.ndarray) -> tuple[float, np.ndarray]:
    """Nats of the highest peak above those of chance, and its frequencies; minus `CHANCE` where none can be told.

    Parameters
    ----------
    weighted : ndarray, shape (n,)
        What is left of the target, times its root weight, of norm one before the weights.
    s : ndarray, shape (n, d)
        One or two columns from -1 to 1.
    """
    d = s.shape[1]
    most = [min(FASTEST if d == 1 else FASTEST_OF_TWO, TURN * (len(np.unique(column)) - 1)) for column in s.T]
    first = np.arange(STEP, most[0], d * STEP)
    second = np.zeros(1) if d == 1 else np.arange(-most[1], most[1], d * STEP)
    if not (len(first) and len(second)):
        return -CHANCE, np.zeros(d)
    clock.charge(Work.FORM_VALUES, WAVE_VALUES * (len(first) + len(second)) * len(s))
    clock.charge(Work.DENSE_PRODUCTS, 2 * len(first) * len(second) * len(s))
    left = np.exp(1j * np.outer(first, s[:, 0])) * weighted
    power = np.abs(left @ np.exp(1j * np.outer(second, s[:, -1])).T) ** 2
    a, b = divmod(int(power.argmax()), len(second))
    return float(power[a, b]) - math.log(power.size) - CHANCE, np.array([first[a], second[b]][:d])
