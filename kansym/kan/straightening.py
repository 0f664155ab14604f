"""Curves of a trained network as straight lines, with what the line does not give handed on to the next curves.

The curves into a node and out of it are not unique. The only curve into a node may be the identity where those out of
it are composed with it; and factors of one sign may all be raised to a power where the curves out of their node take
the root. So ``exp(-2 log c)``, ``c^-2.07 v^2.07`` and ``v / c`` are the same network, and the last can be read.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from scipy.optimize import minimize_scalar

from kansym.deferred import Tensor, torch
from kansym.kan.layer import EdgeMode
from kansym.kan.network import Network
from kansym.primitives.library import default_library

Edge = tuple[int, int, int]
"""Layer, source and target."""

POWERS = np.concatenate([sign * np.geomspace(0.2, 5.0, 24) for sign in (1.0, -1.0)])
"""Powers to which the factors of a node are raised."""

SMALLEST = 1e-9
"""Least slope of a line, in units of its values: one without a slope would hide its source."""


def chains(network: Network) -> list[Edge]:
    """The splines of one network that alone enter a hidden node which only splines leave: two curves in a row."""
    return [
        (number, sources[0], node)
        for number, layer in enumerate(network.layers[:-1])
        for node in range(layer.n_out)
        if len(sources := _sources(network, number, node)) == 1
        and int(layer.mode[0, sources[0], node]) == EdgeMode.SPLINE
        and _curves_out(network, number, node)
    ]


def straightened(network: Network, edges: Iterable[Edge], x: Tensor) -> Network:
    """A copy (P = 1) with these splines as straight lines, started so that the outputs stay as near as they can.

    Parameters
    ----------
    network : Network
    edges : iterable of (layer, source, target)
    x : Tensor, shape (n, n_inputs)
    """
    result = network.with_primitives([default_library().get("x")])
    for edge in edges:
        if not (_composed(result, edge, x) or _raised(result, edge, x)):
            h, value = _trace(result, edge, x)
            _set_line(result, edge, *_line(h, value))
    return result


def _trace(network: Network, edge: Edge, x: Tensor) -> tuple[Tensor, Tensor]:
    """Inputs and values of an edge on the rows."""
    number, source, target = edge
    states = network.trace(x, need_slope=False)
    edges = states[number + 1][1]
    assert edges is not None
    return states[number][0][0, :, source], edges.value[0, :, source, target]


def _line(h: Tensor, value: Tensor) -> tuple[float, float]:
    """Slope and level of the least-squares line."""
    spread = h - h.mean()
    slope = float((spread * value).sum() / spread.square().sum().clamp_min(1e-300))
    least = SMALLEST * float(value.abs().max()) or SMALLEST
    slope = slope if abs(slope) > least else least
    return slope, float(value.mean() - slope * h.mean())


def _set_line(network: Network, edge: Edge, slope: float, level: float) -> None:
    network.set_symbolic(*edge, default_library().get("x"), c=slope, d=level, frozen="abp")


def _curves_out(network: Network, number: int, node: int) -> list[int]:
    """Targets of the splines that leave a node of a layer; none where it is an output or where others leave it."""
    if number + 1 == len(network.layers):
        return []
    modes = network.layers[number + 1].mode[0, node].tolist()
    targets = [target for target, mode in enumerate(modes) if mode]
    return targets if all(modes[target] == EdgeMode.SPLINE for target in targets) else []


def _sources(network: Network, number: int, node: int) -> list[int]:
    """Sources of the edges into a node of a layer."""
    return [source for source, mode in enumerate(network.layers[number].mode[0, :, node].tolist()) if mode]


def _composed(network: Network, edge: Edge, x: Tensor) -> bool:
    """Make the only edge into a node the identity, in place; whether it is."""
    number, _, node = edge
    targets = _curves_out(network, number, node)
    if not targets or len(_sources(network, number, node)) > 1:
        return False
    values = [_trace(network, (number + 1, node, target), x)[1] for target in targets]
    layer = network.layers[number]
    layer.offset[0, node] = 1.0 if bool(layer.product[node]) else 0.0
    _set_line(network, edge, 1.0, 0.0)
    _lay(network, edge, _trace(network, edge, x)[0], targets, values)
    return True


def _raised(network: Network, edge: Edge, x: Tensor) -> bool:
    """Raise the factors of a node to the power that makes one of them a straight line, in place; whether that was done.

    All of them must be splines of one sign.
    """
    number, source, node = edge
    targets, sources = _curves_out(network, number, node), _sources(network, number, node)
    layer = network.layers[number]
    splines = all(int(layer.mode[0, one, node]) == EdgeMode.SPLINE for one in sources)
    if not targets or not splines or not bool(layer.product[node]):
        return False
    factors = {one: _trace(network, (number, one, node), x) for one in sources}
    if any(bool((value > 0).any()) and bool((value <= 0).any()) for _, value in factors.values()):
        return False
    outs = [_trace(network, (number + 1, node, target), x)[1] for target in targets]
    power = _straightening_power(*factors[source])
    if power is None:
        return False
    product = torch.ones_like(factors[source][1])
    for one, (h, value) in factors.items():
        raised = (value.abs() / value.abs().mean()) ** power
        product = product * raised
        if one == source:
            _set_line(network, edge, *_line(h, raised))
        else:
            u = (h - layer.center[0, one]) / layer.half_width[0, one]
            layer.coefficients[0, one, node] = layer.curves_of(one).fit(u, raised[:, None])[:, 0]
    layer.offset[0, node] = 1.0
    _lay(network, edge, product, targets, outs)
    return True


def _straightening_power(h: Tensor, value: Tensor) -> float | None:
    """The power of a positive curve that is nearest to a straight line; None where it cannot be said."""
    inputs, logs = h.cpu().numpy(), np.log(value.abs().clamp_min(1e-300).cpu().numpy())
    design = np.stack([np.ones_like(inputs), inputs], 1)
    basis = np.linalg.qr(design)[0]

    def bend(power: float) -> float:
        raised = np.exp(power * (logs - logs.mean()))
        centred = raised - raised.mean()
        rest = raised - basis @ (basis.T @ raised)
        return float(rest @ rest / max(centred @ centred, 1e-300))

    with np.errstate(over="ignore", invalid="ignore"):
        bends = np.array([bend(power) for power in POWERS])
        if not np.isfinite(bends).all():
            return None
        best = POWERS[bends.argmin()]
        found: Any = minimize_scalar(bend, bounds=sorted((0.8 * best, 1.25 * best)), method="bounded")
    return float(found.x)


def _lay(network: Network, edge: Edge, values: Tensor, targets: list[int], outs: list[Tensor]) -> None:
    """Lay the grid of a node over its new values and fit the curves that leave it to what they gave, in place."""
    number, _, node = edge
    layer = network.layers[number + 1]
    low, high = values.min(), values.max()
    layer.center[0, node] = (low + high) / 2
    layer.half_width[0, node] = ((high - low) / 2).clamp_min(1e-9)
    u = (values - layer.center[0, node]) / layer.half_width[0, node]
    for target, out in zip(targets, outs, strict=True):
        layer.coefficients[0, node, target] = layer.curves_of(node).fit(u, out[:, None])[:, 0]
