import numpy as np
import pytest
import scipy.stats

from kansym.validation.nested_test import nested_p


@pytest.mark.parametrize("count", [1, 2, 3, 5, 6, 8])
@pytest.mark.parametrize("freedom", [None, 9, 40])
def test_p_values_of_noise_are_even(count, freedom, rng):
    found = []
    for _ in range(500):
        squares = rng.standard_normal(count) ** 2
        rest = None if freedom is None else float(rng.chisquare(freedom))
        found.append(nested_p(squares, rest, freedom or 0)[0])
    assert scipy.stats.kstest(found, "uniform").pvalue > 1e-3


def test_small_p_values_are_those_of_a_simulation(rng):
    draws = rng.standard_normal((400_000, 8)) ** 2
    sums = np.cumsum(draws, axis=1)
    least = np.min([scipy.stats.chi2.sf(sums[:, size - 1], size) for size in (2, 4, 8)], axis=0)
    for level in (1e-2, 1e-3):
        # A table whose best test has a p-value of `level`.
        squares = np.zeros(8)
        squares[0] = scipy.stats.chi2.isf(level, 2)
        chance = np.mean(least <= level)
        assert nested_p(squares, None, 0)[0] == pytest.approx(chance, rel=4 / np.sqrt(chance * len(least)))


def test_with_many_rows_a_measured_variance_is_a_known_one():
    squares = np.array([14.0, 2.0, 1.0, 0.5, 1.0, 0.1, 0.2, 0.1])
    known = nested_p(squares, None, 0)
    measured = nested_p(squares, 1e7, 10**7)
    assert measured[0] == pytest.approx(known[0], rel=1e-3)
    assert known[1] == measured[1] == 2 and known[2] == 16.0
    assert measured[2] == pytest.approx(8.0, rel=1e-5)


def test_a_smooth_deviation_is_seen_by_few_directions_and_a_rough_one_by_many():
    assert nested_p(np.array([30.0, 0, 0, 0, 0, 0, 0, 0]), None, 0)[1] == 2
    assert nested_p(np.array([0, 0, 0, 0, 15.0, 15.0, 15.0, 15.0]), None, 0)[1] == 8


def test_beyond_double_precision():
    assert nested_p(np.array([1e6, 0.0]), None, 0)[0] == 0.0
    assert nested_p(np.array([1e6, 0, 0, 0]), None, 0)[0] == 0.0
    assert nested_p(np.array([1.0, 0, 0, 0]), 0.0, 10)[0] == 0.0
    assert nested_p(np.zeros(4), 1.0, 10)[0] == 1.0
