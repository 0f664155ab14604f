"""Keep hidden nodes on their grids: rescale nodes to [-1, 1] and refit the splines that read them.

A hidden node may be scaled and shifted freely if the next edges undo it. Training drifts along that freedom until node
values leave the grid, where splines are straight lines. Every few steps the nodes are put back: exactly for symbolic
edges, by least squares over the rows for splines.
"""

from __future__ import annotations

from dataclasses import replace

from kansym.deferred import Tensor, torch
from kansym.kan.knots import at_quantiles
from kansym.kan.layer import Layer, spline_values
from kansym.kan.network import Network

MAX_ROWS = 4096
"""Rows used to find ranges and refit: a spline of some twenty coefficients is settled by far fewer."""

ROOM = 0.1
"""Share by which the grid of a hidden node is longer than the range of its rows where precision is asked for: new rows
reach beyond that range by a few percent where a node reads several inputs."""

INPUT_ROOM = 0.02
"""The same for inputs, of which new rows reach beyond the old ones by less."""


def _scale_node_values(network: Network, number: int, shift: Tensor, scale: Tensor) -> None:
    """Replace node values h of layer `number` by (h - shift) / scale in place, next symbolic edges undoing it."""
    layer, after = network.layers[number], network.layers[number + 1]
    network.layers[number] = replace(
        layer,
        coefficients=torch.where(
            layer.product[:, None], layer.coefficients, layer.coefficients / scale[:, None, :, None]
        ),
        affine=layer.affine.clone(),
        offset=(layer.offset - shift) / scale,
    )
    rescaled = network.layers[number].affine
    sums = ~layer.product
    for constant in (2, 3):
        column = rescaled[..., constant]
        rescaled[..., constant] = torch.where(sums, column / scale[:, None], column)
    affine = after.affine.clone()
    affine[..., 1] += affine[..., 0] * shift[..., None]
    affine[..., 0] *= scale[..., None]
    network.layers[number + 1] = replace(after, affine=affine)


def _grid_place(layer: Layer) -> tuple[Tensor, Tensor]:
    """Middle and half the length of the grids on the nodes that a layer reads, each of shape (P, n_in)."""
    if layer.knots is None:
        return layer.center, layer.half_width
    low, high = layer.knots[..., 0], layer.knots[..., -1]
    return layer.center + layer.half_width * (low + high) / 2, layer.half_width * (high - low) / 2


