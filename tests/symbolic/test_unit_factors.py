"""Factors that can carry a unit."""

import pytest
import sympy

from kansym.symbolic.parametric import parametrize
from kansym.symbolic.unit_factors import with_factors

x, t = sympy.symbols("x t", real=True)


@pytest.mark.parametrize(
    ("expression", "constants"),
    [
        (sympy.sin(x), 2),
        (sympy.exp(-x) + t, 3),
        (sympy.log(1 + x) * t, 3),
        (1 / sympy.sqrt(1 + x**2), 3),
        (sympy.Float(2.5) * sympy.cos(x), 2),
        (x * t, 1),
    ],
)
def test_every_term_and_argument_gets_one(expression, constants):
    scaled = with_factors(expression)
    form = parametrize(scaled, (x, t))
    assert len(form.constants) == constants
    place = {x: 0.3, t: 0.7}
    assert float(scaled.subs(place)) == pytest.approx(float(expression.subs(place)), rel=2e-5)
