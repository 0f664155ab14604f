"""What the curves of a layer are made of: splines of one degree, and perhaps a base function beside them."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from kansym.kan.spline import DEGREE, basis, change_grid, greville, least_squares, roughness

BASES = ("none", "silu", "identity")
"""Base functions b of a curve ``w b(u) + spline(u)``."""


def _base(name: str, u: Tensor) -> tuple[Tensor, Tensor]:
    """A base function and its derivative."""
    if name == "identity":
        return u, torch.ones_like(u)
    sigmoid = torch.sigmoid(u)
    return u * sigmoid, sigmoid * (1.0 + u * (1.0 - sigmoid))


@dataclass(frozen=True, eq=False)
class Curves:
    """A space of curves over u, the normalised input of an edge.

    The weight w of the base function is the last coefficient and its basis is b(u), so that all that is linear in the
    coefficients treats it like any other. It is a function of u, like the spline: where a grid is moved or stretched
    together with its node, the curve stays what it is.

    Attributes
    ----------
    grid : int
        Intervals G of the splines.
    order : int, default 3
        Degree d of the splines.
    base : str, default "none"
        One of `BASES`.
    """

    grid: int
    order: int = DEGREE
    base: str = "none"

    @property
    def has_base(self) -> bool:
        return self.base != "none"

    @property
    def size(self) -> int:
        """Coefficients of a curve: G + d, and one more where there is a base."""
        return self.grid + self.order + self.has_base

    def basis(self, u: Tensor) -> tuple[Tensor, Tensor]:
        """Bases and their derivatives at u, shape (..., size)."""
        values, derivatives = basis(u, self.grid, self.order)
        if not self.has_base:
            return values, derivatives
        base, slope = _base(self.base, u)
        return torch.cat([values, base.unsqueeze(-1)], -1), torch.cat([derivatives, slope.unsqueeze(-1)], -1)

    def roughness(self, like: Tensor) -> Tensor:
        """Penalty matrix (size, size) of the splines, of the precision and on the device of `like`.

        A base function is as smooth as it is and is not penalised.
        """
        matrix = roughness(self.grid, self.order, dtype=like.dtype, device=like.device)
        return torch.nn.functional.pad(matrix, (0, 1, 0, 1)) if self.has_base else matrix

    def line(self, slope: Tensor | float, level: Tensor | float, like: Tensor) -> Tensor:
        """Coefficients (size,) of the straight line ``slope * u + level``."""
        points = greville(self.grid, self.order, dtype=like.dtype, device=like.device)
        return self._padded(slope * points + level, -1)

    def fit(self, u: Tensor, y: Tensor, *, smoothness: float = 1e-10, base: Tensor | None = None) -> Tensor:
        """Least-squares curves through points; see `kansym.kan.spline.fit_coefficients`.

        Parameters
        ----------
        u : Tensor, shape (..., n)
        y : Tensor, shape (..., n, k)
        smoothness : float
        base : Tensor, shape (..., k), optional
            Weights of the base function, which are held: a spline can follow it closely, so that points would not tell
            the two apart. Default: 0.

        Returns
        -------
        Tensor, shape (..., size, k)
        """
        splines = replace(self, base="none")
        if base is not None and self.has_base:
            y = y - _base(self.base, u)[0].unsqueeze(-1) * base.unsqueeze(-2)
        fitted = least_squares(splines.basis(u)[0], y, smoothness * splines.roughness(u))
        fitted = self._padded(fitted, -2)
        if base is not None and self.has_base:
            fitted[..., -1, :] = base
        return fitted

    def changed(self, coefficients: Tensor, grid: int) -> Tensor:
        """Coefficients (..., size) of the same curves on another grid; see `kansym.kan.spline.change_grid`."""
        if not self.has_base:
            return change_grid(coefficients, grid, self.order)
        splines = change_grid(coefficients[..., :-1], grid, self.order)
        return torch.cat([splines, coefficients[..., -1:]], -1)

    def mirrored(self, coefficients: Tensor) -> Tensor:
        """Coefficients (..., size) of the curves of -u."""
        if not self.has_base:
            return coefficients.flip(-1)
        splines, weight = coefficients[..., :-1].flip(-1), coefficients[..., -1:]
        if self.base == "identity":
            return torch.cat([splines, -weight], -1)
        # silu(-u) = silu(u) - u, and the straight line is a spline.
        line = greville(self.grid, self.order, dtype=weight.dtype, device=weight.device)
        return torch.cat([splines - weight * line, weight], -1)

    def _padded(self, splines: Tensor, axis: int) -> Tensor:
        if not self.has_base:
            return splines
        return torch.cat([splines, torch.zeros_like(splines.narrow(axis, 0, 1))], axis)
