"""What forms predict at a point, with the errors that their constants leave, and the error of a reading there."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kansym.data.dataset import Dataset
from kansym.fitting.residuals import Residuals, residuals_of, value_errors
from kansym.forms.result import FormProbability

NEIGHBOURS = 5
"""Rows whose errors a reading is taken to have: the median of an odd number is one of them."""

MOST_ROWS = 5000
"""Rows that errors of constants are taken from; of more they are thinned, and count for all."""


@dataclass(frozen=True, eq=False)
class Predictions:
    """Of some forms at points.

    Attributes
    ----------
    values : array (k, m)
        nan where a form has none.
    errors : array (k, m)
        Standard errors of these, from the constants.
    """

    values: np.ndarray
    errors: np.ndarray


def thinned_table(dataset: Dataset) -> tuple[Dataset, float]:
    """At most `MOST_ROWS` rows of a table, and how many each of them stands for."""
    if dataset.n_rows <= MOST_ROWS:
        return dataset, 1.0
    step = -(-dataset.n_rows // MOST_ROWS)
    kept = dataset.take(np.arange(0, dataset.n_rows, step))
    return kept, dataset.n_rows / kept.n_rows


def predictions(forms: Sequence[FormProbability], dataset: Dataset, points: np.ndarray) -> Predictions:
    """Values and errors of forms at points (m, d).

    Parameters
    ----------
    forms : sequence of FormProbability, length k
    dataset : Dataset
        That their constants were fitted to.
    points : array (m, d)
    """
    table, each = thinned_table(dataset)
    values, errors = [], []
    for one in forms:
        values.append(one.formula.predict(points))
        with np.errstate(all="ignore"):
            own = value_errors(residuals_of(one.formula, table), points) / np.sqrt(each)
        # Where a derivative does not exist, nothing is known of the error.
        errors.append(np.where(np.isfinite(own), own, 0.0))
    return Predictions(np.array(values), np.array(errors))


def noise_at(residuals: Residuals, points: np.ndarray) -> np.ndarray:
    """Standard error of a reading at points (m, d): the median of those of the nearest rows, or the scatter of the
    residuals where the table has no errors.

    Parameters
    ----------
    residuals : Residuals
        Of the pick.
    points : array (m, d)
    """
    if residuals.sigma is None:
        scatter = residuals.rms * np.sqrt(residuals.n / max(residuals.n - residuals.k, 1))
        return np.full(len(points), scatter)
    size = np.ptp(residuals.X, axis=0)
    size = np.where(size > 0, size, 1.0)
    # In slices: distances of all points from all rows of a long table would be large.
    found = []
    for part in np.array_split(points, max(1, len(points) * residuals.n // 1_000_000)):
        distance = (((part[:, None, :] - residuals.X[None, :, :]) / size) ** 2).sum(axis=2)
        nearest = np.argsort(distance, axis=1, kind="stable")[:, :NEIGHBOURS]
        found.append(np.median(residuals.sigma[nearest], axis=1))
    return np.concatenate(found) if found else np.zeros(0)
