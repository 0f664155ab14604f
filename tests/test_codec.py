import json
import math
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kansym.codec import from_json, to_json
from kansym.errors import StorageError


@dataclass(frozen=True)
class Inner:
    a: float
    b: bool


@dataclass(frozen=True)
class Outer:
    name: str
    count: int
    inner: Inner | None
    numbers: tuple[float, ...]
    inners: tuple[Inner, ...]
    maybe: float | None


INNER = st.builds(Inner, st.floats(allow_nan=False), st.booleans())
OUTER = st.builds(
    Outer, st.text(), st.integers(), st.none() | INNER, st.lists(st.floats(allow_nan=False)).map(tuple),
    st.lists(INNER, max_size=3).map(tuple), st.none() | st.floats(allow_nan=False),
)  # fmt: skip


@settings(max_examples=50)
@given(OUTER)
def test_back_and_forth_through_json(record):
    assert from_json(Outer, json.loads(json.dumps(to_json(record), allow_nan=False))) == record


def test_nan_comes_back():
    assert math.isnan(from_json(Inner, json.loads(json.dumps(to_json(Inner(math.nan, True)), allow_nan=False))).a)


GOOD = {"name": "n", "count": 1, "inner": None, "numbers": [1.0], "inners": [], "maybe": None}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("name", 1), ("count", "1"), ("count", True), ("count", 1.5), ("inner", [1]), ("inner", {"a": 1.0}),
        ("numbers", "12"), ("numbers", ["1"]), ("inners", [None]), ("maybe", "some"), ("maybe", [1.0]),
    ],
)  # fmt: skip
def test_damaged_records_are_refused(key, value):
    assert from_json(Outer, GOOD).count == 1
    with pytest.raises(StorageError, match="cannot be read"):
        from_json(Outer, {**GOOD, key: value})


def test_missing_keys_are_named():
    with pytest.raises(StorageError, match="'count' is missing"):
        from_json(Outer, {key: value for key, value in GOOD.items() if key != "count"})


@pytest.mark.parametrize("record", [None, [], "text", 3])
def test_no_record_at_all(record):
    with pytest.raises(StorageError):
        from_json(Outer, record)
