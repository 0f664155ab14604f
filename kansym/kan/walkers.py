"""Optimizers of torch that move the networks of a population, one for each network.

An optimizer sees one network only, as one tensor per layer and kind of parameter: neither a line search nor a trust
ratio couples a network to its neighbours. Only the evaluation of loss and gradient is shared.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from kansym.deferred import Tensor, torch
from kansym.errors import ArgumentError
from kansym.kan.gradient import Gradient, Look
from kansym.kan.parameters import ParameterMap

STEP_CUT = 0.25
"""Factor on the learning rate of a network whose loss was not finite after a step."""

Factory: TypeAlias = "Callable[[list[Tensor]], torch.optim.Optimizer]"
Report: TypeAlias = Callable[[Tensor, Tensor, Gradient], None]


class _Walker:
    """The optimizer of one network and the tensors it moves, one per layer and kind of parameter."""

    def __init__(self, factory: Factory, row: Tensor, lengths: list[int]) -> None:
        self.factory, self.lengths, self.scale = factory, lengths, 1.0
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


class Walkers:
    """A walker for each network of a population; see `kansym.kan.descent.Mover`.

    Parameters
    ----------
    factory : callable ``(list of Tensor) -> torch.optim.Optimizer``
    parameters : ParameterMap
    values : Tensor, shape (P, size)
        Where the networks stand.
    """

    def __init__(self, factory: Factory, parameters: ParameterMap, values: Tensor) -> None:
        self.active, self.walkers = parameters.active, []
        for active, row in zip(parameters.active, values, strict=True):
            lengths = [int(active[block.start : block.stop].sum()) for block in parameters.blocks]
            self.walkers.append(_Walker(factory, row[active], [length for length in lengths if length]))

    def step(self, values: Tensor, state: Gradient, look: Look, report: Report, decay: float) -> Tensor:
        """Where the networks are after one step of each optimizer."""
        values = values.clone()
        for place, walker in enumerate(self.walkers):
            walker.step(self._closure(place, values[place], state, look, report), decay)
            values[place, self.active[place]] = walker.row
        return values

    def restart(self, places: Sequence[int], values: Tensor) -> None:
        for place in places:
            self.walkers[place].restart(values[place, self.active[place]])

    def shorten(self, places: Sequence[int]) -> None:
        for place in places:
            self.walkers[place].scale *= STEP_CUT

    def select(self, where: Tensor) -> None:
        self.active = self.active[where]
        self.walkers = [self.walkers[place] for place in where.tolist()]

    def _closure(self, place: int, row: Tensor, state: Gradient, look: Look, report: Report) -> Callable[[], Tensor]:
        """What the optimizer of one network calls: loss and gradient where its tensors are."""
        walker, active, here, calls = self.walkers[place], self.active[place], state.objective[place], 0
        where = torch.tensor([place], device=row.device)

        def closure() -> Tensor:
            nonlocal calls
            calls += 1
            if calls == 1:
                walker.set_gradient(state.gradient[place, active])
                return here.clone()
            moved = row.clone()
            moved[active] = walker.row
            found = look(moved[None], where)
            walker.set_gradient(found.gradient[0, active])
            if not bool(torch.isfinite(found.objective[0])):
                # Comparisons with nan would send a line search further out; a large value makes it turn back.
                walker.set_gradient(torch.zeros_like(found.gradient[0, active]))
                return 10.0 * here + 1e-300
            report(moved[None], where, found)
            return found.objective[0]

        return closure
