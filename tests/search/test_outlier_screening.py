"""Outliers: found, left out of the search, and listed."""

import numpy as np
import pytest

from kansym.data.dataset import make_dataset
from kansym.errors import ArgumentError
from kansym.search.discovery import discover
from kansym.search.options import DiscoveryOptions
from kansym.search.outlier_screening import suspects


def spoiled(n, share, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.uniform([0.5, 1], [4, 3], (n, 2))
    y = X[:, 0] * X[:, 1] ** 2 / (1 + X[:, 0]) + rng.normal(0, 0.01, n)
    bad = np.sort(rng.permutation(n)[: int(share * n)])
    y[bad] += rng.choice([-1, 1], len(bad)) * rng.uniform(1, 10, len(bad))
    return make_dataset(X, y, names=["a", "b"]), bad


def test_suspects_are_the_wrong_rows():
    table, bad = spoiled(300, 0.07)
    found = np.flatnonzero(suspects(table, seed=0))
    assert set(bad) <= set(found) and len(found) <= len(bad) + 6
    clean, _ = spoiled(300, 0.0)
    assert suspects(clean, seed=0).mean() < 0.02


@pytest.mark.long
def test_the_law_is_found_among_wrong_rows_and_they_are_listed():
    table, bad = spoiled(300, 0.07)
    found = discover(table, DiscoveryOptions(max_seconds=3, loss="tukey"))
    place = np.array([[2.0, 2.0], [5.0, 4.0]])
    np.testing.assert_allclose(found.formula.predict(place), [8 / 3, 80 / 6], rtol=5e-3)
    rows = {tuple(found.dataset.X[outlier.row]) for outlier in found.outliers}
    assert rows == {tuple(table.X[row]) for row in bad}
    assert found.dataset.n_rows == 300 and any("left out of the search" in note for note in found.notes)


def test_an_unknown_loss():
    with pytest.raises(ArgumentError, match="loss must be one of"):
        DiscoveryOptions(loss="l7")
