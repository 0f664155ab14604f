"""Numbers along the axes, with powers of ten in raised digits: mathematics would have to be set anew for every tick."""

import re

from matplotlib.axis import Axis
from matplotlib.ticker import LogFormatterSciNotation, NullFormatter, ScalarFormatter

from kansym.units.words import raised

WRITTEN_OUT = 2.01
"""Decades around one in which numbers are written out."""


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
