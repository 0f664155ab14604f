"""Levenberg-Marquardt for laws of product units: many starts at once on few rows, or one on many.

The parameters of ``c prod x^p prod_k f_k(prod x^q_k)`` are (level, p), then (level, q) of every product: with the
logarithms F of the columns, log v = level + F q. Everything is differentiated by hand: d log f(v) / d log v is the
function's elasticity.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from kansym import clock
from kansym.clock import Work
from kansym.structure.unit_functions import Factor

CHUNK = 3_000_000
"""Numbers of a batch of Jacobians."""

WIDEST = 40.0
"""Largest |log v|."""

LARGEST_STEP = 1.5
"""Of any parameter."""

SMALLEST_GAIN = 1e-10
"""Relative decrease of the loss at which a fit ends."""

Start = tuple[tuple[Factor, ...], np.ndarray]
"""Functions and parameters to start from."""


@dataclass(frozen=True, eq=False)
class Fit:
    """Outcome of a fit.

    Attributes
    ----------
    parameters : ndarray, shape (m + 1) * (1 + number of functions)
    amplitude : float
        Factor on the whole, in place of the first parameter's exponential; 1 for the logarithm of a law.
    loss : float
        Weighted mean squared residual; inf where the model has no value.
    variance : ndarray
        Of each parameter, for unit noise variance of the size of the loss; 0 where it was held.
    """

    parameters: np.ndarray
    amplitude: float
    loss: float
    variance: np.ndarray

    def without_variance(self, k: int) -> "Fit":
        """The same fit with parameter k held."""
        variance = self.variance.copy()
        variance[k] = 0.0
        return replace(self, variance=variance)


def _evaluate(
    F: np.ndarray, theta: np.ndarray, factors: tuple[Factor, ...], logarithm: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Value, shape (b, n), and its logarithmic derivatives, shape (b, n, M), of b sets of parameters theta (b, M).

    For a logarithm the value is itself and the derivatives are plain.
    """
    b, M = theta.shape
    n, m = F.shape
    design = np.column_stack([np.ones(n), F])
    slopes = np.empty((b, n, M))
    slopes[:, :, : m + 1] = design
    log_size = theta[:, : m + 1] @ design.T
    sign = np.ones((b, n))
    for k, factor in enumerate(factors):
        own = slice((k + 1) * (m + 1), (k + 2) * (m + 1))
        v = np.exp(np.clip(theta[:, own] @ design.T, -WIDEST, WIDEST))
        log_size = log_size + factor.power * factor.logarithm(v)
        f = factor.value(v)
        if not factor.whole or logarithm:
            sign = np.where(f > 0, sign, np.nan)
        elif factor.power % 2:
            sign = sign * np.sign(f)
        slopes[:, :, own] = (factor.power * factor.elasticity(v))[:, :, None] * design
    if logarithm:
        return log_size + 0 * sign, slopes
    return sign * np.exp(log_size), slopes


