"""Analytic Jacobian of the network's output, and the normal equations of least squares, in row chunks.

One backward pass gives every node's delta, d output / d node, per row; the Jacobian of an edge's spline coefficients is
then delta times its bases, and that of a symbolic edge's constants delta times f, f' and df/dp. Only
J^T W J and J^T W r are kept, so memory does not grow with the number of rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

from kansym import clock
from kansym.clock import Work
from kansym.deferred import Tensor, torch
from kansym.kan.card_memory import chunk_bytes, halving
from kansym.kan.layer import EdgeValues, Layer, node_gradient, offset_gradient
from kansym.kan.network import Network
from kansym.kan.parameters import ParameterMap

CHUNK_BYTES = 16 * 2**20
"""Memory for one chunk of the Jacobian on the CPU. What is larger than about 32 MB the C library asks the system for
anew each time, whose empty pages then cost more than the product of the matrices."""

STRIP, MOST_STRIPS = 64, 4
"""Rows of J^T W J that are computed at a time, at least, and parts of it, at most: what is below such a part is known
from what is beside it."""


@dataclass
class NormalEquations:
    """Gauss-Newton quantities of a population.

    Attributes
    ----------
    matrix : Tensor, shape (P, size, size)
        J^T W J / n.
    gradient : Tensor, shape (P, size)
        J^T W r / n with r = output - target: half the gradient of the loss.
    loss : Tensor, shape (P,)
        Mean of w r^2 over rows, summed over outputs.
    """

    matrix: Tensor
    gradient: Tensor
    loss: Tensor


def chunks(rows: int, per_row: int, device: torch.device) -> list[slice]:
    """Slices of the rows such that one chunk of doubles stays within `CHUNK_BYTES`, or its share of a card."""
    allowed = chunk_bytes(device) if device.type == "cuda" else CHUNK_BYTES
    size = max(16, allowed // (8 * max(per_row, 1)))
    return [slice(start, min(start + size, rows)) for start in range(0, rows, size)]


def _at(x: Tensor, part: slice) -> Tensor:
    """Rows of a chunk; x itself where it holds all of them, so that what is remembered of x is found."""
    return x if part.stop - part.start == len(x) else x[part]


def _write_block(out: Tensor, layer: Layer, edges: EdgeValues, delta: Tensor, kind: str) -> None:
    """Fill the columns of one block, `out` of shape (P, n, columns)."""
    if kind == "coefficients":
        assert edges.basis is not None
        view = out.unflatten(-1, tuple(layer.coefficients.shape[1:]))
        torch.mul(delta.unsqueeze(-1), edges.basis.unsqueeze(3), out=view)
        return
    assert edges.primitive is not None and edges.shifted is not None
    view = out.unflatten(-1, tuple(layer.affine.shape[1:]))
    inner = delta * layer.affine[:, None, ..., 2] * edges.shifted
    torch.mul(inner, edges.inputs.unsqueeze(-1), out=view[..., 0])
    view[..., 1] = inner
    torch.mul(delta, edges.primitive, out=view[..., 2])
    view[..., 3] = delta
    if edges.shaped is None:
        view[..., 4] = 0.0
    else:
        torch.mul(delta * layer.affine[:, None, ..., 2], edges.shaped, out=view[..., 4])


def _unit(network: Network, rows: int, output: int) -> Tensor:
    """d one output / d outputs, shape (P, rows, n_outputs)."""
    units = torch.eye(network.n_outputs, dtype=network.dtype, device=network.device)
    return units[output].expand(network.population, rows, -1)


def jacobian(
    network: Network, states: list[tuple[Tensor, EdgeValues | None]], parameters: ParameterMap, output: int = 0
) -> Tensor:
    """Jacobian of one output, shape (P, n, size), from a trace of the network with slopes."""
    rows = states[0][0].shape[1]
    # The blocks fill all of it.
    result = torch.empty(network.population, rows, parameters.size, dtype=network.dtype, device=network.device)
    delta = _unit(network, rows, output)
    for number in reversed(range(len(network.layers))):
        layer, edges = network.layers[number], states[number + 1][1]
        assert edges is not None
        through = delta[:, :, None, :] * node_gradient(layer, edges)
        for block in parameters.blocks:
            if block.layer == number and block.kind == "offset":
                result[..., block.start : block.stop] = delta * offset_gradient(layer, edges)
            elif block.layer == number:
                _write_block(result[..., block.start : block.stop], layer, edges, through, block.kind)
        if number:
            delta = (through * edges.slope).sum(-1)
    return result if parameters.all_active else result.mul_(parameters.active[:, None])


def edge_sensitivity(network: Network, x: Tensor, output: int = 0) -> list[Tensor]:
    """d output / d edge for every layer, each of shape (P, n, n_in, n_out)."""
    states = network.trace(x)
    delta = _unit(network, x.shape[0], output)
    found: list[Tensor] = []
    for number in reversed(range(len(network.layers))):
        edges = states[number + 1][1]
        assert edges is not None
        through = delta[:, :, None, :] * node_gradient(network.layers[number], edges)
        found.append(through)
        delta = (through * edges.slope).sum(-1)
    return found[::-1]


@halving
def normal_equations(
    network: Network, x: Tensor, y: Tensor, parameters: ParameterMap, weights: Tensor | None = None
) -> NormalEquations:
    """J^T W J, J^T W r and the loss of every network.

    Parameters
    ----------
    network : Network
    x : Tensor, shape (n, n_inputs)
    y : Tensor, shape (n, n_outputs)
    parameters : ParameterMap
    weights : Tensor, shape (n,), optional
        Row weights, of mean 1.
    """
    size, count, rows = parameters.size, network.population, x.shape[0]
    options = {"dtype": network.dtype, "device": network.device}
    gradient, loss = torch.zeros(count, size, 1, **options), torch.zeros(count, **options)
    square = _Square(count, size, gradient)
    clock.charge(Work.NETWORK_PASSES, 3)
    clock.charge(Work.NETWORK_PRODUCTS, count * rows * size * (size + 20))
    parts = chunks(rows, count * max(size, 1), network.device)
    for part in parts:
        states = network.trace(_at(x, part), kept=len(parts) == 1)
        residual = states[-1][0] - y[part]
        root = None if weights is None else weights[part].sqrt()[None, :, None]
        if root is not None:
            residual = residual * root
        loss += residual.square().sum((1, 2))
        for output in range(network.n_outputs):
            slope = jacobian(network, states, parameters, output)
            if root is not None:
                slope = slope * root
            square.add(slope)
            gradient.baddbmm_(slope.transpose(1, 2), residual[..., output : output + 1])
    return NormalEquations(square.whole().div_(rows), gradient.squeeze(-1) / rows, loss / rows)


class _Square:
    """Sums of J^T J over chunks of rows, of which what lies below the diagonal is not computed twice."""

    def __init__(self, count: int, size: int, like: Tensor) -> None:
        parts = 1 if like.is_cuda else max(1, min(size // STRIP, MOST_STRIPS))
        self.size, self.ends = size, [size * k // parts for k in range(parts + 1)]
        self.strips = [like.new_zeros(count, stop - start, size - start) for start, stop in pairwise(self.ends)]

    def add(self, slope: Tensor) -> None:
        """Add the product of a chunk, shape (P, n, size)."""
        for strip, (start, stop) in zip(self.strips, pairwise(self.ends), strict=True):
            strip.baddbmm_(slope[:, :, start:stop].transpose(1, 2), slope[:, :, start:])

    def whole(self) -> Tensor:
        """The sum, shape (P, size, size)."""
        if len(self.strips) == 1:
            return self.strips[0]
        result = self.strips[0].new_empty(len(self.strips[0]), self.size, self.size)
        for strip, (start, stop) in zip(self.strips, pairwise(self.ends), strict=True):
            result[:, start:stop, start:] = strip
            result[:, stop:, start:stop] = strip[:, :, stop - start :].transpose(1, 2)
        return result


HeldOut: TypeAlias = tuple[Tensor, Tensor] | tuple[Tensor, Tensor, Tensor | None]
"""Rows that judge a network: inputs, targets, and weights of mean 1 where the rows are not alike."""


def held_out_parts(held_out: HeldOut) -> tuple[Tensor, Tensor, Tensor | None]:
    """Inputs, targets (n, 1) or (n, outputs), and weights or None."""
    x, y, weights = held_out if len(held_out) == 3 else (*held_out, None)
    return x, y if y.ndim == 2 else y[:, None], weights


def edge_count(network: Network) -> int:
    """Edges of a shape, by which passes through it are charged."""
    return sum(layer.n_in * layer.n_out for layer in network.layers)


@halving
def mean_loss(network: Network, x: Tensor, y: Tensor, weights: Tensor | None = None) -> Tensor:
    """Weighted mean squared residual of every network, shape (P,); nan where the output is not finite."""
    widest = max(layer.n_in * layer.n_out * (layer.grid + 3) for layer in network.layers)
    total = torch.zeros(network.population, dtype=network.dtype, device=network.device)
    clock.charge(Work.NETWORK_PASSES)
    clock.charge(Work.NETWORK_PRODUCTS, 10 * network.population * x.shape[0] * edge_count(network))
    parts = chunks(x.shape[0], network.population * widest, network.device)
    for part in parts:
        states = network.trace(_at(x, part), need_slope=False, kept=len(parts) == 1)
        residual = (states[-1][0] - y[part]).square()
        if weights is not None:
            residual = residual * weights[part][None, :, None]
        total += residual.sum((1, 2))
    return total / x.shape[0]
