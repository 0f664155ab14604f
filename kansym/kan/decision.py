"""A step of the growth of a network, for the record of a run."""

import math
from dataclasses import dataclass

from kansym.kan.shape import Width, format_shape


@dataclass(frozen=True)
class Decision:
    """One step of growth.

    Attributes
    ----------
    action : str
        "start", "widen", "deepen", "multiply" (product nodes), "extend grid" or "shrink grid".
    shape : tuple
    grid : int
    train_rmse, validation_rmse : float
        Of the best network of the population, in units of the scaled target.
    accepted : bool
    reason : str
    """

    action: str
    shape: tuple[Width, ...]
    grid: int
    train_rmse: float
    validation_rmse: float
    accepted: bool
    reason: str

    def __str__(self) -> str:
        kept = "kept" if self.accepted else "refused"
        tried = f"{self.action} {format_shape(self.shape)} grid {self.grid}"
        if math.isnan(self.validation_rmse):
            return f"{tried}: {kept} ({self.reason})"
        errors = f"training {self.train_rmse:.2e}"
        # Without held-out rows training judges, and the same number twice would pretend otherwise.
        if self.validation_rmse != self.train_rmse:
            errors = f"validation {self.validation_rmse:.2e}, {errors}"
        return f"{tried}: {errors}, {kept} ({self.reason})"
