"""Levenberg-Marquardt for a population of networks at once.

Each network has its own damping, accepts or rejects its own steps, and leaves the working batch when it has converged,
so the batch costs what its slowest members need and no more.

On a card the host hands out work faster than it is done, as long as it never waits for a result. So there every step is
linearised where it leads, and taken or not by `torch.where`; only every `CHECKED_EVERY` iterations the host asks who
has come to an end. The CPU asks at once, and linearises nothing that is not accepted.

References
----------
D. Marquardt, J. SIAM 11 (1963) 431, doi:10.1137/0111030; H. B. Nielsen, IMM-REP-1999-05 (damping update).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from kansym.deferred import Tensor, torch
from kansym.device import CHECKED_EVERY
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


STATE = ("coefficients", "affine", "offset", "center", "half_width")
"""Attributes of a layer that training changes."""

NUMBERS = ("values", "matrix", "gradient", "objective", "loss")
"""Attributes of a `_Batch` with a row for each network."""


def copy_rows(target: Network, source: Network, index: Tensor) -> None:
    """Write the population of `source` into positions `index` of `target`, in place."""
    for into, layer in zip(target.layers, source.layers, strict=True):
        for name in STATE:
            getattr(into, name)[index] = getattr(layer, name)


def packed(network: Network) -> Tensor:
    """All that training changes, one row of numbers for each network."""
    return torch.cat([getattr(layer, name).flatten(1) for layer in network.layers for name in STATE], 1)


def unpacked(network: Network, rows: Tensor) -> Network:
    """A network with what `packed` gave, and all else as in `network`, in tensors of its own."""
    result, start = network.clone(), 0
    for layer in result.layers:
        for name in STATE:
            like = getattr(layer, name)
            stop = start + like[0].numel()
            setattr(layer, name, rows[:, start:stop].reshape(like.shape).clone(memory_format=torch.contiguous_format))
            start = stop
    return result


def _solve(matrix: Tensor, gradient: Tensor, damping: Tensor, parameters: ParameterMap) -> Tensor:
    """Damped Gauss-Newton step; nan where the matrix is not positive definite, which the caller rejects."""
    diagonal = matrix.diagonal(dim1=-2, dim2=-1)
    # Marquardt's scaling makes the step independent of units; the floor keeps directions of no effect from running off.
    floor = 1e-9 * diagonal.amax(-1, keepdim=True)
    system = matrix.clone()
    system.diagonal(dim1=-2, dim2=-1).add_(damping[:, None] * diagonal.clamp_min(floor) + parameters.held)
    factor, info = torch.linalg.cholesky_ex(system)
    step = torch.cholesky_solve(gradient.unsqueeze(-1), factor).squeeze(-1)
    return torch.where(info[:, None] > 0, torch.nan, step * parameters.downhill)


@dataclass(frozen=True)
class _Problem:
    """What is fitted: rows, targets, row weights and penalties."""

    x: Tensor
    y: Tensor
    weights: Tensor | None
    penalty: PenaltyWeights

    def linearise(
        self, network: Network, index: Tensor, parameters: ParameterMap | None = None, values: Tensor | None = None
    ) -> _Batch:
        """`parameters` and their `values` are those of the network, where they are known."""
        parameters = ParameterMap.of(network) if parameters is None else parameters
        values = parameters.flatten(network) if values is None else values
        equations = normal_equations(network, self.x, self.y, parameters, self.weights)
        penalty = penalise(network, self.x, parameters, self.penalty, values)
        return _Batch(
            network=network,
            index=index,
            parameters=parameters,
            values=values,
            matrix=equations.matrix.add_(penalty.matrix),
            gradient=equations.gradient + penalty.gradient,
            objective=equations.loss + penalty.value,
            loss=equations.loss,
        )

    def objective(self, network: Network) -> Tensor:
        """Loss and penalties, shape (P,)."""
        return mean_loss(network, self.x, self.y, self.weights) + penalty_value(network, self.x, self.penalty)


@dataclass(frozen=True)
class _Batch:
    """The networks still being trained, linearised where they stand; `index` is their place in the population."""

    network: Network
    index: Tensor
    parameters: ParameterMap
    values: Tensor
    matrix: Tensor
    gradient: Tensor
    objective: Tensor
    loss: Tensor

    def select(self, where: Tensor, problem: _Problem) -> _Batch:
        network, index = self.network.select(where), self.index[where]
        parameters = ParameterMap.of(network)
        if parameters.size != self.parameters.size:
            # The networks left behind were the only ones with splines (or symbolic edges) in some layer.
            return problem.linearise(network, index)
        rest = {name: getattr(self, name)[where] for name in NUMBERS}
        return _Batch(network=network, index=index, parameters=parameters, **rest)

    def advance(self, moved: Network, accepted: Tensor, problem: _Problem) -> _Batch:
        """Take the step where `accepted`, linearising only those networks again."""
        if bool(accepted.all()):
            return problem.linearise(moved, self.index, self.parameters)
        where = accepted.nonzero().squeeze(-1)
        part = problem.linearise(moved.select(where), self.index[where])
        network = self.network.clone()
        copy_rows(network, part.network, where)
        if part.parameters.size != self.parameters.size:
            return problem.linearise(network, self.index)
        rest = {}
        for name in NUMBERS:
            rest[name] = getattr(self, name).index_copy(0, where, getattr(part, name))
        return _Batch(network=network, index=self.index, parameters=self.parameters, **rest)

    def merged(self, trial: _Batch, accepted: Tensor) -> _Batch:
        """The trial, where it was accepted."""
        rows = accepted[:, None]
        values = torch.where(rows, trial.values, self.values)
        return replace(
            self,
            network=self.parameters.assign(self.network, values),
            values=values,
            matrix=torch.where(rows[..., None], trial.matrix, self.matrix),
            gradient=torch.where(rows, trial.gradient, self.gradient),
            objective=torch.where(accepted, trial.objective, self.objective),
            loss=torch.where(accepted, trial.loss, self.loss),
        )


@dataclass(frozen=True)
class _Pace:
    """How the networks of a batch get on, each of shape (P,).

    Attributes
    ----------
    damping, growth : Tensor
        Relative damping, and what a rejected step multiplies it by.
    slow : Tensor of int64
        Accepted steps without progress since the last with some.
    """

    damping: Tensor
    growth: Tensor
    slow: Tensor

    @classmethod
    def start(cls, objective: Tensor, damping: float) -> _Pace:
        level = torch.full_like(objective, damping)
        return cls(level, torch.full_like(level, 2.0), torch.zeros_like(objective, dtype=torch.long))

    def select(self, where: Tensor) -> _Pace:
        return _Pace(self.damping[where], self.growth[where], self.slow[where])

    def after(self, batch: _Batch, step: Tensor, objective: Tensor, accepted: Tensor, tolerance: float) -> _Pace:
        """The pace after a step from `batch` to an `objective`, as Nielsen has it."""
        curved = (step * (batch.matrix @ step.unsqueeze(-1)).squeeze(-1)).sum(-1)
        predicted = torch.add((step * batch.gradient).sum(-1), curved, alpha=0.5)
        rise = objective - batch.objective
        # Twice the ratio of what was gained to what was predicted of the loss, which is half of this prediction.
        gain = rise / predicted.clamp_max(-5e-301)
        shrink = (1.0 - (gain.clamp(0, 3) - 1.0) ** 3).clamp(1.0 / 9.0, 1.0)
        small = accepted & (rise >= -tolerance * batch.objective)
        damping = (self.damping * torch.where(accepted, shrink, self.growth)).clamp_(min=1e-14)
        growth = torch.where(accepted, 2.0, self.growth * 2.0)
        slow = torch.where(small, self.slow + 1, torch.where(accepted, 0, self.slow))
        return _Pace(damping, growth, slow)

    def running(self, objective: Tensor, patience: int) -> Tensor:
        """Which networks have neither converged nor got stuck, shape (P,)."""
        return (self.slow < patience) & (self.damping < MAX_DAMPING) & torch.isfinite(objective)


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
    problem, card = _Problem(x, y, weights, penalty), x.is_cuda
    batch = problem.linearise(network.clone(), torch.arange(network.population, device=network.device))
    if observe(batch.network, batch.index, batch.loss, 0) or batch.parameters.size == 0:
        return
    pace = _Pace.start(batch.objective, options.damping)
    for iteration in range(options.steps + 1):
        if iteration:
            batch, pace = _stepped(batch, pace, problem, options.tolerance)
            due = options.rescale_every and iteration % options.rescale_every == 0
            if due and iteration <= options.steps - 5 and len(network.layers) > 1 and not batch.network.is_symbolic:
                moved = rescale(batch.network, x, precise=penalty.precise)
                batch = problem.linearise(moved, batch.index, batch.parameters)
            if observe(batch.network, batch.index, batch.loss, iteration):
                return
        if card and iteration % CHECKED_EVERY:
            continue
        running = pace.running(batch.objective, options.patience)
        left = int(running.sum())
        if not left:
            return
        if left < len(running):
            where = running.nonzero().squeeze(-1)
            batch, pace = batch.select(where, problem), pace.select(where)


def _stepped(batch: _Batch, pace: _Pace, problem: _Problem, tolerance: float) -> tuple[_Batch, _Pace]:
    """One iteration of every network of the batch."""
    step = _solve(batch.matrix, batch.gradient, pace.damping, batch.parameters)
    values = batch.values + step
    moved = batch.parameters.assign(batch.network, values)
    trial = problem.linearise(moved, batch.index, batch.parameters, values) if step.is_cuda else None
    objective = problem.objective(moved) if trial is None else trial.objective
    # What is not finite is not less either.
    accepted = objective < batch.objective
    pace = pace.after(batch, step, objective, accepted, tolerance)
    if trial is not None:
        return batch.merged(trial, accepted), pace
    return batch.advance(moved, accepted, problem) if bool(accepted.any()) else batch, pace
