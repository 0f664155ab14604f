"""Columns in which a law is even about a place."""

import numpy as np
import pytest
import sympy

from kansym.structure.folding import folded, smoother_link
from kansym.structure.problem import Problem
from kansym.structure.surrogate import fit_surrogate

U, V, W = SYMBOLS = sympy.symbols("u v w", real=True)


def fold_of(function, n=900, noise=0.0):
    rng = np.random.default_rng(0)
    X = rng.uniform([-2, 1, 0], [6, 4, 3], (n, 3))
    y = function(*X.T)
    y = y + noise * y.std() * rng.normal(size=n)
    surrogate = fit_surrogate(X, y, log=np.zeros(3, dtype=bool))
    return folded(Problem.of(X, y, SYMBOLS), surrogate, 0), X, y


@pytest.mark.parametrize(
    ("function", "place"),
    [
        (lambda u, v, w: 2 * np.abs(u - 1.3) / v + np.sin(w), 1.3),
        (lambda u, v, w: v * np.exp(-np.abs(u - 2.1)) + w**2, 2.1),
    ],
    ids=["a term", "inside"],
)
@pytest.mark.long
def test_the_place_of_a_kink_is_found_and_its_column_folded(function, place):
    fold, X, y = fold_of(function)
    assert fold is not None
    (expression,) = fold.steps[-1].expressions
    found = -expression.args[0].as_independent(U)[0]
    assert fold.columns == (expression, V, W) and expression == sympy.Abs(U - found)
    np.testing.assert_allclose(fold.X[:, 0], np.abs(X[:, 0] - float(found)))
    np.testing.assert_array_equal(fold.X[:, 1:], X[:, 1:])
    # What looked like noise is smooth.
    errors = [fit_surrogate(Z, y, log=np.zeros(3, dtype=bool)).error for Z in (X, fold.X)]
    assert errors[1] < 0.1 * errors[0]
    assert abs(float(found) - place) < 8e-3


@pytest.mark.long
def test_with_noise_that_hides_it_as_well():
    fold, _, _ = fold_of(lambda u, v, w: 2 * np.abs(u - 1.3) / v + np.sin(w), noise=0.01)
    assert fold is not None
    assert float(fold.columns[0].subs(U, 1.3)) < 0.05


@pytest.mark.parametrize(
    "function",
    [
        lambda u, v, w: 2 * np.abs(u - 1.3) / v + np.sin(w) - u,
        lambda u, v, w: np.abs(u - v) + w,
        lambda u, v, w: np.tanh(8 * (u - 1.3)) / v + w,
    ],
    ids=["not even", "no column", "a step"],
)
def test_other_kinks_and_steps_are_left(function):
    assert fold_of(function)[0] is None


def test_what_is_smooth_or_all_noise_is_left():
    assert fold_of(lambda u, v, w: u**2 / v + w)[0] is None
    assert fold_of(lambda u, v, w: 0 * u + np.random.default_rng(1).normal(size=len(u)))[0] is None
    assert folded(Problem.of(np.ones((5, 1)), np.arange(5.0), (U,)), None, 0) is None


def test_the_link_under_which_a_root_is_smooth():
    X = np.random.default_rng(0).uniform([-2, 1, 0], [6, 4, 3], (600, 3))
    y = np.sqrt(X[:, 1] + np.sin(X[:, 0]) - 0.001)
    problem = Problem.of(X, y, SYMBOLS)
    surrogate = fit_surrogate(X, y, log=np.zeros(3, dtype=bool))
    linked = smoother_link(problem, surrogate, 0)
    assert linked is not None
    np.testing.assert_allclose(linked.t, y**2)
    assert smoother_link(problem, surrogate, 0, until=-1.0) is None
    smooth = fit_surrogate(X, y**2, log=np.zeros(3, dtype=bool))
    assert smoother_link(Problem.of(X, y**2, SYMBOLS), smooth, 0) is None
