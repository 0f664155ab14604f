import pytest
import torch
from numpy.testing import assert_allclose
from scipy.stats import entropy

from kansym.kan.layer import EdgeMode
from kansym.kan.parameters import ParameterMap
from kansym.kan.penalty import PenaltyWeights, edge_deviation, penalise, penalty_value, sparsity
from kansym.primitives.library import default_library


def _finite_differences(network, x, weights, parameters, eps=1e-6):
    values = parameters.flatten(network)
    columns = []
    for column in range(parameters.size):
        step = torch.zeros_like(values)
        step[:, column] = eps
        up = penalty_value(parameters.assign(network, values + step), x, weights)
        down = penalty_value(parameters.assign(network, values - step), x, weights)
        columns.append((up - down) / (2 * eps))
    return torch.stack(columns, 1) * parameters.active


@pytest.mark.parametrize("shape", [(2, 1), (2, 2, 1), (3, (1, 1), 1)])
def test_smoothness_and_ridge_have_their_gradient_and_matrix(shape, mixed_network, rows):
    network, x = mixed_network(shape), rows(20, shape[0])
    parameters, weights = ParameterMap.of(network), PenaltyWeights(smoothness=1e-2, ridge=3e-2)
    penalty = penalise(network, x, parameters, weights)
    assert penalty.value.max() > 0
    assert_allclose(2 * penalty.gradient, _finite_differences(network, x, weights, parameters), rtol=1e-5, atol=1e-7)
    values = parameters.flatten(network) * parameters.active
    assert_allclose(torch.einsum("pi,pij,pj->p", values, penalty.matrix, values), penalty.value, rtol=1e-10)


@pytest.mark.parametrize("entropy_weight", [0.0, 0.1])
def test_sparsity_of_one_layer_has_its_exact_gradient(entropy_weight, plain_network, rows):
    # One layer, and an entropy weak enough that no edge is rewarded for growing: the majoriser touches the penalty.
    network, x = plain_network((3, 2), population=3), rows(200, 3)
    network.set_off(0, 1, 0, network=1)
    parameters = ParameterMap.of(network)
    weights = PenaltyWeights(smoothness=0.0, ridge=0.0, lamb=0.1, lamb_entropy=entropy_weight)
    penalty = penalise(network, x, parameters, weights)
    expected = _finite_differences(network, x, weights, parameters)
    assert expected.abs().max() > 1e-3
    assert_allclose(2 * penalty.gradient, expected, rtol=1e-5, atol=1e-8)


def test_sparsity_pulls_the_outer_scale_of_symbolic_edges(plain_network, rows):
    network, x = plain_network((2, 1)), rows(200, 2)
    network.set_symbolic(0, 0, 0, default_library()["sin"], a=1.2, b=0.3, c=0.8, d=0.1)
    parameters = ParameterMap.of(network)
    weights = PenaltyWeights(smoothness=0.0, ridge=0.0, lamb=0.1, lamb_entropy=0.0)
    expected = _finite_differences(network, x, weights, parameters)
    block = next(block for block in parameters.blocks if block.kind == "affine")
    outer = block.start + 2
    found = 2 * penalise(network, x, parameters, weights).gradient
    assert_allclose(found[:, outer], expected[:, outer], rtol=1e-6)
    assert (found[:, outer] > 0).all()


def test_the_quadratic_lies_above_the_l1_penalty(plain_network, rows):
    network, x = plain_network((3, 2), population=2), rows(300, 3)
    parameters = ParameterMap.of(network)
    weights = PenaltyWeights(smoothness=1e-3, ridge=1e-3, lamb=0.5, lamb_entropy=0.0)
    here = penalise(network, x, parameters, weights)
    values, generator = parameters.flatten(network), torch.Generator().manual_seed(0)
    for size in (1e-3, 0.1, 1.0, 10.0):
        step = size * torch.randn(values.shape, dtype=torch.float64, generator=generator)
        there = penalty_value(parameters.assign(network, values + step), x, weights)
        quadratic = torch.einsum("pi,pij,pj->p", step, here.matrix, step)
        assert (there <= here.value + 2 * (step * here.gradient).sum(-1) + quadratic + 1e-10).all()


@pytest.mark.parametrize("shape", [(3, 1), (3, 2, 1), (2, (1, 2), 2, 1)])
def test_matrices_are_positive_semidefinite(shape, mixed_network, rows):
    network, x = mixed_network(shape), rows(100, shape[0])
    penalty = penalise(network, x, ParameterMap.of(network), PenaltyWeights(lamb=0.3, lamb_entropy=5.0))
    assert_allclose(penalty.matrix, penalty.matrix.mT, atol=1e-14)
    assert torch.linalg.eigvalsh(penalty.matrix).min() > -1e-12


def test_entropy_is_that_of_the_shares():
    deviation = torch.tensor([[[0.5, 0.0], [2.0, 1.5]]], dtype=torch.float64)
    active = torch.ones_like(deviation, dtype=torch.bool)
    value, _ = sparsity(deviation, active, PenaltyWeights(lamb=0.1, lamb_l1=3.0, lamb_entropy=2.0))
    assert_allclose(value, 0.1 * (3.0 * 4.0 + 2.0 * entropy([0.5, 2.0, 1.5])))
    active[0, 1, 0] = False
    value, derivative = sparsity(deviation, active, PenaltyWeights(lamb=0.1, lamb_l1=3.0, lamb_entropy=2.0))
    assert_allclose(value, 0.1 * (3.0 * 2.0 + 2.0 * entropy([0.5, 1.5])))
    assert derivative[0, 1, 0] == 0


def test_constant_edges_weigh_nothing_and_have_a_finite_derivative(plain_network, rows):
    network, x = plain_network((2, 1), population=1), rows(50, 2)
    network.layers[0].coefficients[:, 0] = 7.0
    network.layers[0].mode[:, 1] = EdgeMode.OFF
    network.layers[0].coefficients.requires_grad_()
    edges = network.trace(x)[1][1]
    deviation = edge_deviation(edges)
    assert_allclose(deviation.detach(), 0, atol=1e-14)
    deviation.sum().backward()
    assert torch.isfinite(network.layers[0].coefficients.grad).all()
