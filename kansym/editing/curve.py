"""The curve of one edge, and the primitives that come closest to it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from kansym.deferred import Tensor, torch
from kansym.editing.constants import edge_id, edge_mode, output_scale, set_primitive
from kansym.editing.context import EditContext
from kansym.editing.splines import unfixed
from kansym.editing.suggestion import Suggestion
from kansym.errors import ArgumentError, TrainingError
from kansym.extraction.edges import EdgeRef, edge_curves, match_cost
from kansym.extraction.matching import Match, match_edges
from kansym.kan.jacobian import mean_loss
from kansym.kan.layer import EdgeMode
from kansym.kan.network import Network
from kansym.kan.training import TrainingOptions
from kansym.primitives.primitive import Primitive

UNFIXED_GAIN = 0.9
"""An edge made a spline that does not bring the loss below this fraction says nothing new about its primitive."""

LEAST_ROWS = 4
"""Rows below which nothing is matched."""

FAR_BELOW = 100.0
"""Height of the level under a function, in units of the curve's spread, from which another function is asked for."""

CANCELLATION = 0.15
"""Price, in decades of error, of a factor of ten by which a function and the level under it exceed the curve's spread:
a parabola is as well a sine of a small argument, five thousand times as high and as far below."""

SHORT_REFIT = 15
"""Steps of a refit that shows what a primitive, or a spline in its place, does to the whole network."""


@dataclass(frozen=True, eq=False)
class Curve:
    """Points of an edge over the rows, in the user's units where the edge has them.

    Attributes
    ----------
    network : Network
        The network that it is an edge of.
    ref : EdgeRef
    x, y, weights : Tensor, shape (n,)
        Node values, edge values, and squared sensitivities of the output, within 1e-3 to 1e3 of their mean. The weights
        say where an error of the edge would be seen at the output.
    floor : float
        1 - R^2 below which matches are ties: the curve is known no better than the network fits.
    """

    network: Network
    ref: EdgeRef
    x: Tensor
    y: Tensor
    weights: Tensor
    floor: float

    def excess(self, level: float) -> float:
        """How far a level lies from the curve's mean, in units of its spread."""
        spread = float(self.y.std(correction=0))
        return abs(level - float(self.y.mean())) / spread if spread > 0 else 0.0


def curve_of(network: Network, ref: EdgeRef, context: EditContext) -> Curve:
    """The curve of an edge as it is.

    Raises
    ------
    ArgumentError
        If it is off, or has finite values on too few rows.
    """
    if edge_mode(network, ref) == EdgeMode.OFF:
        raise ArgumentError(f"edge {edge_id(ref)} is off; unfix() brings it back as a spline")
    inputs, values, weights = (tensor[0] for tensor in edge_curves(network, context.rows.x, [ref]))
    finite = torch.isfinite(inputs) & torch.isfinite(values)
    known = int(finite.sum())
    if known < LEAST_ROWS:
        raise ArgumentError(
            f"edge {edge_id(ref)} has a finite value on {known} rows; {LEAST_ROWS} are needed to tell a function"
        )
    inputs, values, weights = inputs[finite], values[finite], weights[finite]
    moved = float((weights * (values - values.mean()).square()).mean())
    loss = judged_loss(network, context)
    floor = min(max(loss / max(moved, 1e-300), 1e-30), 1e-2) if math.isfinite(loss) and moved >= 0 else 1e-2
    weights = torch.where(torch.isfinite(weights), weights, 0.0)
    weights = weights / weights.mean().clamp_min(1e-300)
    # Sensitivities span orders of magnitude near zeros of a factor; without a floor few rows would decide.
    weights = torch.where(torch.isfinite(weights), weights, 1.0).clamp(1e-3, 1e3)
    if ref.layer == 0:
        inputs = inputs * context.scaling.half_width[ref.source] + context.scaling.center[ref.source]
    return Curve(
        network, ref, inputs, values * output_scale(network, ref, context.scaling_at(network, ref)), weights, floor
    )


