"""Which primitive each edge is: decided by the loss of the whole network, never edge by edge.

An edge's own R^2 picks wrong primitives: its curve is known only up to the spline's error, and what one edge gets wrong
another may undo. Here the matches of all edges are only candidates. Combinations of them are all-symbolic networks,
refitted together as one population on the data, and the data decide:

1. *joint*: the most plausible combinations of the per-edge candidates, best first;
2. *reconsider*: one edge of the best network at a time becomes a spline again, is refitted with all others symbolic
   (so that its curve is now known far better), matched anew, and kept only if the whole network gets better (undo);
3. *stepwise*, where the joint search fails: fix the most certain edge, refit the rest, go on; a choice that hurts is
   taken back and the edge postponed.

The defect that this avoids is the best known one of symbolic KANs (pykan issues 206 and 276; arXiv:2603.15250).
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from kansym import clock
from kansym.deferred import Tensor, torch
from kansym.errors import TrainingError
from kansym.extraction.edges import EdgeRef, apply_match, edges_of_mode, match_cost, match_network
from kansym.extraction.matching import Match
from kansym.kan.jacobian import HeldOut, held_out_parts, mean_loss
from kansym.kan.layer import EdgeMode
from kansym.kan.network import Network
from kansym.kan.training import TrainingOptions, TrainingResult, train
from kansym.primitives.primitive import Primitive

EXACT = 1e-24
"""Relative mean squared residual at which a fit in double precision counts as exact."""


@dataclass(frozen=True)
class Rows:
    """Scaled rows that a network is fitted and judged on.

    Attributes
    ----------
    x, y : Tensor, shapes (n, d) and (n,) or (n, n_outputs)
    validation : (x, y) or (x, y, weights)
        May be empty; the training rows then judge.
    weights : Tensor or None
        Of mean 1 or nearly.
    """

    x: Tensor
    y: Tensor
    validation: HeldOut
    weights: Tensor | None = None

    @property
    def judges(self) -> tuple[Tensor, Tensor, Tensor | None]:
        """The rows that networks are compared on, those held out or all: inputs, targets (n, n_outputs), weights."""
        everything = (self.x, self.y, None if self.weights is None else self.weights / self.weights.mean())
        return held_out_parts(self.validation if self.validation[0].shape[0] else everything)

    def to(self, device: torch.device | str) -> Rows:
        """The same rows on another device."""
        x, y, weights = held_out_parts(self.validation)
        held_out = x.to(device), y.to(device), None if weights is None else weights.to(device)
        weights = None if self.weights is None else self.weights.to(device)
        return Rows(self.x.to(device), self.y.to(device), held_out, weights)

    def thinned(self, rows: int) -> Rows:
        """At most about `rows` training rows, evenly taken."""
        step = self.x.shape[0] // rows
        if step < 2:
            return self
        weights = None if self.weights is None else self.weights[::step]
        return replace(self, x=self.x[::step], y=self.y[::step], weights=weights)


@dataclass(frozen=True)
class SelectionOptions:
    """How wide the search is.

    Attributes
    ----------
    top_k : int, default 6
        Candidates per edge.
    beam : int, default 48
        Combinations fitted together in one joint search.
    screen_rows, screen_steps : int, default 300 and 30
        Rows and iterations for the first fit of a combination.
    finalists, final_steps : int, default 8 and 60
        Combinations refitted on all rows, and the iterations for it.
    complexity_weight : float, default 0.15
        Decades of loss that one unit of complexity must buy, in the ranking of combinations (the final choice is by
        description length).
    rounds : int, default 2
        Passes over the edges in the reconsideration.
    """

    top_k: int = 6
    beam: int = 48
    screen_rows: int = 300
    screen_steps: int = 30
    finalists: int = 8
    final_steps: int = 60
    complexity_weight: float = 0.15
    rounds: int = 2


@dataclass(frozen=True)
class SymbolicCandidate:
    """An all-symbolic network (P = 1) refitted on the data.

    Attributes
    ----------
    network : Network
    train_loss, validation_loss : float
        Mean squared residuals in units of the scaled target.
    complexity : int
        Sum over the edges' primitives.
    """

    network: Network
    train_loss: float
    validation_loss: float
    complexity: int

    def score(self, weight: float) -> float:
        """Decades of loss plus the price of complexity; lower is better."""
        return math.log10(max(self.validation_loss, EXACT)) / 2 + weight * self.complexity

    @property
    def curved_edges(self) -> int:
        """Number of edges that are not straight lines."""
        network = self.network
        count = 0
        for layer in network.layers:
            chosen = layer.primitive[0][layer.mode[0] == EdgeMode.SYMBOLIC].tolist()
            count += sum(network.primitives[k].complexity > 1 for k in chosen)
        return count

    def key(self) -> tuple:
        """Which primitive sits where."""
        return tuple(
            tuple(map(tuple, torch.where(layer.mode == EdgeMode.SYMBOLIC, layer.primitive, -1)[0].tolist()))
            for layer in self.network.layers
        )


@dataclass
class Selector:
    """Turns one trained network into ranked all-symbolic ones.

    Attributes
    ----------
    rows : Rows
    primitives : sequence of Primitive
    options : SelectionOptions
    seed : int
    deadline : float or None
        `kansym.clock.now` value after which what has been found is returned.
    target : float
        Validation loss at which the search is over: the noise floor, or `EXACT`.
    """

    rows: Rows
    primitives: Sequence[Primitive]
    options: SelectionOptions = field(default_factory=SelectionOptions)
    seed: int = 0
    deadline: float | None = None
    target: float = EXACT

    def out_of_time(self) -> bool:
        return clock.late(self.deadline)

    def select(self, network: Network, *, thorough: bool = True, until: float = math.inf) -> list[SymbolicCandidate]:
        """All-symbolic networks for a trained one (P = 1), best first; empty when nothing finite was found.

        Parameters
        ----------
        network : Network
        thorough : bool, default True
            Whether to go on where the joint search comes nowhere near the network's own error. A network of the right
            structure rarely needs it, so False is a quick look.
        until : float, default inf
            `kansym.clock.now` value at which a network goes that functions do not describe better than its splines.
        """
        refs = edges_of_mode(network, EdgeMode.SPLINE)
        if not refs:
            return self._finalise(network, [[]], [])
        found = self._joint(network, refs)
        if self._done(found) or self.out_of_time() or not (thorough or self.is_close(found, network)):
            return found
        if found:
            hurried = self
            if not self.surpasses(found, network):
                hurried = replace(self, deadline=until if self.deadline is None else min(until, self.deadline))
            found = self._merge(found, hurried._reconsider(found[0], network))
        if not thorough or self._done(found) or self.is_close(found, network) or self.out_of_time() or len(refs) < 2:
            return found
        stepped = self._stepwise(network)
        if stepped is not None:
            found = self._merge(found, [stepped])
            if not self._done(found) and not self.out_of_time():
                found = self._merge(found, self._reconsider(found[0], network))
        return found

    def is_close(self, found: list[SymbolicCandidate], network: Network) -> bool:
        """Whether the best symbolic network is within a factor of ten of the trained one's error."""
        return bool(found) and found[0].validation_loss < 100 * self._network_loss(network)

    def surpasses(self, found: list[SymbolicCandidate], network: Network) -> bool:
        """Whether the best symbolic network is nearer to the data than the trained one: then it is on to something."""
        return bool(found) and found[0].validation_loss < self._network_loss(network)

    def _match(self, network: Network, refs: list[EdgeRef]) -> list[list[Match]]:
        return match_network(
            network,
            self.rows.x,
            self.primitives,
            refs,
            error=math.sqrt(self._network_loss(network)),
            top_k=self.options.top_k,
            complexity_weight=self.options.complexity_weight,
            seed=self.seed,
        )

    # -- joint search ------------------------------------------------------------------------------------------------

    def _joint(self, network: Network, refs: list[EdgeRef]) -> list[SymbolicCandidate]:
        lists = self._match(network, refs)
        if any(not matches for matches in lists):
            return []
        combinations = best_combinations(lists, self.options.beam, self.options.complexity_weight)
        return self._finalise(network, combinations, refs, lists)

    def _finalise(
        self,
        network: Network,
        combinations: list[list[int]],
        refs: list[EdgeRef],
        lists: list[list[Match]] | None = None,
    ) -> list[SymbolicCandidate]:
        """Fit combinations as one population, first on few rows, then the best of them on all."""
        # Hundreds of single numbers: written by the host, and brought to a card together.
        population = network.to("cpu").select([0] * len(combinations)).with_primitives(self.primitives)
        for position, combination in enumerate(combinations):
            for ref, choice, matches in zip(refs, combination, lists or [], strict=True):
                apply_match(population, ref, matches[choice], position=position)
        population = population.to(network.device)
        screened = self._fit(population, self.rows.thinned(self.options.screen_rows), self.options.screen_steps)
        if screened is None:
            return []
        candidates = self._as_candidates(screened)
        order = sorted(range(len(candidates)), key=lambda k: candidates[k].score(self.options.complexity_weight))
        chosen = order[: self.options.finalists]
        if self.out_of_time():
            return [candidates[k] for k in chosen]
        return self.fit_all(screened.network.select(chosen)) or self._ranked([candidates[k] for k in chosen])

    def _fit(self, population: Network, rows: Rows, steps: int) -> TrainingResult | None:
        # No penalty: a formula's constants are those of least squares, and directions without effect are damped.
        options = TrainingOptions(steps=steps, smoothness=0.0, ridge=0.0, tolerance=1e-7, rescale_every=0)
        try:
            return train(
                population,
                rows.x,
                rows.y,
                options,
                weights=rows.weights,
                validation=rows.validation,
                deadline=self.deadline,
            )
        except TrainingError:
            return None

    def _as_candidates(self, result: TrainingResult) -> list[SymbolicCandidate]:
        numbers = zip(
            result.train_loss.tolist(), result.validation_loss.tolist(), _complexities(result.network), strict=True
        )
        return [SymbolicCandidate(result.network.select([position]), *found) for position, found in enumerate(numbers)]

    def _ranked(self, candidates: list[SymbolicCandidate]) -> list[SymbolicCandidate]:
        finite = [candidate for candidate in candidates if math.isfinite(candidate.validation_loss)]
        return sorted(finite, key=lambda candidate: candidate.score(self.options.complexity_weight))

    def _merge(self, old: list[SymbolicCandidate], new: list[SymbolicCandidate]) -> list[SymbolicCandidate]:
        best: dict[tuple, SymbolicCandidate] = {}
        for candidate in self._ranked(old + new):
            best.setdefault(candidate.key(), candidate)
        return list(best.values())

    def _done(self, found: list[SymbolicCandidate]) -> bool:
        return bool(found) and min(candidate.validation_loss for candidate in found) <= self.target

    def _network_loss(self, network: Network) -> float:
        return float(mean_loss(network, *self.rows.judges)[0])

    def fit_all(self, population: Network) -> list[SymbolicCandidate]:
        """All networks of a symbolic population fitted on all rows, best first."""
        result = self._fit(population, self.rows, self.options.final_steps)
        return [] if result is None else self._ranked(self._as_candidates(result))

    # -- reconsideration ---------------------------------------------------------------------------------------------

    def _reconsider(self, start: SymbolicCandidate, trained: Network) -> list[SymbolicCandidate]:
        """Free one edge at a time of the best network and choose its primitive again."""
        best, found = start, []
        refs = edges_of_mode(best.network, EdgeMode.SYMBOLIC)
        refs = [
            ref for ref in refs if int(trained.layers[ref.layer].mode[0, ref.source, ref.target]) == EdgeMode.SPLINE
        ]
        # A straight line is seldom anything else.
        refs.sort(key=lambda ref: _primitive(best.network, ref).complexity <= 1)
        for _ in range(self.options.rounds):
            improved = False
            for ref in refs:
                if self.out_of_time() or best.validation_loss <= self.target:
                    return found
                alternatives = self._choose_again(best, ref)
                found = self._merge(found, alternatives)
                if (
                    alternatives
                    and alternatives[0].score(self.options.complexity_weight)
                    < best.score(self.options.complexity_weight) - 0.02
                ):
                    best, improved = alternatives[0], True
            if not improved:
                break
        return found

    def _choose_again(self, candidate: SymbolicCandidate, ref: EdgeRef) -> list[SymbolicCandidate]:
        freed = release_edge(candidate.network, ref, self.rows.x)
        options = TrainingOptions(steps=15, smoothness=1e-9, rescale_every=0)
        try:
            result = train(
                freed,
                self.rows.x,
                self.rows.y,
                options,
                weights=self.rows.weights,
                validation=self.rows.validation,
                deadline=self.deadline,
            )
        except TrainingError:
            return []
        # A free edge that does not help at all has nothing to teach.
        if float(result.validation_loss[0]) > 0.9 * candidate.validation_loss:
            return []
        lists = self._match(result.network, [ref])
        return self._finalise(result.network, [[k] for k in range(len(lists[0]))], [ref], lists)

    # -- stepwise ----------------------------------------------------------------------------------------------------

    def _stepwise(self, network: Network) -> SymbolicCandidate | None:
        """Fix edges one by one, the most certain first, refitting the network after each."""
        current = network.with_primitives(self.primitives)
        allowed = 4.0 * self._network_loss(network)
        postponed: set[EdgeRef] = set()
        while refs := edges_of_mode(current, EdgeMode.SPLINE):
            if self.out_of_time():
                return None
            lists = self._match(current, refs)
            order = sorted(
                range(len(refs)), key=lambda k: (refs[k] in postponed, lists[k][0].loss if lists[k] else 1e9)
            )
            chosen = order[0]
            if not lists[chosen]:
                return None
            trial = self._fix(current, refs[chosen], lists[chosen])
            if trial is None:
                return None
            fixed, loss = trial
            # A choice that hurts is undone and the edge comes back last, when the others are known exactly.
            if loss > allowed and refs[chosen] not in postponed and len(postponed) + 1 < len(refs):
                postponed.add(refs[chosen])
                continue
            current = fixed
            postponed.discard(refs[chosen])
        final = self._fit(current, self.rows, self.options.final_steps)
        return None if final is None else self._as_candidates(final)[0]

    def _fix(self, network: Network, ref: EdgeRef, matches: list[Match]) -> tuple[Network, float] | None:
        population = network.select([0] * len(matches))
        for position, match in enumerate(matches):
            apply_match(population, ref, match, position=position)
        try:
            result = train(
                population,
                self.rows.x,
                self.rows.y,
                TrainingOptions(steps=12),
                weights=self.rows.weights,
                validation=self.rows.validation,
                deadline=self.deadline,
            )
        except TrainingError:
            return None
        losses = result.validation_loss.tolist()
        scores = [
            math.log10(max(loss, EXACT)) / 2 + self.options.complexity_weight * match.primitive.complexity
            if math.isfinite(loss)
            else math.inf
            for loss, match in zip(losses, matches, strict=True)
        ]
        best = min(range(len(matches)), key=scores.__getitem__)
        return result.network.select([best]), losses[best]


