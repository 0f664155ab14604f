"""A fit to full precision: finer and finer grids, for as long as rows that are held out gain by them.

The error of a cubic spline falls by 16 with every halving of its intervals, and what holds it up is not the grid: a
roughness penalty that is too strong for the finer one, hidden nodes whose rows are not all within their grid, and new
rows that reach beyond. So the penalty falls with the intervals, and nodes have room at both ends.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from kansym.errors import ArgumentError
from kansym.kan.fitting import OnStep, Problem, fit_network
from kansym.kan.network import Network
from kansym.kan.rescaling import with_room
from kansym.kan.training_options import TrainingOptions

RIDGE = 1e-14
"""Weight of squared coefficients: small beside the square of an error of 1e-6, and enough to settle free constants."""

TOLERANCE = 1e-2
"""Share by which four steps must lower the objective each; a finer grid gains more."""

GAIN = 0.9
"""Error in units of the least one before at which a grid has gained; two in a row without end the fit."""

FINEST_GRID = 200
"""Most intervals of a spline."""


def checked_grids(grids: Sequence[int] | None, network: Network, options: TrainingOptions) -> tuple[int, ...]:
    """The grids of a fit.

    Raises
    ------
    ArgumentError
        If they are not whole numbers in ascending order, each finer than the network's, or do not go with the options.
    """
    if grids is None:
        return ()
    present = max(layer.grid for layer in network.layers)
    listed = list(grids) if isinstance(grids, Sequence) else []
    whole = isinstance(grids, Sequence) and all(isinstance(one, int) and not isinstance(one, bool) for one in listed)
    if not whole or any(after <= before for before, after in zip([present, *listed], listed, strict=False)):
        raise ArgumentError(f"grids must be whole numbers that ascend from the network's {present}, got {grids!r}")
    if listed and listed[-1] > FINEST_GRID:
        raise ArgumentError(f"grids must not be finer than {FINEST_GRID}, got {grids!r}")
    if options.optimizer != "levenberg-marquardt" or options.lamb:
        raise ArgumentError("grids go with optimizer='lm' and without lamb: prune first, then refine")
    if any(layer.knots is not None for layer in network.layers):
        raise ArgumentError("grids are for even knots, and those of this network are uneven")
    return tuple(listed)


@dataclass
class _Watched:
    """Counts the steps of all grids as one fit, and knows the best error of the present one."""

    on_step: OnStep
    first: int = 0
    last: int = 0
    loss: float = math.inf
    ended: bool = False

    def __call__(self, step: int, network: Network, training: float, validation: float) -> bool:
        self.last, self.loss = self.first + step, min(self.loss, validation)
        self.ended = self.on_step(self.last, network, training, validation)
        return self.ended


def fit_refining(population: Network, problem: Problem, grids: Sequence[int], on_step: OnStep) -> tuple[Network, bool]:
    """The best network of all grids, and whether Ctrl-C ended the fit.

    Parameters
    ----------
    population : Network
        All starts; not changed.
    problem : Problem
    grids : sequence of int
        Those after the present one, in ascending order; those with more coefficients than rows are left out.
    on_step : callable
    """
    first = max(layer.grid for layer in population.layers)
    watched, least, idle = _Watched(on_step), math.inf, 0
    best = latest = with_room(population, problem.x)
    interrupted = False
    edges = sum(int(layer.spline_edges[0].sum()) for layer in population.layers)
    affordable = [grid for grid in grids if edges * (grid + population.layers[0].order) <= len(problem.x)]
    for grid in (first, *affordable):
        start = latest if grid == first else with_room(latest.with_grid(grid), problem.x)
        watched.first, watched.loss = watched.last + (grid != first), math.inf
        smoothness = problem.options.smoothness * (first / grid) ** _power(start)
        options = replace(problem.options, smoothness=smoothness, ridge=RIDGE, tolerance=TOLERANCE, precise=True)
        latest, interrupted = fit_network(start, replace(problem, options=options), watched)
        idle = 0 if watched.loss < GAIN**2 * least else idle + 1
        if watched.loss < least:
            best, least = latest, watched.loss
        if interrupted or watched.ended or idle == 2 or problem.late:
            break
    return best, interrupted


def _power(network: Network) -> int:
    """How fast the penalty must fall with the intervals to stay below the error, which falls with order + 1."""
    return 2 * network.layers[0].order + 1
