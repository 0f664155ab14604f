"""Errors of the inputs during the search: what they do to y, by the slopes of a smooth interpolant."""

from dataclasses import replace

import numpy as np

from kansym.data.dataset import Dataset
from kansym.structure.surrogate import best_surrogate


def with_effective_errors(dataset: Dataset, *, seed: int) -> Dataset:
    """The table with errors of y that stand for those of the inputs too; the same table where the inputs have none.

    The effective variance is that of Orear, Am. J. Phys. 50 (1982) 912, doi:10.1119/1.12972, before any formula is
    known.
    """
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
