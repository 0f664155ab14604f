"""Copies of rows and rows without weight."""

import numpy as np
import pytest

from kansym.data import make_dataset
from kansym.data.copies import merge_copies
from kansym.data.dataset import Dataset
from kansym.errors import DataError

X = np.array([[3.0, 1.0], [1.0, 2.0], [2.0, 5.0], [4.0, 0.5]])
Y = np.array([1.0, 4.0, 9.0, 16.0])


def rows_of(dataset):
    """Rows with their weights, in an order that does not depend on the table's."""
    weight = np.ones(dataset.n_rows) if dataset.sample_weight is None else dataset.sample_weight
    return sorted(map(tuple, np.column_stack([dataset.X, dataset.y, weight]).tolist()))


def test_nothing_to_do_gives_the_same_object():
    plain, weighted = make_dataset(X, Y), make_dataset(X, Y, sample_weight=[1.0, 2.0, 0.5, 1.0])
    assert merge_copies(plain) is plain
    assert merge_copies(weighted) is weighted


def test_a_row_twice_is_a_row_of_weight_two():
    index = [0, 1, 1, 2, 3, 3, 3]
    merged = merge_copies(make_dataset(X[index], Y[index]))
    assert rows_of(merged) == rows_of(make_dataset(X, Y, sample_weight=[1.0, 2.0, 1.0, 3.0]))
    assert merged.notes == ("Merged 3 exact copies of rows into the rows they copy, with their weights added.",)


def test_weights_of_copies_are_added():
    index = [0, 1, 1, 2, 3]
    merged = merge_copies(make_dataset(X[index], Y[index], sample_weight=[1.0, 0.25, 0.5, 2.0, 3.0]))
    assert rows_of(merged) == rows_of(make_dataset(X, Y, sample_weight=[1.0, 0.75, 2.0, 3.0]))


def test_the_order_of_the_rows_does_not_matter(rng):
    index = np.array([0, 1, 1, 2, 3, 3, 3])
    expected = merge_copies(make_dataset(X[index], Y[index]))
    order = rng.permutation(len(index))
    merged = merge_copies(make_dataset(X[index][order], Y[index][order]))
    np.testing.assert_array_equal(merged.X, expected.X)
    np.testing.assert_array_equal(merged.sample_weight, expected.sample_weight)


def test_repeated_measurements_stay_apart():
    inputs = np.vstack([X, X])
    dataset = make_dataset(inputs, np.concatenate([Y, Y + 0.1]))
    assert merge_copies(dataset) is dataset


def test_rows_with_other_errors_are_no_copies():
    inputs, outcome = np.vstack([X, X[:1]]), np.append(Y, Y[0])
    dataset = make_dataset(inputs, outcome, y_error=[0.1, 0.1, 0.1, 0.1, 0.2])
    assert merge_copies(dataset) is dataset
    merged = merge_copies(make_dataset(inputs, outcome, y_error=0.1))
    assert merged.n_rows == 4 and merged.y_error is not None and (merged.y_error == 0.1).all()


def test_rows_of_zero_weight_go():
    merged = merge_copies(make_dataset(X, Y, sample_weight=[1.0, 0.0, 2.0, 0.0]))
    assert rows_of(merged) == rows_of(make_dataset(X[[0, 2]], Y[[0, 2]], sample_weight=[1.0, 2.0]))
    assert merged.notes == ("Left out 2 rows of weight zero.",)


def test_negative_zero_is_zero():
    inputs = np.array([[0.0, 1.0], [-0.0, 1.0], [2.0, 3.0]])
    merged = merge_copies(make_dataset(inputs, np.array([0.0, -0.0, 5.0])))
    assert merged.n_rows == 2 and merged.sample_weight is not None
    assert sorted(merged.sample_weight.tolist()) == [1.0, 2.0]


def test_names_units_and_earlier_notes_are_kept():
    index = [0, 1, 1, 2, 3]
    dataset = make_dataset(
        np.column_stack([X[index], np.ones(5)]), Y[index], names=["a", "b", "one"], units=["m", None, None], target="E"
    )
    merged = merge_copies(dataset)
    assert (merged.names, merged.units, merged.target) == (("a", "b"), ("m", None), "E")
    assert merged.notes[: len(dataset.notes)] == dataset.notes and len(merged.notes) == len(dataset.notes) + 1


def test_no_weight_at_all_is_refused():
    dataset = Dataset(X, Y, ("a", "b"), sample_weight=np.zeros(4))
    with pytest.raises(DataError, match="sample_weight is zero for every row"):
        merge_copies(dataset)
