"""A small network on a table of three columns, of which one is idle."""

import numpy as np
import pytest

from kansym import edit, make_dataset
from kansym.editing.network import EditableNetwork


@pytest.fixture(scope="module")
def idle_column() -> EditableNetwork:
    rng = np.random.default_rng(0)
    X = rng.uniform(-1, 1, (120, 3))
    y = np.sin(2 * X[:, 0]) + X[:, 1] ** 2
    table = make_dataset(X, y, names=["<a>", "b", "idle"], target="f")
    return edit(table, start=(3, 1), max_seconds=60)
