"""The rows of a run as figures draw them: few enough for a vector figure, finite, with residuals and errors."""

from dataclasses import dataclass

import numpy as np

from kansym.data.dataset import Dataset
from kansym.data.preparation import canonical_order, thinned
from kansym.errors import ArgumentError
from kansym.run.finished import FinishedRun
from kansym.search.effective_errors import effective_error

THINNEST = 0.005
"""Of the largest residual: a band that is narrower is hidden by the line at zero."""

MOST_POINTS = 2000
"""Points of one scatter plot; a vector figure keeps every one of them."""


@dataclass(frozen=True, eq=False)
class Points:
    """Rows on which the formula has a value.

    Attributes
    ----------
    X : ndarray, shape (m, d)
    y, predicted, residual : ndarray, shape (m,)
        `residual` is measured less predicted.
    error : ndarray, shape (m,), or None
        Standard errors of `residual`: those of y, and of the inputs by the slopes of the formula.
    undefined : int
        Rows of the table that the formula has no value on.
    """

    X: np.ndarray
    y: np.ndarray
    predicted: np.ndarray
    residual: np.ndarray
    error: np.ndarray | None
    undefined: int

    def __len__(self) -> int:
        return len(self.y)

    @property
    def shown(self) -> np.ndarray:
        """Indices of at most `MOST_POINTS` of them, spread over the table."""
        return thinned(np.arange(len(self.y)), MOST_POINTS)


def table_of(run: FinishedRun) -> Dataset:
    """The table of a run.

    Raises
    ------
    ArgumentError
        If the run does not have it.
    """
    if run.dataset is None:
        raise ArgumentError("the run was saved without its table, which this figure needs; search again with --out")
    return run.dataset


def points_of(run: FinishedRun) -> Points:
    """All rows in the order of their inputs."""
    dataset = table_of(run)
    order = canonical_order(dataset.X, dataset.y)
    dataset = dataset.take(order)
    with np.errstate(all="ignore"):
        predicted = run.formula.predict(dataset.X)
        residual = dataset.y - predicted
        error = effective_error(run.formula, dataset)
    finite = np.isfinite(residual)
    return Points(
        X=dataset.X[finite],
        y=dataset.y[finite],
        predicted=predicted[finite],
        residual=residual[finite],
        error=None if error is None else error[finite],
        undefined=int((~finite).sum()),
    )


def floor_shows(floor: float, residual: np.ndarray) -> bool:
    """Whether the noise floor can be seen beside residuals: neither many times what there is to see, nor a hair."""
    largest = float(np.max(np.abs(residual), initial=0.0))
    return THINNEST * largest < floor < 3 * largest
