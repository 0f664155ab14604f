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
