"""Bessel and Airy functions against scipy, across the switch between their expansions."""

import mpmath
import numpy as np
import pytest
import scipy.special
import torch

from kansym.primitives.special import airy_ai, airy_ai_prime, bessel_j0, bessel_j1


@pytest.mark.parametrize(
    ("function", "oracle"), [(bessel_j0, scipy.special.j0), (bessel_j1, scipy.special.j1)], ids=["J0", "J1"]
)
def test_bessel(function, oracle):
    z = np.concatenate([np.linspace(-80, 80, 4001), np.linspace(24.9, 25.1, 101), [1e3]])
    np.testing.assert_allclose(function(torch.from_numpy(z)).numpy(), oracle(z), rtol=0, atol=4e-15)


@pytest.mark.parametrize(("function", "order"), [(bessel_j0, 0), (bessel_j1, 1)], ids=["J0", "J1"])
def test_bessel_far_out(function, order):
    z = [1e5, -1e5, 123456.789, 1e8]  # scipy itself loses digits here
    truth = [float(mpmath.besselj(order, argument)) for argument in z]
    np.testing.assert_allclose(function(torch.tensor(z, dtype=torch.float64)).numpy(), truth, rtol=1e-13, atol=0)


@pytest.mark.parametrize(("function", "index"), [(airy_ai, 0), (airy_ai_prime, 1)], ids=["Ai", "Ai'"])
def test_airy(function, index):
    z = np.concatenate([np.linspace(-25, 25, 4001), np.linspace(9.4, 9.6, 51), np.linspace(-9.6, -9.4, 51)])
    values, truth = function(torch.from_numpy(z)).numpy(), scipy.special.airy(z)[index]
    envelope = np.where(z > 0, np.abs(truth), (1 + np.abs(z)) ** (0.25 if index else -0.25))
    assert np.max(np.abs(values - truth) / envelope) < 3e-14