def rescale(network: Network, x: Tensor, *, only_off_grid: bool = True, precise: bool = False) -> Network:
    """A network with the same outputs on `x` (up to the spline refit) and hidden nodes spread over their grids.

    Parameters
    ----------
    network : Network
    x : Tensor, shape (n, n_inputs)
        Rows that define the ranges; every k-th row is used when there are more than `MAX_ROWS`.
    only_off_grid : bool, default True
        Leave nodes alone that already fill at least three quarters of their grid and stay within a tenth of it. Nodes
        that no spline reads are never touched.
    precise : bool, default False
        Leave nodes `ROOM`, and let no row go beyond the grid.
    """
    if x.shape[0] > MAX_ROWS:
        x = x[:: x.shape[0] // MAX_ROWS + 1]
    result = replace(network, layers=list(network.layers))
    for number in range(len(network.layers) - 1):
        states = result.trace(x, need_slope=False)
        nodes, edges = states[number + 1][0], states[number + 2][1]
        assert edges is not None
        layer, after = result.layers[number], result.layers[number + 1]
        low, high = nodes.amin(1), nodes.amax(1)
        middle, half = (high + low) / 2, (high - low) / 2 * (1.0 + ROOM if precise else 1.0)
        usable = torch.isfinite(half) & (half > 1e-12 * (1 + middle.abs()))
        # Symbolic edges have no grid; where nothing but they read a node, the constants stay as they are.
        usable &= after.spline_edges.any(2)
        if only_off_grid:
            place, reach = _grid_place(after)
            relative = half / reach
            drift = (middle - place).abs() / reach
            # With room a node touches the end of its grid here before its rows do.
            usable &= (relative < 0.75) | (relative + drift > (1.0 + ROOM if precise else 1.1))
        if not bool(usable.any()):
            continue
        # Product nodes can be scaled but not shifted; their grid is moved instead.
        sums = ~layer.product
        shift = torch.where(usable & sums, middle, torch.zeros_like(middle))
        scale = torch.where(usable, torch.where(sums, half, torch.maximum(high.abs(), low.abs())), 1.0)
        center, half_width = (middle - shift) / scale, half / scale
        if after.knots is not None:
            half_width = half_width * 2 / (after.knots[..., -1] - after.knots[..., 0])
            center = center - half_width * (after.knots[..., -1] + after.knots[..., 0]) / 2
        center = torch.where(usable, center, after.center)
        half_width = torch.where(usable, half_width, after.half_width)
        values = spline_values(after, edges)
        _scale_node_values(result, number, shift, scale)
        after = replace(result.layers[number + 1], center=center, half_width=half_width)
        if after.has_splines:
            inputs = ((nodes - shift[:, None]) / scale[:, None] - center[:, None]) / half_width[:, None]
            base = after.coefficients[..., -1] if after.curves.has_base else None
            fitted = after.curves.fit(inputs.transpose(1, 2), values.transpose(1, 2), base=base, precise=precise)
            change = usable[..., None, None] & after.spline_edges.unsqueeze(-1)
            change = change & torch.isfinite(fitted).all(2, keepdim=True).transpose(2, 3)
            after = replace(after, coefficients=torch.where(change, fitted.transpose(2, 3), after.coefficients))
        result.layers[number + 1] = after
    return result


def inputs_laid(network: Network, center: Tensor, half_width: Tensor) -> Network:
    """A network whose first splines lie over other ranges, each of shape (n_inputs,), their curves fitted anew."""
    first = network.layers[0]
    u = torch.linspace(-1, 1, 16 * first.grid + 1, dtype=first.center.dtype, device=first.center.device)
    points = (center[:, None] + half_width[:, None] * u - first.center[..., None]) / first.half_width[..., None]
    values = first.curves.basis(points)[0] @ first.coefficients.transpose(2, 3)
    fitted = first.curves.fit(u.expand_as(points), values).transpose(2, 3)
    shape = first.center.shape
    moved = replace(
        first, coefficients=fitted, center=center.expand(shape).clone(), half_width=half_width.expand(shape).clone()
    )
    return replace(network, layers=[moved, *network.layers[1:]])


def with_room(network: Network, x: Tensor) -> Network:
    """A network that leaves new rows room: grids go beyond what rows x (n, n_inputs) reach, by `INPUT_ROOM` and `ROOM`.

    Grids of inputs that have it are left alone.
    """
    first, low, high = network.layers[0], x.amin(0), x.amax(0)
    center, half = (low + high) / 2, (high - low) / 2
    reach = ((low - first.center[0]).abs().maximum((high - first.center[0]).abs())) / first.half_width[0]
    tight = (half > 0) & (reach > 1.0 - INPUT_ROOM / 2)
    if bool(tight.any()):
        center = torch.where(tight, center, first.center[0])
        network = inputs_laid(network, center, torch.where(tight, half * (1.0 + INPUT_ROOM), first.half_width[0]))
    return rescale(network, x, only_off_grid=False, precise=True)


def knots_at_quantiles(network: Network, x: Tensor) -> Network:
    """A network whose grids are finer where the rows are denser: knots near the quantiles of what each node holds.

    Hidden nodes are first spread over their grids. The curves are kept as far as the new knots can say them, so that
    this comes before training or is followed by some. Even knots are faster and do for rows that fill their range; ask
    for quantiles where an input or a hidden node has most of its rows in a small part of it.

    Parameters
    ----------
    network : Network
    x : Tensor, shape (n, n_inputs)
        Rows; every k-th one is used when there are more than `MAX_ROWS`.
    """
    if x.shape[0] > MAX_ROWS:
        x = x[:: x.shape[0] // MAX_ROWS + 1]
    placed = rescale(network, x, only_off_grid=False)
    layers = []
    for layer, (nodes, _) in zip(placed.layers, placed.trace(x, need_slope=False), strict=False):
        u = (nodes - layer.center[:, None]) / layer.half_width[:, None]
        even = torch.linspace(-1.0, 1.0, layer.grid + 1, dtype=u.dtype, device=u.device)
        old = even.expand(*layer.center.shape, -1) if layer.knots is None else layer.knots
        curves = replace(layer.curves, knots=at_quantiles(u.transpose(1, 2), old))
        coefficients = layer.curves.projected(layer.coefficients, curves)
        layers.append(replace(layer.clone(), coefficients=coefficients, knots=curves.knots))
    return replace(placed, layers=layers)
