"""Evaluation against a slow reference in plain Python: scipy splines and sympy primitives, one number at a time."""

import math

import numpy as np
import pytest
import sympy
import torch
from numpy.testing import assert_allclose
from scipy.interpolate import BSpline

from kansym.errors import ArgumentError
from kansym.kan.layer import EdgeMode, combine, evaluate_edges, node_gradient
from kansym.kan.network import Network, concatenate
from kansym.kan.spline import knots
from kansym.primitives.library import default_library

SHAPES = [(1, 1), (2, 1, 1), (3, 2, 2), (2, (1, 2), 1), (3, (0, 2), (1, 1)), (2, 2, 2, 2, 1), (2, (1, 1), (2, 1), 1)]


def _reference_edge(layer, p, i, j, h, primitives):
    mode = int(layer.mode[p, i, j])
    if mode == EdgeMode.OFF:
        return 0.0
    if mode == EdgeMode.SPLINE:
        u = (h - float(layer.center[p, i])) / float(layer.half_width[p, i])
        spline = BSpline(knots(layer.grid).numpy(), layer.coefficients[p, i, j].numpy(), 3)
        inside = min(max(u, -1.0), 1.0)
        return float(spline(inside) + spline.derivative()(inside) * (u - inside))
    a, b, c, d, power = layer.affine[p, i, j].tolist()
    value = primitives[int(layer.primitive[p, i, j])].sympy(sympy.Float(a * h + b, 30), sympy.Float(power, 30))
    return c * float(value) + d


def _reference(network, p, row):
    nodes = row
    for layer in network.layers:
        found = []
        for j in range(layer.n_out):
            edges = [_reference_edge(layer, p, i, j, h, network.primitives) for i, h in enumerate(nodes)]
            on = [e for i, e in enumerate(edges) if int(layer.mode[p, i, j]) != EdgeMode.OFF]
            offset = float(layer.offset[p, j])
            found.append(math.prod(on) * offset if bool(layer.product[j]) else math.fsum(on) + offset)
        nodes = found
    return nodes


