"""What the curves of a layer are made of: splines of one degree, and perhaps a base function beside them."""

from __future__ import annotations

from dataclasses import dataclass, replace

from kansym.deferred import Tensor, torch
from kansym.kan import knots as uneven
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
    """A space of curves over u, the normalised input of an edge, or one space for each node that edges leave.

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
    knots : Tensor, shape (..., G + 1), optional
        Ends of the intervals, in ascending order. Default: even ones over [-1, 1].
    """

    grid: int
    order: int = DEGREE
    base: str = "none"
    knots: Tensor | None = None

    @property
    def has_base(self) -> bool:
        return self.base != "none"

    @property
    def size(self) -> int:
        """Coefficients of a curve: G + d, and one more where there is a base."""
        return self.grid + self.order + self.has_base

    def basis(self, u: Tensor, *, axis: int = -1) -> tuple[Tensor, Tensor]:
        """Bases and their derivatives at u, shape (..., size).

        Parameters
        ----------
        u : Tensor
        axis : int, default -1
            Where u has its points, counted from the end; its other axes go with those of the knots.
        """
        if self.knots is None:
            values, derivatives = basis(u, self.grid, self.order)
        else:
            values, derivatives = uneven.basis(u, self.knots.unsqueeze(axis - 1), self.order)
        if not self.has_base:
            return values, derivatives
        base, slope = _base(self.base, u)
        return torch.cat([values, base.unsqueeze(-1)], -1), torch.cat([derivatives, slope.unsqueeze(-1)], -1)

    def roughness(self, like: Tensor, *, precise: bool = False) -> Tensor:
        """Penalty matrix (..., size, size) of the splines, of the precision and on the device of `like`.

        A base function is as smooth as it is and is not penalised. `precise` is for even knots only: polynomials of the
        splines' degree, and not straight lines alone, cost nothing.
        """
        if self.knots is None:
            differences = self.order + 1 if precise else 2
            matrix = roughness(self.grid, self.order, differences=differences, dtype=like.dtype, device=like.device)
        else:
            matrix = uneven.roughness(self.knots, self.order)
        return torch.nn.functional.pad(matrix, (0, 1, 0, 1)) if self.has_base else matrix

    def line(self, slope: Tensor | float, level: Tensor | float, like: Tensor) -> Tensor:
        """Coefficients (..., size) of the straight line ``slope * u + level``."""
        return self._padded(slope * self._identity(like) + level, -1)

    def fit(
        self, u: Tensor, y: Tensor, *, smoothness: float = 1e-10, base: Tensor | None = None, precise: bool = False
    ) -> Tensor:
        """Least-squares curves through points; see `kansym.kan.spline.fit_coefficients`.

        Parameters
        ----------
        u : Tensor, shape (..., n)
        y : Tensor, shape (..., n, k)
        smoothness : float
        base : Tensor, shape (..., k), optional
            Weights of the base function, which are held: a spline can follow it closely, so that points would not tell
            the two apart. Default: 0.
        precise : bool
            As in `roughness`.

        Returns
        -------
        Tensor, shape (..., size, k)
        """
        splines = replace(self, base="none")
        if base is not None and self.has_base:
            y = y - _base(self.base, u)[0].unsqueeze(-1) * base.unsqueeze(-2)
        fitted = least_squares(splines.basis(u)[0], y, smoothness * splines.roughness(u, precise=precise))
        fitted = self._padded(fitted, -2)
        if base is not None and self.has_base:
            fitted[..., -1, :] = base
        return fitted

    def on_grid(self, grid: int) -> Curves:
        """The space on another grid: every old interval is divided alike, where its number allows."""
        return replace(self, grid=grid, knots=None if self.knots is None else uneven.between(self.knots, grid))

    def projected(self, coefficients: Tensor, into: Curves) -> Tensor:
        """Coefficients (..., k, size) of the curves in a space of the same degree and base.

        Exact where its knots are among the new ones, least squares otherwise.
        """
        splines, weight = coefficients[..., : self.grid + self.order], coefficients[..., self.grid + self.order :]
        if self.knots is None and into.knots is None:
            return (
                torch.cat([change_grid(splines, into.grid, self.order), weight], -1)
                if self.has_base
                else (change_grid(coefficients, into.grid, self.order))
            )
        old, new = replace(self, base="none"), replace(into, base="none")
        points = torch.cat([uneven.between(one._breaks(splines), 6 * one.grid) for one in (old, new)], -1)
        curves = old.basis(points)[0] @ splines.transpose(-1, -2)
        fitted = torch.linalg.lstsq(new.basis(points)[0], curves).solution.transpose(-1, -2)
        return torch.cat([fitted, weight], -1)

    def mirrored(self, coefficients: Tensor) -> Tensor:
        """Coefficients (..., size) of the curves of -u, in the space whose knots are those of -u."""
        if not self.has_base:
            return coefficients.flip(-1)
        splines, weight = coefficients[..., :-1].flip(-1), coefficients[..., -1:]
        if self.base == "identity":
            return torch.cat([splines, -weight], -1)
        # silu(-u) = silu(u) - u, and the straight line is a spline.
        return torch.cat([splines + weight * self._identity(weight).flip(-1), weight], -1)

    def _identity(self, like: Tensor) -> Tensor:
        """Spline coefficients of u itself."""
        if self.knots is None:
            return greville(self.grid, self.order, dtype=like.dtype, device=like.device)
        return uneven.greville(self.knots, self.order)

    def _breaks(self, like: Tensor) -> Tensor:
        """The knots, also where they are even; for those of one node, one row for all."""
        if self.knots is not None:
            return self.knots
        return torch.linspace(-1.0, 1.0, self.grid + 1, dtype=like.dtype, device=like.device).expand(
            *like.shape[:-2], self.grid + 1
        )

    def _padded(self, splines: Tensor, axis: int) -> Tensor:
        if not self.has_base:
            return splines
        return torch.cat([splines, torch.zeros_like(splines.narrow(axis, 0, 1))], axis)
