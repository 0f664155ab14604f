"""The noise of states from how smooth they are in time, where nobody gave it."""

import numpy as np

from kansym.dynamics.trajectories import Trajectories, Trajectory

WINDOWS = ((5, 2), (7, 4), (9, 6))
"""Points of a window and degree of the polynomial that passes through them but for noise: the smoother the motion, the
higher the degree that leaves least; a wrong one only leaves more."""


def state_noise(data: Trajectories) -> tuple[np.ndarray, ...]:
    """Standard errors (n, m) of the states of every run: those that were given, else one for each state.

    In every window of a few points the part that no polynomial of a degree describes is noise, and what the degree is
    too low for; of several degrees the one that leaves least is taken. The median over windows makes it robust.

    Parameters
    ----------
    data : Trajectories
    """
    if all(run.error is not None for run in data.runs):
        return tuple(run.error for run in data.runs if run.error is not None)
    m = len(data.states)
    sizes = np.full(m, np.inf)
    for points, degree in WINDOWS:
        left = [_contrasts(run, points, degree) for run in data.runs if len(run) >= points]
        if left:
            everything = np.vstack(left)
            sizes = np.minimum(sizes, np.median(np.abs(everything), axis=0) / 0.6745)
    sizes = np.where(np.isfinite(sizes), sizes, 0.0)
    return tuple(np.broadcast_to(sizes, run.x.shape).copy() for run in data.runs)


def _contrasts(run: Trajectory, points: int, degree: int) -> np.ndarray:
    """What windows (n - points + 1, m) hold beside polynomials, as numbers whose variance is that of the noise."""
    t = np.lib.stride_tricks.sliding_window_view(run.t, points)
    middle = 0.5 * (t[:, :1] + t[:, -1:])
    scaled = (t - middle) / np.maximum(t[:, -1:] - middle, 1e-300)
    vandermonde = scaled[:, :, None] ** np.arange(degree + 1)
    # The last left singular vectors are what is orthogonal to all polynomials.
    u, _, _ = np.linalg.svd(vandermonde, full_matrices=True)
    contrast = u[:, :, -1]
    x = np.lib.stride_tricks.sliding_window_view(run.x, points, axis=0)  # k, m, points
    return np.einsum("kp,kmp->km", contrast, x)
