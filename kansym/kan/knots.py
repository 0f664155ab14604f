"""B-splines on uneven knots, by the recursion of Cox and de Boor over the active bases alone.

Knots ascend from one end of the grid to the other and differ from node to node; beyond the ends they go on in steps of
the mean interval, and the spline along its tangent, as on even knots. A basis costs two to three times that of
`kansym.kan.spline`.

References
----------
C. de Boor, *A Practical Guide to Splines* (1978), ch. X.
"""

from __future__ import annotations

from itertools import pairwise

from kansym.deferred import Tensor, torch
from kansym.kan.spline import spread

UNIFORM_SHARE = 0.02
"""Share of even spacing in knots at quantiles: where rows crowd, an interval keeps this fraction of the mean one."""


def extended(knots: Tensor, degree: int) -> Tensor:
    """Knots (..., G + 1) with `degree` more on either side."""
    step = (knots[..., -1:] - knots[..., :1]) / (knots.shape[-1] - 1)
    beyond = torch.arange(1, degree + 1, dtype=knots.dtype, device=knots.device) * step
    return torch.cat([knots[..., :1] - beyond.flip(-1), knots, knots[..., -1:] + beyond], -1)


def local_basis(u: Tensor, knots: Tensor, degree: int) -> tuple[Tensor, Tensor, Tensor]:
    """The active bases at each point, their derivatives, and the index of the first.

    Parameters
    ----------
    u : Tensor, shape (...)
    knots : Tensor, shape (..., G + 1), which broadcasts against u
    degree : int
        Degree d of the spline.

    Returns
    -------
    values, derivatives : Tensor, shape (..., d + 1)
    first : Tensor of int64, shape (...)
    """
    inside = torch.minimum(torch.maximum(u, knots[..., 0]), knots[..., -1])
    cell = (inside.unsqueeze(-1) >= knots[..., 1:-1]).sum(-1)
    places = cell.unsqueeze(-1) + torch.arange(1, 2 * degree + 1, device=u.device)
    near = extended(knots, degree).expand(*u.shape, -1).gather(-1, places).unbind(-1)
    bases, ratios = [torch.ones_like(inside)], []
    for j in range(1, degree + 1):
        ratios = [_ratio(bases[r], near[degree + r] - near[degree - j + r]) for r in range(j)]
        ahead = [(near[degree + r] - inside) * ratio for r, ratio in enumerate(ratios)]
        behind = [(inside - near[degree - j + r]) * ratio for r, ratio in enumerate(ratios)]
        bases = [ahead[0], *(one + other for one, other in zip(ahead[1:], behind[:-1], strict=True)), behind[-1]]
    inner = [one - other for one, other in pairwise(ratios)]
    derivatives = degree * torch.stack([-ratios[0], *inner, ratios[-1]], -1)
    return torch.stack(bases, -1) + derivatives * (u - inside).unsqueeze(-1), derivatives, cell


def _ratio(basis: Tensor, length: Tensor) -> Tensor:
    """Quotient that is 0 where knots coincide."""
    there = length > 0
    return torch.where(there, basis / torch.where(there, length, 1.0), 0.0)


def basis(u: Tensor, knots: Tensor, degree: int) -> tuple[Tensor, Tensor]:
    """All G + d bases at each point and their derivatives, shape (..., G + d)."""
    return spread(*local_basis(u, knots, degree), knots.shape[-1] - 1 + degree)


def greville(knots: Tensor, degree: int) -> Tensor:
    """Greville abscissae, shape (..., G + d): coefficients equal to them give the identity function."""
    return extended(knots, degree)[..., 1:-1].unfold(-1, degree, 1).mean(-1)


def roughness(knots: Tensor, degree: int) -> Tensor:
    """Penalty matrix R, shape (..., G + d, G + d): c^T R c approximates the integral of f''^2.

    Second divided differences over the Greville abscissae, which on even knots are those of `kansym.kan.spline`.
    """
    points = greville(knots, degree)
    gap = points.diff(dim=-1).clamp_min(torch.finfo(knots.dtype).tiny)
    before, after = 1.0 / gap[..., :-1], 1.0 / gap[..., 1:]
    width = (gap[..., :-1] + gap[..., 1:]) / 2
    difference = torch.zeros(
        *gap.shape[:-1], gap.shape[-1] - 1, points.shape[-1], dtype=knots.dtype, device=knots.device
    )
    for shift, part in enumerate((before, -before - after, after)):
        difference.diagonal(shift, -2, -1).copy_(part / width.sqrt())
    return difference.transpose(-1, -2) @ difference


def between(knots: Tensor, intervals: int) -> Tensor:
    """`intervals` + 1 points from end to end (..., intervals + 1), as many in each interval of the knots."""
    old = knots.shape[-1] - 1
    place = torch.arange(intervals + 1, dtype=knots.dtype, device=knots.device) * (old / intervals)
    cell = place.floor().clamp_max(old - 1).long()
    start = knots[..., cell]
    return start + (place - cell) * (knots[..., cell + 1] - start)


def at_quantiles(u: Tensor, knots: Tensor) -> Tensor:
    """Knots (..., G + 1) with the same ends, near the quantiles of points u (..., n); as they were without points."""
    low, high, grid = knots[..., :1], knots[..., -1:], knots.shape[-1] - 1
    share = torch.linspace(0.0, 1.0, grid + 1, dtype=knots.dtype, device=knots.device)
    placed = torch.quantile(torch.minimum(torch.maximum(u, low), high), share, dim=-1).movedim(0, -1)
    placed = torch.cat([low, placed[..., 1:-1], high], -1)
    mixed = UNIFORM_SHARE * (low + (high - low) * share) + (1.0 - UNIFORM_SHARE) * placed
    return torch.where(torch.isfinite(mixed).all(-1, keepdim=True), mixed, knots)
