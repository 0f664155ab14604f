# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportReturnType=false, reportOperatorIssue=false
"""A wave beside a constant or a line under a function of y: fringes, and what else turns without being a wave.

The light that a pair of mirrors lets through is 1/(a + b cos(c x)), the length of the third side of a triangle
sqrt(a + b cos(c x)), and what grows by seasons exp(a x + b cos(c x)). Only the frequency is not linear, and many are
tried.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.optimize
import sympy

from kansym import clock
from kansym.clock import Work
from kansym.primitives.allowed import AllowedFunctions
from kansym.structure.links import Function
from kansym.terms.targets import Target, linked_targets, noisy_targets

LEAST_ROWS = 12

FREQUENCIES, STEP = 120, 0.5
"""Frequencies that are tried, and half turns over the data from one to the next."""

ROUNDS, LIKELY = 3, 3
"""Fits of a function of y that is near zero by noise, each near the one before, and frequencies that have them."""

MOST_LEFT, MORE, LARGEST = 1e-6, 2.0, 0.3
"""Root mean square that a wave leaves at most, in units of the spread of y and of its noise, and in any case of its
spread: under some function of y most curves are nearly waves, and each formula takes its time."""

ACCURATE, STEPS = 1e-8, 40
"""Accuracy of a frequency, in units of that step, and most steps on the way to it."""

BOTH: tuple[Function, ...] = (np.cos, np.sin)
"""Functions that come with a constant: one of them, or both, which is a wave of any phase."""


def linked_waves(
    x: np.ndarray,
    y: np.ndarray,
    symbol: sympy.Symbol,
    *,
    weights: np.ndarray | None = None,
    noise: float = 0.0,
    allowed: AllowedFunctions | None = None,
) -> Iterator[sympy.Expr]:
    """Formulas with a wave of any phase, and with a sine or a cosine alone, those that leave least first.

    Parameters
    ----------
    x, y : ndarray, shape (n,)
    symbol : sympy.Symbol
        For x.
    weights : ndarray, shape (n,), optional
        Of the squared residuals of y.
    noise : float, default 0
        Standard deviation of y's errors where weights are one in the mean, if it is known.
    allowed : AllowedFunctions, optional
        What formulas may have; default anything.
    """
    if len(y) < LEAST_ROWS or not (np.ptp(x) > 0 and np.ptp(y) > 0):
        return
    root = np.ones(len(y)) if weights is None else np.sqrt(weights / weights.mean())
    found: list[tuple[float, int, str, sympy.Expr]] = []
    for target in noisy_targets(y, allowed, noise) if noise > 0 else linked_targets(y, allowed):
        for number, wave in enumerate((*_waves(x, target, root, 0), *_waves(x, target, root, 1))):
            # Rounded, so that waves that are as good come in their own order and not in that of rounding errors.
            found.append((float(f"{wave.left:.9g}"), number, target.name, target.formula(wave.expression(symbol))))
    spread = float(np.sqrt(np.cov(y, aweights=root**2)))
    most = min(max(MOST_LEFT * spread, MORE * noise), LARGEST * spread)
    found = sorted((one for one in found if one[0] <= len(y) * most**2), key=lambda one: one[:2])
    for _, _, name, formula in found:
        if name == found[0][2] and (allowed is None or allowed.permits(formula)):
            yield formula


def _waves(x: np.ndarray, target: Target, root: np.ndarray, degree: int) -> list["_Wave"]:
    """A sine or a cosine alone, and of any phase, beside a polynomial."""
    step = STEP * math.pi / float(np.ptp(x))
    best = _Wave.best(x, target, root, step, degree)
    if best is None:
        return []
    target = target if target.near is None else target.near(best.values(x))
    alone = (_Wave.fitted(x, target, root, (one,), best.frequency, degree) for one in BOTH)
    return [*(one.nearer(x, target, root, step) for one in alone if math.isfinite(one.left)), best]


@dataclass(frozen=True, eq=False)
class _Wave:
    """A polynomial and functions of one frequency, with their coefficients, and the sum of squares that they leave."""

    left: float
    frequency: float
    phases: tuple[Function, ...]
    degree: int
    coefficients: np.ndarray

    @classmethod
    def best(cls, x: np.ndarray, target: Target, root: np.ndarray, step: float, degree: int) -> "_Wave | None":
        """Of all frequencies and phases, of a target near its fit where that is near zero by noise."""
        count = min(FREQUENCIES, len(x))
        clock.charge(Work.FORM_VALUES, (3 + degree) * count * len(x))
        tried = [cls.fitted(x, target, root, BOTH, step * (1 + k), degree) for k in range(count)]
        left = np.array([math.inf, *(one.left for one in tried), math.inf])
        dips = np.flatnonzero((left[1:-1] <= left[:-2]) & (left[1:-1] <= left[2:]) & np.isfinite(left[1:-1]))
        # Near zero by noise a harmonic may leave less than the wave at first.
        likely = sorted((tried[k] for k in dips), key=_left)[: 1 if target.near is None else LIKELY]
        return min((one.settled(x, target, root, step) for one in likely), key=_left, default=None)

    def settled(self, x: np.ndarray, target: Target, root: np.ndarray, step: float) -> "_Wave":
        """The nearest wave, of a target near the fit before."""
        best = self.nearer(x, target, root, step)
        for _ in range(0 if target.near is None else ROUNDS - 1):
            target = target.near(best.values(x)) if target.near is not None else target
            best = self.fitted(x, target, root, self.phases, best.frequency, self.degree).nearer(x, target, root, step)
        return best

    def nearer(self, x: np.ndarray, target: Target, root: np.ndarray, step: float) -> "_Wave":
        """With the best frequency within a step of its own."""

        def left(frequency: float) -> float:
            return self.fitted(x, target, root, self.phases, frequency, self.degree).left

        bounds = max(self.frequency - step, 0.1 * step), self.frequency + step
        options = {"xatol": ACCURATE * step, "maxiter": STEPS}
        found: Any = scipy.optimize.minimize_scalar(left, bounds=bounds, method="bounded", options=options)
        clock.charge(Work.SMALL_FITS, found.nfev)
        return min(self, self.fitted(x, target, root, self.phases, float(found.x), self.degree), key=_left)

    @classmethod
    def fitted(
        cls,
        x: np.ndarray,
        target: Target,
        root: np.ndarray,
        phases: tuple[Function, ...],
        frequency: float,
        degree: int,
    ) -> "_Wave":
        """By linear least squares."""
        weight = root * target.slope
        columns = _columns(x, frequency, phases, degree) * weight[:, None]
        total, nothing = weight * target.z, np.zeros(columns.shape[1])
        gram, moment = columns.T @ columns, columns.T @ total
        size = np.maximum(np.sqrt(np.diag(gram)), np.finfo(float).tiny)
        try:
            solution = np.linalg.solve(gram / np.outer(size, size), moment / size) / size
        except np.linalg.LinAlgError:
            solution = nothing
        left = float(np.sum((total - columns @ solution) ** 2))
        if not math.isfinite(left):
            left, solution = float(total @ total), nothing
        return cls(left, frequency, phases, degree, solution)

    def values(self, x: np.ndarray) -> np.ndarray:
        return _columns(x, self.frequency, self.phases, self.degree) @ self.coefficients

    def expression(self, symbol: sympy.Symbol) -> sympy.Expr:
        """A sine with a phase where there are both."""
        coefficients = [sympy.Float(float(one)) for one in self.coefficients]
        beside = sympy.Add(*(one * symbol**power for power, one in enumerate(coefficients[: self.degree + 1])))
        argument, others = sympy.Float(self.frequency) * symbol, coefficients[self.degree + 1 :]
        if len(others) == 1:
            return beside + others[0] * (sympy.sin if self.phases == (np.sin,) else sympy.cos)(argument)
        cosine, sine = (float(one) for one in others)
        phase = sympy.Float(math.atan2(cosine, sine))
        return beside + sympy.Float(math.hypot(cosine, sine)) * sympy.sin(argument + phase)


def _columns(x: np.ndarray, frequency: float, phases: tuple[Function, ...], degree: int) -> np.ndarray:
    powers = (x**power for power in range(degree + 1))
    return np.column_stack([*powers, *(one(frequency * x) for one in phases)])


def _left(wave: _Wave) -> float:
    return wave.left
