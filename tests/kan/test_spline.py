import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.integrate import quad
from scipy.interpolate import BSpline

from kansym.kan.spline import (
    basis,
    change_grid,
    fit_coefficients,
    greville,
    knots,
    local_basis,
    roughness,
)

GRIDS = (1, 2, 3, 8, 25)
DEGREES = (1, 2, 3, 4, 5)


def _random_coefficients(grid, seed=0, curves=1, degree=3):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(curves, grid + degree, dtype=torch.float64, generator=generator)


def _points(n=301):
    return torch.linspace(-1, 1, n, dtype=torch.float64)


@pytest.mark.parametrize("degree", DEGREES)
@pytest.mark.parametrize("grid", GRIDS)
def test_values_and_derivatives_equal_scipy(grid, degree):
    coefficients = _random_coefficients(grid, degree=degree)[0]
    oracle = BSpline(knots(grid, degree).numpy(), coefficients.numpy(), degree)
    points = _points() * 0.999  # off the knots: the slope of a polygon has two values there
    values, derivatives = basis(points, grid, degree)
    assert_allclose(values @ coefficients, oracle(points.numpy()), rtol=0, atol=1e-13)
    assert_allclose(derivatives @ coefficients, oracle.derivative()(points.numpy()), rtol=0, atol=1e-11 * grid)


@pytest.mark.parametrize("grid", GRIDS)
def test_both_ends_belong_to_the_grid(grid):
    ends = torch.tensor([-1.0, 1.0], dtype=torch.float64)
    _, _, first = local_basis(ends, grid)
    assert first.tolist() == [0, grid - 1]
    just_inside = ends * (1 - 1e-12)
    assert_allclose(basis(ends, grid)[0], basis(just_inside, grid)[0], atol=1e-10)


@pytest.mark.parametrize("grid", GRIDS)
@pytest.mark.parametrize("degree", DEGREES)
@pytest.mark.parametrize("end", [-1.0, 1.0])
def test_outside_the_grid_the_spline_is_its_tangent(grid, end, degree):
    coefficients = _random_coefficients(grid, degree=degree)[0].numpy()
    oracle = BSpline(knots(grid, degree).numpy(), coefficients, degree)
    far = torch.tensor([end * 1.001, end * 1.5, end * 40], dtype=torch.float64)
    values, derivatives = basis(far, grid, degree)
    slope = oracle.derivative()(end * (1 - 1e-9) if degree == 1 else end)
    assert_allclose(values.numpy() @ coefficients, oracle(end) + slope * (far.numpy() - end), rtol=1e-12, atol=1e-11)
    assert_allclose(derivatives.numpy() @ coefficients, np.full(3, slope), rtol=1e-12, atol=1e-11)


@settings(max_examples=60)
@given(
    grid=st.integers(1, 60),
    degree=st.sampled_from(DEGREES),
    u=st.lists(st.floats(-3, 3, allow_nan=False), min_size=1, max_size=20),
    inside=st.booleans(),
)
@example(grid=49, degree=1, u=[1.0], inside=True)
def test_partition_of_unity(grid, degree, u, inside):
    points = torch.tensor(u, dtype=torch.float64)
    points = points.clamp(-1, 1) if inside else points
    values, derivatives = basis(points, grid, degree)
    assert_allclose(values.sum(-1), np.ones(len(u)), atol=1e-11 * grid)
    assert_allclose(derivatives.sum(-1), np.zeros(len(u)), atol=1e-11 * grid)
    if inside:
        assert (values >= -1e-15).all()


@pytest.mark.parametrize("degree", DEGREES)
@pytest.mark.parametrize("grid", GRIDS)
def test_greville_abscissae_give_the_identity_everywhere(grid, degree):
    u = torch.linspace(-2, 2, 81, dtype=torch.float64)
    values, derivatives = basis(u, grid, degree)
    assert_allclose(values @ greville(grid, degree), u, atol=1e-12)
    assert_allclose(derivatives @ greville(grid, degree), np.ones(81), atol=1e-11)


def test_nan_stays_nan_and_disturbs_no_neighbour():
    u = torch.tensor([0.1, float("nan"), 0.3], dtype=torch.float64)
    values, _ = basis(u, 5)
    assert torch.isnan(values[1]).any()
    assert torch.equal(values[[0, 2]], basis(u[[0, 2]], 5)[0])


