"""Columns that a law has as plain powers, against laws of many columns."""

import numpy as np
import pytest

from kansym import clock
from kansym.structure.power_columns import LEAST_COLUMNS, power_columns


def reductions(law, *, columns=6, rows=1500, noise=0.0, low=1.0, seed=0):
    generator = np.random.default_rng(seed)
    X = generator.uniform(low, 5.0, (rows, columns))
    y = law(*X.T)
    with clock.budget(60.0, deterministic=True):
        return list(power_columns(X, y * (1 + noise * generator.normal(size=rows))))


def scattering(a, b, c, d, e, f):
    return a**2 * f**1.5 / (b**2 * e) * (c / d - np.sin(c) ** 2 + d / c)


@pytest.mark.parametrize("noise", [0.0, 0.1])
@pytest.mark.parametrize("sign", [1, -1])
def test_powers_are_found_and_their_exponents(noise, sign):
    first, *others = reductions(lambda *x: sign * 1e-12 * scattering(*x), noise=noise)
    np.testing.assert_array_equal(first.factor, [2, -2, 0, 0, -1, 1.5])
    np.testing.assert_array_equal(first.groups, np.eye(6)[[2, 3]])
    # One of them may look like a power by chance: each is left out in turn.
    assert len(others) == 4
    for other in others:
        assert np.count_nonzero(other.factor) == 3
        assert len(other.groups) == 3


def test_a_function_of_a_column_is_no_power():
    found = reductions(lambda a, b, c, d, e, f: np.exp(0.7 * a) * b * (c + d * e) / f)
    assert all(reduction.factor[0] == 0 for reduction in found)
    np.testing.assert_array_equal(found[0].factor[[1, 5]], [1, -1])


def test_of_both_signs():
    (first, *_) = reductions(lambda a, b, c, d, e, f: (a**4 * b / c**2 + a**2 * e**2 * (1 - 2 * f)) / d)
    assert first.factor[3] == -1


def test_nothing_of_few_columns_or_rows_or_without_powers():
    assert reductions(lambda a, b, c, d: a * b / (c + d), columns=LEAST_COLUMNS - 1) == []
    assert reductions(scattering, rows=100) == []
    assert reductions(lambda *x: np.cos(sum(x))) == []


def test_columns_of_both_signs_are_no_powers():
    found = reductions(lambda a, b, c, d, e, f: a * b * (c + d) * np.exp(e) * f, low=-5.0)
    assert found == []


def test_a_column_twice_is_none():
    generator = np.random.default_rng(0)
    X = generator.uniform(1, 5, (800, 5))
    X[:, 1] = X[:, 0]
    with clock.budget(60.0, deterministic=True):
        found = list(power_columns(X, X[:, 0] ** 2 * X[:, 2] * (X[:, 3] + X[:, 4])))
    assert all(not reduction.factor[:2].any() for reduction in found)
