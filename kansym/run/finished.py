"""A finished run, from memory or from a folder: all that figures, reports and editing need."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kansym.data.dataset import Dataset
from kansym.run.summary import RunSummary
from kansym.search.front import ParetoFront
from kansym.surfaces import surface
from kansym.symbolic.formula import Formula
from kansym.validation.certificate import Certificate

if TYPE_CHECKING:
    from kansym.search.options import DiscoveryOptions
    from kansym.search.results import Discovery, NetworkReading, TrainedNetwork


def found_without(free: int, formula: str = "this formula", network: str = "the network below") -> str:
    """The sentence about a network that the formula beside it was not read from.

    Parameters
    ----------
    free : int
        Edges of the network that are splines.
    formula, network : str
        What they are called.
    """
    curves = f", which has {'a free curve' if free == 1 else f'{free} free curves'}" if free else ""
    return f"The run found {formula} without {network}{curves}."


@dataclass(frozen=True, eq=False)
class FinishedRun:
    """A run, its table and its networks.

    Attributes
    ----------
    summary : RunSummary
    network : TrainedNetwork or None
        None for a run that ended before a network was trained, and where a formula as good as the
        data was found without.
    metadata : dict
        What the network file says about itself; empty for a run in memory.
    dataset : Dataset or None
        The table; None for a folder of a version that did not keep it. A folder keeps 50,000 rows at most.
    reading : NetworkReading or None
        The all-symbolic network that the pick was composed from; None without one.
    """

    summary: RunSummary
    network: TrainedNetwork | None
    metadata: dict[str, Any] = field(default_factory=dict)
    dataset: Dataset | None = None
    reading: NetworkReading | None = None

    @classmethod
    def of(
        cls,
        discovery: Discovery,
        *,
        command: str = "",
        options: DiscoveryOptions | None = None,
        certificate: Certificate | None = None,
    ) -> FinishedRun:
        """Of a discovery; the arguments are those of `RunSummary.of`."""
        summary = RunSummary.of(discovery, command=command, options=options, certificate=certificate)
        return cls(summary, discovery.network, {}, discovery.dataset, discovery.reading)

    def __repr__(self) -> str:
        said = self.summary
        rms = f", RMS residual {math.sqrt(said.formula.loss):.3g}" if said.formula.loss >= 0 else ""
        verdict = "" if said.certificate is None else f"; {said.certificate.verdict.kind}"
        counts = f"{said.rows} rows, {len(said.front)} formulas"
        return (
            f"<FinishedRun {said.formula}{rms}{verdict}; {counts}, {said.seconds:.1f} s, ended because: {said.stopped}>"
        )

    def _repr_html_(self) -> str:
        return surface("run_html")(self)

    @property
    def formula(self) -> Formula:
        """The pick."""
        return self.summary.formula

    @property
    def front(self) -> ParetoFront:
        return self.summary.front
