"""What every primitive promises, built-in or user-defined (see `conftest.pytest_generate_tests`)."""

import math

import mpmath
import pytest
import sympy
import torch

from kansym.primitives import ARGUMENT, Primitive

NO_SHAPE = torch.tensor(math.nan, dtype=torch.float64)
EPS = 2.3e-16
TINY = 1e-300  # values below underflow


def shapes(primitive: Primitive) -> list[float]:
    return [-2.5, -0.5, 0.7, 3.0] if primitive.has_shape else [math.nan]


def tensor(values) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64)


def test_values_are_those_of_the_expression(primitive, exact, arguments):
    points = arguments(primitive)
    assert len(points) >= 10
    for p in shapes(primitive):
        values = primitive.function(tensor(points), tensor(p)).tolist()
        for z, value in zip(points, values, strict=True):
            truth = exact(primitive, z, p)
            # Relative to the value, plus what half an ulp of the argument does to it.
            conditioning = abs(z * exact(primitive, z, p, order=1)) * 4 * EPS
            assert abs(value - truth) <= 1e-12 * abs(truth) + conditioning + 2e-15 * _scale(primitive) + TINY, (
                z,
                p,
                value,
            )


def test_derivative_is_that_of_the_expression(primitive, exact, arguments):
    points = arguments(primitive)
    for p in shapes(primitive):
        values = primitive.derivative(tensor(points), tensor(p)).tolist()
        for z, value in zip(points, values, strict=True):
            truth = exact(primitive, z, p, order=1)
            assert abs(value - truth) <= 1e-8 * abs(truth) + 1e-14 * _scale(primitive) + TINY, (z, p, value, truth)


def test_derivative_is_the_slope_of_the_function(primitive, arguments):
    """Independent of sympy: a central difference of the torch function itself."""
    z = tensor([point for point in arguments(primitive) if 0.05 < abs(point) < 6])
    p = tensor(shapes(primitive)[0])
    h = 1e-5
    inside = primitive.domain.covers(z - 2 * h, z + 2 * h)
    z = z[inside]
    assert len(z) >= 4
    slope = (primitive.function(z + h, p) - primitive.function(z - h, p)) / (2 * h)
    expected = primitive.derivative(z, p)
    size = primitive.function(z, p).abs() + expected.abs()
    # Within 0.02 of an end the third derivative dominates the difference.
    away = torch.ones_like(z, dtype=torch.bool)
    for end in (primitive.domain.lower, primitive.domain.upper):
        away &= (z - end).abs() > 0.02
    assert bool(((slope - expected).abs() <= 1e-5 * size)[away].all())


def test_shape_derivative_is_that_of_the_expression(primitive, exact, arguments):
    if not primitive.has_shape:
        assert primitive.shape_derivative is None and primitive.shape_starts == ()
        return
    assert primitive.shape_starts
    for p in shapes(primitive):
        points = arguments(primitive)
        for z, value in zip(points, primitive.shape_derivative(tensor(points), tensor(p)).tolist(), strict=True):
            truth = exact(primitive, z, p, order=1, of_shape=True)
            assert abs(value - truth) <= 1e-8 * abs(truth)


def test_outside_the_domain_nothing_is_finite(primitive):
    domain = primitive.domain
    outside = [math.nan]
    if math.isfinite(domain.lower):
        outside += [domain.lower - d for d in (1e-9, 0.3, 5.0)] + ([] if domain.lower_closed else [domain.lower])
    if math.isfinite(domain.upper):
        outside += [domain.upper + d for d in (1e-9, 0.3, 5.0)] + ([] if domain.upper_closed else [domain.upper])
    if domain.pole_period is None:  # the poles of tan are not floating-point numbers
        outside += domain.poles
    z = tensor(outside)
    assert not bool(domain.contains(z).any())
    for p in shapes(primitive):
        assert not bool(torch.isfinite(primitive.function(z, tensor(p))).any())


def test_closed_ends_have_finite_values(primitive):
    domain = primitive.domain
    ends = [e for e, c in ((domain.lower, domain.lower_closed), (domain.upper, domain.upper_closed)) if c]
    z = tensor([end for end in ends if math.isfinite(end)])
    assert bool(torch.isfinite(primitive.function(z, NO_SHAPE)).all())


def test_huge_arguments_are_quiet(primitive):
    z = tensor([s * m for s in (-1, 1) for m in (0.0, 1e-300, 1e3, 1e8, 1e30, 1e200, math.inf)])
    for p in shapes(primitive):
        for function in (primitive.function, primitive.derivative):
            assert function(z, tensor(p)).shape == z.shape


