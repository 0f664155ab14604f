"""The table that everything works on: checked once, then trusted."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from kansym.data.checked_rows import checked_rows, raw_columns, require_different
from kansym.data.columns import as_float_column, finite_rows, is_constant, name_listing, quoted
from kansym.data.remarks import column_remarks, error_hints
from kansym.errors import DataError
from kansym.units.unit import parse_unit

SHOWN = 8
"""Columns that are named where a table is shown in a line."""


class WholeTable(Protocol):
    """All rows of a table that is too long to be held at once, see `kansym.data.large`."""

    @property
    def n_rows(self) -> int:
        """Rows in all."""
        ...

    @property
    def sha256(self) -> str:
        """Of the numbers in their order."""
        ...

    def chunks(self) -> "Iterator[tuple[np.ndarray, Dataset]]":
        """Numbers of some rows and the rows, part after part, in their order."""
        ...


@dataclass(frozen=True, eq=False)
class Dataset:
    """A table of finite numbers, its names, and what was done to it.

    Attributes
    ----------
    X : ndarray, shape (n, d)
        Inputs, float64, finite.
    y : ndarray, shape (n,)
        Target, float64, finite.
    names : tuple of str
        One name per column of `X`; any strings that are not empty, all different.
    target : str
        Name of `y`.
    y_error : ndarray, shape (n,), or None
        Standard errors of `y`, in the units of `y`, all positive.
    sample_weight : ndarray, shape (n,), or None
        Weights of the rows, none negative. With `y_error` they multiply the weights 1 / y_error^2.
    units : tuple of (str or None)
        One unit per column of `X`; None where it is not known. All None by default.
    y_units : str or None
        Unit of `y`.
    notes : tuple of str
        What was done to the data on the way in, and what is odd about them, one plain sentence each.
    x_error : ndarray, shape (n, d), or None
        Standard errors of `X`, in the units of its columns, none negative; 0 for columns that are exact.
    dropped : mapping of str to str
        Columns that were left out since they say nothing, by name, each with the note that says why.
    counts : bool
        Whether y is a number of counts, so that its errors follow from what a formula expects (Poisson).
    y_sides : ndarray, shape (2, n), or None
        Standard errors of `y` below and above it, all positive, where they differ. `y_error` is their mean before a
        formula is known, and the one on the side of the formula afterwards.
    labels : mapping of str to ndarray, shape (n,), of str
        Columns that are no inputs and fall into groups, by name.
    whole : WholeTable or None
        Of a long table, of which these rows are a sample: all of them, read in parts.

    Raises
    ------
    DataError
        If shapes, names or values break the above.
    """

    X: np.ndarray
    y: np.ndarray
    names: tuple[str, ...]
    target: str = "y"
    y_error: np.ndarray | None = None
    sample_weight: np.ndarray | None = None
    units: tuple[str | None, ...] = ()
    y_units: str | None = None
    notes: tuple[str, ...] = ()
    x_error: np.ndarray | None = None
    dropped: Mapping[str, str] = field(default_factory=dict)
    counts: bool = False
    y_sides: np.ndarray | None = None
    labels: Mapping[str, np.ndarray] = field(default_factory=dict)
    whole: WholeTable | None = None

    def __post_init__(self) -> None:
        if not self.units:
            object.__setattr__(self, "units", (None,) * len(self.names))
        if self.X.ndim != 2 or self.X.dtype != np.float64 or self.y.dtype != np.float64:
            raise DataError("Dataset needs X of shape (n, d) and y of shape (n,), float64; use make_dataset to convert")
        rows, columns = self.X.shape
        if rows == 0 or columns == 0:
            raise DataError(f"X has {rows} rows and {columns} columns; at least one of each is needed")
        if len(self.names) != columns or len(self.units) != columns:
            raise DataError(f"X has {columns} columns, but there are {len(self.names)} names, {len(self.units)} units")
        require_different([*self.names, self.target])
        for label, values in (("y", self.y), ("y_error", self.y_error), ("sample_weight", self.sample_weight)):
            if values is None:
                continue
            if values.shape != (rows,):
                raise DataError(f"{label} has shape {values.shape}, but X has {rows} rows; expected ({rows},)")
            if not np.isfinite(values).all():
                raise DataError(f"{label} has NaN or infinite values; use make_dataset(..., drop_missing=True)")
        if self.x_error is not None and self.x_error.shape != self.X.shape:
            raise DataError(f"x_error has shape {self.x_error.shape}, but X has shape {self.X.shape}")
        if self.y_sides is not None and (self.y_sides.shape != (2, rows) or not (self.y_sides > 0).all()):
            raise DataError(f"y_sides must be positive and of shape (2, {rows}), got {self.y_sides.shape}")
        if not np.isfinite(self.X).all():
            raise DataError("X has NaN or infinite values; use make_dataset(..., drop_missing=True)")

    @property
    def n_rows(self) -> int:
        """Number of rows n."""
        return self.X.shape[0]

    @property
    def n_columns(self) -> int:
        """Number of input columns d."""
        return self.X.shape[1]

    def __repr__(self) -> str:
        units = (self.y_units, *self.units)
        target, *names = (
            f"{name} [{unit}]" if unit not in (None, "1") else name
            for name, unit in zip((self.target, *self.names), units, strict=True)
        )
        more = [f"and {len(names) - SHOWN} more"] if len(names) > SHOWN else []
        given = {"y_error": self.y_error, "x_error": self.x_error, "sample_weight": self.sample_weight}
        beside = [f"with {name}" for name, value in given.items() if value is not None]
        beside += [f"{len(self.notes)} note{'s' if len(self.notes) > 1 else ''}"] if self.notes else []
        columns = ", ".join([*names[:SHOWN], *more])
        return f"<Dataset of {self.n_rows} rows: {'; '.join([f'{target} by {columns}', *beside])}>"

    def take(self, rows: np.ndarray) -> "Dataset":
        """The dataset of the given rows (indices or a boolean mask), in the given order; names and notes are kept."""
        return Dataset(
            X=self.X[rows],
            y=self.y[rows],
            names=self.names,
            target=self.target,
            y_error=None if self.y_error is None else self.y_error[rows],
            sample_weight=None if self.sample_weight is None else self.sample_weight[rows],
            units=self.units,
            y_units=self.y_units,
            notes=self.notes,
            x_error=None if self.x_error is None else self.x_error[rows],
            dropped=self.dropped,
            counts=self.counts,
            y_sides=None if self.y_sides is None else self.y_sides[:, rows],
            labels={name: column[rows] for name, column in self.labels.items()},
            whole=self.whole,
        )


def make_dataset(
    X: Any,
    y: Any,
    *,
    names: Sequence[str] | None = None,
    target: str = "y",
    y_error: Any = None,
    x_error: Any = None,
    sample_weight: Any = None,
    units: Sequence[str | None] | Mapping[str, str] | None = None,
    y_units: str | None = None,
    drop_missing: bool = False,
    remove_constant: bool = True,
    row_numbers: np.ndarray | None = None,
    row_word: str = "row",
) -> Dataset:
    """Check arrays or a DataFrame and make a `Dataset` of them.

    Parameters
    ----------
    X : array-like, shape (n, d), or a pandas or polars DataFrame
        Inputs: any real numbers. Names come from the columns of a DataFrame.
    y : array-like, shape (n,) or (n, 1)
        Target.
    names : sequence of str, optional
        Names of the columns, any different strings that are not empty. Default ``x0, x1, ...`` for arrays.
    target : str, optional
        Name of the target. If the default ``"y"`` is also the name of a column, the target becomes ``"target"``.
    y_error : array-like, shape (n,), float, tuple of two of them, or str, optional
        Standard errors of y, in the units of y, positive; one number means the same error everywhere, a tuple (or an
        array (2, n)) errors below and above y, ``"1%"`` that part of y, ``"sqrt(N)"`` the root of a column, and
        ``"poisson"`` those of counts.
    x_error : mapping of name to (float or array of shape (n,)), or array-like of shape (n, d) or (d,), optional
        Standard errors of the inputs, in the units of their columns, none negative; 0, the default for columns that a
        mapping does not name, means exact. They need `y_error` beside them.
    sample_weight : array-like, shape (n,), optional
        Weights of the rows, none negative.
    units : sequence of (str or None), or mapping of name to unit, optional
        Units of the columns, such as ``m/s``, ``kg m^2 s^-2``, or ``1`` for a pure number; None where it is not known.
    y_units : str, optional
        Unit of the target.
    drop_missing : bool, optional
        Drop rows that hold NaN or infinite values, and note how many. Default False: such rows are an error, so that
        nobody loses data without knowing.
    remove_constant : bool, optional
        Drop constant columns and repeated columns, and note which, and note columns that repeat the target, that say
        the same as another one, that are called like errors of another one, or that have a wide gap. Default True;
        False keeps the columns as given, without a word.
    row_numbers : ndarray of int, shape (n,), optional
        Numbers of the rows as the user sees them, for the messages (lines of a file). Default 0, 1, ...
    row_word : str, optional
        What `row_numbers` count: ``"row"`` or ``"line"``.

    Returns
    -------
    Dataset
        With a note for every change made to the data, and for what is odd about them.

    Raises
    ------
    DataError
        For complex numbers, text, missing values, too few rows or columns, a constant target, lengths that differ,
        repeated names, errors that are not positive and units that pint does not know. The message names the column or
        argument.
    """
    notes: list[str] = []
    rows = checked_rows(
        X,
        y,
        names=names,
        target=target,
        y_error=y_error,
        x_error=x_error,
        sample_weight=sample_weight,
        drop_missing=drop_missing,
        row_numbers=row_numbers,
        row_word=row_word,
        notes=notes,
    )
    inputs, outcome, found, target = rows.pop("X"), rows.pop("y"), rows.pop("names"), rows.pop("target")
    inputs_error = rows.pop("x_error")
    del rows["row_numbers"]
    if is_constant(outcome):
        raise DataError(f"the target {quoted(target)} is constant ({outcome[0]:g}): there is no law to find")

    unit_list = _units(units, found)
    for label, unit in [(f"unit of {quoted(name)}", unit) for name, unit in zip(found, unit_list, strict=True)] + [
        (f"unit of the target {quoted(target)}", y_units)
    ]:
        if unit is not None:
            parse_unit(unit, label)
    chosen, dropped = list(range(len(found))), {}
    if remove_constant:
        # Before columns are dropped: errors are often the same everywhere.
        notes += error_hints(found, target)
        chosen, dropped = _useful_columns(inputs, found)
        notes += dropped.values()
        notes += column_remarks(inputs[:, chosen], [found[k] for k in chosen], outcome, target)
    return Dataset(
        X=np.ascontiguousarray(inputs[:, chosen]),
        y=outcome,
        names=tuple(found[k] for k in chosen),
        target=target,
        units=tuple(unit_list[k] for k in chosen),
        y_units=y_units,
        notes=tuple(notes),
        x_error=None if inputs_error is None else np.ascontiguousarray(inputs_error[:, chosen]),
        dropped=dropped,
        **rows,
    )


def check_columns(X: Any, names: Sequence[str] | None = None, kind: str = "column") -> None:
    """Refuse columns that hold anything but finite numbers.

    Raises
    ------
    DataError
        The message names the column, the row and the value.
    """
    raw, names = raw_columns(X, names)
    labels = [f"{kind} {quoted(name)}" for name in names]
    columns = [as_float_column(column, label) for column, label in zip(raw, labels, strict=True)]
    finite_rows(list(zip(labels, columns, strict=True)), drop_missing=False)


def _useful_columns(inputs: np.ndarray, names: Sequence[str]) -> tuple[list[int], dict[str, str]]:
    """Indices of the columns that vary and do not repeat an earlier one, and notes on the others by name."""
    chosen: list[int] = []
    dropped: dict[str, str] = {}
    first_of: dict[bytes, str] = {}
    for k, name in enumerate(names):
        column = inputs[:, k]
        if is_constant(column):
            dropped[name] = f"Dropped column {quoted(name)}: it is constant ({column[0]:g})."
            continue
        key = (column + 0.0).tobytes()  # + 0.0 turns -0.0 into 0.0
        if key in first_of:
            dropped[name] = f"Dropped column {quoted(name)}: it repeats column {quoted(first_of[key])}."
            continue
        first_of[key] = name
        chosen.append(k)
    if not chosen:
        raise DataError(f"all input columns are constant ({name_listing(names)}): nothing varies")
    return chosen, dropped


def _units(units: Sequence[str | None] | Mapping[str, str] | None, names: Sequence[str]) -> list[str | None]:
    if units is None:
        return [None] * len(names)
    if isinstance(units, Mapping):
        unknown = [name for name in units if name not in names]
        if unknown:
            raise DataError(f"units names {quoted(unknown[0])}, which is not a column; columns: {name_listing(names)}")
        return [units.get(name) for name in names]
    if isinstance(units, str) or len(units) != len(names):
        raise DataError(f"units must have one entry per column of X ({len(names)}), got {units!r}")
    return list(units)
