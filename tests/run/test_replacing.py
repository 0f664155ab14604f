"""The table of a run is known before the search."""

import numpy as np
import pytest

from kansym.data.dataset import make_dataset
from kansym.figures import FIGURES
from kansym.run.files import FIGURE_NAMES
from kansym.run.replacing import table_of_a_search
from kansym.run.summary import fingerprint
from kansym.search.discovery import discover
from kansym.search.options import DiscoveryOptions

RNG = np.random.default_rng(0)


@pytest.mark.parametrize(
    ("data", "options"),
    [
        ({}, {}),
        pytest.param({"y_error": 0.1}, {}, marks=pytest.mark.long),
        ({"y_error": 0.1, "x_error": {"x0": 0.05}}, {}),
        ({}, {"loss": "tukey"}),
        ({}, {"given": "k*x0 + ..."}),
        ({"sample_weight": np.tile([1.0, 2.0], 15)}, {"guesses": ("a*x0",)}),
    ],
    ids=["plain", "errors", "errors of inputs", "robust", "given", "guess"],
)
def test_it_is_that_of_the_record(data, options):
    X = RNG.uniform(1, 2, (30, 2))
    # Unsorted, and with a row that comes twice.
    X[7] = X[3]
    y = X[:, 0] ** 2 + X[:, 1]
    dataset = make_dataset(X, y, **data)
    found = discover(dataset, DiscoveryOptions(max_seconds=0.3, **options))
    assert fingerprint(found.dataset) == table_of_a_search(dataset)


def test_every_figure_that_may_lie_in_a_folder_is_known():
    assert set(FIGURE_NAMES) == set(FIGURES)
