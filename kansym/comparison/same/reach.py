"""Whether the constants of a form can be set so that it is another formula."""

from collections.abc import Callable, Sequence

import numpy as np
from mpmath import libmp

from kansym.comparison.same.forms import LooseForm, fitted
from kansym.comparison.same.functions import ZERO, magnitude
from kansym.comparison.same.meeting import Check, Side
from kansym.comparison.same.program import Program
from kansym.comparison.same.values import Sampled, unite
from kansym.symbolic.parametric import ParametricForm, columns_of

COARSE = 1e-5
"""Relative difference up to which a fit in double precision is worth going on from with many digits."""

ALL_BUT = 0.9
"""Share of the places where it has to come near: next to a pole or an edge double precision does not."""

LARGEST = 1000
"""Binary exponent of values that are fitted to."""

DRAWN, STARTS = 200, 5
"""Random starts that are looked at, and how many of them, the best, are fitted from, besides those that are known."""

SPREAD = 0.7
"""Of the logarithms of constants at random starts."""


def reaches(
    loose: LooseForm,
    sampled: Sampled,
    target: int,
    starts: Sequence[np.ndarray],
    *,
    seed: int,
    check: Check,
    in_time: Callable[[], bool],
) -> bool:
    """Whether some constants make a form the formula number `target` of `sampled`.

    Constants are fitted to the formula's values in double precision from each start and some at random, and where
    that comes near, with many digits until both agree, or do not.

    Parameters
    ----------
    loose : LooseForm
    sampled : Sampled
    target : {0, 1}
    starts : sequence of arrays (k,)
    seed : int
        For random starts.
    check : callable
        Raises when all time is up.
    in_time : callable
        Whether there is time for a random start.
    """
    form = loose.form
    X, values = _rows(sampled, target)
    if len(values) < len(form.constants) + 4:
        return False
    size = np.maximum(np.abs(values), 0.01 * np.median(np.abs(values)))
    size = np.where(size > 0, size, 1.0)
    # Where the size spans more than ten decades, the squares of the smallest are lost in any case.
    weights = np.maximum(np.min(size) / size, 1e-10) ** 2
    goal = sampled.programs[target]
    program = Program(form)
    columns = columns_of(X, len(form.variables))

    def comes_near(start: np.ndarray) -> bool:
        check()
        result = fitted(form.with_values(start), X, values, weights)
        with np.errstate(all="ignore"):
            apart = np.abs(result.form.evaluate(X) - values) / size
        if not np.mean(apart <= COARSE) > ALL_BUT or not loose.keeps_signs(result.form.values):
            return False
        found = tuple(libmp.from_float(float(value)) for value in result.form.values)
        union = unite(sampled, Side(program, found, True), Side(goal, tuple(goal.constants), False), check)
        return union is not None and not union.saturated

    if any(comes_near(start) for start in starts):
        return True
    if not in_time():
        return False
    drawn = _drawn(form, columns, values / size, 1 / size, np.random.default_rng(seed), check)
    return any(in_time() and comes_near(start) for start in drawn)


def _drawn(
    form: ParametricForm,
    columns: Sequence[np.ndarray],
    values: np.ndarray,
    root: np.ndarray,
    generator: np.random.Generator,
    check: Check,
) -> list[np.ndarray]:
    """Random starts, the best first: linear constants solved for, the others as they are but for a random factor.

    A number that occurs twice gets one factor in every other start.
    """
    linear = list(form.linear_constants)
    unique, place = np.unique(np.abs(form.values), return_inverse=True)
    found: list[tuple[float, np.ndarray]] = []
    for number in range(DRAWN):
        check()
        factors = generator.standard_normal(len(unique))[place] if number % 2 else generator.standard_normal(len(place))
        start = form.values * np.exp(SPREAD * factors)
        with np.errstate(all="ignore"):
            residuals = root * form.value_at(columns, start) - values
            if linear:
                slopes = root[:, None] * form.jacobian_at(columns, start)[:, linear]
                if not (np.isfinite(slopes).all() and np.isfinite(residuals).all()):
                    continue
                step = np.linalg.lstsq(slopes, -residuals, rcond=1e-10)[0]
                start[linear] += step
                residuals = residuals + slopes @ step
            loss = float(np.mean(residuals**2))
        if np.isfinite(loss):
            found.append((loss, start))
    found.sort(key=lambda one: one[0])
    return [start for _, start in found[:STARTS]]


def _rows(sampled: Sampled, target: int) -> tuple[np.ndarray, np.ndarray]:
    """Places in doubles, and the values of a formula there."""
    numbers = {i: sampled.numbers(i)[target] for i in sampled.common()}
    usable = [i for i, number in numbers.items() if number == ZERO or abs(magnitude(number)) < LARGEST]
    values = np.array([libmp.to_float(numbers[i]) for i in usable], dtype=np.float64)
    return sampled.places.points[usable], values
