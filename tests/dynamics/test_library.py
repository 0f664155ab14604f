"""Sparse sums: the terms of a law are among the first sums that are found."""

import math

import numpy as np
import pandas as pd
import pytest
import sympy

from kansym.dynamics.equations import ranked, sparse_candidates
from kansym.dynamics.library import libraries, sparse_sums
from kansym.dynamics.smoothing import smooth
from kansym.dynamics.trajectories import read_trajectories
from kansym.dynamics.weak import weak_problems


def terms(expression):
    return {term.as_coeff_Mul()[1] for term in sympy.Add.make_args(expression)}


def test_the_sum_of_two_monomials_is_the_shortest(hunters):
    problem = weak_problems(smooth(hunters), ["x", "y"])[0]
    small = next(libraries(problem.grid))
    x, y = sympy.symbols("x y")
    assert terms(sparse_sums(problem, small, until=math.inf)[0]) == {x, x * y}


def test_three_terms_are_found_where_two_of_them_say_little(make_table):
    table = make_table(
        lambda _, x: [1.2 - 0.2 * x[0] - np.exp(-x[0])], [[0.05], [0.8]], np.linspace(0, 10, 120), ["x"], noise=0.02
    )
    data = read_trajectories(table, time="t", states=["x"], trajectory="run")
    (problem,) = weak_problems(smooth(data), ["x"])
    x = sympy.Symbol("x")
    *_, everything = libraries(problem.grid)
    assert terms(sparse_sums(problem, everything, until=math.inf)[0]) == {sympy.S.One, x, sympy.exp(-x)}


@pytest.mark.long
def test_inner_constants_of_saturating_terms_are_refined():
    # Michaelis and Menten: x' = -x/(x + 0.7), implicitly x + 0.7 log(x) = c - t.
    x = np.linspace(4.0, 0.3, 400)
    t = 4.0 + 0.7 * np.log(4.0) - x - 0.7 * np.log(x)
    times = np.linspace(0, t[-1], 90)
    table = pd.DataFrame({"t": times, "x": np.interp(times, t, x)})
    # A chord of the fine grid is as good as noise of a few millionths.
    data = read_trajectories(table, time="t", states=["x"])
    (problem,) = weak_problems(smooth(data), ["x"])
    found = sparse_candidates(problem, until=math.inf)
    values = [float(one.form.substituted().subs(sympy.Symbol("x"), 1.0)) for one in found[:3]]
    assert np.allclose(values, -1 / 1.7, rtol=1e-3)
    saturating = sympy.Symbol("x") / (sympy.Symbol("x") + sympy.Float(0.7))
    assert any(abs(float((one.form.substituted() + saturating).subs(sympy.Symbol("x"), 3.0))) < 2e-3 for one in found)


@pytest.mark.long
def test_equal_forms_are_one_candidate(hunters):
    problem = weak_problems(smooth(hunters), ["x", "y"])[0]
    found = sparse_candidates(problem, until=math.inf)
    assert len({one.key for one in ranked([*found, *found])}) == len(ranked([*found, *found]))
    assert ranked(found)[0].bits == min(one.bits for one in found)


@pytest.mark.long
def test_a_short_sum_is_found_though_its_inner_constant_is_far_from_all_that_are_tried(make_table):
    # Without noise sums of eight terms with wrong inner constants describe the points better than the law with a wrong
    # one: x from 2 to 40 has saturating terms from 3 on, and the law has 1.
    def rates(_, x):
        return [0.4 * x[0] - 0.005 * x[0] ** 2 - x[0] ** 2 / (1 + x[0] ** 2)]

    table = make_table(rates, [[44.0], [4.5]], np.linspace(0, 10, 120), ["x"])
    data = read_trajectories(table, time="t", states=["x"], trajectory="run")
    (problem,) = weak_problems(smooth(data), ["x"])
    found = sparse_candidates(problem, until=math.inf)[0].form.substituted()
    x = sympy.Symbol("x")
    for place in (5.0, 20.0, 60.0):
        assert float(found.subs(x, place)) == pytest.approx(rates(0, [place])[0], rel=1e-4)
