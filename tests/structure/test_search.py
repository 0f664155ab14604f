"""Reductions: the right ones are taken, wrong ones refused, and every smaller problem describes the same table."""

import math

import numpy as np
import pytest
import sympy

from kansym import clock
from kansym.structure.problem import TARGET, Problem
from kansym.structure.search import Reducer
from kansym.symbolic.steps import Step, StepKind

U, V, W = SYMBOLS = sympy.symbols("u v w", positive=True)


def reduced(X, y, symbols, *, seed=0, seconds=120.0, weights=None):
    with clock.running(clock.Clock()):
        reducer = Reducer(y, seed=seed, deadline=seconds)
        return reducer, list(reducer.reduced(Problem.of(X, y, symbols[: X.shape[1]], weights)))


def is_function_of(problem, inner, X, law):
    """Whether the one column of a problem is a function of `inner`: their gradients are parallel on all rows."""
    p, q = (law(one, SYMBOLS).value_and_gradient(X)[1] for one in (problem.columns[0], inner))
    p, q = (one / np.linalg.norm(one, axis=1, keepdims=True) for one in (p, q))
    return bool((np.abs((p * q).sum(1)) > 1 - 1e-9).all())


REDUCIBLE = [
    (U**2 * V / W, 0, None),
    (U * sympy.tanh(V / W), 1, V / W),
    (W * sympy.tanh(U - V), 1, U - V),
    (W * sympy.exp(-(U**2) - V**2), 1, U**2 + V**2),
    (sympy.tanh(1 / U + 1 / V), 1, 1 / U + 1 / V),
    (sympy.sin(U * V) / W, 1, U * V),
]


@pytest.mark.parametrize("expression, dimension, inner", REDUCIBLE, ids=[str(one) for one, _, _ in REDUCIBLE])
def test_reduced_as_far_as_it_goes(box, law, values, expression, dimension, inner):
    X = box(300, None, None, None)
    y = law(expression, SYMBOLS).predict(X)
    reducer, problems = reduced(X, y, SYMBOLS)
    first = problems[0]
    assert first.dimension == dimension and not reducer.noisy and reducer.lowest < 1e-4
    if inner is not None:
        assert is_function_of(first, inner, X, law)
    # The whole problem is always the last resort.
    assert problems[-1].dimension == 3 and problems[-1].steps == ()
    final = sympy.Symbol("_final")
    for problem in problems:
        composed = values(problem.outer.xreplace({TARGET: final}), (*SYMBOLS, final), np.column_stack([X, problem.t]))
        np.testing.assert_allclose(composed, y, rtol=1e-9)


IRREDUCIBLE = [
    (U + V + W**2) / (1 + U * V * sympy.exp(W)),
    sympy.cos(U + V**2) * sympy.exp(W) + W * U,
]


@pytest.mark.parametrize(
    ("noise", "expression"),
    [
        *((0.0, one) for one in IRREDUCIBLE),
        pytest.param(0.02, IRREDUCIBLE[0], marks=pytest.mark.long),
        (0.02, IRREDUCIBLE[1]),
    ],
    ids=str,
)
def test_wrong_reductions_are_refused(box, law, rng, expression, noise):
    X = box(300, None, None, None)
    y = law(expression, SYMBOLS).predict(X)
    y = y + noise * y.std() * rng.normal(size=len(y))
    reducer, problems = reduced(X, y, SYMBOLS)
    assert [problem.dimension for problem in problems] == [3]
    assert reducer.noisy == (noise > 0)


@pytest.mark.parametrize(
    "expression, dimension, inner",
    [pytest.param(*one, id=str(one[0]), marks=[pytest.mark.long] * (one != REDUCIBLE[2])) for one in REDUCIBLE[1:4]],
)
def test_reduced_with_noise(box, law, rng, expression, dimension, inner):
    X = box(250, None, None, None)
    y = law(expression, SYMBOLS).predict(X)
    reducer, problems = reduced(X, y + 0.02 * y.std() * rng.normal(size=len(y)), SYMBOLS)
    assert reducer.noisy and 0.01 < reducer.lowest < 0.03
    smallest = [problem for problem in problems if problem.dimension == dimension]
    assert smallest and problems[0].dimension <= dimension + 1
    if inner is not None:
        assert any(is_function_of(problem, inner, X, law) for problem in smallest)
    # Residuals of a reduced target count as they do in y.
    assert all(problem.weights is not None for problem in problems)


