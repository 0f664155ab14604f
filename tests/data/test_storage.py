"""Tables on disk: equal bit for bit, and damaged or foreign files refused."""

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import given
from hypothesis import strategies as st

from kansym.data.dataset import Dataset
from kansym.data.storage import dataset_bytes, load_table
from kansym.errors import StorageError

NAMES = st.lists(st.text(min_size=1, max_size=20).filter(str.strip), min_size=3, max_size=3, unique=True)


@given(names=NAMES, seed=st.integers(0, 99), errors=st.booleans())
def test_a_table_comes_back_bit_for_bit(names, seed, errors, tmp_path_factory):
    rng = np.random.default_rng(seed)
    X, y = rng.normal(size=(5, 2)) * 1e200, rng.normal(size=5) * 1e-300
    sigma = np.full(5, 0.1) if errors else None
    table = Dataset(
        X,
        y,
        tuple(names[:2]),
        names[2],
        y_error=sigma,
        x_error=np.abs(X) if errors else None,
        units=("m", None),
        y_units="1",
        notes=("a note",),
    )
    path = tmp_path_factory.mktemp("table") / "data.safetensors"
    path.write_bytes(dataset_bytes(table))
    again = load_table(path)
    for name in ("X", "y", "y_error", "x_error", "sample_weight"):
        mine, theirs = getattr(table, name), getattr(again, name)
        assert (mine is None and theirs is None) or np.array_equal(mine, theirs)
    for name in ("names", "target", "units", "y_units", "notes"):
        assert getattr(table, name) == getattr(again, name)


def test_damaged_and_foreign_files_are_refused(tmp_path):
    path = tmp_path / "data.safetensors"
    table = Dataset(np.ones((4, 2)), np.arange(4.0), ("a", "b"))
    whole = dataset_bytes(table)

    def refused(data: bytes, match: str) -> None:
        path.write_bytes(data)
        with pytest.raises(StorageError, match=match) as caught:
            load_table(path)
        assert "\n" not in str(caught.value)

    with pytest.raises(StorageError, match="no file"):
        load_table(path)
    with pytest.raises(StorageError, match="not a file"):
        load_table(tmp_path)
    refused(b"", "cut short")
    refused(whole[:20], "cut short")
    refused(whole[:-8], "damaged")
    refused(b"\xff" * 100, "cut short")
    refused(safetensors.numpy.save({"X": np.ones(3)}), "not a table")
    refused(whole.replace(b'\\"schema\\": 1', b'\\"schema\\": 9'), "schema 9")
    refused(whole.replace(b'\\"target\\": \\"y\\"', b'\\"target\\": \\"a\\"'), "damaged")
