"""Squares of waves: signs of a root, and amplitudes behind slits."""

import numpy as np
import pytest
import sympy

from kansym import clock
from kansym.clock import Clock
from kansym.symbolic.parametric import parametrize
from kansym.terms.squares import signed_root, squared_waves

X = sympy.Symbol("x", real=True)


def slits(x):
    return 3.1 * np.sin(0.57 * x) * np.cos(1.6 * x) / x


def changes(x, z):
    """How often the sign of z changes along x."""
    return np.count_nonzero(np.diff(np.sign(z[np.argsort(x)])))


def best_misfit(x, y, clean, **options):
    """Of the formulas found, the smallest distance from a law in units of its spread."""
    with clock.running(Clock()):
        found = list(squared_waves(x, y, X, **options))
    fits = [parametrize(one, (X,)).evaluate(x[:, None]) for one in found]
    return min((float(np.sqrt(np.mean((fit - clean) ** 2))) / clean.std() for fit in fits), default=np.inf)


@pytest.mark.parametrize("law", [slits, lambda x: np.cos(2.3 * x + 0.4), lambda x: np.sin(1.9 * x) / x])
def test_signs_of_a_root(rng, law):
    x = rng.uniform(0.3, 8.0, 200)
    seen = signed_root(x, law(x) ** 2)
    assert changes(x, seen.z) == changes(x, law(x))
    kept = seen.slope > 0
    assert np.count_nonzero(kept) > 0.8 * len(x)
    np.testing.assert_allclose(np.abs(seen.z), np.abs(law(x)), rtol=1e-12)
    np.testing.assert_allclose(seen.slope[kept], 2 * np.abs(law(x[kept])), rtol=1e-12)
    # The sign of the whole is nobody's.
    same = np.sign(seen.z * law(x))[kept]
    assert (same == same[0]).all()


def test_what_comes_near_to_zero_without_touching_it_has_no_signs(rng):
    x = rng.uniform(0.3, 8.0, 200)
    assert changes(x, signed_root(x, 1.1 + np.sin(3 * x)).z) == 0


@pytest.mark.parametrize(
    "law", [slits, lambda x: 0.7 * np.cos(2.3 * x + 0.4), lambda x: 2 * np.sin(1.9 * x) / x, lambda x: np.sin(x) / x**2]
)
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_squares_of_waves_are_found(rng, law, sign):
    x = rng.uniform(0.3, 10.0, 150)
    clean = sign * law(x) ** 2
    errors = 0.01 * np.abs(clean) + 1e-6
    y = clean + errors * rng.normal(size=150)
    weights = errors**-2.0
    noise = float(np.mean(weights) ** -0.5)
    assert best_misfit(x, clean, clean) < 1e-6
    assert best_misfit(x, y, clean, weights=weights, noise=noise) < 0.01


def test_a_lobe_below_the_noise_has_two_zeros_of_which_one_is_seen(rng):
    x = np.linspace(0.2, 18.7, 150)
    clean = (10 * np.sin(0.232 * x) * np.cos(0.746 * x) / x) ** 2
    noise = 0.005
    assert clean[(x > 13.55) & (x < 14.73)].max() < noise
    assert best_misfit(x, clean + noise * rng.normal(size=150), clean, noise=noise) < 0.01


@pytest.mark.parametrize(
    "y",
    [lambda x: np.sin(3 * x), lambda x: np.exp(-x) * (1.2 + np.sin(5 * x)), lambda x: (np.exp(-x) - 0.1) ** 2],
    ids=["of both signs", "positive", "one zero"],
)
def test_other_curves_have_none(rng, y):
    x = rng.uniform(0.3, 8.0, 200)
    with clock.running(Clock()):
        assert list(squared_waves(x, y(x), X)) == []
