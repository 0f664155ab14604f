"""Networks with any mix of the options of `Network.create`: one description, checked through every module."""

from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from kansym.errors import ArgumentError
from kansym.kan.consistency import inconsistency
from kansym.kan.curves import BASES
from kansym.kan.gradient import objective_gradient
from kansym.kan.jacobian import jacobian, mean_loss, normal_equations
from kansym.kan.layer import EdgeMode
from kansym.kan.network import Network, concatenate
from kansym.kan.parameters import ParameterMap
from kansym.kan.penalty import PenaltyWeights, penalise, penalty_value
from kansym.kan.persistence import load_network, save_network
from kansym.kan.rescaling import knots_at_quantiles, rescale
from kansym.kan.training import TrainingOptions, train
from kansym.primitives.library import default_library

SHAPES = [(2, 1), (3, 2, 1), (3, (1, 2), 2), (2, 2, (0, 1), 1)]


def _network(shape, seed=0, population=2, *, uneven=False, **options):
    """Every kind of edge, and offsets other than the usual ones."""
    generator = torch.Generator().manual_seed(seed)
    network = Network.create(shape, population=population, generator=generator, **options)
    library = default_library()
    for number, layer in enumerate(network.layers):
        kinds = torch.randint(0, 5, (population, layer.n_in, layer.n_out), generator=generator)
        for p, i, j in torch.cartesian_prod(*(torch.arange(size) for size in kinds.shape)).tolist():
            if kinds[p, i, j] < 2 and layer.mode[p, i, j] != EdgeMode.OFF:
                name = "sin" if (i + j) % 2 else "x^2"
                keep = bool(kinds[p, i, j])
                network.set_symbolic(number, i, j, library[name], a=1.2, b=0.3, c=0.7, network=p, keep_spline=keep)
        layer.offset += 0.3
        if uneven:
            steps = 0.2 + torch.rand(population, layer.n_in, layer.grid + 1, generator=generator, dtype=torch.float64)
            if number == 0:  # every network reads the same inputs on the same grid
                steps = steps[:1].expand(population, -1, -1)
            layer.knots = steps.cumsum(-1) - steps.sum(-1, keepdim=True) / 2
    return network


NETWORKS = st.builds(
    _network,
    st.sampled_from(SHAPES),
    st.integers(0, 10**6),
    grid=st.integers(1, 5),
    order=st.integers(1, 5),
    base=st.sampled_from(BASES),
    train_offsets=st.booleans(),
    arity=st.sampled_from([None, 1, 2]),
    fan_in=st.sampled_from([None, 1, 2]),
    uneven=st.booleans(),
)
PROPERTY = settings(max_examples=25)
DEAR = settings(max_examples=10)
"""Finite differences in every number of a network."""


