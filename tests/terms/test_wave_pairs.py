"""Pairs of waves: what a pair explains is what least squares says, and a product's waves are the first."""

import numpy as np

from kansym.terms.chirp_scan import cells
from kansym.terms.wave_pairs import PairGains, best_pairs
from kansym.terms.waves import WaveRows, WaveSum, fitted


def rows_of(law):
    X = np.random.default_rng(0).uniform(-1, 1, (300, 1))
    rows = WaveRows.of(X, law(X[:, 0]), np.ones(300), scaled=True)
    return rows.beside(rows.columns([(0,), (1,)]))


def test_gains_are_those_of_least_squares():
    rows = rows_of(lambda x: np.sin(8 * x**2) * np.cos(5 * x) + x)
    some = cells(rows.y, rows, 30)[::6]
    gains = PairGains(some, rows)(rows.y)
    total = float(rows.y @ rows.y)
    for i, one in enumerate(some):
        for j, other in enumerate(some[:i]):
            fit = fitted(WaveSum((), (one.wave(), other.wave())), rows, 0)
            np.testing.assert_allclose(gains[j, i], total - fit.square, rtol=1e-6)


def test_waves_of_a_product_are_found_together():
    rows = rows_of(lambda x: np.sin(9 * x**2) * np.cos(7 * x))
    pairs = best_pairs(rows.y, rows, rows, 10)
    assert min(fitted(WaveSum((), pair), rows, 60).error for pair in pairs) < 1e-12
