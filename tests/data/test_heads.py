"""What stands above the numbers: rows of units, names in comments, remarks of an instrument."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kansym.data import read_table
from kansym.data.dialect import MISSING
from kansym.data.remarks import Warned
from kansym.errors import DataError

ROWS = "0,1.5\n0.5,2.5\n1,4.5\n1.5,7\n"


def read(tmp_path, text, **more):
    path = tmp_path / "run.csv"
    path.write_text(text)
    return read_table(path, target=more.pop("target", "U"), **more)


@pytest.mark.parametrize("units", ["s,mV", "(s),(mV)", "[s],[mV]", " s , mV "])
def test_a_second_row_of_units(tmp_path, units):
    table = read(tmp_path, f"t,U\n{units}\n{ROWS}")
    assert (table.units, table.y_units) == (("s",), "mV")
    assert table.X[:, 0].tolist() == [0, 0.5, 1, 1.5]
    assert "line 2" in table.notes[0] and isinstance(table.notes[0], Warned)


def test_a_row_of_units_knows_pure_numbers_and_gaps(tmp_path):
    text = "t,n,U,run\ns,-,MJy/sr,\n0,3,1.5,a\n0.5,4,2.5,b\n1,7,4.5,c\n"
    table = read(tmp_path, text)
    assert (table.units, table.y_units) == (("s", "1"), "MJy/sr")


def test_no_unit_is_none(tmp_path):
    assert read(tmp_path, f"t,U\nN/A,mV\n{ROWS}").units == (None,)  # and no newton per ampere


def test_units_of_the_header_go_before_those_below(tmp_path):
    assert read(tmp_path, f"t [ms],U\ns,mV\n{ROWS}").units == ("ms",)


def test_units_in_a_second_comment(tmp_path):
    table = read(tmp_path, "# t U\n# s mV\n0 1.5\n0.5 2.5\n1 4.5\n")
    assert (table.names, table.units, table.y_units) == (("t",), ("s",), "mV")


@pytest.mark.parametrize("row", ["start,here", "1,K", "s,bad", "a,b"])
def test_other_words_in_the_first_row_are_no_units(tmp_path, row):
    with pytest.raises(DataError, match="line 2"):
        read(tmp_path, f"t,U\n{row}\n{ROWS}")


def test_a_column_of_text_is_no_column_of_units(tmp_path):
    table = read(tmp_path, "t,U,state\n0,1.5,s\n0.5,2.5,m\n1,4.5,g\n")
    assert table.n_rows == 3 and table.units == (None,)


def test_a_unit_misspelt_in_a_row_of_units(tmp_path):
    with pytest.raises(DataError, match=r"line 2: the unit of 'U': 'mVV'"):
        read(tmp_path, f"t,U\ns,mVV\n{ROWS}")


PREAMBLE = "Instrument: Keithley 2000\nOperator: A. Smith, B. Jones\n\nDate: 2024-03-01\n"


@pytest.mark.parametrize("head", ["t,U\n", "t,U\ns,mV\n", "t [s],U [mV]\n"])
def test_remarks_above_the_header_are_left_out(tmp_path, head):
    table = read(tmp_path, PREAMBLE + head + ROWS)
    assert table.names == ("t",) and table.n_rows == 4
    assert table.notes[0].startswith("Left out the first 3 lines") and isinstance(table.notes[0], Warned)
    assert table.y_units == ("mV" if "mV" in head else None)


def test_remarks_padded_by_a_spreadsheet(tmp_path):
    assert read(tmp_path, f"Keithley 2000,\nt,U\n{ROWS}").names == ("t",)


def test_remarks_above_numbers_without_a_header(tmp_path):
    table = read(tmp_path, "Keithley 2000\n" + ROWS, target="x1")
    assert table.names == ("x0",) and table.n_rows == 4


def test_messages_count_the_lines_of_the_file(tmp_path):
    with pytest.raises(DataError, match="line 9: expected 2 fields, got 3"):
        read(tmp_path, f"{PREAMBLE}t,U\n0,1\n1,2\n2,3\n3,4,5\n4,5\n5,6\n6,7\n")


@pytest.mark.parametrize(
    "text",
    [
        "t,U\n1\n2,3\n4,5\n6,7\n",  # a row that is short
        "t,U,z\n1,2\n1,2,3\n4,5,6\n2,3,7\n",
        "t,U,z\n1,x\n1,2,3\n4,5,6\n2,3,7\n",
        "1,2\n1,2,3\n4,5,6\n2,3,7\n",
    ],
)
def test_a_row_with_a_mistake_is_no_remark(tmp_path, text):
    with pytest.raises(DataError, match="expected"):
        read(tmp_path, text)


LETTERS = st.characters(codec="ascii", categories=["L", "Zs"])


def wordy(text):
    """Not nan or inf, which are numbers of a table."""
    return bool(text.strip()) and text.strip().lower() not in MISSING


@settings(max_examples=30)
@given(st.lists(st.text(st.characters(codec="ascii", categories=["L", "Zs"]), min_size=1).filter(wordy), max_size=5))
def test_any_words_above_leave_the_table_as_it_is(tmp_path_factory, words):
    path = tmp_path_factory.mktemp("words") / "run.csv"
    path.write_text("".join(f"{word}\n" for word in words) + "t,U\n" + ROWS)
    table = read_table(path, target="U")
    np.testing.assert_array_equal(table.y, [1.5, 2.5, 4.5, 7])


def test_a_column_that_is_empty_is_left_out(tmp_path):
    table = read(tmp_path, "t\tU\tremark\n0\t1\t\n1\t3\t\n2\t4\t\n")
    assert table.names == ("t",) and table.notes == ("Left out column 'remark': it is empty.",)
