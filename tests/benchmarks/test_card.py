"""The benchmark of a card says so where there is none."""

import pytest
import torch

from benchmarks import card


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_without_a_card_it_ends_at_once(capsys):
    with pytest.raises(SystemExit) as ended:
        card.main()
    assert ended.value.code == 2 and capsys.readouterr().err == "no CUDA device is available\n"


def test_a_step_is_timed(monkeypatch):
    monkeypatch.setattr(card, "STEPS", 1)
    start = card.Network.create((2, 1), grid=2, generator=torch.Generator().manual_seed(0))
    x = torch.linspace(-1, 1, 20, dtype=torch.float64).reshape(10, 2)
    assert card.of_a_step(start, x, x[:, 0], "cpu") > 0
