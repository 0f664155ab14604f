"""The one-dimensional function of every edge as a curve that can be drawn."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from kansym.deferred import Tensor, torch
from kansym.errors import ArgumentError
from kansym.extraction.edges import EdgeRef
from kansym.figures.labels import primitive_label
from kansym.kan.layer import EdgeMode, EdgeValues, evaluate_edges
from kansym.kan.network import Network
from kansym.kan.pruning import attribute
from kansym.primitives.primitive import Primitive

POINTS = 160
"""Points per curve: smooth at the size of the boxes."""

MOST_ROWS = 4096
"""Rows that ranges, scores and 1 - R^2 are taken from."""


@dataclass(frozen=True, eq=False)
class EdgeCurve:
    """One active edge.

    Attributes
    ----------
    layer, source, target : int
    score : float
        Attribution score (`kansym.kan.pruning.Attribution`); nan where it cannot be computed.
    points : ndarray, shape (m, 2)
        Node value and edge value along the range of the data, finite.
    low, high : float
        Range of the edge over the rows, which is what the box shows: a pole between two rows must not flatten the rest.
    name : str or None
        The primitive; None for a spline.
    plain : bool
        Whether the edge is a fixed straight line, such as those from product nodes to their sum.
    spline : ndarray, shape (m, 2), or None
        The same edge of the reference network, mapped to the gauge of this one.
    misfit : float or None
        1 - R^2 of the primitive against the spline, over the rows.
    """

    layer: int
    source: int
    target: int
    score: float
    points: np.ndarray
    low: float
    high: float
    name: str | None
    plain: bool
    spline: np.ndarray | None
    misfit: float | None


def edge_curves(
    network: Network,
    x: Tensor,
    *,
    index: int = 0,
    reference: Network | None = None,
) -> list[EdgeCurve]:
    """Curves of all edges that are not off, in order of layer, source and target.

    Parameters
    ----------
    network : Network
    x : Tensor, shape (n, n_inputs)
        Rows in the network's units; they set the range of each curve.
    index : int, default 0
        Position in the population.
    reference : Network, optional
        A network of the same shape to compare with, such as the splines that the primitives were matched to.

    Raises
    ------
    ArgumentError
        If `index` is out of range, `x` has no rows or the wrong width, or `reference` has another shape.
    """
    single = _single(network, index, "network")
    x = torch.as_tensor(x).detach().to("cpu", torch.float64)
    if x.ndim != 2 or x.shape[0] < 1:
        raise ArgumentError(f"x must have shape (n, {network.n_inputs}) with at least one row, got {tuple(x.shape)}")
    x = x[:: max(1, math.ceil(x.shape[0] / MOST_ROWS))]
    other = None
    if reference is not None:
        if reference.shape != network.shape:
            raise ArgumentError(f"reference must have the network's shape {network.shape}, got {reference.shape}")
        other = _single(reference, index if reference.population > 1 else 0, "reference")
    with torch.no_grad():
        traced = _Traced(single, single.trace(x, need_slope=False))
        compared = None if other is None else _Traced(other, other.trace(x, need_slope=False))
        scores = [score[0] for score in attribute(single, x).edges] if x.shape[0] > 1 else None
        grids = [_grid_values(single, number, traced.states[number][0][0]) for number in range(len(single.layers))]
    curves = []
    for number, layer in enumerate(single.layers):
        grid, values = grids[number]
        for source, target in torch.nonzero(layer.mode[0] != EdgeMode.OFF).tolist():
            ref = EdgeRef(number, source, target)
            points = np.column_stack([grid[:, source], values[:, source, target]])
            score = math.nan if scores is None else float(scores[number][source, target])
            curves.append(_curve(traced, ref, points, score, compared))
    return curves


@dataclass(frozen=True, eq=False)
class _Traced:
    """A network of population 1 with what its nodes and edges are on the rows."""

    network: Network
    states: list[tuple[Tensor, EdgeValues | None]]

    def is_off(self, ref: EdgeRef) -> bool:
        return int(self.network.layers[ref.layer].mode[0, ref.source, ref.target]) == EdgeMode.OFF

    def primitive(self, ref: EdgeRef) -> Primitive | None:
        """What a symbolic edge is; None for others."""
        layer = self.network.layers[ref.layer]
        if int(layer.mode[0, ref.source, ref.target]) != EdgeMode.SYMBOLIC:
            return None
        return self.network.primitives[int(layer.primitive[0, ref.source, ref.target])]

    def rows(self, ref: EdgeRef) -> np.ndarray:
        """Node value and edge value on the rows, shape (n, 2)."""
        edges = self.states[ref.layer + 1][1]
        assert edges is not None
        nodes = self.states[ref.layer][0]
        return np.column_stack([nodes[0, :, ref.source], edges.value[0, :, ref.source, ref.target]])


def _curve(traced: _Traced, ref: EdgeRef, points: np.ndarray, score: float, compared: _Traced | None) -> EdgeCurve:
    layer, primitive, rows = traced.network.layers[ref.layer], traced.primitive(ref), traced.rows(ref)
    name = spline = misfit = None
    if compared is not None and not compared.is_off(ref):
        spline, misfit = _aligned(rows, compared.rows(ref))
    if primitive is not None:
        name = primitive_label(primitive, float(layer.affine[0, ref.source, ref.target, 4]))
    finite = rows[np.isfinite(rows).all(1)]
    shown = [part for part in (finite, spline) if part is not None and len(part)]
    return EdgeCurve(
        layer=ref.layer,
        source=ref.source,
        target=ref.target,
        score=score,
        points=points[np.isfinite(points).all(1)],
        low=min((float(part[:, 1].min()) for part in shown), default=0.0),
        high=max((float(part[:, 1].max()) for part in shown), default=0.0),
        name=name,
        plain=primitive is not None and primitive.name == "x" and bool(layer.frozen[0, ref.source, ref.target].all()),
        spline=spline,
        misfit=misfit,
    )


def _single(network: Network, index: int, label: str) -> Network:
    if not 0 <= index < network.population:
        raise ArgumentError(f"index must lie in 0..{network.population - 1} for this {label}, got {index!r}")
    return network.select([index]).to("cpu", torch.float64)


def _grid_values(network: Network, number: int, nodes: Tensor) -> tuple[np.ndarray, np.ndarray]:
    """Node values evenly spaced over the range of the data, shape (m, n_in), and edge values (m, n_in, n_out)."""
    finite = torch.where(torch.isfinite(nodes), nodes, torch.nan)
    low = torch.nan_to_num(finite, nan=math.inf).amin(0)
    high = torch.nan_to_num(finite, nan=-math.inf).amax(0)
    low, high = torch.where(low <= high, low, -1.0), torch.where(low <= high, high, 1.0)
    grid = low + (high - low) * torch.linspace(0, 1, POINTS, dtype=nodes.dtype)[:, None]
    values = evaluate_edges(network.layers[number], grid[None], network.primitives, need_slope=False).value[0]
    return grid.numpy(), values.numpy()


def _aligned(mine: np.ndarray, theirs: np.ndarray) -> tuple[np.ndarray | None, float | None]:
    """The reference's edge in this network's gauge, and 1 - R^2 between the two edges.

    Refitting moves scale and offset between neighbouring layers, so both axes are compared up to an affine map.
    """
    finite = np.isfinite(mine).all(1) & np.isfinite(theirs).all(1)
    mine, theirs = mine[finite], theirs[finite]
    if len(mine) < 3 or not (np.ptp(mine, axis=0) > 0).all() or not (np.ptp(theirs, axis=0) > 0).all():
        return None, None
    mapped = []
    misfit = 0.0
    for axis in (0, 1):
        peaks = [np.abs(column - column.mean()).max() for column in (theirs[:, axis], mine[:, axis])]
        u, v = (theirs[:, axis] - theirs[:, axis].mean()) / peaks[0], (mine[:, axis] - mine[:, axis].mean()) / peaks[1]
        # Matched in spread rather than by least squares, which would flatten a spline that the primitive misses.
        ratio = math.copysign(math.sqrt(float(v @ v) / float(u @ u)), float(u @ v))
        mapped.append(mine[:, axis].mean() + peaks[1] * ratio * u)
        residual = v - float(u @ v) / float(u @ u) * u
        misfit = float(residual @ residual) / float(v @ v)
    order = np.argsort(mapped[0], kind="stable")
    order = order[:: max(1, len(order) // 400)]
    return np.column_stack(mapped)[order], misfit