@pytest.mark.parametrize("waves", [5, pytest.param(9, marks=pytest.mark.long)])
def test_a_wave_too_fast_for_the_interpolant(box, law, waves):
    X = box(800, (1, 2), (1, 2), (1, 2))
    fast = sympy.sin(2 * sympy.pi.n() / 3 * waves * U * V) * W
    _, problems = reduced(X, law(fast, SYMBOLS).predict(X), SYMBOLS)
    assert problems[0].dimension == 1 and is_function_of(problems[0], U * V, X, law)


def test_a_column_without_influence_goes(box, law):
    X = box(300, None, None, None)
    _, problems = reduced(X, law(sympy.exp(sympy.sin(U) + V**2 / 5), SYMBOLS).predict(X), SYMBOLS)
    named = [
        set().union(problem.outer.free_symbols, *(c.free_symbols for c in problem.columns)) for problem in problems
    ]
    assert W in named[-1] and any(W not in names for names in named)


@pytest.mark.parametrize("level", [0.0, 3.0, -2e-12])
def test_a_constant_target_needs_no_columns(box, level):
    X = box(100, None, None)
    _, problems = reduced(X, np.full(100, level), SYMBOLS)
    assert problems[0].dimension == 0


@pytest.mark.long
def test_units_do_not_matter(box, law):
    X, units = box(300, None, None, None), np.array([1e-19, 3e8, 1.0])
    y = law(U * sympy.tanh(V / W), SYMBOLS).predict(X)
    plain, scaled = (reduced(one, target, SYMBOLS)[1] for one, target in ((X, y), (X * units, 1e-30 * y)))
    assert [problem.dimension for problem in plain] == [problem.dimension for problem in scaled]
    inner = V / sympy.Float(3e8) / W
    assert is_function_of(scaled[0], inner, X * units, law)


@pytest.mark.parametrize("noise", [0.0, pytest.param(0.02, marks=pytest.mark.long)])
def test_the_same_seed_gives_the_same_problems(box, law, noise):
    X = box(150, None, None, None)
    y = law(W * sympy.tanh(U - V), SYMBOLS).predict(X)
    y = y + noise * np.random.default_rng(3).normal(size=len(y))
    runs = [reduced(X, y, SYMBOLS, seed=11) for _ in range(2)]
    described = [[(problem.columns, problem.outer, problem.steps) for problem in problems] for _, problems in runs]
    assert described[0] == described[1] and runs[0][0].lowest == runs[1][0].lowest
    np.testing.assert_array_equal(runs[0][1][0].t, runs[1][1][0].t)


def test_after_the_deadline_only_the_problem_itself_is_left(box):
    X = box(300, None, None, None)
    _, problems = reduced(X, X.prod(1), SYMBOLS, seconds=-1.0)
    assert len(problems) == 1 and problems[0].dimension == 3 and problems[0].steps == ()


def test_the_table_is_left_as_it_was(box):
    X = box(200, None, None)
    y = np.tanh(X[:, 0] - X[:, 1])
    copies = X.copy(), y.copy()
    reduced(X, y, SYMBOLS)
    np.testing.assert_array_equal(X, copies[0])
    np.testing.assert_array_equal(y, copies[1])


def test_errors_are_in_units_of_the_users_y(box, law):
    X = box(300, None, None)
    y = law(U**3 * sympy.sin(V), (U, V)).predict(X)
    reducer = Reducer(y, seed=0, deadline=math.inf)
    problem = Problem.of(X, y, (U, V))
    divided = problem.divided(np.array([3.0, 0.0]))
    surrogate, error = reducer.surrogate(divided)
    assert surrogate is not None
    check = surrogate.check
    residual = X[check, 0] ** 3 * surrogate.predict(X[check]) - y[check]
    assert error == pytest.approx(np.sqrt(np.mean(residual**2)) / y.std(), rel=1e-6)
    assert reducer.lowest == error
    nothing = problem.with_inputs(np.zeros((300, 0)), (), Step(StepKind.CONSTANT))
    surrogate, error = reducer.surrogate(nothing)
    assert surrogate is None and error == pytest.approx(1.0, rel=0.3)


