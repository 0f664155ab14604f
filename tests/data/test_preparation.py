"""What is done to a table before anything is fitted: copies merged, canonical order, rows held out."""

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from kansym.data import make_dataset
from kansym.data.dataset import Dataset
from kansym.data.noise import noise_floor
from kansym.data.preparation import canonical_order, canonical_table, merge_copies, prepare, split
from kansym.errors import ArgumentError, DataError


def random_table(rows: int = 60, columns: int = 3, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    X = generator.normal(size=(rows, columns))
    return X, X @ np.arange(1.0, columns + 1.0)


# ---- copies

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


# ---- the canonical table


def same(first, second):
    """Bit for bit, notes included."""
    for name in ("X", "y", "y_error", "x_error", "sample_weight"):
        left, right = getattr(first, name), getattr(second, name)
        if left is None or right is None:
            assert left is right
        else:
            assert left.tobytes() == right.tobytes() and left.flags.c_contiguous == right.flags.c_contiguous
    assert first.names == second.names and first.notes == second.notes


def plainly(dataset):
    merged = merge_copies(dataset)
    return merged.take(canonical_order(merged.X, merged.y))


@settings(max_examples=60)
@given(
    values=st.lists(st.tuples(*[st.sampled_from([-1.0, -0.0, 0.0, 0.5, 2.0])] * 3), min_size=2, max_size=30),
    errors=st.sampled_from([None, "same", "two"]),
    weights=st.sampled_from([None, "ones", "zero"]),
)
def test_the_canonical_table_is_that_of_merging_and_ordering(values, errors, weights):
    table = np.array(values)
    error = None if errors is None else np.full(len(table), 0.5)
    if errors == "two" and error is not None:
        error[::2] = 0.25
    weight = None if weights is None else np.ones(len(table))
    if weights == "zero" and weight is not None:
        weight[1:] = 0.0
    dataset = Dataset(
        np.ascontiguousarray(table[:, :2]), table[:, 2].copy(), ("a", "b"), y_error=error, sample_weight=weight
    )
    once = canonical_table(dataset)
    same(once, plainly(dataset))
    same(canonical_table(once), once)


def test_a_table_that_is_canonical_already_is_not_touched():
    table = canonical_table(make_dataset(*random_table(rows=50)))
    assert canonical_table(table) is table
    columns_first = Dataset(np.asfortranarray(table.X), table.y, table.names)
    # Sums over another layout in memory round otherwise.
    assert canonical_table(columns_first) is not columns_first


def test_prepared_rows_are_those_of_the_parts():
    dataset = make_dataset(*random_table(rows=60))
    rows = prepare(dataset, validation_fraction=0.25, seed=3)
    table = plainly(dataset)
    train, validation = split(table, validation_fraction=0.25, seed=3)
    same(rows.table, table)
    np.testing.assert_array_equal(rows.train, train)
    np.testing.assert_array_equal(rows.validation, validation)
    assert rows.noise_floor == noise_floor(table)


# ---- order and split


@settings(max_examples=40)
@given(
    values=st.lists(st.tuples(*[st.sampled_from([-1.0, 0.0, 0.5, 2.0])] * 3), min_size=2, max_size=50),
    seed=st.integers(0, 2**32 - 1),
)
def test_canonical_order_undoes_any_shuffle(values, seed):
    table = np.array(values)
    shuffled = np.random.default_rng(seed).permutation(table)
    ordered = [part[canonical_order(part[:, :2], part[:, 2])] for part in (table, shuffled)]
    np.testing.assert_array_equal(ordered[0], ordered[1])
    assert ordered[0].tolist() == sorted(table.tolist())


@settings(max_examples=40)
@given(
    rows=st.integers(20, 120),
    levels=st.integers(2, 50),
    seed=st.integers(0, 1000),
    shuffle=st.integers(0, 1000),
    fraction=st.sampled_from([0.1, 0.2, 0.5]),
)
def test_split_depends_on_contents_not_on_order(rows, levels, seed, shuffle, fraction):
    generator = np.random.default_rng(rows * 1000 + levels)
    X = generator.integers(0, levels, size=(rows, 2)).astype(float)
    y = X[:, 0] - X[:, 1] + 0.25
    y[0] += 1.0
    order = np.random.default_rng(shuffle).permutation(rows)
    first = Dataset(X, y, ("a", "b"))
    second = Dataset(X[order], y[order], ("a", "b"))
    for left, right in zip(
        split(first, validation_fraction=fraction, seed=seed),
        split(second, validation_fraction=fraction, seed=seed),
        strict=True,
    ):
        np.testing.assert_array_equal(first.X[left], second.X[right])
        np.testing.assert_array_equal(first.y[left], second.y[right])
    train, validation = split(first, validation_fraction=fraction, seed=seed)
    assert sorted([*train, *validation]) == list(range(rows))
    rows_of = [{(*first.X[k], first.y[k]) for k in part} for part in (train, validation)]
    assert not rows_of[0] & rows_of[1]


def test_split_without_repeats_has_the_size_asked_for_and_depends_on_the_seed():
    dataset = make_dataset(*random_table(rows=100))
    train, validation = split(dataset, seed=1)
    assert len(train) == 80 and len(validation) == 20
    assert set(validation) != set(split(dataset, seed=2)[1])
    np.testing.assert_array_equal(validation, split(dataset, seed=1)[1])


def test_small_tables_hold_out_nothing():
    for rows, held_out in ((19, 0), (20, 4)):
        train, validation = split(make_dataset(*random_table(rows=rows)), seed=0)
        assert len(validation) == held_out and len(train) == rows - held_out


def test_one_dominant_repeat_still_leaves_both_sides():
    X = np.concatenate([np.zeros((40, 1)), np.arange(1.0, 11.0)[:, None]])
    dataset = Dataset(X, X[:, 0] ** 2, ("x",))
    for seed in range(10):
        train, validation = split(dataset, seed=seed)
        assert 0 < len(validation) <= 25 and len(train) >= 25


@pytest.mark.parametrize("fraction", [-0.1, 1.0, np.nan])
def test_split_refuses_a_bad_fraction(fraction):
    with pytest.raises(ArgumentError, match="validation_fraction"):
        split(make_dataset(*random_table()), validation_fraction=fraction, seed=0)


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
@settings(max_examples=60)
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


def test_small_tables_keep_all_rows_in_canonical_order(rng):
    dataset = make_dataset(rng.normal(size=(19, 2)), rng.normal(size=19))
    train, validation = split(dataset, seed=0)
    assert len(validation) == 0
    np.testing.assert_array_equal(train, canonical_order(dataset.X, dataset.y))


@pytest.mark.parametrize("fraction", [-0.1, 1.0, float("nan")])
def test_fractions_out_of_range(rng, fraction):
    dataset = make_dataset(rng.normal(size=(30, 2)), rng.normal(size=30))
    with pytest.raises(ArgumentError, match="validation_fraction"):
        split(dataset, validation_fraction=fraction, seed=0)
