"""Formulas of waves have the values of their fits, and are products where two waves are one."""

import numpy as np
import pytest
import sympy

from kansym.terms.wave_forms import phase, wave_formulas
from kansym.terms.waves import COSINE, SINE, Wave, WaveRows, WaveSum, fitted

x, y = sympy.symbols("x y", real=True)


def fit_of(total, law):
    X = np.random.default_rng(0).uniform(-2, 2, (200, 2))
    rows = WaveRows.of(X, law(*X.T), np.ones(200), scaled=False)
    return fitted(total, rows, 0), rows


def wave(rates, sides):
    return Wave(tuple(rates), np.array(list(rates.values())), sides)


ONE = (0, 0)
TOTAL = WaveSum(
    ((0, 0), (1, 1)),
    (
        wave({(1, 0): -2.0, (0, 2): -1.5}, ((ONE, SINE), (ONE, COSINE), ((1, 0), COSINE))),
        wave({(0, 1): 4.0}, ((ONE, SINE),)),
    ),
)


def law(x, y):
    p = -2 * x - 1.5 * y**2
    return 3 + x * y + np.sin(p) - 0.5 * np.cos(p) + 2 * x * np.cos(p) - np.sin(4 * y)


def test_a_formula_has_the_values_of_its_fit():
    fit, rows = fit_of(TOTAL, lambda *v: law(*v) / 7)
    for one in wave_formulas(fit, 7.0, (x, y)):
        values = sympy.lambdify((x, y), one)(*rows.X.T)
        np.testing.assert_allclose(values, law(*rows.X.T), atol=1e-10)


@pytest.mark.parametrize("sign", [1, -1])
def test_two_waves_of_one_amplitude_are_a_product(sign):
    waves = tuple(wave({(2, 0): 1.0, (0, 1): s}, ((ONE, SINE), (ONE, COSINE))) for s in (3.0, -3.0))
    both = lambda u, v: np.sin(u**2 + 3 * v + 0.3) + sign * np.sin(u**2 - 3 * v + 0.7)  # noqa: E731
    fit, rows = fit_of(WaveSum((), waves), both)
    product, plain = wave_formulas(fit, 1.0, (x, y))
    for one in (product, plain):
        np.testing.assert_allclose(sympy.lambdify((x, y), one)(*rows.X.T), both(*rows.X.T), atol=1e-10)
    assert product.is_Mul
    assert plain.is_Add


def test_a_phase_is_its_polynomial():
    found = phase(wave({(1, 1): 2.0, (2, 0): -1.0}, ((ONE, SINE),)), (x, y))
    assert found.subs({x: 3, y: 5}) == pytest.approx(21)
