"""What y does between the rows of a table: a trained network, a function, or interpolants of the table itself."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.spatial import KDTree

from kansym.data.dataset import Dataset, make_dataset
from kansym.data.weights import row_weights
from kansym.errors import ArgumentError, DataError
from kansym.kan.fit_table import inputs_of
from kansym.kan.model import KAN
from kansym.structure.surrogate import LEAST_ROWS, Surrogate, best_surrogate

Function = Callable[[np.ndarray], np.ndarray]

EMPTY = 0.9
"""Quantile of the rows' distances to their nearest neighbours beyond which a point lies outside of the data."""

MOST_ROWS = 2_000
"""Rows that are looked at."""

BLIND = 0.5
"""Error of an interpolant, in spreads of y, from which nothing can be said."""

ROUNDING = 1e-9
"""Error of a function that is known, in units of the size of its values."""


@dataclass(frozen=True, eq=False)
class Response:
    """y as a function of the columns, as far as it is known.

    Attributes
    ----------
    names : tuple of str
    target : str
    X : ndarray, shape (n, d)
        Rows, at most `MOST_ROWS`.
    y : ndarray, shape (n,)
        What the table or the model says on them.
    weights : ndarray, shape (n,), or None
        Inverse variances of y, of mean 1.
    model : callable, or None
        Values (m,) at points (m, d); None for a table.
    error : float
        Root-mean-square error of the model, in units of y; 0 for a table.
    """

    names: tuple[str, ...]
    target: str
    X: np.ndarray
    y: np.ndarray
    weights: np.ndarray | None = None
    model: Function | None = None
    error: float = 0.0

    @classmethod
    def of(cls, source: Any, data: Any, *, seed: int) -> "Response":
        """From a `Dataset`, from X and y, from a `KAN`, or from a function of rows and the rows X.

        Raises
        ------
        ArgumentError
            If the source cannot be asked, or there are fewer than two columns.
        DataError
            If there are too few rows, or values that are no finite numbers.
        """
        if isinstance(source, KAN):
            found = _of_network(source, data)
        elif callable(source):
            found = _of_function(source, data)
        elif isinstance(source, Dataset):
            found = _of_table(source)
        elif data is not None:
            found = _of_table(make_dataset(source, data))
        else:
            raise ArgumentError(
                "give a Dataset, X and y, a fitted KAN, or a function of rows and rows X to ask it at; got "
                f"{type(source).__name__} alone"
            )
        n, d = found.X.shape
        if d < 2:
            raise ArgumentError(f"there must be two columns or more, got {', '.join(found.names)}")
        if n < 4 * LEAST_ROWS:
            raise DataError(f"there must be {4 * LEAST_ROWS} rows or more to see structure in them, got {n}")
        few = np.sort(np.random.default_rng(seed).permutation(n)[:MOST_ROWS])
        weights = None if found.weights is None else found.weights[few]
        return replace(found, X=found.X[few], y=found.y[few], weights=weights)

    @property
    def spread(self) -> float:
        """Standard deviation of y."""
        return float(np.std(self.y)) or 1.0

    def functions(self, seed: int) -> tuple[tuple[Function, ...], float]:
        """The model, or two interpolants of halves of the table, whose errors are independent but for what both lack.

        The second is what they may lack, in units of y: the error of the model, or that of the interpolants beyond the
        noise; nan where they describe no more than half of the spread.
        """
        if self.model is not None:
            return (self.model,), self.error
        order = np.random.default_rng(seed).permutation(len(self.y))
        halves = []
        for rows in (order[::2], order[1::2]):
            weights = None if self.weights is None else self.weights[rows]
            halves.append(interpolant(self.X[rows], self.y[rows], weights, seed=seed))
        lacking = max(one.error**2 - one.noise for one in halves)
        blind = max(one.error for one in halves) > BLIND
        return tuple(one.predict for one in halves), math.nan if blind else math.sqrt(max(lacking, 0.0)) * self.spread

    def inside(self, *points: np.ndarray) -> np.ndarray:
        """Which points lie among the rows, so that they can be asked for, in all of several arrays (m, d); (m,)."""
        scale = np.std(self.X, axis=0)
        scale[scale == 0] = 1.0
        # Repeated rows have neighbours at no distance.
        rows = np.unique(self.X / scale, axis=0)
        tree = KDTree(rows)
        near = float(np.quantile(tree.query(rows, k=2)[0][:, 1], EMPTY))
        # Between neighbours of a grid all points are as far as half a diagonal.
        near *= math.sqrt(self.X.shape[1])
        return np.all([tree.query(one / scale)[0] <= near for one in points], axis=0)


def interpolant(X: np.ndarray, y: np.ndarray, weights: np.ndarray | None, *, seed: int) -> Surrogate:
    """The best interpolant of a table.

    Raises
    ------
    DataError
        If there is none.
    """
    found = best_surrogate(X, y, weights=weights, seed=seed)
    if found is None:
        raise DataError("no smooth function could be laid through the rows; are there columns of extreme values?")
    return found


def _of_table(table: Dataset) -> Response:
    return Response(table.names, table.target, table.X, table.y, row_weights(table))


def _of_network(net: KAN, data: Any) -> Response:
    if net.n_outputs != 1:
        raise ArgumentError(f"the network must have one output, it has {net.n_outputs}")
    X = net.table.X if data is None else inputs_of(data, net.n_inputs, net.names, known=True)
    error = max(net.error.train, net.error.held_out)
    return Response(net.names, net.targets[0], X, net.predict(X), model=net.predict, error=error)


def _of_function(function: Callable[..., Any], data: Any) -> Response:
    if data is None:
        raise ArgumentError("give rows X to ask the function at, as in separability(function, X)")
    rows, names = (data.X, data.names) if isinstance(data, Dataset) else (data, None)
    values = np.asarray(function(np.asarray(rows, dtype=float)), dtype=float)
    if values.shape != (len(rows),):
        raise ArgumentError(f"the function must give one value for each of {len(rows)} rows, got {values.shape}")
    table = make_dataset(rows, values, names=names, remove_constant=False)
    error = ROUNDING * float(np.abs(table.y).max())
    return Response(table.names, table.target, table.X, table.y, model=function, error=error)