@pytest.mark.parametrize("n", [2, 3, 6, 15])
def test_few_rows_are_no_error(box, n):
    X = box(n, None, None)
    _, problems = reduced(X, X.prod(1), SYMBOLS)
    assert problems[-1].dimension == 2


@pytest.mark.parametrize("function", [sympy.log, sympy.sqrt], ids=["log", "sqrt"])
def test_expressions_are_real_where_columns_are_negative(box, values, function):
    u, v = sympy.symbols("u v", real=True)
    X = box(300, (-2.5, -0.5), None)
    y = values(sympy.tanh((function(-u) + v) / 2), (u, v), X)
    for problem in reduced(X, y, (u, v))[1]:
        for column, expression in zip(problem.X.T, problem.columns, strict=True):
            np.testing.assert_allclose(values(expression, (u, v), X), column, rtol=1e-9)


@pytest.mark.parametrize(("law", "noise"), [(lambda x: np.abs(x - 1.7), 0.0), (lambda x: np.sin(2 * x), 0.05)])
def test_a_kink_is_told_from_noise(rng, law, noise):
    x = rng.uniform(0.0, 4.0, (1000, 1))
    y = law(x[:, 0]) + noise * rng.normal(size=1000)
    reducer = Reducer(y, seed=0, deadline=math.inf)
    reducer.surrogate(Problem.of(x, y, sympy.symbols("x:1", real=True), None))
    if noise:
        assert reducer.even == pytest.approx(1.0, abs=0.15)
        assert reducer.lowest == pytest.approx(noise / y.std(), rel=0.1)
    else:
        assert reducer.even < 0.5


def test_few_noisy_rows_with_a_factor_before_a_function_of_a_difference(box, law, rng):
    X = box(150, (1.0, 5.0), (0.1, 1.0))
    clean = law(V * sympy.exp(-((U - V) ** 2) / 4), SYMBOLS[:2]).predict(X)
    y = clean + 0.005 * clean.std() * rng.normal(size=len(clean))
    reducer, problems = reduced(X, y, SYMBOLS, weights=np.ones(len(y)))
    assert reducer.noisy
    found = [one for one in problems if one.dimension == 1 and one.columns[0] in (U - V, V - U)]
    assert found
    # What is left is a curve of the difference alone.
    np.testing.assert_allclose(found[0].t, y / X[:, 1], rtol=1e-12)


@pytest.mark.long
def test_what_many_columns_hide_is_not_reduced_too_far(rng):
    # Over narrow ranges a ratio is nearly a difference, and one column fewer is left.
    X = rng.uniform([0.2, 2.77, -6.0, 2.77, -1.5], [2.0, 3.38, 6.0, 3.38, 1.5], (1600, 5))
    r, d, z, p, s = X.T
    y = 1.45 * r * s * np.expm1(5.0 * (d - p)) / (1 + (z / 3.57) ** 2)
    symbols = sympy.symbols("r d z p s", real=True)
    with clock.running(clock.Clock()):
        reducer = Reducer(y, seed=0, deadline=120.0)
        first = next(reducer.reduced(Problem.of(X, y, symbols)))
    assert first.dimension == 2 and sympy.Add(*first.columns).free_symbols == set(symbols[1:4])
    assert reducer.lowest < 1e-3


@pytest.mark.long
def test_plain_powers_among_many_columns_go_first(rng):
    # An interpolant of seven columns misses a seventh of the spread.
    X = rng.uniform(1.0, 5.0, (1500, 7))
    a, b, c, d, e, f, g = X.T
    y = a**2 * f**2 / (b**2 * g**2) * (d / e - np.sin(c) ** 2 + e / d)
    _, problems = reduced(X, y, sympy.symbols("a b c d e f g", positive=True))
    assert {str(one) for column in problems[0].columns for one in column.free_symbols} <= {"c", "d", "e"}
    assert problems[0].dimension <= 3
