"""Levenberg-Marquardt from hundreds of starts at once."""

import numpy as np

from kansym.fitting.screening import Screen

STEPS = 40
"""Steps of every start: enough to see which minimum it goes to."""

DAMPING = 1e-2
"""Damping at the start, relative to unit columns of the Jacobian."""


def descended(screen: Screen, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Losses (m,) and all constants (m, k) after some steps from `values` (m, k), sorted, the best first."""
    values = values.copy()
    m, k = values.shape
    residuals = screen.residuals(values)
    losses = _losses(residuals)
    damping = np.full(m, DAMPING)
    for _ in range(STEPS):
        with np.errstate(all="ignore"):
            jacobian = screen.jacobian(values)
            lengths = np.sqrt((jacobian**2).sum(axis=1))
            unit = np.where(lengths[:, None, :] > 0, jacobian / lengths[:, None, :], 0.0)
            unit = np.where(np.isfinite(unit), unit, 0.0)
            transposed = np.swapaxes(unit, 1, 2)
            right = transposed @ np.where(np.isfinite(residuals), residuals, 0.0)[:, :, None]
            solved = np.linalg.solve(transposed @ unit + damping[:, None, None] * np.eye(k), right)[:, :, 0]
            trials = values - np.where(lengths > 0, solved / lengths, 0.0)
            trial_residuals = screen.residuals(trials)
        trial_losses = _losses(trial_residuals)
        better = trial_losses < losses
        values[better], losses[better], residuals[better] = (
            trials[better],
            trial_losses[better],
            trial_residuals[better],
        )
        damping = np.clip(np.where(better, damping / 4, damping * 5), 1e-12, 1e12)
    order = np.argsort(losses, kind="stable")
    return losses[order], values[order]


def _losses(residuals: np.ndarray) -> np.ndarray:
    with np.errstate(all="ignore"):
        losses = np.mean(residuals**2, axis=1)
    return np.where(np.isfinite(losses), losses, np.inf)
