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
    """

    stage: str
    message: str
    best: Formula | None
    elapsed: float
    remaining: float


ProgressCallback = Callable[[Progress], None]
