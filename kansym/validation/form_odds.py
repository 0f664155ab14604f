"""The probability of the pick's form, as the rules of the verdict take it."""

from dataclasses import dataclass

from kansym.forms.result import Forms
from kansym.numbers import chance


@dataclass(frozen=True)
class FormOdds:
    """How probable the form is, and what else it may be.

    Attributes
    ----------
    probability : float
        Of the pick's form; see `kansym.forms.weighing.forms_of`.
    other : str
        The most probable other form, with names for its numbers; empty without one.
    other_probability : float
    not_tried : float
        Probability that the law's form is none of those that the search has met.
    forms : int
        Distinct forms that it has met and that are not far behind.
    """

    probability: float
    other: str
    other_probability: float
    not_tried: float
    forms: int

    @classmethod
    def of(cls, forms: Forms) -> "FormOdds":
        """Of the forms of a discovery."""
        others = [one for one in forms.probable if one is not forms.pick]
        return cls(
            probability=forms.pick.probability,
            other=others[0].text if others else "",
            other_probability=others[0].probability if others else 0.0,
            not_tried=forms.not_tried,
            forms=len(forms),
        )

    def __str__(self) -> str:
        other = f"; {self.other} {chance(self.other_probability)}" if self.other else ""
        return f"{chance(self.probability)}{other}; not tried {chance(self.not_tried)}"
