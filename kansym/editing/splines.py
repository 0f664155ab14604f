"""Edges made splines again, or switched off."""

from __future__ import annotations

from kansym.deferred import torch
from kansym.editing.constants import edge_id
from kansym.editing.context import EditContext
from kansym.errors import ArgumentError
from kansym.extraction.edges import EdgeRef
from kansym.kan.layer import EdgeMode, Layer, evaluate_edges
from kansym.kan.network import Network
from kansym.kan.pruning import attribute, switch_off

POINTS = 801
"""Points at which a spline is fitted to a primitive."""

CLOSE = 1e-4
"""Error of a spline in units of the spread of the primitive that it follows."""

FINEST = 48
"""Grid up to which a layer is refined so that a spline follows its primitive."""


def unfixed(network: Network, ref: EdgeRef, context: EditContext) -> Network:
    """A copy in which an edge is a spline again.

    It starts as the curve of its primitive; the grid of its layer is refined where that needs it, which leaves the
    other splines what they are. An edge that was off starts as one that changes nothing.
    """
    result = network.clone()
    layer = result.layers[ref.layer]
    mode = EdgeMode(int(layer.mode[0, ref.source, ref.target]))
    if mode == EdgeMode.SPLINE:
        return result
    states = network.trace(context.rows.x, need_slope=False)
    h = states[ref.layer][0][0, :, ref.source]
    h = h[torch.isfinite(h)]
    if not len(h):
        raise ArgumentError(f"edge {edge_id(ref)} has no finite input on the rows")
    low, high = float(h.min()), float(h.max())
    shared = bool((layer.mode[0, ref.source] == EdgeMode.SPLINE).any())
    if ref.layer and not shared:
        # No spline reads this node, so its grid may be laid over the present range.
        half = max((high - low) / 2, 1e-12 * (1 + abs(low) + abs(high)))
        layer.center[0, ref.source], layer.half_width[0, ref.source] = (low + high) / 2, half
    if mode == EdgeMode.OFF:
        start = 1.0 if bool(layer.product[ref.target]) else 0.0
        layer.coefficients[0, ref.source, ref.target] = layer.curves_of(ref.source).line(0.0, start, layer.coefficients)
    else:
        result.layers[ref.layer] = layer = _following(network, layer, ref, h, low, high)
    layer.mode[0, ref.source, ref.target] = EdgeMode.SPLINE
    layer.primitive[0, ref.source, ref.target] = -1
    return result


def _following(network: Network, layer: Layer, ref: EdgeRef, h: torch.Tensor, low: float, high: float) -> Layer:
    """The layer with spline coefficients for a symbolic edge that follow it over the range of the data."""
    points = torch.linspace(low, high, POINTS, dtype=h.dtype)
    values = _value(network, ref, points)
    if not bool(torch.isfinite(values).all()):
        # A pole between two rows: the rows themselves are what the spline has to follow.
        points, values = h, _value(network, ref, h)
        finite = torch.isfinite(values)
        points, values = points[finite], values[finite]
    if not len(points):
        raise ArgumentError(f"edge {edge_id(ref)} has no finite values on the rows")
    u = (points - layer.center[0, ref.source]) / layer.half_width[0, ref.source]
    spread = float(values.std(correction=0)) if len(values) > 1 else 0.0
    curves = layer.curves_of(ref.source)
    while True:
        fitted = curves.fit(u, values[:, None])[:, 0]
        error = float((curves.basis(u)[0] @ fitted - values).square().mean().sqrt())
        if error <= CLOSE * spread or curves.grid + layer.grid > FINEST:
            break
        curves = layer.curves_of(ref.source).on_grid(curves.grid + layer.grid)
    finer = layer.on_grid(curves.grid)
    finer.coefficients[0, ref.source, ref.target] = fitted
    return finer


def _value(network: Network, ref: EdgeRef, h: torch.Tensor) -> torch.Tensor:
    layer = network.layers[ref.layer]
    inputs = torch.zeros(1, len(h), layer.n_in, dtype=h.dtype)
    inputs[0, :, ref.source] = h
    return evaluate_edges(layer, inputs, network.primitives, need_slope=False).value[0, :, ref.source, ref.target]


def removed(network: Network, ref: EdgeRef, context: EditContext) -> Network:
    """A copy with an edge switched off; its mean stays in the node, as a term of a sum or a factor of a product.

    Raises
    ------
    ArgumentError
        If it is off, or its mean is not finite.
    """
    layer = network.layers[ref.layer]
    if int(layer.mode[0, ref.source, ref.target]) == EdgeMode.OFF:
        raise ArgumentError(f"edge {edge_id(ref)} is off already")
    off = [torch.zeros_like(one.mode, dtype=torch.bool) for one in network.layers]
    off[ref.layer][0, ref.source, ref.target] = True
    means = attribute(network, context.rows.x).means
    if not bool(torch.isfinite(means[ref.layer][0, ref.source, ref.target])):
        raise ArgumentError(f"edge {edge_id(ref)} has no finite mean on the rows")
    result = switch_off(network, off, means)
    result.layers[ref.layer].primitive[0, ref.source, ref.target] = -1
    return result
