"""A finished run, from memory or from a folder: all that figures, reports and editing need."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from kansym.data.dataset import Dataset
from kansym.errors import ArgumentError
from kansym.forms.result import Forms
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

    @property
    def certificate(self) -> Certificate | None:
        """What speaks for and against the pick; None where it was not measured."""
        return self.summary.certificate

    @property
    def forms(self) -> Forms:
        """The distinct forms that the search has met, with their probabilities.

        Raises
        ------
        ArgumentError
            If the run has none: it was made without a certificate, or by an older version.
        """
        if self.summary.forms is None:
            raise ArgumentError(
                "the run has no probabilities of forms: it has no certificate, or is of an older version; search again"
            )
        return self.summary.forms

    def next_measurement(self, candidates: Any = None) -> Any:
        """Where to measure next; see `kansym.Discovery.next_measurement`.

        Raises
        ------
        ArgumentError
            If the run has no forms, or was saved without its table.
        """
        return self._next if candidates is None else surface("next_measurement")(self.forms, self._table(), candidates)

    @cached_property
    def _next(self) -> Any:
        """What figure, page and text all ask for."""
        return surface("next_measurement")(self.forms, self._table())

    def predict(self, X: Any, *, average: bool = False, return_std: bool = False) -> Any:
        """Values of the pick, or of all forms on average; see `kansym.Discovery.predict`."""
        if not (average or return_std):
            return self.formula.predict(X)
        mean, deviation = surface("averaged")(self.forms, self._table(), X, alone=not average)
        return (mean, deviation) if return_std else mean

    def _table(self) -> Dataset:
        if self.dataset is None:
            raise ArgumentError("the run was saved without its table, which this needs; search again with --out")
        return self.dataset
