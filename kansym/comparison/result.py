"""What a comparison found: one entry per tool."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd
import sympy

from kansym.codec import from_json, to_json
from kansym.errors import StorageError
from kansym.surfaces import surface
from kansym.symbolic.same import SameVerdict
from kansym.symbolic.serialization import from_tree
from kansym.validation.peers import PeerFinding

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FORMAT = 1
"""Version of the stored form."""

_WITHOUT_A_COLUMN = ("front", "tree", "agreeing")
"""Fields that are no cells of a table."""


@dataclass(frozen=True)
class FrontPoint:
    """A formula of a tool's front.

    Attributes
    ----------
    complexity : int
        In kansym's count.
    rms : float
        Root-mean-square residual on the fitted rows, in units of y.
    formula : str
    """

    complexity: int
    rms: float
    formula: str


@dataclass(frozen=True)
class AgreeingRow:
    """A row of a tool's front that is kansym's law, though the tool hands out another one.

    Attributes
    ----------
    place : int
        In the tool's own front, counted from 1.
    formula : str
    complexity : int
        Nodes by kansym's count.
    own_complexity, pick_complexity : float or None
        Of the row and of the pick, as the tool counts.
    rms : float
        On the fitted rows.
    same : SameVerdict
    """

    place: int
    formula: str
    complexity: int
    own_complexity: float | None
    pick_complexity: float | None
    rms: float
    same: SameVerdict


@dataclass(frozen=True)
class ToolResult:
    """What one tool made of the table.

    Attributes
    ----------
    tool, version : str
    formula, latex : str
        The pick; empty for a tool without formulas, and for one that failed.
    complexity : int or None
        Nodes of the pick, by kansym's count for all tools.
    rms, held_out_rms, beyond_rms : float or None
        Root-mean-square residual on the fitted rows, on rows that no tool saw, and on rows outside the box of the
        fitted ones, weighted where the table has errors; inf where the formula has no value, None without such rows.
    seconds, start_up : float or None
        Of the search, and before it (imports, compilation); see `from_enter`.
    parameters : int or None
        Fitted numbers of a tool without formulas.
    same : SameVerdict or None
        Whether the pick is kansym's; None for kansym itself and without a formula.
    front : tuple of FrontPoint
    failure : str
        Why there is no result; empty where there is one.
    remark : str
    missing : bool
        Whether the failure is that the tool is not installed.
    tree : str
        The pick, exact, as JSON; see `expression`.
    bits : float or None
        Description length of the fitted rows with the help of the pick, up to a constant of the table.
    algebra : bool or None
        Whether the pick minus kansym's simplifies to zero, constants rounded to four digits.
    agreeing : AgreeingRow or None
        The shortest other row of its front that is kansym's law, where the pick is not, or is longer.
    peak_memory : int or None
        Bytes of its process, at most.
    """

    tool: str
    version: str = ""
    formula: str = ""
    latex: str = ""
    complexity: int | None = None
    rms: float | None = None
    held_out_rms: float | None = None
    beyond_rms: float | None = None
    seconds: float | None = None
    start_up: float | None = None
    parameters: int | None = None
    same: SameVerdict | None = None
    front: tuple[FrontPoint, ...] = ()
    failure: str = ""
    remark: str = ""
    missing: bool = False
    tree: str = ""
    bits: float | None = None
    algebra: bool | None = None
    agreeing: AgreeingRow | None = None
    peak_memory: int | None = None

    @property
    def from_enter(self) -> float | None:
        """Seconds from the command to the formula: start-up and search."""
        return None if self.seconds is None else self.seconds + (self.start_up or 0.0)

    @property
    def same_form(self) -> bool:
        """Whether the pick is kansym's formula, but for constants."""
        return self.same is not None and self.same.kind.same_form

    @property
    def same_law(self) -> bool:
        """Whether the pick is kansym's law with the same numbers or others, exponents that were fitted among them."""
        return self.same_form or (self.agreeing is not None and self.agreeing.formula == self.formula)

    @property
    def expression(self) -> sympy.Expr | None:
        """The pick in plain symbols of the columns, exact; None without a formula."""
        return from_tree(json.loads(self.tree)) if self.tree else None


@dataclass(frozen=True, eq=False)
class Comparison:
    """Several tools on one table.

    Attributes
    ----------
    tools : tuple of ToolResult
        kansym first.
    target : str
    y_units : str or None
    rows, held_out_rows, beyond_rows : int
        Fitted rows, and those that no tool saw.
    spread : float
        Standard deviation of y on the fitted rows.
    seconds : float
        Budget of each tool.
    seed : int
    interrupted : bool
    """

    tools: tuple[ToolResult, ...]
    target: str
    y_units: str | None
    rows: int
    held_out_rows: int
    beyond_rows: int
    spread: float
    seconds: float
    seed: int
    interrupted: bool = False

    @property
    def kansym(self) -> ToolResult:
        """kansym's own entry."""
        return self.tools[0]

    @property
    def peers(self) -> tuple[ToolResult, ...]:
        """The others."""
        return self.tools[1:]

    def __getitem__(self, tool: str) -> ToolResult:
        for result in self.tools:
            if result.tool == tool:
                return result
        raise KeyError(tool)

    def to_frame(self) -> pd.DataFrame:
        """One row per tool; `same` in words."""
        rows = []
        for result in self.tools:
            record = {key: value for key, value in asdict(result).items() if key not in (*_WITHOUT_A_COLUMN, "same")}
            agreeing = None if result.agreeing is None else result.agreeing.formula
            same = None if result.same is None else str(result.same.kind)
            rows.append(record | {"same": same, "agreeing": agreeing, "from_enter": result.from_enter})
        return pd.DataFrame(rows)

    def text(self) -> list[str]:
        """The table and notes on it, in lines of plain text."""
        return surface("comparison_text")(self)

    def __str__(self) -> str:
        return "\n".join(self.text())

    def _repr_html_(self) -> str:
        return surface("comparison_html")(self)

    def figure(self) -> "Figure":
        """The Pareto fronts of all tools over each other."""
        return surface("comparison_figure")(self)

    def to_dict(self) -> dict[str, Any]:
        """Everything, in JSON types."""
        return {"format": FORMAT, **to_json(self)}

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> "Comparison":
        """The inverse of `to_dict`.

        Raises
        ------
        StorageError
            If a key is missing or has the wrong type.
        """
        if record.get("format") != FORMAT:
            raise StorageError(f"the comparison has format {record.get('format')!r}; this version reads {FORMAT}")
        return from_json(cls, {key: value for key, value in record.items() if key != "format"})


def findings(comparison: Comparison) -> tuple[PeerFinding, ...]:
    """What each peer says about kansym's formula; errors are those on held-out rows, where there are any."""
    own = comparison.kansym
    unseen = comparison.held_out_rows > 0
    found = []
    for result in comparison.peers:
        found.append(
            PeerFinding(
                tool=result.tool,
                version=result.version,
                formula=result.formula,
                complexity=result.complexity,
                same="" if result.same is None else str(result.same.kind),
                error=result.held_out_rms if unseen else result.rms,
                own_error=own.held_out_rms if unseen else own.rms,
                unseen=unseen,
                spread=comparison.spread,
                failure=result.failure,
            )
        )
    return tuple(found)
