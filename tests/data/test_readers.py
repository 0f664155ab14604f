"""Every file format and dialect gives the same dataset."""

import h5py
import numpy as np
import pandas as pd
import pytest

from kansym.data import read_table
from kansym.data.dataset import Dataset
from kansym.data.readers import column_names, read_targets
from kansym.errors import DataError

ROWS = [(0.1, 10.0, 1.5), (0.2, -20.5, 2.25), (0.30000000000000004, 1e-30, 3.125), (0.4, 6.02e23, 1e30)]
T, V, Y = (np.array(column) for column in zip(*ROWS, strict=True))


def expect(dataset: Dataset, names=("t", "v"), target="y", units=(None, None), y_units=None) -> None:
    assert dataset.names == names and dataset.target == target
    assert dataset.units == units and dataset.y_units == y_units
    np.testing.assert_array_equal(dataset.X, np.column_stack([T, V]))
    np.testing.assert_array_equal(dataset.y, Y)


def text(delimiter=",", header="t,v,y", decimal=".", end="\n", before="") -> str:
    lines = [delimiter.join(repr(float(value)).replace(".", decimal) for value in row) for row in ROWS]
    head = [header.replace(",", delimiter)] if header else []
    return before + end.join([*head, *lines]) + end


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", " ", "   ", ", ", " \t "])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_delimiters(tmp_path, delimiter, end):
    path = tmp_path / "table.txt"
    path.write_bytes(text(delimiter, end=end).encode())
    expect(read_table(path, target="y"))


@pytest.mark.parametrize("delimiter", [";", "\t", " ", "|"])
def test_decimal_comma(tmp_path, delimiter):
    path = tmp_path / "table.csv"
    path.write_text(text(delimiter, decimal=","))
    expect(read_table(path, target="y"))


@pytest.mark.parametrize("delimiter", [",", " ", "\t"])
@pytest.mark.parametrize("target", [2, "2", "x2"])
def test_no_header(tmp_path, delimiter, target):
    path = tmp_path / "table.dat"
    path.write_text(text(delimiter, header=""))
    expect(read_table(str(path), target=target), names=("x0", "x1"), target="x2")


def test_comments_and_blank_lines_are_skipped(tmp_path):
    path = tmp_path / "table.csv"
    lines = text(before="# measured, in the cellar\n\n% by night\n").splitlines()
    path.write_text("\n".join([*lines[:5], "  # a pause", "", *lines[5:], "# end"]))
    expect(read_table(path, target="y"))


def test_names_from_the_comment_above_the_data(tmp_path):
    path = tmp_path / "table.txt"
    np.savetxt(path, np.column_stack([T, V, Y]), header="a run\nt v y", fmt="%.17g")
    dataset = read_table(path, target="y")
    expect(dataset)
    assert dataset.notes == ("Took the names of the columns from the comment on line 2.",)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "utf-16"])
def test_encodings(tmp_path, encoding):
    path = tmp_path / "table.csv"
    path.write_bytes(text(header="t,Größe,y").encode(encoding))
    expect(read_table(path, target="y"), names=("t", "Größe"))


def test_quoted_names_keep_their_delimiters(tmp_path):
    for delimiter, suffix in ((",", "csv"), (" ", "txt")):
        path = tmp_path / f"table.{suffix}"
        path.write_text(text(delimiter).replace(f"t{delimiter}v", f't{delimiter}"speed, v"', 1))
        expect(read_table(path, target="y"), names=("t", "speed, v"))


@pytest.mark.parametrize("target", ["y", "y [eV]"])
def test_units_in_square_brackets(tmp_path, target):
    path = tmp_path / "table.csv"
    path.write_text(text(header="t [s],v [m/s],y [eV]"))
    expect(read_table(path, target=target), units=("s", "m/s"), y_units="eV")


@pytest.mark.parametrize("target", ["y", "y (eV)"])
def test_units_in_round_brackets_and_after_a_stroke(tmp_path, target):
    path = tmp_path / "table.csv"
    path.write_text(text(header="t / s,v (m/s),y (eV)"))
    expect(read_table(path, target=target, columns=["t", "v (m/s)"]), units=("s", "m/s"), y_units="eV")


