import pytest
import torch
from numpy.testing import assert_allclose

from kansym.kan import jacobian as module
from kansym.kan.gradient import objective_gradient
from kansym.kan.jacobian import chunks, edge_sensitivity, jacobian, mean_loss, normal_equations
from kansym.kan.layer import EdgeMode
from kansym.kan.parameters import ParameterMap
from kansym.kan.penalty import PenaltyWeights, penalty_value

SHAPES = [(1, 1), (2, 1, 1), (3, 2, 2), (2, (1, 2), 1), (3, (0, 2), (1, 1)), (2, 2, 2, 2, 1)]


def _autograd(network, x, parameters, output):
    values = parameters.flatten(network)

    def outputs(flat):
        return parameters.assign(network, flat)(x)[..., output]

    full = torch.func.jacrev(outputs)(values)  # (P, n, P, size)
    return torch.stack([full[p, :, p] for p in range(network.population)]) * parameters.active[:, None]


@pytest.mark.parametrize("shape", SHAPES)
def test_jacobian_equals_automatic_differentiation(shape, mixed_network, rows):
    network, x = mixed_network(shape), rows(12, shape[0])
    parameters = ParameterMap.of(network)
    states = network.trace(x)
    for output in range(network.n_outputs):
        expected = _autograd(network, x, parameters, output)
        assert_allclose(jacobian(network, states, parameters, output), expected, rtol=1e-10, atol=1e-11)


@pytest.mark.parametrize("shape", SHAPES)
def test_jacobian_equals_finite_differences(shape, mixed_network, rows):
    network, x, eps = mixed_network(shape), rows(5, shape[0]), 1e-6
    parameters = ParameterMap.of(network)
    values = parameters.flatten(network)
    found = jacobian(network, network.trace(x), parameters)
    for column in range(0, parameters.size, 3):
        step = torch.zeros_like(values)
        step[:, column] = eps
        up = parameters.assign(network, values + step)(x)[..., 0]
        down = parameters.assign(network, values - step)(x)[..., 0]
        expected = (up - down) / (2 * eps) * parameters.active[:, column, None]
        assert_allclose(found[..., column], expected, rtol=1e-6, atol=1e-7)


