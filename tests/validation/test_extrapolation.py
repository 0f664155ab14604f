import numpy as np
import pytest

from kansym.validation.extrapolation import extrapolation
from kansym.validation.places import around, box_of, extended, inside


class _Network:
    """Predicts like a straight line: what a network does beyond its grid."""

    validation_loss = train_loss = 1e-3

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


def test_points_around_lie_outside_of_the_box_and_within_the_larger_one(rng):
    box = np.array([[0.0, 1], [-2, 5], [10, 11]])
    points = around(box, 400, seed=1)
    outside = (points < box[:, 0]) | (points > box[:, 1])
    larger = extended(box)
    assert outside.any(axis=1).all()
    assert not outside.all(axis=1).all()
    assert ((points >= larger[:, 0]) & (points <= larger[:, 1])).all()
    near = inside(box, 400, seed=1)
    assert ((near >= box[:, 0]) & (near <= box[:, 1])).all()


def test_positive_columns_stay_positive():
    box = box_of(np.array([[0.4, -30.0, 5.0], [30.0, -0.4, 6.0]]))
    low, high = extended(box).T
    assert 0 < low[0] < 0.4
    assert -0.4 < high[1] < 0
    assert low[2] == pytest.approx(4.7)
    assert high[0] == pytest.approx(30 + 0.3 * 29.6)
