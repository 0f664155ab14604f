"""Fixtures for all tests."""

import os

import numpy as np
import pytest
import torch
from hypothesis import settings

# The same examples on every CI run, so that a red build is the change's own doing; new ones on every local run.
settings.register_profile("ci", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("ci")


@pytest.fixture(scope="session", autouse=True)
def _one_thread():
    """Tests are many small operations; threads only add waiting on a busy machine."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def rng():
    return np.random.default_rng(20240519)
