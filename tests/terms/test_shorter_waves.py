"""Shorter sums of waves: what a law has stays, and nothing else."""

import numpy as np

from kansym.structure.rational import powers_up_to
from kansym.terms.shorter_waves import Shortening, unscaled
from kansym.terms.waves import Wave, WaveRows, WaveSum, fitted

MONOMIALS = ((1,), (2,), (3,))


def rows_of(law, noise=0.0):
    rng = np.random.default_rng(0)
    X = rng.uniform(-1, 2, (400, 1))
    y = law(X[:, 0])
    return WaveRows.of(X, y + noise * rng.normal(size=len(y)), np.ones(len(y)), scaled=False)


def full(rates):
    return Wave(MONOMIALS, np.array(rates), ()).times([(0,), (1,)])


def test_only_what_the_law_has_is_left():
    for noise in (0.0, 0.01):
        rows = rows_of(lambda x: 2 + 1.5 * x * np.cos(4 * x**2), noise)
        fit = Shortening(rows, 400).whole((full([0.1, 3.9, 0.05]),))
        (wave,) = fit.total.waves
        assert fit.total.background == ((0,),)
        assert wave.monomials == ((2,),)
        assert wave.sides == (((1,), 1),)


def test_what_is_fixed_is_not_for_waves_to_explain():
    rows = rows_of(lambda x: np.exp(x) + np.sin(12 * x**2))
    smooth = rows.columns(powers_up_to(1, 7))
    fit = fitted(WaveSum((), (full([0.1, 11.9, 0.05]),)), rows.beside(smooth), 60)
    (wave,) = Shortening(rows, 400).waves(fit, smooth).total.waves
    assert wave.monomials == ((2,),)
    np.testing.assert_allclose(wave.rates, [12], rtol=1e-3)


def test_a_scaled_phase_is_the_same_in_powers_of_the_columns():
    rows = rows_of(np.sin)
    scaled = WaveRows.of((rows.X - 0.5) / 1.5, rows.y, rows.root, scaled=True)
    wave = Wave(MONOMIALS, np.array([2.0, -1.0, 0.5]), ()).times([(0,)])
    off = unscaled(wave, scaled, rows).phase(rows) - wave.phase(scaled)
    np.testing.assert_allclose(off, off[0], atol=1e-12)


def test_monomials_are_all_up_to_a_degree():
    assert powers_up_to(2, 2) == [(0, 0), (0, 1), (1, 0), (0, 2), (1, 1), (2, 0)]
