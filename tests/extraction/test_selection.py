"""Primitives chosen by the loss of the whole network, where each edge by itself would choose wrongly."""

import itertools
import math

import numpy as np
import pytest
import torch

from kansym.extraction.edges import EdgeRef, edge_curves, edges_of_mode, match_cost
from kansym.extraction.matching import Match, match_edges
from kansym.extraction.selection import (
    Rows,
    SelectionOptions,
    Selector,
    SymbolicCandidate,
    best_combinations,
    release_edge,
)
from kansym.kan.layer import EdgeMode
from kansym.kan.training import TrainingOptions, train
from kansym.primitives import default_library

LIBRARY = default_library()
PRIMITIVES = [primitive for primitive in LIBRARY.values() if primitive.equivalent_to is None]
HELD = ("x", {"frozen": "abcdp"})
ROOT_OF_SUM = (
    (3, 1, 1),
    {
        (0, 0, 0): ("x^2", {"b": 0.4, "c": 0.8}),
        (0, 1, 0): ("sin", {"a": 2.0, "b": 0.3, "c": 0.5}),
        (0, 2, 0): ("exp", {"a": 0.9, "c": 0.4}),
        (1, 0, 0): ("sqrt", {"b": 1.5, "c": 2.0}),
    },
)
SUM_OF_PRODUCTS = (
    (2, (0, 2), 1),
    {
        (0, 0, 0): ("exp", {"a": 0.8}),
        (0, 1, 0): ("sin", {"a": 2.0, "b": 0.3, "d": 0.4}),
        (0, 0, 1): ("x^2", {"b": 0.2, "d": 0.5}),
        (0, 1, 1): ("tanh", {"a": 1.5, "b": 0.6}),
        (1, 0, 0): HELD,
        (1, 1, 0): HELD,
    },
)


def rows_and_network(law, symbolic_network, splined, *, grid=3):
    """The law's rows, and a trained network of its shape on a coarse grid, with the names of the planted edges."""
    shape, edges = law
    x = torch.rand(500, shape[0], generator=torch.Generator().manual_seed(3), dtype=torch.float64) * 2 - 1
    planted = symbolic_network(shape, edges)
    y = planted(x)[0, :, 0]
    y = y / y.std()
    rows = Rows(x[:400], y[:400], (x[400:], y[400:]))
    trained = train(splined(planted, x, grid), rows.x, rows.y, TrainingOptions(steps=30), validation=rows.validation)
    names = {EdgeRef(*place): name for place, (name, constants) in edges.items() if "frozen" not in constants}
    return rows, trained.network, names


@pytest.fixture(scope="module")
def root_of_sum(symbolic_network, splined):
    return rows_and_network(ROOT_OF_SUM, symbolic_network, splined)


@pytest.fixture(scope="module")
def sum_of_products(symbolic_network, splined):
    return rows_and_network(SUM_OF_PRODUCTS, symbolic_network, splined)


def primitive_at(network, ref):
    return network.primitives[int(network.layers[ref.layer].primitive[0, ref.source, ref.target])].name


def best_of_each_edge(network, x, refs):
    inputs, values, _ = edge_curves(network, x, refs)
    return [matches[0].primitive.name for matches in match_edges(inputs, values, PRIMITIVES, top_k=1)]


@pytest.mark.parametrize("case", ["root_of_sum", pytest.param("sum_of_products", marks=pytest.mark.long)])
def test_the_network_chooses_right_where_its_edges_do_not(case, request):
    rows, network, planted = request.getfixturevalue(case)
    refs = list(planted)
    by_edge = best_of_each_edge(network, rows.x, refs)
    # On a coarse grid R^2 prefers another primitive for several edges.
    assert sum(name != planted[ref] for name, ref in zip(by_edge, refs, strict=True)) >= 2
    found = Selector(rows, PRIMITIVES).select(network)
    assert found[0].validation_loss < 1e-20 and found[0].train_loss < 1e-20
    assert {ref: primitive_at(found[0].network, ref) for ref in refs} == planted
    assert found[0].network.is_symbolic
    assert found[0].complexity == sum(LIBRARY[name].complexity for name in planted.values()) + sum(
        LIBRARY["x"].complexity for name, _ in SUM_OF_PRODUCTS[1].values() if name == "x" and case == "sum_of_products"
    )


