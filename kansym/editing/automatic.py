"""Primitives selected for splines by the loss of the whole network, beside edges that were fixed by hand."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from kansym import clock
from kansym.editing.constants import edge_id, edge_mode, user_constants, with_conventional_constants
from kansym.editing.context import EditContext, Errors
from kansym.editing.curve import FAR_BELOW, curve_of, judged_loss, suggest, with_primitives
from kansym.editing.refitting import may_rescale
from kansym.editing.suggestion import Suggestion
from kansym.editing.tables import number
from kansym.errors import ArgumentError, TrainingError
from kansym.extraction.edges import EdgeRef, edges_of_mode
from kansym.extraction.selection import EXACT, Selector, SymbolicCandidate
from kansym.kan.layer import EdgeMode
from kansym.kan.network import Network
from kansym.kan.straightening import chains, straightened
from kansym.kan.training import TrainingOptions

REFIT_STEPS = 15
"""Steps of the refit after which primitives of one edge are compared."""

OTHERS, AS_GOOD = 3, 1.02
"""Functions that are tried in place of one that is a difference of large numbers, and the loss up to which one of them
is taken, in units of the loss with that."""

FINE_GRID = 20
"""Intervals at least of a spline that has become two in one."""


class PrimitiveSelection(dict[str, str]):
    """Edge ids and the primitives that were selected for them, with the errors before and after.

    Parameters
    ----------
    functions : mapping of str to str
        Of edge id to primitive.
    names : mapping of str to str
        Names of the edges, ``"x -> h1.0"``.
    misfits : mapping of str to (float or None)
        1 - R^2 between each primitive, after the refit, and the spline that it stands for.
    before, after : Errors
        Of the whole network, in units of y.

    Attributes
    ----------
    names, misfits, before, after
        As above.
    """

    def __init__(
        self,
        functions: Mapping[str, str],
        names: Mapping[str, str],
        misfits: Mapping[str, float | None],
        before: Errors,
        after: Errors,
    ) -> None:
        super().__init__(functions)
        self.names, self.misfits, self.before, self.after = dict(names), dict(misfits), before, after

    def to_dict(self) -> dict[str, Any]:
        """In JSON types."""
        return {
            "functions": dict(self),
            "misfits": dict(self.misfits),
            "before": self.before.to_dict(),
            "after": self.after.to_dict(),
        }

    def __str__(self) -> str:
        if not self:
            return "no splines are left"
        errors = self.before.to(self.after)
        lines = []
        for edge, function in self.items():
            misfit = number(self.misfits.get(edge), 2)
            lines.append(f"{edge} ({self.names[edge]}) is {function}{f', 1-R2 = {misfit}' if misfit else ''}")
        return "\n".join([errors, *lines])

    def __repr__(self) -> str:
        return f"<{self}>"


Chosen = PrimitiveSelection
"""The name of `PrimitiveSelection` before."""


def splines_of(network: Network, named: Sequence[EdgeRef] | None) -> list[EdgeRef]:
    """The edges to select primitives for: those that were named, or all splines.

    Raises
    ------
    ArgumentError
        If one of those named is no spline, or the list is empty.
    """
    splines = edges_of_mode(network, EdgeMode.SPLINE)
    if named is None:
        return splines
    if not named:
        raise ArgumentError("edges must name one or more splines, got none")
    for ref in named:
        if ref not in splines:
            raise ArgumentError(f"edge {edge_id(ref)} is no spline; unfix() it first")
    return list(dict.fromkeys(named))


def select_primitives(
    network: Network, refs: Sequence[EdgeRef], context: EditContext, *, max_seconds: float
) -> Network:
    """A copy with the splines `refs` fixed and everything refitted; see `EditableNetwork.auto`."""
    if isinstance(max_seconds, bool) or not 0 < max_seconds < math.inf:
        raise ArgumentError(f"max_seconds must be a positive number of seconds, got {max_seconds!r}")
    # Work is counted as in a search, so that the same primitives are selected however busy the machine is.
    with clock.budget(max_seconds, deterministic=context.options.deterministic):
        return _selected(network, refs, context, clock.now() + max_seconds)


def _selected(network: Network, refs: Sequence[EdgeRef], context: EditContext, deadline: float) -> Network:
    everything = set(refs) == set(edges_of_mode(network, EdgeMode.SPLINE))
    if everything and may_rescale(network):
        found = _best(network, context, deadline)
        if found is not None:
            chosen = with_conventional_constants(found.network.to("cpu"), context)
            return _without_far_levels(chosen, refs, context, deadline)
    return _one_by_one(network, list(refs), context, deadline)


def _best(network: Network, context: EditContext, deadline: float) -> SymbolicCandidate | None:
    """What all splines together are read as: with curves in a row made one first, and as they are."""
    target = max(EXACT, sum((one.fit_rows.noise_floor / one.scaling.y_scale) ** 2 for one in context.outputs))
    selector = Selector(
        rows=context.training_rows,
        primitives=context.candidates,
        options=context.options.selection,
        seed=context.options.seed,
        deadline=deadline,
        target=target,
    )
    found: list[SymbolicCandidate] = []
    in_a_row = chains(network)
    if in_a_row:
        grid = max(layer.grid for layer in network.layers)
        fine = network.with_grid(grid * math.ceil(FINE_GRID / grid))
        straight = straightened(fine, in_a_row, context.rows.x)
        hurried = replace(selector, deadline=(clock.now() + deadline) / 2)
        found = hurried.select(straight.to(context.device))[:1]
    if not found or found[0].validation_loss > target:
        found += selector.select(network.to(context.device))[:1]
    weight = context.options.selection.complexity_weight
    return min(found, key=lambda one: one.score(weight), default=None)


def _without_far_levels(network: Network, refs: Sequence[EdgeRef], context: EditContext, deadline: float) -> Network:
    """The network with other functions on edges that are small differences of large numbers, where these do as well.

    A parabola is the crest of a wide sine, to the error of any network; as a formula it is a parabola.
    """
    for ref in refs:
        constants = user_constants(network, ref, context.scaling_at(network, ref))
        if edge_mode(network, ref) != EdgeMode.SYMBOLIC or clock.late(deadline):
            continue
        curve = curve_of(network, ref, context)
        if not curve.excess(constants["d"]) > FAR_BELOW:
            continue
        near = [one for one in suggest(curve, context, OTHERS) if not curve.excess(one.constants["d"]) > FAR_BELOW]
        if not near:
            continue
        try:
            result = context.trained(with_primitives(network, ref, near, context), TrainingOptions(steps=REFIT_STEPS))
        except TrainingError:
            continue
        other = result.network.select([int(result.validation_loss.nan_to_num(math.inf).argmin())])
        if judged_loss(other, context) <= AS_GOOD * judged_loss(network, context):
            network = other
    return network


def _one_by_one(network: Network, refs: list[EdgeRef], context: EditContext, deadline: float) -> Network:
    """The most certain edge first, each by the loss of the whole network; out of time, by its own curve."""
    weight = context.options.selection.complexity_weight
    while refs:
        offers = {
            ref: suggest(curve_of(network, ref, context), context, context.options.selection.top_k) for ref in refs
        }
        hopeless = [ref for ref in refs if not offers[ref]]
        if hopeless:
            ref = hopeless[0]
            raise ArgumentError(f"no primitive is defined on the data of edge {edge_id(ref)}")
        ref = min(refs, key=lambda one: offers[one][0].misfit)
        refs.remove(ref)
        tried = offers[ref][:1] if clock.late(deadline) else offers[ref]
        population = with_primitives(network, ref, tried, context)
        options = TrainingOptions(steps=REFIT_STEPS if refs else 4 * REFIT_STEPS, rescale_every=0)
        try:
            result = context.trained(population, options, deadline=max(deadline, clock.now() + 0.2))
        except TrainingError:
            raise ArgumentError(
                f"no primitive for edge {edge_id(ref)} gives a network that is finite on the rows"
            ) from None
        costs = [_cost(float(loss), one, weight) for loss, one in zip(result.validation_loss, tried, strict=True)]
        network = result.network.select([min(range(len(costs)), key=costs.__getitem__)])
    return network


def _cost(loss: float, one: Suggestion, weight: float) -> float:
    """Decades of error plus the price of complexity."""
    return math.log10(max(loss, EXACT)) / 2 + weight * one.complexity if math.isfinite(loss) else math.inf
