"""Sums of products of elementary functions are found exactly, and only where there are some."""

import numpy as np
import pytest
import sympy
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from kansym.structure.sparse import FEW_ROWS, sparse_fits, sparse_law

SYMBOLS = A, B, C = sympy.symbols("a b c", positive=True)
few = settings(max_examples=15)

SINGLE = [
    lambda x: x,
    lambda x: x**2,
    lambda x: x**3,
    sympy.sin,
    sympy.cos,
    sympy.exp,
    lambda x: sympy.exp(-x),
    lambda x: 1 / x,
    sympy.sqrt,
    sympy.log,
]
factors = st.sampled_from(SINGLE)


@st.composite
def sums(draw):
    """One or two terms, each a function of a, of b, or a product of both; and a constant.

    All pairs are tried, so these must be found; more terms are a matter of pursuit.
    """
    terms = []
    for _ in range(draw(st.integers(1, 2))):
        parts = draw(st.sampled_from([(A,), (B,), (A, B)]))
        terms.append(sympy.Mul(*(draw(factors)(part) for part in parts)))
    assume(len(set(terms)) == len(terms))
    sizes = [draw(st.sampled_from([-3.0, -1.0, 0.4, 1.0, 2.5])) for _ in terms]
    constant = draw(st.sampled_from([0.0, 1.0, -20.0]))
    return len(terms), sympy.Add(*(sympy.Float(c) * term for c, term in zip(sizes, terms, strict=True)), constant)


@few
@given(sums(), st.integers(-6, 6))
def test_planted_sums(box, law, agree, planted, decade):
    number, expression = planted
    expression = sympy.Integer(10) ** decade * expression
    X = box(300, None, None)
    t = law(expression, (A, B)).predict(X)
    assume(t.std() > 1e-2 * np.abs(t).max())
    found = sparse_law(X, t, (A, B))
    assert found is not None
    assert agree(found, expression, (A, B), box(100, (0.3, 4), (0.3, 4), seed=1), relative=1e-6)
    # No more terms than were planted, next to the constant; an identity such as cos(2b) + 2 sin(b)^2 = 1 costs one.
    assert len(sympy.Add.make_args(found)) <= number + 2


@pytest.mark.parametrize(
    "expression",
    [
        1 + A**2 - 2 * A * sympy.cos(B),
        A * sympy.sin(B) * C**2,
        sympy.sin(A) ** 2 + sympy.exp(B) * C**2 + 4 * A,
        sympy.log(A) - sympy.log(B),
        3 * A * B * C - C**3,
    ],
    ids=str,
)
def test_three_columns(box, law, agree, expression):
    X = box(300, None, None, (0.5, 1.5))
    found = sparse_law(X, law(expression, SYMBOLS).predict(X), SYMBOLS)
    assert found is not None and agree(found, expression, SYMBOLS, box(100, None, None, None, seed=1), relative=1e-7)


@pytest.mark.parametrize(
    "expression",
    [sympy.tanh(A), sympy.exp(-(A**2)) * B, sympy.sin(A * B), 1 / (1 + A * B), sympy.sqrt(1 + A**2 + B**2)],
    ids=str,
)
def test_other_laws_are_not_forced_into_the_dictionary(box, law, expression):
    X = box(300, None, None)
    assert sparse_law(X, law(expression, (A, B)).predict(X), (A, B)) is None


def test_noise_is_no_law(box, rng):
    X = box(300, None, None)
    assert sparse_law(X, rng.normal(size=300), (A, B)) is None
    assert sparse_law(X, X[:, 0] + 1e-7 * rng.normal(size=300), (A, B)) is None


def test_rows_that_were_not_looked_at_count(box):
    X = box(2000, None, None)
    t = X[:, 0] * X[:, 1]
    chosen = set(np.linspace(0, 1999, 400).astype(int).tolist())
    t[next(k for k in range(2000) if k not in chosen)] += 1.0
    assert sparse_law(X, t, (A, B)) is None


def test_columns_of_both_signs_and_zeros(box, agree):
    a, b = sympy.symbols("a b", real=True)
    X = box(300, (-2, 2), (-2, 2))
    X[0] = 0.0
    expression = a**3 - 2 * sympy.sin(b) * a
    found = sparse_law(X, X[:, 0] ** 3 - 2 * np.sin(X[:, 1]) * X[:, 0], (a, b))
    assert found is not None and agree(found, expression, (a, b), box(100, (-3, 3), (-3, 3), seed=1))


@pytest.mark.parametrize("units", [(1e6, 1.0), (1e-6, 1e3)], ids=str)
def test_large_and_small_columns_keep_to_powers(box, units, agree):
    X = box(300, None, None) * units
    found = sparse_law(X, X[:, 0] ** 2 / units[0] ** 2 + 3 * X[:, 1] / units[1], (A, B))
    assert found is not None
    assert agree(found, A**2 / units[0] ** 2 + 3 * B / units[1], (A, B), box(100, None, None, seed=1) * units)


def test_tables_it_does_not_ask(box):
    X = box(100, None, None, None, None)
    four = sympy.symbols("p q r s")
    assert sparse_law(X, X.sum(1), four) is None
    assert sparse_law(X[:, :0], X[:, 0], ()) is None
    assert sparse_law(X[:50, :2], X[:50, 0], (A, B)) is None
    assert sparse_law(X[:, :2], np.full(100, 3.0), (A, B)) is None


