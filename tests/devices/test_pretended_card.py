"""The pretended card refuses and counts what a real one would."""

import numpy as np
import pytest
import torch

from tests.devices.pretended_card import MixedDevicesError


def test_factories_make_tensors_on_the_card(card):
    made = [
        torch.zeros(3, device="cuda"),
        torch.tensor([1.0, 2.0], device=torch.device("cuda", 0)),
        torch.arange(3, device="cuda"),
        torch.from_numpy(np.ones(2)).to("cuda"),
        torch.ones(2).cuda(),
        torch.rand(3, generator=torch.Generator().manual_seed(0)).to("cuda"),
    ]
    made += [made[0] + 1, made[0].new_tensor([1.0]), torch.zeros_like(made[0])]
    assert all(one.device == torch.device("cuda:0") and one.is_cuda for one in made)
    assert torch.zeros(3).device.type == "cpu"


@pytest.mark.parametrize(
    "mix",
    [
        lambda there, here: there + here,
        lambda there, here: torch.where(there > 0, there, here),
        lambda there, here: torch.cat([there, here]),
        lambda there, here: there.__setitem__(torch.arange(3), here),
        lambda there, here: here[there.long()],
    ],
    ids=["sum", "where", "cat", "written under an index", "indexed from the card"],
)
def test_devices_do_not_mix(card, mix):
    with pytest.raises(MixedDevicesError):
        mix(torch.ones(3, device="cuda"), torch.ones(3))


def test_numbers_and_indices_may_come_from_the_host(card):
    x = torch.arange(4.0, device="cuda")
    assert (x * torch.tensor(2.0)).tolist() == [0, 2, 4, 6]
    assert x[torch.tensor([1, 3])].tolist() == x[[1, 3]].tolist() == [1, 3]


def test_nothing_becomes_numpy_on_its_own(card):
    x = torch.ones(3, device="cuda")
    for convert in (lambda: x.numpy(), lambda: np.asarray(x)):
        with pytest.raises(TypeError, match="cuda:0"):
            convert()
    assert np.array_equal(x.cpu().numpy(), np.ones(3))


def test_counts(card):
    x = torch.ones(3, device="cuda")
    with card.counting() as counts:
        y = (x + 1).view(3, 1).expand(3, 2) * 2
    assert (counts.launches, counts.waits, counts.uploads) == (2, 0, 0)
    waits = (
        lambda: bool((x > 0).all()), lambda: float(x[0]), lambda: x.cpu(), lambda: x.tolist(), lambda: x.nonzero(),
        lambda: x[x > 0], lambda: torch.equal(x, x), lambda: torch.unique(x), lambda: y[x > 0, 1],
    )  # fmt: skip
    for wait in waits:
        with card.counting() as counts:
            wait()
        assert (counts.waits, counts.uploads) == (1, 0)
    for upload in (lambda: torch.ones(2).to("cuda"), lambda: torch.tensor([1.0], device="cuda"), lambda: x[[0, 2]]):
        with card.counting() as counts:
            upload()
        assert (counts.waits, counts.uploads) == (0, 1)
    with card.counting() as counts:
        x[x > 1] = 0.0
    assert counts.waits == 0


def test_gradients_are_those_of_the_cpu(card):
    def gradient(device: str) -> torch.Tensor:
        w = torch.tensor([0.3, -1.2], dtype=torch.float64, device=device, requires_grad=True)
        x = torch.linspace(0, 1, 6, dtype=torch.float64, device=device).reshape(3, 2)
        return torch.autograd.grad((x @ w).sin().square().sum(), w)[0]

    assert gradient("cuda").is_cuda and torch.equal(gradient("cuda").cpu(), gradient("cpu"))


def test_changes_in_place_keep_the_tensor(card):
    x = torch.zeros(3, device="cuda")
    assert x.add_(1) is x
    x[1:] = 5.0
    assert x.tolist() == [1, 5, 5]


def test_memory_runs_out(card):
    card.largest = 800
    assert torch.zeros(100, dtype=torch.float64, device="cuda").is_cuda
    with pytest.raises(torch.cuda.OutOfMemoryError):
        torch.zeros(101, dtype=torch.float64, device="cuda")


def test_the_machine_is_as_before_afterwards():
    assert torch.ones(2).device.type == "cpu" and (torch.tensor([1.0]) + 1).tolist() == [2.0]
