"""Chunks of rows fit into the memory that a card has."""

import pytest
import torch
from numpy.testing import assert_allclose

from kansym.kan import Network, TrainingOptions, card_memory, train
from kansym.kan.jacobian import mean_loss, normal_equations
from kansym.kan.parameters import ParameterMap


@pytest.fixture(autouse=True)
def _unknown_card(monkeypatch):
    monkeypatch.setattr(card_memory, "_bytes", {})


@pytest.fixture
def problem(card) -> tuple[Network, torch.Tensor, torch.Tensor]:
    x = torch.rand(4000, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    start = Network.create((2, 2, 1), grid=5, population=2, generator=torch.Generator().manual_seed(1))
    return start.to("cuda"), x.to("cuda"), (x[:, :1] * x[:, 1:]).to("cuda")


def test_a_chunk_is_a_share_of_what_is_free(problem):
    start, x, y = problem
    mean_loss(start, x, y)
    assert card_memory.chunk_bytes(start.device) == 2**33 // card_memory.SHARE


def test_out_of_memory_halves_the_chunk_and_goes_on(card, problem):
    start, x, y = problem
    whole = normal_equations(start, x, y, ParameterMap.of(start))
    # The Jacobian of all rows would be 3 MB.
    card.largest = 2_200_000
    parts = normal_equations(start, x, y, ParameterMap.of(start))
    assert card_memory.chunk_bytes(start.device) < 2_200_000
    assert_allclose(parts.matrix.cpu(), whole.matrix.cpu(), rtol=1e-12, atol=1e-15)
    assert train(start, x, y, TrainingOptions(steps=2)).network.device.type == "cuda"


def test_what_fits_nowhere_is_an_error(card, problem):
    start, x, y = problem
    card.largest = 10_000
    with pytest.raises(torch.cuda.OutOfMemoryError):
        normal_equations(start, x, y, ParameterMap.of(start))
