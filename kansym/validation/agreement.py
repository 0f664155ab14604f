"""Does the search find the same formula from other seeds, and from rows drawn anew? What came of it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Rerun:
    """One more search.

    Attributes
    ----------
    seed : int
        Of the search, or of the rows that were drawn.
    formula : str
    same_form : bool
        Whether each form gives the other's values once its constants are set: they differ in numbers at most.
    same_values : bool
        Whether the values agree within the residuals, in the box of the data and 30 % beyond.
    """

    seed: int
    formula: str
    same_form: bool
    same_values: bool


@dataclass(frozen=True)
class Agreement:
    """Searches from other seeds, or of rows drawn anew.

    Attributes
    ----------
    reruns : tuple of Rerun
        Those that were finished.
    asked : int
        Those that were asked for.
    seconds : float
    """

    reruns: tuple[Rerun, ...]
    asked: int
    seconds: float

    @property
    def same_form(self) -> int:
        """Reruns with the same form."""
        return sum(rerun.same_form for rerun in self.reruns)

    @property
    def same_values(self) -> int:
        """Reruns with the same form or the same values."""
        return sum(rerun.same_form or rerun.same_values for rerun in self.reruns)
