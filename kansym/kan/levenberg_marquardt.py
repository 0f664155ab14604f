"""Levenberg-Marquardt for a population of networks at once.

Each network has its own damping, accepts or rejects its own steps, and leaves the working batch when it has converged,
so the batch costs what its slowest members need and no more.

References
----------
D. Marquardt, J. SIAM 11 (1963) 431, doi:10.1137/0111030; H. B. Nielsen, IMM-REP-1999-05 (damping update).
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from kansym.kan.jacobian import mean_loss, normal_equations
from kansym.kan.network import Network
from kansym.kan.parameters import ParameterMap
from kansym.kan.penalty import PenaltyWeights, penalise, penalty_value
from kansym.kan.rescaling import rescale

MAX_DAMPING = 1e10


@dataclass(frozen=True)
class LevenbergMarquardtOptions:
    """How long to run and when to stop.

    Attributes
    ----------
    steps : int, default 50
        Most iterations. Small networks converge in 20 to 40.
    tolerance : float, default 1e-6
        A network stops when the objective fell by less than this fraction in each of `patience` accepted steps.
    patience : int, default 4
    damping : float, default 1e-2
        Initial damping relative to the diagonal; raise it to 1 where the start is far from any minimum.
    rescale_every : int, default 5
        Iterations between rescalings of the hidden nodes; 0 for never. Networks without splines are never rescaled.
    """

    steps: int = 50
    tolerance: float = 1e-6
    patience: int = 4
    damping: float = 1e-2
    rescale_every: int = 5


def copy_rows(target: Network, source: Network, index: Tensor) -> None:
    """Write the population of `source` into positions `index` of `target`, in place."""
    for into, layer in zip(target.layers, source.layers, strict=True):
        for name in ("coefficients", "affine", "offset", "center", "half_width"):
            getattr(into, name)[index] = getattr(layer, name)


def _solve(matrix: Tensor, gradient: Tensor, damping: Tensor, active: Tensor) -> Tensor:
    """Damped Gauss-Newton step; nan where the matrix is not positive definite, which the caller rejects."""
    diagonal = matrix.diagonal(dim1=-2, dim2=-1)
    # Marquardt's scaling makes the step independent of units; the floor keeps directions of no effect from running off.
    floor = 1e-9 * diagonal.amax(-1, keepdim=True)
    added = damping[:, None] * diagonal.clamp_min(floor) + (~active) * 1.0
    system = matrix + torch.diag_embed(added + 1e-300)
    factor, info = torch.linalg.cholesky_ex(system)
    step = -torch.cholesky_solve(gradient.unsqueeze(-1), factor).squeeze(-1)
    step[info > 0] = torch.nan
    return step * active


@dataclass(frozen=True)
class _Problem:
    """What is fitted: rows, targets, row weights and penalties."""

    x: Tensor
    y: Tensor
    weights: Tensor | None
    penalty: PenaltyWeights

    def linearise(self, network: Network, index: Tensor) -> "_Batch":
        parameters = ParameterMap.of(network)
        equations = normal_equations(network, self.x, self.y, parameters, self.weights)
        penalty = penalise(network, self.x, parameters, self.penalty)
        return _Batch(
            network=network,
            index=index,
            parameters=parameters,
            matrix=equations.matrix + penalty.matrix,
            gradient=equations.gradient + penalty.gradient,
            objective=equations.loss + penalty.value,
            loss=equations.loss,
        )

    def evaluate(self, network: Network) -> tuple[Tensor, Tensor]:
        """Loss and objective, each of shape (P,)."""
        loss = mean_loss(network, self.x, self.y, self.weights)
        return loss, loss + penalty_value(network, self.x, self.penalty)


@dataclass(frozen=True)
class _Batch:
    """The networks still being trained, linearised where they stand; `index` is their place in the population."""

    network: Network
    index: Tensor
    parameters: ParameterMap
    matrix: Tensor
    gradient: Tensor
    objective: Tensor
    loss: Tensor

    def select(self, where: Tensor, problem: _Problem) -> "_Batch":
        network, index = self.network.select(where), self.index[where]
        parameters = ParameterMap.of(network)
        if parameters.size != self.parameters.size:
            # The networks left behind were the only ones with splines (or symbolic edges) in some layer.
            return problem.linearise(network, index)
        rest = {name: getattr(self, name)[where] for name in ("matrix", "gradient", "objective", "loss")}
        return _Batch(network=network, index=index, parameters=parameters, **rest)

    def advance(self, moved: Network, accepted: Tensor, problem: _Problem) -> "_Batch":
        """Take the step where `accepted`, linearising only those networks again."""
        if bool(accepted.all()):
            return problem.linearise(moved, self.index)
        where = accepted.nonzero().squeeze(-1)
        part = problem.linearise(moved.select(where), self.index[where])
        network = self.network.clone()
        copy_rows(network, part.network, where)
        if part.parameters.size != self.parameters.size:
            return problem.linearise(network, self.index)
        rest = {}
        for name in ("matrix", "gradient", "objective", "loss"):
            rest[name] = getattr(self, name).index_copy(0, where, getattr(part, name))
        return _Batch(network=network, index=self.index, parameters=self.parameters, **rest)


def levenberg_marquardt(
    network: Network,
    x: Tensor,
    y: Tensor,
    *,
    weights: Tensor | None,
    penalty: PenaltyWeights,
    options: LevenbergMarquardtOptions,
    observe: Callable[[Network, Tensor, Tensor, int], bool],
) -> None:
    """Train a population; every accepted state is shown to `observe`, which keeps what it likes best.

    Parameters
    ----------
    network : Network
        Start; not changed.
    x, y : Tensor, shapes (n, n_inputs) and (n, n_outputs)
    weights : Tensor, shape (n,), or None
        Row weights of mean 1.
    penalty : PenaltyWeights
    options : LevenbergMarquardtOptions
    observe : callable ``(network, index, loss, step) -> bool``
        Called with the networks of the working batch, their positions in the population, their loss and the number of
        the iteration; returns True to stop all training (time is up).
    """
    problem = _Problem(x, y, weights, penalty)
    batch = problem.linearise(network.clone(), torch.arange(network.population, device=network.device))
    if observe(batch.network, batch.index, batch.loss, 0) or batch.parameters.size == 0:
        return
    count = network.population
    damping = torch.full((count,), options.damping, dtype=network.dtype, device=network.device)
    growth = torch.full_like(damping, 2.0)
    slow = torch.zeros(count, dtype=torch.long, device=network.device)
    finite = torch.isfinite(batch.objective)
    if not bool(finite.any()):
        return
    batch = batch.select(finite.nonzero().squeeze(-1), problem)
    for iteration in range(1, options.steps + 1):
        index = batch.index
        step = _solve(batch.matrix, batch.gradient, damping[index], batch.parameters.active)
        moved = batch.parameters.assign(batch.network, batch.parameters.flatten(batch.network) + step)
        _, objective = problem.evaluate(moved)
        accepted = torch.isfinite(objective) & (objective < batch.objective)
        predicted = -(step * batch.gradient).sum(-1) - 0.5 * (
            step * (batch.matrix @ step.unsqueeze(-1)).squeeze(-1)
        ).sum(-1)
        gain = (batch.objective - objective) / (2 * predicted).clamp_min(1e-300)
        shrink = (1.0 - (2.0 * gain.clamp(0, 1.5) - 1.0) ** 3).clamp(1.0 / 9.0, 1.0)
        small = accepted & (batch.objective - objective <= options.tolerance * batch.objective)
        damping[index] = torch.where(accepted, damping[index] * shrink, damping[index] * growth[index])
        growth[index] = torch.where(accepted, torch.full_like(shrink, 2.0), growth[index] * 2.0)
        damping.clamp_(min=1e-14)
        slow[index] = torch.where(small, slow[index] + 1, torch.where(accepted, 0, slow[index]))
        if bool(accepted.any()):
            batch = batch.advance(moved, accepted, problem)
        due = options.rescale_every and iteration % options.rescale_every == 0
        if due and iteration <= options.steps - 5 and len(network.layers) > 1 and not batch.network.is_symbolic:
            batch = problem.linearise(rescale(batch.network, x), index)
        if observe(batch.network, index, batch.loss, iteration):
            return
        running = (slow[index] < options.patience) & (damping[index] < MAX_DAMPING) & torch.isfinite(batch.objective)
        if not bool(running.any()):
            return
        if not bool(running.all()):
            batch = batch.select(running.nonzero().squeeze(-1), problem)
