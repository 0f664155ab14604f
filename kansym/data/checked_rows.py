"""Rows of a table as float64, each checked by itself: text, missing values, errors that are not positive."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import scipy

from kansym.data.columns import MissingRows, as_float_column, finite_rows, name_listing, quoted
from kansym.data.error_models import ErrorModel, is_like_poisson, pair_of_errors
from kansym.errors import Argument, DataError


def checked_rows(
    X: Any,
    y: Any,
    *,
    names: Sequence[str] | None = None,
    target: str = "y",
    y_error: Any = None,
    x_error: Any = None,
    sample_weight: Any = None,
    drop_missing: bool = False,
    row_numbers: np.ndarray | None = None,
    row_word: str = "row",
    notes: list[str] | None = None,
    missing: MissingRows | None = None,
) -> dict[str, Any]:
    """Rows as float64, each checked by itself: what `make_dataset` does before it looks at columns as a whole.

    Parameters
    ----------
    missing : MissingRows, optional
        Where missing values are counted; such rows are then left out, without a note.
    X, y, names, target, y_error, x_error, sample_weight, drop_missing, row_numbers, row_word, notes
        As in `make_dataset`; what is dropped is added to `notes`.

    Returns
    -------
    dict
        Attributes of a `Dataset`, and ``row_numbers`` of the rows that are left; these may be none.

    Raises
    ------
    DataError
        As `make_dataset`, for what is wrong with a row.
    """
    raw, names = raw_columns(X, names)
    if target == "y" and "y" in names:
        target = next(name for name in ("target", *(f"target_{k}" for k in range(len(names)))) if name not in names)
    require_different([*names, target])
    columns = [
        as_float_column(column, f"column {quoted(name)}", row_numbers, row_word)
        for column, name in zip(raw, names, strict=True)
    ]
    inputs = np.column_stack(columns)
    rows = len(inputs)
    outcome = _vector(y, f"target {quoted(target)}", "y", rows, row_numbers, row_word)
    model = ErrorModel.read(y_error) if isinstance(y_error, str) else None
    if isinstance(y_error, str):
        if model is None:
            meant = "; did you mean poisson?" if is_like_poisson(y_error) else ""
            words = f" must be numbers, or 1%, sqrt(NAME) of a column, or poisson, got {quoted(y_error)}{meant}"
            raise DataError(Argument("y_error"), words)
        first = 0 if row_numbers is None or row_word != "row" else int(row_numbers[0])
        y_error = model.errors(outcome, {**dict(zip(names, columns, strict=True)), target: outcome}, first_row=first)
    pair = pair_of_errors(y_error, rows)
    sides = None
    if pair is not None:
        sides = np.stack([_vector(one, "y_error", "y_error", rows, row_numbers, row_word, scalar=True) for one in pair])
        # An error that is not positive has no mean that is: it is found below.
        y_error = np.where((sides > 0).all(axis=0) | np.isnan(sides).any(axis=0), sides.mean(axis=0), sides.min(axis=0))
    error = (
        None if y_error is None else _vector(y_error, "y_error", "y_error", rows, row_numbers, row_word, scalar=True)
    )
    if x_error is not None and error is None:
        raise DataError(
            Argument("x_error"),
            " needs ",
            Argument("y_error"),
            " beside it; if errors of y are negligible, give a small number for them",
        )
    inputs_error = None if x_error is None else _input_errors(x_error, names, rows, row_numbers, row_word)
    weight = (
        None
        if sample_weight is None
        else _vector(sample_weight, "sample_weight", "sample_weight", rows, row_numbers, row_word)
    )

    labelled = [(f"column {quoted(name)}", column) for name, column in zip(names, columns, strict=True)]
    labelled += [(f"target {quoted(target)}", outcome), (Argument("y_error"), error), ("sample_weight", weight)]
    if inputs_error is not None:
        labelled += [(_error_of(name), column) for name, column in zip(names, inputs_error.T, strict=True)]
    keep = finite_rows(labelled, drop_missing, row_numbers, row_word, notes, missing)
    inputs, outcome = inputs[keep], outcome[keep]
    error = None if error is None else error[keep]
    sides = None if sides is None else sides[:, keep]
    weight = None if weight is None else weight[keep]
    inputs_error = None if inputs_error is None else inputs_error[keep]

    if len(inputs) < 2 and missing is None:
        raise DataError(
            f"the table has only 1 sample ({len(inputs)} row); at least two rows are needed to fit anything"
        )
    kept = np.flatnonzero(keep) if row_numbers is None else row_numbers[keep]
    if error is not None and not (error > 0).all():
        k = int(np.argmax(~(error > 0)))
        raise DataError(
            Argument("y_error"),
            f" must be positive, got {error[k]:g} in {row_word} {kept[k]}; leave it out if it is unknown",
        )
    if inputs_error is not None and not (inputs_error >= 0).all():
        k, j = (int(at) for at in np.argwhere(~(inputs_error >= 0))[0])
        raise DataError(
            _error_of(names[j]),
            f" must not be negative, got {inputs_error[k, j]:g} in {row_word} {kept[k]}; give 0 for exact columns",
        )
    if weight is not None and (not (weight >= 0).all() or not (weight > 0).any()):
        raise DataError(f"sample_weight must not be negative nor all zero, got a minimum of {weight.min():g}")
    return {
        "X": inputs,
        "y": outcome,
        "names": tuple(names),
        "target": target,
        "y_error": error,
        "sample_weight": weight,
        "x_error": inputs_error,
        "counts": model is not None and model.counts,
        "y_sides": sides,
        "row_numbers": kept,
    }


def _is_sparse(values: Any) -> bool:
    # The arrays that a file is read into need no import of what is sparse.
    return not isinstance(values, np.ndarray) and scipy.sparse.issparse(values)


def raw_columns(X: Any, names: Sequence[str] | None) -> tuple[list[Any], list[str]]:
    """The columns of X as they are, and their names."""
    if _is_sparse(X):
        raise DataError("X is a sparse matrix, which is not supported; pass X.toarray()")
    if hasattr(X, "columns") and hasattr(X, "to_numpy"):
        found = [str(name) for name in X.columns]
        require_different(found)
        raw = [X[name] for name in X.columns]
        shape = (len(X), len(found))
    else:
        array = X if isinstance(X, np.ma.MaskedArray) else _as_array(X, "X")
        if array.ndim != 2:
            raise DataError(
                f"Expected 2D array X, got shape {array.shape}. Reshape your data: X.reshape(-1, 1) for one column"
            )
        raw, found, shape = list(array.T), [f"x{k}" for k in range(array.shape[1])], array.shape
    if shape[1] == 0:
        raise DataError(f"X has 0 feature(s) (shape={shape}) while a minimum of 1 is required: give an input column")
    if shape[0] == 0:
        raise DataError(f"X is empty: 0 sample(s) (shape={shape}) while a minimum of 2 is required")
    if names is not None:
        if len(names) != shape[1]:
            raise DataError(f"names has {len(names)} entries, but X has {shape[1]} columns")
        found = [str(name) for name in names]
    return raw, found


def _as_array(values: Any, label: str) -> np.ndarray:
    if hasattr(values, "detach"):
        values = values.detach().cpu().numpy()
    try:
        return np.asarray(values)
    except ValueError as error:
        raise DataError(f"{label} cannot be made an array: {error}") from error


def _vector(
    values: Any,
    label: str,
    argument: str,
    rows: int,
    row_numbers: np.ndarray | None,
    row_word: str,
    scalar: bool = False,
) -> np.ndarray:
    """A float64 vector of one value per row."""
    if _is_sparse(values):
        raise DataError(f"{argument} is a sparse matrix, which is not supported; pass {argument}.toarray().ravel()")
    if hasattr(values, "columns") and len(values.columns) == 1:
        values = values[values.columns[0]]
    if not hasattr(values, "to_numpy") and not isinstance(values, np.ma.MaskedArray):
        values = _as_array(values, argument)
        if values.ndim == 2 and values.shape[1] == 1:
            values = values[:, 0]
        if values.ndim == 0 and scalar:
            values = np.full(rows, values)
    shape = np.shape(values)
    if shape != (rows,):
        raise DataError(f"{argument} has shape {shape}, but X has {rows} rows; expected ({rows},)")
    return as_float_column(values, label, row_numbers, row_word)


def _input_errors(
    x_error: Any, names: Sequence[str], rows: int, row_numbers: np.ndarray | None, row_word: str
) -> np.ndarray:
    """Standard errors of the inputs, shape (n, d)."""
    if isinstance(x_error, Mapping):
        unknown = [name for name in x_error if name not in names]
        if unknown:
            raise DataError(
                Argument("x_error"),
                f" names {quoted(unknown[0])}, which is not a column; columns: {name_listing(names)}",
            )
        columns = [x_error.get(name, 0.0) for name in names]
    else:
        if not hasattr(x_error, "columns"):
            x_error = _as_array(x_error, "x_error")
            if x_error.ndim == 0 or x_error.shape == (len(names),) != (rows,):
                x_error = np.broadcast_to(x_error, (rows, len(names)))
            elif x_error.ndim == 1 and len(names) == 1:
                x_error = x_error[:, None]
        if np.shape(x_error) != (rows, len(names)):
            raise DataError(
                f"x_error has shape {np.shape(x_error)}; expected ({rows}, {len(names)}), ({len(names)},) or a mapping "
                "of names to errors"
            )
        columns, _ = raw_columns(x_error, None)
    labels = [_error_of(name) for name in names]
    return np.column_stack(
        [
            _vector(column, label, label, rows, row_numbers, row_word, scalar=True)
            for column, label in zip(columns, labels, strict=True)
        ]
    )


def _error_of(name: str) -> Argument:
    """What messages call the errors of an input."""
    return Argument("x_error", f" of {quoted(name)}")


def require_different(names: Sequence[str]) -> None:
    """Refuse a name that is empty or there twice."""
    seen: set[str] = set()
    for position, name in enumerate(names):
        if not name:
            raise DataError(f"column {position + 1} of {len(names)} has no name (an empty text); give it one")
        if name in seen:
            raise DataError(f"two columns are named {quoted(name)}; rename one of them")
        seen.add(name)