def test_other_words_in_round_brackets_stay_in_the_name(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text(text(header="t,V (t),rate (per day)"))
    expect(read_table(path, target="rate"), names=("t", "V (t)"), target="rate (per day)")


def test_a_number_stands_for_a_column_of_errors(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("x,0.5,y\n1,0.1,2\n2,0.2,4\n")
    assert read_table(path, target="y", error="0.25", columns=["x"]).y_error.tolist() == [0.25, 0.25]
    assert read_table(path, target="y", error="0.5").y_error.tolist() == [0.1, 0.2]  # the column of that name
    for wrong in ("-0.1", 0.0, "nan"):
        with pytest.raises(DataError, match="error must be a column or a positive number"):
            read_table(path, target="y", error=wrong)


def test_a_spreadsheet_is_to_be_saved_as_text(tmp_path):
    (tmp_path / "t.ods").write_bytes(b"PK")
    with pytest.raises(DataError, match="save it as CSV"):
        read_table(tmp_path / "t.ods", target="y")


def test_fortran_exponents_and_missing_words(tmp_path):
    path = tmp_path / "table.txt"
    path.write_text("t v y\n1.0D+00 2 3\n2.5d-01 NaN 4\n1 4 5\n-3.D2 5 7\n")
    dataset = read_table(path, target="y", drop_missing=True)
    np.testing.assert_array_equal(dataset.X, [[1.0, 2.0], [1.0, 4.0], [-300.0, 5.0]])
    assert dataset.notes == ("Dropped 1 of 4 rows with missing or infinite values in column 'v'.",)


def test_delimiter_at_the_end_of_every_line(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("\n".join(line + "," for line in text().splitlines()))
    expect(read_table(path, target="y"))


def test_labels_are_left_out_and_noted(tmp_path):
    for head in ("object,t,v,y\n", ""):
        path = tmp_path / "table.csv"
        body = text(header="").splitlines()
        path.write_text(head + "\n".join(f"star {k},{line}" for k, line in enumerate(body)))
        dataset = read_table(path, target="y" if head else "x3")
        np.testing.assert_array_equal(dataset.X, np.column_stack([T, V]))
        assert "it holds text ('star 0')" in dataset.notes[0]


def test_error_column_and_choice_of_inputs(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("a,b,s [m],y [m]\n1,2,0.5,3\n2,1,0.25,4\n4,0,1,5\n")
    dataset = read_table(path, target="y", error="s", columns=["b"])
    assert dataset.names == ("b",)
    np.testing.assert_array_equal(dataset.y_error, [0.5, 0.25, 1.0])  # pyright: ignore[reportArgumentType]
    assert read_table(path, target="y", error="s").names == ("a", "b")


def test_numbers_are_read_to_the_last_digit(tmp_path):
    values = np.random.default_rng(0).normal(size=(500, 3)) * 10.0 ** np.random.default_rng(1).integers(
        -30, 30, (500, 3)
    )
    path = tmp_path / "table.csv"
    path.write_text("a,b,c\n" + "\n".join(",".join(repr(float(v)) for v in row) for row in values))
    dataset = read_table(path, target="c")
    np.testing.assert_array_equal(dataset.X, values[:, :2])
    np.testing.assert_array_equal(dataset.y, values[:, 2])


def test_parquet(tmp_path):
    path = tmp_path / "table.parquet"
    pd.DataFrame({"t [s]": T, "v": V, "label": list("abcd"), "y": Y}).to_parquet(path)
    dataset = read_table(path, target="y")
    expect(dataset, units=("s", None))
    assert "'label'" in dataset.notes[0]


def test_hdf5_two_dimensional(tmp_path):
    path = tmp_path / "table.h5"
    with h5py.File(path, "w") as file:
        file["run/data"] = np.column_stack([T, V, Y]).astype(">f8")
    expect(read_table(path, target="x2"), names=("x0", "x1"), target="x2")
    expect(read_table(path, target=2, key="run/data"), names=("x0", "x1"), target="x2")


def test_hdf5_compound(tmp_path):
    path = tmp_path / "table.hdf5"
    record = np.array(ROWS, dtype=[("t", "f8"), ("v", "f8"), ("y", "f8")])
    with h5py.File(path, "w") as file:
        file["events"] = record
    expect(read_table(path, target="y"))


def test_hdf5_one_dataset_per_column_with_units(tmp_path):
    path = tmp_path / "table.h5"
    with h5py.File(path, "w") as file:
        for group, shift in (("first", 0.0), ("second", 1.0)):
            for name, values in (("t", T), ("v", V), ("y", Y + shift)):
                file[f"{group}/{name}"] = values
            file[f"{group}/t"].attrs["units"] = "s"
    expect(read_table(path, target="y", key="first"), units=("s", None))
    np.testing.assert_array_equal(read_table(path, target="y", key="second").y, Y + 1.0)


def test_npy(tmp_path):
    path = tmp_path / "table.npy"
    np.save(path, np.column_stack([T, V, Y]))
    expect(read_table(path, target=2), names=("x0", "x1"), target="x2")
    np.save(path, np.array(ROWS, dtype=[("t", "f8"), ("v", "f8"), ("y", "f8")]))
    expect(read_table(path, target="y"))


def test_npz(tmp_path):
    path = tmp_path / "table.npz"
    np.savez(path, t=T, v=V, y=Y)
    expect(read_table(path, target="y"))
    np.savez(path, data=np.column_stack([T, V, Y]), other=np.zeros(3))
    expect(read_table(path, target=2, key="data"), names=("x0", "x1"), target="x2")


def test_data_frames():
    frame = pd.DataFrame({"t": T, "v": V, "y": Y}, index=[9, 8, 7, 6])
    expect(read_table(frame, target="y"))


def test_frame_that_is_not_pandas():
    class Frame:
        """What polars has in common with pandas, as far as reading goes."""

        columns = ("t", "v", "y")

        def to_pandas(self) -> pd.DataFrame:
            return pd.DataFrame({"t": T, "v": V, "y": Y})

    expect(read_table(Frame(), target="y"))


def test_names_of_all_columns_and_constant_columns_on_demand(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("t [s],g,label,y\n1,9.8,a,2\n2,9.8,b,4\n")
    assert column_names(path) == ["t", "g", "label", "y"]
    assert read_table(path, target="y").names == ("t",)
    kept = read_table(path, target="y", remove_constant=False)
    assert kept.names == ("t", "g")
    assert (kept.X[:, 1] == 9.8).all()


@pytest.mark.parametrize("error", [[0.1, 0.2], 10**400, {}])
def test_an_error_that_is_neither_column_nor_number_is_refused(error):
    frame = pd.DataFrame({"t": T, "y": Y})
    with pytest.raises(DataError, match="there is no error column"):
        read_table(frame, target="y", error=error)
    with pytest.raises(DataError, match="there is no input error column"):
        read_table(frame, target="y", error=0.1, x_error={"t": error})


def test_targets_are_no_inputs_of_each_other(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("t,u,v,du,dv\n" + "".join(f"{k},{2 * k},{k * k},0.1,{0.1 + k}\n" for k in range(1, 6)))
    found = read_targets(path, targets=["v", "u"], error={"u": "du", "v": "dv"})
    assert list(found) == ["v", "u"]
    for name, table in found.items():
        alone = read_table(path, target=name, error=f"d{name}", columns=["t"])
        assert table.names == ("t",) and table.target == name
        np.testing.assert_array_equal(table.y, alone.y)
        np.testing.assert_array_equal(table.y_error, alone.y_error)


def test_a_target_that_cannot_be_used_leaves_the_others(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("t,u,v,w\n1,2,3,1\n2,4,,1\n3,7,5,1\n")
    found = read_targets(path, targets=["u", "v", "w"])
    assert isinstance(found["u"], Dataset) and found["u"].n_rows == 3
    assert "column 'v'" in str(found["v"]) or "'v'" in str(found["v"])
    assert "constant" in str(found["w"])
    assert read_targets(path, targets=["u", "v"], columns=["t"], drop_missing=True)["v"].n_rows == 2


def test_targets_of_a_frame_by_header():
    frame = pd.DataFrame({"t [s]": T, "u [m]": V, "v [V]": Y})
    found = read_targets(frame, targets=["u [m]", "v"])
    assert {name: (table.target, table.y_units, table.units) for name, table in found.items()} == {
        "u": ("u", "m", ("s",)),
        "v": ("v", "V", ("s",)),
    }
