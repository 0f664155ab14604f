"""Every unusable input is refused in one line that names the file, the column, the line or the argument."""

import os
import pickle
import struct
import sys
import tracemalloc
import zipfile

import h5py
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from kansym.data import make_dataset, read_table
from kansym.errors import DataError, KansymError, MissingDependencyError

X = np.column_stack([np.arange(10.0), np.arange(10.0) ** 2])
Y = np.sin(np.arange(10.0))


def changed(array: np.ndarray, place, value) -> np.ndarray:
    copy = array.astype(object if isinstance(value, str) else np.result_type(array, type(value)))
    copy[place] = value
    return copy


ARRAYS = {
    "complex X": ({"X": X + 1j}, ["Complex data not supported", "'x0'"]),
    "complex y": ({"y": Y * 1j}, ["Complex data not supported", "target 'y'"]),
    "complex object": ({"X": changed(X, (3, 1), 1j).astype(object)}, ["Complex data not supported"]),
    "text in X": ({"X": changed(X, (3, 1), "high")}, ["'x1'", "row 3", "'high' is not a number"]),
    "text in y": ({"y": changed(Y, 7, "low")}, ["target 'y'", "row 7", "'low'"]),
    "dates": ({"y": np.arange(10).astype("datetime64[D]")}, ["target 'y'", "dates"]),
    "NaN in X": (
        {"X": changed(X, (4, 1), np.nan)},
        ["'x1'", "NaN or inf in 1 row, row 4", "drop_missing", "--drop-missing"],
    ),
    "inf in X": ({"X": changed(X, ([2, 5], 0), -np.inf)}, ["'x0'", "2 rows, rows 2, 5", "inf", "drop_missing"]),
    "NaN in y": ({"y": changed(Y, 0, np.nan)}, ["target 'y'", "row 0", "drop_missing"]),
    "NaN in y_error": ({"y_error": changed(np.ones(10), 6, np.nan)}, ["y_error", "row 6"]),
    "nothing left": ({"X": X * np.nan, "drop_missing": True}, ["every row", "'x0'"]),
    "one row left": ({"y": changed(Y, slice(1, None), np.nan), "drop_missing": True}, ["only 1 sample"]),
    "empty": ({"X": X[:0], "y": Y[:0]}, ["X is empty", "(0, 2)"]),
    "one row": ({"X": X[:1], "y": Y[:1]}, ["only 1 sample"]),
    "no columns": ({"X": X[:, :0]}, ["0 feature(s) (shape=(10, 0))"]),
    "one dimension": ({"X": X[:, 0]}, ["2D", "Reshape your data"]),
    "three dimensions": ({"X": X[:, :, None]}, ["2D", "(10, 2, 1)"]),
    "ragged list": ({"X": [[1, 2], [3]]}, ["X cannot be made an array"]),
    "sparse X": ({"X": sparse.csr_matrix(X)}, ["sparse", "toarray"]),
    "constant target": ({"y": np.full(10, 3e-30)}, ["target 'y' is constant", "3e-30"]),
    "zero target": ({"y": np.zeros(10)}, ["target 'y' is constant"]),
    "rounding is not variation": ({"y": 1.0 + np.arange(10) % 2 * 2e-16}, ["target 'y' is constant"]),
    "constant columns": ({"X": np.ones((10, 2))}, ["all input columns are constant", "'x0', 'x1'"]),
    "length of y": ({"y": Y[:9]}, ["y has shape (9,)", "10 rows"]),
    "shape of y": ({"y": np.column_stack([Y, Y])}, ["y has shape (10, 2)"]),
    "length of y_error": ({"y_error": np.ones(3)}, ["y_error has shape (3,)", "10 rows"]),
    "ragged y_error": ({"y_error": [[1, 2], [3]]}, ["y_error has rows of different lengths", "10 numbers"]),
    "ragged y_error above": ({"y_error": (0.1, [[1, 2], [3]])}, ["y_error has rows of different lengths"]),
    "length of weight": ({"sample_weight": np.ones(3)}, ["sample_weight has shape (3,)"]),
    "scalar weight": ({"sample_weight": 1.0}, ["sample_weight has shape ()"]),
    "length of names": ({"names": ["a"]}, ["names has 1 entries", "2 columns"]),
    "no name": ({"names": ["a", ""]}, ["column 2 of 3 has no name", "give it one"]),
    "one name twice": ({"names": ["a", "a"]}, ["two columns are named 'a'"]),
    "frame with one name twice": ({"X": pd.DataFrame(X, columns=["v", "v"])}, ["two columns are named 'v'"]),
    "zero error": ({"y_error": 0.0}, ["y_error must be positive, got 0"]),
    "negative error": ({"y_error": changed(np.ones(10), 3, -0.5)}, ["y_error must be positive, got -0.5 in row 3"]),
    "negative weight": ({"sample_weight": changed(np.ones(10), 3, -2.0)}, ["sample_weight", "-2"]),
    "zero weights": ({"sample_weight": np.zeros(10)}, ["sample_weight", "all zero"]),
    "length of units": ({"units": ["m"]}, ["units", "(2)"]),
    "unit of no column": ({"units": {"v": "m"}}, ["'v'", "not a column", "'x0', 'x1'"]),
}


