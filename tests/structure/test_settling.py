"""What the best interpolant leaves is noise, or is taken for it."""

import math

import numpy as np
import pytest
import sympy

from kansym.structure.problem import Problem
from kansym.structure.search import Reducer
from kansym.structure.settling import UNEVEN_ROWS, Settling


@pytest.mark.parametrize(
    ("rows", "function", "relative", "noisy"),
    [
        (200, lambda x: np.exp(-x), 0.01, True),
        (200, lambda x: np.exp(-x), 0.0, False),
        (2000, lambda x: np.sin(2 * x), 0.05, True),
        (2000, lambda x: np.abs(x - 1.7), 0.0, False),
    ],
)
def test_noise_is_told_from_what_an_interpolant_misses(rng, rows, function, relative, noisy):
    x = rng.uniform(0.0, 4.0, (rows, 1))
    y = function(x[:, 0]) * (1 + relative * rng.normal(size=rows))
    reducer = Reducer(y, seed=0, deadline=math.inf)
    reducer.look(Problem.of(x, y, sympy.symbols("x:1", real=True), None))
    assert Settling(reducer, 0).noisy is noisy


@pytest.mark.parametrize(("rows", "noisy"), [(UNEVEN_ROWS - 1, True), (UNEVEN_ROWS, False)])
def test_of_few_rows_uneven_residuals_are_noise_too(rows, noisy):
    reducer = Reducer(np.arange(float(rows)), seed=0, deadline=math.inf)
    reducer.noisy, reducer.lowest, reducer.even = True, 0.01, 0.3
    assert Settling(reducer, 0).noisy is noisy


def settling_of(X, y):
    """What settles a table of two columns, and the table as a problem."""
    reducer, whole = Reducer(y, seed=0, deadline=math.inf), Problem.of(X, y, sympy.symbols("u v", positive=True))
    reducer.look(whole)
    return Settling(reducer, 0), whole


def test_with_noise_a_law_settles_and_one_that_is_wrong_does_not(box, rng):
    X = box(300, None, None)
    truth = X[:, 0] * np.tanh(X[:, 1] / X[:, 0])
    y = truth + 0.02 * truth.std() * rng.normal(size=300)
    settling, whole = settling_of(X, y)
    assert settling.settles(truth - y, whole, short=True)
    assert not settling.settles(truth * 1.1 - y, whole, short=True)


def test_a_short_law_settles_where_its_residual_is_noise(box, rng):
    X = box(300, None, None)
    truth = X.prod(1)
    y = truth + 0.01 * truth.std() * rng.normal(size=300)
    settling, whole = settling_of(X, y)
    # An interpolant that is better on the held-out rows by chance.
    settling.reducer.lowest *= 0.9
    settling.reducer.left = 0.81 * settling.reducer.left
    assert not settling.settles(truth - y, whole, short=False)
    assert settling.settles(truth - y, whole, short=True)
    # What varies with a column by half of the noise is seen in the residual, and in no other way here.
    bent = truth + 0.01 * truth.std() * np.cos(3 * X[:, 0])
    assert not settling.settles(bent - y, whole, short=True)


def test_without_noise_nothing_settles(box):
    X = box(200, None, None)
    settling, whole = settling_of(X, X.prod(1))
    assert not settling.settles(np.zeros(200), whole, short=True)
