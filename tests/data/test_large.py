"""Files read in parts: what is held is a sample, and what is said of bad rows is as of a small table."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kansym import DataError, read_table
from kansym.data.large import read_large
from kansym.data.readers import column_names
from kansym.data.row_files import row_file

ROWS = 700
NAMES = ["a", "b", "c", "y"]


@pytest.fixture(autouse=True)
def _small_sample(monkeypatch):
    monkeypatch.setattr("kansym.data.large.MOST_ROWS", 100)
    monkeypatch.setattr("kansym.data.readers.LONG", 300)


@pytest.fixture(scope="module")
def numbers():
    rng = np.random.default_rng(4)
    X = rng.uniform(1, 2, (ROWS, 3))
    # A row far away from all others, which a sample would miss.
    X[431, 1] = 90.0
    return np.column_stack([X, X[:, 0] * X[:, 1] + 0.01 * rng.normal(size=ROWS)])


@pytest.fixture(scope="module")
def parquet(numbers, tmp_path_factory):
    pytest.importorskip("pyarrow")
    path = tmp_path_factory.mktemp("long") / "run7.parquet"
    pd.DataFrame(numbers, columns=NAMES).to_parquet(path, row_group_size=130)
    return path


def stored(tmp_path, numbers, **columns):
    """A file of the table with some columns more, or others."""
    pytest.importorskip("pyarrow")
    path = tmp_path / "run7.parquet"
    pd.DataFrame(numbers, columns=NAMES).assign(**columns).to_parquet(path, row_group_size=130)
    return path


def everything(dataset):
    """All rows of a long table, and their numbers."""
    parts = list(dataset.whole.chunks())
    return (
        np.concatenate([rows for rows, _ in parts]),
        np.vstack([part.X for _, part in parts]),
        np.concatenate([part.y for _, part in parts]),
    )


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(chunk=st.integers(40, 2 * ROWS), seed=st.integers(0, 3))
def test_the_size_of_parts_changes_nothing(parquet, numbers, chunk, seed):
    known = read_table(parquet, target="y", seed=seed)
    found = read_large(row_file(parquet), target="y", seed=seed, chunk=chunk)
    assert np.array_equal(found.X, known.X) and np.array_equal(found.y, known.y)
    assert found.notes == known.notes and found.whole.sha256 == known.whole.sha256
    rows, X, y = everything(found)
    assert np.array_equal(rows, np.arange(ROWS))
    assert np.array_equal(X, numbers[:, :3]) and np.array_equal(y, numbers[:, 3])


def test_the_sample_has_a_row_of_every_stretch_and_the_ends_of_the_columns(parquet, numbers):
    dataset = read_table(parquet, target="y")
    place = {tuple(row): number for number, row in enumerate(numbers[:, :3])}
    rows = np.array([place[tuple(row)] for row in dataset.X])
    assert len(rows) <= 100 and (np.diff(rows) > 0).all()
    stretches = np.linspace(0, ROWS, 100 - 2 * 3 + 1).astype(int)
    assert (np.histogram(rows, stretches)[0] >= 1).all()
    assert np.array_equal(dataset.X.min(axis=0), numbers[:, :3].min(axis=0))
    assert np.array_equal(dataset.X.max(axis=0), numbers[:, :3].max(axis=0))
    assert dataset.whole.n_rows == ROWS
    assert f"A sample, {len(rows)} of {ROWS} rows" in " ".join(dataset.notes)


def test_another_seed_is_another_sample_of_the_same_table(parquet):
    first, second = read_table(parquet, target="y"), read_table(parquet, target="y", seed=1)
    assert not np.array_equal(first.X, second.X)
    assert first.whole.sha256 == second.whole.sha256


def test_numpy_files_of_any_order_give_the_same(numbers, tmp_path):
    np.save(tmp_path / "rows.npy", numbers)
    np.save(tmp_path / "columns.npy", np.asfortranarray(numbers))
    np.save(tmp_path / "named.npy", np.rec.fromarrays(numbers.T, names=NAMES))
    np.save(tmp_path / "big.npy", numbers.astype(">f8"))
    known = read_table(tmp_path / "rows.npy", target=3)
    assert np.array_equal(everything(known)[1], numbers[:, :3])
    for name, target in (("columns", "x3"), ("named", "y"), ("big", 3)):
        found = read_table(tmp_path / f"{name}.npy", target=target)
        assert np.array_equal(found.X, known.X) and np.array_equal(found.y, known.y)
        assert found.whole.sha256 == known.whole.sha256
    assert column_names(tmp_path / "named.npy") == NAMES


def test_single_precision_is_read_as_such(numbers, tmp_path):
    path = tmp_path / "single.npy"
    np.save(path, numbers.astype(np.float32))
    (part, *_) = row_file(path).parts(50)
    assert {column.dtype for column in part.columns} == {np.dtype(np.float32)}
    _, X, y = everything(read_table(path, target=3))
    assert np.array_equal(np.column_stack([X, y]), numbers.astype(np.float32).astype(np.float64))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_bad_rows_are_named_as_in_a_small_table(numbers, tmp_path, monkeypatch, bad):
    wrong = numbers[:, 1].copy()
    wrong[[333, 501]] = bad
    path = stored(tmp_path, numbers, b=wrong)
    said = []
    for long in (300, ROWS):
        monkeypatch.setattr("kansym.data.readers.LONG", long)
        with pytest.raises(DataError) as caught:
            read_table(path, target="y")
        said.append(str(caught.value))
    assert said[0] == said[1]
    assert "'b' has NaN or inf in 2 rows, rows 333, 501 (counted from 0)" in said[0]


def test_bad_rows_are_left_out_where_that_is_asked(numbers, tmp_path, monkeypatch):
    wrong = numbers[:, 1].copy()
    wrong[[3, 333, 501]] = np.nan
    path = stored(tmp_path, numbers, b=wrong)
    found = read_table(path, target="y", drop_missing=True)
    rows, X, _ = everything(found)
    assert np.array_equal(rows, np.delete(np.arange(ROWS), [3, 333, 501]))
    assert np.isfinite(X).all() and found.whole.n_rows == ROWS - 3
    monkeypatch.setattr("kansym.data.readers.LONG", ROWS)
    known = read_table(path, target="y", drop_missing=True)
    assert known.notes[0] == found.notes[0] and "Dropped 3 of 700 rows" in found.notes[0]


@pytest.mark.parametrize(
    ("columns", "error", "words"),
    [
        ({"dy": lambda y: np.where(np.arange(ROWS) == 555, 0.0, 0.1)}, "dy", "'dy', row 555: a standard error must be"),
        ({"c": lambda y: np.where(np.arange(ROWS) == 555, "x", "1")}, None, "'c', row 555: 'x' is not a number"),
        ({"y": lambda y: np.where(np.arange(ROWS) == 555, 0.0, y)}, "1%", "first in row 555"),
        ({"y": lambda y: np.where(np.arange(ROWS) == 555, -1.0, np.round(9 * y))}, "poisson", "-1 in row 555"),
    ],
)
def test_a_row_that_is_wrong_otherwise_is_named(numbers, tmp_path, columns, error, words):
    path = stored(tmp_path, numbers, **{name: of(numbers[:, 3]) for name, of in columns.items()})
    with pytest.raises(DataError, match=r"run7\.parquet") as caught:
        read_table(path, target="y", error=error)
    assert words in str(caught.value)


def test_columns_that_say_nothing_are_left_out_of_all_rows(numbers, tmp_path):
    path = stored(tmp_path, numbers, b=np.full(ROWS, 3.0), label=["s", "t"] * (ROWS // 2), dy=np.linspace(1, 2, ROWS))
    found = read_table(path, target="y", error="dy", x_error={"c": 0.1})
    assert found.names == ("a", "c") and "b" in found.dropped
    assert set(found.labels) == {"label"}
    _, part = next(found.whole.chunks())
    rows = part.n_rows
    assert part.names == ("a", "c") and np.array_equal(part.X[:, 1], numbers[:rows, 2])
    assert np.array_equal(part.y_error, np.linspace(1, 2, ROWS)[:rows]) and np.array_equal(part.x_error[0], [0.0, 0.1])


def test_a_column_that_begins_with_missing_numbers_is_no_empty_one(numbers, tmp_path):
    path = stored(tmp_path, numbers, c=np.where(np.arange(ROWS) < 400, np.nan, numbers[:, 2]))
    with pytest.raises(DataError, match=r"'c' has NaN or inf in 400 rows, rows 0, 1, 2, 3, 4, \.\.\."):
        read_large(row_file(path), target="y", chunk=100)


def test_progress_counts_the_rows(parquet):
    seen = []
    read_large(row_file(parquet), target="y", chunk=256, progress=lambda done, rows: seen.append((done, rows)))
    assert seen[-1] == (ROWS, ROWS) and [done for done, _ in seen] == sorted(done for done, _ in seen)
