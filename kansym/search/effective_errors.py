"""Errors during the search, as errors of y that are the same on both sides: those of the inputs, by the slopes of a
smooth interpolant, and those that differ below and above."""

import math
from dataclasses import replace

import numpy as np

from kansym.data.dataset import Dataset
from kansym.structure.surrogate import best_surrogate


def with_effective_errors(dataset: Dataset, *, seed: int) -> Dataset:
    """The table with errors of y that stand for all; the same table where there are no others.

    The effective variance is that of Orear, Am. J. Phys. 50 (1982) 912, doi:10.1119/1.12972, before any formula is
    known. Where errors differ below and above, y and its error are the mean and the standard deviation of the
    two-piece normal distribution (see `kansym.fitting.sides`): about y itself the longer side would pull.
    """
    if dataset.y_sides is not None:
        below, above = dataset.y_sides
        shift = math.sqrt(2 / math.pi) * (above - below)
        error = np.sqrt((1 - 2 / math.pi) * (above - below) ** 2 + below * above)
        dataset = replace(dataset, y=dataset.y + shift, y_error=error)
    if dataset.x_error is None or dataset.y_error is None:
        return dataset
    moved = (_slopes(dataset, seed) * dataset.x_error) ** 2
    return replace(dataset, y_error=np.sqrt(dataset.y_error**2 + moved.sum(axis=1)))


def _slopes(dataset: Dataset, seed: int) -> np.ndarray:
    """Slopes (n, d) of y, at the rows."""
    surrogate = best_surrogate(dataset.X, dataset.y, seed=seed, most=2)
    if surrogate is not None:
        _, slopes = surrogate.value_and_gradient(dataset.X)
        if np.isfinite(slopes).all():
            return slopes
    # Few rows: those of a plane through them.
    centred = dataset.X - dataset.X.mean(axis=0)
    slope = np.linalg.lstsq(centred, dataset.y - dataset.y.mean(), rcond=None)[0]
    return np.broadcast_to(slope, dataset.X.shape)