@settings(max_examples=25)
@given(grid=st.integers(1, 12), factor=st.integers(1, 5), degree=st.sampled_from(DEGREES), seed=st.integers(0, 99))
def test_change_to_a_multiple_is_exact(grid, factor, degree, seed):
    coefficients = _random_coefficients(grid, seed, curves=3, degree=degree).reshape(3, 1, -1)
    changed = change_grid(coefficients, factor * grid, degree)
    assert changed.shape == (3, 1, factor * grid + degree)
    u = torch.linspace(-1.3, 1.3, 53, dtype=torch.float64)
    before = basis(u, grid, degree)[0] @ coefficients.mT
    after = basis(u, factor * grid, degree)[0] @ changed.mT
    assert_allclose(before, after, atol=1e-8)


def test_change_to_a_coarser_grid_is_the_least_squares_spline():
    fine = fit_coefficients(_points(), torch.sin(3 * _points())[:, None], 24)
    coarse = change_grid(fine.T, 7)
    u = torch.linspace(-1, 1, 8 * 24 + 1, dtype=torch.float64)
    design = basis(u, 7)[0].numpy()
    expected, *_ = np.linalg.lstsq(design, (basis(u, 24)[0] @ fine).numpy(), rcond=None)
    assert_allclose(coarse.T, expected, atol=1e-9)


@pytest.mark.parametrize("degree", DEGREES)
@pytest.mark.parametrize("grid", GRIDS)
def test_fit_recovers_a_spline_from_its_values(grid, degree):
    coefficients = _random_coefficients(grid, curves=2, degree=degree)
    u = torch.linspace(-1, 1, 10 * grid + 20, dtype=torch.float64)
    fitted = fit_coefficients(u, basis(u, grid, degree)[0] @ coefficients.T, grid, degree, smoothness=0.0)
    assert_allclose(basis(u, grid, degree)[0] @ (fitted - coefficients.T), 0, atol=1e-6)
    if degree <= 3:  # on a coarse grid of high degree, coefficients hang on the last digits of the values
        assert_allclose(fitted.T, coefficients, atol=1e-7)


def test_fit_is_batched():
    u = torch.stack([_points(50), _points(50) ** 3])
    y = torch.stack([torch.sin(u), torch.cos(u)], -1)
    together = fit_coefficients(u, y, 6)
    assert together.shape == (2, 9, 2)
    for row in range(2):
        assert_allclose(together[row], fit_coefficients(u[row], y[row], 6), atol=1e-9)


def test_knots_without_data_continue_straight():
    u = torch.linspace(-1, 0, 200, dtype=torch.float64)
    fitted = fit_coefficients(u, (2 * u + 1)[:, None], 16)
    right = torch.linspace(0, 1, 21, dtype=torch.float64)
    assert_allclose((basis(right, 16)[0] @ fitted).squeeze(), 2 * right + 1, atol=5e-3)


def test_smoothness_averages_noise_away():
    u, noise = _points(400), torch.randn(400, dtype=torch.float64, generator=torch.Generator().manual_seed(3))
    y = (torch.sin(2 * u) + 0.3 * noise)[:, None]
    truth = torch.sin(2 * u)[:, None]
    rough, smooth = (
        (basis(u, 30)[0] @ fit_coefficients(u, y, 30, smoothness=weight) - truth).square().mean()
        for weight in (1e-10, 1e-4)
    )
    assert smooth < 0.5 * rough


@pytest.mark.parametrize("degree", DEGREES)
def test_roughness_tends_to_the_integral_of_the_squared_curvature(degree):
    coefficients = fit_coefficients(_points(2001), torch.sin(3 * _points(2001))[:, None], 60, degree)[:, 0]
    expected, _ = quad(lambda u: (9 * np.sin(3 * u)) ** 2, -1, 1)
    assert_allclose(coefficients @ roughness(60, degree) @ coefficients, expected, rtol=0.06)


@pytest.mark.parametrize("degree", DEGREES)
@pytest.mark.parametrize("grid", GRIDS)
def test_roughness_is_positive_and_blind_to_straight_lines(grid, degree):
    matrix = roughness(grid, degree)
    assert torch.linalg.eigvalsh(matrix)[0] > -1e-9 * grid**3
    assert_allclose(matrix @ (3 * greville(grid, degree) - 2), np.zeros(grid + degree), atol=1e-9 * grid**2)
    assert torch.linalg.matrix_rank(matrix) == grid + degree - 2


def test_precision_follows_the_points():
    values, derivatives = basis(_points(5).float(), 4)
    assert values.dtype == derivatives.dtype == torch.float32
    assert roughness(4, dtype=torch.float32).dtype == torch.float32


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_cuda_equals_cpu():
    u = torch.linspace(-1.2, 1.2, 77, dtype=torch.float64)
    for ours, theirs in zip(basis(u.cuda(), 9), basis(u, 9), strict=True):
        assert_allclose(ours.cpu(), theirs, atol=1e-14)
