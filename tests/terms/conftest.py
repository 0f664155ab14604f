"""Tables for term pursuit."""

import numpy as np
import pytest
import torch


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def table():
    """Rows drawn evenly over a box, by its ends and a seed."""

    def make(*ends, rows=300, seed=0):
        low, high = zip(*ends, strict=True)
        return np.random.default_rng(seed).uniform(low, high, (rows, len(ends)))

    return make
