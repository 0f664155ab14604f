"""Numbers and bounds of constants, as they are given by name."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from kansym.errors import Argument, ArgumentError


def read_numbers(argument: str, numbers: Mapping[str, Any] | None) -> dict[str, float]:
    """Finite numbers by names of constants.

    Parameters
    ----------
    argument : str
        What they are called in errors.
    numbers : mapping of str to float, optional

    Raises
    ------
    ArgumentError
        If it is no mapping, or a value is not a finite number.
    """
    if numbers is not None and not isinstance(numbers, Mapping):
        raise ArgumentError(
            Argument(argument), f" must map constants to numbers, such as {{'g': 9.81}}, got {_shown(numbers)}"
        )
    found = {}
    for name, value in (numbers or {}).items():
        number = _number(value)
        if not np.isfinite(number):
            raise ArgumentError(Argument(argument, f"[{name!r}]"), f" must be a finite number, got {_shown(value)}")
        found[str(name)] = number
    return found


def _number(value: Any) -> float:
    """A real number that is a double; nan for anything else."""
    if isinstance(value, bool | np.bool) or not isinstance(value, int | float | np.integer | np.floating):
        return float("nan")
    try:
        return float(value)
    except OverflowError:
        return float("nan")


def _shown(value: Any) -> str:
    """The start of it: whole numbers may have more digits than can be written."""
    if isinstance(value, int) and abs(value) >= 10**100:
        return "a whole number beyond the range of doubles"
    return repr(value)[:100]


def read_bounds(
    bounds: Mapping[str, Any] | None, fixed: Mapping[str, float] | None = None
) -> dict[str, tuple[float, float]]:
    """Both ends of every constant that has one, infinite where there is none; of a fixed constant they are equal.

    Parameters
    ----------
    bounds : mapping of str to (low, high), optional
        None or an infinite number where there is no end.
    fixed : mapping of str to float, optional
        Finite values.

    Raises
    ------
    ArgumentError
        If there are no two numbers, the first is not below the second, a fixed value is not a finite number, or a
        constant is fixed and bounded.
    """
    if bounds is not None and not isinstance(bounds, Mapping):
        raise ArgumentError(
            Argument("bounds"),
            f" must map constants to their ends, such as {{'tau': (0, 10)}}, got {bounds!r}",
        )
    ends = {str(name): _ends(str(name), pair) for name, pair in (bounds or {}).items()}
    for name, value in read_numbers("fixed", fixed).items():
        if name in ends:
            raise ArgumentError(Argument("bounds", f" of {name!r}"), " cannot be used: the constant is fixed")
        ends[name] = (value, value)
    return ends


def _ends(name: str, pair: Any) -> tuple[float, float]:
    if not isinstance(pair, Sequence | np.ndarray) or isinstance(pair, str) or np.shape(pair)[:1] != (2,):
        raise ArgumentError(Argument("bounds", f" of {name!r}"), f" must be a low and a high end, got {_shown(pair)}")
    low, high = (side * np.inf if end is None else _number(end) for end, side in zip(pair, (-1, 1), strict=True))
    if np.isnan([low, high]).any():
        listed = ", ".join(map(_shown, pair))
        raise ArgumentError(Argument("bounds", f" of {name!r}"), f" must be numbers or None, got ({listed})")
    if low == high and np.isfinite(low):
        raise ArgumentError(Argument("bounds", f" of {name!r}"), f" leave only {low:g}; give it as fixed instead")
    if not low < high:
        raise ArgumentError(
            Argument("bounds", f" of {name!r}"), f" must have a low end below the high one, got {low:g} to {high:g}"
        )
    return low, high


def require_names(bounds: Mapping[str, tuple[float, float]], constants: Sequence[str]) -> None:
    """Refuse bounds and fixed values of names that are no constants.

    Raises
    ------
    ArgumentError
    """
    for name, (low, high) in bounds.items():
        require_constant("fixed" if low == high else "bounds", name, constants)


def require_constant(argument: str, name: str, constants: Sequence[str], columns: Sequence[str] = ()) -> None:
    """Refuse a name that is no constant.

    Raises
    ------
    ArgumentError
    """
    if name not in constants:
        what = "a column" if name in columns else "not a constant of what is given"
        listed = f"its constants: {', '.join(constants)}" if constants else "it has no constants"
        raise ArgumentError(Argument(argument), f" names {name!r}, which is {what}; {listed}")
