"""A KAN of the kind that efficient-kan made known: every layer two dense products.

The bases of all inputs are one matrix, which meets weights (out, in * bases); beside it SiLU of the inputs meets
weights (out, in). Written from that description, with B-splines of degree 3 on an even grid over [-1, 1] by the
recursion of Cox and de Boor.
"""

import math
from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

DEGREE = 3


def bases(x: Tensor, knots: Tensor) -> Tensor:
    """All B-splines of degree 3 at x (n, d), shape (n, d, len(knots) - 4); 0 beyond the knots."""
    x = x.unsqueeze(-1)
    values = ((x >= knots[:-1]) & (x < knots[1:])).to(x.dtype)
    for k in range(1, DEGREE + 1):
        rising = (x - knots[: -k - 1]) / (knots[k:-1] - knots[: -k - 1])
        falling = (knots[k + 1 :] - x) / (knots[k + 1 :] - knots[1:-k])
        values = rising * values[..., :-1] + falling * values[..., 1:]
    return values


class EfficientLayer(nn.Module):
    """Edges from `n_in` to `n_out` nodes on a grid of so many intervals."""

    def __init__(self, n_in: int, n_out: int, grid: int, generator: torch.Generator) -> None:
        super().__init__()
        step = 2.0 / grid
        self.register_buffer("knots", torch.arange(-DEGREE, grid + DEGREE + 1, dtype=torch.float64) * step - 1.0)
        options = {"generator": generator, "dtype": torch.float64}
        bound = 1.0 / math.sqrt(n_in)
        self.base = nn.Parameter((2.0 * torch.rand(n_out, n_in, **options) - 1.0) * bound)
        self.spline = nn.Parameter(0.1 * bound * torch.randn(n_out, n_in * (grid + DEGREE), **options))

    def forward(self, x: Tensor) -> Tensor:
        dense = bases(x, self.get_buffer("knots")).flatten(1)
        return nn.functional.silu(x) @ self.base.T + dense @ self.spline.T


def efficient_kan(shape: Sequence[int], grid: int, seed: int) -> nn.Sequential:
    """A network of such layers; the same seed gives the same start."""
    generator = torch.Generator().manual_seed(seed)
    return nn.Sequential(*(EfficientLayer(n_in, n_out, grid, generator) for n_in, n_out in pairwise(shape)))
