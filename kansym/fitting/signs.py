# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false
"""Signs and whole turns that the formula leaves open: a width that only occurs squared, a phase of 200 turns."""

import math
from collections.abc import Collection, Iterator, Sequence
from itertools import combinations, product

import numpy as np
import sympy

from kansym.symbolic.parametric import ParametricForm

LARGEST_GROUP = 2
"""Constants whose signs are turned at once: one for a width that is squared, two for an amplitude over it."""

MOST_PHASES = 3
"""Phases that take part in changes of sign; each makes four times as many to try."""


def positive_where_free(
    form: ParametricForm, columns: Sequence[np.ndarray], values: np.ndarray, fixed: Collection[int]
) -> np.ndarray:
    """The values with as many positive ones as is possible without any effect, and phases within half a turn.

    A phase is a constant that may grow by a period without any effect: by 2 pi in ``cos(w*t + p)``, by T in
    ``cos(2*pi*(t - p)/T)``. It ends within half a period of zero, and takes part when an amplitude or a frequency
    becomes positive: ``-cos(p - x)`` is ``cos(x + pi - p)``.

    Parameters
    ----------
    form : ParametricForm
    columns : sequence of d arrays (n,)
    values : array (k,)
    fixed : collection of int
        Constants that keep their sign and their turns, by index.
    """
    result = np.array(values)
    free = [j for j in range(len(result)) if j not in fixed]
    phases = [(j, period) for j in free if (period := _period(form, columns, result, j)) is not None]
    for j, period in phases:
        result[j] = _within(result[j], period)
    reference = form.value_at(columns, result)
    others = [j for j in free if j not in dict(phases)]
    for size in range(1, LARGEST_GROUP + 1):
        for group in combinations(others, size):
            # The first of a group decides a tie: an amplitude and a width of opposite signs.
            gain = size - 2 * int((result[list(group)] > 0).sum())
            if gain < 0 or (gain == 0 and result[group[0]] > 0):
                continue
            for turned in _turned(result, group, phases[:MOST_PHASES]):
                if _same(form.value_at(columns, turned), reference, 1e-12):
                    result = turned
                    break
    return result


def _turned(values: np.ndarray, group: Sequence[int], phases: Sequence[tuple[int, float]]) -> Iterator[np.ndarray]:
    """The values with the signs of a group turned, for all ways in which phases may follow; the plainest first."""
    for steps in product(((1, 0.0), (1, 0.5), (-1, 0.0), (-1, 0.5)), repeat=len(phases)):
        turned = values.copy()
        turned[list(group)] *= -1
        for (j, period), (sign, shift) in zip(phases, steps, strict=True):
            turned[j] = _within(sign * turned[j] + shift * period, period)
        yield turned


def _period(form: ParametricForm, columns: Sequence[np.ndarray], values: np.ndarray, j: int) -> float | None:
    """By how much a constant may grow without any effect; None where it has one."""
    constant = form.constants[j]
    numbers = dict(zip(form.constants, values.tolist(), strict=True))
    reference = form.value_at(columns, values)
    for function in form.expression.atoms(sympy.sin, sympy.cos, sympy.tan):
        slope = sympy.diff(function.args[0], constant)
        if slope == 0 or slope.has(constant, *form.variables):
            continue
        try:
            size = abs(float(slope.xreplace(numbers)))
        except TypeError:
            # Complex or infinite at these values.
            continue
        if not 0 < size < math.inf:
            continue
        period = 2 * math.pi / size
        moved = values.copy()
        moved[j] += period
        # Of many turns the last digits are lost.
        if _same(form.value_at(columns, moved), reference, 1e-9 + 1e-14 * abs(moved[j]) / period):
            return period
    return None


def _within(phase: float, period: float) -> float:
    """The phase in (-period/2, period/2]."""
    left = math.remainder(phase, period)
    return period / 2 if left <= -period / 2 else left


def _same(values: np.ndarray, reference: np.ndarray, tolerance: float) -> bool:
    largest = float(np.max(np.abs(reference), initial=0.0))
    return bool(np.allclose(values, reference, rtol=tolerance, atol=tolerance * largest if largest < math.inf else 0.0))
