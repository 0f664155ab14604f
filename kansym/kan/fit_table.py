"""The rows that a KAN is fitted to: read from arrays, frames, tensors or a `Dataset`, checked, split and scaled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from kansym.data.dataset import Dataset, check_columns, make_dataset
from kansym.data.preparation import canonical_order, canonical_table, split
from kansym.data.scaling import Scaling, without_shifts
from kansym.data.weights import row_weights
from kansym.deferred import Tensor, torch
from kansym.errors import Argument, ArgumentError, DataError

PARTS = ("train_input", "train_label", "test_input", "test_label")
"""Keys of the mapping of arrays that pykan takes as a data set."""


def plain(values: Any) -> Any:
    """Tensors as arrays; anything else as it is."""
    return values.detach().cpu().numpy() if isinstance(values, torch.Tensor) else values


def inputs_of(X: Any, n_inputs: int, names: Sequence[str], *, known: bool) -> np.ndarray:
    """Rows (n, d) of finite numbers.

    Parameters
    ----------
    X : array-like, DataFrame, Tensor or Dataset
    n_inputs : int
    names : sequence of str
        Of the network's inputs.
    known : bool
        Whether `names` are the user's: columns of a frame are then chosen by name, whatever their order.

    Raises
    ------
    DataError
        If the shape is another, a column is missing, or a value is no finite number.
    """
    if isinstance(X, Dataset):
        X = X.X if not known or X.names == tuple(names) else {name: X.X[:, k] for k, name in enumerate(X.names)}
    X = plain(X)
    columns = [str(name) for name in X] if isinstance(X, Mapping) or hasattr(X, "columns") else None
    if columns is not None and (known or isinstance(X, Mapping)):
        missing = [name for name in names if name not in columns]
        if missing:
            raise DataError(f"X lacks the column {missing[0]!r}; it has {', '.join(columns[:20])}")
        X = np.column_stack([np.asarray(X[name]) for name in names])
    shape = np.shape(X)  # pyright: ignore[reportCallIssue, reportArgumentType]  # a mapping is an array by now
    if len(shape) != 2 or shape[1] != n_inputs:
        hint = f"; a single row is X[None]: shape (1, {n_inputs})" if shape == (n_inputs,) else ""
        raise DataError(f"X must have shape (n, {n_inputs}), one column for each input, got {shape}{hint}")
    check_columns(X, None if hasattr(X, "columns") else list(names))
    return np.ascontiguousarray(np.asarray(X, dtype=np.float64))


def _targets(y: Any, rows: int, n_outputs: int) -> np.ndarray:
    """Targets (n, k)."""
    y = np.asarray(plain(y))
    given = y.shape
    if y.ndim == 1 and n_outputs == 1:
        y = y[:, None]
    if y.shape != (rows, n_outputs):
        wanted = f"({rows},) or ({rows}, 1)" if n_outputs == 1 else f"({rows}, {n_outputs})"
        raise DataError(f"y must have shape {wanted} to go with X and the network's outputs, got {given}")
    return y


def _unpacked(X: Any, y: Any, validation: Any) -> tuple[Any, Any, Any]:
    """X, y and validation, where X may be a mapping of four arrays or a Dataset."""
    if isinstance(X, Mapping) and set(PARTS) <= set(X):
        if y is not None:
            raise ArgumentError("y must be left out where X holds train_input, train_label, test_input and test_label")
        return X["train_input"], X["train_label"], (X["test_input"], X["test_label"])
    if y is None and not isinstance(X, Dataset):
        raise ArgumentError("y is missing: fit(X, y), or fit(dataset) with a table from make_dataset or read_table")
    return X, y, validation


@dataclass(frozen=True, eq=False)
class FitTable:
    """Rows to train on and rows to judge by, in the user's units.

    Attributes
    ----------
    tables : tuple of Dataset
        One for each output, with the same rows in canonical order.
    train, validation : ndarray of int
        Row indices; `validation` may be empty.
    """

    tables: tuple[Dataset, ...]
    train: np.ndarray
    validation: np.ndarray

    @classmethod
    def of(
        cls,
        X: Any,
        y: Any,
        *,
        n_inputs: int,
        n_outputs: int,
        names: tuple[str, ...] | None,
        targets: tuple[str, ...] | None,
        validation: Any,
        weights: Any,
        y_error: Any,
        seed: int,
    ) -> FitTable:
        """Read and split what `KAN.fit` is given; names are the user's, None where they are not known yet."""
        X, y, validation = _unpacked(X, y, validation)
        apart = validation is not None and not isinstance(validation, bool | int | float)
        if isinstance(X, Dataset) and y is None:
            tables = _of_dataset(X, n_inputs, n_outputs, weights, y_error, apart)
        else:
            frame = plain(X)
            if names is None and hasattr(frame, "columns") and np.ndim(frame) == 2:
                names = tuple(str(name) for name in frame.columns)
            own = names or tuple(f"x{k}" for k in range(n_inputs))
            inputs = inputs_of(X, n_inputs, own, known=names is not None and len(own) == n_inputs)
            values = _targets(y, len(inputs), n_outputs)
            if weights is not None and np.shape(plain(weights)) != (len(inputs),):
                shape = np.shape(plain(weights))
                raise ArgumentError(f"weights must have shape ({len(inputs)},), one for each row of X, got {shape}")
            held_out = 0
            if apart:
                inputs, values, held_out = _joined(inputs, values, validation, own)
                if weights is not None or y_error is not None:
                    raise ArgumentError(
                        "weights and y_error need validation as a fraction: those of the other rows are not known"
                    )
            labels = targets or _labels(y, n_outputs)
            tables = tuple(
                make_dataset(
                    inputs,
                    values[:, k],
                    names=own,
                    target=label,
                    y_error=plain(y_error),
                    sample_weight=plain(weights),
                    remove_constant=False,
                )
                for k, label in enumerate(labels)
            )
            if apart:
                order = canonical_order(inputs, values[:, 0])
                unseen = order >= len(inputs) - held_out
                tables = tuple(table.take(order) for table in tables)
                return cls(tables, np.flatnonzero(~unseen), np.flatnonzero(unseen))
        fraction = 0.0 if validation is None or validation is False else float(validation)
        if len(tables) == 1:
            tables = (canonical_table(tables[0]),)
        return cls(tables, *split(tables[0], validation_fraction=_fraction(fraction), seed=seed))

    @property
    def names(self) -> tuple[str, ...]:
        return self.tables[0].names

    @property
    def targets(self) -> tuple[str, ...]:
        return tuple(table.target for table in self.tables)

    def same(self, other: FitTable | None) -> bool:
        """Whether another table has the same rows, names, weights and split."""
        if other is None or len(self.tables) != len(other.tables):
            return False
        pairs = [(self.train, other.train), (self.validation, other.validation)]
        for one, two in zip(self.tables, other.tables, strict=True):
            if (one.names, one.target, one.units, one.y_units) != (two.names, two.target, two.units, two.y_units):
                return False
            pairs += [(getattr(one, name), getattr(two, name)) for name in ("X", "y", "y_error", "sample_weight")]
        return all(a is b if a is None or b is None else np.array_equal(a, b) for a, b in pairs)

    @property
    def X(self) -> np.ndarray:
        """Inputs of all rows, shape (n, d)."""
        return self.tables[0].X

    @property
    def Y(self) -> np.ndarray:
        """Targets of all rows, shape (n, k)."""
        return np.column_stack([table.y for table in self.tables])

    def without_input(self, column: int) -> FitTable:
        """The same rows without one column."""
        keep = [k for k in range(len(self.names)) if k != column]

        def reduced(table: Dataset) -> Dataset:
            error = None if table.x_error is None else table.x_error[:, keep]
            chosen = {"names": tuple(table.names[k] for k in keep), "units": tuple(table.units[k] for k in keep)}
            return replace(table, X=np.ascontiguousarray(table.X[:, keep]), x_error=error, **chosen)

        return replace(self, tables=tuple(map(reduced, self.tables)))

    def scalings(self) -> tuple[Scaling, Scaling]:
        """Of the first output: with inputs shifted to [-1, 1], and without shifts where zero is near."""
        centred = Scaling.fit(self.X[self.train], self.tables[0].y[self.train], center_target=False)
        return centred, without_shifts(centred)

    def spreads(self) -> np.ndarray:
        """Standard deviations (k,) of the targets, or their size where they do not vary."""
        spreads = []
        for table in self.tables:
            y = table.y[self.train]
            size = Scaling.fit(table.X[self.train], y, center_target=False).y_scale
            spreads.append(float(np.std(y / size)) * size or size)
        return np.array(spreads)

    def rows(self, index: np.ndarray, scaling: Scaling, y_scale: np.ndarray, like: Tensor) -> tuple[Tensor, ...]:
        """Scaled inputs, scaled targets, and weights of mean 1, of some rows, on the device of `like`."""

        def tensor(array: np.ndarray) -> Tensor:
            return torch.from_numpy(np.ascontiguousarray(array)).to(like.device, like.dtype)

        weights = row_weights(self.tables[0])
        relative = np.ones(len(index)) if weights is None else weights[index]
        mean = relative.mean() if len(index) else 1.0
        return (
            tensor(scaling.scale_inputs(self.X[index])),
            tensor(self.Y[index] / y_scale),
            tensor(relative / (mean if mean > 0 else 1.0)),
        )


