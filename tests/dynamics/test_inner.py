"""Sums with one inner constant: found wherever that constant is, also where wrong sums look better on a coarse grid."""

import math

import numpy as np
import pytest
import sympy

from kansym.dynamics.equations import candidate_of
from kansym.dynamics.inner import sums_with_inner_constant
from kansym.dynamics.smoothing import smooth
from kansym.dynamics.trajectories import read_trajectories
from kansym.dynamics.weak import weak_problems

x, y = sympy.symbols("x y")


def best(table, names, equation):
    """The right-hand side of one equation with the least residual, after its constants were fitted."""
    data = read_trajectories(table, time="t", states=names, trajectory="run")
    problem = weak_problems(smooth(data), names)[equation]
    found = [candidate_of(one, problem) for one in sums_with_inner_constant(problem)]
    return min((one for one in found if one is not None), key=lambda one: one.loss).form.substituted()


def differs(found, law, points):
    """Largest difference of two expressions at some points."""
    return max(abs(float((found - law).subs(dict(zip((x, y), point, strict=True))))) for point in points)


@pytest.mark.parametrize("power", [2, pytest.param(5, marks=pytest.mark.long)])
def test_a_hill_function_of_any_exponent_is_found(make_table, power):
    law = 0.1 - 0.55 * x + 0.9 * x**power / (x**power + sympy.Float(1.3) ** power)
    rate = sympy.lambdify(x, law)
    table = make_table(lambda _, s: [rate(s[0])], [[0.02], [2.5]], np.linspace(0, 10, 150), ["x"])
    assert differs(best(table, ["x"], 0), law, [(one, 0) for one in (0.3, 0.9, 1.8)]) < 1e-6


@pytest.mark.long
def test_a_product_of_one_state_and_the_saturation_of_another_is_found(make_table):
    def rates(_, s):
        together = s[0] * s[1] / (s[0] ** 2 + 1)
        return [8.9 - s[0] - 4 * together, 1.4 * (s[0] - together)]

    table = make_table(rates, [[0.2, 0.35], [3.0, 7.8]], np.linspace(0, 10, 150), ["x", "y"])
    law = 8.9 - x - 4 * x * y / (x**2 + 1)
    assert differs(best(table, ["x", "y"], 0), law, [(1.0, 2.0), (3.0, 5.0)]) < 1e-3


def test_a_frequency_that_is_not_one_is_found(make_table):
    table = make_table(
        lambda _, s: [0.4 - 0.7 * np.sin(2.3 * s[0])], [[1.0], [3.2], [0.9]], np.linspace(0, 4, 60), ["x"]
    )
    law = 0.4 - 0.7 * sympy.sin(2.3 * x)
    assert differs(best(table, ["x"], 0), law, [(one, 0) for one in (1.0, 1.5, 3.0)]) < 1e-5


def test_no_frequency_is_tried_where_there_is_noise(make_table):
    table = make_table(
        lambda _, s: [0.4 - 0.7 * np.sin(2.3 * s[0])], [[1.0], [3.2]], np.linspace(0, 4, 60), ["x"], noise=0.02
    )
    data = read_trajectories(table, time="t", states=["x"], trajectory="run")
    problem = weak_problems(smooth(data), ["x"])[0]
    found = sums_with_inner_constant(problem)
    assert found and not any(one.has(sympy.sin, sympy.cos) for one in found)


def test_nothing_is_tried_after_the_time(make_table):
    table = make_table(lambda _, s: [-s[0] / (s[0] + 1)], [[3.0]], np.linspace(0, 5, 50), ["x"])
    data = read_trajectories(table, time="t", states=["x"], trajectory="run")
    problem = weak_problems(smooth(data), ["x"])[0]
    assert sums_with_inner_constant(problem, until=-math.inf) == []
