"""One more node in a network: a product or a sum of curves of nodes that are there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from kansym.deferred import Tensor, torch
from kansym.editing.constants import edge_id
from kansym.editing.context import EditContext
from kansym.editing.edge import Edge
from kansym.editing.editor import Editor
from kansym.editing.history import join_words
from kansym.errors import ArgumentError
from kansym.extraction.edges import EdgeRef
from kansym.kan.jacobian import mean_loss, node_gradient
from kansym.kan.layer import EdgeMode, Layer
from kansym.kan.network import Network
from kansym.kan.restructure import EMPTY, with_new_node
from kansym.kan.spline import DEGREE
from kansym.primitives.library import default_library

LEAST = 1e-3
"""Least effect of a new node, in units of the spread of y: with none at all nothing would move its edges."""


@dataclass(frozen=True)
class Plan:
    """A node to be added.

    Attributes
    ----------
    layer : int
        The layer that gets the edges into the node.
    sources : tuple of (int, int or None)
        Nodes that it reads, each with the target of the edge whose curve is copied, if one is.
    into : int or None
        The node of the next level but one that it is joined to; None for the first that adds.
    product : bool
    label, step : str
        For the history: in words, and as a line of a script.
    """

    layer: int
    sources: tuple[tuple[int, int | None], ...]
    into: int | None
    product: bool
    label: str
    step: str


def plan(
    editor: Editor, sources: Sequence[str | int | Edge], layer: int, into: str | int | None, *, product: bool
) -> Plan:
    """The node that the user asked for; the arguments are those of `EditableNetwork.add_product`.

    Raises
    ------
    ArgumentError
        If a name is unknown, the sources are not of one layer, or a node occurs twice.
    """
    if isinstance(sources, str) or len(sources) < (2 if product else 1):
        raise ArgumentError(f"a new node needs {'two' if product else 'one'} or more sources, got {sources!r}")
    found = [_source(editor, source, layer) for source in sources]
    layers, nodes = {one[0] for one in found}, [one[1] for one in found]
    if len(layers) > 1 or len(set(nodes)) < len(nodes):
        raise ArgumentError(
            "sources must be different nodes of one level: a node has one edge from each, got "
            + ", ".join(editor.node_name(one[0], one[1]) for one in found)
        )
    layer = layers.pop()
    target = _target(editor, into, layer)
    names = [editor.node_name(layer, node) for node in nodes]
    words = [
        name if copied is None else edge_id(EdgeRef(layer, node, copied))
        for name, (_, node, copied) in zip(names, found, strict=True)
    ]
    words += [] if target is None else [f"into={target}"]
    return Plan(
        layer,
        tuple(one[1:] for one in found),
        target,
        product,
        label=f"add {(' * ' if product else ' + ').join(names)}",
        step=f"{'product' if product else 'node'} {join_words(words)}",
    )


def _source(editor: Editor, source: str | int | Edge, layer: int) -> tuple[int, int, int | None]:
    """Layer, node, and the target of the edge whose curve is copied, if one is."""
    if isinstance(source, str):
        layer, node = _node(editor, source)
        target = None
    elif isinstance(source, int):
        node, target = source, None
    elif isinstance(source, Edge):
        if source.mode == "off":
            raise ArgumentError(f"edge {source.id} is off and has no curve to copy")
        return source.layer, source.source, source.target
    else:
        raise ArgumentError(f"sources must be names of nodes, numbers or edges, got {source!r}")
    count = len(editor.network.layers)
    if not 0 <= layer < count:
        raise ArgumentError(f"layer must lie in 0..{count - 1}, got {layer!r}")
    width = editor.network.layers[layer].n_in
    if not 0 <= node < width:
        raise ArgumentError(f"level {layer} has the nodes 0..{width - 1}, got {node}")
    return layer, node, target


def _target(editor: Editor, into: str | int | None, layer: int) -> int | None:
    """The node that the new one is joined to; the edges into the new one belong to `layer`."""
    if not isinstance(into, str):
        return into
    level, node = _node(editor, into)
    # The present outputs become hidden nodes where the new node would be an output.
    if level != layer + 2 and not (level == layer + 1 == len(editor.network.layers)):
        raise ArgumentError(f"into must be a node of level {layer + 2}, got {into!r}")
    return node


def _node(editor: Editor, name: str) -> tuple[int, int]:
    """Level and number of a node."""
    widths = [editor.network.n_inputs, *(layer.n_out for layer in editor.network.layers)]
    for level, width in enumerate(widths):
        for node in range(width):
            if editor.node_name(level, node) == name:
                return level, node
    raise ArgumentError(f"there is no node {name!r}; columns are {', '.join(editor.context.table.names)}")


def grown(network: Network, plan: Plan, context: EditContext) -> tuple[Network, list[EdgeRef]]:
    """A copy with the node, whose output is close to that of `network`, and the new edges, the one that leaves last.

    Where the node would be an output, the present outputs become hidden nodes first.
    """
    result = network.clone()
    if plan.layer == len(result.layers) - 1:
        result = _deepened(result)
    after = result.layers[plan.layer + 1]
    into = plan.into
    if into is None:
        adding = torch.nonzero(~after.product)[:, 0].tolist()
        into = adding[0] if adding else 0
    if not 0 <= into < after.n_out:
        raise ArgumentError(f"into must lie in 0..{after.n_out - 1}, got {into}")
    result, place = with_new_node(result, plan.layer + 1, product=plan.product)
    layer = result.layers[plan.layer]
    for source, copied in plan.sources:
        if copied is not None:
            # Sum nodes before the copied one do not move; product nodes do where a sum is put before them.
            old = copied + (1 if copied >= place else 0)
            for name in EMPTY:
                getattr(layer, name)[0, source, place] = getattr(layer, name)[0, source, old]
            continue
        # A factor is the input itself, a term its place within the data.
        slope, level = (layer.half_width[0, source], layer.center[0, source]) if plan.product else (1.0, 0.0)
        line = layer.curves_of(source).line(slope, level, layer.coefficients)
        layer.coefficients[0, source, place] = line if plan.product else line / len(plan.sources)
        layer.mode[0, source, place] = EdgeMode.SPLINE
    _join(result, network, plan, place, into, context)
    refs = [EdgeRef(plan.layer, source, place) for source, _ in plan.sources]
    return result, [*refs, EdgeRef(plan.layer + 1, place, into)]


def _deepened(network: Network) -> Network:
    """A copy with one more level, whose outputs are the old ones through the identity."""
    last, width = network.layers[-1], network.n_outputs
    options, edges = {"dtype": network.dtype, "device": network.device}, (1, width, width)
    layer = Layer(
        coefficients=torch.zeros(*edges, last.grid + DEGREE, **options),
        mode=torch.full(edges, int(EdgeMode.OFF), dtype=torch.int8),
        affine=torch.zeros(*edges, 5, **options),
        frozen=torch.ones(*edges, 5, dtype=torch.bool),
        primitive=torch.full(edges, -1, dtype=torch.long),
        offset=torch.zeros(1, width, **options),
        center=torch.zeros(1, width, **options),
        half_width=torch.ones(1, width, **options),
        product=torch.zeros(width, dtype=torch.bool),
    )
    deeper = replace(network, shape=(*network.shape, width), layers=[*network.layers, layer])
    for output in range(width):
        deeper.set_symbolic(len(deeper.layers) - 1, output, output, default_library()["x"], frozen="abcdp")
    return deeper


def _join(result: Network, before: Network, plan: Plan, place: int, into: int, context: EditContext) -> None:
    """Give the edge that leaves the new node its start, in place: what the residual asks of it, or next to nothing."""
    rows, number = context.rows, plan.layer + 1
    states = result.trace(rows.x)
    node = states[number][0][0, :, place]
    if not bool(torch.isfinite(node).all()):
        raise ArgumentError("the new node has no finite value on every row; name other sources")
    mean = node.mean()
    low, high = node.min(), node.max()
    after = result.layers[number]
    half = ((high - low) / 2).clamp_min(1e-12 * (1 + mean.abs()))
    after.center[0, place], after.half_width[0, place] = (low + high) / 2, half
    y = rows.y.reshape(len(node), -1)
    sensitivities = [_sensitivity(result, states, number, into, output) for output in range(y.shape[1])]
    edge = torch.stack(sensitivities, 1) * (node - mean)[:, None]
    residual = y - states[-1][0][0]
    weights = (torch.ones_like(node) if rows.weights is None else rows.weights)[:, None]
    square = float((weights * edge.square()).sum())
    if not square > 0:
        raise ArgumentError("the new node is constant on the rows, or the output does not react to it")
    least = LEAST * float(y.std(0, correction=0).norm()) / (square / float(weights.sum())) ** 0.5
    asked = float((weights * edge * residual).sum()) / square
    base = 1.0 if bool(after.product[into]) else 0.0
    loss = mean_loss(before, rows.x, y, rows.weights)
    for slope in (asked, least):
        if abs(slope) < least:
            continue
        _set_outgoing(result, number, place, into, slope, base - slope * float(mean), plan.product)
        if float(mean_loss(result, rows.x, y, rows.weights)) <= float(loss):
            return


def _set_outgoing(
    network: Network, number: int, place: int, into: int, slope: float, level: float, product: bool
) -> None:
    if product:
        network.set_symbolic(number, place, into, default_library()["x"], c=slope, d=level)
        return
    layer = network.layers[number]
    curves = layer.curves_of(place)
    identity = curves.line(layer.half_width[0, place], layer.center[0, place], layer.coefficients)
    layer.coefficients[0, place, into] = slope * identity + curves.line(0.0, level, layer.coefficients)
    layer.mode[0, place, into] = EdgeMode.SPLINE


def _sensitivity(network: Network, states: list, number: int, into: int, output: int) -> Tensor:
    """d output / d (a new factor or term of node `into` of layer `number`), over the rows."""
    layers = network.layers
    delta = torch.zeros_like(states[-1][0])
    delta[..., output] = 1.0
    for k in range(len(layers) - 1, number, -1):
        edges = states[k + 1][1]
        delta = (delta[:, :, None, :] * node_gradient(layers[k], edges) * edges.slope).sum(-1)
    value = (
        states[number + 1][0][0, :, into] if bool(layers[number].product[into]) else torch.ones(len(states[0][0][0]))
    )
    return delta[0, :, into] * value
