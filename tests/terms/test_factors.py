"""Factors: values are those of their formulas, and slopes those of their values."""

import pytest
import sympy
import torch

from kansym.primitives.allowed import allowed_functions
from kansym.primitives.library import default_library
from kansym.terms.factors import FACTORS, NUMBER

CONSTANTS = {
    "power": (-2.0, 0.0),
    "real power": (1.3, 0.0),
    "log1p": (2.1, 0.0),
    "shifted": (0.7, -0.5),
    "square plus": (0.4, -1.0),
    "square less": (9.3, 0.5),
    "gaussian": (1.4, 0.6),
    "lorentzian": (0.3, 0.8),
    "hill": (2.4, 0.5),
    "circular": (-1.0, 2.0),
    "abs": (-1.1, 0.0),
    "sign": (-1.1, 0.0),
}


def case(factor):
    u = torch.tensor([[0.3, 0.9, 1.7, 2.6]], dtype=torch.float64)
    a, b = (torch.tensor([[value]], dtype=torch.float64) for value in CONSTANTS.get(factor.name, (0.8, 0.35)))
    return u, a, b


@pytest.mark.parametrize("factor", FACTORS, ids=lambda factor: factor.name)
def test_slopes_are_those_of_the_values(factor):
    u, a, b = case(factor)
    slopes = factor.slopes(u, a, b, factor.value(u, a, b))
    assert len(slopes) == factor.constants
    for which, slope in enumerate(slopes):
        step = [1e-6 * (which == k) for k in (0, 1)]
        upper, lower = (factor.value(u, a + sign * step[0], b + sign * step[1]) for sign in (1, -1))
        torch.testing.assert_close(slope, (upper - lower) / 2e-6, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("factor", FACTORS, ids=lambda factor: factor.name)
def test_values_are_those_of_the_formula(factor):
    u, a, b = case(factor)
    z = sympy.Symbol("z", positive=True)
    formula = factor.expression(z, sympy.nsimplify(float(a)), sympy.nsimplify(float(b)))
    expected = [float(formula.subs(z, value)) for value in u[0].tolist()]
    torch.testing.assert_close(factor.value(u, a, b)[0], torch.tensor(expected, dtype=torch.float64))


def test_powers_with_a_zero_have_finite_slopes():
    u = torch.zeros(1, 1, dtype=torch.float64)
    a, b = torch.full_like(u, 1.5), torch.full_like(u, 0.2)
    for name in ("real power", "hill"):
        factor = FACTORS[NUMBER[name]]
        assert all(torch.isfinite(slope).all() for slope in factor.slopes(u, a, b, factor.value(u, a, b)))


def test_a_sine_with_a_phase_of_right_angles_is_written_without_it():
    z, a = sympy.symbols("z a")
    sine = FACTORS[NUMBER["sin"]].expression
    assert sine(z, a, sympy.Float(0)) == sympy.sin(a * z)
    assert sine(z, a, sympy.Float(1.5707963267948966, 17)) == sympy.cos(a * z)
    assert sine(z, a, sympy.Float(3.141592653589793, 17)) == -sympy.sin(a * z)


def test_only_allowed_functions_are_permitted():
    allowed = allowed_functions(default_library().only("x", "exp", "x^2"))
    permitted = {factor.name for factor in FACTORS if factor.permitted(allowed, 2.0, 1.0)}
    assert {"power", "exp", "shifted", "gaussian", "fermi", "lorentzian"} <= permitted
    # x^2 and exp have no logarithm, no root and no real power; hyperbolic functions are made of exp.
    assert not {"sin", "log", "log1p", "abs", "sign", "real power", "hill", "circular", "softplus"} & permitted
    assert "tanh" in permitted
    assert not FACTORS[NUMBER["shifted"]].permitted(allowed, 2.0, -0.5)
