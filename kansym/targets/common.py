"""What the formulas of several targets have in common, as values: constants, parts, relations."""

from dataclasses import dataclass
from enum import StrEnum

from kansym.symbolic.constants import Constant


class RelationKind(StrEnum):
    """How targets belong together."""

    SQUARES = "sum of squares"
    """The sum or difference of their squares is simple."""
    RESPONSE = "magnitude and phase"
    """They are magnitude and phase of one complex quantity."""


@dataclass(frozen=True)
class Place:
    """Where a shared constant stands in the formula of one target.

    Attributes
    ----------
    target : str
    value, error : float
        Of the number there, fitted to this target alone; the error is nan where it is not known.
    made_of : str
        What the number is in terms of the shared constant: ``a``, ``-a``, ``2*a``, ``a**2``.
    """

    target: str
    value: float
    error: float
    made_of: str


@dataclass(frozen=True)
class SharedConstant:
    """One number in the formulas of several targets.

    Attributes
    ----------
    name : str
        A letter that is neither column nor target.
    value : float
        From the joint fit.
    error : float or None
        Its standard error.
    unit : str or None
    places : tuple of Place
    """

    name: str
    value: float
    error: float | None
    unit: str | None
    places: tuple[Place, ...]

    @property
    def targets(self) -> tuple[str, ...]:
        return tuple(place.target for place in self.places)

    @property
    def constant(self) -> Constant:
        """As constants of formulas are shown."""
        return Constant(self.name, self.value, self.error, unit=self.unit)


@dataclass(frozen=True)
class OwnConstant:
    """A number that one target has to itself, from the joint fit."""

    target: str
    name: str
    value: float
    error: float | None
    unit: str | None

    @property
    def constant(self) -> Constant:
        """As constants of formulas are shown."""
        return Constant(self.name, self.value, self.error, unit=self.unit)


@dataclass(frozen=True)
class CommonPart:
    """An expression that stands in the formulas of several targets.

    Attributes
    ----------
    name : str
    text : str
        In columns, constants and names of simpler parts.
    targets : tuple of str
    """

    name: str
    text: str
    targets: tuple[str, ...]


@dataclass(frozen=True)
class Relation:
    """An equation between targets.

    Attributes
    ----------
    kind : RelationKind
    targets : tuple of str
    left, right : str
        The equation, ``u**2 + v**2`` and ``a**2``, in plain text.
    """

    kind: RelationKind
    targets: tuple[str, ...]
    left: str
    right: str

    @property
    def text(self) -> str:
        return f"{self.left} = {self.right}"


@dataclass(frozen=True)
class JointFormula:
    """The formula of a target, in the names of constants and parts."""

    target: str
    text: str


@dataclass(frozen=True)
class Common:
    """What several targets share; empty where that is nothing.

    Attributes
    ----------
    constants : tuple of SharedConstant
    own : tuple of OwnConstant
        The others, from the same fit.
    parts : tuple of CommonPart
        The simplest first; later ones may be made of earlier ones.
    relations : tuple of Relation
    formulas : tuple of JointFormula
        Of all targets, in these names.
    added_chi2 : float or None
        Chi-squared that the joint fit has beyond the separate ones; None without shared constants.
    saved : int
        Constants that it has fewer.
    p_value : float or None
        Probability of so much by chance; None for data without noise, and without shared constants.
    """

    constants: tuple[SharedConstant, ...] = ()
    own: tuple[OwnConstant, ...] = ()
    parts: tuple[CommonPart, ...] = ()
    relations: tuple[Relation, ...] = ()
    formulas: tuple[JointFormula, ...] = ()
    added_chi2: float | None = None
    saved: int = 0
    p_value: float | None = None

    def __bool__(self) -> bool:
        return bool(self.constants or self.parts or self.relations)
