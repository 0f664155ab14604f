"""Straight lines on other paper."""

import numpy as np
import pytest
import sympy

from kansym import DiscoveryOptions, discover, make_dataset
from kansym.structure.problem import Problem
from kansym.structure.straight import straight_lines

X = np.linspace(1.5, 6.0, 40)
VARIABLE = sympy.Symbol("x", positive=True)


def lines_of(y, *, any_function=True, x=X, weights=None):
    problem = Problem.of(x[:, None], y, (VARIABLE,), weights)
    return list(straight_lines(problem, any_function=any_function))


@pytest.mark.parametrize(
    ("law", "step"),
    [
        (lambda x: 1 / (0.8 - 1 / x), "a straight line of 1/y against 1/x"),
        (lambda x: 5e3 * np.exp(-4.0 / x), "a straight line of log(y) against 1/x"),
        (lambda x: 3.0 * x**1.7, "a straight line of log(y) against log(x)"),
        (lambda x: np.sqrt(2 + 0.3 * x**2), "a straight line of y^2 against x^2"),
        (lambda x: 2.0 + 0.7 * np.log(x), "a straight line of y against log(x)"),
        (lambda x: (0.4 + 1.1 / x) ** 2, "a straight line of sqrt(y) against 1/x"),
        (lambda x: -1 / np.sqrt(2 + x), "a straight line of 1/y^2 against x"),
        (lambda x: 1e-9 * np.exp(0.8 * x), "a straight line of log(y) against x"),
    ],
)
def test_the_law_is_the_first_line(law, step):
    y = law(X)
    expression, problem = lines_of(y)[0]
    assert [str(one) for one in problem.steps] == [step]
    found = np.array([float(expression.xreplace({VARIABLE: sympy.Float(x)})) for x in X])
    np.testing.assert_allclose(found, y, rtol=1e-8)


def test_powers_alone_where_no_other_function_is_allowed():
    steps = [str(problem.steps[-1]) for _, problem in lines_of(2.0 + 0.7 * np.log(X), any_function=False)]
    assert steps
    assert not any("log" in step or "exp" in step or "sin" in step for step in steps)


@pytest.mark.parametrize("y", [np.sin(40 * X), np.where(X > 3, 1e300, -1e-300), np.full(40, 1e-320)])
def test_tables_without_a_line(y):
    assert lines_of(y) == []


@pytest.mark.long
def test_a_thin_lens_with_two_percent_noise():
    rng = np.random.default_rng(11)
    a = np.sort(rng.uniform(20, 80, 30)).round(1)
    b = 1 / (1 / 15 - 1 / a)
    table = make_dataset(a[:, None], b + 0.02 * b * rng.normal(size=30), names=["a"], target="b", y_error=0.02 * b)
    found = discover(table, DiscoveryOptions(max_seconds=1.5, deterministic=True))
    # 1/b against 1/a: the slope is measured too.
    assert sorted(abs(one.value) for one in found.formula.constants) == pytest.approx([1 / 15, 1.0], rel=0.03)
    assert "1" in [(one.near or "").lstrip("-") for one in found.formula.constants]


@pytest.mark.parametrize("size", [1e299, 1e-299])
def test_numbers_that_are_no_doubles_are_left_out(size):
    # 1e299 squared, as in the slope against 1/x^2, is beyond double precision.
    x = size * X
    steps = [str(problem.steps[-1]) for _, problem in lines_of(1 + 2 * size / x, x=x)]
    assert "a straight line of y against 1/x" in steps and not any("x^2" in step for step in steps)


def test_a_scale_whose_squares_leave_double_precision_gives_no_line():
    # exp(x) is a double up to x = 709, its square up to half of that.
    lines = lines_of(np.cos(X) + 2, x=np.linspace(540.0, 582.0, 40))
    assert all("exp(x)" not in str(problem.steps[-1]) for _, problem in lines)
