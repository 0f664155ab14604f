"""Whatever is done to a problem, it knows the way back to the user's y."""

import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from kansym.structure.links import usable_links
from kansym.structure.problem import TARGET, Problem, monomial, relative_error
from kansym.symbolic.naming import internal_symbols
from kansym.symbolic.steps import Step, StepKind

few = settings(max_examples=40)
FINAL = sympy.Symbol("_final")
NAMES = ("a", "_target", "_z0")
"""Names that also occur inside."""

STEP = Step(StepKind.SCALING, fewer=1)

exponents = st.sampled_from([0, 1, -1, 2, -2, 0.5, -0.5, 1 / 3, -1.5])


def rows(seed, n=20):
    rng = np.random.default_rng(seed)
    return rng.uniform(0.6, 1.7, (n, 3)), rng.uniform(0.6, 1.7, n) * rng.choice([-1.0, 1.0])


def divided(draw, problem):
    powers = draw(st.lists(exponents, min_size=problem.dimension, max_size=problem.dimension))
    return problem.divided(np.array(powers, dtype=float))


def without(draw, problem):
    if problem.dimension == 0:
        return problem
    column, product = draw(st.integers(0, problem.dimension - 1)), draw(st.booleans())
    x, expression = problem.X[:, column], problem.columns[column]
    kind = draw(st.sampled_from(["exp", "atan", "scaled"]))
    values = {"exp": np.exp(-x / 4), "atan": np.arctan(x) + 2, "scaled": 1.5 * x}[kind]
    known = {"exp": sympy.exp(-expression / 4), "atan": sympy.atan(expression) + 2, "scaled": 1.5 * expression}[kind]
    return problem.without(column, known, values, product=product)


def with_inputs(draw, problem):
    number = draw(st.integers(0, problem.dimension))
    made = [
        monomial(
            problem.columns,
            problem.X,
            np.array(
                draw(st.lists(st.sampled_from([0, 1, -1, 2]), min_size=problem.dimension, max_size=problem.dimension)),
                dtype=float,
            ),
        )
        for _ in range(number)
    ]
    X = np.column_stack([values for _, values in made]) if made else np.zeros((len(problem.t), 0))
    return problem.with_inputs(X, tuple(column for column, _ in made), STEP)


def linked(draw, problem):
    return draw(st.sampled_from(usable_links(problem.t))).apply(problem)


def moderate(problem):
    """Whether the oracle, which computes in the user's units, stays within double precision."""
    sizes = np.abs(np.r_[problem.t, problem.X.ravel(), problem.slope])
    numbers = [abs(number) for e in (problem.outer, *problem.columns) for number in e.atoms(sympy.Float)]
    return (
        problem.finite()
        and sizes.max() < 1e4
        and np.abs(problem.t).min() > 1e-4
        and all(1e-200 < number < 1e200 for number in numbers)
    )


@st.composite
def chains(draw):
    """The user's table, and a problem several steps away from it."""
    X, y = rows(draw(st.integers(0, 1000)))
    scales = 10.0 ** np.array(draw(st.tuples(*[st.sampled_from([-20, 0, 0, 8])] * 4)))
    X, y = X * scales[:3], y * scales[3]
    variables = internal_symbols(NAMES, X)
    weights = draw(st.sampled_from([None, np.linspace(0.5, 1.5, len(y))]))
    problem = Problem.of(X, y, variables, weights)
    for step in draw(st.lists(st.sampled_from([divided, without, with_inputs, linked]), max_size=6)):
        following = step(draw, problem)
        if moderate(following):
            problem = following
    return X, y, variables, problem


@few
@given(chains())
def test_the_way_back_ends_at_y(values, chain):
    X, y, variables, problem = chain
    # The target itself in the place of a formula: no formula could be more exact.
    z = sympy.symbols(f"_z0:{problem.dimension}") if problem.dimension else ()
    composed = problem.compose(FINAL, z)
    assert composed.free_symbols <= {FINAL, *variables}
    np.testing.assert_allclose(
        values(composed, (*variables, FINAL), np.column_stack([X, problem.t])),
        y,
        rtol=1e-8,
        atol=1e-8 * np.abs(y).max(),
    )


@few
@given(chains())
def test_columns_are_what_their_expressions_say(values, chain):
    X, _, variables, problem = chain
    assert len(problem.columns) == problem.dimension
    for column, expression in zip(problem.X.T, problem.columns, strict=True):
        np.testing.assert_allclose(column, values(expression, variables, X), rtol=1e-9)


@few
@given(chains())
def test_the_slope_is_what_an_error_of_the_target_does_to_y(values, chain):
    X, y, variables, problem = chain
    derivative = sympy.diff(problem.outer.xreplace({TARGET: FINAL}), FINAL)
    expected = np.abs(values(derivative, (*variables, FINAL), np.column_stack([X, problem.t])))
    np.testing.assert_allclose(problem.slope, expected, rtol=1e-7, atol=1e-9 * expected.max())
    own = np.ones(len(y)) if problem.weights is None else problem.weights
    np.testing.assert_allclose(problem.target_weights(), own * problem.slope**2)
    if problem.weights is not None:
        np.testing.assert_array_equal(problem.fitting_weights(), problem.target_weights())


def test_formulas_are_composed_at_once_and_not_one_after_another():
    a, b = sympy.symbols("a b")
    z = sympy.symbols("_z0 _z1")
    X, y = rows(0)
    problem = Problem.of(X[:, :2], y, z).with_inputs(X[:, [1, 0]], (z[1], z[0]), STEP)
    assert problem.compose(z[0] - 2 * z[1], z) == z[1] - 2 * z[0]
    assert problem.compose(a + b, (a, b)) == z[0] + z[1]


