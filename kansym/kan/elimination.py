"""Backward elimination: a trained network without what it does not need, found by training without it.

What an edge gives now says little about whether it is needed. Products of powers may be moved from one node to another,
``(m v^2) h(v / c) = (m c^2) h(v / c) (v / c)^2``, and spare nodes share the work of the others. So every edge, every
node and every pair of factors is taken out on trial; all trials are trained together as one population, and those stay
out without which the network comes back to its error. Then every spline is a straight line on trial.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations, zip_longest

from kansym import clock
from kansym.deferred import Tensor
from kansym.kan.jacobian import HeldOut
from kansym.kan.layer import EdgeMode
from kansym.kan.network import Network, concatenate
from kansym.kan.pruning import active_edges, attribute
from kansym.kan.restructure import compacted, without_edges
from kansym.kan.straightening import Edge, straightened
from kansym.kan.training import TrainingOptions, TrainingResult, TrainingRows
from kansym.primitives.library import default_library

PRECISE = 1e-3
"""Error of a network, in spreads of y, below which it is known to be that of its splines."""

SPLINES, SHAPES, NOISE = 6.0, 1.3, 1.03
"""Times by which the error may rise over the least one: of a precise network, as other splines are needed where
factors are moved from node to node, and without an edge that is needed it rises a hundred times; of one whose error
may be that of its shape; and with noise, where a term of the size of the noise raises it by half."""

UNRESOLVED = 10.0
"""Times by which a coarse grid may raise the error for trials on it."""

PAIRED = 6
"""Factors of a node up to which pairs of them are tried."""


@dataclass(frozen=True)
class EliminationOptions:
    """How a network is tried without its edges.

    Attributes
    ----------
    trial_grid, trial_rows, trial_steps : int, default 6, 400 and 6
        Grid, rows and steps of training of every trial; a finer grid is laid again in the end.
    finalists, steps : int, default 5 and 12
        The best of them, and their steps on all rows.
    forms : int, default 2
        Networks that are carried on: what is moved from node to node can be taken out of either.
    noisy : bool, default False
        Whether the error of the network is known to be noise.
    """

    trial_grid: int = 6
    trial_rows: int = 400
    trial_steps: int = 6
    finalists: int = 5
    steps: int = 12
    forms: int = 2
    noisy: bool = False


@dataclass(frozen=True)
class _Form:
    """A network (P = 1) and its loss."""

    network: Network
    loss: float

    @cached_property
    def key(self) -> tuple:
        return structure_of(self.network)

    @cached_property
    def size(self) -> int:
        curved = sum(int(layer.spline_edges[0].sum()) for layer in self.network.layers)
        return 2 * len(active_edges(self.network)) + curved


def structure_of(network: Network) -> tuple:
    """What reads what in the first network: equal for networks that differ in the order of their nodes alone."""
    nodes: list[tuple] = [("input", source) for source in range(network.layers[0].n_in)]
    for layer in network.layers:
        modes, products = layer.mode[0].tolist(), layer.product.tolist()
        nodes = [
            (product, *sorted(((modes[k][target], nodes[k]) for k in range(len(nodes)) if modes[k][target]), key=str))
            for target, product in enumerate(products)
        ]
    return tuple(nodes)


def with_idle(edges: Iterable[Edge], off: Iterable[Edge]) -> frozenset[Edge]:
    """Edges that are off together with `off`: also those of hidden nodes that nothing enters or nothing leaves."""
    every = set(edges)
    on, last = every - set(off), max(layer for layer, _, _ in every)
    while True:
        entered, left = {(e[0], e[2]) for e in on}, {(e[0] - 1, e[1]) for e in on}
        idle = {
            edge
            for edge in on
            if (edge[0] and (edge[0] - 1, edge[1]) not in entered)
            or (edge[0] < last and (edge[0], edge[2]) not in left)
        }
        if not idle:
            return frozenset(every - on)
        on -= idle


def removals(network: Network) -> list[frozenset[Edge]]:
    """What is taken out on trial: single edges, pairs of factors of a node, and nodes.

    A pair, since a product of two inputs in one factor can be moved into another factor as a whole only.
    """
    edges = active_edges(network)
    single: list[tuple[Edge, ...]] = [(edge,) for edge in edges]
    pairs, nodes = list[tuple[Edge, ...]](), list[tuple[Edge, ...]]()
    for layer, target in dict.fromkeys((layer, target) for layer, _, target in edges):
        into = tuple(edge for edge in edges if (edge[0], edge[2]) == (layer, target))
        nodes.append(into)
        if bool(network.layers[layer].product[target]) and 2 < len(into) <= PAIRED:
            pairs += combinations(into, 2)
    found = dict.fromkeys(with_idle(edges, off) for off in [*single, *pairs, *nodes])
    return [off for off in found if len(off) < len(edges)]


def without_each(network: Network, sets: Iterable[Iterable[Edge]], x: Tensor) -> Network:
    """A population of the network (P = 1) without each of some sets of edges, whose means over rows x stay."""
    means = attribute(network, x).means
    return concatenate([without_edges(network, sorted(off), means) for off in sets])


def curved_edges(network: Network) -> list[frozenset[Edge]]:
    """What is straightened on trial: each spline that is no sum of a spline and a function."""
    return [frozenset([edge]) for edge in active_edges(network) if _mode(network, edge) == EdgeMode.SPLINE]


def eliminate(
    network: Network,
    x: Tensor,
    y: Tensor,
    *,
    validation: HeldOut | None = None,
    weights: Tensor | None = None,
    options: EliminationOptions | None = None,
    deadline: float | None = None,
) -> list[Network]:
    """A trained network (P = 1) without the edges and nodes that it does not need, and with few curves.

    Parameters
    ----------
    network : Network
        Not changed.
    x, y : Tensor, shapes (n, n_inputs) and (n,) or (n, n_outputs)
    validation : (x, y) or (x, y, weights), optional
        Rows that judge; without them the training rows do.
    weights : Tensor, shape (n,), optional
    options : EliminationOptions, optional
    deadline : float, optional
        `kansym.clock.now` value after which what has been reached is returned.

    Returns
    -------
    list of Network
        Retrained, the leanest of each kind first: several where factors can be in one node or in another. Hidden nodes
        without edges are left out, so a shape may be smaller. Empty where it needs all.

    References
    ----------
    LeCun, Denker and Solla, Optimal brain damage, NIPS 1989, eliminate single weights by their curvature; here whole
    edges are left out and the rest is trained, which a population makes cheap.
    """
    options = options or EliminationOptions()
    search = _Elimination(TrainingRows(x, y, weights, validation, deadline), options)
    return [compacted(form.network) for form in search.forms(network)]


@dataclass
class _Elimination:
    """One search for leaner networks."""

    table: TrainingRows
    options: EliminationOptions
    least: float = math.inf
    _means: dict[tuple, tuple[Tensor, ...]] = field(default_factory=dict)

    def forms(self, network: Network) -> list[_Form]:
        """The leanest networks that are as good as the one that comes in; of a precise one, on its grid."""
        grid = min(layer.grid for layer in network.layers)
        coarse, trial = self._coarse(network, grid)
        if not coarse:
            return []
        self.least = coarse[0].loss
        forms = self._until_none(coarse, removals, self._without)
        straight = [self._until_none([form], curved_edges, self._straight) for form in forms]
        forms = [one for alike in zip_longest(*straight) for one in alike if one is not None]
        if grid > trial and math.sqrt(self.least) < PRECISE:
            fine = self._refined([network, *(form.network for form in forms)], grid)
            self.least = fine[0].loss if fine else math.inf
            forms = [form for form in fine[1:] if self._passes(form.loss)]
        return forms

    def _coarse(self, network: Network, grid: int) -> tuple[list[_Form], int]:
        """The network on the coarsest grid that still resolves its curves, and that grid."""
        own, trial = self._refined([network], grid), min(grid, self.options.trial_grid)
        while own and trial < grid:
            coarse = self._refined([network], trial)
            if coarse and coarse[0].loss <= UNRESOLVED**2 * own[0].loss:
                return coarse, trial
            trial = min(grid, 2 * trial)
        return own, grid

    def _refined(self, networks: Sequence[Network], grid: int) -> list[_Form]:
        """Networks of one shape on another grid; none where training fails."""
        primitives = [default_library().get("x")]
        laid = [network.with_grid(grid).with_primitives(primitives) for network in networks]
        result = self._train(concatenate(laid), self.options.steps)
        losses = [] if result is None else result.validation_loss.tolist()
        return [] if result is None else [_Form(result.network.select([k]), loss) for k, loss in enumerate(losses)]

    def _without(self, form: _Form, off: Iterable[Edge]) -> Network:
        off = with_idle(active_edges(form.network), off)
        if form.key not in self._means:
            self._means[form.key] = attribute(form.network, self._few).means
        return without_edges(form.network, sorted(off), self._means[form.key])

    def _straight(self, form: _Form, edges: Iterable[Edge]) -> Network:
        return straightened(form.network, sorted(edges), self._few)

    @cached_property
    def _few(self) -> Tensor:
        """Inputs of the rows of trials."""
        return self.table.x[:: max(1, self.table.x.shape[0] // self.options.trial_rows)]

    def _train(self, population: Network, steps: int, *, rows: int | None = None) -> TrainingResult | None:
        return self.table.trained(population, TrainingOptions(steps=steps), rows=rows)

    def _until_none(
        self,
        forms: list[_Form],
        trials: Callable[[Network], list[frozenset[Edge]]],
        change: Callable[[_Form, Iterable[Edge]], Network],
    ) -> list[_Form]:
        """The leanest forms that changes lead to, as long as the network is as good as before."""
        seen = {form.key for form in forms}
        while not clock.late(self.table.deadline):
            passed = [form for form in self._round(forms, trials, change) if form.key not in seen]
            if not passed:
                break
            self.least = min(self.least, *(form.loss for form in passed))
            best = {form.key: form for form in sorted(passed, key=lambda form: -form.loss)}
            seen |= set(best)
            least = min(form.size for form in forms)
            forms = sorted([*forms, *best.values()], key=lambda form: (form.size, form.loss))[: self.options.forms]
            # The others are on the way to the leanest one mostly.
            if forms[0].size == least:
                break
        return forms

    def _round(
        self,
        forms: Sequence[_Form],
        trials: Callable[[Network], list[frozenset[Edge]]],
        change: Callable[[_Form, Iterable[Edge]], Network],
    ) -> list[_Form]:
        """One change more in each form: those that train to a loss as good as the least, from the best trials."""
        tried = [(form, edges) for form in forms for edges in trials(form.network)]
        if not tried:
            return []
        first = self._train(
            concatenate([change(form, edges) for form, edges in tried]),
            self.options.trial_steps,
            rows=self.options.trial_rows,
        )
        if first is None:
            return []
        ranked = first.ranked()
        finalists = [first.network.select(ranked[: self.options.finalists])]
        for form in forms:
            # What can be changed one by one can often be changed together.
            fine = [tried[k][1] for k in ranked if tried[k][0] is form and self._passes(first.validation_loss[k])]
            for chosen in (fine, fine[: (len(fine) + 1) // 2]):
                together = frozenset[Edge]().union(*chosen)
                edges = active_edges(form.network)
                if len(chosen) > 1 and len(with_idle(edges, together)) < len(edges):
                    finalists.append(change(form, together))
        final = self._train(concatenate(finalists), self.options.steps)
        if final is None:
            return []
        losses = final.validation_loss.tolist()
        return [_Form(final.network.select([k]), loss) for k, loss in enumerate(losses) if self._passes(loss)]

    def _passes(self, loss: Tensor | float) -> bool:
        rise = NOISE if self.options.noisy else SPLINES if math.sqrt(self.least) < PRECISE else SHAPES
        return float(loss) <= rise**2 * self.least


def _mode(network: Network, edge: Edge) -> int:
    return int(network.layers[edge[0]].mode[0, edge[1], edge[2]])