@pytest.mark.parametrize("case", ARRAYS)
def test_arrays(case):
    change, parts = ARRAYS[case]
    with pytest.raises(DataError) as caught:
        make_dataset(**{"X": X, "y": Y, **change})
    check(caught.value, parts)


def check(error: Exception, parts: list[str]) -> None:
    message = str(error)
    assert isinstance(error, KansymError)
    assert "\n" not in message and len(message) < 400
    for part in parts:
        assert part in message, message


GOOD = "t,v,y\n1,2,3\n2,3,5\n3,5,8\n4,8,13\n"
TEXTS = {
    "empty": ("", {}, ["is empty"]),
    "blank": ("\n \n", {}, ["is empty"]),
    "comments only": ("# t,v,y\n% 1,2,3\n", {}, ["holds only comments"]),
    "header only": ("t,v,y\n", {}, ["header but no rows of data"]),
    "one row": ("t,v,y\n1,2,3\n", {}, ["only 1 sample"]),
    "too few fields": (GOOD + "# note\n5,6\n", {}, ["line 7", "expected 3 fields, got 2"]),
    "too many fields": (GOOD.replace("2,3,5", "2,3,5,7"), {}, ["line 3", "expected 3 fields, got 4"]),
    "ragged blanks": ("t v y\n1 2 3\n1 3\n3 4 5\n", {}, ["line 3", "expected 3 fields, got 2"]),
    "text among numbers": (GOOD.replace("3,5,8", "3,high,8"), {}, ["column 'v'", "line 4", "'high' is not a number"]),
    "text in target": (GOOD.replace("3,5,8", "3,5,1.2.3"), {}, ["column 'y'", "line 4", "'1.2.3'"]),
    "text asked for": ("a,t,y\nu,1,2\nv,2,3\n", {"columns": ["a", "t"]}, ["column 'a'", "line 2", "'u'"]),
    "text only": ("a,y\nu,1\nv,2\n", {}, ["no input column is left", "'a', 'y'", "'a': it holds text ('u')"]),
    "quote left open": ('t,v,y\n1,2,3\n"2,3,5\n3,5,8\n', {}, ["line 3", "expected 3 fields, got 1"]),
    "quote left open at the end": ('t,y\n1,3\n2,"5\n3,8\n4,"9\n', {}, ["line 3", "quote"]),
    "line after a form feed": ("t,y\n1,\x0c3\n2,high\n3,7\n", {}, ["column 'y'", "line 3", "'high'"]),
    "thousands": (GOOD.replace("3,5,8", '3,"5,000",8'), {}, ["column 'v'", "line 4", "'5,000'"]),
    "missing value": (GOOD.replace("3,5,8", "3,,8"), {}, ["column 'v'", "line 4", "--drop-missing"]),
    "infinite value": (GOOD.replace("3,5,8", "3,inf,8"), {}, ["column 'v'", "inf", "line 4"]),
    "target missing": (GOOD, {"target": "Y"}, ["no target column 'Y'", "'t', 'v', 'y'"]),
    "target misspelt": ("time,speed\n1,2\n2,3\n", {"target": "sped"}, ["did you mean 'speed'"]),
    "index with a header": (GOOD, {"target": "2"}, ["no target column '2'"]),
    "index too large": ("1,2\n3,4\n", {"target": 2}, ["no target column '2'", "no header", "'x0', 'x1'"]),
    "error missing": (GOOD, {"error": "s"}, ["no error column 's'"]),
    "error with a line break": (GOOD, {"error": "v\rt"}, ["no error column 'v\\rt'"]),
    "error is the target": (GOOD, {"error": "y"}, ["error column 'y' is the target"]),
    "error of an input missing": (
        GOOD,
        {"error": "v", "x_error": {"t": "s"}},
        ["no input error column 's'", "'t', 'v'"],
    ),
    "error of an input negative": (
        GOOD,
        {"error": "v", "x_error": {"t": -1}},
        ["the input error of 't'", "not negative, got -1"],
    ),
    "error of an input infinite": (GOOD, {"error": "v", "x_error": {"t": "inf"}}, ["the input error of 't'", "inf"]),
    "error not positive": (
        GOOD.replace("3,5,8", "3,-5,8"),
        {"error": "v"},
        ["column 'v', line 4", "must be positive, got -5"],
    ),
    "input missing": (GOOD, {"columns": ["w"]}, ["no input column 'w'"]),
    "input is the target": (GOOD, {"columns": ["t", "y"]}, ["'y' is the target"]),
    "no inputs asked for": (GOOD, {"columns": []}, ["no input column is left"]),
    "constant target": ("t,y\n1,5\n2,5\n3,5\n", {}, ["target 'y' is constant (5)"]),
    "one name twice": (GOOD.replace("t,v", "v,v"), {}, ["two columns are named 'v' (columns 1 and 2)"]),
    "one name twice with units": (GOOD.replace("t,v", "v [m],v [s]"), {}, ["two columns are named 'v'"]),
    "unnamed column": (GOOD.replace("t,v", "t,"), {}, ["column 2 has no name"]),
    "one column": ("y\n1\n2\n3\n", {}, ["no input column is left"]),
}


