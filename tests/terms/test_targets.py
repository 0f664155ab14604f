"""What sums are looked for, and in which order."""

import numpy as np
import pytest
import sympy

from kansym.structure.problem import TARGET
from kansym.terms.targets import Way, targets


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


@pytest.mark.parametrize(
    ("noisy", "few", "dimension", "before"),
    [(False, False, 2, 0), (False, False, 4, 0), (True, False, 4, 1), (True, False, 2, 2), (True, True, 2, None)],
)
def test_what_comes_before_functions_of_one_input_at_a_time(y, noisy, few, dimension, before):
    found = targets(y, None, 5, noisy=noisy, few=few, dimension=dimension)
    apart = [place for place, one in enumerate(found) if one.way is Way.APART]
    assert apart == list(range(apart[0], apart[0] + len(apart)))
    first = found[: apart[0]]
    if before is None:
        # Functions of y, too.
        assert any(one.linked for one in first) and not any(one.linked for one in found[apart[-1] + 1 :])
    else:
        assert len(first) == before and not any(one.linked for one in first)


@pytest.mark.parametrize(("dimension", "few"), [(2, False), (4, False), (2, True)])
def test_with_noise_what_splines_see_comes_first(y, dimension, few):
    found = targets(y, None, 5, noisy=True, dimension=dimension, few=few)
    assert [place for place, one in enumerate(found) if one.way is Way.SPLINES] == ([] if few else [0])
    assert not any(one.way is Way.SPLINES for one in targets(y, None, 5, dimension=dimension))
    assert not any(one.way is Way.SPLINES for one in targets(y, None, 5, noisy=True))


def test_one_input_has_no_others():
    assert not any(one.way is Way.APART for one in targets(np.linspace(1, 2, 50), None, 5))


def test_functions_of_y_keep_away_from_zero(rng):
    assert not any(one.linked for one in targets(rng.normal(size=200), None, 5))


def test_the_way_back_is_the_inverse_with_its_slope(y):
    for target in targets(y, None, 5, dimension=2):
        step = 1e-6
        z = target.forward(y)
        np.testing.assert_allclose(z, target.z)
        np.testing.assert_allclose(sympy.lambdify(TARGET, target.back)(z), y)
        np.testing.assert_allclose(target.slope * np.abs(target.forward(y + step) - z) / step, 1.0, rtol=1e-4)