@pytest.mark.parametrize("shape", SHAPES)
def test_outputs_equal_the_reference(shape, mixed_network, rows):
    network, x = mixed_network(shape), rows(5, shape[0])
    for layer in network.layers:  # a gauge other than the trivial one
        layer.offset.add_(0.3)
        layer.center.add_(0.1)
        layer.half_width.mul_(0.8)
    expected = [[_reference(network, p, row) for row in x.tolist()] for p in range(network.population)]
    assert_allclose(network(x), np.array(expected), rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("shape", SHAPES)
def test_slopes_equal_finite_differences(shape, mixed_network, rows):
    network, x, eps = mixed_network(shape), rows(6, shape[0]), 1e-6
    h = x[None]
    for layer in network.layers:
        edges = evaluate_edges(layer, h, network.primitives)
        up = evaluate_edges(layer, h + eps, network.primitives, need_slope=False).value
        down = evaluate_edges(layer, h - eps, network.primitives, need_slope=False).value
        assert_allclose(edges.slope, (up - down) / (2 * eps), rtol=1e-6, atol=1e-7)
        h = combine(layer, edges)


def test_values_do_not_depend_on_whether_slopes_are_asked_for(mixed_network, rows):
    network, x = mixed_network((3, (1, 1), 1)), rows(9, 3)
    assert torch.equal(network.trace(x, need_slope=True)[-1][0], network.trace(x, need_slope=False)[-1][0])


@pytest.mark.parametrize("arity", range(1, 6))
@pytest.mark.parametrize("zeros", [0, 1, 2])
def test_products_and_their_gradient_with_zero_factors(arity, zeros, rows, plain_network):
    network, x = plain_network((arity, (0, 1)), population=2), rows(4, arity)
    layer = network.layers[0]
    layer.offset.fill_(1.7)
    zeros = min(zeros, arity)
    layer.coefficients[:, :zeros] = 0.0
    edges = evaluate_edges(layer, x[None], ())
    values = edges.value[..., 0]
    assert_allclose(combine(layer, edges)[..., 0], 1.7 * values.prod(-1), atol=1e-14)
    gradient = node_gradient(layer, edges)[..., 0]
    for i in range(arity):
        others = [k for k in range(arity) if k != i]
        assert_allclose(gradient[..., i], 1.7 * values[..., others].prod(-1), rtol=1e-13, atol=1e-15)


def test_an_off_edge_is_no_factor_and_no_term(plain_network, rows):
    network, x = plain_network((3, (1, 1))), rows(8, 3)
    network.set_off(0, 1, 0)
    network.set_off(0, 1, 1)
    moved = x.clone()
    moved[:, 1] = 0.123
    assert torch.equal(network(x), network(moved))
    assert not torch.equal(network(x)[..., 1], torch.zeros(2, 8, dtype=torch.float64))


def test_networks_of_a_population_are_evaluated_on_their_own(mixed_network, rows):
    network, x = mixed_network((2, (1, 1), 1), population=4), rows(10, 2)
    together = network(x)
    for p in range(4):
        assert_allclose(network.select([p])(x)[0], together[p], rtol=1e-13, atol=1e-14)


def test_a_nan_network_leaves_its_neighbours_alone(plain_network, rows):
    network, x = plain_network((2, 1, 1), population=3), rows(20, 2)
    clean = network(x)
    network.set_symbolic(0, 0, 0, default_library()["log"], network=1)
    values = network(x)
    assert torch.isnan(values[1]).any()
    assert_allclose(values[[0, 2]], clean[[0, 2]], rtol=1e-13)


@pytest.mark.parametrize("factor", [1, 2, 3])
def test_grid_extension_keeps_the_function(factor, mixed_network, rows):
    network, x = mixed_network((2, 2, 1), grid=3), rows(30, 2)
    assert_allclose(network.with_grid(3 * factor)(x), network(x), atol=1e-9)
    assert network.with_grid(3 * factor).layers[0].grid == 3 * factor


def test_copies_share_no_memory(mixed_network, rows):
    network, x = mixed_network((2, 2, 1)), rows(5, 2)
    before = network(x)
    for copy in (network.clone(), network.select([0, 1, 2]), network.with_grid(4), network.to(dtype=torch.float64)):
        for layer in copy.layers:
            for tensor in (layer.coefficients, layer.affine, layer.offset, layer.center, layer.half_width):
                tensor.zero_()
            layer.mode.zero_()
            layer.primitive.zero_()
            layer.frozen.zero_()
    assert torch.equal(network(x), before)


def test_concatenate_undoes_select(mixed_network, rows):
    network, x = mixed_network((2, 2, 1)), rows(5, 2)
    joined = concatenate([network.select([0]), network.select([1, 2])])
    assert joined.population == 3
    assert_allclose(joined(x), network(x), rtol=1e-13)
    with pytest.raises(ArgumentError, match="shape"):
        concatenate([network, Network.create((2, 1), generator=torch.Generator())])


def test_set_symbolic_holds_redundant_constants_by_default(plain_network):
    network, library = plain_network((2, 1)), default_library()
    network.set_symbolic(0, 0, 0, library["x^2"], network=1)
    layer = network.layers[0]
    assert layer.frozen[1, 0, 0].tolist() == [True, False, False, False, True]
    assert layer.mode[:, 0, 0].tolist() == [EdgeMode.SPLINE, EdgeMode.SYMBOLIC]
    network.set_symbolic(0, 1, 0, library["x^p"], frozen=("c",))
    assert layer.frozen[0, 1, 0].tolist() == [False, False, True, False, False]
    assert [primitive.name for primitive in network.primitives] == ["x^2", "x^p"]


def test_creation_is_reproducible_and_separates_starts():
    first = Network.create((2, 3, 1), population=3, generator=torch.Generator().manual_seed(5))
    second = Network.create((2, 3, 1), population=3, generator=torch.Generator().manual_seed(5))
    assert torch.equal(first.layers[1].coefficients, second.layers[1].coefficients)
    assert not torch.equal(first.layers[0].coefficients[0], first.layers[0].coefficients[1])


@pytest.mark.parametrize(
    ("shape", "options", "message"),
    [
        ((2,), {}, "shape"),
        ((2, 0, 1), {}, r"shape\[1\]"),
        ((2, (0, 0), 1), {}, r"shape\[1\]"),
        ((2, (2, -1), 1), {}, r"shape\[1\]"),
        ((2, 1), {"grid": 0}, "grid"),
        ((2, 1), {"population": 0}, "population"),
    ],
)
def test_impossible_networks_are_refused(shape, options, message):
    with pytest.raises(ArgumentError, match=message):
        Network.create(shape, generator=torch.Generator(), **options)


@pytest.mark.parametrize("size", [(4, 3), (4,), (2, 4, 2)])
def test_inputs_of_another_width_are_refused(size, plain_network):
    with pytest.raises(ArgumentError, match=r"x must have shape \(n, 2\)"):
        plain_network((2, 1))(torch.zeros(size, dtype=torch.float64))


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_cuda_equals_cpu(mixed_network, rows):
    network, x = mixed_network((3, (1, 1), 1)), rows(50, 3)
    assert_allclose(network.to("cuda")(x.cuda()).cpu(), network(x), rtol=1e-11, atol=1e-12)
