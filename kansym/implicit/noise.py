"""Errors of the columns where nobody gave them: one size for all, in parts of each value or of each column's spread."""

from dataclasses import dataclass
from enum import Enum

import numpy as np

from kansym.data.noise import digit_rounding
from kansym.implicit.table import Columns


class NoiseKind(Enum):
    """What the errors of the columns are."""

    GIVEN = "given"
    RELATIVE = "estimated, in parts of each value"
    ABSOLUTE = "estimated, in parts of the spread of each column"


@dataclass(frozen=True, eq=False)
class Noise:
    """Errors of a table.

    Attributes
    ----------
    sigma : ndarray, shape (n, d)
        Standard errors where they were given, else what they are proportional to.
    kind : NoiseKind
    floor : float
        Least size of the unit that counts, as rounding leaves it.
    """

    sigma: np.ndarray
    kind: NoiseKind
    floor: float

    @property
    def likely(self) -> np.ndarray:
        """Errors (n, d) that columns may well have: those that are given, or a few percent."""
        return self.sigma if self.given else SUPPOSED * self.sigma

    @property
    def given(self) -> bool:
        """Whether `sigma` are standard errors."""
        return self.kind is NoiseKind.GIVEN


SUPPOSED = 0.03
"""Of the unit, by which terms are judged that errors might leave nothing of: noise that laws are still seen through."""

EXACT = 1e-8
"""Relative errors that a pencil in double precision cannot tell from none."""


def noise_of(table: Columns, kind: NoiseKind | None = None) -> Noise:
    """The errors of a table, or a unit for them.

    Columns of one sign, such as lengths and temperatures, are mostly known to a part of their value; an error that is
    the same everywhere is then taken for the others alone.
    """
    if table.errors is not None and table.errors.any():
        # Even an exact column is rounded.
        least = np.array([max(digit_rounding(column), EXACT * float(np.abs(column).max())) for column in table.X.T])
        return Noise(np.maximum(table.errors, least), NoiseKind.GIVEN, 0.0)
    kind = kind or NoiseKind.RELATIVE
    spread = np.broadcast_to(table.X.std(axis=0), table.X.shape).copy()
    one_sign = (table.X > 0).all(axis=0) | (table.X < 0).all(axis=0)
    sigma = np.where(one_sign, np.abs(table.X), spread) if kind is NoiseKind.RELATIVE else spread
    rounding = max(
        digit_rounding(column) / float(np.median(unit)) for column, unit in zip(table.X.T, sigma.T, strict=True)
    )
    return Noise(sigma, kind, max(EXACT, rounding))
