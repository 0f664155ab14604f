"""Targets whose squares double precision can hold."""

import numpy as np

from kansym.data.columns import quoted
from kansym.data.dataset import Dataset
from kansym.errors import DataError

LARGEST_TARGET = 1e130
"""Largest |y|, and one over the smallest one: beyond, losses, which are squares, leave double precision."""


def require_moderate_target(dataset: Dataset) -> None:
    """Refuse a target too large or too small for least squares.

    Raises
    ------
    DataError
        If y is so large or small that its squares leave double precision.
    """
    require_moderate_values(dataset.y, dataset.target)


def require_moderate_values(y: np.ndarray, target: str) -> None:
    """The same for the values (n,) of a target of that name."""
    peak = float(np.max(np.abs(y)))
    if peak and not 1 / LARGEST_TARGET <= peak <= LARGEST_TARGET:
        raise DataError(
            f"target {quoted(target)} reaches {peak:.3g}, whose square leaves double precision; give it in a unit in "
            f"which its largest value lies between {1 / LARGEST_TARGET:g} and {LARGEST_TARGET:g}"
        )
