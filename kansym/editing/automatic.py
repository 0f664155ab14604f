"""Primitives for splines chosen by the loss of the whole network, beside edges that were fixed by hand."""

import math
import time
from collections.abc import Sequence

from kansym.editing.coordinates import name_of, put
from kansym.editing.curve import curve_of
from kansym.editing.desk import Desk
from kansym.editing.gauge import conventional
from kansym.editing.refitting import may_rescale
from kansym.editing.suggestion import Suggestion, suggest
from kansym.errors import ArgumentError, TrainingError
from kansym.extraction.edges import EdgeRef, edges_of_mode
from kansym.extraction.selection import EXACT, Selector
from kansym.kan.layer import EdgeMode
from kansym.kan.network import Network
from kansym.kan.training import TrainingOptions, train

STEPS = 15
"""Steps of the refit after which primitives of one edge are compared."""


def splines_of(network: Network, chosen: Sequence[EdgeRef] | None) -> list[EdgeRef]:
    """The edges to choose primitives for: those that were named, or all splines.

    Raises
    ------
    ArgumentError
        If one of those named is no spline, or none is named.
    """
    splines = edges_of_mode(network, EdgeMode.SPLINE)
    if chosen is None:
        return splines
    if not chosen:
        raise ArgumentError("edges must name one or more splines, got none")
    for ref in chosen:
        if ref not in splines:
            raise ArgumentError(f"edge {name_of(ref)} is no spline; unfix() it first")
    return list(dict.fromkeys(chosen))


def choose(network: Network, refs: Sequence[EdgeRef], desk: Desk, *, max_seconds: float) -> Network:
    """A copy with the splines `refs` fixed and everything refitted; see `EditableNetwork.auto`."""
    if isinstance(max_seconds, bool) or not 0 < max_seconds < math.inf:
        raise ArgumentError(f"max_seconds must be a positive number of seconds, got {max_seconds!r}")
    deadline = time.monotonic() + max_seconds
    everything = set(refs) == set(edges_of_mode(network, EdgeMode.SPLINE))
    if everything and may_rescale(network):
        selector = Selector(
            rows=desk.rows,
            primitives=desk.candidates,
            options=desk.options.selection,
            seed=desk.options.seed,
            deadline=deadline,
            target=max(EXACT, (desk.bench.noise_floor / desk.scaling.y_scale) ** 2),
        )
        found = selector.select(network)
        if found:
            return conventional(found[0].network, desk)
    return _one_by_one(network, list(refs), desk, deadline)


def _one_by_one(network: Network, refs: list[EdgeRef], desk: Desk, deadline: float) -> Network:
    """The most certain edge first, each chosen in context; out of time, by its own curve."""
    rows, weight = desk.rows, desk.options.selection.complexity_weight
    while refs:
        offers = {ref: suggest(curve_of(network, ref, desk), desk, desk.options.selection.top_k) for ref in refs}
        hopeless = [ref for ref in refs if not offers[ref]]
        if hopeless:
            ref = hopeless[0]
            raise ArgumentError(f"no primitive is defined on the data of edge {name_of(ref)}")
        ref = min(refs, key=lambda one: offers[one][0].misfit)
        refs.remove(ref)
        chosen = offers[ref][:1] if time.monotonic() > deadline else offers[ref]
        population = network.select([0] * len(chosen))
        for place, one in enumerate(chosen):
            put(population, ref, one.primitive, one.constants, desk.scaling, place=place)
        options = TrainingOptions(steps=STEPS if refs else 4 * STEPS, rescale_every=0)
        try:
            result = train(
                population,
                rows.x,
                rows.y,
                options,
                weights=rows.weights,
                validation=rows.validation,
                deadline=max(deadline, time.monotonic() + 0.2),
            )
        except TrainingError:
            raise ArgumentError(
                f"no primitive for edge {name_of(ref)} gives a network that is finite on the rows"
            ) from None
        costs = [_cost(float(loss), one, weight) for loss, one in zip(result.validation_loss, chosen, strict=True)]
        network = result.network.select([min(range(len(costs)), key=costs.__getitem__)])
    return network


def _cost(loss: float, one: Suggestion, weight: float) -> float:
    """Decades of error plus the price of complexity."""
    return math.log10(max(loss, EXACT)) / 2 + weight * one.complexity if math.isfinite(loss) else math.inf
