"""The trainable numbers of a population as one matrix, shape (P, size), and back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

from kansym.deferred import Tensor, torch
from kansym.kan.network import Network


@dataclass(frozen=True)
class Block:
    """A run of columns: all spline coefficients, all constants of symbolic edges, or all offsets of one layer."""

    layer: int
    kind: str
    start: int
    stop: int


@dataclass(frozen=True)
class ParameterMap:
    """Where each trainable number of a population sits in the parameter matrix.

    Attributes
    ----------
    blocks : tuple of Block
    active : Tensor of bool, shape (P, size)
        Which columns exist in which network: an edge that is off or symbolic has no spline coefficients to train.
    """

    blocks: tuple[Block, ...]
    active: Tensor

    @property
    def size(self) -> int:
        return self.active.shape[1]

    @cached_property
    def all_active(self) -> bool:
        """Whether every column exists in every network."""
        return bool(self.active.all())

    @cached_property
    def held(self) -> Tensor:
        """What the diagonal of a system of equations needs to be regular: 1 where a column does not exist."""
        return (~self.active).to(torch.float64) + 1e-300

    @cached_property
    def downhill(self) -> Tensor:
        """-1 where a column exists, 0 elsewhere."""
        return -self.active.to(torch.int8)

    @classmethod
    def of(cls, network: Network) -> ParameterMap:
        blocks, active, start = [], [], 0
        for number, layer in enumerate(network.layers):
            if layer.has_splines:
                mask = layer.spline_edges.unsqueeze(-1).expand_as(layer.coefficients)
                blocks.append(Block(number, "coefficients", start, start + mask[0].numel()))
                active.append(mask.flatten(1))
                start = blocks[-1].stop
            if layer.has_symbolic:
                mask = layer.symbolic_edges.unsqueeze(-1) & ~layer.frozen
                blocks.append(Block(number, "affine", start, start + mask[0].numel()))
                active.append(mask.flatten(1))
                start = blocks[-1].stop
            if layer.train_offsets:
                blocks.append(Block(number, "offset", start, start + layer.n_out))
                active.append(torch.ones_like(layer.offset, dtype=torch.bool))
                start = blocks[-1].stop
        if not active:
            return cls((), torch.zeros(network.population, 0, dtype=torch.bool, device=network.device))
        return cls(tuple(blocks), torch.cat(active, 1))

    def select(self, index: Tensor) -> ParameterMap:
        return ParameterMap(self.blocks, self.active[index])

    def flatten(self, network: Network) -> Tensor:
        """Parameter matrix, shape (P, size)."""
        parts = [getattr(network.layers[block.layer], block.kind).flatten(1) for block in self.blocks]
        if not parts:
            return torch.zeros(network.population, 0, dtype=network.dtype, device=network.device)
        return torch.cat(parts, 1)

    def assign(self, network: Network, values: Tensor) -> Network:
        """A network with these parameters; everything else is shared with `network`."""
        layers = list(network.layers)
        for block in self.blocks:
            layer = layers[block.layer]
            shape = getattr(layer, block.kind).shape
            layers[block.layer] = replace(layer, **{block.kind: values[:, block.start : block.stop].reshape(shape)})
        return replace(network, layers=layers)
