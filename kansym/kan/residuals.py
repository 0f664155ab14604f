"""How far a network is from the data, in the units of the target."""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Errors:
    """Root-mean-square residuals of a network, in units of y; weighted where the table has errors or weights.

    Attributes
    ----------
    train : float
        Over the rows that it is fitted to; inf where it has no finite value on one of them.
    held_out : float
        Over the rows that it has not seen; the same as `train` where none are held out.
    """

    train: float
    held_out: float

    @property
    def finite(self) -> bool:
        return math.isfinite(self.train) and math.isfinite(self.held_out)

    @property
    def judged_apart(self) -> bool:
        """Whether rows are held out, so that the two numbers differ."""
        return self.held_out != self.train

    def __str__(self) -> str:
        if self.judged_apart:
            return f"RMS residual {self.train:.3g} in training, {self.held_out:.3g} held out"
        return f"RMS residual {self.train:.3g} on all rows, of which none is held out"

    def to(self, after: "Errors") -> str:
        """In words, what a step changed."""
        text = f"RMS residual {self.train:.3g} -> {after.train:.3g}"
        if self.judged_apart or after.judged_apart:
            text += f", held out {self.held_out:.3g} -> {after.held_out:.3g}"
        return text

    def to_dict(self) -> dict[str, float | None]:
        """In JSON types; None where there is no finite value."""
        return {name: value if math.isfinite(value) else None for name, value in vars(self).items()}