def test_candidates_come_in_order_of_score(root_of_sum):
    rows, network, _ = root_of_sum
    selector = Selector(rows, PRIMITIVES, SelectionOptions(top_k=3, beam=12, finalists=5))
    found = selector.select(network)
    scores = [candidate.score(0.15) for candidate in found]
    assert 1 < len(found) <= 5 and scores == sorted(scores)
    assert all(candidate.curved_edges <= 4 for candidate in found)


@pytest.mark.long
def test_the_same_seed_selects_the_same_networks(sum_of_products):
    rows, network, _ = sum_of_products
    few = SelectionOptions(top_k=3, beam=12, finalists=5)
    first, second = (Selector(rows, PRIMITIVES, few).select(network) for _ in range(2))
    assert [(c.key(), c.validation_loss) for c in first] == [(c.key(), c.validation_loss) for c in second]


def planted_wrong(rows, network, planted, wrong):
    """A candidate with the right primitives but for those in `wrong`, fitted on the data."""
    selector = Selector(rows, PRIMITIVES)
    right = selector.select(network)[0].network.clone()
    for ref, name in wrong.items():
        # Nearly flat at the level of the right edge, so that the root above stays real.
        level = float(edge_curves(right, rows.x, [ref])[1].mean())
        right.set_symbolic(ref.layer, ref.source, ref.target, LIBRARY[name], c=0.1, d=level)
    fitted = selector.fit_all(right)[0]
    assert {ref: primitive_at(fitted.network, ref) for ref in wrong} == wrong
    return selector, fitted


@pytest.mark.long
@pytest.mark.parametrize(
    "wrong", [{EdgeRef(0, 1, 0): "tanh"}, {EdgeRef(0, 0, 0): "gaussian"}, {EdgeRef(0, 2, 0): "x^3"}], ids=str
)
def test_reconsideration_undoes_a_wrong_choice(root_of_sum, wrong):
    rows, network, planted = root_of_sum
    selector, start = planted_wrong(rows, network, planted, wrong)
    assert start.validation_loss > 1e-8
    found = selector._reconsider(start, network)
    assert found[0].validation_loss < 1e-20
    assert {ref: primitive_at(found[0].network, ref) for ref in planted} == planted


@pytest.mark.long
def test_reconsideration_leaves_a_right_choice_alone(root_of_sum):
    rows, network, _ = root_of_sum
    selector = Selector(rows, PRIMITIVES)
    right = selector.select(network)[0]
    assert selector._reconsider(right, network) == []


@pytest.mark.long
def test_stepwise_alone_finds_the_law(root_of_sum):
    rows, network, _ = root_of_sum
    stepped = Selector(rows, PRIMITIVES)._stepwise(network)
    assert stepped is not None and stepped.network.is_symbolic
    # The grid is coarse, so a nearly equal primitive may stand for one edge; the loss is far below the network's.
    assert stepped.validation_loss < 0.1 * Selector(rows, PRIMITIVES)._network_loss(network)


def test_a_symbolic_network_is_only_fitted(root_of_sum, symbolic_network):
    rows, _, _ = root_of_sum
    shape, edges = ROOT_OF_SUM
    start = symbolic_network(shape, {**edges, (0, 1, 0): ("sin", {"a": 1.8, "b": 0.2, "c": 0.6})})
    found = Selector(rows, PRIMITIVES).select(start)
    assert len(found) == 1 and found[0].validation_loss < 1e-20


