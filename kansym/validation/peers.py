"""What other tools on the same table say about a formula."""

import math
from dataclasses import dataclass

BETTER = 1.2
"""Ratio of errors on rows that no tool has seen, from which a peer's other formula speaks against a law. Chance alone
moves the ratio of two errors on the same rows by a few percent."""

EXACT = 1e-9
"""Errors in units of the spread of y below which the smaller one says nothing."""

SAME = ("same formula", "same form, other constants")


@dataclass(frozen=True)
class PeerFinding:
    """One tool's answer beside the formula.

    Attributes
    ----------
    tool, version : str
    formula : str
        Empty for a tool without formulas, and for one that failed.
    complexity : int or None
        Nodes, by the count that kansym's formula has.
    same : str
        "same formula", "same form, other constants", "same on the data, differs beyond it", "different",
        "not decided", or empty.
    error, own_error : float or None
        Root-mean-square residual of the tool and of the formula on rows that neither has seen; on the fitted rows where
        `unseen` is false.
    unseen : bool
    spread : float
        Of y.
    failure : str
        Why there is no answer.
    """

    tool: str
    version: str
    formula: str
    complexity: int | None
    same: str
    error: float | None
    own_error: float | None
    unseen: bool
    spread: float
    failure: str

    @property
    def agrees(self) -> bool:
        """Whether it found the same form."""
        return self.same in SAME

    @property
    def better(self) -> float:
        """How many times smaller its error is on unseen rows; 1 where it is not, or nothing can be said."""
        if not self.unseen or self.error is None or self.own_error is None or math.isnan(self.error):
            return 1.0
        floor = EXACT * self.spread
        return max(1.0, max(self.own_error, floor) / max(self.error, floor)) if max(self.own_error, floor) > 0 else 1.0


def peer_lines(findings: tuple[PeerFinding, ...]) -> list[str]:
    """One line per tool."""
    lines = []
    for finding in findings:
        if finding.failure:
            lines.append(f"{finding.tool} failed: {finding.failure}")
            continue
        where = "unseen rows" if finding.unseen else "the fitted rows"
        words = finding.same or "no formula"
        if finding.error is not None and finding.own_error is not None:
            words += f"; error on {where} {finding.error:.3g}, kansym's {finding.own_error:.3g}"
        lines.append(f"{finding.tool}: {words}")
        if finding.formula and not finding.agrees:
            lines.append(f"  {finding.formula} ({finding.complexity} nodes)")
    return lines