def test_jacobian_is_exact_where_a_factor_is_zero(plain_network, rows):
    network, x = plain_network((3, (0, 1))), rows(6, 3)
    network.layers[0].coefficients[:, 1] = 0.0
    parameters = ParameterMap.of(network)
    expected = _autograd(network, x, parameters, 0)
    assert expected.abs().max() > 0.01
    assert_allclose(jacobian(network, network.trace(x), parameters), expected, rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("weighted", [False, True])
def test_normal_equations_are_those_of_the_jacobian(weighted, mixed_network, rows):
    network, x = mixed_network((3, 2, 2)), rows(40, 3)
    y, parameters = rows(40, 2, seed=1), ParameterMap.of(network)
    weights = rows(40, 1, seed=2).squeeze(1).abs() if weighted else torch.ones(40, dtype=torch.float64)
    residual = network(x) - y
    matrix, gradient = 0.0, 0.0
    for output in range(2):
        slope = _autograd(network, x, parameters, output)
        weighed = slope * weights[None, :, None]
        matrix = matrix + weighed.mT @ slope / 40
        gradient = gradient + (weighed.mT @ residual[..., output, None]).squeeze(-1) / 40
    found = normal_equations(network, x, y, parameters, weights if weighted else None)
    assert_allclose(found.matrix, matrix, rtol=1e-9, atol=1e-11)
    assert_allclose(found.gradient, gradient, rtol=1e-9, atol=1e-11)
    loss = (weights[None, :, None] * residual.square()).sum((1, 2)) / 40
    assert_allclose(found.loss, loss, rtol=1e-12)
    assert_allclose(mean_loss(network, x, y, weights if weighted else None), loss, rtol=1e-12)


def test_results_do_not_depend_on_the_chunks(monkeypatch, mixed_network, rows):
    network, x, y = mixed_network((3, (1, 1), 1)), rows(101, 3), rows(101, 1, seed=1)
    parameters, weights = ParameterMap.of(network), rows(101, 1, seed=2).squeeze(1).abs()
    penalty = PenaltyWeights()

    def everything():
        whole = normal_equations(network, x, y, parameters, weights)
        step = objective_gradient(network, x, y, parameters, weights=weights, penalty=penalty)
        return whole.matrix, whole.gradient, whole.loss, mean_loss(network, x, y, weights), step.gradient, step.loss

    together = everything()
    monkeypatch.setattr(module, "CHUNK_BYTES", 1)
    assert len(chunks(101, parameters.size, network.device)) == 7
    for parts, whole in zip(everything(), together, strict=True):
        assert_allclose(parts, whole, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("parts", [1, 2, 3, 4])
def test_results_do_not_depend_on_the_strips(parts, monkeypatch, mixed_network, rows):
    network, x, y = mixed_network((3, 4, 2)), rows(150, 3), rows(150, 2, seed=1)
    parameters = ParameterMap.of(network)
    monkeypatch.setattr(module, "CHUNK_BYTES", 40_000)
    monkeypatch.setattr(module, "STRIP", 10)
    monkeypatch.setattr(module, "MOST_STRIPS", parts)
    states, expected = network.trace(x), 0.0
    for output in range(2):
        slope = _autograd(network, x, parameters, output)
        assert_allclose(jacobian(network, states, parameters, output), slope, rtol=1e-10, atol=1e-11)
        expected = expected + slope.mT @ slope / 150
    found = normal_equations(network, x, y, parameters).matrix
    assert_allclose(found, expected, rtol=1e-9, atol=1e-11)
    assert_allclose(found, found.mT, rtol=1e-12, atol=1e-14)


def test_chunks_cover_all_rows_once_and_bound_memory():
    parts = chunks(1_000_003, 4000, torch.device("cpu"))
    assert [row for part in parts for row in (part.start, part.stop)][1:-1:2] == [part.start for part in parts[1:]]
    assert parts[0].start == 0 and parts[-1].stop == 1_000_003
    assert max(part.stop - part.start for part in parts) * 4000 * 8 <= module.CHUNK_BYTES


@pytest.mark.parametrize("shape", [(2, 1), (2, (1, 1), 1), (3, 2, 2)])
def test_edge_sensitivity_is_the_effect_of_shifting_an_edge(shape, mixed_network, rows):
    network, x, eps = mixed_network(shape), rows(7, shape[0]), 1e-6
    for output in range(network.n_outputs):
        found = edge_sensitivity(network, x, output)
        for number, layer in enumerate(network.layers):
            for i in range(layer.n_in):
                for j in range(layer.n_out):
                    moved = []
                    for sign in (1, -1):
                        copy = network.clone()
                        # All coefficients up by one amount, or d, shifts the edge by that amount.
                        copy.layers[number].coefficients[:, i, j] += sign * eps
                        copy.layers[number].affine[:, i, j, 3] += sign * eps
                        moved.append(copy(x)[..., output])
                    on = (layer.mode[:, i, j] != EdgeMode.OFF)[:, None]
                    expected = (moved[0] - moved[1]) / (2 * eps) * on
                    assert_allclose(found[number][..., i, j], expected, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("shape", [(2, 1), (3, (1, 1), 1), (2, 2, 2)])
@pytest.mark.parametrize("lamb", [0.0, 1e-2])
def test_objective_gradient_equals_finite_differences(shape, lamb, mixed_network, rows):
    network, x = mixed_network(shape), rows(30, shape[0])
    y, weights, eps = rows(30, network.n_outputs, seed=1), rows(30, 1, seed=2).squeeze(1).abs(), 1e-6
    penalty = PenaltyWeights(smoothness=1e-4, ridge=1e-3, lamb=lamb)
    parameters = ParameterMap.of(network)
    values = parameters.flatten(network)
    found = objective_gradient(network, x, y, parameters, weights=weights, penalty=penalty)

    def objective(flat):
        moved = parameters.assign(network, flat)
        return mean_loss(moved, x, y, weights) + penalty_value(moved, x, penalty)

    assert_allclose(found.objective, objective(values), rtol=1e-12)
    for column in range(0, parameters.size, 2):
        step = torch.zeros_like(values)
        step[:, column] = eps
        expected = (objective(values + step) - objective(values - step)) / (2 * eps) * parameters.active[:, column]
        assert_allclose(found.gradient[:, column], expected, rtol=1e-5, atol=1e-8)


def test_objective_gradient_agrees_with_the_normal_equations(mixed_network, rows):
    network, x, y = mixed_network((3, (1, 1), 1)), rows(50, 3), rows(50, 1, seed=1)
    parameters, nothing = ParameterMap.of(network), PenaltyWeights(smoothness=0.0, ridge=0.0)
    found = objective_gradient(network, x, y, parameters, weights=None, penalty=nothing)
    assert_allclose(found.gradient, 2 * normal_equations(network, x, y, parameters).gradient, rtol=1e-9, atol=1e-12)


def test_parameters_survive_the_matrix(mixed_network):
    network = mixed_network((3, (1, 1), 1))
    parameters = ParameterMap.of(network)
    again = parameters.assign(network, parameters.flatten(network))
    for one, other in zip(network.layers, again.layers, strict=True):
        assert torch.equal(one.coefficients, other.coefficients) and torch.equal(one.affine, other.affine)
    splines = sum(int((layer.mode == EdgeMode.SPLINE).sum()) * 7 for layer in network.layers)
    constants = sum(
        int(((layer.mode == EdgeMode.SYMBOLIC).unsqueeze(-1) & ~layer.frozen).sum()) for layer in network.layers
    )
    assert int(parameters.active.sum()) == splines + constants


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_cuda_equals_cpu(mixed_network, rows):
    network, x, y = mixed_network((3, (1, 1), 1)), rows(50, 3), rows(50, 1, seed=1)
    ours = normal_equations(network.to("cuda"), x.cuda(), y.cuda(), ParameterMap.of(network.to("cuda")))
    theirs = normal_equations(network, x, y, ParameterMap.of(network))
    assert_allclose(ours.matrix.cpu(), theirs.matrix, rtol=1e-9, atol=1e-11)
    assert_allclose(ours.gradient.cpu(), theirs.gradient, rtol=1e-9, atol=1e-11)
