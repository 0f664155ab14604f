"""Waves of many turns: found to the last digit without noise, with their rates where there is noise."""

import numpy as np
import pytest
import sympy

from kansym.structure.fast_waves import fast_waves

T = sympy.Symbol("t", real=True)

LAWS = {
    "wave": 1.3 * sympy.sin(8.1 * T + 0.4) + 0.5,
    "ring-down": 1.3 * sympy.exp(-T / 40) * sympy.cos(5.3 * T) + 0.01 * T,
    "strongly damped": 2 * sympy.exp(-T / 6) * sympy.cos(9 * T + 1),
    "beat": sympy.cos(7 * T) + 0.8 * sympy.cos(7.4 * T),
    "modulated": (1 + 0.5 * sympy.cos(0.6 * T)) * sympy.sin(12 * T),
    "swelling": T * sympy.cos(6 * T),
    "growing": sympy.exp(T / 30) * sympy.cos(6 * T),
}


def table(name, grid, noise, rng):
    t = np.linspace(0, 100, 1500) if grid else rng.uniform(0, 100, 1500)
    y = sympy.lambdify(T, LAWS[name], "numpy")(t)
    return t, y, y + noise * y.std() * rng.normal(size=len(y))


@pytest.mark.parametrize("grid", [True, False])
@pytest.mark.parametrize("name", LAWS)
def test_without_noise_nothing_is_left(name, grid, rng):
    t, y, _ = table(name, grid, 0.0, rng)
    (law,) = fast_waves(t, y, T)
    np.testing.assert_allclose(sympy.lambdify(T, law, "numpy")(t), y, rtol=0, atol=1e-9 * y.std())


@pytest.mark.parametrize("noise", [0.02, 0.3])
@pytest.mark.parametrize("name", LAWS)
def test_noise_of_unknown_size(name, noise, rng):
    t, y, seen = table(name, True, noise, rng)
    (law,) = fast_waves(t, seen, T)
    left = sympy.lambdify(T, law, "numpy")(t) - y
    # Ten constants leave a twelfth of the noise.
    assert np.std(left) < 0.12 * noise * y.std()


def test_rows_with_large_errors_count_little(rng):
    t, y, _ = table("wave", True, 0.0, rng)
    wrong = rng.random(len(y)) < 0.1
    seen = y + np.where(wrong, 5.0, 1e-5) * rng.normal(size=len(y))
    (law,) = fast_waves(t, seen, T, weights=np.where(wrong, 1e-12, 1.0), noise=1e-5)
    assert np.abs(sympy.lambdify(T, law, "numpy")(t) - y).max() < 1e-4


@pytest.mark.parametrize(
    "law", [sympy.exp(-T / 30) * T, sympy.sin(0.5 * T), sympy.Abs(T - 41), 1 / (1 + (T - 30) ** 2)], ids=str
)
@pytest.mark.parametrize("noise", [0.0, 0.1])
def test_what_turns_slowly_or_not_at_all_is_for_others(law, noise, rng):
    t = np.linspace(0, 100, 800)
    y = sympy.lambdify(T, law, "numpy")(t)
    assert list(fast_waves(t, y + noise * y.std() * rng.normal(size=len(y)), T)) == []


def test_noise_has_no_wave():
    for seed in range(10):
        rng = np.random.default_rng(seed)
        assert list(fast_waves(np.linspace(0, 100, 1000), rng.normal(size=1000), T)) == []


def test_few_values_tell_of_no_fast_wave():
    t = np.tile(np.arange(20.0), 10)
    assert list(fast_waves(t, np.sin(8 * t), T)) == []
    assert list(fast_waves(np.ones(50), np.arange(50.0), T)) == []
