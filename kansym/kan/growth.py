"""Growth of a network: start small, widen, then deepen, and extend the grid while validation improves.

This is the practice that users of KANs follow by hand (Liu et al., arXiv:2404.19756, sections 2.4 and 2.5), made
automatic and put on record: every step names the shape and grid tried, both errors, whether it was kept, and why.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from kansym.deferred import Tensor, torch
from kansym.errors import ArgumentError
from kansym.kan.decision import Decision
from kansym.kan.jacobian import HeldOut
from kansym.kan.network import Network, concatenate
from kansym.kan.restructure import deepened
from kansym.kan.shape import Width
from kansym.kan.training import TrainingOptions, TrainingResult, TrainingRows
from kansym.primitives.library import default_library

HOPELESS = 3.0
"""Times the error of the best shape on the same grid from which on a shape gets no finer one."""

SLOW = 2.0
"""Times by which twice the grid must lower the error for another try."""

CONVERGING = 3.0
"""Times by which finer grids lower the error of a network of the right shape, which splines of degree 3 do by 16 for
every halving of their intervals; one of the wrong shape keeps its error."""


@dataclass(frozen=True)
class GrowthOptions:
    """How far and in which steps a network may grow.

    Attributes
    ----------
    shapes : tuple of shapes, default ()
        Shapes to try, smallest first; empty for `growth_ladder`.
    population : int, default 16
        Starts per shape; one without hidden nodes needs no second.
    race, race_rows : int, default 15 and 600
        Steps, on so many rows, after which the `finalists` best of them go on.
    finalists : int, default 4
    first_grid, last_grid : int, default 5 and 24
        Grid of the first training and the finest one allowed.
    improvement : float, default 0.2
        A larger grid or shape is kept when it lowers the validation RMSE by at least this fraction.
    overfit : float, default 2.0
        Validation RMSE over training RMSE above which the grid is shrunk (first) or the shape refused (next).
    training : TrainingOptions
        For every training.
    """

    shapes: tuple[tuple[Width, ...], ...] = ()
    population: int = 16
    race: int = 15
    race_rows: int = 600
    finalists: int = 4
    first_grid: int = 5
    last_grid: int = 24
    improvement: float = 0.2
    overfit: float = 2.0
    training: TrainingOptions = field(default_factory=lambda: TrainingOptions(steps=40))


@dataclass(frozen=True)
class Candidate:
    """A trained network of one shape, its grid settled.

    Attributes
    ----------
    network : Network
        The best of its population (P = 1).
    population : Network
        All that were trained to the end, at the settled grid, best first.
    train_loss, validation_loss : float
        Mean squared residuals, in units of the scaled target.
    decisions : tuple of Decision
        The steps that led here from the first training of this shape.
    """

    network: Network
    population: Network
    train_loss: float
    validation_loss: float
    decisions: tuple[Decision, ...]

    @property
    def converges(self) -> bool:
        """Whether finer grids lower the error as if the curves, and not the shape, were what limits it."""
        return self.decisions[0].validation_rmse >= CONVERGING * math.sqrt(self.validation_loss)


def growth_ladder(n_inputs: int) -> tuple[tuple[Width, ...], ...]:
    """Shapes from the smallest up: additive, one product, one hidden node, then wider, then deeper.

    Sums of products come as soon as they are affordable: a law's terms are products far more often than they are not,
    and such networks train from every start. Outer functions of what came before follow it, then products of functions
    of products and of sums.
    """
    d = n_inputs
    if d == 1:
        return ((1, 1), (1, 1, 1), (1, 2, 1), (1, (0, 2), 1), (1, 3, 1), (1, 2, 1, 1), (1, 3, 2, 1))
    return (
        (d, 1),
        (d, (0, 1), 1),
        (d, 1, 1),
        (d, (0, 2), 1),
        (d, 2, 1),
        (d, (0, 3), 1),
        (d, (0, 2), (0, 1), 1),
        (d, (0, 3), 1, 1),
        (d, 3, 1, 1),
        (d, (1, 2), (0, 1), 1),
        (d, 2, (0, 1), 1, 1),
        (d, 3, 1),
        (d, (0, 4), 1),
        (d, 3, (0, 1), 1),
        (d, 3, 2, 1),
        (d, 5, 1),
    )


def parameter_count(shape: Sequence[Width], grid: int) -> int:
    """Number of spline coefficients of a shape."""
    widths = [width if isinstance(width, int) else sum(width) for width in shape]
    return sum(a * b for a, b in pairwise(widths)) * (grid + 3)


def start_network(shape: Sequence[Width], grid: int, options: GrowthOptions, generator: torch.Generator, x: Tensor):
    """A random population; edges that read product nodes alone are the identity, since a product scales itself."""
    # Without hidden nodes the problem is convex.
    population = options.population if len(shape) > 2 else 1
    network = Network.create(
        shape, grid=grid, population=population, generator=generator, device=x.device, dtype=x.dtype
    )
    identity = default_library().get("x")
    for number, layer in enumerate(network.layers[:-1]):
        after = network.layers[number + 1]
        if bool(layer.product.all()) and not bool(after.product.any()):
            for source in range(after.n_in):
                for target in range(after.n_out):
                    network.set_symbolic(number + 1, source, target, identity, frozen="abcdp")
    return network


def _action(before: Sequence[Width] | None, shape: Sequence[Width]) -> str:
    if before is None:
        return "start"
    if any(not isinstance(width, int) for width in shape):
        return "multiply"
    return "deepen" if len(shape) > len(before) else "widen"


class Grower:
    """Trains shape after shape on one data set; iterate over it and stop when satisfied.

    Parameters
    ----------
    x, y : Tensor, shapes (n, n_inputs) and (n,)
        Scaled training rows.
    validation : (x, y) or (x, y, weights)
        Scaled validation rows; may be empty, then training error decides and the grid stays small.
    options : GrowthOptions
    generator : torch.Generator
        CPU generator for all initial weights.
    weights : Tensor, optional
        Row weights.
    deadline : float, optional
        `kansym.clock.now` value at which growth ends.
    on_decision : callable, optional
        Called with every `Decision` as it is made.

    Attributes
    ----------
    decisions : list of Decision
        The whole record so far.
    """

    def __init__(
        self,
        x: Tensor,
        y: Tensor,
        *,
        validation: HeldOut | None,
        options: GrowthOptions,
        generator: torch.Generator,
        weights: Tensor | None = None,
        deadline: float | None = None,
        on_decision: Callable[[Decision], None] | None = None,
    ) -> None:
        for name in ("population", "finalists", "race", "race_rows", "first_grid"):
            if getattr(options, name) < 1:
                raise ArgumentError(f"{name} must be at least 1, got {getattr(options, name)}")
        self.x, self.y, self.weights = x, y, weights
        self.validation = validation if validation is not None and validation[0].shape[0] else None
        self.options, self.generator, self.deadline = options, generator, deadline
        self.on_decision = on_decision
        self.decisions: list[Decision] = []
        self._trained: dict[tuple[Width, ...], Network] = {}
        self._least = math.inf

    def __iter__(self) -> Iterator[Candidate]:
        best: Candidate | None = None
        shapes = self.options.shapes or growth_ladder(self.x.shape[1])
        for shape in shapes:
            before = best.network.shape if best is not None else None
            candidate = self._settle(shape, _action(before, shape), best)
            if candidate is None:
                continue
            if best is None or candidate.validation_loss < best.validation_loss:
                best = candidate
            yield candidate

    def _record(self, decision: Decision) -> Decision:
        self.decisions.append(decision)
        if self.on_decision is not None:
            self.on_decision(decision)
        return decision

    def _from_start(self, shape: tuple[Width, ...], grid: int) -> TrainingResult | None:
        """Train a shape from random starts, and from the same under no outer function where that was trained."""
        network = start_network(shape, grid, self.options, self.generator, self.x)
        inner = self._trained.get(shape[:-1])
        if inner is not None and shape[-1] == 1:
            network = concatenate([network, self._under_a_function(inner.with_grid(grid))])
        if network.population > self.options.finalists:
            steps = min(self.options.race, self.options.training.steps)
            raced = self._train(network, replace(self.options.training, steps=steps), rows=self.options.race_rows)
            if raced is None or raced.stopped:
                return raced
            network = raced.network.select(raced.ranked()[: self.options.finalists])
        return self._train(network, self.options.training)

    def _under_a_function(self, network: Network) -> Network:
        """Networks with one more node, which starts as the identity of the last one."""
        values = network(self.x)
        low, high = values.amin(1), values.amax(1)
        return deepened(network, len(network.layers), ((high + low) / 2, (high - low).clamp_min(1e-9) / 2))

    def _train(self, network: Network, options: TrainingOptions, *, rows: int | None = None) -> TrainingResult | None:
        """Train on all rows, or on about so many that are evenly taken."""
        table = TrainingRows(self.x, self.y, self.weights, self.validation, self.deadline)
        return table.trained(network, options, rows=rows)

    def _grids(self, shape: Sequence[Width]) -> tuple[int, int]:
        """First grid and finest grid that the number of rows supports."""
        rows = self.x.shape[0]
        edges = parameter_count(shape, 1) // 4
        # At least about two rows per coefficient, else the penalty and not the data draws the curve.
        affordable = max(1, rows // (2 * edges) - 3)
        return min(self.options.first_grid, affordable), min(self.options.last_grid, affordable)

    def _settle(self, shape: tuple[Width, ...], action: str, best: Candidate | None) -> Candidate | None:
        """Train one shape and settle its grid."""
        first, last = self._grids(shape)
        rows = self.x.shape[0]
        if best is not None and parameter_count(shape, 1) > 2 * rows:
            self._record(
                Decision(action, shape, 1, float("nan"), float("nan"), False, f"more parameters than the {rows} rows")
            )
            return None
        grid = first
        result = self._from_start(shape, grid)
        if result is None:
            self._record(
                Decision(action, shape, grid, float("nan"), float("nan"), False, "no start gave a finite network")
            )
            return None
        steps = [self._decide(action, shape, grid, result, best.validation_loss if best else None)]
        # With few rows per coefficient the best weights by validation hide an overfit; trying a smaller grid is cheap.
        few = self.validation is not None and rows < 5 * parameter_count(shape, grid)
        while grid > 2 and (few or self._overfits(result)):
            trial = max(2, grid // 2)
            smaller = self._from_start(shape, trial)
            if smaller is None:
                break
            steps.append(self._decide("shrink grid", shape, trial, smaller, float(result.validation_loss.min())))
            if not smaller.validation_loss.min() < result.validation_loss.min():
                break
            result, grid, few = smaller, trial, rows < 5 * parameter_count(shape, trial)
        self._trained[shape] = result.network.select(result.ranked()[: self.options.finalists])
        loss = float(result.validation_loss.min())
        hopeless, self._least = loss > HOPELESS**2 * self._least, min(self._least, loss)
        while grid < last and not hopeless and not self._overfits(result) and not result.stopped:
            finer = min(last, 2 * grid)
            extended = self._train(result.network.select(result.ranked()[:2]).with_grid(finer), self.options.training)
            if extended is None:
                break
            previous = float(result.validation_loss.min())
            steps.append(self._decide("extend grid", shape, finer, extended, previous))
            if not steps[-1].accepted:
                break
            result, grid = extended, finer
            # What falls by less is not limited by the grid, unless nothing was resolved on the first two.
            if len(steps) > 2 and float(result.validation_loss.min()) > previous / SLOW**2:
                break
        order = result.ranked()
        return Candidate(
            network=result.network.select(order[:1]),
            population=result.network.select(order),
            train_loss=float(result.train_loss[order[0]]),
            validation_loss=float(result.validation_loss[order[0]]),
            decisions=tuple(steps),
        )

    def _overfits(self, result: TrainingResult) -> bool:
        if self.validation is None:
            return False
        best = result.best
        train_loss, validation_loss = float(result.train_loss[best]), float(result.validation_loss[best])
        return validation_loss > self.options.overfit**2 * train_loss

    def _decide(
        self, action: str, shape: tuple[Width, ...], grid: int, result: TrainingResult, previous: float | None
    ) -> Decision:
        best = result.best
        loss = float(result.validation_loss[best])
        if previous is None:
            accepted, reason = True, "the smallest shape"
        else:
            accepted = loss < previous * (1 - self.options.improvement) ** 2
            change = (loss / previous) ** 0.5 if previous > 0 else 1.0
            reason = f"{change:.2g} times the error before" + ("" if accepted else ", which is not enough")
        return self._record(
            Decision(action, shape, grid, float(result.train_loss[best]) ** 0.5, loss**0.5, accepted, reason)
        )
