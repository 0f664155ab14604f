"""Scaling: range, moments, round trip, extreme magnitudes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from kansym.data import Scaling

MAGNITUDES = st.floats(-300.0, 300.0)


@settings(max_examples=80)
@given(
    X=hnp.arrays(np.float64, st.tuples(st.integers(2, 20), st.integers(1, 3)), elements=st.floats(-1.0, 1.0)),
    exponent=MAGNITUDES,
    y_exponent=MAGNITUDES,
    offset=st.floats(-1.0, 1.0),
    center_target=st.booleans(),
)
def test_round_trip_and_range(X, exponent, y_exponent, offset, center_target):
    X = (np.round(X, 6) + offset) * 10.0**exponent
    y = (np.linspace(-1.0, 2.0, len(X)) + offset) * 10.0**y_exponent
    scaling = Scaling.fit(X, y, center_target=center_target)
    Z, t = scaling.scale_inputs(X), scaling.scale_target(y)
    assert np.isfinite(Z).all() and np.isfinite(t).all()
    assert np.abs(Z).max() <= 1.0 + 1e-9
    tolerance = 1e-14
    np.testing.assert_allclose(scaling.unscale_inputs(Z), X, rtol=0, atol=tolerance * max(np.abs(X).max(), 1e-300))
    np.testing.assert_allclose(scaling.unscale_target(t), y, rtol=0, atol=tolerance * np.abs(y).max())


@pytest.mark.parametrize("scale", [1e-300, 1e-30, 1.0, 1e30, 1e300])
def test_ends_and_moments(scale):
    generator = np.random.default_rng(0)
    X, y = generator.uniform(2.0, 5.0, size=(200, 2)) * scale, generator.normal(3.0, 0.5, size=200) * scale
    scaling = Scaling.fit(X, y)
    Z, t = scaling.scale_inputs(X), scaling.scale_target(y)
    np.testing.assert_allclose(Z.min(axis=0), -1.0, rtol=1e-12)
    np.testing.assert_allclose(Z.max(axis=0), 1.0, rtol=1e-12)
    assert abs(t.mean()) < 1e-13 and abs(t.std() - 1.0) < 1e-13
    np.testing.assert_allclose(scaling.scale_error(np.array([scaling.y_scale])), 1.0)


def test_uncentred_target_is_divided_by_its_root_mean_square():
    y = np.array([3.0, 4.0, 5.0])
    scaling = Scaling.fit(np.arange(3.0)[:, None], y, center_target=False)
    assert scaling.y_center == 0.0
    assert scaling.y_scale == pytest.approx(np.sqrt(50.0 / 3.0), rel=1e-15)


def test_the_whole_range_of_float64_does_not_overflow():
    X = np.array([[-1.7e308], [0.0], [1.7e308]])
    scaling = Scaling.fit(X, np.arange(3.0))
    np.testing.assert_allclose(scaling.scale_inputs(X)[:, 0], [-1.0, 0.0, 1.0])


def test_constants_get_a_usable_scale():
    scaling = Scaling.fit(np.array([[5.0, 0.0], [5.0, 0.0]]), np.array([7.0, 7.0]))
    np.testing.assert_array_equal(scaling.half_width, [5.0, 1.0])
    assert scaling.y_scale == 7.0
    np.testing.assert_array_equal(scaling.scale_inputs(np.array([[5.0, 0.0]])), [[0.0, 0.0]])