@pytest.mark.parametrize("place", [(0, 0, 0), (0, 1, 0), (1, 0, 0)])
def test_a_released_edge_keeps_the_function(symbolic_network, place):
    network = symbolic_network(
        (2, 1, 1),
        {
            (0, 0, 0): ("x^2", {"b": 0.3, "c": 0.7}),
            (0, 1, 0): ("x^3", {"b": -0.2, "c": 0.5, "d": 1.0}),
            (1, 0, 0): ("x^2", {"b": 0.1, "c": -2.0}),
        },
    )
    x = torch.rand(300, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64) * 2 - 1
    before = network(x)
    freed = release_edge(network, EdgeRef(*place), x)
    assert edges_of_mode(freed, EdgeMode.SPLINE) == [EdgeRef(*place)]
    # Cubic splines hold these primitives exactly; the fit of the coefficients is regularised a little.
    torch.testing.assert_close(freed(x), before, rtol=0, atol=1e-6)
    assert network.is_symbolic, "the network itself must not change"


def random_matches(rng, edges):
    primitives = list(LIBRARY.values())
    return [
        [
            Match(primitives[rng.integers(len(primitives))], 1.0, 0.0, 1.0, 0.0, math.nan, 10 ** rng.uniform(-9, 0))
            for _ in range(rng.integers(2, 5))
        ]
        for _ in range(edges)
    ]


@pytest.mark.parametrize("edges", [1, 2, 4])
def test_combinations_come_in_order_of_cost(rng, edges):
    for _ in range(20):
        lists = random_matches(rng, edges)
        costs = []
        for matches in lists:
            floor = max(min(match.loss for match in matches), 1e-12)
            costs.append([match_cost(match, floor, 0.15) for match in matches])

        def total(choice, costs=costs):
            return sum(column[k] for column, k in zip(costs, choice, strict=True))

        every = sorted(total(choice) for choice in itertools.product(*(range(len(m)) for m in lists)))
        found = best_combinations(lists, 10, 0.15)
        assert len({tuple(choice) for choice in found}) == len(found) == min(10, len(every))
        np.testing.assert_allclose([total(choice) for choice in found], every[:10], rtol=1e-12)


def test_many_edges_need_no_enumeration(rng):
    # Whoever tried all combinations of 60 edges would never come to an end.
    assert len(best_combinations(random_matches(rng, 60), 48, 0.15)) == 48


@pytest.mark.parametrize("allowed", [0.0, 0.3])
def test_the_deadline_is_kept(sum_of_products, allowed, work_clock):
    rows, network, _ = sum_of_products
    many = Rows(rows.x.repeat(50, 1), rows.y.repeat(50), rows.validation)
    options = SelectionOptions(beam=400, screen_steps=400, final_steps=4000)
    selector = Selector(many, PRIMITIVES, options, deadline=allowed, target=0.0)
    found = selector.select(network)
    # One batch of matches and one step are finished; the whole search takes minutes.
    assert work_clock.now() < allowed + 15
    assert all(math.isfinite(candidate.validation_loss) for candidate in found)


def test_rows_are_thinned_evenly():
    x, y = torch.arange(1000.0).double()[:, None], torch.arange(1000.0).double()
    rows = Rows(x, y, (x[:0], y[:0]), weights=y + 1)
    thin = rows.thinned(300)
    assert thin.x.shape[0] == thin.y.shape[0] == 334
    torch.testing.assert_close(thin.y, y[::3])
    torch.testing.assert_close(thin.weights, y[::3] + 1)
    assert rows.thinned(600) is rows


def test_a_score_counts_decades_and_complexity(symbolic_network):
    network = symbolic_network((1, 1), {(0, 0, 0): ("x", {})})
    assert SymbolicCandidate(network, 1.0, 1e-6, 4).score(0.15) == pytest.approx(-3 + 0.6)
    assert SymbolicCandidate(network, 1.0, 1e-6, 1).curved_edges == 0
