"""Axes: which are logarithmic, what they are called, the numbers along them, and many small plots in one figure."""

import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import LogFormatterSciNotation, NullFormatter, ScalarFormatter

from kansym.figures.labels import shorten
from kansym.figures.style import Theme, blank
from kansym.units.words import raised, unit_label

DECADES, MIDDLE_DECADES = 2.5, 1.3
"""Positive values over more decades than this are drawn on a logarithmic axis, if the middle four fifths of them reach
over so many: of evenly spread numbers, one near zero is no reason."""

WRITTEN_OUT = 2.01
"""Decades around one in which numbers are written out."""

LEFT, BETWEEN, RIGHT, TOP, BELOW, LEGEND = 0.78, 0.58, 0.12, 0.24, 0.5, 0.3
"""Inches around panels: numbers and names on their left and below, powers of ten above, the legend under all."""


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


def finish(axes: Axes) -> None:
    """Only the two axes that carry numbers, and these in plain text."""
    number(axes.xaxis)
    number(axes.yaxis)
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_axisbelow(True)


class PlainFormatter(ScalarFormatter):
    """Numbers in plain text, a common power of ten at the end of the axis as ``×10⁻¹⁵``."""

    def __init__(self) -> None:
        super().__init__(useOffset=False, useMathText=False)
        self.set_powerlimits((-3, 4))

    def get_offset(self) -> str:
        return re.sub(
            r"1e([-−+]?)(\d+)", lambda match: f"×10{raised(match[1].replace('+', '') + match[2])}", super().get_offset()
        )


class DecadeFormatter(LogFormatterSciNotation):
    """Powers of ten in plain text, small ones written out: ``10⁻³``, ``0.6``, ``10``."""

    def __call__(self, x: float, pos: int | None = None) -> str:
        if not super().__call__(x, pos):
            return ""
        if 10**-WRITTEN_OUT <= abs(x) <= 10**WRITTEN_OUT:
            return f"{x:g}".replace("-", "−")
        text = re.sub(r"\$\\mathdefault\{(.*)\}\$", r"\1", super().__call__(x, pos))
        text = text.replace(r"\times", "×").replace("-", "−")
        return re.sub(r"10\^\{([-−]?\d+)\}", lambda match: f"10{raised(match[1])}", text)


def number(axis: Axis) -> None:
    """Give an axis these numbers, whatever its scale."""
    kind = axis.get_scale()
    if kind == "linear":
        axis.set_major_formatter(PlainFormatter())
        return
    axis.set_major_formatter(DecadeFormatter(base=10.0))
    axis.set_minor_formatter(DecadeFormatter(base=10.0, labelOnlyBase=False) if kind == "log" else NullFormatter())


_STACKED: ContextVar[bool] = ContextVar("stacked", default=False)


@contextmanager
def stacked() -> Iterator[None]:
    """Panels of figures that are made inside stand below each other, for narrow pages."""
    token = _STACKED.set(True)
    try:
        yield
    finally:
        _STACKED.reset(token)


def is_stacked() -> bool:
    """Whether panels stand below each other."""
    return _STACKED.get()


def panel_grid(theme: Theme, number: int) -> tuple[Figure, list[Axes]]:
    """A figure with `number` panels, up to three in a row; one alone is larger. To be made inside `styled`.

    The places are fixed: to ask every text for its size takes longer than to draw the rest.
    """
    width, height = (4.5, 2.9) if number == 1 or _STACKED.get() else (2.35, 1.75)
    columns = 1 if _STACKED.get() else min(3, number)
    rows = math.ceil(number / columns)
    whole = LEFT + columns * width + (columns - 1) * BETWEEN + RIGHT
    tall = rows * (TOP + height + BELOW) + LEGEND
    figure = blank(theme, whole, tall)
    panels = []
    for place in range(number):
        row, column = divmod(place, columns)
        left = LEFT + column * (width + BETWEEN)
        bottom = tall - (row + 1) * (TOP + height + BELOW) + BELOW
        axes = figure.add_axes((left / whole, bottom / tall, width / whole, height / tall))
        finish(axes)
        panels.append(axes)
    return figure, panels
