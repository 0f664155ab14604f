"""The curves of a network's edges, ready to be matched, and edges turned symbolic."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from kansym.deferred import Tensor, torch
from kansym.extraction.matching import Match, match_edges
from kansym.kan.jacobian import edge_sensitivity
from kansym.kan.layer import EdgeMode
from kansym.kan.network import Network
from kansym.primitives.primitive import Primitive

CURVE_ROWS = 2048
"""Rows from which curves are drawn; the matcher reduces them to 512 quantile points."""

CARD_EDGES = 16
"""Edges from which a network is matched on its card: fewer are matched as fast by the CPU, as a match of the whole
library is ten to thirty thousand kernels, and its last steps, with few fits left, are done there anyway."""


@dataclass(frozen=True, order=True)
class EdgeRef:
    """One edge: from node `source` to node `target` of layer `layer`."""

    layer: int
    source: int
    target: int


def edges_of_mode(network: Network, mode: EdgeMode, *, index: int = 0) -> list[EdgeRef]:
    """All edges of one network of the population that are in `mode`, inputs first.

    A spline beside a primitive is a spline still: the curve of the edge is known as numbers only.
    """
    found = []
    for number, layer in enumerate(network.layers):
        chosen = layer.spline_edges if mode == EdgeMode.SPLINE else layer.mode == mode
        for source, target in torch.nonzero(chosen[index]).tolist():
            found.append(EdgeRef(number, source, target))
    return found


def edge_curves(
    network: Network, x: Tensor, refs: Sequence[EdgeRef], *, index: int = 0
) -> tuple[Tensor, Tensor, Tensor]:
    """Inputs, values and squared sensitivities of edges over the rows, each of shape (E, n).

    The squared sensitivity, (d output / d edge)^2 summed over outputs, says where along the curve an error would be
    seen there: it weighs the points when a primitive is matched.
    """
    if x.shape[0] > CURVE_ROWS:
        x = x[:: x.shape[0] // CURVE_ROWS + 1]
    single = network.select([index])
    states = single.trace(x, need_slope=False)
    sensitivities = [edge_sensitivity(single, x, output) for output in range(single.n_outputs)]
    inputs, values, weights = [], [], []
    for ref in refs:
        edges = states[ref.layer + 1][1]
        assert edges is not None
        inputs.append(states[ref.layer][0][0, :, ref.source])
        values.append(edges.value[0, :, ref.source, ref.target])
        squares = [one[ref.layer][0, :, ref.source, ref.target].square() for one in sensitivities]
        weights.append(squares[0] if len(squares) == 1 else torch.stack(squares).sum(0))
    return torch.stack(inputs), torch.stack(values), torch.stack(weights)


def match_network(
    network: Network,
    x: Tensor,
    primitives: Sequence[Primitive],
    refs: Sequence[EdgeRef],
    *,
    error: float,
    index: int = 0,
    top_k: int = 6,
    complexity_weight: float = 0.15,
    seed: int = 0,
) -> list[list[Match]]:
    """The `top_k` most plausible primitives of each of the edges `refs`, best first.

    A curve is known no better than the network fits: matches better than that are ties, and ties go to the simpler
    primitive.

    Parameters
    ----------
    network : Network
    x : Tensor, shape (n, n_inputs)
    primitives : sequence of Primitive
    refs : sequence of EdgeRef
    error : float
        Root-mean-square error of the network's output.
    complexity_weight : float, default 0.15
        Decades of error that one unit of complexity must buy.
    """
    if not refs:
        return []
    inputs, values, weights = edge_curves(network, x, refs, index=index)
    if len(refs) < CARD_EDGES:
        inputs, values, weights = inputs.cpu(), values.cpu(), weights.cpu()
    moved = (weights * (values - values.mean(1, keepdim=True)).square()).mean(1)
    floors = (error**2 / moved.clamp_min(1e-300)).clamp(1e-30, 1e-2).tolist()
    # Sensitivities span many orders of magnitude near zeros of a factor; without a floor a curve would be matched on a
    # few rows only.
    weights = weights / weights.mean(1, keepdim=True).clamp_min(1e-300)
    weights = torch.where(torch.isfinite(weights), weights, torch.ones_like(weights)).clamp(1e-3, 1e3)
    lists = match_edges(inputs, values, primitives, weights=weights, top_k=len(primitives), seed=seed)
    return [
        sorted(matches, key=lambda match, floor=floor: match_cost(match, floor, complexity_weight))[:top_k]
        for matches, floor in zip(lists, floors, strict=True)
    ]


def match_cost(match: Match, floor: float, complexity_weight: float) -> float:
    """Decades of relative error above nothing, at least those of `floor`, plus the price of complexity."""
    # Half a decade below the floor still counts a little: of two ties the better fit is the more plausible.
    loss = max(match.loss, 1e-30)
    decades = math.log10(max(loss, floor)) / 2 + 0.02 * math.log10(loss) / 2
    return decades + complexity_weight * match.primitive.complexity


def apply_match(network: Network, ref: EdgeRef, match: Match, *, position: int | slice = slice(None)) -> None:
    """Make an edge the matched primitive, in place."""
    network.set_symbolic(
        ref.layer,
        ref.source,
        ref.target,
        match.primitive,
        a=match.a,
        b=match.b,
        c=match.c,
        d=match.d,
        p=match.p if match.primitive.has_shape else 1.0,
        network=position,
    )
