"""A trained network without what it does not need."""

import pytest
import torch

from kansym.kan.elimination import EliminationOptions, eliminate, removals, structure_of, with_idle
from kansym.kan.jacobian import mean_loss
from kansym.kan.layer import EdgeMode
from kansym.kan.network import Network
from kansym.kan.pruning import active_edges
from kansym.kan.restructure import with_nodes
from kansym.kan.training import TrainingOptions, train


def network(shape, seed=0, grid=5):
    return Network.create(shape, grid=grid, generator=torch.Generator().manual_seed(seed))


def rows(n, inputs, seed=0):
    return torch.rand(n, inputs, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) * 2 - 1


def trained(shape, function, *, noise=0.0, starts=16, inputs=3):
    """The best of some networks, its rows and targets, and others that judge."""
    x, held = rows(600, inputs), rows(200, inputs, seed=1)
    generator = torch.Generator().manual_seed(2)
    y, judged = (function(t) + noise * torch.randn(len(t), generator=generator, dtype=t.dtype) for t in (x, held))
    population = Network.create(shape, grid=5, population=starts, generator=generator)
    result = train(population, x, y, TrainingOptions(steps=60), validation=(held, judged))
    return result.network.select(result.ranked()[:1]), x, y, (held, judged)


def test_nodes_without_entrance_or_exit_go_as_well():
    edges = active_edges(network((2, 2, 1)))
    assert with_idle(edges, [(1, 0, 0)]) == {(1, 0, 0), (0, 0, 0), (0, 1, 0)}
    assert with_idle(edges, [(0, 0, 1), (0, 1, 1)]) == {(0, 0, 1), (0, 1, 1), (1, 1, 0)}
    assert with_idle(edges, [(0, 0, 0)]) == {(0, 0, 0)}
    # The output is not idle where one input of it goes.
    assert with_idle([(0, 0, 0), (0, 1, 0)], [(0, 0, 0)]) == {(0, 0, 0)}


def test_trials_are_edges_pairs_of_factors_and_nodes():
    sums, products = removals(network((3, 2, 1))), removals(network((3, (0, 2), 1)))
    assert frozenset([(0, 0, 0)]) in sums and frozenset([(0, 0, 0), (0, 1, 0)]) not in sums
    assert frozenset([(0, 0, 0), (0, 1, 0)]) in products
    node = frozenset([(0, 0, 1), (0, 1, 1), (0, 2, 1), (1, 1, 0)])
    assert node in sums and node in products
    assert all(0 < len(off) < 8 for off in sums + products)
    assert len(set(products)) == len(products)


@pytest.mark.parametrize("seed", range(5))
def test_the_order_of_nodes_does_not_matter_to_a_structure(seed):
    net = network((3, (2, 2), 2, 1), seed)
    generator = torch.Generator().manual_seed(seed)
    for layer in net.layers:
        layer.mode[torch.rand(layer.mode.shape, generator=generator) < 0.3] = EdgeMode.OFF
    turned = with_nodes(with_nodes(net, 1, [1, 0, 3, 2]), 2, [1, 0])
    assert structure_of(turned) == structure_of(net)
    net.layers[-1].mode[0, 0, 0] = EdgeMode.OFF if net.layers[-1].mode[0, 0, 0] else EdgeMode.SPLINE
    assert structure_of(turned) != structure_of(net)


@pytest.mark.long
def test_a_product_of_two_inputs_is_left_of_two_products_of_three():
    net, *table = trained((3, (0, 2), 1), lambda x: torch.sin(2 * x[:, 0] * x[:, 2]))
    lean = eliminate(net, table[0], table[1], validation=table[2])[0]
    assert lean.shape == (3, (0, 1), 1)
    into = {edge[1] for edge in active_edges(lean) if edge[0] == 0}
    assert into == {0, 2}
    held, judged = table[2]
    assert float(mean_loss(lean, held, judged[:, None], None)[0]) ** 0.5 < 0.02


@pytest.mark.long
def test_lines_into_a_square_are_straight():
    net, *table = trained((3, 3, 1), lambda x: (x[:, 0] + 0.5 * x[:, 1] - x[:, 2]) ** 2)
    lean = eliminate(net, table[0], table[1], validation=table[2])[0]
    assert lean.shape == (3, 1, 1)
    assert lean.layers[0].mode[0, :, 0].tolist() == [EdgeMode.SYMBOLIC] * 3
    slopes = lean.layers[0].affine[0, :, 0, 2]
    assert (slopes / slopes[0]).tolist() == pytest.approx([1, 0.5, -1], rel=1e-3)


def test_with_noise_a_term_of_its_size_stays():
    def function(x):
        return x[:, 0] + 0.1 * torch.sin(3 * x[:, 1])

    net, *table = trained((3, 1), function, noise=0.05, starts=1)
    lean = eliminate(net, table[0], table[1], validation=table[2], options=EliminationOptions(noisy=True))[0]
    assert [edge[1] for edge in active_edges(lean)] == [0, 1]


@pytest.mark.long
def test_the_same_rows_give_the_same_networks():
    net, *table = trained((3, (0, 2), 1), lambda x: x[:, 0] * x[:, 1], starts=4)
    first, second = (eliminate(net, table[0], table[1], validation=table[2])[0] for _ in range(2))
    assert structure_of(first) == structure_of(second)
    assert torch.equal(first(table[0]), second(table[0]))


@pytest.mark.long
def test_the_network_that_comes_in_is_not_changed():
    net, *table = trained((3, (0, 2), 1), lambda x: x[:, 0] * x[:, 1], starts=4)
    before = net(table[0]).clone()
    eliminate(net, table[0], table[1], validation=table[2])
    assert torch.equal(net(table[0]), before) and net.shape == (3, (0, 2), 1)
