"""pykan's first notebook in the steps of a KAN: the law is right for every seed, with defaults."""

import numpy as np
import pytest

from kansym import KAN

SPARSE = 1e-2


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.pages) for seed in (1, 2, 3, 4))])
def test_the_first_notebook_ends_in_its_law(seed):
    X = np.random.default_rng(seed).uniform(-1, 1, (1000, 2))
    y = np.exp(np.sin(np.pi * X[:, 0]) + X[:, 1] ** 2)
    net = KAN([2, 5, 1], grid=5, seed=seed, names=["x", "y"], targets=["f"])
    net.fit(X, y, lamb=SPARSE)
    assert net.prune() == 12 and net.shape == (2, 1, 1)
    net.fit(X, y)
    assert str(net.symbolify()) == "f = exp(y**2 + sin(pi*x))"


@pytest.mark.long
@pytest.mark.parametrize("lamb", [1e-3, 3e-2])
def test_the_weight_of_sparsity_need_not_be_tuned(lamb):
    X = np.random.default_rng(0).uniform(-1, 1, (300, 2))
    y = np.exp(np.sin(np.pi * X[:, 0]) + X[:, 1] ** 2)
    net = KAN([2, 5, 1], grid=5, seed=0).fit(X, y, lamb=lamb)
    assert net.prune() == 12 and net.shape == (2, 1, 1)
