"""What a search of several targets finds: a row for each, and what they have in common."""

from dataclasses import dataclass, field

from kansym.data.dataset import Dataset
from kansym.search.results import Discovery
from kansym.symbolic.formula import Formula
from kansym.targets.common import Common


@dataclass(frozen=True, eq=False)
class TargetRow:
    """One target.

    Attributes
    ----------
    name : str
    dataset : Dataset or None
        Its table; None where it could not be read.
    discovery : Discovery or None
        What was found; None where the search failed or was never begun.
    failure : str
        Why; else empty.
    source : str
        The target whose formula suggested the pick; empty where the search found it by itself.
    """

    name: str
    dataset: Dataset | None
    discovery: Discovery | None
    failure: str = ""
    source: str = ""

    @property
    def formula(self) -> Formula | None:
        """The pick."""
        return None if self.discovery is None else self.discovery.formula


@dataclass(frozen=True, eq=False)
class TargetsDiscovery:
    """Several targets of one table.

    Attributes
    ----------
    rows : tuple of TargetRow
        In the order of the targets.
    common : Common
        What their formulas share.
    seconds : float
    interrupted : bool
        Whether the user stopped the run.
    """

    rows: tuple[TargetRow, ...]
    common: Common = field(default_factory=Common)
    seconds: float = 0.0
    interrupted: bool = False

    @property
    def found(self) -> tuple[TargetRow, ...]:
        """Rows with a formula."""
        return tuple(row for row in self.rows if row.discovery is not None)

    @property
    def failed(self) -> tuple[TargetRow, ...]:
        """Rows without; each says why."""
        return tuple(row for row in self.rows if row.discovery is None)

    def __getitem__(self, name: str) -> TargetRow:
        for row in self.rows:
            if row.name == name:
                return row
        raise KeyError(name)

    def __repr__(self) -> str:
        formulas = "; ".join(str(row.formula) if row.formula else f"{row.name} failed" for row in self.rows)
        return f"<TargetsDiscovery {formulas}; {self.seconds:.1f} s>"
