"""What a running discovery says about itself: values handed to a callback, never printed."""

from collections.abc import Callable
from dataclasses import dataclass

from kansym.symbolic.formula import Formula

READING, ALL_ROWS = "reading", "all rows"
"""Stages in which the rows of a long table go by, before the search and after it."""


@dataclass(frozen=True)
class Progress:
    """One report.

    Attributes
    ----------
    stage : str
        "reading", "training", "matching", "composing", "finishing" or "all rows".
    message : str
        What was just done or decided, one line.
    best : Formula or None
        Best formula so far.
    elapsed, remaining : float
        Seconds since the start, and seconds left in the budget.
    ahead : float, optional
        Bits of description length by which the best formula is ahead of the next one that is another function; None
        before there are two.
    """

    stage: str
    message: str
    best: Formula | None
    elapsed: float
    remaining: float
    ahead: float | None = None

    @property
    def lead(self) -> str:
        """How far the best formula is ahead, in words; empty where nothing is known of it."""
        return "" if self.ahead is None else f"{self.ahead:.0f} bits ahead"


ProgressCallback = Callable[[Progress], None]
