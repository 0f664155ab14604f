"""Whole coefficients and exponents are seen beside whatever else a law has, and others are not taken for whole."""

import numpy as np
import pytest
import sympy

from kansym.structure.whole_terms import LEAST_ROWS, dominant_term, likely_factors, whole_factors, whole_terms

SYMBOLS = A, B, C, D, E = sympy.symbols("a b c d e", real=True)


@pytest.fixture
def rows(box):
    """A thousand rows of five columns of both signs."""
    return box(1000, *[(-10, 10)] * 5)


@pytest.mark.parametrize(
    ("expression", "taken", "gone"),
    [
        (A - B**2 + sympy.sqrt(C**2 + D**2 + E**2), A - B**2, (0, 1)),
        (A * B + 2 * A - sympy.log(1 + C**2 + E**2), A * B + 2.0 * A, (0, 1)),
        (A + sympy.sin(B) + 0.4 * sympy.cos(C * D + E), A + sympy.sin(B), (0, 1)),
        (A * sympy.sin(A) + B - sympy.sqrt(C**2 + D**2 + E**2), A * sympy.sin(A) + B, (0, 1)),
        (A * B * C - B * sympy.cos(D) + sympy.sqrt(E + 10.1), A * B * C - B * sympy.cos(D), (0, 1, 2, 3)),
    ],
    ids=str,
)
def test_terms_beside_another_function(rows, law, expression, taken, gone):
    found = whole_terms(rows, law(expression, SYMBOLS).predict(rows), SYMBOLS)
    assert found is not None and not found.product
    assert sympy.simplify(found.expression - taken) == 0
    assert found.gone == gone
    assert np.allclose(found.values, law(taken, SYMBOLS).predict(rows), rtol=1e-12)


def test_what_few_of_many_rows_show_holds_on_all(box, law):
    X = box(9000, *[(-10, 10)] * 5)
    found = whole_terms(X, law(A - B**2 + sympy.sqrt(C**2 + D**2 + E**2), SYMBOLS).predict(X), SYMBOLS)
    assert found is not None and np.allclose(found.values, X[:, 0] - X[:, 1] ** 2, rtol=1e-12)


def test_wide_tables_are_left_alone(box):
    X = box(400, *[(-10, 10)] * 13)
    assert whole_terms(X, X[:, 0] - X[:, 1] ** 2 + np.abs(X[:, 2]), sympy.symbols("x:13", real=True)) is None


def test_a_column_that_another_term_depends_on_stays(rows, law):
    expression = A + B + sympy.sqrt(B**2 + C**2 + 3)
    found = whole_terms(rows, law(expression, SYMBOLS).predict(rows), SYMBOLS)
    assert found is not None and found.gone == (0,)
    assert found.expression == A


def test_a_factor_of_a_column_that_stays_is_not_taken(box, law):
    # The sine is nearly its argument, which shows beside the rest of its logarithm.
    X = box(1461, (0.5, 4.0), (0.0, 1.2), (0.01, 3.0), (1.0, 5.0))
    expression = D * sympy.sin(C) * sympy.cos(B) / sympy.sqrt(1 + A * sympy.sin(C) ** 2)
    found = whole_factors(X, law(expression, SYMBOLS[:4]).predict(X), SYMBOLS[:4])
    assert found is not None and found.gone == (3,)
    assert found.expression == D


@pytest.mark.parametrize("number", [0.29, 1.42, 2.5])
def test_other_coefficients_are_not_whole(rows, law, number):
    expression = number * A + sympy.sqrt(B**2 + C**2 + D**2 + E**2)
    assert whole_terms(rows, law(expression, SYMBOLS).predict(rows), SYMBOLS) is None


def test_few_rows_with_poles_do_not_decide(rows, law):
    # A hundredth of the rows is farther off than all others together.
    expression = A - B + 0.5 / (C * D * E)
    found = whole_terms(rows, law(expression, SYMBOLS).predict(rows), SYMBOLS)
    assert found is not None and found.expression == A - B


@pytest.mark.parametrize(
    ("expression", "taken", "gone"),
    [
        (A * B**-2 * (C + D + 40), A * B**-2, (0, 1)),
        (A / B * sympy.cos(C * D), A / B, (0, 1)),
    ],
    ids=str,
)
def test_factors_of_another_function(rows, law, expression, taken, gone):
    found = whole_factors(rows, law(expression, SYMBOLS).predict(rows), SYMBOLS)
    assert found is not None and found.product
    assert sympy.simplify(found.expression / taken) == 1
    assert set(gone) <= set(found.gone)
    assert np.allclose(found.values, law(found.expression, SYMBOLS).predict(rows), rtol=1e-12)


