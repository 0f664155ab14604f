from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.interpolate import BSpline
from scipy.special import expit

from kansym.kan.curves import BASES, Curves
from kansym.kan.knots import extended
from kansym.kan.spline import knots


def _space(grid, order, base, seed):
    """Even knots where the seed is 0."""
    steps = 0.2 + torch.rand(grid + 1, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
    ends = -1 + 2 * (steps.cumsum(0) - steps[0]) / steps[1:].sum()
    return Curves(grid, order, base, ends if seed else None)


SPACES = st.builds(_space, st.integers(1, 9), st.integers(1, 5), st.sampled_from(BASES), st.integers(0, 5))
LIKE = torch.zeros((), dtype=torch.float64)


def _random(curves, seed=0, count=2):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(count, curves.size, dtype=torch.float64, generator=generator)


def _extended(curves):
    return knots(curves.grid, curves.order) if curves.knots is None else extended(curves.knots, curves.order)


def _points(n=97):
    return torch.linspace(-0.993, 0.987, n, dtype=torch.float64)


@settings(max_examples=40)
@given(curves=SPACES, seed=st.integers(0, 99))
def test_a_curve_is_a_spline_and_a_weighted_base(curves, seed):
    coefficients, u = _random(curves, seed)[0], _points()
    splines = coefficients[: curves.grid + curves.order].numpy()
    expected = BSpline(_extended(curves).numpy(), splines, curves.order)(u.numpy())
    if curves.base == "silu":
        expected = expected + float(coefficients[-1]) * u.numpy() * expit(u.numpy())
    elif curves.base == "identity":
        expected = expected + float(coefficients[-1]) * u.numpy()
    assert_allclose(curves.basis(u)[0] @ coefficients, expected, atol=1e-13)


@settings(max_examples=40)
@given(curves=SPACES, seed=st.integers(0, 99))
def test_derivatives_equal_finite_differences(curves, seed):
    u = 1.4 * _points(50) + 1e-4
    coefficients, eps = _random(curves, seed)[0], 1e-6
    # A polygon has two slopes at its corners.
    u = u[(u[:, None] - _extended(curves)).abs().amin(1) > 1e-4]
    slope = curves.basis(u)[1] @ coefficients
    expected = (curves.basis(u + eps)[0] - curves.basis(u - eps)[0]) @ coefficients / (2 * eps)
    assert_allclose(slope, expected, rtol=1e-6, atol=1e-6)


@settings(max_examples=30)
@given(curves=SPACES, slope=st.floats(-3, 3), level=st.floats(-3, 3))
def test_lines_are_straight_everywhere(curves, slope, level):
    u = torch.linspace(-2, 2, 33, dtype=torch.float64)
    assert_allclose(curves.basis(u)[0] @ curves.line(slope, level, LIKE), slope * u + level, atol=1e-11)
    assert curves.line(slope, level, LIKE).shape == (curves.size,)
    assert_allclose(curves.roughness(LIKE) @ curves.line(slope, level, LIKE), np.zeros(curves.size), atol=1e-8)


@settings(max_examples=30)
@given(curves=SPACES, factor=st.integers(1, 4), seed=st.integers(0, 99))
def test_curves_stay_on_a_finer_grid(curves, factor, seed):
    coefficients, u = _random(curves, seed), torch.linspace(-1.2, 1.2, 41, dtype=torch.float64)
    finer = curves.on_grid(factor * curves.grid)
    changed = curves.projected(coefficients, finer)
    assert_allclose(finer.basis(u)[0] @ changed.T, curves.basis(u)[0] @ coefficients.T, atol=1e-8)


@settings(max_examples=30)
@given(curves=SPACES, seed=st.integers(0, 99))
def test_mirrored_curves_are_those_of_the_opposite_argument(curves, seed):
    coefficients, u = _random(curves, seed), 1.5 * _points()
    space = curves if curves.knots is None else replace(curves, knots=-curves.knots.flip(0))
    expected = curves.basis(-u)[0] @ coefficients.T
    assert_allclose(space.basis(u)[0] @ curves.mirrored(coefficients).T, expected, atol=1e-9)


@settings(max_examples=30)
@given(curves=SPACES, seed=st.integers(0, 99))
def test_a_fit_holds_the_base_and_finds_the_spline(curves, seed):
    coefficients = _random(curves, seed)
    u = torch.linspace(-1, 1, 12 * curves.grid + 20, dtype=torch.float64)
    y = curves.basis(u)[0] @ coefficients.T
    base = coefficients[:, -1] if curves.has_base else None
    fitted = curves.fit(u, y, smoothness=0.0, base=base)
    assert_allclose(curves.basis(u)[0] @ fitted, y, atol=1e-6)
    if curves.has_base:
        assert torch.equal(fitted[-1], coefficients[:, -1])
        without = curves.fit(u, torch.sin(u)[:, None])
        assert float(without[-1, 0]) == 0.0


@pytest.mark.parametrize("base", BASES)
def test_precision_follows_the_points(base):
    curves = Curves(4, 2, base)
    assert all(part.dtype == torch.float32 for part in curves.basis(_points(5).float()))
    assert curves.roughness(LIKE.float()).dtype == curves.line(1.0, 0.0, LIKE.float()).dtype == torch.float32
