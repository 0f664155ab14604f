"""Terms of relations: slopes are those of finite differences, and expressions have the same values."""

import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from kansym.implicit.terms import (
    ARGUMENT,
    SHAPES,
    Curve,
    Function,
    Inside,
    Term,
    bits_of,
    expression_of,
    single,
    values_and_slopes,
    without_idle,
)

POWERS = st.sampled_from([-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0, 3.0])


@given(
    st.tuples(POWERS, POWERS, POWERS),
    st.sampled_from(sorted(SHAPES)),
    st.tuples(POWERS, POWERS, POWERS),
    st.sampled_from([Inside.PRODUCT, Inside.SQUARES]),
)
def test_slopes_are_finite_differences_and_expressions_agree(powers, shape, inside, kind):
    if not any(inside):
        inside = (1.0, 0.0, 0.0)
    term = Term(powers, (Function(shape, inside, 0, kind),))
    X = np.random.default_rng(3).uniform(0.4, 1.1, (5, 3))
    rate = 0.7
    values, slopes = values_and_slopes([term], X, [rate])
    for j in range(3):
        step = np.zeros(3)
        step[j] = 1e-6
        up, down = (values_and_slopes([term], X + sign * step, [rate])[0][:, 0] for sign in (1, -1))
        wanted = (up - down) / 2e-6
        assert slopes[:, 0, j] == pytest.approx(wanted, rel=1e-4, abs=1e-4 * (1 + np.abs(values).max()))
    symbols = sympy.symbols("a b c")
    function = sympy.lambdify(symbols, expression_of(term, symbols, [sympy.Float(rate)]), "numpy")
    assert values[:, 0] == pytest.approx(np.broadcast_to(function(*X.T), 5), rel=1e-9)


def test_columns_and_bits():
    term = Term((1.0, 0.0, -1.0), (Function("sin", single(3, 1)),))
    assert term.columns == {0, 1, 2} and not term.places
    assert bits_of(Term(single(2, 0))) < bits_of(Term(single(2, 0, 2))) < bits_of(Term((2.0, 1.0)))


def test_where_a_term_has_no_value_it_is_not_finite():
    values, _ = values_and_slopes([Term(single(1, 0, -1))], np.array([[0.0], [2.0]]))
    assert not np.isfinite(values[0, 0]) and values[1, 0] == 0.5


def test_a_curve_has_the_value_and_the_slope_of_its_expression():
    k = sympy.Symbol("k0")
    curve = Curve(sympy.exp(k * ARGUMENT) + ARGUMENT**2, (k,), (1,))
    function = Function(curve, (1.0, -1.0), inside=Inside.SUM)
    X = np.random.default_rng(0).uniform(0.5, 2, (20, 2))
    values, slopes = values_and_slopes([Term((0.0, 0.0), (function,))], X, (9.0, 0.7))
    z = X[:, 0] - X[:, 1]
    slope = 0.7 * np.exp(0.7 * z) + 2 * z
    assert values[:, 0] == pytest.approx(np.exp(0.7 * z) + z**2)
    assert slopes[:, 0] == pytest.approx(np.column_stack([slope, -slope]))


def test_inner_constants_that_stand_nowhere_go():
    k = sympy.Symbol("k0")
    one = Term((0.0,), (Function(Curve(sympy.exp(k * ARGUMENT), (k,), (2,)), (1.0,)),))
    other = Term((1.0,), (Function("sin", (1.0,), 0),))
    terms, rates = without_idle((one, other), (3.0, 4.0, 5.0))
    assert rates == (3.0, 5.0)
    X = np.array([[0.3], [0.9]])
    before = values_and_slopes((one, other), X, (3.0, 4.0, 5.0))
    after = values_and_slopes(terms, X, rates)
    assert np.array_equal(before[0], after[0]) and np.array_equal(before[1], after[1])
