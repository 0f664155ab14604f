"""Tables from what `fit` is given, one for each target, and indices of the fronts of several."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from kansym.data.columns import name_listing, quoted
from kansym.data.dataset import Dataset, make_dataset
from kansym.errors import Argument, ArgumentError, DataError
from kansym.estimator.input import checked_units


def datasets_of(
    X: np.ndarray,
    y: np.ndarray,
    targets: Sequence[str],
    *,
    names: Sequence[str],
    X_units: Any,
    y_units: Any,
    y_error: Any,
    x_error: Any,
    sample_weight: Any,
) -> dict[str, Dataset]:
    """A table for each target.

    Parameters
    ----------
    X : array (n, d)
    y : array (n,) or (n, k)
    targets, names : sequence of str
        Of the columns of y and X.
    X_units, y_units, y_error, x_error, sample_weight
        As `SymbolicRegressor.fit` takes them.

    Raises
    ------
    DataError
        If one cannot be used.
    """
    if len(set(targets)) < len(targets):
        raise DataError(f"target_names must differ from each other, got {list(targets)}")
    alone = y.ndim == 1
    errors = [y_error] if alone else errors_of_targets(y_error, targets, len(y))
    units = [y_units] if alone else units_of_targets(y_units, targets)
    return {
        target: make_dataset(
            X,
            np.ascontiguousarray(column, dtype=np.float64),
            names=names,
            target=target,
            y_error=error,
            x_error=x_error,
            sample_weight=sample_weight,
            units=checked_units(X_units, names),
            y_units=unit,
        )
        for target, column, error, unit in zip(targets, y.reshape(len(y), -1).T, errors, units, strict=True)
    }


def target_names_of(given: Any, y: Any, count: int, columns: Sequence[str]) -> list[str]:
    """Names of the targets: those that are given, those of a Series or DataFrame, or y, or y0, y1, ...

    A name that a column of X has already is primed, but where it was given.

    Raises
    ------
    ArgumentError, DataError
        If they are no list of names, too many or too few.
    """
    if given is None:
        held = getattr(y, "columns", None)
        if held is None:
            held = [getattr(y, "name", None) or "y"] if count == 1 else [f"y{k}" for k in range(count)]
        return [_free(str(name), columns) for name in held]
    if isinstance(given, str) or not hasattr(given, "__len__"):
        raise ArgumentError(f"target_names must be a list of names, such as ['u', 'v'], got {given!r}")
    if len(given) != count:
        raise DataError(f"target_names has {len(given)} entries, but y has {count} column{'s' * (count != 1)}")
    return [str(name) for name in given]


def _free(target: str, names: Sequence[str]) -> str:
    while target in names:
        target += "'"
    return target


def errors_of_targets(y_error: Any, targets: Sequence[str], rows: int) -> list[Any]:
    """The errors of each target, as `make_dataset` takes them.

    Parameters
    ----------
    y_error : anything
        One for all: a number, ``"1%"``, an array (n,), or a tuple of two for those below and above. For each its own: a
        mapping by name, an array (n, k), a tuple of two of them, or k numbers.
    targets : sequence of str, length k
    rows : int
        n.

    Raises
    ------
    DataError
        If a name is no target, or a shape does not fit.
    """
    k = len(targets)
    if y_error is None or isinstance(y_error, str):
        return [y_error] * k
    if isinstance(y_error, Mapping):
        for name in y_error:
            if name not in targets:
                known = name_listing(targets)
                raise DataError(
                    Argument("y_error"), f" names {quoted(str(name))}, which is no target; targets: {known}"
                )
        return [y_error.get(name) for name in targets]
    if isinstance(y_error, tuple) and len(y_error) == 2 and any(np.ndim(one) for one in y_error):
        below, above = (errors_of_targets(one, targets, rows) for one in y_error)
        return list(zip(below, above, strict=True))
    values = np.asarray(y_error)
    if values.ndim == 0 or values.shape == (rows,):
        return [y_error] * k
    if values.shape == (k,):
        return values.tolist()
    if values.shape != (rows, k):
        raise DataError(Argument("y_error"), f" has shape {values.shape}; expected ({rows}, {k}), ({rows},) or ({k},)")
    return list(values.T)


def units_of_targets(y_units: Any, targets: Sequence[str]) -> list[str | None]:
    """The unit of each target: one text for all, a sequence, or a mapping by name.

    Raises
    ------
    DataError
        If there are too many or too few, or a name is no target.
    """
    if y_units is None or isinstance(y_units, str):
        return [y_units] * len(targets)
    if isinstance(y_units, Mapping):
        for name in y_units:
            if name not in targets:
                raise DataError(
                    f"y_units names {quoted(str(name))}, which is no target; targets: {name_listing(targets)}"
                )
        return [y_units.get(name) for name in targets]
    if not hasattr(y_units, "__len__") or len(y_units) != len(targets):
        raise DataError(f"y_units must have one entry per target ({len(targets)}), got {y_units!r}")
    return list(y_units)


def index_of_each(index: Any, count: int) -> list[int | None]:
    """Which formula of each front is meant: the picks, one number for all, or a sequence as PySR takes it.

    Raises
    ------
    ArgumentError
        If a sequence has not one entry per target.
    """
    if index is None or isinstance(index, int | np.integer):
        return [None if index is None else int(index)] * count
    if isinstance(index, str) or not hasattr(index, "__len__") or len(index) != count:
        raise ArgumentError(f"index must be a number, or one for each of {count} targets, got {index!r}")
    return list(index)
