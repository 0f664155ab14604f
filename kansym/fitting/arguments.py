"""The arguments of `fit_constants`, checked once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kansym.data.columns import as_float_column, listing
from kansym.data.error_models import ErrorModel, pair_of_errors
from kansym.data.limits import require_moderate_values
from kansym.data.weights import inverse_squares
from kansym.errors import Argument, ArgumentError, DataError
from kansym.fitting.bounds import read_bounds, read_numbers, require_constant
from kansym.fitting.least_squares import Measurements
from kansym.symbolic.naming import plain_symbol
from kansym.symbolic.parametric import ParametricForm
from kansym.symbolic.parser import free_names, parse_expression

MOST_CONSTANTS = 50
"""Of a formula; the search for starting values takes time that grows with their square."""


@dataclass(frozen=True, eq=False)
class KnownFormProblem:
    """A formula with constants to fit, and the table.

    Attributes
    ----------
    text : str
        The formula as given.
    form : ParametricForm
        With the columns that the formula uses, bounds, and values of 1 or the nearest within these.
    X : array (n, d)
    y : array (n,)
    y_error : array (n,) or None
    x_error : array (n, d) or None
        Zero where a column is exact.
    given : dict of str to float
        Starting values and values of fixed constants, in the order of the constants.
    target : str
    units : tuple of (str or None)
        One per column of `X`, None where it is not known.
    y_units : str or None
    columns : tuple of str
        All columns of the data.
    counts : bool
        Whether y is a number of counts.
    y_sides : array (2, n) or None
        Errors below and above y, where they differ; `y_error` is their mean.
    """

    text: str
    form: ParametricForm
    X: np.ndarray
    y: np.ndarray
    y_error: np.ndarray | None
    x_error: np.ndarray | None
    given: Mapping[str, float]
    target: str
    units: tuple[str | None, ...] = ()
    y_units: str | None = None
    columns: tuple[str, ...] = ()
    counts: bool = False
    y_sides: np.ndarray | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns that the formula uses; with `units`, what `UnitSystem.of` takes."""
        return tuple(symbol.name for symbol in self.form.variables)

    @property
    def measurements(self) -> Measurements:
        """The table with its errors."""
        return Measurements(self.X, self.y, self.y_error, self.x_error, counts=self.counts, sides=self.y_sides)

    @property
    def weights(self) -> np.ndarray | None:
        """Weights of the rows, up to a factor; None without errors of y."""
        return None if self.y_error is None else inverse_squares(self.y_error)

    def named(self, values: np.ndarray) -> dict[str, float]:
        """Numbers (k,) by names of the constants."""
        return {symbol.name: float(value) for symbol, value in zip(self.form.constants, values, strict=True)}

    def undefined(self, values: np.ndarray) -> str:
        """Where the formula has no finite value, in words."""
        bad = np.flatnonzero(~np.isfinite(self.form.with_values(values).evaluate(self.X)))
        if not len(bad):
            return "the sum of squares is not finite"
        names = [symbol.name for symbol in self.form.variables]
        place = ", ".join(f"{name}={value:g}" for name, value in zip(names, self.X[bad[0]], strict=True))
        return f"the formula has no finite value on {len(bad)} of {len(self.y)} rows, first on row {bad[0]} ({place})"


def require_few_constants(argument: str, constants: Sequence[str]) -> None:
    """Refuse a formula with more than `MOST_CONSTANTS`, before days are spent on it."""
    if len(constants) > MOST_CONSTANTS:
        raise ArgumentError(
            f"{argument} has {len(constants)} constants ({listing(list(constants))}); at most {MOST_CONSTANTS} can be "
            "fitted: give the others as numbers"
        )


