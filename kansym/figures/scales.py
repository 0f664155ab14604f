"""Axes: which are logarithmic, and what they are called."""

import numpy as np
from matplotlib.axes import Axes

from kansym.figures.labels import shorten
from kansym.figures.ticks import number
from kansym.units.words import unit_label

DECADES, MIDDLE_DECADES = 2.5, 1.3
"""Positive values over more decades than this are drawn on a logarithmic axis, if the middle four fifths of them reach
over so many: of evenly spread numbers, one near zero is no reason."""


def is_logarithmic(*columns: np.ndarray) -> bool:
    """Whether all values are positive and reach over more than `DECADES`, most of them over `MIDDLE_DECADES`."""
    values = np.concatenate([np.ravel(column) for column in columns])
    if not len(values) or not (values > 0).all():
        return False
    low, lower, upper, high = np.quantile(np.log10(values), [0.0, 0.1, 0.9, 1.0])
    return bool(high - low > DECADES and upper - lower > MIDDLE_DECADES)


def signed_threshold(values: np.ndarray) -> float | None:
    """Up to where an axis of both signs is to be linear before it goes on logarithmically; None for linear axes.

    A few values that are hundreds of times larger than most would press all others into one line.
    """
    sizes = np.abs(values[values != 0])
    if not len(sizes):
        return None
    middle = float(np.median(sizes))
    return middle if sizes.max() / 10**DECADES > middle else None


def scale_axis(axes: Axes, which: str, *columns: np.ndarray) -> str:
    """Make an axis ("x" or "y") linear, logarithmic or symmetrically logarithmic, as suits the values; returns which.

    Two axes that are to be compared are given the values of both.
    """
    if is_logarithmic(*columns):
        set_scale(axes, which, "log")
        return "log"
    threshold = signed_threshold(np.concatenate([np.ravel(column) for column in columns]))
    if threshold is not None:
        set_scale(axes, which, "symlog", linthresh=threshold)
        return "symlog"
    set_scale(axes, which, "linear")
    return "linear"


def set_scale(axes: Axes, which: str, kind: str, **options: float) -> None:
    """Make an axis ("x" or "y") "linear", "log" or "symlog", with its numbers in plain text."""
    (axes.set_xscale if which == "x" else axes.set_yscale)(kind, **options)
    axis = axes.xaxis if which == "x" else axes.yaxis
    number(axis)
    if kind == "symlog":
        # Both signs share the room.
        axis.get_major_locator().set_params(numticks=5)  # pyright: ignore[reportCallIssue]


def named(name: str, unit: str | None) -> str:
    """A column with its unit, ``v [m/s]``; without brackets where there is no unit or it is 1."""
    return f"{name} [{unit_label(unit)}]" if unit and unit != "1" else name


def label(axes: Axes, which: str, text: str, width: float) -> None:
    """Write beside an axis; any text, shortened to `width` inches."""
    write = axes.set_xlabel if which == "x" else axes.set_ylabel
    # A name may hold "$" or "_" without being mathematics.
    write(shorten(text, 9, width), parse_math=False)
