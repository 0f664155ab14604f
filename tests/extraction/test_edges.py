"""Curves of edges, their weights, and matches that respect how well a curve is known."""

import math

import pytest
import torch

from kansym.extraction.edges import (
    CURVE_ROWS,
    EdgeRef,
    apply_match,
    edge_curves,
    edges_of_mode,
    match_cost,
    match_network,
)
from kansym.extraction.matching import Match
from kansym.kan.layer import EdgeMode
from kansym.kan.network import Network
from kansym.primitives import default_library

LIBRARY = default_library()
PRIMITIVES = [primitive for primitive in LIBRARY.values() if primitive.equivalent_to is None]


@pytest.fixture
def x():
    return torch.rand(400, 2, generator=torch.Generator().manual_seed(1), dtype=torch.float64) * 2 - 1


@pytest.fixture
def chain(symbolic_network):
    """sqrt(x0^2 + exp(x1) + 0.5)."""
    return symbolic_network(
        (2, 1, 1),
        {(0, 0, 0): ("x^2", {}), (0, 1, 0): ("exp", {}), (1, 0, 0): ("sqrt", {"b": 0.5})},
    )


def test_a_spline_beside_a_function_is_a_spline_with_the_curve_of_both(x):
    network = Network.create((2, 1), generator=torch.Generator().manual_seed(0))
    spline = network.trace(x)[1][1].value[0, :, 1, 0]
    network.set_symbolic(0, 1, 0, LIBRARY["sin"], keep_spline=True)
    assert edges_of_mode(network, EdgeMode.SPLINE) == [EdgeRef(0, 0, 0), EdgeRef(0, 1, 0)]
    assert edges_of_mode(network, EdgeMode.SYMBOLIC) == []
    _, values, _ = edge_curves(network, x, [EdgeRef(0, 1, 0)])
    torch.testing.assert_close(values[0], spline + torch.sin(x[:, 1]))


def test_edges_are_listed_inputs_first():
    network = Network.create((2, 2, 1), grid=3, population=2, generator=torch.Generator().manual_seed(0))
    network.set_off(0, 1, 0, network=0)
    network.set_symbolic(1, 0, 0, LIBRARY["exp"], network=0)
    expected = [EdgeRef(0, 0, 0), EdgeRef(0, 0, 1), EdgeRef(0, 1, 1), EdgeRef(1, 1, 0)]
    assert edges_of_mode(network, EdgeMode.SPLINE) == expected
    assert edges_of_mode(network, EdgeMode.SYMBOLIC) == [EdgeRef(1, 0, 0)]
    assert edges_of_mode(network, EdgeMode.OFF) == [EdgeRef(0, 1, 0)]
    assert len(edges_of_mode(network, EdgeMode.SPLINE, index=1)) == 6


def test_curves_and_sensitivities_are_analytic(chain, x):
    refs = [EdgeRef(0, 0, 0), EdgeRef(0, 1, 0), EdgeRef(1, 0, 0)]
    inputs, values, weights = edge_curves(chain, x, refs)
    h = x[:, 0] ** 2 + torch.exp(x[:, 1])
    torch.testing.assert_close(inputs, torch.stack([x[:, 0], x[:, 1], h]))
    torch.testing.assert_close(values, torch.stack([x[:, 0] ** 2, torch.exp(x[:, 1]), torch.sqrt(h + 0.5)]))
    # d sqrt(h + 1/2) / dh, squared.
    slope = 1 / (4 * (h + 0.5))
    torch.testing.assert_close(weights, torch.stack([slope, slope, torch.ones_like(h)]))


def test_the_sensitivity_in_a_product_is_the_other_factor(symbolic_network, x):
    network = symbolic_network((2, (0, 1)), {(0, 0, 0): ("exp", {}), (0, 1, 0): ("sin", {"a": 2.0})})
    _, _, weights = edge_curves(network, x, [EdgeRef(0, 0, 0), EdgeRef(0, 1, 0)])
    torch.testing.assert_close(weights, torch.stack([torch.sin(2 * x[:, 1]) ** 2, torch.exp(x[:, 0]) ** 2]))


