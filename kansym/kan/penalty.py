"""Penalties that fit the Gauss-Newton solve: roughness of splines and sparsity of edges.

Sparsity follows Liu et al. (arXiv:2404.19756, section 2.5): an L1 norm and an entropy of edge activations,

    lamb * (lamb_l1 * sum_e s_e + lamb_entropy * H),    H = - sum_e p_e log p_e,  p_e = s_e / sum s,

per layer, with s_e the standard deviation of an edge over the data. The standard deviation rather than the mean
absolute value: a constant edge does nothing, in a sum and in a product alike, whatever its level. s_e^2 is a quadratic
form in the coefficients, so the majoriser w_e s_e^2 / (2 s_e) makes the penalty an iteratively reweighted ridge
(Hunter and Li 2005, doi:10.1214/009053605000000200).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache, partial

from kansym.deferred import Tensor, torch
from kansym.kan.curves import Curves
from kansym.kan.layer import EdgeMode, EdgeValues, Layer
from kansym.kan.network import Network
from kansym.kan.parameters import Block, ParameterMap
from kansym.kan.remembered import remembered

GRAM_ROWS = 512
"""Rows used for edge standard deviations: they only weigh edges against each other."""


@dataclass
class Penalty:
    """Value (P,), gradient / 2 (P, size) and Gauss-Newton matrix (P, size, size) of the penalties, in units of loss.

    Without sparsity the matrix is the same at every step, and remembered: it must not be changed in place.
    """

    value: Tensor
    gradient: Tensor
    matrix: Tensor


@dataclass(frozen=True)
class PenaltyWeights:
    """Weights of the penalties; see `kansym.kan.training.TrainingOptions` for what they mean."""

    smoothness: float = 1e-9
    ridge: float = 1e-10
    lamb: float = 0.0
    lamb_l1: float = 1.0
    lamb_entropy: float = 2.0
    precise: bool = False


def edge_deviation(edges: EdgeValues) -> Tensor:
    """Standard deviation of every edge over the rows, shape (P, n_in, n_out)."""
    variance = edges.value.var(1, correction=0)
    varies = variance > 0
    # The root has no derivative at 0; without the detour a constant edge would give nan to automatic differentiation.
    return torch.where(varies, torch.where(varies, variance, torch.ones_like(variance)).sqrt(), variance)


def sparsity(deviation: Tensor, active: Tensor, weights: PenaltyWeights) -> tuple[Tensor, Tensor]:
    """The sparsity term of one layer, shape (P,), and its derivative in every deviation, shape (P, n_in, n_out)."""
    deviation = torch.where(active, deviation, torch.zeros_like(deviation))
    total = deviation.sum((1, 2)).clamp_min(1e-12)
    share = deviation / total[:, None, None]
    logarithm = torch.where(share > 0, share.clamp_min(1e-300).log(), torch.zeros_like(share))
    entropy = -(share * logarithm).sum((1, 2))
    value = weights.lamb * (weights.lamb_l1 * total + weights.lamb_entropy * entropy)
    slope = -(logarithm + entropy[:, None, None]) / total[:, None, None]
    derivative = weights.lamb * (weights.lamb_l1 + weights.lamb_entropy * slope)
    return value, torch.where(active, derivative, torch.zeros_like(derivative))


def _spline_curvature(layer: Layer, edges: EdgeValues) -> Tensor:
    """Centred Gram matrix of the bases, shape (Q, n_in, m, m): s_e^2 = c^T G c."""
    assert edges.basis is not None
    centred = (edges.basis - edges.basis.mean(1, keepdim=True)).transpose(1, 2)
    return centred.transpose(-1, -2) @ centred / centred.shape[-2]


def _curve_form(layer: Layer, weights: PenaltyWeights) -> Tensor:
    """Quadratic form of a curve, shape (m, m) or for each node (P, n_in, m, m): roughness and ridge."""
    curves, like = layer.curves, layer.coefficients
    if curves.knots is None:
        return _even_form(curves.grid, curves.order, curves.base, weights, like.dtype, like.device)
    return _form(curves, weights, like.dtype, like.device)


@lru_cache(maxsize=64)
def _even_form(
    grid: int, order: int, base: str, weights: PenaltyWeights, dtype: torch.dtype, device: torch.device
) -> Tensor:
    return _form(Curves(grid, order, base), weights, dtype, device)


def _form(curves: Curves, weights: PenaltyWeights, dtype: torch.dtype, device: torch.device) -> Tensor:
    eye = torch.eye(curves.size, dtype=dtype, device=device)
    return weights.smoothness * curves.roughness(eye, precise=weights.precise) + weights.ridge * eye


def _local_forms(
    network: Network, layer: Layer, block: Block, edges: EdgeValues | None, pull: Tensor | None, weights: PenaltyWeights
) -> Tensor:
    """Quadratic forms (P, edges, k, k) of one block; `pull` is w_e / s_e of the sparsity term, shape (P, in, out).

    For offsets they are forms (P, nodes, 1, 1).
    """
    count, n_in, n_out = layer.mode.shape
    options = {"dtype": network.dtype, "device": network.device}
    if block.kind == "coefficients":
        form = _curve_form(layer, weights)
        local = form.unsqueeze(-3).expand(count, n_in, n_out, *form.shape[-2:])
        if pull is not None and edges is not None:
            local = local + pull[..., None, None] * _spline_curvature(layer, edges).unsqueeze(2)
        return local.reshape(count, n_in * n_out, *form.shape[-2:])
    if block.kind == "offset":
        return torch.full((count, n_out, 1, 1), weights.ridge, **options)
    local = torch.zeros(count, n_in, n_out, 5, 5, **options)
    if pull is not None and edges is not None and edges.primitive is not None:
        # Only the outer scale c of a symbolic edge is pulled; s_e is proportional to it.
        local[..., 2, 2] = pull * edges.primitive.var(1, correction=0)
    return local.reshape(count, n_in * n_out, 5, 5)


@dataclass
class _Sparsity:
    """What sparsity is over some rows: edges of every layer, their part of the value (P,), and how it pulls at them.

    The pull of an edge is w_e / s_e.
    """

    edges: list[EdgeValues]
    values: list[Tensor]
    pulls: list[Tensor]

    @classmethod
    def of(cls, network: Network, x: Tensor, weights: PenaltyWeights) -> _Sparsity:
        step = max(1, x.shape[0] // GRAM_ROWS)
        if step > 1:
            # A copy, as it outlives the view.
            x = x[::step] if x.requires_grad else remembered("thinned", x, find=lambda: x[::step].clone())
        found = cls([], [], [])
        states = network.trace(x, need_slope=False, kept=True)
        for layer, (_, edges) in zip(network.layers, states[1:], strict=True):
            assert edges is not None
            deviation = edge_deviation(edges)
            value, derivative = sparsity(deviation, layer.mode != EdgeMode.OFF, weights)
            found.edges.append(edges)
            found.values.append(value)
            # Entropy rewards large edges for growing; dropping that negative curvature keeps the matrix positive
            # definite.
            found.pulls.append(derivative.clamp_min(0) / (2 * deviation.clamp_min(1e-6)))
        return found


def _forms(
    network: Network, parameters: ParameterMap, weights: PenaltyWeights, sparse: _Sparsity | None
) -> tuple[list[Tensor], Tensor]:
    """Quadratic forms (P, edges, k, k) of every block, one of each edge, and all of them as one matrix."""
    count, size = parameters.active.shape
    forms, matrix = [], torch.zeros(count, size, size, dtype=network.dtype, device=network.device)
    for block in parameters.blocks:
        edges, pull = (sparse.edges[block.layer], sparse.pulls[block.layer]) if sparse else (None, None)
        local = _local_forms(network, network.layers[block.layer], block, edges, pull, weights)
        each = local.shape[1:3]
        square = matrix[:, block.start : block.stop, block.start : block.stop].unflatten(2, each).unflatten(1, each)
        index = torch.arange(each[0], device=matrix.device)
        square[:, index, :, index, :] = local.transpose(0, 1)
        forms.append(local)
    return forms, matrix


def penalise(
    network: Network, x: Tensor, parameters: ParameterMap, weights: PenaltyWeights, values: Tensor | None = None
) -> Penalty:
    """All penalties of a population at its present parameters.

    Parameters
    ----------
    network : Network
    x : Tensor, shape (n, n_inputs)
        Rows over which edge activations are taken; at most `GRAM_ROWS` are used.
    parameters : ParameterMap
    weights : PenaltyWeights
    values : Tensor, shape (P, size), optional
        The parameters of the network, where they are known.
    """
    sparse = _Sparsity.of(network, x, weights) if weights.lamb > 0 else None
    if sparse:
        forms, matrix = _forms(network, parameters, weights, sparse)
    else:
        knots = (layer.knots for layer in network.layers if layer.knots is not None)
        find = partial(_forms, network, parameters, weights, None)
        forms, matrix = remembered("penalties", parameters.active, *knots, about=(weights, network.dtype), find=find)
    values = parameters.flatten(network) if values is None else values
    values = values if parameters.all_active else values * parameters.active
    parts = [
        (local @ values[:, block.start : block.stop].reshape(*local.shape[:3], 1)).flatten(1)
        for block, local in zip(parameters.blocks, forms, strict=True)
    ]
    penalty = Penalty(penalty_value(network, x, weights, sparse), torch.cat(parts, 1) if parts else values, matrix)
    for number, layer in enumerate(network.layers):
        if sparse and layer.has_both:
            _add_mixed(penalty, parameters, layer, number, sparse.edges[number], sparse.pulls[number])
    return penalty


def _add_mixed(
    penalty: Penalty, parameters: ParameterMap, layer: Layer, number: int, edges: EdgeValues, pull: Tensor
) -> None:
    """The part of s_e^2 that mixes spline and primitive, for the edges that are both."""
    blocks = {block.kind: block for block in parameters.blocks if block.layer == number}
    assert edges.basis is not None and edges.primitive is not None
    bases = edges.basis - edges.basis.mean(1, keepdim=True)
    shapes = edges.primitive - edges.primitive.mean(1, keepdim=True)
    covariance = torch.einsum("pnik,pnij->pijk", bases.expand(shapes.shape[0], -1, -1, -1), shapes) / bases.shape[1]
    both = (layer.mode == EdgeMode.BOTH).unsqueeze(-1)
    covariance = torch.where(both, pull.unsqueeze(-1) * covariance, torch.zeros_like(covariance))
    size = covariance.shape[-1]
    edge = torch.arange(layer.n_in * layer.n_out, device=covariance.device)[:, None]
    curve = blocks["coefficients"].start + edge * size + torch.arange(size, device=covariance.device)
    scale = blocks["affine"].start + edge * 5 + 2
    penalty.gradient[:, curve.flatten()] += (covariance * layer.affine[..., 2:3]).flatten(1)
    # A scale that is held pulls at its spline, but is no unknown.
    covariance = covariance * ~layer.frozen[..., 2:3]
    penalty.gradient[:, scale.flatten()] += (covariance * layer.coefficients).sum(-1).flatten(1)
    for rows, columns in ((curve, scale), (scale, curve)):
        penalty.matrix[:, rows, columns] += covariance.flatten(1, 2)


def penalty_value(network: Network, x: Tensor, weights: PenaltyWeights, sparse: _Sparsity | None = None) -> Tensor:
    """The value of the penalties alone, shape (P,); `sparse` is that of the network at x, where it is known."""
    options = {"dtype": network.dtype, "device": network.device}
    total = torch.zeros(network.population, **options)
    for layer in network.layers:
        if layer.has_splines:
            form = _curve_form(layer, weights)
            own = layer.coefficients * layer.spline_edges.unsqueeze(-1)
            total += ((own @ form) * own).sum((1, 2, 3))
        if layer.train_offsets:
            total += weights.ridge * layer.offset.square().sum(1)
    if weights.lamb > 0:
        for value in (sparse or _Sparsity.of(network, x, weights)).values:
            total += value
    return total