@pytest.mark.parametrize("case", TEXTS)
def test_text_files(tmp_path, case):
    content, options, parts = TEXTS[case]
    path = tmp_path / "run7.csv"
    path.write_text(content)
    with pytest.raises(DataError) as caught:
        read_table(path, **{"target": "y", **options})
    check(caught.value, ["run7.csv", *parts])


def test_long_names_are_cut_in_messages(tmp_path):
    first, second = "a" * 5000 + "1", "a" * 5000 + "2"
    path = tmp_path / "run7.csv"
    path.write_text(f"{first},{second},y\n1,2,3\n2,,5\n3,5,8\n")
    with pytest.raises(DataError) as caught:
        read_table(path, target="b" * 3000)
    assert len(str(caught.value)) < 600
    # Both names are the same in messages, and the missing value of the second is seen all the same.
    with pytest.raises(DataError) as caught:
        read_table(path, target="y")
    check(caught.value, ["line 3", "--drop-missing"])
    assert read_table(path, target="y", drop_missing=True).names == (first, second)


def test_missing_file(tmp_path):
    with pytest.raises(DataError) as caught:
        read_table(tmp_path / "run7.csv", target="y")
    check(caught.value, ["there is no file", "run7.csv"])


def test_folder(tmp_path):
    with pytest.raises(DataError) as caught:
        read_table(tmp_path, target="y")
    check(caught.value, ["is a folder"])


@pytest.mark.parametrize("name", ["run7.ods", "run7", "run7.csv.gz"])
def test_unknown_suffix(tmp_path, name):
    (tmp_path / name).write_text(GOOD)
    with pytest.raises(DataError) as caught:
        read_table(tmp_path / name, target="y")
    check(caught.value, [name, "unknown kind of file", ".parquet"])


def test_binary_content_in_a_text_file(tmp_path):
    (tmp_path / "run7.csv").write_bytes(b"PK\x03\x04\x00\x00\x08\x00")
    with pytest.raises(DataError) as caught:
        read_table(tmp_path / "run7.csv", target="y")
    check(caught.value, ["run7.csv", "not a text file"])