def learned_curve(network: Network, ref: EdgeRef, context: EditContext) -> Curve:
    """The curve of an edge as the data would have it.

    That of a spline is the spline. A primitive is made a spline for a moment, and the network refitted, since its own
    curve says nothing about what it should be; where that does not help, its own curve stands.
    """
    if edge_mode(network, ref) != EdgeMode.SYMBOLIC:
        return curve_of(network, ref, context)
    spline = unfixed(network, ref, context)
    before = judged_loss(network, context)
    options = TrainingOptions(steps=SHORT_REFIT, smoothness=1e-9, rescale_every=0)
    try:
        result = context.trained(spline, options)
    except TrainingError:
        return curve_of(network, ref, context)
    if not float(result.validation_loss[0]) < UNFIXED_GAIN * before:
        return curve_of(network, ref, context)
    return curve_of(result.network, ref, context)


def judged_loss(network: Network, context: EditContext) -> float:
    """Mean squared residual of the scaled targets on held-out rows, or on the training rows without them."""
    return float(mean_loss(network, *context.rows.judges)[0])


def suggest(
    curve: Curve,
    context: EditContext,
    k: int,
    *,
    primitives: Sequence[Primitive] | None = None,
    in_context: bool = False,
) -> list[Suggestion]:
    """The k most plausible primitives of an edge; see `kansym.editing.edge.Edge.suggest`."""
    if isinstance(k, bool) or not isinstance(k, int) or k < 1:
        raise ArgumentError(f"k must be a number of suggestions, 1 or more, got {k!r}")
    offered = list(context.candidates if primitives is None else primitives)
    weight = context.options.selection.complexity_weight
    found = match_edges(
        curve.x[None],
        curve.y[None],
        offered,
        weights=curve.weights[None],
        top_k=len(offered),
        seed=context.options.seed,
    )[0]

    def cost(match: Match) -> float:
        price = CANCELLATION * math.log10(max(curve.excess(match.d), 1.0))
        return match_cost(match, curve.floor, weight) + price

    found = sorted(found, key=cost)[:k]
    suggestions = []
    for match in found:
        p = match.p if match.primitive.has_shape else 1.0
        constants = {"a": match.a, "b": match.b, "c": match.c, "d": match.d, "p": p}
        suggestions.append(Suggestion(match.primitive, constants, max(match.loss, 0.0)))
    return _judged_in_context(suggestions, curve, context) if in_context else suggestions


def with_primitives(network: Network, ref: EdgeRef, suggestions: Sequence[Suggestion], context: EditContext) -> Network:
    """A population of copies of a network, one for each of the primitives that an edge is fixed to."""
    population, scaling = network.select([0] * len(suggestions)), context.scaling_at(network, ref)
    for index, one in enumerate(suggestions):
        set_primitive(population, ref, one.primitive, one.constants, scaling, index=index)
    return population


def _judged_in_context(suggestions: Sequence[Suggestion], curve: Curve, context: EditContext) -> list[Suggestion]:
    """The suggestions with the error of the whole network, each fixed and everything refitted for a moment.

    They come back ranked by that error, with the same price for complexity.
    """
    if not suggestions:
        return []
    population = with_primitives(curve.network, curve.ref, suggestions, context)
    options = TrainingOptions(steps=SHORT_REFIT, rescale_every=0)
    try:
        result = context.trained(population, options)
    except TrainingError:
        return [replace(one, error=math.inf) for one in suggestions]
    errors = []
    for index in range(len(suggestions)):
        finite = math.isfinite(float(result.validation_loss[index]))
        errors.append(context.errors(result.network.select([index])).held_out if finite else math.inf)
    judged = [replace(one, error=error) for one, error in zip(suggestions, errors, strict=True)]
    # What the whole network makes of a primitive counts for more than the R^2 of one edge.
    weight, least = context.options.selection.complexity_weight, 1e-12 * context.unit
    return sorted(judged, key=lambda one: math.log10(max(one.error or 0.0, least)) + weight * one.complexity)
