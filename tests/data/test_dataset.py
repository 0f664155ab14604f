"""Datasets from arrays and frames; splits and order."""

import numpy as np
import pandas as pd
import pytest
import torch

from kansym.data import Dataset, make_dataset
from kansym.errors import DataError


def random_table(rows: int = 60, columns: int = 3, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    X = generator.normal(size=(rows, columns))
    return X, X @ np.arange(1.0, columns + 1.0)


def test_integer_arrays_become_float64_with_default_names():
    X = np.column_stack([np.arange(6), np.arange(6) ** 2 % 5])
    dataset = make_dataset(X, np.arange(6) ** 2)
    assert dataset.X.dtype == dataset.y.dtype == np.float64
    assert dataset.names == ("x0", "x1")
    assert dataset.units == (None, None)
    assert dataset.notes == ()
    np.testing.assert_array_equal(dataset.X, X)


@pytest.mark.parametrize("name", ["E", "I", "lambda", "λ (nm)", "x-1", "beta", "a b"])
def test_any_string_is_a_name(name):
    X, y = random_table(columns=2)
    assert make_dataset(X, y, names=[name, "S"]).names == (name, "S")
    assert make_dataset(pd.DataFrame({name: X[:, 0], "S": X[:, 1]}), y).names == (name, "S")


def test_frames_give_names_and_do_not_need_float_columns():
    X = pd.DataFrame({"a": [1, 2, 3], "b": pd.array([1, 2, 4], dtype="Int64"), 7: [True, False, True]})
    dataset = make_dataset(X, pd.Series([1.0, 2.0, 4.0]))
    assert dataset.names == ("a", "b", "7")
    np.testing.assert_array_equal(dataset.X, [[1, 1, 1], [2, 2, 0], [3, 4, 1]])


def test_other_containers():
    X, y = random_table(rows=30)
    plain = make_dataset(X, y)
    for other in (X.tolist(), X.astype(object), np.ma.masked_array(X), torch.tensor(X), X.astype(np.longdouble)):
        np.testing.assert_array_equal(make_dataset(other, y).X, plain.X)
    for column in (y[:, None], y.tolist(), pd.DataFrame({"y": y}), torch.tensor(y)):
        np.testing.assert_array_equal(make_dataset(X, column).y, y)


def test_masked_values_are_missing():
    X, y = random_table(rows=30)
    masked = np.ma.masked_array(X, mask=np.zeros_like(X, dtype=bool))
    masked[4, 1] = np.ma.masked
    with pytest.raises(DataError, match=r"'x1' has NaN or inf in 1 row, row 4 "):
        make_dataset(masked, y)


def test_target_named_like_a_column_is_renamed_only_by_default():
    X, z = random_table(columns=2)
    assert make_dataset(X, z, names=["x", "y"]).target == "target"
    with pytest.raises(DataError, match="two columns are named 'x'"):
        make_dataset(X, z, names=["x", "y"], target="x")


@pytest.mark.parametrize("scale", [1e-300, 1e-30, 1.0, 1e30, 1e300])
def test_extreme_scales_are_neither_constant_nor_rejected(scale):
    X, y = random_table()
    dataset = make_dataset(X * scale, y * scale, y_error=scale)
    assert dataset.n_columns == 3 and dataset.notes == ()
    np.testing.assert_array_equal(dataset.X, X * scale)


def test_constant_and_repeated_columns_are_dropped_and_noted():
    X, y = random_table(columns=2)
    wide = np.column_stack([X[:, 0], np.full(len(y), 3e-30), X[:, 1], X[:, 0], np.zeros(len(y))])
    dataset = make_dataset(wide, y, names=["a", "b", "c", "d", "e"], units=["m", "s", "kg", "m", None])
    assert dataset.names == ("a", "c") and dataset.units == ("m", "kg")
    np.testing.assert_array_equal(dataset.X, X)
    assert [note.split(":")[0] for note in dataset.notes] == [
        "Dropped column 'b'",
        "Dropped column 'd'",
        "Dropped column 'e'",
    ]
    assert "repeats column 'a'" in dataset.notes[1]
    kept = make_dataset(wide, y, remove_constant=False)
    assert kept.n_columns == 5 and kept.notes == ()


def test_rows_with_missing_values_are_dropped_on_request_with_their_errors_and_weights():
    X, y = random_table(rows=10)
    X[2, 0], y[5], weight, error = np.nan, np.inf, np.arange(1.0, 11.0), np.linspace(1.0, 2.0, 10)
    dataset = make_dataset(X, y, drop_missing=True, sample_weight=weight, y_error=error)
    keep = np.array([0, 1, 3, 4, 6, 7, 8, 9])
    np.testing.assert_array_equal(dataset.X, X[keep])
    assert dataset.sample_weight is not None and dataset.y_error is not None
    np.testing.assert_array_equal(dataset.sample_weight, weight[keep])
    np.testing.assert_array_equal(dataset.y_error, error[keep])
    assert dataset.notes[0].startswith("Dropped 2 of 10 rows") and "'x0'" in dataset.notes[0]


def test_scalar_error_is_spread_over_the_rows_and_units_may_be_a_mapping():
    X, y = random_table(rows=10)
    dataset = make_dataset(X, y, y_error=0.5, units={"x1": "m"}, y_units="s")
    np.testing.assert_array_equal(dataset.y_error, np.full(10, 0.5))  # pyright: ignore[reportArgumentType]
    assert dataset.units == (None, "m", None) and dataset.y_units == "s"


def test_take_keeps_the_rows_together():
    X, y = random_table(rows=30)
    dataset = make_dataset(X, y, y_error=np.abs(y) + 1.0)
    part = dataset.take(np.array([4, 2]))
    np.testing.assert_array_equal(part.X, X[[4, 2]])
    np.testing.assert_array_equal(part.y_error, np.abs(y[[4, 2]]) + 1.0)  # pyright: ignore[reportArgumentType]


def test_make_dataset_does_not_share_memory_with_its_arguments():
    X, y = random_table()
    dataset = make_dataset(X, y)
    X[:], y[:] = 0.0, 0.0
    assert dataset.X.any() and dataset.y.any()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"names": ("a",)}, "1 names"),
        ({"names": ("a", "a", "b")}, "two columns are named 'a'"),
        ({"y": np.ones(3)}, "y has shape"),
        ({"y": np.full(60, np.nan)}, "NaN or infinite"),
        ({"X": np.ones((60, 3), dtype=np.float32)}, "float64"),
        ({"X": np.ones((0, 3))}, "0 rows"),
    ],
)
def test_dataset_checks_its_own_fields(change, message):
    X, y = random_table()
    fields = {"X": X, "y": y, "names": ("a", "b", "c"), **change}
    with pytest.raises(DataError, match=message):
        Dataset(**fields)