@pytest.mark.parametrize("suffix", ["parquet", "pq", "h5", "hdf5", "npy", "npz"])
@pytest.mark.parametrize("content", [b"", b"this is no such file", b"PAR1\x93NUMPY\x01\x00"])
def test_damaged_binary_files(tmp_path, suffix, content):
    path = tmp_path / f"run7.{suffix}"
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        read_table(path, target="y")
    check(caught.value, [path.name, "damaged" if content else "is empty"])


@pytest.mark.parametrize("suffix", ["parquet", "h5", "npy", "npz"])
def test_truncated_binary_files(tmp_path, suffix):
    path = tmp_path / f"run7.{suffix}"
    table = np.random.default_rng(0).normal(size=(1000, 3))
    if suffix == "parquet":
        pd.DataFrame(table, columns=["t", "v", "y"]).to_parquet(path)
    elif suffix == "h5":
        with h5py.File(path, "w") as file:
            file["data"] = table
    elif suffix == "npy":
        np.save(path, table)
    else:
        np.savez(path, data=table)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(DataError) as caught:
        read_table(path, target="y")
    check(caught.value, [path.name, "damaged"])


def test_pickled_arrays_are_refused_without_running_them(tmp_path):
    class Trap:
        def __reduce__(self):
            return (pytest.fail, ("the file was unpickled",))

    trap = np.empty((3, 2), dtype=object)
    trap[:] = [[Trap(), Trap()]] * 3
    np.save(tmp_path / "run7.npy", trap, allow_pickle=True)
    np.savez(tmp_path / "run7.npz", t=trap)
    (tmp_path / "bare.npy").write_bytes(pickle.dumps(Trap()))
    for name in ("run7.npy", "run7.npz", "bare.npy"):
        with pytest.raises(DataError) as caught:
            read_table(tmp_path / name, target="y")
        check(caught.value, [name])


def boasting_npy(shape=(10**10, 3), descr="<f8") -> bytes:
    """A file of some hundred bytes whose header tells of more."""
    header = repr({"descr": descr, "fortran_order": False, "shape": shape}).encode()
    header += b" " * (117 - len(header)) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + bytes(240)


@pytest.mark.parametrize("suffix", ["npz", "h5"])
def test_a_table_that_claims_to_be_huge_is_refused_before_it_is_read(tmp_path, suffix):
    path = tmp_path / f"run7.{suffix}"
    if suffix == "npz":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("table.npy", boasting_npy())
    else:
        with h5py.File(path, "w") as file:
            file.create_dataset("table", shape=(10**10, 3), dtype="f8", chunks=(1000, 3))
    assert path.stat().st_size < 2 * 10**5
    tracemalloc.start()
    with pytest.raises(DataError) as caught:
        read_table(path, target="y")
    assert tracemalloc.get_traced_memory()[1] < 10**7
    tracemalloc.stop()
    check(caught.value, ["run7", "numbers, more than 20,000,000"])


def test_a_file_that_is_read_in_parts_takes_the_memory_of_a_part(tmp_path):
    (tmp_path / "run7.npy").write_bytes(boasting_npy())
    (tmp_path / "wide.npy").write_bytes(boasting_npy((10**7, 2), "<U100000000"))
    arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    zeros = arrow.chunked_array([arrow.array(np.zeros(10**6)).dictionary_encode()] * 2)
    parquet.write_table(arrow.table({"t": zeros, "y": zeros}), tmp_path / "run7.parquet")
    tracemalloc.start()
    for name, target, words in (
        ("run7.npy", "x0", "shorter than it says"),
        ("wide.npy", "x0", "shorter than it says"),
        ("run7.parquet", "y", "constant"),
    ):
        with pytest.raises(DataError) as caught:
            read_table(tmp_path / name, target=target)
        check(caught.value, [name, words])
    # A part of ten columns is ten megabytes, and copies of it.
    assert tracemalloc.get_traced_memory()[1] < 10**8
    tracemalloc.stop()


