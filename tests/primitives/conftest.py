"""Oracles of the primitives: high-precision values of their sympy expressions, and arguments inside their domains."""

import functools
import math

import mpmath
import pytest
import sympy
import torch

from kansym.primitives import ARGUMENT, EXPONENT, Primitive, default_library, primitive_from_expression

DIGITS = 40
SHAPES = (-2.5, -0.5, 0.7, 3.0)

_z = sympy.Symbol("t")
LANGEVIN = primitive_from_expression("langevin", sympy.coth(_z) - 1 / _z)
STRETCHED = primitive_from_expression("log1p of a square root", sympy.log(1 + sympy.sqrt(_z - 2)))
USER_DEFINED = [LANGEVIN, STRETCHED]
ALL = [*default_library().values(), *USER_DEFINED]


@functools.cache
def _expression(primitive: Primitive, order: int, of_shape: bool) -> sympy.Expr:
    expression = primitive.expression
    if order:
        expression = expression.diff(EXPONENT if of_shape else ARGUMENT, order)
    # The derivatives of |z| and sign(z) away from 0.
    return expression.replace(sympy.DiracDelta, lambda *_: sympy.Integer(0))


@functools.cache
def _exact(primitive: Primitive, z: float, p: float = math.nan, *, order: int = 0, of_shape: bool = False):
    """mpmath value of the expression (or its derivative) at one argument."""
    expression = _expression(primitive, order, of_shape)
    values = {ARGUMENT: sympy.Float(sympy.Rational(z), DIGITS)}
    if primitive.has_shape:
        values[EXPONENT] = sympy.Float(sympy.Rational(p), DIGITS)
    return mpmath.mpmathify(expression.subs(values, simultaneous=True).evalf(DIGITS))


def _arguments(primitive: Primitive) -> list[float]:
    """Arguments spread over the domain, close to its ends, poles and zeros, and far out."""
    magnitudes = [1e-6, 1e-3, 0.11, 0.61, 0.93, 0.999, 1.3, 2.2, 5.9, 13.1, 31.9]
    domain = primitive.domain
    points = [s * m for s in (-1, 1) for m in magnitudes]
    for end, way in ((domain.lower, 1), (domain.upper, -1)):
        if math.isfinite(end):
            points += [end + way * m for m in magnitudes]
    tensor = torch.tensor(sorted(set(points)), dtype=torch.float64)
    return tensor[domain.contains(tensor)].tolist()


@pytest.fixture(scope="session")
def exact():
    return _exact


@pytest.fixture(scope="session")
def arguments():
    return _arguments


def pytest_generate_tests(metafunc):
    if "primitive" in metafunc.fixturenames:
        metafunc.parametrize("primitive", ALL, ids=[primitive.name for primitive in ALL])