def test_a_constant_column_does_no_harm(box, law, agree):
    X = np.column_stack([box(200, None), np.full(200, 1.5)])
    found = sparse_law(X, np.sin(X[:, 0]) + X[:, 0], (A, B))
    assert found is not None
    assert agree(found, sympy.sin(A) + A, (A, B), X)


def test_three_terms_that_hide_each_other(box, law, agree):
    # Bar magnets (Strogatz, p. 286): any two of the three terms are a poor start.
    expression = sympy.sin(A) * sympy.cos(B) / 2 - sympy.cos(A) * sympy.sin(B) / 2 - sympy.sin(A)
    X = box(300, (0.0, 6.3), (0.0, 6.3))
    t = law(expression, (A, B)).predict(X)
    found = sparse_law(X, t, (A, B), triples=True)
    assert found is not None
    assert agree(found, expression, (A, B), box(100, (-1, 7), (-1, 7), seed=1), relative=1e-8)


@pytest.mark.parametrize(
    "expression",
    [
        # Interference (Feynman I.37.4) and the law of cosines, per unit of one amplitude.
        1 + A + 2 * sympy.sqrt(A) * sympy.cos(B),
        1 + A**2 - 2 * A * sympy.cos(B),
        2.5 * A * B - B**3,
        3 * sympy.exp(-A) + 0.7,
    ],
    ids=str,
)
@pytest.mark.parametrize("noise", [0.01, 0.1])
def test_noisy_sums_have_the_right_terms_first(box, law, rng, expression, noise):
    X = box(1000, (0.3, 3.0), (0.3, 5.0))
    exact = law(expression, (A, B)).predict(X)
    t = exact + noise * exact.std() * rng.normal(size=len(X))
    found = sparse_fits(X, t, (A, B))[0]
    expected = {term.as_coeff_Mul()[1] for term in sympy.Add.make_args(sympy.sympify(expression))} - {sympy.S.One}
    assert {term.as_coeff_Mul()[1] for term in sympy.Add.make_args(found)} - {sympy.S.One} == expected
    # Three or four coefficients from a thousand rows: sqrt(4/1000) of the noise, give or take as much.
    assert np.sqrt(np.mean((law(found, (A, B)).predict(X) - exact) ** 2)) < 0.15 * noise * exact.std()


def test_noisy_sums_heed_weights_but_not_one_row_above_all(box, law, rng):
    X = box(600, (0.3, 3.0), (0.3, 5.0))
    expression = 1 + A**2 - 2 * A * sympy.cos(B)
    t = law(expression, (A, B)).predict(X)
    weights = np.ones(len(t))
    bad = rng.random(len(t)) < 0.2
    bad[0] = False
    t[bad] += 30 * rng.normal(size=bad.sum())
    weights[bad] = 1e-6
    weights[0] = 1e12
    found = sparse_fits(X, t, (A, B), weights)[0]
    assert {term.as_coeff_Mul()[1] for term in sympy.Add.make_args(found)} == {1, A**2, A * sympy.cos(B)}


@pytest.mark.parametrize("rows", [59, 0])
def test_no_noisy_sums_of_few_rows_or_of_nothing(box, rows):
    X = box(max(rows, 100), None, None)[: rows or None]
    assert sparse_fits(X, X[:, 0] if rows else np.ones(len(X)), (A, B)) == []


@pytest.mark.parametrize("rows", [FEW_ROWS - 1, FEW_ROWS])
def test_four_columns_of_few_rows(box, law, agree, rows):
    D = sympy.Symbol("d", positive=True)
    variables, expression = (A, B, C, D), 1.3 * A + 0.7 * B * C * sympy.sin(D)
    X = box(rows, None, None, None, None)
    y = law(expression, variables).predict(X)
    assert sparse_law(X, y, variables) is None
    found = sparse_law(X, y, variables, four=True)
    if rows < FEW_ROWS:
        assert found is not None and agree(found, expression, variables, box(100, *[None] * 4, seed=1))
    else:
        assert found is None


@pytest.mark.parametrize("columns", [4, 6, 7])
def test_noisy_sums_of_products_of_powers_of_many_columns(columns, box, law, rng):
    variables = sympy.symbols(f"v:{columns}", positive=True)
    first, second, third, fourth = variables[:4]
    expression = second * fourth - first * second + 1.5 * first * third / fourth + 2 * third**2
    X = box(60, *[(0.5, 3.0)] * columns)
    exact = law(expression, variables).predict(X)
    t = exact + 0.01 * exact.std() * rng.normal(size=len(X))
    terms = [{term.as_coeff_Mul()[1] for term in sympy.Add.make_args(one)} for one in sparse_fits(X, t, variables)]
    wanted = {second * fourth, first * second, first * third / fourth, third**2}
    assert any(wanted <= one and len(one) <= 7 for one in terms)


def test_no_noisy_sums_of_powers_of_few_rows_or_too_many_columns(box, rng):
    variables = sympy.symbols("v:8", positive=True)
    X = box(60, *[(0.5, 3.0)] * 8)
    assert sparse_fits(X[:29, :5], rng.normal(size=29), variables[:5]) == []
    assert sparse_fits(X, rng.normal(size=60), variables) == []