def test_parity(primitive, arguments):
    # Arguments exact in binary: both signs are then the same real numbers up to sign.
    z = tensor([0.0625, 0.25, 0.5, 0.75, 0.875, 1.25, 2.5, 5.5])
    z = z[primitive.domain.contains(z) & primitive.domain.contains(-z)]
    if primitive.parity == "none":
        if len(z) >= 3:
            forward, backward = (primitive.function(s * z, NO_SHAPE) for s in (1, -1))
            assert not torch.allclose(forward, backward) and not torch.allclose(forward, -backward)
        return
    sign = {"even": 1, "odd": -1}[primitive.parity]
    assert len(z) >= 3
    torch.testing.assert_close(
        primitive.function(-z, NO_SHAPE), sign * primitive.function(z, NO_SHAPE), rtol=1e-13, atol=0
    )


def test_period(primitive):
    if primitive.period is None:
        return
    z = torch.linspace(-1.4, 1.4, 41, dtype=torch.float64)
    f = primitive.function(z, NO_SHAPE)
    torch.testing.assert_close(primitive.function(z + primitive.period, NO_SHAPE), f, rtol=1e-12, atol=1e-12)
    assert not torch.allclose(primitive.function(z + primitive.period / 3, NO_SHAPE), f)


@pytest.mark.parametrize("constant", ["a", "b"])
def test_redundant_constants_are_absorbed_and_others_are_not(primitive, constant):
    low, high = max(primitive.domain.lower, -2.0), min(primitive.domain.upper, 2.0)
    if low >= high:
        low, high = primitive.domain.lower, primitive.domain.lower + 4
    if primitive.domain.poles == (0.0,):
        low = 0.5
    z = torch.linspace(low + 0.3, high - 0.35, 50, dtype=torch.float64)
    p = tensor(shapes(primitive)[-2] if primitive.has_shape else math.nan)
    changed = {"a": z * 1.2, "b": z + 0.15}[constant]
    f, g = primitive.function(z, p), primitive.function(changed, p)
    assert bool(torch.isfinite(f).all()) and bool(torch.isfinite(g).all())
    basis = torch.stack([f, torch.ones_like(f)], -1)
    residual = g - (basis @ torch.linalg.lstsq(basis, g[:, None]).solution)[:, 0]
    relative = float(residual.abs().max() / (g.amax() - g.amin()))
    assert relative < 1e-12 if constant in primitive.redundant else relative > 1e-7


def test_symbolic_form_evaluates_to_the_function(primitive, exact):
    x = sympy.Symbol("x", real=True)
    p = 0.7 if primitive.has_shape else None
    form = primitive.sympy(2 * x + sympy.Float(0.25), p)
    assert form.free_symbols == {x}
    low = max(primitive.domain.lower, -1.0)
    z = low + 0.3
    value = mpmath.mpmathify(form.subs(x, (sympy.Float(z, 30) - sympy.Float(0.25)) / 2).evalf(30))
    expected = float(primitive.function(tensor([z]), tensor(p or math.nan))[0])
    assert float(value) == pytest.approx(expected, rel=1e-12)
    assert ARGUMENT in primitive.expression.free_symbols


def test_shape_parameter_broadcasts(primitive):
    z = torch.linspace(0.1, 0.9, 5, dtype=torch.float64).expand(3, 5) + (
        0 if primitive.domain.lower < 0.1 else primitive.domain.lower
    )
    p = tensor([0.5, 2.0, -1.0])[:, None]
    functions = [primitive.function, primitive.derivative, primitive.shape_derivative]
    for function in functions[: 3 if primitive.has_shape else 2]:
        together = function(z, p)
        assert together.shape == (3, 5) and together.dtype == torch.float64
        for row in range(3):
            torch.testing.assert_close(together[row], function(z[row], p[row, 0]), rtol=1e-14, atol=0)


@pytest.mark.cuda
def test_cuda_agrees_with_cpu(primitive, arguments):
    if not torch.cuda.is_available():
        pytest.skip("no CUDA device")
    z = tensor(arguments(primitive))
    for p in shapes(primitive):
        for function in (primitive.function, primitive.derivative):
            there = function(z.cuda(), tensor(p).cuda())
            assert there.is_cuda
            torch.testing.assert_close(there.cpu(), function(z, tensor(p)), rtol=1e-11, atol=1e-13)


def _scale(primitive: Primitive) -> float:
    """Size of the function where relative accuracy cannot be asked for: next to the zeros of oscillating ones."""
    return 1.0 if primitive.name in {"sin", "cos", "sin^2", "sinc", "J0", "J1", "Ai", "tan", "langevin"} else 0.0
