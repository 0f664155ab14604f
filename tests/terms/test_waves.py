"""Sums of waves: fits reach the law, derivatives are those of the values, and fixed columns are left out."""

import numpy as np
import pytest

from kansym.terms.waves import COSINE, SINE, Wave, WaveRows, WaveSum, fitted


def rows_of(law, count=200, columns=1, *, scaled=False):
    X = np.random.default_rng(0).uniform(-1, 1, (count, columns))
    return WaveRows.of(X, law(*X.T), np.ones(count), scaled=scaled)


def wave(monomials, rates, amplitudes=((0,),)):
    return Wave(tuple(monomials), np.array(rates), ()).times(amplitudes)


def test_rates_nearby_become_those_of_the_law():
    rows = rows_of(lambda x: 0.4 * x + 2 * np.sin(7 * x**2 - 3 * x + 0.5))
    fit = fitted(WaveSum(((1,),), (wave([(1,), (2,)], [-2.5, 6.6]),)), rows, 50)
    assert fit.error < 1e-12
    np.testing.assert_allclose(fit.total.waves[0].rates, [-3, 7], rtol=1e-10)
    np.testing.assert_allclose(fit.coefficients, [0.4, 2 * np.cos(0.5), 2 * np.sin(0.5)], rtol=1e-10)


def test_scaled_columns_are_products_of_chebyshev_polynomials():
    rows = rows_of(lambda x, y: x, columns=2, scaled=True)
    expected = np.cos(3 * np.arccos(rows.X[:, 0])) * rows.X[:, 1]
    np.testing.assert_allclose(rows.column((3, 1)), expected, atol=1e-14)


def test_slopes_are_differences_of_values():
    rows = rows_of(lambda x: np.exp(x))
    total = WaveSum((), (wave([(1,), (3,)], [2.0, 1.5], [(0,), (1,)]),))
    fit = fitted(total, rows, 0)
    model = lambda one: one.columns @ fit.coefficients  # noqa: E731
    step = 1e-6
    for which in range(2):
        moved = np.zeros(2)
        moved[which] = step
        ends = [model(fitted(total.moved(sign * moved), rows, 0)) for sign in (1, -1)]
        np.testing.assert_allclose(fit.slopes[:, which], (ends[0] - ends[1]) / (2 * step), atol=1e-6)


def test_fixed_columns_take_out_what_they_span():
    rows = rows_of(lambda x: 3 - 5 * x**2 + np.cos(9 * x))
    beside = rows.beside(rows.columns([(0,), (2,)]))
    fit = fitted(WaveSum((), (wave([(1,)], [8.8]),)), beside, 50)
    assert fit.error < 1e-12
    np.testing.assert_allclose(fit.total.waves[0].rates, [9], rtol=1e-10)


def test_columns_that_cancel_have_no_fit():
    rows = rows_of(lambda x: np.sin(5 * x))
    twice = wave([(1,)], [5.0])
    assert fitted(WaveSum((), (twice, twice)), rows, 3).square == np.inf


def test_parameters_are_left_out_by_their_numbers():
    total = WaveSum(((0,), (1,)), (wave([(1,), (2,)], [2.0, 3.0]), wave([(1,)], [5.0])))
    less = total.without({0, 3, 6, 8})
    assert less.background == ((1,),)
    assert len(less.waves) == 1
    assert less.waves[0].monomials == ((2,),)
    assert less.waves[0].sides == (((0,), SINE),)
    assert total.waves[0].sides[1] == ((0,), COSINE)


def test_importance_is_what_leaving_out_adds():
    noise = np.random.default_rng(1).normal(size=200)
    rows = rows_of(lambda x: np.sin(6 * x) + 0.05 * x**2 + 0.01 * noise)
    fit = fitted(WaveSum(((0,), (2,)), (wave([(1,)], [6.1]),)), rows, 50)
    for which in (0, 1):
        less = fitted(fit.total.without({which}), rows, 50)
        assert less.square - fit.square == pytest.approx(fit.importance()[which], rel=0.05)
