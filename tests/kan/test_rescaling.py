import pytest
import torch
from numpy.testing import assert_allclose

from kansym.kan.layer import EdgeMode
from kansym.kan.rescaling import rescale
from kansym.primitives.library import default_library

LAYER_TENSORS = ("coefficients", "affine", "offset", "center", "half_width", "mode", "primitive", "frozen")


def _relative(network, x, layer):
    nodes = network.trace(x, need_slope=False)[layer][0]
    grid = network.layers[layer]
    return (nodes - grid.center[:, None]) / grid.half_width[:, None]


def _symbolic(network, name, **constants):
    for number, layer in enumerate(network.layers):
        for i in range(layer.n_in):
            for j in range(layer.n_out):
                network.set_symbolic(number, i, j, default_library()[name], **constants)


@pytest.mark.parametrize("shape", [(2, 1, 2), (3, (1, 2), 2), (2, (0, 2), (1, 1), 2)])
def test_symbolic_edges_undo_the_scaling_exactly(shape, plain_network, rows):
    # Straight splines, which a refit reproduces, next to symbolic edges that read the same nodes.
    network, x = plain_network(shape), rows(80, shape[0])
    _symbolic(network, "tanh", a=1.3, b=0.4, c=2.5, d=0.7)
    for layer in network.layers[1:]:
        layer.mode[:, :, 0] = EdgeMode.SPLINE
        layer.coefficients[:] = torch.linspace(-2, 1, layer.coefficients.shape[-1], dtype=torch.float64)
    moved = rescale(network, x, only_off_grid=False)
    assert not torch.equal(moved.layers[1].affine, network.layers[1].affine)
    assert_allclose(moved(x), network(x), rtol=1e-7, atol=1e-7)
    assert_allclose(moved(x)[..., 1], network(x)[..., 1], rtol=1e-7 if len(shape) > 3 else 1e-12)


def test_nodes_that_no_spline_reads_are_not_touched(plain_network, rows):
    network, x = plain_network((2, 2, 1)), rows(50, 2)
    network.layers[0].coefficients *= 20.0
    network.set_symbolic(1, 0, 0, default_library()["tanh"], a=0.1, network=1)
    moved = rescale(network, x, only_off_grid=False)
    assert torch.equal(moved.layers[1].affine[1, 0], network.layers[1].affine[1, 0])
    assert torch.equal(moved.layers[0].coefficients[1, :, 0], network.layers[0].coefficients[1, :, 0])
    assert not torch.equal(moved.layers[0].coefficients[0, :, 0], network.layers[0].coefficients[0, :, 0])


@pytest.mark.parametrize("shape", [(2, 1, 1), (3, (1, 2), 1), (2, 2, (1, 1), 1)])
def test_hidden_nodes_fill_their_grids(shape, plain_network, rows):
    network, x = plain_network(shape, grid=12), rows(400, shape[0])
    moved = rescale(network, x, only_off_grid=False)
    for layer in range(1, len(network.layers)):
        relative = _relative(moved, x, layer)
        assert_allclose(relative.amin(1), -1, atol=0.02)
        assert_allclose(relative.amax(1), 1, atol=0.02)


def test_linear_splines_far_off_their_grids_are_refitted_exactly(plain_network, rows):
    network, x = plain_network((2, 1, 1), grid=6), rows(400, 2)
    network.layers[0].coefficients *= 30.0
    slope = torch.linspace(-2, 1, 9, dtype=torch.float64)  # evenly spaced coefficients: a straight line
    network.layers[1].coefficients[:] = slope
    moved = rescale(network, x)
    assert _relative(network, x, 1).abs().max() > 5 and _relative(moved, x, 1).abs().max() < 1 + 1e-9
    assert_allclose(moved(x), network(x), atol=1e-7)


def test_curved_splines_change_by_no_more_than_the_refit(plain_network, rows):
    network, x = plain_network((2, 1, 1), grid=20), rows(600, 2)
    network.layers[0].coefficients *= 0.4
    moved, before = rescale(network, x), network(x)
    assert not torch.equal(moved.layers[0].coefficients, network.layers[0].coefficients)
    assert ((moved(x) - before).square().mean(1) / before.var(1)).max() < 1e-3


def test_nodes_in_place_are_left_alone_bit_for_bit(plain_network, rows):
    network, x = rescale(plain_network((2, 1, 1), population=3), rows(200, 2), only_off_grid=False), rows(200, 2)
    drifted = network.clone()
    drifted.layers[0].coefficients[1] *= 9.0
    moved = rescale(drifted, x)
    for one, other in zip(moved.layers, drifted.layers, strict=True):
        for name in LAYER_TENSORS:
            assert torch.equal(getattr(one, name)[[0, 2]], getattr(other, name)[[0, 2]])
    assert not torch.equal(moved.layers[0].coefficients[1], drifted.layers[0].coefficients[1])


def test_the_argument_is_not_changed(mixed_network, rows):
    network, x = mixed_network((2, (1, 1), 1)), rows(100, 2)
    copy = network.clone()
    rescale(network, x, only_off_grid=False)
    for one, other in zip(network.layers, copy.layers, strict=True):
        for name in LAYER_TENSORS:
            assert torch.equal(getattr(one, name), getattr(other, name))


def test_constant_and_infinite_nodes_are_left_alone(plain_network, rows):
    network, x = plain_network((1, 2, 1), population=1), rows(60, 1)
    network.layers[0].coefficients[:, :, 0] = 3.0
    network.set_symbolic(0, 0, 1, default_library()["log"])
    moved = rescale(network, x, only_off_grid=False)
    assert torch.equal(moved.layers[1].half_width, network.layers[1].half_width)
    assert torch.equal(moved.layers[1].center, network.layers[1].center)
