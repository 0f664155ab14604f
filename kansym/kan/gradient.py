"""Loss, objective and gradient of a population by automatic differentiation, in row chunks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from kansym import clock
from kansym.clock import Work
from kansym.deferred import Tensor, torch
from kansym.errors import ArgumentError
from kansym.kan.card_memory import halving
from kansym.kan.jacobian import chunks, edge_count, mean_loss
from kansym.kan.network import Network
from kansym.kan.parameters import ParameterMap
from kansym.kan.penalty import PenaltyWeights, penalty_value
from kansym.kan.training_options import Loss


@dataclass(frozen=True)
class Gradient:
    """Where a population stands.

    Attributes
    ----------
    loss : Tensor, shape (P,)
        Weighted mean squared residual over rows, summed over outputs.
    objective : Tensor, shape (P,)
        The loss plus the penalties.
    gradient : Tensor, shape (P, size)
        Gradient of the objective; 0 in columns that a network does not train and where it is not finite.
    """

    loss: Tensor
    objective: Tensor
    gradient: Tensor

    def select(self, where: Tensor) -> Gradient:
        return Gradient(self.loss[where], self.objective[where], self.gradient[where])

    def replaced(self, mask: Tensor, other: Gradient) -> Gradient:
        """The same with the rows of `other` where `mask` (P,) is true."""
        return Gradient(
            torch.where(mask, other.loss, self.loss),
            torch.where(mask, other.objective, self.objective),
            torch.where(mask[:, None], other.gradient, self.gradient),
        )


Look: TypeAlias = Callable[[Tensor, Tensor], Gradient]
"""Of parameters, shape (k, size), and the places of those k networks in a population: where they would stand."""


def _numbers_per_row(network: Network) -> int:
    """Doubles that automatic differentiation keeps per row, generously: bases with their intermediates, and edges."""
    total = 0
    for layer in network.layers:
        total += layer.n_in * (2 * layer.coefficients.shape[-1] + 60) + 12 * layer.n_in * layer.n_out
    return total * network.population


@halving
def objective_gradient(
    network: Network,
    x: Tensor,
    y: Tensor,
    parameters: ParameterMap,
    *,
    weights: Tensor | None,
    penalty: PenaltyWeights,
    loss: Loss | None = None,
) -> Gradient:
    """Loss, objective and gradient of every network where it stands.

    Parameters
    ----------
    network : Network
        Every network must have at least one parameter in `parameters`.
    x, y : Tensor, shapes (n, n_inputs) and (n, n_outputs)
    parameters : ParameterMap
    weights : Tensor, shape (n,), or None
        Row weights of mean 1.
    penalty : PenaltyWeights
    loss : callable, optional
        In place of the mean squared residual; it sees all rows at once.
    """
    values = parameters.flatten(network).detach().requires_grad_()
    clock.charge(Work.NETWORK_PASSES, 4)
    clock.charge(Work.NETWORK_PRODUCTS, 60 * network.population * x.shape[0] * edge_count(network))
    total, found = torch.zeros_like(values), torch.zeros(network.population, dtype=network.dtype, device=network.device)
    with torch.enable_grad():
        parts = chunks(x.shape[0], _numbers_per_row(network), network.device) if loss is None else []
        if loss is not None:
            share = _own_losses(parameters.assign(network, values), x, y, loss)
            total += torch.autograd.grad(share.sum(), values)[0]
            found += share.detach()
        for part in parts:
            residual = (parameters.assign(network, values)(x[part]) - y[part]).square()
            if weights is not None:
                residual = residual * weights[part][None, :, None]
            share = residual.sum((1, 2)) / x.shape[0]
            # Networks share no parameter, so the gradient of the sum is the gradient of each.
            total += torch.autograd.grad(share.sum(), values)[0]
            found += share.detach()
        extra = penalty_value(parameters.assign(network, values), x, penalty)
        if extra.requires_grad:
            total += torch.autograd.grad(extra.sum(), values)[0]
    # A row on the edge of a primitive's domain (sqrt at 0) has a finite value and an infinite slope; the constants it
    # touches stay where they are, the others still follow a descent direction.
    gradient = torch.nan_to_num(total, nan=0.0, posinf=0.0, neginf=0.0) * parameters.active
    return Gradient(found, found + extra.detach(), gradient)


def _own_losses(network: Network, x: Tensor, y: Tensor, loss: Loss) -> Tensor:
    """The user's loss of every network, shape (P,)."""
    found = [loss(output, y) for output in network(x)]
    for value in found:
        if (
            not isinstance(value, torch.Tensor)
            or value.numel() != 1
            or not (value.requires_grad or not torch.is_grad_enabled())
        ):
            raise ArgumentError(
                "loss must return one number that torch can differentiate, such as (prediction - target).abs().mean(), "
                f"got {f'a tensor of shape {tuple(value.shape)}' if isinstance(value, torch.Tensor) else repr(value)}"
            )
    return torch.stack([value.reshape(()) for value in found]).to(network.dtype)


def population_loss(
    network: Network, x: Tensor, y: Tensor, weights: Tensor | None = None, loss: Loss | None = None
) -> Tensor:
    """The loss of every network, shape (P,): the user's, or the weighted mean squared residual."""
    if loss is None:
        return mean_loss(network, x, y, weights)
    with torch.no_grad():
        return _own_losses(network, x, y, loss)