def _residuals(
    F: np.ndarray,
    t: np.ndarray,
    w: np.ndarray,
    theta: np.ndarray,
    factors: tuple[Factor, ...],
    logarithm: bool,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Losses (b,), amplitudes (b,), residuals (b, n) and Jacobians (b, n, M), both with the root of the weights."""
    clock.charge(Work.PRODUCT_UNITS, len(t) * theta.size * (2 + len(factors)))
    clock.charge(Work.SMALL_FITS)
    with np.errstate(all="ignore"):
        value, slopes = _evaluate(F, theta, factors, logarithm)
        root = np.sqrt(w)
        if logarithm:
            amplitude = np.ones(len(theta))
            residual, jacobian = (value - t) * root, slopes * root[:, None]
        else:
            # The amplitude is linear and solved for; the level only carries its size.
            amplitude = (value * (w * t)).sum(1) / (value * value * w).sum(1)
            scaled = amplitude[:, None] * value * root
            residual, jacobian = scaled - t * root, scaled[:, :, None] * slopes
            # Variable projection: a step of the others is judged with the amplitude following (Kaufman 1975).
            along = (scaled[:, None, :] @ jacobian) / (scaled * scaled).sum(1)[:, None, None]
            jacobian = jacobian - scaled[:, :, None] * along
        loss = (residual**2).mean(1)
    sound = np.isfinite(loss) & np.isfinite(jacobian).all((1, 2)) & (amplitude != 0)
    return np.where(sound, loss, np.inf), amplitude, residual, jacobian


def _steps(
    F: np.ndarray,
    t: np.ndarray,
    w: np.ndarray,
    theta: np.ndarray,
    factors: tuple[Factor, ...],
    logarithm: bool,
    free: np.ndarray,
    count: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Parameters (b, M), amplitudes, losses and Jacobians after up to `count` damped steps of the free parameters."""
    theta = theta.copy()
    loss, amplitude, residual, jacobian = _residuals(F, t, w, theta, factors, logarithm)
    damping = np.full(len(theta), 1e-2)
    number = int(free.sum())
    active = np.isfinite(loss)
    for _ in range(count):
        places = np.flatnonzero(active)
        if not len(places) or not number:
            break
        J = jacobian[places][:, :, free]
        gram = J.transpose(0, 2, 1) @ J
        gradient = (J * residual[places][:, :, None]).sum(1)
        diagonal = np.einsum("bii->bi", gram)
        # A parameter without influence at present keeps still.
        ridge = damping[places, None] * diagonal + 1e-12 * diagonal.max(1, keepdims=True) + 1e-300
        gram = gram + ridge[:, :, None] * np.eye(number)
        step = -np.linalg.solve(gram, gradient[:, :, None])[:, :, 0]
        size = np.abs(step).max(1, keepdims=True)
        step = step * np.minimum(1.0, LARGEST_STEP / np.maximum(size, 1e-300))
        trial = theta[places].copy()
        trial[:, free] += step
        new_loss, new_amplitude, new_residual, new_jacobian = _residuals(F, t, w, trial, factors, logarithm)
        better = new_loss < loss[places]
        gained = places[better]
        finished = better & (loss[places] - new_loss <= SMALLEST_GAIN * loss[places])
        theta[gained], loss[gained], amplitude[gained] = trial[better], new_loss[better], new_amplitude[better]
        residual[gained], jacobian[gained] = new_residual[better], new_jacobian[better]
        damping[places] = np.where(better, damping[places] / 5, damping[places] * 4)
        active[places[finished]] = False
        active[places[damping[places] > 1e8]] = False
    return theta, amplitude, loss, jacobian


def screened(
    F: np.ndarray,
    t: np.ndarray,
    w: np.ndarray,
    starts: Sequence[Start],
    logarithm: bool,
    *,
    steps: int = 6,
    until: float = math.inf,
) -> list[tuple[tuple[Factor, ...], Fit]]:
    """All starts after a few steps, the best first.

    Parameters
    ----------
    F : ndarray, shape (n, m)
        Logarithms of the columns.
    t, w : ndarray, shape (n,)
        Target and weights of mean 1.
    starts : sequence of (functions, parameters)
        Only the last function's parameters and the power law move: the others were fitted before.
    logarithm : bool
        Whether t is the logarithm of a law.
    steps : int, default 6
        Of every start.
    until : float
        `kansym.clock.now` value after which no further functions are tried.
    """
    groups: dict[tuple[int, ...], list[Start]] = {}
    for start in starts:
        groups.setdefault(tuple(map(id, start[0])), []).append(start)
    found: list[tuple[tuple[Factor, ...], Fit]] = []
    n, m = F.shape
    for group in groups.values():
        if found and clock.late(until):
            break
        factors = group[0][0]
        theta = np.stack([parameters for _, parameters in group])
        free = np.ones(theta.shape[1], dtype=bool)
        free[m + 1 : -(m + 1)] = False
        if not logarithm:
            free[0] = False
        most = max(1, CHUNK // (n * theta.shape[1]))
        for low in range(0, len(theta), most):
            moved, amplitude, loss, _ = _steps(F, t, w, theta[low : low + most], factors, logarithm, free, steps)
            found += [
                (factors, Fit(one, float(a), float(value), np.zeros(len(one))))
                for one, a, value in zip(moved, amplitude, loss, strict=True)
                if math.isfinite(value)
            ]
    return sorted(found, key=lambda one: one[1].loss)


def fit(
    F: np.ndarray,
    t: np.ndarray,
    w: np.ndarray,
    factors: tuple[Factor, ...],
    parameters: np.ndarray,
    free: np.ndarray,
    logarithm: bool,
    *,
    steps: int,
) -> Fit:
    """One fit of the free parameters, with their variances."""
    free = free.copy()
    if not logarithm:
        free[0] = False
    theta, amplitude, loss, jacobian = _steps(F, t, w, parameters[None], factors, logarithm, free, steps)
    variance = np.zeros(len(parameters))
    if math.isfinite(loss[0]) and free.any():
        J = jacobian[0][:, free]
        size = np.maximum(np.sqrt((J * J).sum(0)), 1e-140)
        inverse = np.linalg.pinv((J / size).T @ (J / size), rcond=1e-12)
        # A parameter without influence has an unbounded variance; any large number says so.
        errors = np.sqrt(np.maximum(np.diag(inverse), 0.0)) * (math.sqrt(max(float(loss[0]), 1e-300)) / size)
        spread = np.minimum(errors, 1e150) ** 2
        variance[free] = spread
    return Fit(theta[0], float(amplitude[0]), float(loss[0]), variance)
