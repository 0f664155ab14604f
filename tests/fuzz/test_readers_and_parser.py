"""Whatever bytes a file holds and whatever text a formula is: a result, or a `KansymError` of one line."""

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from kansym.data import read_table
from kansym.errors import KansymError
from kansym.symbolic.parser import parse_expression
from tests.fuzz.loader import FORMULA, SUFFIXES, seeds, try_input

CELLS = st.one_of(
    st.floats().map(repr),
    st.integers(-(10**20), 10**20).map(str),
    st.sampled_from(
        ["", "nan", "1e400", "1.5D+03", "1,5", "x", '"', '"a"', "٣", "1_0", "\u00a0", "-", "#1", "2021-05-03"]
    ),
    st.text(max_size=5),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("fuzz")


@given(
    rows=st.lists(st.lists(CELLS, min_size=1, max_size=4), max_size=8),
    delimiter=st.sampled_from(",;\t| "),
    data=st.data(),
)
@settings(max_examples=150)
def test_text_tables(folder, rows, delimiter, data):
    ends = data.draw(st.sampled_from(["\n", "\r\n", "\r"]))
    encoding = data.draw(st.sampled_from(["utf-8", "utf-8-sig", "latin-1", "utf-16"]))
    text = ends.join(delimiter.join(row) for row in rows)
    try_input(bytes([data.draw(st.integers(0, 2))]) + text.encode(encoding, "replace"), folder)


@given(rows=st.integers(2, 6), width=st.integers(2, 4), delimiter=st.sampled_from(",;\t|"), data=st.data())
@settings(max_examples=60)
def test_numbers_come_back_as_they_were_written(folder, rows, width, delimiter, data):
    finite = st.floats(allow_nan=False, allow_infinity=False, width=64)
    table = np.array(
        data.draw(st.lists(st.lists(finite, min_size=width, max_size=width), min_size=rows, max_size=rows))
    )
    names = [f"c{k}" for k in range(width)]
    lines = [delimiter.join(names), *(delimiter.join(map(repr, row)) for row in table.tolist())]
    path = folder / "numbers.csv"
    path.write_text("\n".join(lines))
    try:
        dataset = read_table(path, target=names[-1], remove_constant=False)
    except KansymError as error:
        assert "is constant" in str(error)
        return
    np.testing.assert_array_equal(np.column_stack([dataset.X, dataset.y]), table)


@pytest.mark.long
@given(number=st.integers(0, len(seeds()) - 1), changes=st.lists(st.tuples(st.integers(0, 400), st.binary(max_size=4))))
@settings(max_examples=150)
def test_damaged_files_of_every_kind(folder, number, changes):
    data = bytearray(seeds()[number])
    for at, piece in changes:
        data[1 + at : 1 + at + len(piece)] = piece
    try_input(bytes(data), folder)


@given(number=st.integers(0, len(seeds()) - 1), length=st.integers(1, 3000))
@settings(max_examples=80)
def test_files_cut_off(folder, number, length):
    try_input(seeds()[number][:length], folder)


@given(
    st.one_of(st.binary(max_size=200), st.text(alphabet="xyAB0123456789.eE+-*/^() ,sincoxplgqrtam`²\0", max_size=60))
)
@settings(max_examples=200)
def test_formulas(folder, text):
    data = text if isinstance(text, bytes) else text.encode()
    try_input(bytes([FORMULA]) + data, folder)


NUMBERS = st.sampled_from(
    ["0", "1", "2", "7", "1/3", "0.5", "1e300", "1e-300", "10**9", "9**99", "pi", "170", "-1", "k"]
)
FORMULAS = st.recursive(
    st.one_of(NUMBERS, st.sampled_from(["x", "y"])),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", "*", "/", "**"]), inner).map(lambda t: f"({t[0]}){t[1]}({t[2]})"),
        st.tuples(
            st.sampled_from(
                ["exp", "log", "sin", "tan", "sqrt", "abs", "gamma", "cbrt", "asin", "erf", "tanh", "airyai"]
            ),
            inner,
        ).map(lambda t: f"{t[0]}({t[1]})"),
        st.tuples(inner, inner).map(lambda t: f"besselj({t[0]}, {t[1]})"),
    ),
    max_leaves=8,
)


@given(FORMULAS)
@settings(max_examples=200)
def test_formulas_that_are_well_formed(text):
    try:
        expression = parse_expression(text, ["x", "y", "k"])
    except KansymError:
        return
    # What has been read can be written and read again.
    assert parse_expression(str(expression), ["x", "y", "k"]).free_symbols == expression.free_symbols


def test_seeds_are_read(folder):
    for data in seeds():
        try_input(data, folder)
    kinds = {data[0] for data in seeds()}
    assert kinds == set(range(len(SUFFIXES) + 1))


def test_what_is_no_kansym_error_comes_out(folder, monkeypatch):
    def broken(*_):
        raise IndexError("a bug")

    monkeypatch.setattr("kansym.data.text_table.dialect_of", broken)
    with pytest.raises(IndexError):
        try_input(seeds()[0], folder)
