"""How two formulas stand to each other."""

from dataclasses import dataclass
from enum import StrEnum


class Sameness(StrEnum):
    """How two formulas stand to each other.

    The same formula: equal inside the box of the data and beyond it, but for rounding of constants; or equal once
    both are fitted to the same rows, if both describe the rows as well as that fit.

    The same form with other constants: each gives the other's values once its constants are set. Constants are the
    numbers that multiply or are added, fitted or exact, and fitted exponents. Exponents that are fractions, orders
    and signs belong to the form, and so does the absence of a constant: x**2 and x**2.01 are different.

    The same on the data: equal on the rows to six digits, or, where there is noise, within five standard errors. So is
    a law next to itself with a constant to spare; the reason says so.
    """

    SAME = "same formula"
    OTHER_CONSTANTS = "same form, other constants"
    SAME_ON_DATA = "same on the data, differs beyond it"
    DIFFERENT = "different"


@dataclass(frozen=True)
class SameVerdict:
    """Verdict of `compare_formulas`.

    Attributes
    ----------
    kind : Sameness
    inside, beyond : float
        Largest relative difference of the formulas as given, inside the box of the data and beyond it, in units of the
        larger value and at least of a hundredth of the median; nan where there is no common value.
    reason : str
        One line.
    """

    kind: Sameness
    inside: float
    beyond: float
    reason: str
