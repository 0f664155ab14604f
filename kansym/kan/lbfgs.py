"""L-BFGS for a population of networks at once.

Every network has its own curvature pairs and its own line search, and all are evaluated together: what a step costs in
calls does not grow with the number of networks.

References
----------
D. C. Liu and J. Nocedal, Math. Program. 45 (1989) 503, doi:10.1007/BF01589116.
J. Nocedal and S. J. Wright, *Numerical Optimization* (2006), algorithm 7.4.
"""

from __future__ import annotations

from collections.abc import Sequence

from kansym.deferred import Tensor, torch
from kansym.kan.gradient import Gradient, Look
from kansym.kan.line_search import search
from kansym.kan.parameters import ParameterMap
from kansym.kan.walkers import Report

ITERATIONS = 10
"""Of one training step."""

MEMORY = 20
"""Pairs of steps and changes of the gradient that are kept."""

LEAST_PAIR = 1e-10
"""Curvature along a step, in units of the squared change of the gradient, from which it is remembered."""


class Lbfgs:
    """Curvature pairs of a population; see `kansym.kan.descent.Mover`.

    Parameters
    ----------
    parameters : ParameterMap
    values : Tensor, shape (P, size)
        Where the networks stand.
    """

    def __init__(self, parameters: ParameterMap, values: Tensor) -> None:
        self.steps = values.new_zeros(len(values), 0, values.shape[1])
        self.changes = self.steps
        # 1 / (step . change), and 0 for a pair that does not count.
        self.inverse = values.new_zeros(len(values), 0)
        self.scale = values.new_ones(len(values))

    def step(self, values: Tensor, state: Gradient, look: Look, report: Report, decay: float) -> Tensor:
        """Where the networks are after up to `ITERATIONS` iterations of each; lengths of steps are its own."""
        going = torch.ones(len(values), dtype=torch.bool, device=values.device)
        everything = torch.arange(len(values), device=values.device)
        for _ in range(ITERATIONS):
            fresh = ~(self.inverse > 0).any(1)
            direction = self._direction(state.gradient) * going[:, None]
            length = torch.where(fresh, 1.0 / state.gradient.abs().sum(1).clamp_min(1.0), 1.0)
            found, after = search(values, direction, length, state, look)
            moved = found > 0
            going = going & (moved | ~fresh)
            if not bool(going.any()):
                break
            step = torch.where(moved[:, None], found[:, None] * direction, 0.0)
            self._remember(step, after.gradient - state.gradient, moved)
            values, state = values + step, after
            report(values, everything, state)
        return values

    def restart(self, places: Sequence[int], values: Tensor) -> None:
        self._forget(torch.tensor(places, dtype=torch.long, device=values.device))

    def shorten(self, places: Sequence[int]) -> None:
        """Nothing: a line search finds the length of a step, and ends where values are finite."""

    def select(self, where: Tensor) -> None:
        self.steps, self.changes = self.steps[where], self.changes[where]
        self.inverse, self.scale = self.inverse[where], self.scale[where]

    def _forget(self, where: Tensor) -> None:
        self.inverse[where], self.scale[where] = 0.0, 1.0

    def _direction(self, gradient: Tensor) -> Tensor:
        """The quasi-Newton direction by the two loops of algorithm 7.4, shape (P, size)."""
        rest, shares = gradient, []
        pairs = list(zip(self.steps.unbind(1), self.changes.unbind(1), self.inverse.unbind(1), strict=True))
        for step, change, inverse in reversed(pairs):
            shares.append(inverse * (step * rest).sum(1))
            rest = rest - shares[-1][:, None] * change
        rest = self.scale[:, None] * rest
        for (step, change, inverse), share in zip(pairs, reversed(shares), strict=True):
            rest = rest + (share - inverse * (change * rest).sum(1))[:, None] * step
        return -rest

    def _remember(self, step: Tensor, change: Tensor, moved: Tensor) -> None:
        """Keep what was seen on a step; a network that has not moved begins again downhill."""
        along, square = (step * change).sum(1), change.square().sum(1)
        usable = moved & (along > LEAST_PAIR * square) & (square > 0)
        inverse = torch.where(usable, 1.0 / torch.where(usable, along, 1.0), 0.0)
        self.steps = torch.cat([self.steps, step[:, None]], 1)[:, -MEMORY:]
        self.changes = torch.cat([self.changes, change[:, None]], 1)[:, -MEMORY:]
        self.inverse = torch.cat([self.inverse, inverse[:, None]], 1)[:, -MEMORY:] * moved[:, None]
        self.scale = torch.where(usable, along / torch.where(usable, square, 1.0), self.scale)
        self.scale = torch.where(moved, self.scale, 1.0)
