"""Networks that become formulas: without what they do not need, edge by edge, as expressions."""

import math
from collections.abc import Callable

from kansym import clock, provenance
from kansym.extraction.selection import SymbolicCandidate
from kansym.kan.growth import Candidate
from kansym.kan.network import Network, format_shape
from kansym.search import budget
from kansym.search.formulation import formulate
from kansym.search.found import FoundFormulas
from kansym.search.networks import Networks
from kansym.search.prospects import could_win
from kansym.search.results import NetworkReading
from kansym.search.rows import FitRows
from kansym.symbolic.formula import Formula
from kansym.symbolic.steps import Step, StepKind, Structure

NEARLY_EXACT = 1e-6
"""Error of a symbolic network, in spreads of y, from which on it is no law without noise."""

FORMS = 3
"""Forms of one network that are read."""


class Reader:
    """Reads the networks of one search.

    Parameters
    ----------
    networks : Networks
    fit_rows : FitRows
    formulas : FoundFormulas
        What is read is added to them.
    readings : dict from Formula to NetworkReading
        Gets the network that each formula was read from.
    report : callable ``(stage, message)``
    """

    def __init__(
        self,
        networks: Networks,
        fit_rows: FitRows,
        formulas: FoundFormulas,
        readings: dict[Formula, NetworkReading],
        report: Callable[[str, str], None],
    ) -> None:
        self.networks, self.fit_rows, self.formulas = networks, fit_rows, formulas
        self.readings, self.report = readings, report

    def read(self, candidate: Candidate, *, thorough: bool, noisy: bool) -> bool:
        """Prune, eliminate, match, select in context, and turn the best symbolic networks into formulas.

        A quick look that comes nowhere near the network's error leaves the network for the end of the ladder: its
        structure is likely to be wrong.

        Returns
        -------
        bool
            Whether there is nothing more to read in it.
        """
        label, pruned = format_shape(candidate.network.shape), self.networks.pruned(candidate)
        if pruned.removed[0]:
            self.report("training", f"pruned {pruned.removed[0]} edges")
        forms, done = self.networks.lean(pruned.network, noisy=noisy), False
        most = budget.READING * self.networks.options.max_seconds
        until = math.inf if thorough else clock.now() + most
        for lean in forms[:FORMS]:
            self.report("matching", f"reading the network {label} as {format_shape(lean.shape)}")
            done |= self._read_form(lean, label, thorough=thorough, noisy=noisy, until=until)
            if self.formulas.at_noise() or clock.late(min(until, self.networks.deadline)):
                break
        return done

    def _read_form(self, network: Network, label: str, *, thorough: bool, noisy: bool, until: float) -> bool:
        """Match, select and formulate; whether that was all that there is to do."""
        selector = self.networks.selector()
        found = selector.select(network, thorough=thorough, until=until)
        done = thorough or selector.is_close(found, network)
        # Without noise a law leaves nothing. What leaves more is written down as it is while there is more to read.
        rough = not (thorough or noisy) and bool(found) and found[0].validation_loss > NEARLY_EXACT**2
        found = found if done and not rough else found[:1]
        until = math.inf if selector.surpasses(found, network) else until
        self.formulate(found, (Step(StepKind.NETWORK, label),), network.to("cpu"), until, rough=rough)
        return done

    def formulate(
        self,
        found: list[SymbolicCandidate],
        structure: Structure,
        trained: Network | None = None,
        until: float = math.inf,
        *,
        rough: bool = False,
    ) -> None:
        """Turn the best symbolic networks into formulas.

        Parameters
        ----------
        found : list of SymbolicCandidate
        structure : Structure
        trained : Network, optional
            What they were read from.
        until : float, default inf
            `kansym.clock.now` value at which to go on with something else.
        rough : bool, default False
            Whether formulas get the algebra only where one of them is the pick in the end.
        """
        until = min(until, self.networks.deadline)
        for symbolic in found[: self.networks.options.formulas_per_network]:
            if clock.late(until):
                return
            loss = self.networks.user_loss(symbolic.train_loss)
            if not could_win(symbolic.curved_edges, loss, self.formulas.best(), self.fit_rows):
                continue
            network = symbolic.network.to("cpu")
            pick = self.formulas.best()
            provenance.sign("networks" if trained is not None else "readings of a curve")
            end = clock.now() if rough else until
            made = formulate(network, self.networks.map, self.fit_rows, structure=structure, deadline=end, pick=pick)
            made = [one for one in made if not provenance.withheld(one)]
            self.formulas.all += made
            for formula in made:
                self.readings[formula] = NetworkReading(network, trained)
                self.report("composing", f"{formula}")
            if self.formulas.at_noise():
                return