def test_a_zip_bomb_of_many_arrays_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("kansym.data.limits.MOST_VALUES", 20_000)
    path = tmp_path / "run7.npz"
    np.savez_compressed(path, **{f"c{k}": np.zeros(1000) for k in range(30)})
    with pytest.raises(DataError) as caught:
        read_table(path, target="c0")
    check(caught.value, ["run7.npz", "21,000 numbers, more than 20,000"])


def test_a_wide_text_is_no_number_of_bytes(tmp_path):
    (tmp_path / "run7.npy").write_bytes(boasting_npy((100, 2), "<U100000000"))
    with pytest.raises(DataError) as caught:
        read_table(tmp_path / "run7.npy", target=0)
    check(caught.value, ["run7.npy", "bytes of memory"])


def test_text_that_is_too_long(tmp_path, monkeypatch):
    monkeypatch.setattr("kansym.data.text_table.LARGEST_TEXT", 20)
    (tmp_path / "run7.csv").write_text(GOOD)
    with pytest.raises(DataError) as caught:
        read_table(tmp_path / "run7.csv", target="y")
    check(caught.value, ["run7.csv", "MB of text"])


@pytest.mark.parametrize(
    "header", [b"{'descr': '<f8', 'fortra" + b"\xff" * 93 + b"\n", b"{" * 117 + b"\n", b"\0" * 118]
)
def test_damaged_headers_of_numpy_files(tmp_path, header):
    (tmp_path / "run7.npy").write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", 118) + header + bytes(64))
    with pytest.raises(DataError) as caught:
        read_table(tmp_path / "run7.npy", target=0)
    check(caught.value, ["run7.npy", "damaged"])


def test_pipes_devices_and_strange_links(tmp_path):
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "device.csv").symlink_to("/dev/zero")
    (tmp_path / "loop.csv").symlink_to(tmp_path / "loop.csv")
    for name, part in (("pipe", "pipe or a device"), ("device", "pipe or a device"), ("loop", "no file")):
        with pytest.raises(DataError) as caught:
            read_table(tmp_path / f"{name}.csv", target="y")
        check(caught.value, [f"{name}.csv", part])
    with pytest.raises(DataError) as caught:
        read_table(tmp_path / ("n" * 300 + ".csv"), target="y")
    check(caught.value, ["no file", "too long"])


def test_no_break_spaces_delimit(tmp_path):
    (tmp_path / "run7.dat").write_text("t y\n1\u00a02\n2\u2009 3\n\u00a03 5\n", encoding="utf-8")
    dataset = read_table(tmp_path / "run7.dat", target="y")
    np.testing.assert_array_equal(dataset.y, [2, 3, 5])


def test_quotes_that_hide_fields_from_the_count(tmp_path):
    (tmp_path / "run7.csv").write_text('t,v,y\n1,2,3\n"2"x,"3,5\n4",5,8\n')
    with pytest.raises(DataError) as caught:
        read_table(tmp_path / "run7.csv", target="y")
    check(caught.value, ["run7.csv"])


def test_numpy_files_of_the_wrong_shape(tmp_path):
    np.save(tmp_path / "run7.npy", np.arange(5.0))
    with pytest.raises(DataError) as caught:
        read_table(tmp_path / "run7.npy", target=0)
    check(caught.value, ["run7.npy", "(5,)"])
    np.savez(tmp_path / "run7.npz", t=np.arange(5.0), y=np.arange(4.0))
    with pytest.raises(DataError) as caught:
        read_table(tmp_path / "run7.npz", target="y")
    check(caught.value, ["run7.npz", "'y' has 4 values", "'t' has 5"])
    np.savez(tmp_path / "run7.npz", t=np.arange(5.0), data=np.ones((4, 2)))
    for key, parts in ((None, ["name one with key", "t, data"]), ("u", ["no array 'u'", "t, data"])):
        with pytest.raises(DataError) as caught:
            read_table(tmp_path / "run7.npz", target="y", key=key)
        check(caught.value, ["run7.npz", *parts])
    np.savez(tmp_path / "run7.npz")
    with pytest.raises(DataError) as caught:
        read_table(tmp_path / "run7.npz", target="y")
    check(caught.value, ["run7.npz", "no arrays"])


