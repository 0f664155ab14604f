"""Sheets of Excel workbooks."""

import datetime
import importlib

import openpyxl
import pytest

from kansym.data import read_table
from kansym.errors import DataError, MissingDependencyError


@pytest.fixture
def book(tmp_path):
    def write(**sheets):
        book = openpyxl.Workbook()
        book.remove(book.active)
        for title, rows in sheets.items():
            sheet = book.create_sheet(title)
            for row in rows:
                sheet.append(row)
        path = tmp_path / "run.xlsx"
        book.save(path)
        return path

    return write


ROWS = [[0.1, 1 / 3], [0.5, 1e-30], [1, 4.5]]


def test_the_only_sheet_that_holds_anything(book):
    table = read_table(book(run=[["t [s]", "U"], *ROWS], Sheet2=[]), target="U")
    assert table.y.tolist() == [1 / 3, 1e-30, 4.5] and table.units == ("s",)


def test_a_sheet_as_people_make_it(book):
    day = datetime.datetime(2024, 3, 1)
    rows = [["Keithley 2000", None, None], [], ["t", "U", "day", "note"], ["s", "mV"], *([*row, day] for row in ROWS)]
    table = read_table(book(run=rows), target="U")
    assert (table.names, table.units, table.y_units) == (("t",), ("s",), "mV") and table.n_rows == 3
    assert len(table.notes) == 4


def test_a_sheet_is_named_by_key(book):
    path = book(one=[["t", "U"], *ROWS], two=[["t", "W"], *ROWS])
    assert read_table(path, target="W", key="two").target == "W"
    for key, words in ((None, "name one with key: one, two"), ("three", "it holds one, two")):
        with pytest.raises(DataError, match=words):
            read_table(path, target="U", key=key)


def test_messages_name_the_row_of_the_sheet(book):
    with pytest.raises(DataError, match="line 4: 'x' is not a number"):
        read_table(book(run=[["t", "U"], [1, 2], [2, 3], ["x", 4], [3, 5]]), target="U")


@pytest.mark.parametrize("content", [b"PK\x03\x04 and no more", b"no archive"])
def test_damaged_files(tmp_path, content):
    (tmp_path / "run.xlsx").write_bytes(content)
    with pytest.raises(DataError, match="cannot be read as Excel"):
        read_table(tmp_path / "run.xlsx", target="U")


def test_empty_sheets(book):
    with pytest.raises(DataError, match="are empty"):
        read_table(book(run=[]), target="U")


def test_without_openpyxl_the_message_says_what_to_install(book, monkeypatch):
    path, real = book(run=[["t", "U"], *ROWS]), importlib.import_module

    def missing(name):
        if name == "openpyxl":
            raise ImportError(name)
        return real(name)

    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(MissingDependencyError, match=r"pip install 'kansym\[excel\]'"):
        read_table(path, target="U")


@pytest.mark.parametrize("cell", ["#DIV/0!", "% off"])
def test_sheets_have_no_comments(book, cell):
    with pytest.raises(DataError, match=f"line 3: '{cell}' is not a number"):
        read_table(book(run=[["t", "U"], [1, 2], [cell, 3], [2, 4], [3, 5]]), target="U")


def test_a_cell_without_a_value_is_missing(book):
    path = book(run=[["t", "U"], [1, 2], ["#N/A", 3], [2, 4], [3, 5]])
    with pytest.raises(DataError, match="line 3"):
        read_table(path, target="U")
    assert read_table(path, target="U", drop_missing=True).X[:, 0].tolist() == [1, 2, 3]


@pytest.mark.parametrize("name", ["#", "% H2O"])
def test_names_of_columns_may_begin_like_comments(book, name):
    table = read_table(book(run=[[name, "y"], *ROWS]), target="y")
    assert table.names == (name,) and table.n_rows == 3
