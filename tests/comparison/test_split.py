import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from kansym.comparison.split import Split
from kansym.data.dataset import make_dataset


def table(n: int, d: int = 2, seed: int = 0):
    generator = np.random.default_rng(seed)
    X = generator.lognormal(0, 1.5, (n, d))
    return make_dataset(X, X.sum(axis=1), names=[f"c{i}" for i in range(d)], target="y")


@given(n=st.integers(2, 300), d=st.integers(1, 4), seed=st.integers(0, 5))
@settings(max_examples=60)
def test_rows_are_shared_out_once(n, d, seed):
    split = Split.of(table(n, d), seed=seed)
    together = np.concatenate([split.fitted, split.held_out, split.beyond])
    assert sorted(together) == list(range(n))
    assert (len(split.held_out) > 0) == (n >= 20)
    assert len(split.beyond) <= 0.1 * n and (len(split.beyond) > 0) == (n >= 50)
    assert len(split.fitted) >= 0.65 * n


def test_beyond_is_outside_of_the_box_of_the_fitted_rows():
    dataset = table(500, 3)
    split = Split.of(dataset, seed=1)
    low, high = dataset.X[split.fitted].min(axis=0), dataset.X[split.fitted].max(axis=0)
    beyond = dataset.X[split.beyond]
    assert ((beyond < low) | (beyond > high)).any(axis=1).all()
    # Both ends are left out, though the values of a lognormal column crowd at the lower one.
    assert (beyond < low).any() and (beyond > high).any()


def test_the_order_of_the_rows_does_not_matter(rng):
    dataset = table(200)
    order = rng.permutation(200)
    first, second = Split.of(dataset, seed=3), Split.of(dataset.take(order), seed=3)
    for name in ("fitted", "held_out", "beyond"):
        assert set(order[getattr(second, name)]) == set(getattr(first, name))


def test_copies_of_a_row_stay_together():
    X = np.repeat(np.linspace(0, 1, 40), 3)[:, None]
    dataset = make_dataset(X, np.arange(120.0), names=["x"], target="y")
    split = Split.of(dataset, seed=0)
    assert not set(X[split.fitted, 0]) & set(X[split.held_out, 0])


def test_columns_of_few_levels_have_no_edges(rng):
    X = rng.integers(0, 4, (200, 2)).astype(float)
    split = Split.of(make_dataset(X, rng.normal(size=200), names=["a", "b"], target="y"), seed=0)
    assert len(split.beyond) == 0 and len(split.held_out) == pytest.approx(40, abs=12)


def test_all_rows():
    split = Split.all_rows(7)
    assert list(split.fitted) == list(range(7)) and len(split.held_out) == len(split.beyond) == 0
