"""Rows that forms are looked for on: of the largest groups, each in units of its own."""

import numpy as np
import pytest

from kansym.data.dataset import make_dataset
from kansym.groups.searched_rows import LEAST_ROWS, MOST_GROUPS, MOST_ROWS, SearchedRows
from kansym.groups.table import grouped_table


def table(counts, *, errors=False):
    rng = np.random.default_rng(1)
    codes = np.repeat(np.arange(len(counts)), counts)
    X, y = rng.uniform(1, 2, (len(codes), 2)), rng.uniform(1, 2, len(codes)) * 10.0**codes
    error = rng.uniform(0.1, 0.3, len(codes)) * 10.0**codes if errors else None
    return grouped_table(make_dataset(X, y, names=["x", "z"], y_error=error), [f"g{k:02}" for k in codes], "run")


@pytest.mark.parametrize("errors", [False, True])
def test_groups_count_alike(errors):
    grouped = table([7, 20, 12], errors=errors)
    found = SearchedRows.of(grouped, 0)
    assert found.groups == [0, 1, 2]
    assert [part.stop - part.start for part in found.parts] == [7, 20, 12]
    for g, part in enumerate(found.parts):
        assert np.mean(found.root[part] ** 2) == pytest.approx(1.0)
        assert np.mean((found.root * found.y)[part] ** 2) == pytest.approx(1.0)
        dataset = grouped.of(g)
        np.testing.assert_allclose(found.y[part] * found.sizes[g], dataset.y)
        np.testing.assert_array_equal(found.X[part], dataset.X)
        if dataset.y_error is not None:
            assert np.ptp(found.root[part] * dataset.y_error) < 1e-12 * dataset.y_error.max()


def test_few_rows_of_the_largest_groups():
    counts = [LEAST_ROWS - 1, *range(LEAST_ROWS, LEAST_ROWS + MOST_GROUPS), MOST_ROWS + 9]
    found = SearchedRows.of(table(counts), 0)
    assert found.groups == list(range(2, len(counts)))
    assert found.parts[-1].stop - found.parts[-1].start == MOST_ROWS
    assert len(found.y) == found.parts[-1].stop


def test_one_group_where_all_are_small():
    assert SearchedRows.of(table([3, 4, 2]), 0).groups == [1]
