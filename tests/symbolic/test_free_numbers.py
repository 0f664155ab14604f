"""Numbers that nobody measured."""

import numpy as np
import pytest
import sympy

from kansym.symbolic.free_numbers import free_numbers
from kansym.symbolic.parametric import parametrize

X, Z = sympy.symbols("x z", positive=True)
F = sympy.Float


@pytest.mark.parametrize(
    ("expression", "constants"),
    [
        (F(3.1) * sympy.exp(-X / 2), 2),
        (F(3.1) * sympy.exp(-F(0.4) * X), 2),
        (F(2.0) * sympy.sqrt(1 + X**2), 2),
        (X * Z * (X + 1), 1),
        (sympy.tanh(X) ** 2, 1),
        (sympy.sin(X + F(0.3)), 2),
        (F(2.0) * sympy.log(X), 1),
        # Of several columns, numbers may belong to the structure.
        (F(2.0) * sympy.sqrt(1 - X**2 / Z**2), 1),
        (sympy.exp(-X / Z), 0),
        ((X - Z) ** 2, 0),
        (1 / (1 + F(2.0) * X), 1),
        # A term of the whole has an amplitude where another has one.
        (F(2.8) * X + sympy.log(X) / 2 + F(1.1), 3),
        (F(2.8) * X + X * Z, 2),
        (F(2.8) * X - Z * sympy.sin(F(0.3) * X), 3),
        (X * Z + Z**2 - F(1.1), 1),
        (sympy.exp(F(0.1) * X - Z / X), 1),
    ],
    ids=str,
)
def test_where_a_column_has_a_scale_or_an_origin(expression, constants):
    free = free_numbers(expression, [X, Z])
    form = parametrize(free, (X, Z))
    assert len(form.constants) == constants
    rows = np.random.default_rng(0).uniform([0.5, 1.5], [0.9, 1.9], (20, 2))
    np.testing.assert_allclose(form.evaluate(rows), parametrize(expression, (X, Z)).evaluate(rows), rtol=1e-6)
