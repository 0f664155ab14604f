"""How a KAN is fitted: several starts side by side, the hopeless ones dropped early, the best weights kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from kansym import clock
from kansym.deferred import Tensor, torch
from kansym.errors import TrainingError
from kansym.interrupting import first_press
from kansym.kan.network import Network
from kansym.kan.pruning import count_edges, remove_below
from kansym.kan.training import BestKeeper, run_optimizer
from kansym.kan.training_options import TrainingOptions

TRIAL = 0.2
"""Share of the steps after which starts are compared."""

SURVIVORS = 4
"""Of so many starts one goes on."""

LEAST_STEPS = 10
"""Steps below which no start is dropped."""

TRIAL_ROWS, LEAST_TRIAL_ROWS = 3, 300
"""Rows for each coefficient that tell starts apart where precision is asked for, and the fewest."""

COMPARABLE = 3.0
"""Error in units of the least one up to which, with `lamb`, the network of the fewest edges is the best."""

SEEN = 1e-2
"""Share of the spread of the output that an edge must move to count."""


@dataclass(frozen=True, eq=False)
class Problem:
    """What a network is fitted to, in scaled units.

    Attributes
    ----------
    x, y, weights : Tensor, shapes (n, n_inputs), (n, n_outputs) and (n,)
        Weights have mean 1.
    validation : tuple of the same three, or None
    options : TrainingOptions
    deadline : float or None
        A time of `kansym.clock`.
    """

    x: Tensor
    y: Tensor
    weights: Tensor
    validation: tuple[Tensor, Tensor, Tensor] | None
    options: TrainingOptions
    deadline: float | None

    def thinned(self, rows: int) -> Problem:
        """The same with every k-th row, at least so many and `LEAST_TRIAL_ROWS`."""
        every = max(1, len(self.x) // max(rows, LEAST_TRIAL_ROWS))
        weights = self.weights[::every]
        return replace(self, x=self.x[::every], y=self.y[::every], weights=weights / weights.mean())

    @property
    def late(self) -> bool:
        return clock.late(self.deadline)


OnStep = Callable[[int, Network, float, float], bool]
"""Called with the step, the best network so far, its training and its validation loss; True ends training."""


class _Recorder(BestKeeper):
    """Remembers the best weights, and tells about them after every step."""

    def __init__(self, network: Network, problem: Problem, first: int, on_step: OnStep) -> None:
        super().__init__(network, problem.validation, problem.deadline, None, problem.options.loss)
        # Where some steps were done before, the start is their end and has been told about.
        self.first, self.on_step, self.last = first, on_step, 0 if first else -1

    def observe(self, network: Network, index: Tensor, loss: Tensor, step: int) -> bool:
        stop = super().observe(network, index, loss, step)
        # A line search looks at one network after another within one step.
        if step <= self.last or not self.history:
            return stop
        self.last = step
        best = int(self.validation_loss.argmin())
        losses = float(self.train_loss[best]), float(self.validation_loss[best])
        self.stopped = self.on_step(self.first + step, self.network.select([best]), *losses) or stop
        return self.stopped


def fit_network(population: Network, problem: Problem, on_step: OnStep) -> tuple[Network, bool]:
    """The best of a population after training, and whether Ctrl-C ended it.

    Parameters
    ----------
    population : Network
        All starts; not changed.
    problem : Problem
    on_step : callable

    Raises
    ------
    TrainingError
        If no start was finite at any step.
    """
    steps, starts = problem.options.steps, population.population
    trial = round(TRIAL * steps) if starts >= 2 * SURVIVORS and steps >= LEAST_STEPS else 0
    edges = sum(layer.n_in * layer.n_out * layer.curves.size for layer in population.layers)
    tried = problem.thinned(TRIAL_ROWS * edges) if trial and problem.options.precise else problem
    stage = _trained(population, tried, 0, trial or steps, on_step)
    if trial and not stage.ended:
        best = torch.argsort(stage.losses)[: max(1, starts // SURVIVORS)]
        stage = _trained(stage.network.select(best), problem, trial, steps - trial, on_step)
    return stage.network.select([_best(stage.network, stage.losses, problem)]), stage.interrupted


@dataclass(frozen=True)
class _Stage:
    """Networks with finite outputs, their losses, and whether training is to end here, or was ended by Ctrl-C."""

    network: Network
    losses: Tensor
    ended: bool
    interrupted: bool


def _trained(population: Network, problem: Problem, first: int, steps: int, on_step: OnStep) -> _Stage:
    """The best weights of each network after some steps, of which `first` have been done before."""
    recorder = _Recorder(population, problem, first, on_step)
    options = replace(problem.options, steps=steps)
    with first_press() as press, torch.no_grad():
        run_optimizer(population, problem.x, problem.y, options, weights=problem.weights, observe=recorder.observe)
    finite = torch.isfinite(recorder.validation_loss).nonzero()[:, 0]
    if not len(finite):
        raise TrainingError(
            f"no network of shape {population.shape} gave a finite output on the data; check the ranges of "
            "primitives, or take a smaller learning_rate"
        )
    losses = recorder.validation_loss[finite]
    return _Stage(recorder.network.select(finite), losses, press.came or recorder.stopped, press.came)


def _best(population: Network, losses: Tensor, problem: Problem) -> int:
    """Position of the network of the least error; where sparsity was asked for, of the fewest edges among such."""
    if not problem.options.lamb or population.population == 1:
        return int(losses.argmin())
    edges = count_edges(remove_below(population, problem.x, SEEN))
    comparable = losses <= COMPARABLE**2 * losses.min()
    order = torch.where(comparable, edges, edges.max() + 1).tolist()
    return min(range(len(order)), key=lambda k: (order[k], float(losses[k])))
