"""Coordinates in which a combination of two inputs takes the place of one."""

import numpy as np
import pytest
import sympy

from kansym import clock
from kansym.clock import Clock
from kansym.terms.frames import Frame, frames
from kansym.terms.pursuit import Pursuit

VARIABLES = sympy.symbols("x:2", real=True)


@pytest.mark.parametrize("ends", [((0.5, 4.0), (1.0, 3.0)), ((-2.0, 2.0), (-1.0, 3.0))], ids=["positive", "both signs"])
def test_coordinates_and_back(table, ends):
    X = table(*ends)
    found = list(frames(X, VARIABLES))
    assert found
    for frame in found:
        values = np.column_stack([sympy.lambdify(VARIABLES, one)(*X.T) for one in frame.expressions])
        np.testing.assert_allclose(frame.X, values, rtol=1e-12)
        known = X[:, frame.replaced] > 0
        np.testing.assert_allclose(frame.inputs(frame.X)[known], X[known], rtol=1e-9, atol=1e-12)


def test_draws_and_points_stay_within_the_data(table):
    X = table((0.5, 4.0), (1.0, 3.0))
    generator = np.random.default_rng(0)
    for frame in frames(X, VARIABLES):
        for column in range(2):
            Z = frame.draws(50, generator)
            for value in frame.points(column, 9):
                Z[:, column] = value
                inputs = frame.inputs(Z)
                assert (inputs >= X.min(0) - 1e-9).all() and (inputs <= X.max(0) + 1e-9).all()


def test_no_division_by_values_of_both_signs(table):
    X = table((-2.0, 2.0), (-1.0, 1.0))
    x, z = VARIABLES
    found = [(one.combination, one.replaced) for one in frames(X, VARIABLES)]
    assert (x - z, 0) in found
    assert not {(x * z, 0), (x * z, 1), (z / x, 0)} & set(found)


def test_plain_coordinates_are_the_inputs(table):
    X = table((0.5, 4.0), (1.0, 3.0))
    frame = Frame(X, VARIABLES)
    np.testing.assert_array_equal(frame.inputs(X), X)


@pytest.mark.long
def test_a_function_of_a_difference_beside_one_of_an_input(table):
    X = table((0.5, 4.0), (0.5, 4.0), rows=300)

    def law(x, z):
        return 4.0 * np.sin(2.3 * x + 0.4) - 8.0 * np.sqrt(x) / (1 + ((x - z) / 0.6) ** 2)

    with clock.running(Clock()):
        found = next(iter(Pursuit(X, law(*X.T), VARIABLES).formulas(30.0)))
    new = table((0.5, 4.0), (0.5, 4.0), seed=1)
    assert np.abs(sympy.lambdify(VARIABLES, found)(*new.T) - law(*new.T)).max() < 1e-8


def test_without_boxes_there_are_all_combinations(table):
    X = table((-2.0, 2.0), (1.0, 3.0))
    every = list(frames(X, VARIABLES, boxed=False))
    boxed = {frame.expressions for frame in frames(X, VARIABLES)}
    assert boxed <= {frame.expressions for frame in every}
    for frame in every:
        low, high = frame.sides[frame.replaced]
        assert low == frame.X[:, frame.replaced].min() and high == frame.X[:, frame.replaced].max()
