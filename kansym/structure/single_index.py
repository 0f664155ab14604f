"""Laws of one product of powers, y = M(x) F(prod x_i^p_i), however fast F oscillates.

An interpolant needs a few points per wave in every direction; a single index needs them along one line only. So where
the interpolant fails, exponents are tried one combination after another: rows are sorted by the index, and the law is
found when neighbours in that order have nearly equal y / M (von Neumann's ratio of successive differences).
"""

import itertools
import math

import numpy as np

from kansym import clock
from kansym.clock import Work
from kansym.structure.scaling_symmetry import ScalingReduction
from kansym.structure.surrogate import one_signed

EXPONENTS = (0, 1, -1, 2, -2)
"""Powers tried in the index and in the factor; a column is in one of them or in neither."""

MOST = 20_000
"""Combinations looked at."""

ROWS = 400
"""Rows of the first look; the best combinations are looked at on all rows."""

SMOOTH = 0.05
"""Half the mean squared successive difference, relative to the variance, of a curve that neighbours agree on."""

CHUNK = 256


def single_index(X: np.ndarray, t: np.ndarray, *, noise: float = 0.0, seed: int = 0) -> list[ScalingReduction]:
    """Reductions to one column under which y / M is a smooth curve, the smoothest first; at most three.

    Parameters
    ----------
    X : ndarray, shape (n, d)
        Columns with zeros or both signs stay out of the index.
    t : ndarray, shape (n,)
    noise : float, default 0
        Noise variance of t, relative to its variance.
    seed : int, default 0

    References
    ----------
    von Neumann, Annals of Mathematical Statistics 12 (1941) 367, doi:10.1214/aoms/1177731677.
    """
    d = X.shape[1]
    if not one_signed(X).all() or d > 6:
        return []
    rows = np.random.default_rng(seed).permutation(len(t))
    logs = np.log(np.abs(X))
    combinations = _combinations(d)
    few = rows[:ROWS]
    scores = _roughness(logs[few], t[few], combinations)
    best = np.argsort(scores)[:40]
    exact = _roughness(logs[rows[:4000]], t[rows[:4000]], combinations[best])
    found = []
    for place in np.argsort(exact)[:3]:
        if exact[place] < SMOOTH + noise:
            index, factor = combinations[best[place]].astype(float)
            misfit = float(exact[place])
            found.append(ScalingReduction(factor, index[None], misfit, float(np.abs([index, factor]).sum())))
    return found


def _combinations(d: int) -> np.ndarray:
    """Exponents of index and factor, shape (m, 2, d); small ones first, one orientation of the index only."""
    options = [(p, 0) for p in EXPONENTS] + [(0, q) for q in EXPONENTS[1:]]
    found = []
    for combination in itertools.islice(itertools.product(options, repeat=d), 40 * MOST):
        index, factor = (np.array(part) for part in zip(*combination, strict=True))
        nonzero = index[index != 0]
        if len(nonzero) < 2 or nonzero[0] < 0 or math.gcd(*nonzero.tolist()) > 1:
            continue
        found.append((int(np.abs(index).sum() + np.abs(factor).sum()), (index, factor)))
    found.sort(key=lambda one: one[0])
    return np.array([pair for _, pair in found[:MOST]])


def _roughness(logs: np.ndarray, t: np.ndarray, combinations: np.ndarray) -> np.ndarray:
    """Von Neumann's ratio of t / M in the order of the index, halved: 1 for no order, 0 for a smooth curve."""
    clock.charge(Work.SORTED_VALUES, len(combinations) * len(t))
    scores = np.empty(len(combinations))
    for start in range(0, len(combinations), CHUNK):
        part = combinations[start : start + CHUNK]
        order = np.argsort(part[:, 0] @ logs.T, axis=1)
        values = t * np.exp(-part[:, 1] @ logs.T)
        ordered = np.take_along_axis(values, order, axis=1)
        steps = np.diff(ordered, axis=1) ** 2
        scores[start : start + CHUNK] = steps.mean(1) / 2 / np.maximum(values.var(axis=1), 1e-300)
    return scores
