"""Uniform B-splines of degree 1 to 5 on [-1, 1] in closed form.

A spline of degree d on a grid of G intervals has G + d coefficients; at any point exactly d + 1 bases are non-zero, and
they are polynomials of the local coordinate t in [0, 1), so there is no recursion. Outside [-1, 1] the spline continues
along its tangent: a point just off the grid keeps a gradient, and nothing blows up like a cubic.

References
----------
C. de Boor, *A Practical Guide to Splines* (1978), ch. IX.
P. Eilers and B. Marx, "Flexible smoothing with B-splines and penalties", Statist. Sci. 11 (1996) 89,
doi:10.1214/ss/1038425655 (the second-difference penalty).
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache

from kansym.deferred import Tensor, torch

DEGREE = 3
"""Degree of a spline unless another is asked for."""

HIGHEST_DEGREE = 5
"""Degrees run from 1 to this."""


@lru_cache(maxsize=HIGHEST_DEGREE + 1)
def _polynomials(degree: int) -> tuple[tuple[Fraction, ...], ...]:
    """Entry [k][j]: the coefficient of t^k in the j-th active basis, t the place within an interval."""
    if degree == 0:
        return ((Fraction(1),),)
    lower = _polynomials(degree - 1)
    table = [[Fraction(0)] * (degree + 1) for _ in range(degree + 1)]
    # Cox-de Boor with unit steps: P[j] = (t + d - j)/d * P'[j - 1] + (1 + j - t)/d * P'[j].
    for j in range(degree + 1):
        for place, constant, sign in ((j - 1, degree - j, 1), (j, 1 + j, -1)):
            if 0 <= place < degree:
                for k in range(degree):
                    table[k][j] += lower[k][place] * Fraction(constant, degree)
                    table[k + 1][j] += lower[k][place] * Fraction(sign, degree)
    return tuple(tuple(row) for row in table)


@lru_cache(maxsize=64)
def _local_coefficients(degree: int, dtype: torch.dtype, device: torch.device) -> tuple[Tensor, Tensor]:
    """Coefficients of the active bases and of their derivatives in t, shapes (d + 1, d + 1) and (d, d + 1)."""
    values = torch.tensor([[float(c) for c in row] for row in _polynomials(degree)], dtype=torch.float64)
    slopes = values[1:] * torch.arange(1, degree + 1, dtype=torch.float64)[:, None]
    return values.to(device, dtype), slopes.to(device, dtype)


@lru_cache(maxsize=64)
def _local_table(degree: int, grid: int, dtype: torch.dtype, device: torch.device) -> tuple[Tensor, Tensor]:
    """Powers of t, and the matrix (d + 1, 2 d + 2) that takes these to active bases and their derivatives in u."""
    values, slopes = _local_coefficients(degree, dtype, device)
    slopes = torch.nn.functional.pad(slopes * (grid / 2.0), (0, 0, 0, 1))
    return torch.arange(degree + 1, dtype=dtype, device=device), torch.cat([values, slopes], 1)


@lru_cache(maxsize=16)
def _counted(number: int, device: torch.device) -> Tensor:
    return torch.arange(number, device=device)


def _horner(coefficients: Tensor, t: Tensor) -> Tensor:
    total = coefficients[-1]
    for row in coefficients[:-1].flip(0):
        total = total * t + row
    return total.expand(*t.shape[:-1], coefficients.shape[1])


def local_basis(u: Tensor, grid: int, degree: int = DEGREE) -> tuple[Tensor, Tensor, Tensor]:
    """The active bases at each point, their derivatives, and the index of the first.

    Parameters
    ----------
    u : Tensor, shape (...)
        Points; the grid covers [-1, 1], outside it the bases continue linearly.
    grid : int
        Number of intervals G.
    degree : int, default 3
        Degree d of the spline, 1 to 5.

    Returns
    -------
    values, derivatives : Tensor, shape (..., d + 1)
    first : Tensor of int64, shape (...)
        The active bases are numbers `first` to `first + d`.
    """
    step = 2.0 / grid
    inside = u.clamp(-1.0, 1.0)
    position = (inside + 1.0) / step
    # The right end belongs to the last interval: t = 1 there, so the basis is continuous up to and including u = 1.
    # A nan, from a primitive outside its domain one layer below, gets a cell like any other and stays nan through t.
    cell = position.floor().clamp(0, grid - 1).nan_to_num(0.0)
    t = position - cell
    # At the right end a division may leave a last digit above 1, where a basis is negative; the gradient stays.
    t = t - (t - 1.0).clamp_min(0.0).detach()
    if u.is_cuda:
        # One product of matrices in place of a kernel for every operation.
        powers, table = _local_table(degree, grid, u.dtype, u.device)
        values, derivatives = (t.unsqueeze(-1) ** powers @ table).split(degree + 1, -1)
    elif degree == 3:
        s = 1.0 - t
        t2, s2 = t * t, s * s
        values = torch.stack(
            [s2 * s, (3.0 * t - 6.0) * t2 + 4.0, ((3.0 - 3.0 * t) * t + 3.0) * t + 1.0, t2 * t], dim=-1
        ).div_(6.0)
        derivatives = torch.stack([-s2, (3.0 * t - 4.0) * t, (2.0 - 3.0 * t) * t + 1.0, t2], dim=-1).div_(2.0 * step)
    else:
        polynomials, slopes = _local_coefficients(degree, u.dtype, u.device)
        values, derivatives = _horner(polynomials, t.unsqueeze(-1)), _horner(slopes, t.unsqueeze(-1)) / step
    values = values + derivatives * (u - inside).unsqueeze(-1)
    return values, derivatives, cell.long()


def basis(u: Tensor, grid: int, degree: int = DEGREE) -> tuple[Tensor, Tensor]:
    """All G + d bases at each point and their derivatives, as dense tensors.

    Parameters
    ----------
    u : Tensor, shape (...)
    grid : int
        Number of intervals G.
    degree : int, default 3
        Degree d of the spline.

    Returns
    -------
    values, derivatives : Tensor, shape (..., G + d)
    """
    return spread(*local_basis(u, grid, degree), grid + degree)


def spread(local: Tensor, slope: Tensor, first: Tensor, size: int) -> tuple[Tensor, Tensor]:
    """Active bases and derivatives as dense tensors, shape (..., size)."""
    index = first.unsqueeze(-1) + _counted(local.shape[-1], local.device)
    shape = (*first.shape, size)
    values = torch.zeros(shape, dtype=local.dtype, device=local.device).scatter_(-1, index, local)
    derivatives = torch.zeros(shape, dtype=local.dtype, device=local.device).scatter_(-1, index, slope)
    return values, derivatives


def knots(grid: int, degree: int = DEGREE) -> Tensor:
    """The extended knot vector of length G + 2 d + 1, for use with other spline libraries."""
    return -1.0 + (2.0 / grid) * torch.arange(-degree, grid + degree + 1, dtype=torch.float64)


def greville(
    grid: int, degree: int = DEGREE, *, dtype: torch.dtype | None = None, device: torch.device | str = "cpu"
) -> Tensor:
    """Greville abscissae, shape (G + d,), float64 by default: coefficients equal to them give the identity function."""
    places = torch.arange(grid + degree, dtype=dtype or torch.float64, device=device) - (degree - 1) / 2
    return -1.0 + (2.0 / grid) * places


@lru_cache(maxsize=64)
def _roughness(grid: int, degree: int, differences: int, dtype: torch.dtype, device: torch.device | str) -> Tensor:
    difference = torch.eye(grid + degree, dtype=torch.float64)
    for _ in range(min(differences, grid + degree)):
        difference = difference.diff(dim=0)
    # Divided by the step once per derivative order would make it the integral of f''^2; the power used here keeps the
    # penalty of one and the same function about equal on every grid, so one weight serves all grids.
    return (difference.T @ difference * (grid / 2.0) ** (2 * differences - 1)).to(dtype=dtype, device=device)


def roughness(
    grid: int,
    degree: int = DEGREE,
    *,
    differences: int = 2,
    dtype: torch.dtype | None = None,
    device: torch.device | str = "cpu",
) -> Tensor:
    """Second-difference penalty matrix R, shape (G + d, G + d): c^T R c approximates the integral of f''^2.

    Splines of degree 1 have no second derivative; there the jumps of the slope take its place. With `differences` of
    order d + 1 polynomials of degree d cost nothing, and a curve goes on as one where there are no rows. By default it
    is of float64.
    """
    return _roughness(grid, degree, differences, dtype or torch.float64, device)


def fit_coefficients(u: Tensor, y: Tensor, grid: int, degree: int = DEGREE, *, smoothness: float = 1e-10) -> Tensor:
    """Least-squares spline through points, with a roughness penalty that settles unsampled knots.

    Parameters
    ----------
    u : Tensor, shape (..., n)
        Points in [-1, 1].
    y : Tensor, shape (..., n, k)
        Values of k curves over the same points.
    grid : int
        Number of intervals G.
    degree : int, default 3
        Degree d of the splines.
    smoothness : float, default 1e-10
        Weight of the roughness penalty relative to the mean squared residual. The default only decides what the data
        leave open; raise it for noisy curves.

    Returns
    -------
    Tensor, shape (..., G + d, k)
    """
    rough = roughness(grid, degree, dtype=u.dtype, device=u.device)
    return least_squares(basis(u, grid, degree)[0], y, smoothness * rough)


def least_squares(values: Tensor, y: Tensor, penalty: Tensor) -> Tensor:
    """Coefficients (..., m, k) of bases with values (..., n, m) that give y (..., n, k), under a penalty matrix."""
    rows, size = values.shape[-2:]
    normal = values.transpose(-1, -2) @ values / rows
    right = values.transpose(-1, -2) @ y / rows
    penalty = penalty + 1e-13 * torch.eye(size, dtype=values.dtype, device=values.device)
    factor, _ = torch.linalg.cholesky_ex(normal + penalty)
    solution = torch.cholesky_solve(right, factor)
    # The normal equations square the condition number; one step of refinement wins the lost digits back.
    correction = values.transpose(-1, -2) @ (y - values @ solution) / rows - penalty @ solution
    return solution + torch.cholesky_solve(correction, factor)


def change_grid(coefficients: Tensor, grid: int, degree: int = DEGREE) -> Tensor:
    """The same curves on another grid: exact when `grid` is a multiple of the old one, least squares otherwise.

    Parameters
    ----------
    coefficients : Tensor, shape (..., G_old + d)
    grid : int
        Intervals of the new grid.
    degree : int, default 3
        Degree d of the splines, which stays.

    Returns
    -------
    Tensor, shape (..., grid + d)
    """
    old = coefficients.shape[-1] - degree
    if old == grid:
        return coefficients.clone()
    fitted = _between_grids(old, grid, degree, coefficients.dtype, coefficients.device)
    return (coefficients.reshape(-1, old + degree) @ fitted.T).reshape(*coefficients.shape[:-1], grid + degree)


@lru_cache(maxsize=64)
def _between_grids(old: int, grid: int, degree: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    """Matrix (grid + d, old + d) that takes coefficients to another grid.

    Found once: the least squares of a library differ in their last digits with where in memory a matrix lies.
    """
    # Chebyshev-like density at the ends is not needed: several points in every interval of the finer grid determine
    # both splines, and the end points are included so that the linear continuation agrees.
    points = torch.linspace(-1.0, 1.0, 8 * max(old, grid) + 1, dtype=dtype, device=device)
    # By orthogonal factors: normal equations would lose half the digits, which the continuation beyond the grid shows.
    return torch.linalg.lstsq(basis(points, grid, degree)[0], basis(points, old, degree)[0]).solution
