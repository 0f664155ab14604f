"""A KAN trained by hand under edit: its edges and its figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from kansym.data.dataset import Dataset
from kansym.data.preparation import canonical_table
from kansym.data.scaling import Scaling
from kansym.deferred import torch
from kansym.editing.context import EditContext
from kansym.editing.network import EditableNetwork
from kansym.figures.network_figure import network_figure
from kansym.kan.fit_table import FitTable
from kansym.kan.model import KAN
from kansym.kan.network import Network, format_shape
from kansym.primitives.primitive import Primitive
from kansym.search.options import DiscoveryOptions


def context_of(
    net: KAN,
    options: DiscoveryOptions | None = None,
    library: Mapping[str, Primitive] | None = None,
    device: str | None = None,
) -> EditContext:
    """The surroundings of a network: the rows that it was fitted to, split as they were then."""
    fitted = net.table
    rows = len(fitted.X)
    options = options or DiscoveryOptions(seed=net.seed, validation_fraction=len(fitted.validation) / rows)
    options = options if device is None else replace(options, device=device)
    center, half = (one.double().cpu().numpy() for one in (net.x_center, net.x_half_width))
    tables, parts = _ordered(fitted)
    contexts = []
    for table, y_scale in zip(tables, net.y_scale.tolist(), strict=True):
        scaling = Scaling(center, half, 0.0, y_scale)
        contexts.append(EditContext.of(table, options, scaling=scaling, parts=parts, library=library))
    return EditContext.of_outputs(contexts)


def _ordered(fitted: FitTable) -> tuple[tuple[Dataset, ...], tuple[np.ndarray, np.ndarray] | None]:
    """The tables of all outputs with their rows in one order, and the parts that they were split into.

    A table of one output that holds copies of rows is left to be merged and split anew.
    """
    if len(fitted.tables) == 1:
        table = fitted.tables[0]
        own = canonical_table(table) is table
        return fitted.tables, (fitted.train, fitted.validation) if own else None
    order = np.lexsort((*fitted.Y.T[::-1], *fitted.X.T[::-1]))
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    return tuple(table.take(order) for table in fitted.tables), (place[fitted.train], place[fitted.validation])


def editable(
    net: KAN,
    *,
    options: DiscoveryOptions | None = None,
    library: Mapping[str, Primitive] | None = None,
    device: str | None = None,
) -> EditableNetwork:
    """A copy of a trained network under edit."""
    network = _plain(net)
    return EditableNetwork(
        network, context_of(net, options, library, device), label=f"trained {format_shape(network.shape)}"
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
        made._editor.on_change = lambda network: net._become(network, "")
        net.__dict__["_editor"] = present = (net._table, made)
    editor: EditableNetwork = present[1]
    if not _same(editor.network.to(dtype=net.dtype), net.network.to("cpu")):
        editor._editor.follow(_plain(net), net.__dict__.get("_step") or "changed elsewhere")
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


def symbolified(net: KAN, primitives: Sequence[Primitive | str] | None, max_seconds: float) -> EditableNetwork:
    """A copy under edit in which all splines have become primitives; the network stays what it is."""
    editor = editable(net)
    editor.auto(primitives=primitives, max_seconds=max_seconds)
    return editor


def figure_of(net: KAN, *, dark: bool) -> Figure:
    """The network as a picture; primitives are drawn over the splines that they were, where the editor knows them."""
    if net._table is not None:
        return editor_of(net).figure(dark=dark)
    return network_figure_of(net, _plain(net), dark=dark)


def network_figure_of(net: KAN, network: Network, *, dark: bool = False) -> Figure:
    """Another state of a network of this shape as a picture, with names and rows of this one."""
    x = net._sample(None).to("cpu", torch.float64)
    plain = network.to("cpu", torch.float64)
    return network_figure(plain, x, input_names=net.names, output_name=net.targets, dark=dark)
