"""Tables of a search."""

import pytest

from kansym.data.dataset import Dataset
from kansym.data.preparation import prepare
from kansym.search.rows import FitRows


@pytest.fixture
def table(rng):
    def of(function, noise=0.02, rows=900):
        X = rng.uniform(0.5, 3.0, (rows, 3)) - [0.0, 0.0, 1.75]
        y = function(*X.T) + noise * rng.normal(size=rows)
        prepared = prepare(Dataset(X, y, ("x", "y", "z"), target="t"), validation_fraction=0.2, seed=0)
        return FitRows.of(prepared.table, prepared.train, prepared.validation, prepared.noise_floor, None)

    return of
