"""Networks without a target: constant where the rows say so, in the nodes that the law has, and they can be read."""

import numpy as np
import pytest
import sympy

from kansym import clock
from kansym.implicit.network import Edge, NetworkSearch, nodes_of
from kansym.implicit.reading import forms_of
from kansym.implicit.terms import Argument, Inside, expression_of


def runs_of(energy, seed=0, runs=8, points=60):
    """Points (n, 2) on level sets of ``p^2/2 + energy(q)``, and their runs."""
    g = np.random.default_rng(seed)
    parts, labels = [], []
    for run in range(runs):
        q = g.uniform(-0.8, 0.8, points)
        level = energy(np.linspace(-0.8, 0.8, 50)).max() + 0.1 + 0.05 * run
        p = np.sqrt(2 * (level - energy(q))) * g.choice([-1, 1], points)
        parts.append(np.column_stack([q, p]))
        labels += [run] * points
    return np.vstack(parts), np.array(labels)


def search(X, labels=None, **options):
    return NetworkSearch(X, 1e-6 * np.ones_like(X), labels, 0, np.inf, **options)


def in_symbols(form):
    q, p = sympy.symbols("q p")
    return {expression_of(term, (q, p), [sympy.Float(rate) for rate in form.rates]) for term in form.terms}


def test_the_network_of_an_energy_has_the_nodes_of_its_parts():
    X, labels = runs_of(lambda q: np.exp(-(q**2)))
    with clock.budget(60, deterministic=True):
        found = next(iter(search(X, labels).networks([])))
    assert {node.powers for node in found.nodes} == {(1.0, 0.0), (0.0, 1.0)}
    assert found.share < 1e-3
    F = found.evaluate(X)
    within = np.concatenate([F[labels == k] - F[labels == k].mean() for k in range(8)])
    assert np.median(np.abs(within)) < 1e-3 * F.std()
    # F is the energy up to a factor: their gradients are parallel.
    q, p = X.T
    own, truth = found.gradient(X), np.column_stack([-2 * q * np.exp(-(q**2)), p])
    cross = own[:, 0] * truth[:, 1] - own[:, 1] * truth[:, 0]
    sine = np.abs(cross) / (np.linalg.norm(own, axis=1) * np.linalg.norm(truth, axis=1))
    assert np.median(sine) < 0.01


def test_its_edges_are_read():
    X, labels = runs_of(lambda q: np.exp(-(q**2)))
    q, p = sympy.symbols("q p")
    with clock.budget(60, deterministic=True):
        found = next(iter(search(X, labels).networks([])))
        forms = list(forms_of(found, X, 0, clock.now() + 20))
    assert {p**2, sympy.exp(-(q**2))} in [in_symbols(form) for form in forms]


def test_what_is_known_is_not_found_again():
    X, labels = runs_of(lambda q: np.exp(-(q**2)))
    with clock.budget(60, deterministic=True):
        found = list(search(X, labels).networks([lambda X: X[:, 1] ** 2 / 2 + np.exp(-(X[:, 0] ** 2))]))
    assert {(1.0, 0.0), (0.0, 1.0)} not in [{node.powers for node in network.nodes} for network in found]


def test_there_is_no_network_of_columns_that_know_nothing_of_each_other():
    X = np.random.default_rng(1).normal(size=(400, 3))
    with clock.budget(30, deterministic=True):
        assert list(search(X, np.repeat(np.arange(4), 100)).networks([])) == []


def test_a_curve_in_a_plane_is_solved_for_either_column():
    g = np.random.default_rng(0)
    x = g.uniform(0.1, 2, 300)
    X = np.column_stack([x, np.exp(1.3 * x) + 2])
    with clock.budget(60, deterministic=True):
        found = list(search(X).networks([]))
    assert found and all(any(edge.straight for edge in network.edges) for network in found)
    assert min(network.share for network in found) < 1e-3


@pytest.mark.parametrize("inside", list(Inside))
def test_slopes_of_edges_are_those_of_differences(inside):
    X = np.random.default_rng(2).uniform(0.5, 2, (60, 2))
    edge = Edge.of(Argument((1.0, -1.0) if inside is Inside.SUM else (1.0, 1.0), inside), X, 6)
    inner = X[(edge.node.values(X)[0] > edge.knots[0] + 0.01) & (edge.node.values(X)[0] < edge.knots[-1] - 0.01)]
    _, slopes = edge.values(inner)
    for column in range(2):
        step = np.zeros(2)
        step[column] = 1e-6
        change = (edge.values(inner + step)[0] - edge.values(inner - step)[0]) / 2e-6
        assert slopes[:, :, column] == pytest.approx(change, rel=1e-4, abs=1e-4)


def test_nodes_of_two_columns_are_of_like_sizes():
    g = np.random.default_rng(3)
    alike = nodes_of(g.normal(size=(50, 2)))
    unlike = nodes_of(g.normal(size=(50, 2)) * [1, 1e4])
    assert any(node.inside is Inside.SUM for node in alike)
    assert not any(node.inside is Inside.SUM for node in unlike)


def test_a_column_that_does_not_vary_is_no_node():
    X = np.column_stack([np.random.default_rng(4).normal(size=40), np.ones(40)])
    assert [node.powers for node in nodes_of(X)] == [(1.0, 0.0)]


def test_few_rows_have_no_network():
    X = np.random.default_rng(5).normal(size=(12, 2))
    assert list(search(X).networks([])) == []
