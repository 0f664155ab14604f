import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.integrate import quad
from scipy.interpolate import BSpline

from kansym.kan import spline
from kansym.kan.knots import UNIFORM_SHARE, at_quantiles, basis, between, extended, greville, roughness

DEGREES = (1, 2, 3, 4, 5)


def _knots(grid, seed=0, shape=()):
    generator = torch.Generator().manual_seed(seed)
    steps = 0.1 + torch.rand(*shape, grid + 1, generator=generator, dtype=torch.float64)
    return steps.cumsum(-1) - 2.0


KNOTS = st.builds(_knots, st.integers(1, 8), st.integers(0, 99))


@settings(max_examples=60)
@given(knots=KNOTS, degree=st.sampled_from(DEGREES), seed=st.integers(0, 99))
def test_values_and_derivatives_equal_scipy(knots, degree, seed):
    coefficients = np.random.default_rng(seed).normal(size=len(knots) - 1 + degree)
    oracle = BSpline(extended(knots, degree).numpy(), coefficients, degree)
    low, high = float(knots[0]), float(knots[-1])
    points = torch.linspace(low, high, 103, dtype=torch.float64) * 0.999 + 0.001 * knots.mean()
    values, derivatives = basis(points, knots, degree)
    assert_allclose(values.numpy() @ coefficients, oracle(points.numpy()), rtol=0, atol=1e-12)
    assert_allclose(derivatives.numpy() @ coefficients, oracle.derivative()(points.numpy()), rtol=1e-10, atol=1e-9)
    for end, inner, far in ((low, low + 1e-12, low - 2), (high, high - 1e-12, high + 2)):
        local = basis(torch.tensor([end, far], dtype=torch.float64), knots, degree)
        values, derivatives = (part.numpy() @ coefficients for part in local)
        assert_allclose(derivatives, [oracle.derivative()(inner)] * 2, rtol=1e-6, atol=1e-8)
        assert_allclose(values, [oracle(end), oracle(end) + derivatives[0] * (far - end)], rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("degree", DEGREES)
def test_even_knots_are_those_of_the_closed_form(degree):
    knots, u = torch.linspace(-1, 1, 8, dtype=torch.float64), torch.linspace(-1.5, 1.5, 77, dtype=torch.float64)
    for ours, theirs in zip(basis(u, knots, degree), spline.basis(u, 7, degree), strict=True):
        assert_allclose(ours, theirs, atol=1e-12)
    assert_allclose(greville(knots, degree), spline.greville(7, degree), atol=1e-14)
    assert_allclose(roughness(knots, degree), spline.roughness(7, degree), rtol=1e-9, atol=1e-9)


def test_each_node_has_its_knots():
    knots, u = _knots(5, shape=(2, 3)), torch.rand(2, 3, 11, dtype=torch.float64)
    values, _ = basis(u, knots.unsqueeze(-2), 3)
    for p in range(2):
        for i in range(3):
            assert torch.equal(values[p, i], basis(u[p, i], knots[p, i], 3)[0])


def test_knots_that_coincide_make_a_corner_and_no_nan():
    knots = torch.tensor([-1.0, 0.2, 0.2, 0.2, 1.0], dtype=torch.float64)
    coefficients = np.arange(7.0) ** 2
    oracle = BSpline(extended(knots, 3).numpy(), coefficients, 3)
    points = torch.tensor([-1.0, -0.3, 0.1999, 0.2, 0.2001, 0.7, 1.0], dtype=torch.float64)
    assert_allclose(basis(points, knots, 3)[0].numpy() @ coefficients, oracle(points.numpy()), atol=1e-12)


def test_nan_stays_nan_and_disturbs_no_neighbour():
    u = torch.tensor([0.1, float("nan"), 0.3], dtype=torch.float64)
    values, _ = basis(u, _knots(4), 3)
    assert torch.isnan(values[1]).any()
    assert torch.equal(values[[0, 2]], basis(u[[0, 2]], _knots(4), 3)[0])


@settings(max_examples=30)
@given(knots=KNOTS, degree=st.sampled_from(DEGREES))
def test_lines_are_reproduced_and_smooth(knots, degree):
    points, u = greville(knots, degree), torch.linspace(-4, 6, 57, dtype=torch.float64)
    assert_allclose(basis(u, knots, degree)[0] @ points, u, atol=1e-11)
    matrix = roughness(knots, degree)
    assert_allclose(matrix @ (2 * points - 1), 0 * points, atol=1e-8 * float(matrix.abs().max() + 1))
    assert torch.linalg.matrix_rank(matrix) == len(points) - 2


@pytest.mark.parametrize("degree", DEGREES)
def test_roughness_tends_to_the_integral_of_the_squared_curvature(degree):
    knots = torch.linspace(0, 1, 81, dtype=torch.float64) ** 1.5 * 2 - 1
    u = torch.linspace(-1, 1, 3001, dtype=torch.float64)
    fitted = torch.linalg.lstsq(basis(u, knots, degree)[0], torch.sin(3 * u)[:, None]).solution[:, 0]
    expected, _ = quad(lambda u: (9 * np.sin(3 * u)) ** 2, -1, 1)
    assert_allclose(fitted @ roughness(knots, degree) @ fitted, expected, rtol=0.08)


def test_between_divides_every_interval_alike():
    knots = torch.tensor([[0.0, 1.0, 5.0], [2.0, 4.0, 5.0]], dtype=torch.float64)
    assert between(knots, 4).tolist() == [[0.0, 0.5, 1.0, 3.0, 5.0], [2.0, 3.0, 4.0, 4.5, 5.0]]
    assert between(knots, 1).tolist() == [[0.0, 5.0], [2.0, 5.0]]


def test_quantile_knots_hold_equal_shares_of_the_rows():
    u = torch.rand(5000, dtype=torch.float64, generator=torch.Generator().manual_seed(0)) ** 3 * 2 - 1
    even = torch.linspace(-1, 1, 9, dtype=torch.float64)
    knots = at_quantiles(u, even)
    share = torch.histogram(u, knots).hist / len(u)
    assert knots[0] == -1 and knots[-1] == 1 and (knots.diff() >= UNIFORM_SHARE * 2 / 8 - 1e-12).all()
    assert share.max() < 0.25 < torch.histogram(u, even).hist.max() / len(u)
    assert torch.equal(at_quantiles(torch.full((5,), torch.nan, dtype=torch.float64), even), even)