def _of_dataset(
    dataset: Dataset, n_inputs: int, n_outputs: int, weights: Any, y_error: Any, apart: bool
) -> tuple[Dataset, ...]:
    if dataset.n_columns != n_inputs or n_outputs != 1:
        raise DataError(
            f"a Dataset of {dataset.n_columns} columns and one target needs a network of shape "
            f"[{dataset.n_columns}, ..., 1]; this one has {n_inputs} inputs and {n_outputs} outputs"
        )
    if weights is not None or y_error is not None or apart:
        raise ArgumentError("weights, y_error and rows for validation belong into the Dataset, not beside it")
    return (dataset,)


def _joined(inputs: np.ndarray, values: np.ndarray, validation: Any, names: tuple[str, ...]) -> tuple:
    if not isinstance(validation, tuple | list) or len(validation) != 2:
        raise ArgumentError(f"validation must be a fraction or a pair (X, y), got {type(validation).__name__}")
    unseen = inputs_of(validation[0], inputs.shape[1], names, known=False)
    targets = _targets(validation[1], len(unseen), values.shape[1])
    return np.vstack([inputs, unseen]), np.vstack([values, targets]), len(unseen)


def _labels(y: Any, n_outputs: int) -> tuple[str, ...]:
    """Names of the outputs: those of a frame or a series, else y, or y0, y1, ..."""
    if hasattr(y, "columns") and len(y.columns) == n_outputs:
        return tuple(str(name) for name in y.columns)
    if n_outputs == 1:
        name = getattr(y, "name", None)
        return (name if isinstance(name, str) and name else "y",)
    return tuple(f"y{k}" for k in range(n_outputs))


def _fraction(value: float) -> float:
    if not 0 <= value < 0.9:
        raise ArgumentError(Argument("validation"), f" must be a fraction from 0 to below 0.9, got {value!r}")
    return value
