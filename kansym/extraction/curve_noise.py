"""What a curve shows before any formula: its noise, and how fast it oscillates."""

from __future__ import annotations

import math

from kansym.deferred import Tensor, torch

LEAST_POINTS = 60
"""Points below which smoothness and noise cannot be told apart."""


def noise_variance(u: Tensor, y: Tensor, weights: Tensor) -> float | None:
    """Weighted variance of the noise of a curve from neighbouring points, or None where none is seen.

    Each point is compared with the straight line through its neighbours, and with the cubic through two on either
    side. Noise leaves the same in both, once their weights are taken into account; a smooth curve leaves far less in
    the second.

    Parameters
    ----------
    u, y, weights : Tensor (n,)
    """
    order = torch.argsort(u)
    u, y, weights = u[order], y[order], weights[order]
    distinct = torch.cat([torch.ones(1, dtype=torch.bool), u.diff() > 1e-12])
    u, y, weights = u[distinct], y[distinct], weights[distinct]
    if len(u) < LEAST_POINTS:
        return None
    linear, cubic = (_left_over(u, y, weights, reach) for reach in (1, 2))
    spread = float((weights * (y - (weights * y).sum() / weights.sum()).square()).sum() / weights.sum())
    smooth = cubic < 0.4 * linear or cubic < 1e-12 * spread
    return None if smooth else min(linear, cubic)


def _left_over(u: Tensor, y: Tensor, weights: Tensor, reach: int) -> float:
    """Weighted variance of the noise by interpolation over `reach` points on either side (median, robust to bends)."""
    offsets = [k for k in range(-reach, reach + 1) if k]
    middle = torch.arange(reach, len(u) - reach)
    nodes = torch.stack([u[middle + k] for k in offsets])
    values = torch.stack([y[middle + k] for k in offsets])
    share = torch.ones_like(nodes)
    for i in range(len(offsets)):
        for j in range(len(offsets)):
            if i != j:
                share[i] *= (u[middle] - nodes[j]) / (nodes[i] - nodes[j])
    # Noise of variance s^2 / w in each point leaves s^2 (1 / w + sum of share^2 / w).
    inverse = 1 / weights.clamp_min(1e-12 * float(weights.max()))
    factor = inverse[middle] + torch.stack([share[i] ** 2 * inverse[middle + k] for i, k in enumerate(offsets)]).sum(0)
    square = (y[middle] - (share * values).sum(0)).square() / factor
    # 0.455 is the median of a chi-square with one degree of freedom.
    return float(square.median()) / 0.4549 / float(weights.mean())


def bins(u: Tensor, y: Tensor, weights: Tensor, count: int) -> tuple[Tensor, Tensor, Tensor]:
    """Weighted means of the points in `count` bins of equal numbers of points, with the summed weights."""
    order = torch.argsort(u)
    parts = [part for part in torch.tensor_split(order, min(count, len(u))) if float(weights[part].sum()) > 0]
    total = torch.stack([weights[part].sum() for part in parts])
    means = [torch.stack([(weights[part] * v[part]).sum() for part in parts]) / total for v in (u, y)]
    return means[0], means[1], total


def thinned(u: Tensor, y: Tensor, weights: Tensor, count: int) -> tuple[Tensor, Tensor, Tensor]:
    """At most `count` points with weight, evenly spaced in rank, the first and the last among them."""
    order = torch.argsort(u)
    order = order[weights[order] > 0]
    index = order[torch.linspace(0, len(order) - 1, min(count, len(order)), dtype=torch.float64).round().long()]
    return u[index], y[index], weights[index]


def fastest_frequency(y: Tensor, noise: float) -> float:
    """An upper bound of the angular frequencies of a curve over [-1, 1], from the number of its turning points.

    Parameters
    ----------
    y : Tensor (n,)
        Ordinates in order of the abscissa.
    noise : float
        Standard deviation of their noise; turns smaller than four times it do not count.
    """
    threshold = max(4 * noise, 1e-3 * float(y.max() - y.min()))
    turns, direction = 0, 0
    low = high = float(y[0])
    for value in y.tolist():
        low, high = min(low, value), max(high, value)
        if direction <= 0 and value - low > threshold:
            turns, direction, high = turns + 1, 1, value
        elif direction >= 0 and high - value > threshold:
            turns, direction, low = turns + 1, -1, value
    # Half a period per turn; chirps are faster at one end.
    return 4.0 + 0.5 * math.pi * turns * 1.15
