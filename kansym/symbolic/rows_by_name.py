"""Rows of input values as users give them: an array, a DataFrame, or values by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from kansym.deferred import deferred_module
from kansym.errors import DataError
from kansym.units.headers import names_and_units_of

if TYPE_CHECKING:
    import pandas as pd
else:
    pd = deferred_module("pandas", globals(), "pd")


def rows_by_name(X: Any, names: Sequence[str]) -> np.ndarray:
    """Rows (n, d) with the columns of some names, in their order.

    Parameters
    ----------
    X : array (n, d), DataFrame, or mapping of name to number or array (n,)
        A DataFrame and a mapping are read by name, and may have other columns; the headers of a file with units in them
        are understood. A number in a mapping holds for all rows.
    names : sequence of str, length d

    Raises
    ------
    DataError
        If columns are missing, are no numbers, or their number or lengths are wrong.
    """
    if isinstance(X, Mapping):
        return _of_mapping(X, names)
    if not isinstance(X, np.ndarray) and isinstance(X, pd.DataFrame):
        if any(name not in X.columns for name in names):
            X = X.set_axis(names_and_units_of([str(name) for name in X.columns])[0], axis=1)
        _require(names, X.columns)
        X = X[list(names)].to_numpy(dtype=np.float64)
    try:
        X = np.asarray(X, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(f"X must hold numbers: {error}") from error
    if X.ndim != 2 or X.shape[1] != len(names):
        raise DataError(f"X must have shape (n, {len(names)}) with the columns {list(names)}, got {X.shape}")
    return X


def _of_mapping(X: Mapping[Any, Any], names: Sequence[str]) -> np.ndarray:
    if any(name not in X for name in names):
        X = dict(zip(names_and_units_of([str(name) for name in X])[0], X.values(), strict=True))
    _require(names, X)
    try:
        columns = [np.asarray(X[name], dtype=np.float64) for name in names]
    except (TypeError, ValueError) as error:
        raise DataError(f"X must hold numbers: {error}") from error
    sizes = {column.shape for column in columns if column.ndim}
    if any(len(shape) != 1 for shape in sizes) or len(sizes) > 1:
        lengths = ", ".join(f"{name} {column.shape}" for name, column in zip(names, columns, strict=True))
        raise DataError(f"X must have columns of one length, got {lengths}")
    rows = sizes.pop() if sizes else (1,)
    return np.column_stack([np.broadcast_to(column, rows) for column in columns])


def _require(names: Sequence[str], there: Any) -> None:
    missing = [name for name in names if name not in there]
    if missing:
        raise DataError(f"X lacks the columns {missing}; the formula was found with {list(names)}")
