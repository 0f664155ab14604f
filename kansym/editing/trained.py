"""A KAN trained by hand under edit: its edges, its figure, and its formulas."""

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

import torch
from matplotlib.figure import Figure

from kansym.data.preparation import canonical_table
from kansym.data.scaling import Scaling
from kansym.editing.context import EditContext
from kansym.editing.network import EditableNetwork
from kansym.errors import ArgumentError
from kansym.figures.network_figure import network_figure
from kansym.kan.model import KAN
from kansym.kan.network import Network, format_shape
from kansym.kan.pruning import remove_below
from kansym.kan.restructure import compacted, with_nodes
from kansym.primitives.primitive import Primitive
from kansym.search.options import DiscoveryOptions
from kansym.symbolic.formula import Formula

UNSEEN = 1e-12
"""Share of the spread of an output below which an edge does not reach it."""


def context_of(
    net: KAN,
    output: int = 0,
    options: DiscoveryOptions | None = None,
    library: Mapping[str, Primitive] | None = None,
    device: str | None = None,
) -> EditContext:
    """The surroundings of one output of a network: the rows that it was fitted to, split as they were then."""
    fitted = net.table
    table = fitted.tables[output]
    rows = len(table.y)
    options = options or DiscoveryOptions(seed=net.seed, validation_fraction=len(fitted.validation) / rows)
    options = options if device is None else replace(options, device=device)
    own = (fitted.train, fitted.validation) if canonical_table(table) is table else None
    center, half = (one.double().cpu().numpy() for one in (net.x_center, net.x_half_width))
    scaling = Scaling(center, half, 0.0, float(net.y_scale[output]))
    return EditContext.of(table, options, scaling=scaling, parts=own, library=library)


def editable(
    net: KAN,
    *,
    options: DiscoveryOptions | None = None,
    library: Mapping[str, Primitive] | None = None,
    device: str | None = None,
) -> EditableNetwork:
    """A copy of a trained network under edit."""
    if net.n_outputs != 1:
        raise ArgumentError(
            f"edges are edited in networks of one output; this one has {net.n_outputs} ({', '.join(net.targets)})"
        )
    network = _plain(net)
    return EditableNetwork(
        network, context_of(net, 0, options, library, device), label=f"trained {format_shape(network.shape)}"
    )


def _plain(net: KAN) -> Network:
    return net.network.to("cpu", torch.float64)


def editor_of(net: KAN) -> EditableNetwork:
    """The network under edit, where every step is done to the network itself.

    Made when it is first asked for, and again where the network has seen other data; what was done to the network
    elsewhere is a step of its own.
    """
    present: Any = net.__dict__.get("_editor")
    if present is None or present[0] is not net._table:
        made = editable(net)
        made._editor.on_change = net._adopt
        net.__dict__["_editor"] = present = (net._table, made)
    editor: EditableNetwork = present[1]
    if not _same(editor.network.to(dtype=net.dtype), net.network.to("cpu")):
        editor._editor.follow(_plain(net))
    return editor


def _same(one: Network, other: Network) -> bool:
    """Whether two networks are the same to the last bit."""
    if one.shape != other.shape or one.primitives != other.primitives:
        return False
    for a, b in zip(one.layers, other.layers, strict=True):
        for field in fields(a):
            left, right = getattr(a, field.name), getattr(b, field.name)
            if not (torch.equal(left, right) if isinstance(left, torch.Tensor) else left == right):
                return False
    return True


def formulas_of(
    net: KAN, primitives: Sequence[Primitive | str] | None, max_seconds: float
) -> Formula | tuple[Formula, ...]:
    """One formula for each output; the network stays what it is."""
    found = tuple(_formula(net, output, primitives, max_seconds) for output in range(net.n_outputs))
    return found[0] if net.n_outputs == 1 else found


def _formula(net: KAN, output: int, primitives: Sequence[Primitive | str] | None, max_seconds: float) -> Formula:
    network, context = _plain(net), context_of(net, output)
    if net.n_outputs > 1:
        alone = with_nodes(network, len(network.layers), [output])
        network = compacted(remove_below(alone, context.rows.x, UNSEEN))
    editor = EditableNetwork(network, context)
    editor.auto(primitives=primitives, max_seconds=max_seconds / 2)
    return editor.formula(max_seconds=max_seconds / 2)


def figure_of(net: KAN, *, dark: bool) -> Figure:
    """The network as a picture; primitives are drawn over the splines that they were, where the editor knows them."""
    if net._table is not None and net.n_outputs == 1:
        return editor_of(net).figure(dark=dark)
    return network_figure_of(net, _plain(net), dark=dark)


def network_figure_of(net: KAN, network: Network, *, dark: bool = False) -> Figure:
    """Another state of a network of this shape as a picture, with names and rows of this one."""
    x = net._sample(None).to("cpu", torch.float64)
    names = net.targets[0] if net.n_outputs == 1 else net.targets
    plain = network.to("cpu", torch.float64)
    return network_figure(plain, x, input_names=net.names, output_name=names, dark=dark)
