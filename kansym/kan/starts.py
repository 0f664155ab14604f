"""The starts of a fit: the network as it is, and others of its shape that are drawn anew."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kansym.deferred import torch
from kansym.kan.network import Network


class Dealt:
    """How the edges of a fresh network were chosen, and which they were.

    Parameters
    ----------
    rules : mapping
        `arity`, `fan_in` and `nearest` of `Network.create`.
    network : Network
    """

    def __init__(self, rules: Mapping[str, Any], network: Network) -> None:
        self.rules = dict(rules)
        self.modes = [layer.mode[:1].cpu().clone() for layer in network.layers]

    def rules_for(self, network: Network) -> dict[str, Any]:
        """The rules as long as edges were dealt at random and are still those; else none."""
        if self.rules["nearest"] or (self.rules["arity"] is None and self.rules["fan_in"] is None):
            return {}
        now = [layer.mode.cpu() for layer in network.layers]
        same = len(now) == len(self.modes) and all(map(torch.equal, now, self.modes))
        return self.rules if same else {}


def drawn_starts(network: Network, count: int, seed: int, dealt: Dealt) -> Network:
    """The network, and others of its shape with splines drawn anew.

    They have the same edges; where these were dealt at random, edges that are dealt anew.

    Parameters
    ----------
    network : Network
        Population 1.
    count : int
        Of all starts.
    seed : int
    dealt : Dealt
    """
    population = network.select([0] * count)
    if count == 1:
        return population
    generator = torch.Generator().manual_seed(seed)
    rules = dealt.rules_for(network)
    for layer in population.layers:
        products = int(layer.product.sum())
        drawn = Network.create(
            (layer.n_in, (layer.n_out - products, products)),
            grid=layer.grid,
            order=layer.order,
            base=layer.base,
            population=count - 1,
            generator=generator,
            device=network.device,
            dtype=network.dtype,
        )
        layer.coefficients[1:] = drawn.layers[0].coefficients
    if rules:
        others = Network.create(network.shape, population=count - 1, generator=generator, **rules)
        for layer, other in zip(population.layers, others.layers, strict=True):
            layer.mode[1:] = other.mode.to(layer.mode.device)
    return population
