"""What a network starts from: random curves, and which edges there are."""

from __future__ import annotations

from kansym.deferred import Tensor, torch
from kansym.kan.curves import Curves


def random_curves(curves: Curves, product: Tensor, edges: tuple[int, int, int], generator: torch.Generator) -> Tensor:
    """Coefficients (P, n_in, n_out, size) to start from, those into the nodes in `product` for a product."""
    size = curves.grid + curves.order
    noise = torch.randn(*edges, size, generator=generator, dtype=torch.float64)
    slope = torch.randn(*edges, 1, generator=generator, dtype=torch.float64)
    # Sum nodes start near random linear functions with some curvature; product nodes near 1, with a random walk so that
    # no two starts are alike: a factor near 0 would hide all others from the gradient.
    line = Curves(curves.grid, curves.order).line(1.0, 0.0, noise)
    additive = (slope * line + 0.1 * noise) / edges[1] ** 0.5
    factors = 1.0 + 0.3 * noise.cumsum(-1) * (5.0 / size) ** 0.5
    splines = torch.where(product[:, None], factors, additive)
    if not curves.has_base:
        return splines
    weight = torch.randn(*edges, 1, generator=generator, dtype=torch.float64) / edges[1] ** 0.5
    return torch.cat([splines, torch.where(product[:, None], torch.zeros_like(weight), weight)], -1)


def _dealt(n_in: int, n_out: int, count: int, generator: torch.Generator) -> Tensor:
    """Mask (n_in, n_out) with `count` random sources for every target, as evenly spread over the sources as can be."""
    mask = torch.zeros(n_in, n_out, dtype=torch.bool)
    deck: list[int] = []
    for target in range(n_out):
        hand: list[int] = []
        while len(hand) < count:
            fresh = [card for card in deck if card not in hand]
            if not fresh:
                deck = torch.randperm(n_in, generator=generator).tolist()
                continue
            hand.append(fresh[0])
            deck.remove(fresh[0])
        mask[hand, target] = True
    return mask


def _nearest(n_in: int, n_out: int, count: int) -> Tensor:
    """Mask (n_in, n_out) with the `count` sources nearest to every target, both drawn over the same width."""
    sources = (torch.arange(n_in, dtype=torch.float64) + 0.5) / n_in
    targets = (torch.arange(n_out, dtype=torch.float64) + 0.5) / n_out
    order = (sources[:, None] - targets).abs().argsort(dim=0, stable=True)
    return torch.zeros(n_in, n_out, dtype=torch.bool).scatter_(0, order[:count], True)


def edges_at_start(
    product: Tensor,
    edges: tuple[int, int, int],
    generator: torch.Generator,
    *,
    fan_in: int | None,
    arity: int | None,
    nearest: bool,
) -> Tensor | None:
    """Which edges there are, shape (P, n_in, n_out), or None for all.

    `fan_in` of them enter each sum, `arity` each product.
    """
    networks, n_in, _ = edges
    mask = torch.ones(edges, dtype=torch.bool)
    for count, chosen in ((fan_in, ~product), (arity, product)):
        if count is None or count >= n_in or not bool(chosen.any()):
            continue
        nodes = int(chosen.sum())
        for network in range(networks):
            drawn = _nearest(n_in, nodes, count) if nearest else _dealt(n_in, nodes, count, generator)
            mask[network][:, chosen] = drawn
    return None if bool(mask.all()) else mask
