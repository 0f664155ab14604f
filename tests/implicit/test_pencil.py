"""The pencil: coefficients with errors in all columns, against scipy's orthogonal distances."""

import numpy as np
import pytest
from odrpack import odr_fit

from kansym.implicit.fit import Form, fit_form
from kansym.implicit.noise import noise_of
from kansym.implicit.pencil import Pencil
from kansym.implicit.subsets import extended, reach, whole_sets
from kansym.implicit.table import Columns
from kansym.implicit.terms import Term


def line(seed: int, n: int = 200):
    g = np.random.default_rng(seed)
    x = g.uniform(1, 5, n)
    sigma = np.column_stack([np.full(n, 0.2), g.uniform(0.1, 0.4, n)])
    rows = np.column_stack([x, 3.0 - 0.7 * x]) + sigma * g.standard_normal((n, 2))
    return rows, sigma


FORM = Form((Term((1.0, 0.0)), Term((0.0, 1.0))), True)


def test_a_line_is_that_of_orthogonal_distances():
    X, sigma = line(0)
    table = Columns(X, ("x", "y"), sigma)
    found = fit_form(FORM, X, noise_of(table))
    assert found is not None
    c = found.coefficients / found.coefficients[1]
    peer = odr_fit(
        lambda x, b: b[0] + b[1] * x, X[:, 0], X[:, 1], np.array([3.0, -0.7]),
        weight_x=1 / sigma[:, 0] ** 2, weight_y=1 / sigma[:, 1] ** 2,
    )  # fmt: skip
    assert [-c[2], -c[0]] == pytest.approx(peer.beta, abs=1e-3)


def test_the_least_eigenvalue_is_one_for_a_relation_and_large_for_none():
    X, sigma = line(1, 2000)
    noise = np.zeros((len(X), 2, 2))
    noise[:, 0, 0], noise[:, 1, 1] = sigma.T
    (value,), _, _ = Pencil(X.copy(), noise).weighted(np.array([[0, 1]]), True)
    assert value == pytest.approx(1.0, abs=4 * np.sqrt(2 / 2000))
    X[:, 1] = np.random.default_rng(0).permutation(X[:, 1])
    (value,), _, _ = Pencil(X, noise).weighted(np.array([[0, 1]]), True)
    assert value > 5


def test_centred_in_every_run_a_constant_of_its_own_is_free():
    g = np.random.default_rng(2)
    labels = np.repeat([0, 1, 2], 50)
    x = g.uniform(0, 1, 150)
    y = -2 * x + np.array([5.0, -3.0, 11.0])[labels]
    noise = np.ones((150, 2, 2))
    noise[:, 0, 1] = noise[:, 1, 0] = 0
    pencil = Pencil(np.column_stack([x, y]), noise, labels)
    _, (vector,), _ = pencil.weighted(np.array([[0, 1]]), True)
    c = vector / pencil.scale
    assert c[0] / c[1] == pytest.approx(2.0, rel=1e-4)


def test_ties_are_kept():
    X, sigma = line(3)
    found = fit_form(FORM, X, noise_of(Columns(X, ("x", "y"), sigma)), held=((0, 1, 0.5),))
    assert found is not None and found.coefficients[0] == pytest.approx(0.5 * found.coefficients[1])


def test_sets_of_terms():
    assert reach(10, 2) == 10 and whole_sets(6, 2, ()).shape == (15, 2)
    assert all(3 in row for row in whole_sets(6, 2, [3]).tolist())
    grown = extended(np.array([[0, 1], [1, 2]]), 4)
    assert {tuple(row) for row in grown.tolist()} == {(0, 1, 2), (0, 1, 3), (1, 2, 3)}
