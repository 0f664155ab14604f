"""Tables with outliers: rows that no smooth function comes near are left out of the search."""

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import scipy

from kansym import clock
from kansym.data.dataset import Dataset
from kansym.data.weights import inverse_squares
from kansym.search.options import DiscoveryOptions
from kansym.search.progress import ProgressCallback
from kansym.search.results import Discovery
from kansym.structure.surrogate import best_surrogate

Search = Callable[[Dataset, DiscoveryOptions, ProgressCallback | None], Discovery]

ROUNDS = 8
"""Fits of the interpolant, each with the weights that the residuals of the one before give."""

SCREENED = 3000
"""Rows that the interpolant is fitted to and judged by, round after round; the last one judges all."""

FAR = 4.685
"""Residual, in robust standard deviations, from which a row has no weight: Tukey's biweight at 95 % efficiency (Huber,
Robust Statistics, 1981)."""

GAUSSIAN = 0.6744897501960817
"""Median of the absolute value of a standard Gaussian."""

MOST = 0.3
"""Largest share of the rows that may be left out; more than that are no outliers."""

SCREENING = 0.15
"""Share of the time for the interpolant that finds outliers."""

FIRST_SHARE = 0.6
"""Share of the time for the first search, where a second one on other rows follows."""

CHANGED = 0.02
"""Share of the rows that must have changed sides for a second search."""


def robust_discovery(
    dataset: Dataset, options: DiscoveryOptions, progress: ProgressCallback | None, search: Search
) -> Discovery:
    """Search the rows that are not outliers; the residuals of what is found there then decide again which rows are.

    The dataset of the result is the whole table, and its losses are those of the rows that were kept.
    """
    start = clock.now()
    kept = ~suspects(dataset, seed=options.seed, until=start + SCREENING * options.max_seconds)
    first = search(dataset.take(kept), replace(options, max_seconds=FIRST_SHARE * options.max_seconds), progress)
    left = clock.left(start + options.max_seconds)
    again = ~_far(dataset.y - first.formula.predict(dataset.X), dataset)
    found = first
    enough = again.mean() >= 1 - MOST and (again != kept).mean() > CHANGED
    if not first.interrupted and enough and left > 0.2 * options.max_seconds:
        second = search(dataset.take(again), replace(options, max_seconds=left), progress)
        found, kept = min(
            ((first, kept), (second, again)),
            key=lambda pair: _typical(dataset.y - pair[0].formula.predict(dataset.X)),
        )
    without = int((~kept).sum())
    notes = found.notes
    if without:
        notes = (*notes, f"{without} of {dataset.n_rows} rows were left out of the search as outliers.")
    return replace(found, dataset=dataset, notes=notes)


def suspects(dataset: Dataset, *, seed: int, until: float = math.inf) -> np.ndarray:
    """Rows (n,) that a smooth interpolant, fitted with the biweight, does not come near; none where there are too many.

    Parameters
    ----------
    dataset : Dataset
    seed : int
    until : float
        `kansym.clock.now` value after which the weights are not improved any more.
    """
    none = np.zeros(dataset.n_rows, dtype=bool)
    some = dataset.take(np.sort(np.random.default_rng(seed).permutation(dataset.n_rows)[:SCREENED]))
    own = np.ones(some.n_rows) if some.y_error is None else inverse_squares(some.y_error)
    weights, far, surrogate = own, np.zeros(some.n_rows, dtype=bool), None
    for _ in range(ROUNDS):
        surrogate = best_surrogate(some.X, some.y, weights=weights, seed=seed, most=1)
        if surrogate is None:
            return none
        sigmas = _sigmas(some.y - surrogate.predict(some.X), some)
        before, far = far, np.abs(sigmas) > FAR
        weights = own * np.maximum((1 - (sigmas / FAR) ** 2).clip(0) ** 2, 1e-4)
        if (far == before).all() or clock.late(until):
            break
    if surrogate is None or far.mean() > MOST:
        return none
    if some.n_rows == dataset.n_rows:
        return far
    return np.abs(_sigmas(dataset.y - surrogate.predict(dataset.X), dataset)) > FAR


def _far(residuals: np.ndarray, dataset: Dataset) -> np.ndarray:
    """Rows beyond what chance allows a table of this length: one in a hundred tables has such a row."""
    limit = max(FAR, float(scipy.stats.norm.isf(0.005 / len(residuals))))
    return ~(np.abs(_sigmas(residuals, dataset)) <= limit)


def _sigmas(residuals: np.ndarray, dataset: Dataset) -> np.ndarray:
    """Residuals in robust standard deviations; those without a value are infinitely far."""
    scaled = residuals if dataset.y_error is None else residuals / dataset.y_error
    size = _typical(scaled)
    # Half of the rows fitted to rounding: what is off by more than rounding is far.
    floor = 1e-10 * float(np.max(np.abs(dataset.y))) if dataset.y_error is None else 1e-10
    return np.where(np.isfinite(scaled), scaled, np.inf) / max(size, floor)


def _typical(residuals: np.ndarray) -> float:
    finite = np.abs(residuals[np.isfinite(residuals)])
    return float(np.median(finite)) / GAUSSIAN if len(finite) else np.inf
