"""What traces come to: the error of each tool, how many times kansym's it is, and how much sooner kansym had it."""

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

OWN = "kansym"

Entries = Sequence[Sequence[float]]
"""Entries (seconds, validation RMSE, test RMSE) of ever better states by validation."""

MUCH_BETTER, MUCH_SOONER = 10.0, 30.0
"""Ratios that are counted."""


@dataclass(frozen=True)
class Row:
    """One target, medians over the seeds.

    Attributes
    ----------
    target : str
    errors : mapping of tool to float
        Test RMSE in units of the target's spread; nan where the tool failed.
    sooner : mapping of peer to float
        How many times as long as kansym it took the peer to reach the error that it ended with; 0 where kansym did not.
    """

    target: str
    errors: Mapping[str, float]
    sooner: Mapping[str, float]

    def ratio(self, peer: str) -> float:
        """The peer's error in units of kansym's."""
        return self.errors[peer] / self.errors[OWN]

    @property
    def best_ratio(self) -> float:
        """That of the best peer; inf where all have failed."""
        return min((one for peer in self.sooner if math.isfinite(one := self.ratio(peer))), default=math.inf)

    @property
    def least_sooner(self) -> float:
        return min((self.sooner[peer] for peer in self.sooner if math.isfinite(self.errors[peer])), default=math.inf)


def sooner(own: Entries, peer: Entries) -> float:
    """How many times as long the peer took to the validation error that it ended with; 0 where `own` never has it."""
    seconds, error, _ = peer[-1]
    return max((seconds / one[0] for one in own if one[1] <= error), default=0.0)


def row(target: str, traces: Mapping[str, Sequence[Entries | None]]) -> Row:
    """Medians over seeds; a tool that failed on one has failed.

    Parameters
    ----------
    target : str
    traces : mapping of tool to entries of each seed
    """
    errors = {
        tool: math.nan
        if any(one is None for one in several)
        else statistics.median(one[-1][2] for one in several if one)
        for tool, several in traces.items()
    }
    times = {}
    for tool in traces:
        pairs = zip(traces[OWN], traces[tool], strict=True)
        if tool != OWN:
            ratios = [sooner(own, peer) if own and peer else math.nan for own, peer in pairs]
            times[tool] = statistics.median(ratios)
    return Row(target, errors, times)


def counts(rows: Sequence[Row], peer: str | None = None) -> dict[str, str]:
    """How often kansym is not worse, much better, and much sooner than a peer, or than the best of them."""
    ratios = [one.best_ratio if peer is None else one.ratio(peer) for one in rows]
    times = [one.least_sooner if peer is None else one.sooner[peer] for one in rows]
    # A peer that failed is beaten.
    found = {
        "not worse": sum(not one < 1.0 for one in ratios),
        f"{MUCH_BETTER:g} times better": sum(not one < MUCH_BETTER for one in ratios),
        f"{MUCH_SOONER:g} times sooner": sum(not one < MUCH_SOONER for one in times),
    }
    return {what: f"{number} of {len(rows)}" for what, number in found.items()}
