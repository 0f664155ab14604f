"""Networks that descend side by side, each with an optimizer of its own.

An optimizer sees one network only, as one tensor per layer and kind of parameter: neither a line search nor a trust
ratio couples a network to its neighbours. Only the evaluation of loss and gradient is shared.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from kansym.errors import ArgumentError
from kansym.kan.gradient import Gradient
from kansym.kan.layer import Layer
from kansym.kan.levenberg_marquardt import copy_where
from kansym.kan.network import Network
from kansym.kan.parameters import ParameterMap
from kansym.kan.rescaling import rescale

STEP_CUT = 0.25
"""Factor on the learning rate of a network whose loss was not finite after a step."""

MAX_CUTS = 10
"""Non-finite steps after which a network stops training."""

Factory = Callable[[list[Tensor]], torch.optim.Optimizer]
Evaluate = Callable[[Network, ParameterMap], Gradient]
Observe = Callable[[Network, Tensor, Tensor, int], bool]


class StopTrainingError(Exception):
    """Time is up in the middle of a line search; caught by `kansym.kan.optimizers.first_order`."""


class Walker:
    """The optimizer of one network and the tensors it moves, one per layer and kind of parameter."""

    def __init__(self, factory: Factory, row: Tensor, lengths: list[int]) -> None:
        self.factory, self.lengths = factory, lengths
        self.scale, self.cuts, self.stuck = 1.0, 0, 0
        self.restart(row)

    def restart(self, row: Tensor) -> None:
        """Begin again at `row`, the network's active parameters, without memory of earlier steps."""
        self.leaves = [part.clone().requires_grad_() for part in row.split(self.lengths)]
        self.optimizer = self.factory(self.leaves)
        if not hasattr(self.optimizer, "param_groups") or not hasattr(self.optimizer, "step"):
            raise ArgumentError(f"optimizer must return a torch optimizer, got {type(self.optimizer).__name__}")
        self.rates = [group.get("lr") for group in self.optimizer.param_groups]

    @property
    def row(self) -> Tensor:
        return torch.cat([leaf.detach() for leaf in self.leaves])

    def step(self, closure: Callable[[], Tensor], decay: float) -> None:
        for group, rate in zip(self.optimizer.param_groups, self.rates, strict=False):
            if rate is not None:
                group["lr"] = rate * self.scale * decay
        self.optimizer.step(closure)  # type: ignore[arg-type]  # torch's stub wants a float; its own code, a tensor

    def set_gradient(self, gradient: Tensor) -> None:
        for leaf, part in zip(self.leaves, gradient.split(self.lengths), strict=True):
            leaf.grad = part.clone()


class Descent:
    """The networks still in training: the last finite state of each, its gradient, and its optimizer.

    Parameters
    ----------
    network : Network
        Networks with at least one parameter each; those whose objective is not finite are left out.
    index : Tensor of int64, shape (P,)
        Their positions in the whole population.
    evaluate : callable ``(network, parameters) -> Gradient``
    factory : callable ``(list of Tensor) -> torch.optim.Optimizer``
    """

    def __init__(self, network: Network, index: Tensor, evaluate: Evaluate, factory: Factory) -> None:
        self.evaluate, self.network, self.index = evaluate, network, index
        self.parameters = ParameterMap.of(network)
        self.state = evaluate(network, self.parameters)
        self.walkers: list[Walker] = []
        self._keep(torch.isfinite(self.state.objective))
        values = self.parameters.flatten(self.network)
        for active, row in zip(self.parameters.active, values, strict=True):
            lengths = [int(active[block.start : block.stop].sum()) for block in self.parameters.blocks]
            self.walkers.append(Walker(factory, row[active], [length for length in lengths if length]))

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
        self.walkers = [self.walkers[place] for place in where.tolist()] if self.walkers else []

    def _restart(self, mask: Tensor) -> None:
        values = self.parameters.flatten(self.network)
        for place in mask.nonzero().squeeze(-1).tolist():
            self.walkers[place].restart(values[place, self.parameters.active[place]])

    def _closure(self, place: int, observe: Observe, step: int) -> Callable[[], Tensor]:
        """What the optimizer of one network calls: loss and gradient where its tensors are."""
        walker, calls = self.walkers[place], 0
        where = self.index.new_tensor([place])
        active = self.parameters.active[place]
        here = self.state.objective[place]

        def closure() -> Tensor:
            nonlocal calls
            calls += 1
            if calls == 1:
                walker.set_gradient(self.state.gradient[place, active])
                return here.clone()
            parameters, single = self.parameters.select(where), self.network.select(where)
            values = parameters.flatten(single)
            values[0, active] = walker.row
            single = parameters.assign(single, values)
            found = self.evaluate(single, parameters)
            walker.set_gradient(found.gradient[0, active])
            if not bool(torch.isfinite(found.objective[0])):
                # Comparisons with nan would send a line search further out; a large value makes it turn back.
                walker.set_gradient(torch.zeros_like(found.gradient[0, active]))
                return 10.0 * here + 1e-300
            if observe(single, self.index[where], found.loss, step):
                raise StopTrainingError
            return found.objective[0]

        return closure

    def advance(self, step: int, decay: float, observe: Observe) -> None:
        """One step of every network; those that end up anywhere but at a finite loss are put back."""
        values = self.parameters.flatten(self.network)
        moving = torch.ones(self.size, dtype=torch.bool, device=values.device)
        for place, walker in enumerate(self.walkers):
            active = self.parameters.active[place]
            walker.step(self._closure(place, observe, step), decay)
            walker.stuck = walker.stuck + 1 if torch.equal(values[place, active], walker.row) else 0
            moving[place] = walker.stuck == 0
            values[place, active] = walker.row
        moved = self.parameters.assign(self.network, values)
        trial = self.evaluate(moved, self.parameters)
        failed = ~(torch.isfinite(trial.objective) & torch.isfinite(values).all(1))
        self._accept(moved, trial, ~failed)
        for place in failed.nonzero().squeeze(-1).tolist():
            self.walkers[place].scale *= STEP_CUT
            self.walkers[place].cuts += 1
        self._restart(failed | ~moving)
        # A network that does not move with a fresh optimizer either has arrived.
        going = [walker.cuts <= MAX_CUTS and walker.stuck < 2 for walker in self.walkers]
        self._keep(torch.tensor(going, device=values.device))

    def _accept(self, network: Network, state: Gradient, mask: Tensor) -> None:
        merged = self.network.clone()
        copy_where(merged, network, self.index, mask)
        self.network, self.state = merged, self.state.replaced(mask, state)

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
