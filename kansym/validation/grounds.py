"""What a verdict is made of: its grounds, what each is about, and what a few rows have to do with it."""

from dataclasses import dataclass
from enum import StrEnum


class Topic(StrEnum):
    """What a ground is about."""

    SIZE = "size"
    FIT = "fit"
    RESIDUALS = "residuals"
    FUNCTIONS = "functions"
    CONSTANTS = "constants"
    RIVAL = "rival"
    FORM = "form"
    UNITS = "units"
    DOMAIN = "domain"
    EXTRAPOLATION = "extrapolation"
    AGREEMENT = "agreement"
    PEERS = "peers"
    UNKNOWN = "unknown"
    """Of a certificate that was stored by a version without topics."""


@dataclass(frozen=True)
class Ground:
    """One reason.

    Attributes
    ----------
    supports : bool
        Whether it speaks for the formula.
    words : str
        For people; no rule reads them.
    topic : Topic
    """

    supports: bool
    words: str
    topic: Topic = Topic.UNKNOWN


@dataclass(frozen=True)
class WithoutRows:
    """The verdict on a table without a few of its rows.

    Attributes
    ----------
    rows : tuple of int
        Of `Discovery.dataset`, from 0, the farthest off first.
    places : tuple of str
        Where they are, ``"t = 17"``.
    kind : str
        The verdict without them, with the constants of the formula fitted anew.
    """

    rows: tuple[int, ...]
    places: tuple[str, ...]
    kind: str

    def __str__(self) -> str:
        count = "the row" if len(self.rows) == 1 else f"the {len(self.rows)} rows"
        return f"without {count} at {'; '.join(self.places)}: {self.kind}"


@dataclass(frozen=True)
class Verdict:
    """The outcome.

    Attributes
    ----------
    kind : str
        "law", "good description" or "no closed form found".
    reason : str
        In one sentence.
    grounds : tuple of Ground
        For and against being a law.
    without : WithoutRows or None
        What the verdict would be without a few rows that are farther off than chance allows, where it is another one.
    """

    kind: str
    reason: str
    grounds: tuple[Ground, ...]
    without: WithoutRows | None = None

    @property
    def against(self) -> tuple[str, ...]:
        """What speaks against a law."""
        return tuple(ground.words for ground in self.grounds if not ground.supports)

    @property
    def supporting(self) -> tuple[str, ...]:
        """What speaks for it."""
        return tuple(ground.words for ground in self.grounds if ground.supports)
