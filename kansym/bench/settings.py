"""What a recovery benchmark is run with."""

import math
from dataclasses import asdict, dataclass
from typing import Any

from kansym.errors import ArgumentError
from kansym.primitives.library import PrimitiveLibrary, default_library


@dataclass(frozen=True)
class Settings:
    """Settings that decide a result, next to law, seed and tool; results of other settings are never mixed.

    Attributes
    ----------
    catalogue : str
        Name or path.
    rows : int, default 2000
        Where the law does not bring its own.
    seconds : float, default 60
        Budget of a law.
    noise : float, default 0
        Standard deviation of the noise on the target, in units of the RMS of the clean target.
    dummies : int, default 0
        Columns that do not matter.
    primitives : tuple of str, default ()
        The functions that every tool may use, by kansym's names; all of the default library if empty.
    """

    catalogue: str
    rows: int = 2000
    seconds: float = 60.0
    noise: float = 0.0
    dummies: int = 0
    primitives: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.rows < 2:
            raise ArgumentError(f"rows must be at least 2, got {self.rows}")
        if not 0 < self.seconds < math.inf:
            raise ArgumentError(f"seconds must be a positive number, got {self.seconds}")
        if not 0 <= self.noise < math.inf:
            raise ArgumentError(f"noise must not be negative, got {self.noise}")
        if self.dummies < 0:
            raise ArgumentError(f"dummies must not be negative, got {self.dummies}")
        # JSON has no tuples; the order of names does not matter to a result, and keys are compared.
        object.__setattr__(self, "primitives", tuple(sorted(set(self.primitives))))
        try:
            self.library()
        except ArgumentError as error:
            raise ArgumentError(f"primitives: {error}") from None

    def library(self) -> PrimitiveLibrary:
        """The primitives that every tool may use."""
        return default_library().only(*self.primitives) if self.primitives else default_library()

    def to_dict(self) -> dict[str, Any]:
        """The settings in JSON types."""
        return asdict(self)


WITH_UNITS = "kansym with units"
"""The tool that is told the units of columns and target."""

OWN = ("kansym", WITH_UNITS)
"""Tools that are kansym."""


@dataclass(frozen=True)
class Job:
    """One law, one seed, one tool.

    Attributes
    ----------
    settings : Settings
    law : str
    seed : int
    tool : str
        "kansym", `WITH_UNITS` or a peer.
    """

    settings: Settings
    law: str
    seed: int
    tool: str = "kansym"

    @property
    def key(self) -> tuple[Any, ...]:
        """What tells results apart."""
        return (*self.settings.to_dict().values(), self.law, self.seed, self.tool)
