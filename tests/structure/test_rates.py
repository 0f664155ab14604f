"""Exponentials and waves whose rates are fitted."""

import numpy as np
import pytest
import sympy

from kansym.structure.rates import Block, Rows, fitted

X = sympy.Symbol("x", real=True)


@pytest.mark.parametrize("block", [Block(-1.3, 0.0, 2), Block(0.7, 5.0, 3), Block(0.0, 2.0, 1)])
def test_slopes_are_finite_differences(block):
    s = np.linspace(-1, 1, 50)
    coefficients = np.random.default_rng(0).normal(size=block.width)
    slopes = block.slopes(s, block.columns(s), coefficients)
    assert len(slopes) == block.rates
    for place, slope in enumerate(slopes):
        steps = [1e-6 * (k == place) for k in range(block.rates)]
        sides = [block.moved([sign * one for one in steps]).columns(s) @ coefficients for sign in (1, -1)]
        np.testing.assert_allclose(slope, (sides[0] - sides[1]) / 2e-6, rtol=1e-6, atol=1e-7)


def test_rates_are_fitted_from_near_starts(rng):
    x = np.sort(rng.uniform(3.0, 9.0, 400))
    y = 2.5 * np.exp(-0.4 * x) * np.cos(5 * x) + 1.5
    rows = Rows.of(x, y)
    assert rows is not None
    fit = fitted((Block(-1.0, 15.3, 1), Block(0.0, 0.0, 1)), rows)
    assert fit is not None and fit.square < 1e-20 * rows.number
    (wave, _) = fit.blocks
    assert (wave.decay / rows.half, wave.frequency / rows.half) == pytest.approx((-0.4, 5.0))
    law = rows.written(fit, 1e-12, X)
    np.testing.assert_allclose(sympy.lambdify(X, law, "numpy")(x), y, rtol=0, atol=1e-9)


def test_no_rows_without_a_range_or_values():
    assert Rows.of(np.ones(50), np.arange(50.0)) is None
    assert Rows.of(np.linspace(0, 1, 50), np.zeros(50)) is None
    assert Rows.of(np.tile([0.0, 1.0, 2.0], 20), np.ones(60)) is None
