"""First-order training: L-BFGS, Adam, LAMB, or any torch optimizer.

What becomes of a network does not depend on its neighbours: L-BFGS moves all of a population side by side
(`kansym.kan.lbfgs`), and any other optimizer is made once for each (`kansym.kan.walkers`).

References
----------
D. P. Kingma and J. Ba, "Adam", arXiv:1412.6980. Y. You et al., arXiv:1904.00962 (LAMB).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

from kansym.deferred import Tensor, torch
from kansym.errors import ArgumentError
from kansym.kan.descent import Descent, Mover, Observe, StopTrainingError
from kansym.kan.gradient import Gradient, objective_gradient, population_loss
from kansym.kan.lbfgs import Lbfgs
from kansym.kan.network import Network
from kansym.kan.parameters import ParameterMap
from kansym.kan.training_options import TrainingOptions
from kansym.kan.walkers import Factory, Walkers
from kansym.optional import optional_module

OPTIMIZERS = ("levenberg-marquardt", "lbfgs", "adam", "lamb")
"""Names that `kansym.kan.training.TrainingOptions.optimizer` takes."""

RESCALE_FACTOR = 10
"""A rescale costs a first-order optimizer its memory, so it is considered this many times less often than asked."""


def _resolve(
    optimizer: str | Factory, learning_rate: float, steps: int
) -> tuple[Callable[[ParameterMap, Tensor], Mover], Callable[[int], float]]:
    """What makes the mover of a population, and the factor on its learning rate at each step."""
    if callable(optimizer):
        return partial(Walkers, optimizer), lambda step: 1.0
    if optimizer == "lbfgs":
        return Lbfgs, lambda step: 1.0

    def cosine(step: int) -> float:
        return 0.01 + 0.99 * 0.5 * (1.0 + math.cos(math.pi * step / max(steps, 1)))

    if optimizer == "adam":
        return partial(Walkers, lambda leaves: torch.optim.Adam(leaves, lr=learning_rate)), cosine
    if optimizer == "lamb":
        module = optional_module("pytorch_optimizer", feature="The LAMB optimizer", extra="optim")
        return partial(Walkers, lambda leaves: module.Lamb(leaves, lr=learning_rate)), cosine
    raise ArgumentError(f"optimizer must be one of {', '.join(OPTIMIZERS)} or a function, got {optimizer!r}")


def first_order(
    network: Network,
    x: Tensor,
    y: Tensor,
    *,
    weights: Tensor | None,
    options: TrainingOptions,
    observe: Observe,
) -> None:
    """Train every network of a population with an optimizer of its own; every finite state is shown to `observe`.

    One step is one call of the optimizer's ``step``: one update of "adam" and "lamb", up to ten iterations of "lbfgs".
    The learning rate of "adam" and "lamb" falls along a half cosine to a hundredth; that of a function's optimizer is
    left alone. "lamb" is ``pytorch_optimizer.Lamb`` with its defaults: the update of version 3 of the paper, without
    bias correction, weight decay or normalisation of the gradient beforehand; the trust ratio of a layer is the norm of
    its parameters, at most 10, over the norm of its Adam update.

    Parameters
    ----------
    network : Network
        Start; not changed.
    x, y : Tensor, shapes (n, n_inputs) and (n, n_outputs)
    weights : Tensor, shape (n,), or None
        Row weights of mean 1.
    options : TrainingOptions
    observe : callable ``(network, index, loss, step) -> bool``
        As in `kansym.kan.levenberg_marquardt.levenberg_marquardt`; it is called after each iteration of "lbfgs", and
        with one network at a time where an optimizer of torch looks at several places in one step.

    Raises
    ------
    ArgumentError
        If the optimizer is unknown.
    MissingDependencyError
        If "lamb" is asked for and pytorch-optimizer is not installed.
    """
    mover, decay = _resolve(options.optimizer, options.learning_rate, options.steps)

    draw = _batches(x.shape[0], options, x.device)

    def evaluate(candidate: Network, parameters: ParameterMap) -> Gradient:
        rows = draw()
        some = (x, y, weights) if rows is None else (x[rows], y[rows], None if weights is None else weights[rows])
        return objective_gradient(
            candidate, some[0], some[1], parameters, weights=some[2], penalty=options.penalty, loss=options.loss
        )

    def whole(candidate: Network) -> Tensor:
        return population_loss(candidate, x, y, weights, options.loss)

    everything = torch.arange(network.population, device=network.device)
    if observe(network, everything, whole(network), 0):
        return
    where = ParameterMap.of(network).active.any(1).nonzero().squeeze(-1)
    if where.numel() == 0:
        return
    descent = Descent(network.select(where), where, evaluate, mover)
    period = RESCALE_FACTOR * options.rescale_every
    size = options.batch_size
    epoch = 1 if size is None else max(1, x.shape[0] // size)
    try:
        for step in range(1, options.steps + 1):
            if period and (step - 1) % period == 0 and descent.size:
                descent.rescale(x)
            if not descent.size:
                return
            descent.advance(step, decay(step - 1), observe)
            if step % epoch and step < options.steps:
                continue
            # The loss of a batch says little about which weights are the best.
            loss = descent.state.loss if size is None else whole(descent.network)
            if observe(descent.network, descent.index, loss, step):
                return
    except StopTrainingError:
        return


def _batches(rows: int, options: TrainingOptions, device: torch.device) -> Callable[[], Tensor | None]:
    """A function that draws the rows of each step; None stands for all."""
    size = options.batch_size
    if size is None or size >= rows:
        return lambda: None
    generator = torch.Generator().manual_seed(options.seed)
    return lambda: torch.randperm(rows, generator=generator)[:size].to(device)