def test_each_input_needs_its_variable():
    X, y = rows(0)
    with pytest.raises(ValueError):
        Problem.of(X, y, sympy.symbols("a b c")).compose(FINAL, sympy.symbols("p q"))


def test_problems_do_not_change():
    X, y = rows(1)
    problem = Problem.of(X, y, sympy.symbols("a b c"))
    t, inputs = problem.t.copy(), problem.X.copy()
    after = problem.with_inputs(X, problem.columns, STEP).without(1, problem.columns[1], X[:, 1], product=False)
    np.testing.assert_array_equal(problem.t, t)
    np.testing.assert_array_equal(problem.X, inputs)
    assert problem.steps == () and after.steps == (STEP, Step(StepKind.TERM, expressions=(problem.columns[1],)))
    assert after.dimension == 2


@pytest.mark.parametrize("decade", [-30, -19, -3, 0, 2, 12, 40])
def test_extreme_units_leave_moderate_numbers(values, decade):
    X, y = rows(2)
    variables = sympy.symbols("a b c")
    scaled = Problem.of(X * 10.0**decade, y * 10.0**-decade, variables)
    for numbers in (scaled.X, scaled.t):
        assert 1e-4 < np.median(np.abs(numbers)) < 1e4
    np.testing.assert_allclose(scaled.t * scaled.slope, y * 10.0**-decade, rtol=1e-12)


def test_numbers_near_one_keep_their_units():
    X, y = rows(3)
    variables = sympy.symbols("a b c")
    problem = Problem.of(X, 50 * y, variables)
    assert problem.columns == variables and problem.outer == TARGET
    np.testing.assert_array_equal(problem.X, X)
    np.testing.assert_array_equal(problem.t, 50 * y)


def test_columns_of_zeros_are_no_error():
    X, _ = rows(4)
    X[:, 1] = 0.0
    problem = Problem.of(X, np.zeros(len(X)), sympy.symbols("a b c"))
    assert problem.finite() and (problem.t == 0).all()


def test_what_is_read_off_an_interpolant_is_trusted_by_its_size():
    X, y = rows(5)
    problem = Problem.of(X, y, sympy.symbols("a b c"))
    assert problem.fitting_weights() is None
    after = problem.without(0, problem.columns[0], X[:, 0], product=True)
    trusted = after.fitting_weights()
    assert trusted is not None
    np.testing.assert_allclose(trusted, X[:, 0] ** 2)
    np.testing.assert_allclose(after.target_weights(), X[:, 0] ** 2)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_finite(bad):
    X, y = rows(6)
    problem = Problem.of(X, y, sympy.symbols("a b c"))
    assert problem.finite()
    broken = y.copy()
    broken[3] = bad
    assert not problem.linked(broken, TARGET, np.ones(len(y)), STEP).finite()
    assert not problem.linked(y, TARGET, broken, STEP).finite()
    assert not problem.with_inputs(X * broken[:, None], problem.columns, STEP).finite()


@few
@given(st.lists(exponents, min_size=3, max_size=3), st.tuples(*[st.sampled_from([1.0, -1.0])] * 3))
def test_monomials_are_real_for_columns_of_any_one_sign(values, powers, signs):
    X = rows(7)[0] * signs
    symbols = sympy.symbols("a b c", real=True)
    expression, found = monomial(symbols, X, np.array(powers, dtype=float))
    np.testing.assert_allclose(found, values(expression, symbols, X), rtol=1e-10)
    np.testing.assert_allclose(np.abs(found), np.prod(np.abs(X) ** powers, axis=1), rtol=1e-10)


def test_the_empty_monomial_is_one():
    expression, found = monomial((), np.zeros((5, 0)), np.zeros(0))
    assert expression == 1 and (found == 1).all() and len(found) == 5


def test_relative_error(rng):
    y, residual = rng.normal(2, 3, 50), rng.normal(size=50)
    assert relative_error(residual, y, None) == pytest.approx(np.sqrt(np.mean(residual**2)) / y.std())
    assert relative_error(residual, y, np.full(50, 7.0)) == pytest.approx(relative_error(residual, y, None))
    weights = np.r_[np.zeros(25), np.ones(25)]
    assert relative_error(residual, y, weights) == pytest.approx(np.sqrt(np.mean(residual[25:] ** 2)) / y.std())
    assert relative_error(np.ones(3), np.full(3, 4.0), None) == 1.0


def test_an_exact_factor_of_several_columns_says_nothing_of_trust():
    X, y = rows(3)
    problem = Problem.of(X, y, internal_symbols(NAMES, X))
    a, b, _ = problem.columns
    after = problem.less((0,), a * b, X[:, 0] * X[:, 1], product=True)
    assert after.columns == problem.columns[1:] and after.trust is None
    assert np.allclose(after.t * X[:, 0] * X[:, 1], y) and np.allclose(after.slope, X[:, 0] * X[:, 1])
    assert problem.less((), a, X[:, 0], product=False).dimension == 3


def test_some_rows_of_a_problem():
    X, y = rows(4)
    whole = Problem.of(X, y, internal_symbols(NAMES, X), np.arange(1.0, 21.0))
    some = whole.on(np.array([3, 5]))
    assert np.array_equal(some.X, whole.X[[3, 5]]) and np.array_equal(some.t, whole.t[[3, 5]])
    assert np.array_equal(some.weights, [4.0, 6.0]) and some.trust is None and len(some.slope) == 2
