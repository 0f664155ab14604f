from dataclasses import replace

import numpy as np
import pytest

from kansym.validation.extrapolation import extrapolation


class _Network:
    """Predicts like a straight line: what a network does beyond its grid."""

    validation_loss = train_loss = 1e-3
    has_splines = True

    def predict(self, X):
        return 3 * X[:, 0] + 1


def test_the_difference_is_that_of_the_two_functions(discovered):
    x = np.linspace(0, 1, 101)
    discovery = discovered(x, x**2 + 2.0, "1.5*x**2 + 1.1", network=_Network())
    found = extrapolation(discovery, seed=0)
    inner = np.linspace(0, 1, 10_001)
    outer = np.concatenate([np.linspace(-0.3, 0, 10_001), np.linspace(1, 1.3, 10_001)])
    for points, median in ((inner, found.inside), (outer, found.beyond)):
        difference = np.abs(points**2 + 2 - (3 * points + 1)) / np.std(x**2)
        assert median == pytest.approx(np.median(difference), rel=0.05)
    assert not found.absurd


def test_a_formula_that_explodes_is_absurd(discovered, rng):
    x = np.linspace(1, 2, 60)
    assert extrapolation(discovered(x, 1.1 * np.exp(25 * x), "1.01*exp(25*x)"), seed=0).absurd
    assert not extrapolation(discovered(x, 1.1 / x, "1.01/x"), seed=0).absurd


def test_undefined_places_are_counted(discovered):
    x = np.linspace(-1, 1, 60)
    found = extrapolation(discovered(x, 2 * np.sqrt(1 - x**2), "2.1*sqrt(1 - x**2)"), seed=0)
    assert found.undefined == 1
    assert np.isnan(found.largest)
    assert found.inside is None


def test_rows_that_are_all_zero_have_no_size_to_compare_with(discovered):
    x = np.linspace(0, 1, 60)
    found = discovered(x, (np.arange(60) == 59).astype(float), "0.001*x")
    # A robust search has left the only other row out.
    rest = replace(found, dataset=found.dataset.take(np.arange(59)))
    assert np.isnan(extrapolation(rest, seed=0).largest)