def test_hdf5_without_a_clear_table(tmp_path):
    path = tmp_path / "run7.h5"
    with h5py.File(path, "w") as file:
        file.create_group("empty")
    with pytest.raises(DataError) as caught:
        read_table(path, target="y")
    check(caught.value, ["run7.h5", "no datasets"])
    with h5py.File(path, "w") as file:
        file["first"], file["second"] = np.ones((3, 2)), np.ones((3, 2))
        file["scan/t"], file["scan/y"] = np.arange(3.0), np.arange(4.0)
        file.create_group("empty")
    for key, parts in (
        (None, ["several tables", "first, second"]),
        ("third", ["no 'third'", "first"]),
        ("empty", ["'empty' holds no datasets"]),
        ("scan", ["'y' has 4 values"]),
        ("scan/t", ["(3,)"]),
    ):
        with pytest.raises(DataError) as caught:
            read_table(path, target="y", key=key)
        check(caught.value, ["run7.h5", *parts])


def test_parquet_with_one_name_twice(tmp_path):
    arrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    columns = [arrow.array([1.0, 2.0])] * 3
    parquet.write_table(arrow.Table.from_arrays(columns, names=["v", "v", "y"]), tmp_path / "run7.parquet")
    with pytest.raises(DataError) as caught:
        read_table(tmp_path / "run7.parquet", target="y")
    check(caught.value, ["run7.parquet", "two columns are named 'v'"])


def test_parquet_with_a_column_without_a_name(tmp_path):
    arrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    columns = [arrow.array([1.0, 2.0]), arrow.array([3.0, 7.0])]
    parquet.write_table(arrow.Table.from_arrays(columns, names=["", "y"]), tmp_path / "run7.parquet")
    with pytest.raises(DataError) as caught:
        read_table(tmp_path / "run7.parquet", target="y")
    check(caught.value, ["run7.parquet", "has no name"])


def test_parquet_with_dates_only(tmp_path):
    frame = pd.DataFrame({"when": pd.date_range("2020-01-01", periods=3), "y": [1.0, 2.0, 4.0]})
    frame.to_parquet(tmp_path / "run7.parquet")
    with pytest.raises(DataError) as caught:
        read_table(tmp_path / "run7.parquet", target="y")
    check(caught.value, ["no input column is left"])
    with pytest.raises(DataError) as caught:
        read_table(tmp_path / "run7.parquet", target="y", columns=["when"])
    check(caught.value, ["run7.parquet", "'when' holds dates"])


@pytest.mark.parametrize(("suffix", "module"), [("parquet", "pyarrow.parquet"), ("h5", "h5py")])
def test_optional_packages_are_named(tmp_path, monkeypatch, suffix, module):
    path = tmp_path / f"run7.{suffix}"
    path.write_bytes(b"something")
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'kansym\[io\]'"):
        read_table(path, target="y")


def test_frames():
    frame = pd.DataFrame({"t": [1.0, 2.0, 3.0], "y": [1.0, 2.0, 4.0]})
    with pytest.raises(DataError) as caught:
        read_table(frame, target="z")
    check(caught.value, ["DataFrame", "no target column 'z'", "'t', 'y'"])
    with pytest.raises(DataError) as caught:
        read_table(pd.concat([frame, frame], axis=1), target="y")
    check(caught.value, ["two columns are named 't'"])
    with pytest.raises(DataError) as caught:
        read_table(pd.DataFrame(), target="y")
    check(caught.value, ["no columns"])


@pytest.mark.parametrize(
    ("word", "meant"), [("poison", True), ("Poission", True), ("counts", False), ("position", False)]
)
def test_a_misspelt_poisson_is_named(word, meant, tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("t,n\n1,10\n2,7\n3,5\n4,4\n")
    with pytest.raises(DataError) as caught:
        read_table(path, target="n", error=word)
    assert ("did you mean poisson" in str(caught.value)) == meant
    with pytest.raises(DataError) as caught:
        make_dataset([[1.0], [2.0], [3.0]], [10, 7, 5], y_error=word)
    assert ("did you mean poisson" in str(caught.value)) == meant
