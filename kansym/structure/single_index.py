"""Laws of one product of powers, y = M(x) F(prod x_i^p_i), however fast F oscillates.

An interpolant needs a few points per wave in every direction; a single index needs them along one line only. So where
the interpolant fails, exponents are tried one combination after another: rows are sorted by the index, and the law is
found when neighbours in that order have nearly equal y / M (von Neumann's ratio of successive differences).
"""

import functools

import numpy as np

from kansym import clock
from kansym.clock import Work
from kansym.structure.scaling_symmetry import ScalingReduction

EXPONENTS = (0, 1, -1, 2, -2)
"""Powers tried in the index and in the factor; a column is in one of them or in neither."""

MOST = 20_000
"""Combinations looked at."""

ROWS, MANY = 400, 4000
"""Rows of the first look, and the most that the best combinations are looked at on."""

SMOOTH = 0.05
"""Half the mean squared successive difference, relative to the variance, of a curve that neighbours agree on."""

CHUNK = 256


def single_index(
    X: np.ndarray, t: np.ndarray, weights: np.ndarray | None = None, *, smooth: float = SMOOTH, seed: int = 0
) -> list[ScalingReduction]:
    """Reductions to one column under which y / M is a smooth curve, the smoothest first; at most three.

    Parameters
    ----------
    X : ndarray, shape (n, d)
        Of columns with both signs the index has the sign as well.
    t : ndarray, shape (n,)
    weights : ndarray, shape (n,), optional
        Inverse noise variances, up to a factor.
    smooth : float, default `SMOOTH`
        Largest von Neumann ratio, halved: the share of the variance that the curve may leave.
    seed : int, default 0

    References
    ----------
    von Neumann, Annals of Mathematical Statistics 12 (1941) 367, doi:10.1214/aoms/1177731677.
    """
    d = X.shape[1]
    if not X.all() or d > 6:
        return []
    rows = np.random.default_rng(seed).permutation(len(t))
    combinations = _combinations(d)
    share = np.ones(len(t)) if weights is None else weights / weights.mean()
    few, many = rows[:ROWS], rows[:MANY]
    scores = _roughness(X[few], t[few], share[few], combinations)
    best = np.argsort(scores)[:40]
    exact = _roughness(X[many], t[many], share[many], combinations[best])
    found = []
    for place in np.argsort(exact)[:3]:
        if exact[place] < smooth:
            index, factor = combinations[best[place]].astype(float)
            misfit = float(exact[place])
            found.append(ScalingReduction(factor, index[None], misfit, float(np.abs([index, factor]).sum())))
    return found


@functools.cache
def _combinations(d: int) -> np.ndarray:
    """Exponents of index and factor, shape (m, 2, d); small ones first, one orientation of the index only."""
    options = np.array([(p, 0) for p in EXPONENTS] + [(0, q) for q in EXPONENTS[1:]], dtype=np.int8)
    places = np.indices((len(options),) * d, dtype=np.int8).reshape(d, -1).T[: 40 * MOST]
    index, factor = options[places, 0], options[places, 1]
    first = np.take_along_axis(index, (index != 0).argmax(axis=1)[:, None], axis=1)[:, 0]
    wanted = ((index != 0).sum(axis=1) >= 2) & (first > 0) & (np.gcd.reduce(np.abs(index), axis=1) == 1)
    found = np.stack([index[wanted], factor[wanted]], axis=1).astype(int)
    return found[np.argsort(np.abs(found).sum(axis=(1, 2)), kind="stable")[:MOST]]


def _roughness(X: np.ndarray, t: np.ndarray, weights: np.ndarray, combinations: np.ndarray) -> np.ndarray:
    """Von Neumann's ratio of t / M in the order of the index, halved: 1 for no order, 0 for a smooth curve."""
    clock.charge(Work.SORTED_VALUES, len(combinations) * len(t))
    logs, negative = np.log(np.abs(X)).T, (X < 0).T.astype(float)
    scores = np.empty(len(combinations))
    for start in range(0, len(combinations), CHUNK):
        part = combinations[start : start + CHUNK]
        index, signs = part[:, 0] @ logs, 1 - 2 * ((part @ negative) % 2)
        # In the order of the signed values, whose logarithms do not overflow.
        order = np.argsort(signs[:, 0] * (index - index.min(1, keepdims=True) + 1), axis=1)
        factor = np.exp(part[:, 1] @ logs)
        values, share = signs[:, 1] * t / factor, weights * factor**2
        spread = (share * values**2).mean(1) - (share * values).mean(1) ** 2 / share.mean(1)
        ordered, share = np.take_along_axis(values, order, axis=1), np.take_along_axis(share, order, axis=1)
        # A difference has the variances of both.
        steps = np.diff(ordered, axis=1) ** 2 / (1 / share[:, 1:] + 1 / share[:, :-1])
        scores[start : start + CHUNK] = steps.mean(1) / np.maximum(spread, 1e-300)
    return scores
