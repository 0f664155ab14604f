"""A function of two columns beside functions of the others, seen through noise."""

import numpy as np
import pytest

from kansym.terms.pair_blocks import pair_blocks

NOISE = 0.02


def table(rng, rows=1200):
    X = rng.uniform(0.3, 2.5, (rows, 4))
    pair = (1 + 0.5 * X[:, 1] ** 2) ** -X[:, 3]
    return X, pair


def agreement(values, pair):
    """Size of the correlation, for which a factor and a constant do not matter."""
    return abs(float(np.corrcoef(values, pair)[0, 1]))


@pytest.mark.parametrize("additive", [True, False])
def test_the_pair_and_its_function_are_found(rng, additive):
    X, pair = table(rng)
    clean = X[:, 0] ** 2 - np.sin(3 * X[:, 2]) + 3 * pair if additive else 1.5 + X[:, 0] * np.sin(3 * X[:, 2]) * pair
    noise = NOISE * float(clean.std())
    found = pair_blocks(X, clean + rng.normal(0, noise, len(X)), additive=additive)
    assert found[0].pair == (1, 3) and found[0].additive is additive
    assert found[0].error == pytest.approx(noise, rel=0.15)
    assert agreement(found[0].values, pair) > 0.999
    assert [one.error for one in found] == sorted(one.error for one in found)
    assert all(one.error > 2 * noise for one in found[1:])
    assert len({one.pair for one in found}) == len(found)


def test_rows_without_weight_do_not_count(rng):
    X, pair = table(rng)
    y = X[:, 0] * X[:, 2] * pair
    wrong = rng.random(len(y)) < 0.3
    y[wrong] = 50 * rng.normal(size=wrong.sum())
    found = pair_blocks(X, y, additive=False, weights=np.where(wrong, 0.0, 1.0))
    assert found[0].pair == (1, 3)
    assert agreement(found[0].values[~wrong], pair[~wrong]) > 0.999


def test_few_rows_have_fewer_pieces_and_very_few_no_word(rng):
    X, pair = table(rng, rows=420)
    y = X[:, 0] * X[:, 2] * pair
    assert pair_blocks(X, y, additive=False)[0].pair == (1, 3)
    assert pair_blocks(X[:200], y[:200], additive=False) == []


def test_the_same_seed_gives_the_same(rng):
    X, pair = table(rng)
    y = X[:, 0] * X[:, 2] * pair + rng.normal(0, 0.01, len(X))
    one, other = (pair_blocks(X, y, additive=False, seed=3) for _ in range(2))
    assert [block.pair for block in one] == [block.pair for block in other]
    np.testing.assert_array_equal(one[0].values, other[0].values)
