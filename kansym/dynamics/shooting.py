# scipy types the Jacobian as text only.
# pyright: reportArgumentType=false
"""Constants from integrated trajectories: least squares on the measured states, with initial values as nuisance."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.optimize

from kansym import clock
from kansym.dynamics.inputs import InputFunction, input_function
from kansym.dynamics.integration import CannotIntegrateError, Flow
from kansym.dynamics.trajectories import Trajectory
from kansym.symbolic.refit import scaled_svd

BARRIER = 1e4
"""Residual, in standard errors, of every point of a trajectory that cannot be integrated."""

MOST_STEPS = 60
"""Integrations of all trajectories in one fit."""

LOOSE = 1e-3
"""Part of a constant in a direction that no point determines, from which on it has no error."""

FIRST = 6
"""Points whose mean is the second guess of an initial value."""

FAIR_TRIES = 6
"""Integrations of all shots that every fit has."""

SETTLED = 1e-9
"""Relative change of the constants, or of the sum of squares, that ends a fit."""


@dataclass(frozen=True, eq=False)
class Shot:
    """Consecutive points that one initial value describes.

    Attributes
    ----------
    run : Trajectory
    sigma : ndarray, shape (n, observed)
    start : ndarray, shape (m,)
        First guess of the states at the first point.
    mean : ndarray, shape (m,)
        Mean of the smoothed states at the first few points, where noise takes a state less far: a population that noise
        makes negative may have no trajectory at all.
    observed : ndarray of int
        The states that were measured.
    inputs : callable or None
    """

    run: Trajectory
    sigma: np.ndarray
    start: np.ndarray
    mean: np.ndarray
    observed: np.ndarray
    inputs: InputFunction | None


@dataclass(frozen=True, eq=False)
class ShootingFit:
    """Outcome of `shoot`.

    Attributes
    ----------
    values : ndarray, shape (p,)
    starts : ndarray, shape (number of shots, m)
    losses : ndarray, shape (observed,)
        Mean squared residual of each state, in units of its variance.
    covariance : ndarray, shape (p, p)
        Of the constants, initial values marginalised, for the errors as given; nan where a constant is not determined.
    parameters : int
        Constants and initial values.
    square : float
        Sum of all squared residuals, in units of their variances.
    """

    values: np.ndarray
    starts: np.ndarray
    losses: np.ndarray
    covariance: np.ndarray
    parameters: int
    square: float


def shots_of(
    runs: Sequence[Trajectory],
    sigmas: Sequence[np.ndarray],
    guess: Sequence[np.ndarray],
    observed: np.ndarray,
    most: int | None = None,
) -> tuple[Shot, ...]:
    """Runs as shots of at most so many intervals; neighbours share a point, so that no stretch of time is left out.

    Parameters
    ----------
    runs : sequence of Trajectory
    sigmas : sequence of array (n, observed)
    guess : sequence of array (n, m)
        Smoothed states at the points of each run.
    observed : array of int
    most : int, optional
        Default: a run is one shot.
    """
    shots = []
    for run, sigma, states in zip(runs, sigmas, guess, strict=True):
        inputs = input_function(run.t, run.u) if run.u.shape[1] else None
        count = 1 if most is None else max(1, math.ceil((len(run) - 1) / most))
        ends = np.linspace(0, len(run) - 1, count + 1).round().astype(int)
        for place, (low, high) in enumerate(itertools.pairwise(ends)):
            rows = slice(low, high + 1)
            # A shared point counts once.
            errors = sigma[rows].copy()
            if place:
                errors[0] *= math.sqrt(2)
            if place < count - 1:
                errors[-1] *= math.sqrt(2)
            mean = states[low : min(low + FIRST, high + 1)].mean(axis=0)
            shots.append(Shot(run.part(rows), errors, states[low], mean, observed, inputs))
    return tuple(shots)


def shoot(
    flow: Flow,
    shots: Sequence[Shot],
    *,
    values: np.ndarray | None = None,
    starts: np.ndarray | None = None,
    most: int = MOST_STEPS,
    until: float = math.inf,
    hopeless: float = math.inf,
) -> ShootingFit:
    """Fit constants and initial values of all shots; Levenberg-Marquardt with exact sensitivities.

    Parameters
    ----------
    flow : Flow
    shots : sequence of Shot
    values : array (p,), optional
        Constants to start from, default those of the flow.
    starts : array (shots, m), optional
        Initial values to start from, default those of the shots; where they cannot be integrated, those of the shots,
        and then their means.
    most : int, default 60
        Integrations of all shots.
    until : float, default inf
        `kansym.clock.now` value after which the best so far is returned.
    hopeless : float, default inf
        Sum of squares above which the fit ends after a few steps: there is a better system.

    Raises
    ------
    CannotIntegrateError
        If the shots cannot be integrated with the constants at the start.

    References
    ----------
    Bock, Recent advances in parameter identification techniques for O.D.E. (1983), doi:10.1007/978-1-4684-7324-7_7.
    Shots are not tied together: constants are the same, initial values are not.
    """
    m, p = len(flow.forms), len(flow.values)
    values = flow.values if values is None else values
    begin = np.array([shot.start for shot in shots]) if starts is None else starts
    unit = np.maximum(np.abs(begin), 1e-3 * flow.scale)
    sizes = np.concatenate([np.maximum(np.abs(values), 1e-8), unit.ravel()])
    remembered: dict[bytes, tuple[np.ndarray, np.ndarray] | None] = {}
    tries = 0
    best: tuple[float, np.ndarray] = (math.inf, np.concatenate([values, begin.ravel()]))

    def residuals(z: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
        nonlocal best, tries
        key = z.tobytes()
        if key not in remembered:
            given_up = clock.late(until) or (tries >= FAIR_TRIES and best[0] > hopeless)
            if given_up and math.isfinite(best[0]):
                return None
            tries += 1
            remembered.clear()
            try:
                remembered[key] = _residuals(flow, shots, z[:p], z[p:].reshape(len(shots), m))
            except CannotIntegrateError:
                remembered[key] = None
        found = remembered[key]
        if found is not None:
            square = float(found[0] @ found[0])
            if square < best[0]:
                best = (square, z.copy())
        return found

    guesses = (begin, [shot.start for shot in shots], [shot.mean for shot in shots])
    starting = ((z, residuals(z)) for z in (np.concatenate([values, *guess]) for guess in guesses))
    z0, first = next(((z, found) for z, found in starting if found is not None), (best[1], None))
    if first is None:
        raise CannotIntegrateError("the trajectories cannot be integrated from where the fit begins")
    barrier = np.full(len(first[0]), max(BARRIER, 10 * float(np.abs(first[0]).max())))

    def fun(z: np.ndarray) -> np.ndarray:
        found = residuals(z)
        return barrier if found is None else found[0]

    def jacobian(z: np.ndarray) -> np.ndarray:
        found = residuals(z)
        return np.zeros((len(barrier), len(z))) if found is None else found[1]

    if len(barrier) >= len(z0) and most > 1:
        scipy.optimize.least_squares(
            fun, z0, jac=jacobian, method="lm", x_scale=sizes, max_nfev=most, ftol=SETTLED, xtol=SETTLED, gtol=1e-15
        )
    z = best[1]
    remembered.clear()
    residual, slopes = _residuals(flow, shots, z[:p], z[p:].reshape(len(shots), m))
    return ShootingFit(
        z[:p], z[p:].reshape(len(shots), m), _losses(residual, shots), _covariance(slopes, p), len(z), best[0]
    )


def _residuals(
    flow: Flow, shots: Sequence[Shot], values: np.ndarray, starts: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Residuals of all points in standard errors, and their derivatives by constants and initial values."""
    m, p = len(flow.forms), len(values)
    rows, blocks = [], []
    for k, (shot, x0) in enumerate(zip(shots, starts, strict=True)):
        states, slopes = flow.sensitivities(x0, shot.run.t, values, shot.inputs)
        rows.append(((states[:, shot.observed] - shot.run.x) / shot.sigma).ravel())
        scaled = slopes[:, shot.observed, :] / shot.sigma[:, :, None]
        block = np.zeros((scaled.shape[0] * scaled.shape[1], p + m * len(shots)))
        block[:, :p] = scaled[:, :, m:].reshape(len(block), p)
        block[:, p + m * k : p + m * (k + 1)] = scaled[:, :, :m].reshape(len(block), m)
        blocks.append(block)
    return np.concatenate(rows), np.vstack(blocks)


def _losses(residual: np.ndarray, shots: Sequence[Shot]) -> np.ndarray:
    """Mean squared residual of each observed state; points that two shots share count once."""
    count = len(shots[0].observed)
    square = residual.reshape(-1, count) ** 2
    points = sum(len(shot.run) for shot in shots) - _shared(shots)
    return square.sum(axis=0) / points


def _shared(shots: Sequence[Shot]) -> int:
    return sum(one.run.name == other.run.name for one, other in itertools.pairwise(shots))


def _covariance(jacobian: np.ndarray, p: int) -> np.ndarray:
    """Of the first p parameters; nan where they are not determined."""
    lengths, singular, vectors, rank = scaled_svd(jacobian)
    kept = vectors[:rank] / singular[:rank, None]
    factor = kept.T / np.where(lengths > 0, lengths, 1.0)[:, None]
    covariance = factor @ factor.T
    loose = (np.abs(vectors[rank:]) > LOOSE).any(axis=0) | (lengths == 0)
    covariance[loose, :] = covariance[:, loose] = math.nan
    return covariance[:p, :p]
