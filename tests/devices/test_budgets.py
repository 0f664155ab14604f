"""What a card is asked for, as budgets: kernels, waits and uploads, of a step of training and of a match.

``pytest tests/devices/test_budgets.py -s`` shows what was counted. On a card a kernel takes some 5 microseconds to
launch and a wait some 15; a wait also leaves the card idle until the host has caught up.
"""

import sys

import pytest
import torch

from kansym.extraction import match_edges
from kansym.extraction.edges import edges_of_mode, match_network
from kansym.kan import EdgeMode, Network, TrainingOptions, train
from kansym.primitives import default_library
from tests.devices.pretended_card import Counts, PretendedCard

LIBRARY = default_library().only("x", "x^2", "sin", "exp", "sqrt")


def table(rows: int) -> tuple[torch.Tensor, torch.Tensor]:
    x = 2 * torch.rand(rows, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0)) - 1
    y = torch.exp(torch.sin(torch.pi * x[:, 0]) + x[:, 1] ** 2)
    return x.to("cuda"), (y / y.std()).to("cuda")


def networks(population: int, shape=(2, 5, 1)) -> Network:
    generator = torch.Generator().manual_seed(0)
    return Network.create(shape, grid=5, population=population, generator=generator, device="cuda")


def of_a_step(card: PretendedCard, start: Network, rows: tuple[torch.Tensor, torch.Tensor], **more) -> dict[str, float]:
    """Counts of a step of Levenberg-Marquardt, without what is asked once in a training."""
    x, y = rows
    counts: list[Counts] = []
    for number in (1, 4, 12):
        with card.counting() as counted:
            train(start, x, y, TrainingOptions(**{"steps": number, "tolerance": 0.0, "rescale_every": 0, **more}))
        counts.append(counted)
    _, few, many = counts
    return {name: (getattr(many, name) - getattr(few, name)) / 8 for name in ("launches", "waits", "uploads")}


def show(what: str, **counts: float) -> None:
    sys.stdout.write(f"\n{what}: " + ", ".join(f"{value:g} {name}" for name, value in counts.items()))


@pytest.mark.parametrize(("population", "rows"), [(4, 300), pytest.param(16, 100, marks=pytest.mark.long)])
def test_a_step_of_training(card, population, rows):
    found = of_a_step(card, networks(population), table(rows))
    show(f"a step of [2, 5, 1], {population} networks, {rows} rows", **found)
    # One look at who goes on in four steps, whatever the number of networks; nothing is uploaded.
    assert found["launches"] <= 135 and found["waits"] <= 0.25 and found["uploads"] == 0


@pytest.mark.long
def test_a_step_of_a_deeper_network(card):
    x = torch.rand(100, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0)).to("cuda")
    found = of_a_step(card, networks(2, (4, 5, 5, 1)), (x, x[:, 0] * x[:, 1] + x[:, 2]))
    show("a step of [4, 5, 5, 1]", **found)
    # Each layer more costs less than the first two.
    assert found["launches"] <= 180 and found["waits"] <= 0.25 and found["uploads"] == 0


@pytest.mark.long
def test_a_step_with_sparsity_products_and_primitives(card):
    start = networks(3, (2, (1, 1), 1))
    start.set_symbolic(0, 0, 0, LIBRARY["sin"], a=2.0)
    start.set_symbolic(0, 1, 1, LIBRARY["exp"], network=1)
    found = of_a_step(card, start, table(100), lamb=1e-3)
    show("a step of [2, 1+1x, 1] with splines, primitives and sparsity", **found)
    assert found["launches"] <= 375 and found["waits"] <= 0.25 and found["uploads"] == 0


@pytest.mark.long
def test_a_step_of_lbfgs(card):
    x, y = table(100)
    counted = []
    for population in (4, 32):
        start, counts = networks(population), []
        for steps in (1, 2):
            with card.counting() as counting:
                train(start, x, y, TrainingOptions(optimizer="lbfgs", steps=steps))
            counts.append(counting)
        few, many = counts
        counted.append(many.launches - few.launches)
        show(f"a step of L-BFGS of {population} networks", launches=counted[-1], waits=many.waits - few.waits)
        assert many.waits - few.waits <= 40
    # Ten iterations and their line searches, of all networks together.
    assert counted[0] <= 6_300 and counted[1] <= 1.5 * counted[0]


@pytest.mark.long
def test_a_match(card):
    x = torch.linspace(0.1, 2, 60, dtype=torch.float64)
    counted = []
    for number in (1, 3):
        curves = torch.stack([torch.sin(2 * x), torch.exp(-x), 3 * torch.sqrt(x)][:number])
        with card.counting() as counts:
            match_edges(x.expand(number, -1).to("cuda"), curves.to("cuda"), LIBRARY)
        counted.append(counts)
        show(f"a match of {number} edges to {len(LIBRARY)} primitives", **{
            name: getattr(counts, name) for name in ("launches", "waits", "uploads")
        })  # fmt: skip
    one, three = counted
    # Screening is done for all edges together, and what is left of so few is the host's.
    assert three.launches <= 900 and three.launches < 1.1 * one.launches
    assert three.waits <= 135


@pytest.mark.long
def test_a_match_of_many_edges_with_the_whole_library(card):
    x = torch.linspace(0.1, 2, 60, dtype=torch.float64)
    curves = torch.stack([torch.sin(2 * x), torch.exp(-x), 3 * torch.sqrt(x)]).repeat(5, 1)
    with card.counting() as counts:
        match_edges(x.expand(15, -1).to("cuda"), curves.to("cuda"), default_library())
    show("a match of 15 edges to 50 primitives", launches=counts.launches, waits=counts.waits, uploads=counts.uploads)
    # Among the uploads are the tables of special functions, which a card is given once.
    assert counts.launches <= 11_000 and counts.waits <= 150 and counts.uploads <= 45


def test_a_match_of_a_small_network_is_left_to_the_host(card):
    start = networks(1, (2, 1, 1))
    x, _ = table(300)
    with card.counting() as counts:
        match_network(start, x, tuple(LIBRARY.values()), edges_of_mode(start, EdgeMode.SPLINE), error=1e-3)
    show("a match of a small network", launches=counts.launches, waits=counts.waits, uploads=counts.uploads)
    assert counts.launches < 200 and counts.waits < 15 and counts.uploads < 5