def test_roots_of_columns_of_one_sign(box, law):
    X = box(1000, (0.1, 10), (-10, -0.1), (-10, 10), (-10, 10))
    t = law(sympy.sqrt(A) / sympy.sqrt(-B) * sympy.cos(C * D), SYMBOLS[:4]).predict(X)
    found = whole_factors(X, t, SYMBOLS[:4])
    assert found is not None and sympy.simplify(found.expression - sympy.sqrt(A) / sympy.sqrt(-B)) == 0


def test_few_rows_say_nothing(rows, law):
    y = law(A + sympy.cos(B), SYMBOLS).predict(rows)
    assert whole_terms(rows[:200], y[:200], SYMBOLS) is None
    assert whole_factors(rows[:200], y[:200], SYMBOLS) is None


@pytest.mark.parametrize(
    ("expression", "taken"),
    [
        (A**4 * B**4 / (C * D**4) - D + C + E, A**4 * B**4 / (C * D**4)),
        (sympy.exp(A + B + C) + A * D - 2.5 * E, sympy.exp(A) * sympy.exp(B) * sympy.exp(C)),
        (-2 * A**3 * B**3 + sympy.sin(C), -2.0 * A**3 * B**3),
    ],
    ids=str,
)
def test_a_term_that_dominates_over_decades(rows, law, expression, taken):
    found = dominant_term(rows, law(expression, SYMBOLS).predict(rows), SYMBOLS)
    assert found is not None and sympy.simplify(found.expression - taken) == 0
    assert np.allclose(found.values, law(taken, SYMBOLS).predict(rows), rtol=1e-12)


def test_no_term_dominates_a_sum_of_equals(rows, law):
    for expression in (A * B + C * D, 1.37 * A**4 * B**4 + C, A + B + C):
        assert dominant_term(rows, law(expression, SYMBOLS).predict(rows), SYMBOLS) is None


@pytest.mark.parametrize("size", [1e-150, 1e150])
def test_extreme_values_are_no_error(rows, law, size):
    y = law(A + sympy.exp(B * C) * D, SYMBOLS).predict(rows)
    for engine in (whole_terms, whole_factors, dominant_term):
        with np.errstate(all="ignore"):
            engine(rows, size * y, SYMBOLS)
            engine(size * rows, y, SYMBOLS)
            engine(rows, np.sign(y), SYMBOLS)


@pytest.mark.parametrize(
    ("expression", "factors"),
    [
        (A**2 * B * (C**2 + D**2), A**2 * B),
        (A * B**-5 * sympy.sqrt(C**2 + D**2 + E**2), A * B**-5),
        (A * B / (C * (D - E) ** 2), A * B / C),
        (E * (A + B * C * sympy.sin(D)), E),
    ],
    ids=str,
)
def test_likely_factors_of_few_rows(rng, law, expression, factors):
    # Both signs, and decades: neighbours in all columns are far apart.
    signs = rng.choice([-1.0, 1.0], (LEAST_ROWS // 2, 5))
    X = signs * 10 ** rng.uniform(-1, 1, signs.shape)
    found = likely_factors(X, law(expression, SYMBOLS).predict(X), SYMBOLS)
    assert all(one.product for one in found)
    (right,) = (one for one in found if sympy.simplify(one.expression / factors) == 1)
    assert {SYMBOLS[k] for k in right.gone} == factors.free_symbols
    assert np.allclose(right.values, law(factors, SYMBOLS).predict(X), rtol=1e-12)


def test_what_is_no_product_has_no_likely_factors_and_many_rows_are_sure(rows, rng, law):
    few = rng.uniform(1, 2, (LEAST_ROWS // 2, 5))
    assert likely_factors(few, law(A**1.3 + B + sympy.exp(C) + D * E, SYMBOLS).predict(few), SYMBOLS) == []
    assert likely_factors(rows, law(A**2 * B * (C**2 + D**2), SYMBOLS).predict(rows), SYMBOLS) == []
    zero = few.copy()
    zero[3, 0] = 0.0
    assert likely_factors(zero, law(A * (B + C), SYMBOLS).predict(zero), SYMBOLS) == []
