"""On a real card: a search finds what it finds on the CPU. `make bench-gpu` measures how much sooner."""

import numpy as np
import pytest
import torch

from kansym import DiscoveryOptions, discover, make_dataset

pytestmark = [
    pytest.mark.cuda,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device"),
]


@pytest.mark.parametrize(
    ("columns", "law", "options"),
    [
        (1, lambda X: 2.5 * np.sqrt(X[:, 0]), {}),
        (2, lambda X: np.exp(-X[:, 0]) * X[:, 1] ** 2, {}),
        (2, lambda X: np.exp(-X[:, 0]) * X[:, 1] ** 2, {"structure": False}),
    ],
    ids=["one column", "two columns", "networks alone"],
)
def test_the_formula_is_that_of_the_cpu(rng, columns, law, options):
    X = rng.uniform(0.5, 3, (400, columns))
    found = {
        device: str(
            discover(make_dataset(X, law(X)), DiscoveryOptions(max_seconds=10, device=device, **options)).formula
        )
        for device in ("cpu", "cuda")
    }
    assert found["cuda"] == found["cpu"]
