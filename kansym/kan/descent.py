"""Networks that descend side by side by their gradients: what is kept, put back on its grids, and let go."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, TypeAlias

from kansym.deferred import Tensor, torch
from kansym.kan.gradient import Gradient, Look
from kansym.kan.layer import Layer
from kansym.kan.levenberg_marquardt import packed, unpacked
from kansym.kan.network import Network
from kansym.kan.parameters import ParameterMap
from kansym.kan.rescaling import rescale
from kansym.kan.walkers import Report

MAX_CUTS = 10
"""Non-finite steps after which a network stops training."""

Evaluate = Callable[[Network, ParameterMap], Gradient]
Observe: TypeAlias = Callable[[Network, Tensor, Tensor, int], bool]


class StopTrainingError(Exception):
    """Time is up in the middle of a line search; caught by `kansym.kan.optimizers.first_order`."""


class Mover(Protocol):
    """What moves the networks of a population, each without regard to its neighbours."""

    def step(self, values: Tensor, state: Gradient, look: Look, report: Report, decay: float) -> Tensor:
        """Parameters (P, size) after one step from `values`, whose state is known; `decay` is of a learning rate.

        States on the way that may be worth keeping are reported.
        """
        ...

    def restart(self, places: Sequence[int], values: Tensor) -> None:
        """Let some networks begin again at their rows of `values`, without memory of earlier steps."""
        ...

    def shorten(self, places: Sequence[int]) -> None:
        """Take shorter steps with some networks, whose last one ended where nothing is finite."""
        ...

    def select(self, where: Tensor) -> None:
        """Go on with some networks only."""
        ...


class Descent:
    """The networks still in training: the last finite state of each, its gradient, and its optimizer.

    Parameters
    ----------
    network : Network
        Networks with at least one parameter each; those whose objective is not finite are left out.
    index : Tensor of int64, shape (P,)
        Their positions in the whole population.
    evaluate : callable ``(network, parameters) -> Gradient``
    mover : callable ``(parameters, values) -> Mover``
        Of the networks that are trained and the matrix (P, size) of their parameters.
    """

    def __init__(self, network: Network, index: Tensor, evaluate: Evaluate, mover: Callable[..., Mover]) -> None:
        self.evaluate, self.network, self.index = evaluate, network, index
        self.parameters = ParameterMap.of(network)
        self.state = evaluate(network, self.parameters)
        self.cuts, self.stuck = (torch.zeros_like(index) for _ in range(2))
        self.mover: Mover | None = None
        self._keep(torch.isfinite(self.state.objective))
        self.mover = mover(self.parameters, self.parameters.flatten(self.network))

    @property
    def size(self) -> int:
        """How many networks are still in training."""
        return self.index.numel()

    def _keep(self, mask: Tensor) -> None:
        if bool(mask.all()):
            return
        where = mask.nonzero().squeeze(-1)
        self.network, self.index = self.network.select(where), self.index[where]
        self.parameters, self.state = self.parameters.select(where), self.state.select(where)
        self.cuts, self.stuck = self.cuts[where], self.stuck[where]
        if self.mover is not None:
            self.mover.select(where)

    def _restart(self, mask: Tensor) -> None:
        assert self.mover is not None
        self.mover.restart(mask.nonzero().squeeze(-1).tolist(), self.parameters.flatten(self.network))

    def _look(self, values: Tensor, where: Tensor) -> Gradient:
        if len(where) == self.size:
            return self.evaluate(self.parameters.assign(self.network, values), self.parameters)
        parameters = self.parameters.select(where)
        return self.evaluate(parameters.assign(self.network.select(where), values), parameters)

    def advance(self, step: int, decay: float, observe: Observe) -> None:
        """One step of every network; those that end up anywhere but at a finite loss are put back."""
        assert self.mover is not None
        before = self.parameters.flatten(self.network)

        def report(values: Tensor, where: Tensor, state: Gradient) -> None:
            parameters = self.parameters.select(where)
            network = parameters.assign(self.network.select(where), values)
            # The step is not done yet: its own line in a history is that of its end.
            if observe(network, self.index[where], state.loss, step - 1):
                raise StopTrainingError

        values = self.mover.step(before, self.state, self._look, report, decay)
        moving = (values != before).any(1)
        moved = self.parameters.assign(self.network, values)
        trial = self.evaluate(moved, self.parameters)
        failed = ~(torch.isfinite(trial.objective) & torch.isfinite(values).all(1))
        self._accept(moved, trial, ~failed)
        self.mover.shorten(failed.nonzero().squeeze(-1).tolist())
        self.cuts, self.stuck = self.cuts + failed, torch.where(moving, 0, self.stuck + 1)
        self._restart(failed | ~moving)
        # A network that does not move with a fresh optimizer either has arrived.
        self._keep((self.cuts <= MAX_CUTS) & (self.stuck < 2))

    def _accept(self, network: Network, state: Gradient, mask: Tensor) -> None:
        rows = torch.where(mask[:, None], packed(network), packed(self.network))
        self.network, self.state = unpacked(self.network, rows), self.state.replaced(mask, state)

    def rescale(self, x: Tensor) -> None:
        """Put drifted hidden nodes back on their grids; optimizers of the networks concerned start afresh.

        The memory of an optimizer (moments, curvature pairs) belongs to the old coordinates. Networks whose nodes are
        in place keep theirs. Late in training the refit of a spline can cost more than a better grid wins back, so a
        rescale that more than doubles the objective is not taken.
        """
        moved = rescale(self.network, x)
        changed = _differs(self.network, moved)
        if not bool(changed.any()):
            return
        trial = self.evaluate(moved, self.parameters)
        changed &= torch.isfinite(trial.objective) & (trial.objective <= 2.0 * self.state.objective)
        self._accept(moved, trial, changed)
        self._restart(changed)


def _differs(first: Network, second: Network) -> Tensor:
    """Which networks of two populations are not in the same gauge, shape (P,)."""

    def gauge(layer: Layer) -> Tensor:
        return torch.cat([layer.offset, layer.center, layer.half_width], 1)

    rows = [(gauge(a) != gauge(b)).any(1) for a, b in zip(first.layers, second.layers, strict=True)]
    return torch.stack(rows).any(0)
