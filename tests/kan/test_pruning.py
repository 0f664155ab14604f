"""Attribution and pruning."""

import pytest
import torch

from kansym.errors import ArgumentError
from kansym.kan.layer import EdgeMode
from kansym.kan.network import Network
from kansym.kan.pruning import attribute, count_edges, prune, remove_below, switch_off
from kansym.kan.training import TrainingOptions, train


def trained(shape, function, inputs, *, population=1, rows=600, steps=30):
    generator = torch.Generator().manual_seed(0)
    x = torch.rand(rows, inputs, generator=generator, dtype=torch.float64) * 2 - 1
    y = function(x)
    network = Network.create(shape, grid=6, population=population, generator=generator)
    return train(network, x, y, TrainingOptions(steps=steps)).network, x, y


def test_an_input_that_does_not_matter_scores_nearly_zero():
    network, x, _ = trained((3, 1), lambda x: torch.sin(2 * x[:, 0]) + x[:, 1] ** 2, 3)
    scores = attribute(network, x).inputs()[0]
    assert scores[2] < 1e-3 < 0.1 < min(scores[0], scores[1])


def test_a_single_edge_scores_one():
    network, x, _ = trained((1, 1), lambda x: torch.exp(x[:, 0]), 1)
    assert attribute(network, x).edges[0].item() == pytest.approx(1.0, rel=1e-6)


def test_the_score_is_the_effect_of_the_mean_to_first_order():
    network, x, _ = trained((2, 1), lambda x: x[:, 0] + 0.3 * x[:, 1] ** 2, 2)
    scores = attribute(network, x).edges[0][0, :, 0]
    before = network(x)[0, :, 0]
    for source in (0, 1):
        off = [torch.zeros_like(network.layers[0].mode, dtype=torch.bool)]
        off[0][0, source, 0] = True
        after = switch_off(network, off, attribute(network, x).means)(x)[0, :, 0]
        effect = (after - before).square().mean().sqrt() / before.std(correction=0)
        # One layer is linear in its edges, so first order is exact.
        assert scores[source].item() == pytest.approx(effect.item(), rel=1e-6)


@pytest.mark.parametrize("shape", [(2, 1), (2, (0, 1))], ids=["sum", "product"])
def test_a_constant_edge_can_be_switched_off_without_changing_the_output(shape):
    network, x, _ = trained(shape, lambda x: torch.exp(x[:, 0]), 2)
    network.layers[0].coefficients[0, 1, 0] = 1.7
    before = network(x)
    after = remove_below(network, x, 1e-9)
    assert int(after.layers[0].mode[0, 1, 0]) == EdgeMode.OFF
    torch.testing.assert_close(after(x), before, rtol=1e-12, atol=1e-12)


def test_dead_nodes_go_with_their_edges():
    network, x, _ = trained((2, 3, 1), lambda x: torch.sin(x[:, 0]) * x[:, 1], 2)
    network.layers[1].coefficients[0, 2, 0] = 0.4
    pruned = remove_below(network, x, 1e-9)
    assert bool((pruned.layers[0].mode[0, :, 2] == EdgeMode.OFF).all())
    torch.testing.assert_close(pruned(x), network(x), rtol=1e-10, atol=1e-10)


def test_pruning_keeps_what_matters_and_returns_a_new_network():
    network, x, y = trained((3, 1, 1), lambda x: torch.exp(torch.sin(2 * x[:, 0]) + x[:, 1]), 3)
    edges = int(count_edges(network)[0])
    result = prune(network, x, y, threshold=1e-2)
    assert int(count_edges(network)[0]) == edges
    assert int(result.network.layers[0].mode[0, 2, 0]) == EdgeMode.OFF
    assert result.removed[0] >= 1 and not result.rolled_back[0]
    assert int(count_edges(result.network)[0]) == edges - result.removed[0]


def test_pruning_that_hurts_is_rolled_back():
    network, x, y = trained((2, 1), lambda x: torch.sin(2 * x[:, 0]) + 0.05 * x[:, 1], 2)
    result = prune(network, x, y, threshold=0.5)
    assert result.rolled_back == (True,) and result.removed == (0,)
    torch.testing.assert_close(result.network(x), network(x), rtol=0, atol=0)


def test_networks_of_a_population_are_pruned_one_by_one():
    network, x, y = trained((2, 1), lambda x: torch.exp(x[:, 0]), 2, population=2)
    network.layers[0].coefficients[1, 1, 0] += torch.linspace(0, 1, 9, dtype=torch.float64)
    network = network.clone()
    network.layers[0].coefficients[0, 1, 0] = 0.0
    result = prune(network, x, y, threshold=1e-3, options=TrainingOptions(steps=0))
    assert result.removed[0] == 1
    assert int(result.network.layers[0].mode[1, 0, 0]) == EdgeMode.SPLINE


def test_bad_arguments_are_named():
    network, x, y = trained((1, 1), lambda x: x[:, 0], 1, steps=2)
    with pytest.raises(ArgumentError, match="threshold"):
        prune(network, x, y, threshold=1.5)
    with pytest.raises(ArgumentError, match="2 rows"):
        attribute(network, x[:1])
