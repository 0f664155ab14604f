"""Nodes added to a network, taken out of it and put in another order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from kansym.deferred import Tensor, torch
from kansym.errors import ArgumentError
from kansym.kan.layer import EdgeMode, Layer
from kansym.kan.network import Network, Width
from kansym.kan.pruning import switch_off

TARGET_TENSORS = ("offset",)
"""Attributes of `Layer` with a number for each node that it makes."""

EMPTY = {"coefficients": 0.0, "mode": int(EdgeMode.OFF), "affine": 0.0, "frozen": True, "primitive": -1}
"""What tensors of an edge that is off hold."""

START = 0.3
"""Slope of the curves into a new node, in units of the reach of the nodes that they read."""


def _source_tensors(layer: Layer) -> tuple[str, ...]:
    """Names of the tensors with an entry for each node that the layer reads."""
    return ("center", "half_width") if layer.knots is None else ("center", "half_width", "knots")


def width_of(product: Tensor) -> Width:
    """The width of a level by which of its nodes multiply."""
    products = int(product.sum())
    return (len(product) - products, products) if products else len(product)


def with_nodes(network: Network, level: int, nodes: Sequence[int]) -> Network:
    """A copy with these nodes of a level, in this order; level 0 are the inputs, the last the outputs.

    What nodes that are left out gave to others is lost: see `without_node`. Adding nodes come before multiplying ones.
    """
    index = torch.tensor(list(nodes), dtype=torch.long, device=network.device)
    result, shape = network.clone(), list(network.shape)
    if level:
        layer = result.layers[level - 1]
        chosen = {name: getattr(layer, name).index_select(2, index) for name in EMPTY}
        chosen |= {name: getattr(layer, name).index_select(1, index) for name in TARGET_TENSORS}
        result.layers[level - 1] = replace(layer, **chosen, product=layer.product[index])
        shape[level] = width_of(layer.product[index])
    else:
        shape[0] = len(index)
    if level < len(result.layers):
        layer = result.layers[level]
        chosen = {name: getattr(layer, name).index_select(1, index) for name in (*EMPTY, *_source_tensors(layer))}
        result.layers[level] = replace(layer, **chosen)
    return replace(result, shape=tuple(shape))


def without_edges(network: Network, edges: Sequence[tuple[int, int, int]], means: tuple[Tensor, ...]) -> Network:
    """A copy with edges (layer, source, target) switched off; their means stay in the nodes."""
    off = [torch.zeros_like(layer.mode, dtype=torch.bool) for layer in network.layers]
    for layer, source, target in edges:
        off[layer][:, source, target] = True
    return switch_off(network, off, means)


def edges_of_node(network: Network, level: int, node: int) -> list[tuple[int, int, int]]:
    """Edges into a node and out of it."""
    into = [] if level == 0 else [(level - 1, source, node) for source in range(network.layers[level - 1].n_in)]
    out = range(network.layers[level].n_out) if level < len(network.layers) else ()
    return [*into, *((level, node, target) for target in out)]


def compacted(network: Network) -> Network:
    """A copy of one network without hidden nodes that no edge leaves; every level keeps a node."""
    result = network
    for level in range(len(network.layers) - 1, 0, -1):
        used = (result.layers[level].mode[0] != EdgeMode.OFF).any(1).nonzero()[:, 0].tolist()
        if len(used) < result.layers[level].n_in:
            result = with_nodes(result, level, used or [0])
    return result


def inserted(tensor: Tensor, axis: int, place: int, value: float) -> Tensor:
    """The tensor with one more entry along an axis."""
    head, tail = tensor.narrow(axis, 0, place), tensor.narrow(axis, place, tensor.shape[axis] - place)
    shape = list(tensor.shape)
    shape[axis] = 1
    return torch.cat([head, torch.full(shape, value, dtype=tensor.dtype, device=tensor.device), tail], axis)


def with_new_node(network: Network, level: int, *, product: bool) -> tuple[Network, int]:
    """A copy with one more node in a hidden level, all its edges off, and its number."""
    result, shape = network.clone(), list(network.shape)
    layer, after = result.layers[level - 1], result.layers[level]
    place = layer.n_out if product else int((~layer.product).sum())
    edges = {name: inserted(getattr(layer, name), 2, place, value) for name, value in EMPTY.items()}
    marks = inserted(layer.product, 0, place, product)
    offset = inserted(layer.offset, 1, place, 1.0 if product else 0.0)
    result.layers[level - 1] = replace(layer, **edges, offset=offset, product=marks)
    edges = {name: inserted(getattr(after, name), 1, place, value) for name, value in EMPTY.items()}
    knots = after.knots
    if knots is not None:
        knots = inserted(knots, 1, place, 0.0)
        knots[:, place] = torch.linspace(-1.0, 1.0, after.grid + 1, dtype=knots.dtype, device=knots.device)
    result.layers[level] = replace(
        after,
        **edges,
        knots=knots,
        center=inserted(after.center, 1, place, 0.0),
        half_width=inserted(after.half_width, 1, place, 1.0),
    )
    shape[level] = width_of(marks)
    return replace(result, shape=tuple(shape)), place


def widened(network: Network, level: int, generator: torch.Generator, *, product: bool = False) -> Network:
    """A copy with one more node in a hidden level and the same output: random curves lead in, flat ones out."""
    if not 1 <= level < len(network.layers):
        raise ArgumentError(f"level must be a hidden one, 1 to {len(network.layers) - 1}, got {level!r}")
    result, place = with_new_node(network, level, product=product)
    layer, after = result.layers[level - 1], result.layers[level]
    size = (network.population, layer.n_in, 1)
    slope = START * torch.randn(size, generator=generator, dtype=torch.float64).to(network.device, network.dtype)
    layer.coefficients[:, :, place] = layer.curves.line(slope, 1.0 if product else 0.0, layer.coefficients)
    layer.mode[:, :, place] = EdgeMode.SPLINE
    flat = replace(after.curves, knots=None).line(0.0, after.product.to(network.dtype)[:, None], after.coefficients)
    after.coefficients[:, place] = flat
    after.mode[:, place] = EdgeMode.SPLINE
    return result


def deepened(network: Network, level: int, reach: tuple[Tensor, Tensor]) -> Network:
    """A copy with one more level of adding nodes after a level, and the same output.

    Every new node is a spline of the old node in its place that starts as the identity, and flat splines of the others.

    Parameters
    ----------
    network : Network
    level : int
        From 1 to the number of layers, which is the output.
    reach : (Tensor, Tensor), each of shape (P, width)
        Middle and half-width of the old nodes' values, where the new splines' grids are laid.
    """
    if not 1 <= level <= len(network.layers):
        raise ArgumentError(f"level must be 1 to {len(network.layers)}, got {level!r}")
    result, before = network.clone(), network.layers[level - 1]
    count, width = network.population, before.n_out
    middle, half = reach
    drawn = Network.create(
        (width, width),
        grid=before.grid,
        order=before.order,
        base=before.base,
        train_offsets=before.train_offsets,
        population=count,
        generator=torch.Generator().manual_seed(0),
        device=network.device,
        dtype=network.dtype,
    )
    coefficients = torch.zeros_like(drawn.layers[0].coefficients)
    diagonal = torch.arange(width, device=network.device)
    line = drawn.layers[0].curves.line(half[..., None], middle[..., None], coefficients)
    coefficients[:, diagonal, diagonal] = line
    layer = replace(drawn.layers[0], coefficients=coefficients, center=middle.clone(), half_width=half.clone())
    layers, shape = list(result.layers), list(network.shape)
    layers.insert(level, layer)
    shape.insert(level + 1, width)
    return replace(result, shape=tuple(shape), layers=layers)