def _primitive(network: Network, ref: EdgeRef) -> Primitive:
    return network.primitives[int(network.layers[ref.layer].primitive[0, ref.source, ref.target])]


def _complexities(network: Network) -> list[int]:
    """Sum over the symbolic edges of each network."""
    totals = [0] * network.population
    for layer in network.layers:
        chosen = torch.where(layer.mode == EdgeMode.SYMBOLIC, layer.primitive, -1).flatten(1).tolist()
        for position, kinds in enumerate(chosen):
            totals[position] += sum(network.primitives[kind].complexity for kind in kinds if kind >= 0)
    return totals


def best_combinations(lists: Sequence[Sequence[Match]], count: int, complexity_weight: float) -> list[list[int]]:
    """The `count` most plausible choices of one match per edge, best first.

    A choice costs, per edge, the decades by which its match is worse than the edge's best one plus the price of its
    complexity; combinations are drawn in order of total cost with a heap, so lists of any length are cheap.
    """
    costs: list[list[tuple[float, int]]] = []
    for matches in lists:
        floor = min(match.loss for match in matches)
        cost = [match_cost(match, max(floor, 1e-12), complexity_weight) for match in matches]
        costs.append([(cost[k], k) for k in sorted(range(len(matches)), key=cost.__getitem__)])
    start = tuple(0 * len(column) for column in costs)
    heap = [(sum(column[0][0] for column in costs), start)]
    seen, found = {start}, []
    while heap and len(found) < count:
        total, ranks = heapq.heappop(heap)
        found.append([costs[edge][rank][1] for edge, rank in enumerate(ranks)])
        for edge, rank in enumerate(ranks):
            if rank + 1 < len(costs[edge]):
                following = (*ranks[:edge], rank + 1, *ranks[edge + 1 :])
                if following not in seen:
                    seen.add(following)
                    heapq.heappush(heap, (total - costs[edge][rank][0] + costs[edge][rank + 1][0], following))
    return found


def release_edge(network: Network, ref: EdgeRef, x: Tensor) -> Network:
    """A copy in which one symbolic edge is a spline again, starting as the curve of its primitive."""
    freed = network.clone()
    states = freed.trace(x, need_slope=False)
    edges = states[ref.layer + 1][1]
    assert edges is not None
    h = states[ref.layer][0][0, :, ref.source]
    value = edges.value[0, :, ref.source, ref.target]
    layer = freed.layers[ref.layer]
    low, high = h.min(), h.max()
    if ref.layer:
        # Symbolic networks are not rescaled, so the grid is laid over the node's present range. Splines that read the
        # same node do not exist here: only one edge is freed at a time.
        layer.center[0, ref.source] = (low + high) / 2
        layer.half_width[0, ref.source] = ((high - low) / 2).clamp_min(1e-300)
    u = (h - layer.center[0, ref.source]) / layer.half_width[0, ref.source]
    layer.coefficients[0, ref.source, ref.target] = layer.curves_of(ref.source).fit(u, value[:, None])[:, 0]
    layer.mode[0, ref.source, ref.target] = EdgeMode.SPLINE
    layer.primitive[0, ref.source, ref.target] = -1
    return freed
