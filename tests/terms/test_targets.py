"""What sums are looked for, and in which order."""

import numpy as np
import pytest
import sympy

from kansym.structure.links import usable_links
from kansym.structure.problem import TARGET
from kansym.terms.targets import Way, noisy_targets, targets


@pytest.fixture
def y(rng):
    return rng.uniform(1.0, 3.0, 200)


def test_without_noise_short_sums_come_before_long_ones(y):
    (first, second, *_) = targets(y, None, 5)
    assert (first.name, first.terms, second.name, second.terms) == ("identity", 2, "identity", 5)


def test_with_noise_no_turn_for_short_sums_parts_a_round(y):
    for dimension in (1, 2, 4):
        plain = [one for one in targets(y, None, 5, noisy=True, dimension=dimension) if not one.linked]
        assert {one.terms for one in plain} == {5}


def test_functions_of_y_keep_away_from_zero(rng):
    assert not any(one.linked for one in targets(rng.normal(size=200), None, 5))


def test_the_way_back_is_the_inverse_with_its_slope(y):
    links = {link.name: link for link in usable_links(y)}
    for target in targets(y, None, 5, dimension=2):
        step, forward = 1e-6, links[target.name].forward
        z = forward(y)
        np.testing.assert_allclose(z, target.z)
        np.testing.assert_allclose(sympy.lambdify(TARGET, target.back)(z), y)
        np.testing.assert_allclose(target.slope * np.abs(forward(y + step) - z) / step, 1.0, rtol=1e-4)


def decaying(rng, sign=1.0, noise=0.02):
    z = rng.uniform(-8.0, 0.0, 4000)
    return z, sign * np.exp(z) + rng.normal(0, noise, len(z))


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_law_of_one_sign_has_functions_though_noise_takes_it_across_zero(rng, sign):
    z, y = decaying(rng, sign)
    assert (y > 0).any() and (y < 0).any()
    found = {one.name: one for one in noisy_targets(y, None, 0.02)}
    log = found["log"]
    assert float(log.back.subs(TARGET, -0.5)) == pytest.approx(sign * np.exp(-0.5))
    # Near the law itself what is left is the noise of y, as it is in y.
    near = log.near(z)
    left = near.slope * (near.z - np.maximum(z, np.log(0.002)))
    expected = y - sign * np.maximum(np.exp(z), 0.002)
    np.testing.assert_allclose(left, sign * expected, atol=1e-12)
    # As a line near y it is off where the noise is large, and near a model that is off by a tenth no more than a
    # hundredth.
    off = log.near(z + 0.1)
    large = z > -1
    assert abs(np.average((off.z - z)[large], weights=off.slope[large] ** 2)) < 0.01


def test_beyond_noise_there_are_two_signs_or_functions_as_without_it(rng):
    assert not noisy_targets(rng.normal(size=200), None, 0.1)
    y = rng.uniform(1.0, 3.0, 200)
    plain = {one.name: one for one in targets(y, None, 5, dimension=2) if one.linked and one.way is Way.SHORT}
    noisy = {one.name: one for one in noisy_targets(y, None, 0.02)}
    assert set(noisy) == set(plain) and all(one.near is None for one in noisy.values())
    for name, one in noisy.items():
        np.testing.assert_array_equal(one.z, plain[name].z)


def test_no_model_is_taken_that_is_beyond_the_table(rng):
    _, y = decaying(rng)
    for target in noisy_targets(y, None, 0.02):
        for model in (np.full(len(y), np.nan), np.zeros(len(y)), np.full(len(y), 800.0), np.full(len(y), -800.0)):
            near = target.near(model)
            assert np.isfinite(near.z).all() and np.isfinite(near.slope).all() and (near.slope > 0).all()
