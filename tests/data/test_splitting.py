"""The split into training and validation rows."""

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from kansym.data import make_dataset
from kansym.data.splitting import canonical_order, split
from kansym.errors import ArgumentError


def groups(X, rows):
    return {tuple(row) for row in X[rows].tolist()}


def test_repeated_measurements_stay_on_one_side(rng):
    sites = rng.uniform(1, 3, (40, 2))
    X = np.repeat(sites, 5, axis=0)
    dataset = make_dataset(X, X.sum(axis=1) + 0.1 * rng.normal(size=len(X)))
    for seed in range(20):
        train, validation = split(dataset, seed=seed)
        assert len(train) + len(validation) == 200 and len(validation) == 40
        assert not groups(dataset.X, train) & groups(dataset.X, validation)


def test_few_inputs_with_many_measurements_are_all_trained_on(rng):
    X = np.repeat(np.arange(8.0), 25)[:, None]
    dataset = make_dataset(X, X[:, 0] ** 2 + 0.1 * rng.normal(size=200))
    train, validation = split(dataset, seed=0)
    assert len(validation) == 40
    assert groups(dataset.X, train) == groups(dataset.X, np.arange(200))


def test_copies_stay_together_where_there_are_few_inputs(rng):
    X = np.repeat(np.arange(8.0), 25)[:, None]
    y = rng.integers(0, 6, 200).astype(float)
    dataset = make_dataset(X, y)
    train, validation = split(dataset, seed=3)
    table = np.column_stack([X, y])
    assert len(validation) and not groups(table, train) & groups(table, validation)


@given(st.integers(20, 120), st.integers(1, 60), st.floats(0.0, 0.85), st.integers(0, 5))
@settings(max_examples=60, deadline=None)
def test_every_row_is_on_one_side_whatever_the_order(rows, sites, fraction, seed):
    rng = np.random.default_rng([rows, sites, seed])
    X = rng.normal(size=(sites, 2))[rng.integers(0, sites, rows)]
    if len(np.unique(X, axis=0)) < 2:
        return
    y = rng.normal(size=rows)
    dataset = make_dataset(X, y)
    train, validation = split(dataset, validation_fraction=fraction, seed=seed)
    assert sorted([*train, *validation]) == list(range(rows))
    assert len(train) >= rows - max(round(fraction * rows), rows // 2)
    mixed = rng.permutation(rows)
    other = split(make_dataset(X[mixed], y[mixed]), validation_fraction=fraction, seed=seed)
    for one, two in zip((train, validation), other, strict=True):
        np.testing.assert_array_equal(y[one], y[mixed][two])


def test_small_tables_hold_out_nothing(rng):
    dataset = make_dataset(rng.normal(size=(19, 2)), rng.normal(size=19))
    train, validation = split(dataset, seed=0)
    assert len(validation) == 0
    np.testing.assert_array_equal(train, canonical_order(dataset.X, dataset.y))


@pytest.mark.parametrize("fraction", [-0.1, 1.0, float("nan")])
def test_fractions_out_of_range(rng, fraction):
    dataset = make_dataset(rng.normal(size=(30, 2)), rng.normal(size=30))
    with pytest.raises(ArgumentError, match="validation_fraction"):
        split(dataset, validation_fraction=fraction, seed=0)
