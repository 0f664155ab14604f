import numpy as np
import pytest
import scipy.stats

from kansym.data.sample_points import around, box_of, extended, halton, inside


@pytest.mark.parametrize("dimension", [1, 2, 7])
def test_the_halton_sequence(dimension):
    expected = scipy.stats.qmc.Halton(dimension, scramble=False).random(200)
    np.testing.assert_allclose(halton(200, dimension), expected, rtol=0, atol=1e-15)


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
