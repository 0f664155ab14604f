"""Nodes that read one node: two curves in a row, of which one can be straight.

``g(f(x))`` is known, ``f`` and ``g`` apart are not: training bends the one and unbends the other. As long as both are
curves, each is matched with functions of its own, such as ``asin`` of ``sin``.
"""

import math

from torch import Tensor

from kansym.kan.layer import EdgeMode
from kansym.kan.network import Network

FINE_GRID = 20
"""Intervals at least of a spline that has become two in one."""


def straightened(network: Network, x: Tensor) -> Network | None:
    """The network where every such node reads a straight line, and what leaves it is bent as both were.

    None where there is no such node.

    Parameters
    ----------
    network : Network
        Population 1.
    x : Tensor, shape (n, n_inputs)
        Rows over which curves are fitted.
    """
    places = [
        (number, node)
        for number, layer in enumerate(network.layers[:-1])
        for node in range(layer.n_out)
        if not layer.product[node] and _source(network, number, node) is not None
    ]
    if not places:
        return None
    grid = max(layer.grid for layer in network.layers)
    result = network.with_grid(grid * math.ceil(FINE_GRID / grid))
    for number, node in places:
        _straighten(result, number, node, x)
    return result


def _source(network: Network, number: int, node: int) -> int | None:
    """The node that is read, where all edges around are splines."""
    into, out = network.layers[number].mode[0, :, node], network.layers[number + 1].mode[0, node]
    sources, curves = (into != EdgeMode.OFF).nonzero()[:, 0].tolist(), out[out != EdgeMode.OFF]
    if len(sources) != 1 or into[sources[0]] != EdgeMode.SPLINE or not len(curves):
        return None
    return sources[0] if bool((curves == EdgeMode.SPLINE).all()) else None


def _straighten(network: Network, number: int, node: int, x: Tensor) -> None:
    source = _source(network, number, node)
    states = network.trace(x, need_slope=False)
    outer = states[number + 2][1]
    assert source is not None and outer is not None
    read, made = states[number][0][0, :, source], states[number + 1][0][0, :, node]
    layer, following = network.layers[number], network.layers[number + 1]
    # The node keeps its range, and so its grid.
    share = (read - read.min()) / (read.max() - read.min()).clamp_min(1e-300)
    line = made.min() + share * (made.max() - made.min())
    u = (read - layer.center[0, source]) / layer.half_width[0, source]
    fitted = layer.curves_of(source).fit(u, (line - layer.offset[0, node])[:, None])
    layer.coefficients[0, source, node] = fitted[:, 0]
    u = (line - following.center[0, node]) / following.half_width[0, node]
    on = following.mode[0, node] == EdgeMode.SPLINE
    following.coefficients[0, node, on] = following.curves_of(node).fit(u, outer.value[0, :, node, on]).T
