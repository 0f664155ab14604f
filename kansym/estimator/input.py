"""What the estimator is given: data and parameters that cannot be used, said in its own terms.

scikit-learn says that some value somewhere is missing or is no number; kansym says where.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np

from kansym.data.dataset import check_columns
from kansym.errors import ArgumentError, DataError
from kansym.primitives.library import LISTED, PrimitiveLibrary
from kansym.search.options import DiscoveryOptions


@contextmanager
def faults_named(X: Any, y: Any = None, names: Sequence[str] | None = None, target: str = "y") -> Iterator[None]:
    """Around scikit-learn's validation: missing values, text and dates are said by column and row.

    Raises
    ------
    DataError
        If a column holds them.
    """
    if _holds_dates(X):
        _require_numbers(X, y, names, target)
    try:
        yield
    except (ValueError, TypeError) as error:
        # For arrays scikit-learn wants its own TypeErrors.
        if isinstance(error, ValueError) or hasattr(X, "columns"):
            _require_numbers(X, y, names, target)
        raise


def _require_numbers(X: Any, y: Any, names: Sequence[str] | None, target: str) -> None:
    """Anything else that is wrong passes."""
    if np.ndim(X) != 2 or (names is not None and (not hasattr(names, "__len__") or len(names) != np.shape(X)[1])):
        return
    check_columns(X, names)
    if y is not None and np.ndim(y) == 1:
        check_columns(np.asarray(y)[:, None], [target], "target")
    if y is not None and np.ndim(y) == 2:
        check_columns(y, kind="target")


def _holds_dates(X: Any) -> bool:
    """Whether some column of X, an array or a DataFrame, holds dates or durations, which numpy takes for numbers."""
    types = X.dtypes if hasattr(X, "columns") and hasattr(X, "dtypes") else [getattr(X, "dtype", None)]
    return any(getattr(kind, "kind", "") in ("m", "M") for kind in types)


def checked_names(names: Any, columns: int) -> list[str]:
    """`variable_names` as a list of as many texts as there are columns."""
    if isinstance(names, str) or not hasattr(names, "__len__"):
        raise ArgumentError(f"variable_names must be a list of names, such as ['a', 'b'], got {names!r}")
    if len(names) != columns:
        raise DataError(f"variable_names has {len(names)} entries, but X has {columns} columns")
    return [str(name) for name in names]


def checked_units(units: Any, names: Sequence[str]) -> Any:
    """`X_units` as `make_dataset` takes them."""
    if units is None:
        return None
    if isinstance(units, Mapping):
        unknown = [name for name in units if name not in names]
        if unknown:
            raise DataError(f"X_units names {unknown[0]!r}, which is not a column; columns: {', '.join(names[:20])}")
        return units
    if isinstance(units, str) or not hasattr(units, "__len__") or len(units) != len(names):
        raise DataError(f"X_units must have one entry per column of X ({len(names)}), got {units!r}")
    return units


def library_of(primitives: Any, library: PrimitiveLibrary) -> PrimitiveLibrary:
    """The library that the parameter `primitives` means, whose names are those of `library`.

    Raises
    ------
    ArgumentError
        If it is neither a library nor a list of names, or a name is unknown.
    """
    if primitives is None:
        return library
    if isinstance(primitives, PrimitiveLibrary):
        return primitives
    if isinstance(primitives, str):
        meant = [name.strip() for name in primitives.split(",")]
        raise ArgumentError(f"primitives must be a list of names, got {primitives!r}; write primitives={meant!r}")
    try:
        names = list(primitives)
    except TypeError:
        raise ArgumentError(f"primitives must be a list of names or a PrimitiveLibrary, got {primitives!r}") from None
    if not names:
        raise ArgumentError(f"primitives=[] leaves no function to use; leave it out for all of them ({LISTED})")
    strange = next((name for name in names if not isinstance(name, str)), None)
    if strange is not None:
        raise ArgumentError(
            f"primitives must be a list of names, got {str(strange)[:80]!r} in it; "
            "your own go into a library, default_library().with_primitive(...)"
        )
    try:
        return library.only(*names)
    except ArgumentError as error:
        raise ArgumentError(f"primitives: {error}") from None


def arguments_in_words(**options: Any) -> str:
    """The arguments of `fit`, for the record; arrays as dots."""
    words = ["X", "y"]
    for name, value in options.items():
        if value is None:
            continue
        if name in ("variable_names", "target_names", "X_units", "y_units"):
            shown = repr(value if isinstance(value, str) else list(value))
        else:
            shown = repr(value) if isinstance(value, int | float) else "..."
        words.append(f"{name}={shown}")
    return ", ".join(words)


def options_of(model: Any) -> DiscoveryOptions:
    """The options that the parameters of an estimator mean.

    Raises
    ------
    ArgumentError
        If one cannot be used, or two contradict each other.
    """
    options = DiscoveryOptions() if model.options is None else model.options
    if not isinstance(options, DiscoveryOptions):
        raise ArgumentError(f"options must be a DiscoveryOptions, got {options!r}")
    if not isinstance(model.random_state, (int, np.integer)):
        raise ArgumentError(f"random_state must be an integer, got {model.random_state!r}")
    seconds, timeout = model.max_seconds, model.timeout_in_seconds
    if seconds is not None and timeout is not None and seconds != timeout:
        raise ArgumentError(f"timeout_in_seconds={timeout!r} contradicts max_seconds={seconds!r}; give one of them")
    seconds = timeout if seconds is None else seconds
    return replace(
        options,
        max_seconds=options.max_seconds if seconds is None else seconds,
        seed=int(model.random_state),
        device=model.device,
        validation_fraction=model.validation_fraction,
        primitives=library_of(model.primitives, options.primitives),
        given=model.given if model.given is not None else options.given,
        guesses=options.guesses if model.guesses is None else model.guesses,  # pyright: ignore[reportArgumentType]
        bounds=options.bounds if model.bounds is None else model.bounds,
        fixed=options.fixed if model.fixed is None else model.fixed,
        loss=model.loss if model.loss != "linear" else options.loss,
        deterministic=model.deterministic or options.deterministic,
        exact=model.exact or options.exact,
    )
