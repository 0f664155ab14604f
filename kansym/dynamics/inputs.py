"""Inputs between the times at which they were measured."""

from bisect import bisect_right
from collections.abc import Callable, Sequence

import numpy as np
import scipy.interpolate

InputFunction = Callable[[float], Sequence[float]]
"""The inputs at a time."""


def input_function(t: np.ndarray, u: np.ndarray) -> InputFunction:
    """Inputs at any time: by straight lines or cubic splines between points, whichever foretells points better.

    Switches are better described by lines, oscillations by splines. Beyond both ends the inputs stay as they are.

    Parameters
    ----------
    t : array (n,)
    u : array (n, p)
    """
    curves = [_pieces(t, column) for column in u.T]
    times = t.tolist()
    last = len(times) - 2

    def at(time: float) -> Sequence[float]:
        clipped = min(max(time, times[0]), times[-1])
        k = min(max(bisect_right(times, clipped) - 1, 0), last)
        s = clipped - times[k]
        return [((a[k] * s + b[k]) * s + c[k]) * s + d[k] for a, b, c, d in curves]

    return at


def _pieces(t: np.ndarray, u: np.ndarray) -> tuple[list[float], ...]:
    """Coefficients of the cubic in each interval, the highest power first."""
    line = np.array([np.zeros(len(t) - 1), np.zeros(len(t) - 1), np.diff(u) / np.diff(t), u[:-1]])
    if len(t) < 7:
        return tuple(line.tolist())
    held_out = slice(1, len(t) - 1, 2)
    kept = np.setdiff1d(np.arange(len(t)), np.arange(len(t))[held_out])
    cubic = scipy.interpolate.CubicSpline(t[kept], u[kept])(t[held_out])
    straight = np.interp(t[held_out], t[kept], u[kept])
    errors = [float(np.sum((guess - u[held_out]) ** 2)) for guess in (cubic, straight)]
    return tuple((scipy.interpolate.CubicSpline(t, u).c if errors[0] < errors[1] else line).tolist())
