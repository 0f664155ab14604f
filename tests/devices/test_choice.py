"""Which device a name is."""

import torch

from kansym import DiscoveryOptions
from kansym.device import CUDA_WORK, choose_device
from kansym.kan.growth import GrowthOptions
from kansym.search.networks import training_work


def test_auto_takes_a_card_where_training_has_work_for_it(card):
    def chosen(rows: int, columns: int, **options) -> str:
        return choose_device("auto", training_work(DiscoveryOptions(**options), rows, columns))

    assert choose_device("auto", CUDA_WORK) == "cuda" and choose_device("auto", CUDA_WORK - 1) == "cpu"
    assert chosen(100, 2) == "cpu" and chosen(6000, 3) == "cuda"
    # Networks see no more rows than they may, however long the table is.
    assert chosen(10**6, 2, network_rows=100) == "cpu"
    assert chosen(300, 2, growth=GrowthOptions(population=64)) == "cuda"


def test_names_are_taken_at_their_word(card):
    assert choose_device("cuda:0", 0) == "cuda:0" and choose_device("cpu", 1e12) == "cpu"


def test_without_a_card_auto_is_the_cpu(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert choose_device("auto", 1e12) == "cpu"
