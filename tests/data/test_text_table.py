"""Lines of text as columns: a plain table of numbers is read as pandas reads it."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kansym.data import text_table
from kansym.data.dialect import Dialect
from kansym.errors import DataError

NUMBER = st.one_of(
    st.integers(-(10**20), 10**20).map(str),
    st.integers(-99, 99).map("{:+d}".format),
    st.integers(0, 99).map("{:05d}".format),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.floats(-1e6, 1e6).map("{:.3f}".format),
    st.floats(-1e6, 1e6).map("{:+.17E}".format),
    st.sampled_from(["-0", "0.", ".5", "-.5e3", "1e400", "1e-400", "5 ", " 7"]),
)
ODD = st.one_of(st.text("0123456789+-.eE ", max_size=6), st.sampled_from(["", "nan", "1_0", '"1"', "0x10", "1,5", "½"]))


@st.composite
def tables(draw):
    width, delimiter = draw(st.integers(1, 3)), draw(st.sampled_from([",", ";", "\t", "|"]))
    decimal = draw(st.sampled_from([".", ","])) if delimiter != "," else "."
    field = NUMBER if draw(st.booleans()) else st.one_of(NUMBER, NUMBER, ODD)
    rows = draw(st.lists(st.lists(field, min_size=width, max_size=width), min_size=1, max_size=5))
    lines = [delimiter.join(one.replace(".", decimal) for one in row) for row in rows]
    dialect = Dialect(delimiter, decimal)
    # What a reader of tables hands over: lines that hold something, all of one width.
    return [line for line in lines if line.strip() and dialect.count(line) == width], dialect, width


@given(tables())
def test_a_plain_table_is_read_as_pandas_reads_it(table):
    lines, dialect, width = table
    head = dialect.delimiter.join(f"c{k}" for k in range(width))

    def read():
        try:
            return text_table.table_of("t.csv", [head, *lines], dialect).columns
        except DataError as error:
            return str(error)

    found = read()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text_table, "MOST_PLAIN_FIELDS", 0)
        by_pandas = read()
    if isinstance(by_pandas, str):
        assert found == by_pandas
        return
    for one, other in zip(found, by_pandas, strict=True):
        assert one.dtype == other.dtype
        pd.testing.assert_series_equal(pd.Series(one), other, check_names=False)


@pytest.mark.parametrize(
    "line", ["1,2", "1,2.5", " 1 , 2e-3 ", "9007199254740993,1", "-1.7976931348623157e308,.1", "0,-0"]
)
def test_decimal_numbers_need_no_pandas(line):
    found = text_table.plain_numbers([line], Dialect(",", "."), 2)
    assert found is not None
    assert [column[0] for column in found] == [pd.to_numeric(field.strip()) for field in line.split(",")]


@pytest.mark.parametrize("line", ["1,", "1,nan", '1,"2"', "1,1e400", "1,1_0", "1,2d3", "1,- 2"])
def test_anything_else_does(line):
    assert text_table.plain_numbers([line], Dialect(",", "."), 2) is None


def test_a_long_table_does():
    rows = text_table.MOST_PLAIN_FIELDS // 2
    assert text_table.plain_numbers(["1,2"] * rows, Dialect(",", "."), 2) is not None
    assert text_table.plain_numbers(["1,2"] * (rows + 1), Dialect(",", "."), 2) is None