def test_long_tables_are_thinned(chain):
    x = torch.rand(3 * CURVE_ROWS + 5, 2, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    inputs, _, _ = edge_curves(chain, x, [EdgeRef(0, 0, 0)])
    assert CURVE_ROWS // 2 < inputs.shape[1] <= CURVE_ROWS
    torch.testing.assert_close(inputs[0], x[::4, 0])


def test_curves_of_one_network_of_a_population(chain, x):
    population = chain.select([0, 0])
    population.layers[0].affine[1, 0, 0, 2] = 3.0
    _, values, _ = edge_curves(population, x, [EdgeRef(0, 0, 0)], index=1)
    torch.testing.assert_close(values[0], 3 * x[:, 0] ** 2)


def match(name, loss):
    return Match(LIBRARY[name], 1.0, 0.0, 1.0, 0.0, math.nan, loss)


def test_cost_counts_decades_of_relative_error():
    assert match_cost(match("exp", 1e-4), 1e-12, 0.0) - match_cost(match("exp", 1e-8), 1e-12, 0.0) == pytest.approx(
        2.0, rel=0.05
    )
    more = LIBRARY["J0"].complexity - LIBRARY["exp"].complexity
    assert match_cost(match("J0", 1e-4), 1e-12, 0.15) - match_cost(match("exp", 1e-4), 1e-12, 0.15) == pytest.approx(
        0.15 * more
    )


def test_below_the_floor_the_simpler_primitive_is_cheaper():
    better, simpler = match("J0", 1e-9), match("exp", 1e-6)
    assert match_cost(better, 1e-12, 0.15) < match_cost(simpler, 1e-12, 0.15)
    assert match_cost(better, 1e-5, 0.15) > match_cost(simpler, 1e-5, 0.15)
    # Among equally complex ones the better fit still comes first.
    assert match_cost(match("log", 1e-9), 1e-5, 0.15) < match_cost(match("exp", 1e-6), 1e-5, 0.15)


@pytest.mark.long
def test_planted_edges_are_matched(chain, splined, x):
    network = splined(chain, x, 40)
    refs = edges_of_mode(network, EdgeMode.SPLINE)
    lists = match_network(network, x, PRIMITIVES, refs, error=1e-6)
    for matches, name in zip(lists, ["x^2", "exp", "sqrt"], strict=True):
        # A piece of a sine of long period is as good a parabola as the network can tell.
        assert name in [found.primitive.name for found in matches[:2]]
    assert all(len(matches) == 6 for matches in lists)
    for matches in match_network(network, x, PRIMITIVES, refs, error=1e-6, top_k=2):
        assert len(matches) == 2


def test_a_poor_network_is_read_as_simple(chain, splined, x):
    # On a grid of two intervals the curve of the exponential is a spline that others fit better; an error that says
    # so puts the simple primitives first.
    network = splined(chain, x, 2)
    ref = EdgeRef(0, 1, 0)
    (trusting,) = match_network(network, x, PRIMITIVES, [ref], error=0.0, complexity_weight=0.0)
    (knowing,) = match_network(network, x, PRIMITIVES, [ref], error=0.02)
    assert trusting[0].loss <= min(m.loss for m in knowing)
    assert knowing[0].primitive.complexity <= 2 < trusting[0].primitive.complexity


def test_no_edges_no_matches(chain, x):
    assert match_network(chain, x, PRIMITIVES, [], error=0.1) == []


def test_an_applied_match_is_the_edge(chain, x):
    population = chain.select([0, 0])
    found = Match(LIBRARY["x^p"], 2.0, 3.0, 0.5, -1.0, 1.7, 0.0)
    apply_match(population, EdgeRef(0, 0, 0), found, position=1)
    _, values, _ = edge_curves(population, x, [EdgeRef(0, 0, 0)], index=1)
    torch.testing.assert_close(values[0], found.evaluate(x[:, 0]))
    _, untouched, _ = edge_curves(population, x, [EdgeRef(0, 0, 0)], index=0)
    torch.testing.assert_close(untouched[0], x[:, 0] ** 2)
    # Training may move what is free in the primitive: the exponent, but not the redundant inner scale.
    frozen = population.layers[0].frozen[1, 0, 0].tolist()
    assert frozen == [name in LIBRARY["x^p"].redundant for name in "abcdp"]
