"""Networks over the table of a search: how they see its rows, how they grow, and how they become symbolic."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace

from kansym import clock
from kansym.deferred import torch
from kansym.extraction.composition import AffineMap
from kansym.extraction.selection import EXACT, Selector
from kansym.kan.elimination import EliminationOptions, eliminate
from kansym.kan.growth import Candidate, Decision, Grower, growth_ladder, parameter_count
from kansym.kan.network import Network
from kansym.kan.pruning import PruningResult, prune
from kansym.search.options import DiscoveryOptions
from kansym.search.results import TrainedNetwork
from kansym.search.rows import FitRows, fitted_scaling, scaled_rows

NETWORK_SECONDS, LAST_NETWORK = 1.0, 0.03
"""Most time for a network beside a formula that was found without one, and the share of the budget that it has in any
case: one that is hardly trained says nothing."""

PROMISING = 0.03
"""Validation RMSE, relative to the spread of y, below which a network is precise and is read at once."""


def training_work(options: DiscoveryOptions, rows: int, columns: int) -> int:
    """Networks times rows times parameters of the largest step of training that a table may lead to."""
    growth = options.growth
    shapes = growth.shapes or growth_ladder(columns)
    # All starts train on the first grid, and few on finer ones.
    grids = ((growth.population, growth.first_grid), (growth.finalists, growth.last_grid))
    most = max(networks * parameter_count(shape, grid) for shape in shapes for networks, grid in grids)
    return min(rows, options.network_rows) * most


class Networks:
    """The rows of a search as networks see them, and what is done with networks on them.

    Parameters
    ----------
    fit_rows : FitRows
    options : DiscoveryOptions
    device : str
    deadline : float
        `kansym.clock.now` value at which training and reading end.

    Attributes
    ----------
    scaling : Scaling
    rows : Rows
        Scaled.
    map : AffineMap
        From the user's units to the network's and back.
    """

    def __init__(self, fit_rows: FitRows, options: DiscoveryOptions, device: str, deadline: float) -> None:
        self.fit_rows, self.options, self.deadline = fit_rows, options, deadline
        self.scaling = fitted_scaling(fit_rows, options.network_rows)
        self.rows = scaled_rows(fit_rows, self.scaling, options.network_rows, device)
        self.map = AffineMap(self.scaling.center.tolist(), self.scaling.half_width.tolist(), 0.0, self.scaling.y_scale)

    @property
    def floor(self) -> float:
        """The noise floor, scaled."""
        return self.fit_rows.noise_floor / self.scaling.y_scale

    def grower(self, on_decision: Callable[[Decision], None], *, brief: bool = False) -> Grower:
        """Networks from the smallest shape up; where that is all there is time for, from few starts."""
        growth = self.options.growth
        return Grower(
            self.rows.x,
            self.rows.y,
            validation=self.rows.validation,
            options=replace(growth, population=min(growth.population, growth.finalists)) if brief else growth,
            generator=torch.Generator().manual_seed(self.options.seed),
            weights=self.rows.weights,
            deadline=self.deadline,
            on_decision=on_decision,
        )

    def beside(self, on_decision: Callable[[Decision], None]) -> Iterator[Candidate]:
        """Networks beside a formula that was found without one, for a second or two, until one is precise."""
        now, least = clock.now(), LAST_NETWORK * self.options.max_seconds
        clock.current().grant(least)
        grower = self.grower(on_decision, brief=True)
        grower.deadline = min(now + NETWORK_SECONDS, max(self.deadline, now + least))
        for candidate in grower:
            yield candidate
            if math.sqrt(candidate.validation_loss) < PROMISING or clock.late(grower.deadline):
                return

    def loss(self, candidate: Candidate) -> float:
        """Of a network on the held-out rows, in squared units of y."""
        return self.user_loss(candidate.validation_loss)

    def user_loss(self, loss: float) -> float:
        """A scaled mean square, in squared units of y."""
        return loss * self.scaling.y_scale**2

    def trained(self, candidate: Candidate) -> TrainedNetwork:
        """A network as a result, on the CPU."""
        return TrainedNetwork(
            candidate.network.to("cpu", torch.float64),
            self.scaling,
            self.user_loss(candidate.train_loss),
            self.user_loss(candidate.validation_loss),
            self.fit_rows.dataset.names,
            self.fit_rows.dataset.target,
        )

    def selector(self) -> Selector:
        return Selector(
            rows=self.rows,
            primitives=self.options.primitives.distinct(),
            options=self.options.selection,
            seed=self.options.seed,
            deadline=self.deadline,
            target=max(EXACT, self.floor**2),
        )

    def pruned(self, candidate: Candidate) -> PruningResult:
        """The network without the edges that it does not need for its error."""
        error = math.sqrt(candidate.validation_loss)
        return prune(
            candidate.network,
            self.rows.x,
            self.rows.y,
            validation=self.rows.validation,
            threshold=min(0.03, max(1e-6, 0.3 * error)),
            options=self.options.growth.training,
            weights=self.rows.weights,
            deadline=self.deadline,
        )

    def lean(self, network: Network, *, noisy: bool) -> list[Network]:
        """A network without what it does not need, leanest first; the network itself where it needs all."""
        forms = eliminate(
            network,
            self.rows.x,
            self.rows.y,
            validation=self.rows.validation,
            weights=self.rows.weights,
            options=EliminationOptions(noisy=noisy),
            deadline=self.deadline,
        )
        return forms or [network]
