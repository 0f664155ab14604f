"""Two ways down to the least orthogonal distance: odrpack, and steps that eliminate the inputs row by row."""

import numpy as np
import odrpack
import scipy.linalg

from kansym.symbolic.refit import RANK_TOLERANCE, _scaled_svd, _unit_columns, _zero_if_undefined
from kansym.symbolic.rows_with_errors import RowsWithErrors

BARRIER = 1e12
"""Residual, in standard errors, of a row where the formula is not finite: the step there is refused."""

STEPS = 200
"""Limit on steps; ten are usual."""

HALVINGS = 30
"""How often a step that does not lower chi-squared is halved before the fit ends."""

SETTLED = 1e-9
"""Length of a step, in standard errors of the constants, that ends the fit."""

INPUTS_SETTLED = 1e-7
"""Largest move of an input, in its standard error, of a fit that has ended."""

FLAT, FLAT_STEPS = 1e-13, 5
"""Relative gain of chi-squared that is none, and how many steps without gain end the fit. In chi-squared 1 is one
standard error: a gain of 1e-13 is a step of 3e-7 standard errors."""


def independent_constants(problem: RowsWithErrors, values: np.ndarray, free: np.ndarray) -> np.ndarray:
    """Those of the free constants that can be told apart at these values."""
    weighted = problem.jacobian(values, problem.none)[:, free]
    weighted = weighted * (problem.root / np.sqrt(1 + (problem.slopes(values, problem.none) ** 2).sum(axis=1)))[:, None]
    rank = _scaled_svd(weighted)[3]
    order = scipy.linalg.qr(_unit_columns(weighted)[0], mode="r", pivoting=True)[-1]
    return np.sort(free[order[:rank]])


def by_odrpack(problem: RowsWithErrors, values: np.ndarray, free: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Values (k,) and xi (n, d) by odrpack; constants that are not free keep their values."""
    rows = np.flatnonzero(problem.used)
    if not len(free) or len(rows) < len(free):
        return values, problem.none
    lengths = _unit_columns((problem.jacobian(values, problem.none) * problem.root[:, None])[:, free])[1]
    units = 1.0 / lengths

    def full(z: np.ndarray) -> np.ndarray:
        result = values.copy()
        with np.errstate(all="ignore"):
            result[free] += units * z
        return result

    def inputs(xi: np.ndarray) -> np.ndarray:
        result = np.zeros_like(problem.X)
        result[rows] = xi.reshape(-1, len(rows)).T
        return result

    def negative_residuals(xi: np.ndarray, z: np.ndarray) -> np.ndarray:
        residuals = problem.residuals(full(z), inputs(xi))[rows]
        return np.clip(np.where(np.isfinite(residuals), -residuals, BARRIER), -BARRIER, BARRIER)

    def by_constants(xi: np.ndarray, z: np.ndarray) -> np.ndarray:
        with np.errstate(all="ignore"):
            jacobian = problem.jacobian(full(z), inputs(xi))[rows][:, free] * units
        return np.ascontiguousarray(np.clip(_zero_if_undefined(jacobian), -BARRIER, BARRIER).T)[None]

    def by_inputs(xi: np.ndarray, z: np.ndarray) -> np.ndarray:
        slopes = problem.slopes(full(z), inputs(xi))[rows]
        return np.ascontiguousarray(np.clip(slopes, -BARRIER, BARRIER).T)[None]

    d = problem.X.shape[1]
    weight = problem.root[rows] ** 2
    exact = (problem.sx[rows] == 0).T
    result = odrpack.odr_fit(
        lambda xi, z: negative_residuals(xi, z)[None],
        np.zeros((d, len(rows))),
        np.zeros((1, len(rows))),
        np.zeros(len(free)),
        # Shapes with all axes written out: (d,) and (n,) are the same for d = n.
        weight_x=np.tile(weight, (d, 1))[:, None, :],
        weight_y=weight[None, None, :],
        fix_x=exact,
        jac_beta=by_constants,
        jac_x=by_inputs,
        scale_beta=np.ones(len(free)),
        scale_delta=np.ones((d, len(rows))),
        sstol=1e-14,
        partol=1e-12,
        maxit=STEPS,
    )
    return full(result.beta), inputs(np.where(exact, 0.0, result.delta))


def by_elimination(
    problem: RowsWithErrors, values: np.ndarray, xi: np.ndarray, free: np.ndarray
) -> tuple[np.ndarray, np.ndarray, bool]:
    """Gauss-Newton steps on constants and inputs at once, the inputs eliminated row by row; whether they settled."""
    chi2 = problem.chi2(values, xi)
    flat = 0
    for _ in range(STEPS):
        with np.errstate(all="ignore"):
            slopes = problem.slopes(values, xi)
            variance = 1 + (slopes**2).sum(axis=1)
            ahead = problem.residuals(values, xi) + (slopes * xi).sum(axis=1)
            weight = problem.root / np.sqrt(variance)
            jacobian = problem.jacobian(values, xi)[:, free]
            unit, lengths = _unit_columns(jacobian * weight[:, None])
            # QR first: the singular values of the triangle are those of the n rows.
            solved = _least_squares(unit, ahead * weight)
            step = np.divide(solved, lengths, out=np.zeros_like(solved), where=lengths > 0)
            left = (ahead - jacobian @ step) / variance
            direction = np.where(problem.used[:, None], slopes * left[:, None], 0.0) - xi
        size = float(np.linalg.norm(unit @ solved))
        far = float(np.abs(direction).max(initial=0.0))
        if not (np.isfinite(size) and np.isfinite(direction).all()):
            return values, xi, False
        for halving in range(HALVINGS):
            part = 0.5**halving
            trial = values.copy()
            trial[free] += part * step
            trial_xi = xi + part * direction
            trial_chi2 = problem.chi2(trial, trial_xi)
            if trial_chi2 <= chi2:
                break
        else:
            return values, xi, size < 1e-3
        # Chi-squared is flat at the minimum: it may stay while the constants still gain digits. Where steps gain a
        # factor only, as with strong curvature, what is left of it says when to end.
        flat = flat + 1 if chi2 - trial_chi2 <= FLAT * max(chi2, 1.0) else 0
        values, xi, chi2 = trial, trial_xi, trial_chi2
        if (size < SETTLED and far < INPUTS_SETTLED) or flat > FLAT_STEPS:
            return values, xi, True
    return values, xi, False


def _least_squares(matrix: np.ndarray, right: np.ndarray) -> np.ndarray:
    if matrix.shape[1] == 0:
        return np.zeros(0)
    if len(matrix) > matrix.shape[1]:
        q, r = np.linalg.qr(matrix)
        matrix, right = r, q.T @ right
    return np.linalg.lstsq(matrix, right, rcond=RANK_TOLERANCE)[0]
