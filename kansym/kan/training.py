"""Training of a population of networks: one entry point for all optimizers.

The best weights by validation error are kept per network, a step that gives anything but a finite loss is undone, and
what comes back is always a finite network.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

from kansym import clock
from kansym.deferred import Tensor, torch
from kansym.errors import ArgumentError, TrainingError
from kansym.kan.descent import Observe
from kansym.kan.gradient import population_loss
from kansym.kan.jacobian import HeldOut, held_out_parts
from kansym.kan.levenberg_marquardt import LevenbergMarquardtOptions, levenberg_marquardt, packed, unpacked
from kansym.kan.network import Network
from kansym.kan.optimizers import first_order
from kansym.kan.training_options import Loss, TrainingOptions


@dataclass(frozen=True)
class TrainingResult:
    """A trained population.

    Attributes
    ----------
    network : Network
        The best weights of every network.
    train_loss, validation_loss : Tensor, shape (P,)
        Mean squared residuals at those weights; without validation rows both are the training loss.
    steps : int
        Iterations done.
    history : tuple of (step, best validation loss)
        One entry each time the best of the population improved.
    stopped : bool
        Whether the deadline ended training.
    """

    network: Network
    train_loss: Tensor
    validation_loss: Tensor
    steps: int
    history: tuple[tuple[int, float], ...] = field(default=())
    stopped: bool = False

    @property
    def best(self) -> int:
        """Position of the network with the smallest validation loss."""
        return int(self.validation_loss.argmin())

    def to(self, device: torch.device | str) -> TrainingResult:
        """The same on another device."""
        moved = self.network.to(device), self.train_loss.to(device), self.validation_loss.to(device)
        return TrainingResult(*moved, self.steps, self.history, self.stopped)

    def ranked(self) -> list[int]:
        """Positions by validation loss, best first; networks that never were finite come last."""
        return torch.argsort(self.validation_loss.nan_to_num(nan=float("inf"))).tolist()


class BestKeeper:
    """Remembers the best state of every network by validation loss (training loss where there is no validation)."""

    def __init__(
        self,
        network: Network,
        validation: HeldOut | None,
        deadline: float | None,
        callback: Callable[[int, float], None] | None,
        loss: Loss | None = None,
    ) -> None:
        self.loss, self._start, self._rows = loss, network, packed(network)
        self.validation, self.deadline, self.callback = validation, deadline, callback
        infinite = torch.full((network.population,), float("inf"), dtype=network.dtype, device=network.device)
        self.train_loss, self.validation_loss = infinite.clone(), infinite.clone()
        self.steps, self.stopped = 0, False
        self._bests: list[tuple[int, Tensor]] = []

    def observe(self, network: Network, index: Tensor, loss: Tensor, step: int) -> bool:
        """Keep what improved; True when the deadline has passed."""
        self.steps = max(self.steps, step)
        measured = loss
        if self.validation is not None:
            measured = population_loss(network, *held_out_parts(self.validation), self.loss)
        where = slice(None) if len(index) == len(self.validation_loss) else index
        known = self.validation_loss[where]
        better = measured < known
        if measured is not loss or self.loss is not None:  # a mean of squares that is less than another is finite
            better &= torch.isfinite(measured) & torch.isfinite(loss)
        # A card is not asked whether there is something to keep: that would be to wait for it.
        if loss.is_cuda or bool(better.any()):
            for kept, new in ((self._rows, packed(network)), (self.validation_loss, measured), (self.train_loss, loss)):
                mask = better[:, None] if new.ndim == 2 else better
                kept[where] = torch.where(mask, new, kept[where])
            self._bests.append((step, self.validation_loss.min()))
        if self.callback is not None and self._bests and (best := float(self._bests[-1][1])) < math.inf:
            self.callback(step, best)
        self.stopped = clock.late(self.deadline)
        return self.stopped

    @property
    def network(self) -> Network:
        """The best weights of every network."""
        return unpacked(self._start, self._rows)

    @property
    def history(self) -> list[tuple[int, float]]:
        """Step and best validation loss, each time that the best of the population improved; asks the device."""
        least, found = math.inf, []
        values = torch.stack([best for _, best in self._bests]).tolist() if self._bests else []
        for (step, _), best in zip(self._bests, values, strict=True):
            if best < least:
                least = best
                found.append((step, best))
        return found


def _as_column(y: Tensor, rows: int, outputs: int, name: str) -> Tensor:
    if y.ndim == 1:
        y = y[:, None]
    if y.shape != (rows, outputs):
        raise ArgumentError(f"{name} must have shape ({rows}, {outputs}) to go with x, got {tuple(y.shape)}")
    return y


def train(
    network: Network,
    x: Tensor,
    y: Tensor,
    options: TrainingOptions | None = None,
    *,
    weights: Tensor | None = None,
    validation: HeldOut | None = None,
    deadline: float | None = None,
    callback: Callable[[int, float], None] | None = None,
) -> TrainingResult:
    """Fit a population of networks to rows of data.

    Parameters
    ----------
    network : Network
        Start; it is not changed.
    x : Tensor, shape (n, n_inputs)
        Inputs, scaled to [-1, 1] (`kansym.data.Scaling`).
    y : Tensor, shape (n,) or (n, n_outputs)
        Targets, of about unit variance.
    options : TrainingOptions, optional
    weights : Tensor, shape (n,), optional
        Row weights; only their ratios matter.
    validation : (x, y) or (x, y, weights), optional
        Rows that decide which weights are kept. Without them the training loss decides.
    deadline : float, optional
        Value of `kansym.clock.now` at which to stop and return the best so far.
    callback : callable ``(step, best validation loss)``, optional

    Returns
    -------
    TrainingResult

    Raises
    ------
    ArgumentError
        If shapes do not fit together, data are not finite, or the optimizer is unknown.
    TrainingError
        If no network of the population was finite at any step, including the start.
    """
    options = options or TrainingOptions()
    y = _as_column(y, x.shape[0], network.n_outputs, "y")
    for name, tensor in (("x", x), ("y", y), *((("weights", weights),) if weights is not None else ())):
        if not bool(torch.isfinite(tensor).all()):
            raise ArgumentError(f"{name} must be finite; it has {int((~torch.isfinite(tensor)).sum())} other values")
    if validation is not None:
        if validation[0].shape[0] == 0:
            validation = None
        else:
            held_out, target, relative = held_out_parts(validation)
            target = _as_column(target, held_out.shape[0], network.n_outputs, "validation y")
            validation = (held_out, target, relative)
    if weights is not None:
        weights = weights / weights.mean()
    keeper = BestKeeper(network, validation, deadline, callback, options.loss)
    run_optimizer(network, x, y, options, weights=weights, observe=keeper.observe)
    if not bool(torch.isfinite(keeper.validation_loss).any()):
        raise TrainingError(
            f"no network of shape {network.shape} gave a finite output on the data; check the ranges of symbolic edges"
        )
    return TrainingResult(
        network=keeper.network,
        train_loss=keeper.train_loss,
        validation_loss=keeper.validation_loss,
        steps=keeper.steps,
        history=tuple(keeper.history),
        stopped=keeper.stopped,
    )


@dataclass(frozen=True)
class TrainingRows:
    """What all trainings of one search have in common.

    Attributes
    ----------
    x, y : Tensor, shapes (n, n_inputs) and (n,) or (n, n_outputs)
    weights : Tensor, shape (n,), or None
    validation : (x, y) or (x, y, weights), or None
    deadline : float or None
        As of `train`.
    """

    x: Tensor
    y: Tensor
    weights: Tensor | None
    validation: HeldOut | None
    deadline: float | None

    def trained(self, network: Network, options: TrainingOptions, *, rows: int | None = None) -> TrainingResult | None:
        """A population trained on all rows, or on about so many that are evenly taken; None where none is finite."""
        step = 1 if rows is None else max(1, self.x.shape[0] // rows)
        try:
            return train(
                network,
                self.x[::step],
                self.y[::step],
                options,
                weights=None if self.weights is None else self.weights[::step],
                validation=self.validation,
                deadline=self.deadline,
            )
        except TrainingError:
            return None


def run_optimizer(
    network: Network, x: Tensor, y: Tensor, options: TrainingOptions, *, weights: Tensor | None, observe: Observe
) -> None:
    """Train a population by the optimizer of `options`; every state is shown to `observe`.

    Parameters
    ----------
    network : Network
        Start; not changed.
    x, y : Tensor, shapes (n, n_inputs) and (n, n_outputs)
    options : TrainingOptions
    weights : Tensor, shape (n,), or None
        Row weights of mean 1.
    observe : callable ``(network, index, loss, step) -> bool``
        As of `kansym.kan.levenberg_marquardt.levenberg_marquardt`.
    """
    if options.optimizer != "levenberg-marquardt":
        first_order(network, x, y, weights=weights, options=options, observe=observe)
        return
    levenberg_marquardt(
        network,
        x,
        y,
        weights=weights,
        penalty=options.penalty,
        options=LevenbergMarquardtOptions(
            steps=options.steps, tolerance=options.tolerance, rescale_every=options.rescale_every
        ),
        observe=observe,
    )
