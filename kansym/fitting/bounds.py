"""Bounds of constants, as they are given by name."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from kansym.errors import Argument, ArgumentError


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
        If there are no two numbers, the first is not below the second, or a constant is fixed and bounded.
    """
    if bounds is not None and not isinstance(bounds, Mapping):
        raise ArgumentError(
            Argument("bounds"),
            f" must map constants to their ends, such as {{'tau': (0, 10)}}, got {bounds!r}",
        )
    ends = {str(name): _ends(str(name), pair) for name, pair in (bounds or {}).items()}
    for name, value in (fixed or {}).items():
        if name in ends:
            raise ArgumentError(Argument("bounds", f" of {name!r}"), " cannot be used: the constant is fixed")
        ends[name] = (float(value), float(value))
    return ends


def _ends(name: str, pair: Any) -> tuple[float, float]:
    if not isinstance(pair, Sequence | np.ndarray) or isinstance(pair, str) or len(pair) != 2:
        raise ArgumentError(Argument("bounds", f" of {name!r}"), f" must be a low and a high end, got {pair!r}")
    numbers = [side * np.inf if end is None else end for end, side in zip(pair, (-1, 1), strict=True)]
    if any(isinstance(end, bool) or not isinstance(end, int | float | np.number) or end != end for end in numbers):
        raise ArgumentError(Argument("bounds", f" of {name!r}"), f" must be numbers or None, got {pair!r}")
    low, high = map(float, numbers)
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
        if name not in constants:
            listed = f"its constants: {', '.join(constants)}" if constants else "it has no constants"
            argument = Argument("fixed" if low == high else "bounds")
            raise ArgumentError(argument, f" names {name!r}, which is not a constant of what is given; {listed}")
