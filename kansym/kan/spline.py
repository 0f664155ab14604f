"""Uniform cubic B-splines on [-1, 1] in closed form.

A spline on a grid of G intervals has G + 3 coefficients; at any point exactly four bases are non-zero, and they are
the four cubic polynomials of the local coordinate t in [0, 1), so there is no recursion. Outside [-1, 1] the spline
continues along its tangent: a point just off the grid keeps a gradient, and nothing blows up like a cubic.

References
----------
C. de Boor, *A Practical Guide to Splines* (1978), ch. IX.
P. Eilers and B. Marx, "Flexible smoothing with B-splines and penalties", Statist. Sci. 11 (1996) 89,
doi:10.1214/ss/1038425655 (the second-difference penalty).
"""

from functools import lru_cache

import torch
from torch import Tensor

DEGREE = 3
"""Degree of every spline; a grid of G intervals has G + DEGREE coefficients."""


def local_basis(u: Tensor, grid: int) -> tuple[Tensor, Tensor, Tensor]:
    """The four active bases at each point, their derivatives, and the index of the first.

    Parameters
    ----------
    u : Tensor, shape (...)
        Points; the grid covers [-1, 1], outside it the bases continue linearly.
    grid : int
        Number of intervals G.

    Returns
    -------
    values, derivatives : Tensor, shape (..., 4)
    first : Tensor of int64, shape (...)
        The four bases are numbers `first` to `first + 3`.
    """
    step = 2.0 / grid
    inside = u.clamp(-1.0, 1.0)
    position = (inside + 1.0) / step
    # The right end belongs to the last interval: t = 1 there, so the basis is continuous up to and including u = 1.
    # A nan, from a primitive outside its domain one layer below, gets a cell like any other and stays nan through t.
    cell = position.floor().clamp(0, grid - 1).nan_to_num(0.0)
    t = position - cell
    s = 1.0 - t
    t2, s2 = t * t, s * s
    values = torch.stack(
        [s2 * s, (3.0 * t - 6.0) * t2 + 4.0, ((3.0 - 3.0 * t) * t + 3.0) * t + 1.0, t2 * t], dim=-1
    ).div_(6.0)
    derivatives = torch.stack([-s2, (3.0 * t - 4.0) * t, (2.0 - 3.0 * t) * t + 1.0, t2], dim=-1).div_(2.0 * step)
    values = values + derivatives * (u - inside).unsqueeze(-1)
    return values, derivatives, cell.long()


def basis(u: Tensor, grid: int) -> tuple[Tensor, Tensor]:
    """All G + 3 bases at each point and their derivatives, as dense tensors.

    Parameters
    ----------
    u : Tensor, shape (...)
    grid : int
        Number of intervals G.

    Returns
    -------
    values, derivatives : Tensor, shape (..., G + 3)
    """
    local, slope, first = local_basis(u, grid)
    index = first.unsqueeze(-1) + torch.arange(4, device=u.device)
    shape = (*u.shape, grid + DEGREE)
    values = torch.zeros(shape, dtype=u.dtype, device=u.device).scatter_(-1, index, local)
    derivatives = torch.zeros(shape, dtype=u.dtype, device=u.device).scatter_(-1, index, slope)
    return values, derivatives


def knots(grid: int) -> Tensor:
    """The extended knot vector of length G + 7, for use with other spline libraries."""
    return -1.0 + (2.0 / grid) * torch.arange(-DEGREE, grid + DEGREE + 1, dtype=torch.float64)


def greville(grid: int, *, dtype: torch.dtype = torch.float64, device: torch.device | str = "cpu") -> Tensor:
    """Greville abscissae, shape (G + 3,): coefficients equal to them give the identity function."""
    return -1.0 + (2.0 / grid) * torch.arange(-1, grid + 2, dtype=dtype, device=device)


@lru_cache(maxsize=64)
def _roughness(grid: int, dtype: torch.dtype, device: torch.device | str) -> Tensor:
    difference = torch.zeros(grid + 1, grid + DEGREE, dtype=torch.float64)
    for row in range(grid + 1):
        difference[row, row : row + 3] = torch.tensor([1.0, -2.0, 1.0], dtype=torch.float64)
    # Divided by the step once per derivative order would make it the integral of f''^2; the power used here keeps the
    # penalty of one and the same function about equal on every grid, so one weight serves all grids.
    return (difference.T @ difference * (grid / 2.0) ** 3).to(dtype=dtype, device=device)


def roughness(grid: int, *, dtype: torch.dtype = torch.float64, device: torch.device | str = "cpu") -> Tensor:
    """Second-difference penalty matrix R, shape (G + 3, G + 3): c^T R c approximates the integral of f''^2."""
    return _roughness(grid, dtype, device)


def fit_coefficients(u: Tensor, y: Tensor, grid: int, *, smoothness: float = 1e-10) -> Tensor:
    """Least-squares spline through points, with a roughness penalty that settles unsampled knots.

    Parameters
    ----------
    u : Tensor, shape (..., n)
        Points in [-1, 1].
    y : Tensor, shape (..., n, k)
        Values of k curves over the same points.
    grid : int
        Number of intervals G.
    smoothness : float, default 1e-10
        Weight of the roughness penalty relative to the mean squared residual. The default only decides what the data
        leave open; raise it for noisy curves.

    Returns
    -------
    Tensor, shape (..., G + 3, k)
    """
    values, _ = basis(u, grid)
    normal = values.transpose(-1, -2) @ values / u.shape[-1]
    right = values.transpose(-1, -2) @ y / u.shape[-1]
    penalty = smoothness * roughness(grid, dtype=u.dtype, device=u.device)
    penalty = penalty + 1e-13 * torch.eye(grid + DEGREE, dtype=u.dtype, device=u.device)
    factor, _ = torch.linalg.cholesky_ex(normal + penalty)
    solution = torch.cholesky_solve(right, factor)
    # The normal equations square the condition number; one step of refinement wins the lost digits back.
    correction = values.transpose(-1, -2) @ (y - values @ solution) / u.shape[-1] - penalty @ solution
    return solution + torch.cholesky_solve(correction, factor)


def change_grid(coefficients: Tensor, grid: int) -> Tensor:
    """The same curves on another grid: exact when `grid` is a multiple of the old one, least squares otherwise.

    Parameters
    ----------
    coefficients : Tensor, shape (..., G_old + 3)
    grid : int
        Intervals of the new grid.

    Returns
    -------
    Tensor, shape (..., grid + 3)
    """
    old = coefficients.shape[-1] - DEGREE
    if old == grid:
        return coefficients.clone()
    # Chebyshev-like density at the ends is not needed: several points in every interval of the finer grid determine
    # both splines, and the end points are included so that the linear continuation agrees.
    points = torch.linspace(-1.0, 1.0, 8 * max(old, grid) + 1, dtype=coefficients.dtype, device=coefficients.device)
    curves = basis(points, old)[0] @ coefficients.reshape(-1, old + DEGREE).T
    # By orthogonal factors: normal equations would lose half the digits, which the continuation beyond the grid shows.
    fitted = torch.linalg.lstsq(basis(points, grid)[0], curves).solution
    return fitted.T.reshape(*coefficients.shape[:-1], grid + DEGREE)