def read_arguments(
    expression: str,
    data: Any,
    y: Any,
    *,
    start: Mapping[str, float] | None,
    y_error: Any,
    x_error: Any,
    target: str,
    bounds: Mapping[str, Any] | None = None,
    fixed: Mapping[str, float] | None = None,
    units: Mapping[str, str | None] | None = None,
    y_units: str | None = None,
) -> KnownFormProblem:
    """Check the arguments of `kansym.fitting.known_form.fit_constants`, which says what they are.

    Raises
    ------
    FormulaSyntaxError, ArgumentError, DataError
    """
    if not isinstance(expression, str):
        raise ArgumentError(f"expression must be a text such as 'A*exp(-t/tau)', got {type(expression).__name__}")
    if not hasattr(data, "keys"):
        raise ArgumentError(f"data must map names of columns to arrays, or be a DataFrame, got {type(data).__name__}")
    names = [str(name) for name in data.keys()]  # noqa: SIM118 - a DataFrame iterates differently from a mapping
    constants = free_names(expression, names)
    require_few_constants("expression", constants)
    parsed = parse_expression(expression, [*names, *constants])
    used = [name for name in names if plain_symbol(name) in parsed.free_symbols]
    if not constants:
        raise ArgumentError(f"expression {expression!r} has no constants to fit: all its names are columns or numbers")
    if not used:
        raise ArgumentError(
            f"expression {expression!r} contains no column of the data; columns: {listing(names, 20) or 'none'}"
        )
    outcome = _vector("y", y, None)
    require_moderate_values(outcome, target)
    n = len(outcome)
    by_name = {str(name): data[name] for name in data.keys()}  # noqa: SIM118
    X = np.column_stack([_vector(f"column {name!r}", by_name[name], n) for name in used])
    model = ErrorModel.read(y_error) if isinstance(y_error, str) else None
    if model is not None:
        y_error = model.errors(outcome, {**{name: np.asarray(by_name[name]) for name in names}, target: outcome})
    sides = pair_of_errors(y_error, n)
    if sides is not None:
        sides = np.stack([_vector("y_error", one, n) for one in sides])
        _require_positive(sides.min(axis=0))
        y_error = sides.mean(axis=0)
    error = None if y_error is None else _vector("y_error", y_error, n)
    if error is not None:
        _require_positive(error)
    inputs_error = _input_errors(x_error, names, used, n)
    if inputs_error is not None and error is None:
        raise DataError("x_error needs y_error beside it; if errors of y are negligible, give a small number for them")
    form = ParametricForm(
        parsed, tuple(map(plain_symbol, used)), tuple(map(plain_symbol, constants)), np.ones(len(constants))
    )
    held = _numbers("fixed", fixed, constants, names)
    if len(held) == len(constants):
        raise ArgumentError(Argument("fixed"), f" holds all constants ({listing(constants, 20)}): there is none to fit")
    ends = read_bounds(bounds, held)
    for name in ends:
        require_constant("bounds", name, constants, names)
    form = form.bounded(ends)
    given = _started(_numbers("start", start, constants, names), held, ends)
    given = {name: given[name] for name in constants if name in given}
    own = _units(units, names)
    if y_units is not None and not isinstance(y_units, str):
        raise ArgumentError(f"y_units must be a text, such as 'm/s', got {y_units!r}")
    return KnownFormProblem(
        expression,
        form,
        X,
        outcome,
        error,
        inputs_error,
        given,
        target,
        tuple(map(own.get, used)),
        y_units,
        tuple(names),
        counts=model is not None and model.counts,
        y_sides=sides,
    )


def _require_positive(error: np.ndarray) -> None:
    if not (error > 0).all():
        row = int(np.argmax(~(error > 0)))
        raise DataError(f"y_error must be positive, got {error[row]:g} in row {row}; leave it out if it is unknown")


def _units(units: Mapping[str, str | None] | None, names: list[str]) -> dict[str, str | None]:
    if units is not None and not isinstance(units, Mapping):
        raise ArgumentError(f"units must be a mapping of columns to units, such as {{'t': 's'}}, got {units!r}")
    found = {} if units is None else dict(units)
    for name in found:
        if name not in names:
            raise ArgumentError(f"units names {name!r}, which is not a column; columns: {listing(names, 20)}")
    return found


def _numbers(
    argument: str, numbers: Mapping[str, float] | None, constants: Sequence[str], columns: Sequence[str]
) -> dict[str, float]:
    """Finite numbers of some constants, in the order of these."""
    found = read_numbers(argument, numbers)
    for name in found:
        require_constant(argument, name, constants, columns)
    return {name: found[name] for name in constants if name in found}


def _started(
    start: Mapping[str, float], fixed: Mapping[str, float], bounds: Mapping[str, tuple[float, float]]
) -> dict[str, float]:
    """Starting values, and fixed ones."""
    for name, value in start.items():
        low, high = bounds.get(name, (-np.inf, np.inf))
        if name in fixed:
            raise ArgumentError(Argument("start", f" of {name!r}"), " cannot be used: the constant is fixed")
        if not low <= value <= high:
            raise ArgumentError(
                Argument("start", f" of {name!r}"), f" is {value:g}, outside of its bounds {low:g} to {high:g}"
            )
    return {**start, **fixed}


def _input_errors(x_error: Any, names: list[str], used: list[str], n: int) -> np.ndarray | None:
    """Standard errors (n, d) of the columns used; None if all are exact."""
    if x_error is None:
        return None
    if not hasattr(x_error, "keys"):
        raise ArgumentError(
            f"x_error must map names of columns to errors, such as {{{used[0]!r}: 0.1}}, got {type(x_error).__name__}"
        )
    by_name = {str(name): x_error[name] for name in x_error.keys()}  # noqa: SIM118
    for name in by_name:
        if name not in names:
            raise ArgumentError(f"x_error names {name!r}, which is not a column; columns: {listing(names, 20)}")
    errors = np.zeros((n, len(used)))
    for name, values in by_name.items():
        column = _vector(f"x_error of {name!r}", values, n)
        if (column < 0).any():
            raise DataError(f"x_error of {name!r} must not be negative, got {column.min():g}; 0 says that it is exact")
        if name in used:
            errors[:, used.index(name)] = column
    return errors if errors.any() else None


def _vector(label: str, values: Any, n: int | None) -> np.ndarray:
    """Finite float64 numbers (n,); a single number is repeated where n is known."""
    if np.ndim(values) == 0 and n is not None:
        values = np.full(n, values)
    if np.ndim(values) != 1 or len(values) == 0 or (n is not None and len(values) != n):
        wanted = "one-dimensional and not empty" if n is None else f"of shape ({n},), like y"
        raise DataError(f"{label} must be {wanted}, got shape {np.shape(values)}")
    array = as_float_column(values, label)
    bad = np.flatnonzero(~np.isfinite(array))
    if len(bad):
        raise DataError(f"{label} has NaN or infinite values in {len(bad)} rows, first in row {bad[0]}; leave them out")
    return array