def _rows(n, d, seed=1):
    return torch.rand(n, d, dtype=torch.float64, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def _differences(function, network, parameters, eps=1e-6):
    """Derivative of function(network) in every trained number, each network's in its own."""
    values, columns = parameters.flatten(network), []
    for column in range(parameters.size):
        step = torch.zeros_like(values)
        step[:, column] = eps
        up, down = (function(parameters.assign(network, values + sign * step)) for sign in (1, -1))
        columns.append((up - down) / (2 * eps))
    return torch.stack(columns, -1)


@pytest.mark.long
@DEAR
@given(network=NETWORKS)
def test_jacobian_equals_finite_differences(network):
    x, parameters = _rows(7, network.n_inputs), ParameterMap.of(network)
    for output in range(network.n_outputs):
        found = jacobian(network, network.trace(x), parameters, output)
        expected = _differences(lambda one, k=output: one(x)[..., k], network, parameters)
        assert_allclose(found, expected * parameters.active[:, None], rtol=1e-5, atol=1e-6)


@PROPERTY
@given(network=NETWORKS)
def test_gradient_of_the_objective_agrees_with_the_normal_equations(network):
    x, y, parameters = _rows(30, network.n_inputs), _rows(30, network.n_outputs, 2), ParameterMap.of(network)
    nothing = PenaltyWeights(smoothness=0.0, ridge=0.0)
    found = objective_gradient(network, x, y, parameters, weights=None, penalty=nothing).gradient
    assert_allclose(found, 2 * normal_equations(network, x, y, parameters).gradient, rtol=1e-8, atol=1e-10)


@DEAR
@given(network=NETWORKS, lamb=st.sampled_from([0.0, 0.1]))
def test_penalties_have_their_gradient(network, lamb):
    # One layer: edges further down are not penalised through those above them.
    single = replace(network, shape=network.shape[:2], layers=network.layers[:1])
    x, parameters = _rows(60, single.n_inputs), ParameterMap.of(single)
    weights = PenaltyWeights(smoothness=1e-2, ridge=3e-2, lamb=lamb, lamb_entropy=0.0)
    penalty = penalise(single, x, parameters, weights)
    expected = _differences(lambda one: penalty_value(one, x, weights), single, parameters) * parameters.active
    # Of a primitive only the outer scale is pulled.
    for block in parameters.blocks:
        if block.kind == "affine":
            scale = torch.arange(block.stop - block.start) % 5 == 2
            expected[:, block.start : block.stop] *= scale
    assert_allclose(2 * penalty.gradient * parameters.active, expected, rtol=1e-5, atol=1e-6)
    assert torch.linalg.eigvalsh(penalty.matrix).min() > -1e-9


@PROPERTY
@given(network=NETWORKS)
def test_everything_is_stored(network, tmp_path_factory):
    path = save_network(network, tmp_path_factory.mktemp("n"))
    again, x = load_network(path)[0], _rows(9, network.n_inputs)
    assert torch.equal(again(x), network(x))
    assert torch.equal(ParameterMap.of(again).active, ParameterMap.of(network).active)


@PROPERTY
@given(network=NETWORKS)
def test_networks_of_a_population_are_on_their_own(network):
    x = _rows(9, network.n_inputs)
    parts = [network.select([p]) for p in range(network.population)]
    assert_allclose(torch.cat([part(x) for part in parts]), network(x), rtol=1e-11, atol=1e-12)
    assert torch.equal(concatenate(parts)(x), network(x))


@PROPERTY
@given(network=NETWORKS, factor=st.integers(1, 3))
def test_grids_are_refined_without_a_change(network, factor):
    x = 1.1 * _rows(20, network.n_inputs)
    finer = network.with_grid([factor * layer.grid for layer in network.layers])
    assert inconsistency(finer) is None
    assert_allclose(finer(x), network(x), rtol=1e-6, atol=1e-6)


@pytest.mark.long
@PROPERTY
@given(network=NETWORKS)
def test_training_lowers_the_loss_and_comes_back_finite(network):
    x, y = _rows(60, network.n_inputs), _rows(60, network.n_outputs, 2)
    result = train(network, x, y, TrainingOptions(steps=6, smoothness=1e-6, rescale_every=2))
    assert (result.train_loss <= mean_loss(network, x, y) + 1e-12).all()
    assert inconsistency(result.network) is None


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("order", [2, 3, 5])
def test_rescaling_keeps_curves_that_a_finer_grid_can_say(base, order):
    network = Network.create((2, 2, 1), grid=24, order=order, base=base, generator=torch.Generator().manual_seed(3))
    network.layers[0].coefficients *= 0.4
    layer, x, u = network.layers[1], _rows(800, 2), torch.linspace(-1, 1, 300, dtype=torch.float64)
    layer.coefficients[:] = layer.curves.fit(u, torch.sin(2 * u)[:, None])[:, 0]
    if base != "none":
        layer.coefficients[..., -1] = 0.8
    network.set_symbolic(1, 0, 0, default_library()["sin"], a=1.2, c=0.7, keep_spline=True)
    moved = rescale(network, x)
    assert not torch.equal(moved.layers[0].coefficients, network.layers[0].coefficients)
    assert_allclose(moved(x), network(x), atol=2e-3)
    if base != "none":
        assert torch.equal(moved.layers[1].coefficients[..., -1], network.layers[1].coefficients[..., -1])


def test_knots_at_quantiles_keep_the_network_and_see_a_crowded_end():
    generator = torch.Generator().manual_seed(2)
    x = torch.rand(3000, 1, dtype=torch.float64, generator=generator) ** 3 * 2 - 1
    y = torch.sin(10 * (x + 1) ** (1 / 3))  # a wave among the crowd is as long as elsewhere, in rows
    start = Network.create((1, 1), grid=24, generator=generator)
    start.layers[0].coefficients[:] = start.layers[0].curves.fit(x[:, 0], torch.sin(x))[:, 0]
    warped = knots_at_quantiles(start, x)
    assert inconsistency(warped) is None and warped.layers[0].knots is not None
    assert_allclose(warped(x), start(x), atol=1e-3)
    options = TrainingOptions(steps=5, smoothness=0.0)
    losses = [float(train(network, x, y, options).train_loss) for network in (start, warped)]
    assert losses[1] < 0.1 * losses[0]


def test_knots_of_hidden_nodes_hold_equal_shares():
    x = _rows(2000, 2)
    network = knots_at_quantiles(Network.create((2, (1, 1), 1), grid=6, population=3, generator=torch.Generator()), x)
    for layer, (nodes, _) in zip(network.layers, network.trace(x, need_slope=False), strict=False):
        u = (nodes - layer.center[:, None]) / layer.half_width[:, None]
        below = (u.unsqueeze(-1) < layer.knots[:, None, :, 1:-1]).double().mean(1)
        assert_allclose(below, (torch.arange(1, 6) / 6).expand(below.shape), atol=0.1)


def test_a_trained_offset_is_the_constant_beside_a_product():
    x, library = _rows(200, 2), default_library()
    y = 3.0 * x[:, :1] * x[:, 1:] + 1.7

    def product(train_offsets):
        network = Network.create((2, (0, 1), 1), generator=torch.Generator(), train_offsets=train_offsets)
        for number, source in ((0, 0), (0, 1), (1, 0)):
            network.set_symbolic(number, source, 0, library["x"], frozen="abcdp")
        return network

    trained = train(product(True), x, y, TrainingOptions(steps=20)).network
    assert_allclose(float(trained.layers[0].offset), 3.0, rtol=1e-6)
    assert_allclose(float(trained.layers[1].offset), 1.7, rtol=1e-6)
    assert ParameterMap.of(product(False)).active.sum() == 0


def test_a_spline_beside_a_function_learns_what_the_function_leaves():
    x = _rows(400, 1)
    y = torch.sin(6 * x) + 0.05 * x**3
    network = Network.create((1, 1), grid=3, generator=torch.Generator().manual_seed(0))
    network.set_symbolic(0, 0, 0, default_library()["sin"], a=6.0, frozen="abcd")
    alone = float(mean_loss(network, x, y))
    network.set_symbolic(0, 0, 0, default_library()["sin"], a=6.0, frozen="abcd", keep_spline=True)
    assert float(mean_loss(network, x, y)) == alone  # it starts at zero
    assert float(train(network, x, y).train_loss) < 1e-12 < alone


@pytest.mark.parametrize("nearest", [False, True])
def test_sparse_starts_have_their_number_of_edges(nearest):
    network = Network.create(
        (6, (4, 3), (2, 1), 1), population=5, arity=2, fan_in=3, nearest=nearest, generator=torch.Generator()
    )
    first, second, last = ((layer.mode != EdgeMode.OFF).sum(1) for layer in network.layers)
    assert first.tolist() == [[3] * 4 + [2] * 3] * 5 and second.tolist() == [[3, 3, 2]] * 5
    assert (last == 3).all()
    # Six factors for six inputs: each is dealt once.
    products = (network.layers[0].mode[..., 4:] != EdgeMode.OFF).sum(2)
    assert (products == 1).all()
    assert bool((network.layers[0].mode == network.layers[0].mode[:1]).all()) == nearest


def test_the_nearest_sources_are_next_to_the_node():
    network = Network.create((6, 3, 1), fan_in=2, nearest=True, generator=torch.Generator())
    assert (network.layers[0].mode[0] != EdgeMode.OFF).T.int().tolist() == [
        [1, 1, 0, 0, 0, 0], [0, 0, 1, 1, 0, 0], [0, 0, 0, 0, 1, 1]
    ]  # fmt: skip


def test_each_layer_has_its_grid():
    network = Network.create((2, 3, 1), grid=[3, 8], generator=torch.Generator())
    assert [layer.grid for layer in network.layers] == [3, 8]
    assert [layer.grid for layer in network.with_grid([6, 8]).layers] == [6, 8]


def test_defaults_start_as_if_there_were_no_options():
    plain = Network.create((3, (1, 1), 1), generator=torch.Generator().manual_seed(5))
    named = Network.create(
        (3, (1, 1), 1), grid=[5, 5], order=3, base="none", arity=3, fan_in=3, generator=torch.Generator().manual_seed(5)
    )
    for one, other in zip(plain.layers, named.layers, strict=True):
        assert torch.equal(one.coefficients, other.coefficients) and torch.equal(one.mode, other.mode)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"order": 0}, "order must be a degree from 1 to 5, got 0"),
        ({"order": 6}, "order"),
        ({"base": "relu"}, "base must be one of none, silu, identity, got 'relu'"),
        ({"grid": [5]}, "grid must be at least 1, or that for each of the 2 layers"),
        ({"grid": [5, 0]}, "grid"),
        ({"arity": 0}, "arity must be at least 1"),
        ({"arity": 4}, "arity must not exceed the 3 nodes that layer 0 reads, got 4"),
        ({"fan_in": 0}, "fan_in must be at least 1"),
    ],
)
def test_impossible_options_are_refused(options, message):
    with pytest.raises(ArgumentError, match=message):
        Network.create((3, (0, 1), 1), generator=torch.Generator(), **options)
