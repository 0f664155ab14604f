"""Exponents of monomials and of dimensionless products are read from gradients."""

import itertools

import numpy as np
import pytest
import sympy
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from kansym.structure.scaling_symmetry import (
    LARGEST_EXPONENT,
    _alike,
    nearest_rational,
    scaling_reductions,
    shortened,
    symmetry_matrix,
)
from kansym.structure.surrogate import best_surrogate

few = settings(max_examples=25)
SYMBOLS = sympy.symbols("a b c d e", positive=True)
A, B, C = SYMBOLS[:3]
small = st.integers(-3, 3)


def monomial(exponents):
    return sympy.Mul(*(symbol ** int(p) for symbol, p in zip(SYMBOLS, exponents, strict=False)))


def with_groups(found, number):
    """The reductions to `number` columns; a liberal threshold may put larger ones before them."""
    lists = [reductions for reductions in found if len(reductions[0].groups) == number]
    assert len(lists) == 1
    return lists[0]


@st.composite
def buckingham(draw):
    """Exponents (d,) of a factor and (m, d) of products, from which the products can be had without fractions."""
    d = draw(st.integers(2, 5))
    m = draw(st.integers(1, min(2, d - 1)))
    free = draw(st.lists(st.integers(-2, 2), min_size=m * (d - m), max_size=m * (d - m)))
    groups = np.column_stack([np.eye(m, dtype=int), np.reshape(free, (m, d - m))])
    # A single column is no product.
    assume((np.abs(groups[:, m:]).sum(1) > 0).all())
    order = draw(st.permutations(range(d)))
    groups, factor = groups[:, order], np.array(draw(st.lists(small, min_size=d, max_size=d)))
    # Written without the columns that the products are named after, the factor must have exponents that are believed.
    own = [order.index(k) for k in range(m)]
    assume(np.abs(factor - factor[own] @ groups).max() <= LARGEST_EXPONENT)
    return factor, groups


@few
@given(st.lists(small, min_size=1, max_size=5).filter(any), st.booleans(), st.booleans())
def test_a_monomial_is_read_whole(box, law, exponents, log_target, noisy):
    d = len(exponents)
    X = box(150, *[(0.6, 1.8)] * d)
    y = law(-2 * monomial(exponents), SYMBOLS[:d], log_target=log_target)
    first = next(scaling_reductions(y, X, noisy=noisy))[0]
    np.testing.assert_array_equal(first.factor, exponents)
    assert first.groups.shape == (0, d) and first.misfit < 1e-6


@few
@given(buckingham(), st.booleans())
def test_buckingham(box, law, outside, planted, log_target):
    factor, groups = planted
    m, d = groups.shape
    pi = [monomial(row) for row in groups]
    F = sympy.exp(sympy.tanh(pi[0])) if m == 1 else 1 + sympy.tanh(pi[0]) * sympy.exp(-pi[1] / 2)
    X = box(300, *[(0.5, 2.0)] * d)
    found = with_groups(scaling_reductions(law(monomial(factor) * F, SYMBOLS[:d], log_target=log_target), X), m)
    assert found[0].misfit < 1e-6
    for reduction in found:
        if reduction.misfit < 1e-6:
            # The same products, up to products of them; the same factor, up to products of them.
            assert outside(reduction.groups, groups) < 1e-9
            assert outside(groups, reduction.groups) < 1e-9
            assert outside(reduction.factor - factor, groups) < 1e-9


@few
@given(buckingham())
def test_the_matrix_annihilates_every_symmetry(box, law, planted):
    factor, groups = planted
    d = groups.shape[1]
    y = monomial(factor) * sympy.cosh(sympy.Add(*(monomial(row) for row in groups)))
    X = box(100, *[(0.8, 1.25)] * d)
    symmetries = sympy.Matrix(groups).nullspace()
    for noisy in (False, True):
        matrix = symmetry_matrix(law(y, SYMBOLS[:d]), X, noisy=noisy)
        for symmetry in symmetries:
            a = np.array(symmetry.T, dtype=float)[0]
            assert np.abs(matrix @ np.r_[a, a @ factor]).max() < 1e-9 * np.abs(matrix).max()


def test_rows_have_unit_length_without_noise_and_keep_their_size_with_it(box, law):
    X = box(50, None, None)
    y = law(SYMBOLS[0] ** 3 * sympy.exp(SYMBOLS[1]), SYMBOLS[:2])
    np.testing.assert_allclose(np.linalg.norm(symmetry_matrix(y, X, noisy=False), axis=1), 1.0)
    noisy = symmetry_matrix(y, X, noisy=True)
    share = noisy[:, 2] / -y.predict(X)
    assert (share <= 1 + 1e-12).all() and np.mean(share > 1 - 1e-12) == 0.9


@pytest.mark.parametrize("steep", [1.0, 1e3, 1e9])
def test_a_row_that_is_too_steep_does_not_decide_for_all(rng, steep):
    # All rows but one lie across one direction.
    across = np.array([1.0, -2.0, 0.5])
    rows = rng.normal(size=(80, 3))
    rows -= np.outer(rows @ across, across) / (across @ across)
    rows[17] = steep * across
    _, _, right = np.linalg.svd(shortened(rows))
    assert abs(right[-1] @ across) / np.linalg.norm(across) > 0.98


@pytest.mark.parametrize(
    "expression, powers, degree",
    [
        (A * sympy.tanh((A + B) / C), [1, 1, 1], 1),
        (sympy.exp(-A * B) * sympy.sin(C) / A, [1, -1, 0], -1),
        (sympy.sqrt(A) * sympy.atan(A / C + B), [1, 0, 1], 0.5),
    ],
)
def test_with_noise_columns_that_are_scaled_alike_are_seen_by_their_small_exponents(
    box, law, expression, powers, degree
):
    X = box(200, None, None, None)
    matrix = symmetry_matrix(law(expression, SYMBOLS[:3]), X, noisy=True)
    (reduction,) = next(_alike(matrix, X))
    assert len(reduction.groups) == 2
    np.testing.assert_array_equal(reduction.groups @ powers, 0)
    assert reduction.factor @ powers == degree


def test_a_single_column_is_scaled_alike_with_no_other(box, law):
    X = box(200, None)
    assert not list(_alike(symmetry_matrix(law(A**2, SYMBOLS[:1]), X, noisy=True), X))


@pytest.mark.long
@few
@given(buckingham(), st.integers(-6, 6))
def test_units_do_not_matter(box, law, planted, decade):
    factor, groups = planted
    d = groups.shape[1]
    y = monomial(factor) * sympy.exp(sympy.tanh(monomial(groups[0])))
    scaled = y.xreplace({SYMBOLS[0]: SYMBOLS[0] / sympy.Integer(10) ** decade})
    X = box(200, *[(0.5, 2.0)] * d)
    units = np.r_[10.0**decade, np.ones(d - 1)]
    first = with_groups(scaling_reductions(law(y, SYMBOLS[:d]), X), 1)[0]
    second = with_groups(scaling_reductions(law(scaled, SYMBOLS[:d]), X * units), 1)[0]
    np.testing.assert_array_equal(first.factor, second.factor)
    np.testing.assert_array_equal(first.groups, second.groups)


def test_a_column_without_influence_is_in_no_product(box, law):
    a, b, c, d = SYMBOLS[:4]
    y = law(a * sympy.tanh(b / c), (a, b, c, d))
    first = with_groups(scaling_reductions(y, box(200, None, None, None, None)), 1)[0]
    assert first.groups[0, 3] == 0 == first.factor[3]
    assert sorted(np.abs(first.groups[0]).tolist()) == [0, 0, 1, 1]


def test_columns_of_both_signs_have_whole_powers(box, law, outside):
    a, b, c = sympy.symbols("a b c", real=True)
    X = box(300, None, (-2.0, 2.0), None)
    y = law(a * sympy.tanh(b / c), (a, b, c))
    for reductions in scaling_reductions(y, X):
        for one in reductions:
            mixed = np.r_[one.factor[1], one.groups[:, 1]]
            np.testing.assert_allclose(mixed, np.round(mixed), atol=1e-12)
    first = with_groups(scaling_reductions(y, X), 1)[0]
    assert outside(first.groups, [[0, 1, -1]]) < 1e-9 and outside(first.factor - [1, 0, 0], [[0, 1, -1]]) < 1e-9


@pytest.mark.parametrize("inner", ["b/c", "c/b", "b*c", "b**2/c"])
def test_a_column_of_both_signs_stays_above(box, law, inner):
    b, c = sympy.symbols("b c", real=True)
    X = box(300, (-2.0, 2.0), None)
    y = law(sympy.tanh(sympy.sympify(inner, {"b": b, "c": c})), (b, c))
    found = [one for noisy in (False, True) for group in scaling_reductions(y, X, noisy=noisy) for one in group]
    assert found and all((one.groups[:, 0] >= 0).all() for one in found)


def test_nothing_is_divided_by_a_column_with_zeros(box, law):
    a, b, c = sympy.symbols("a b c", real=True)
    X = box(300, None, (-2.0, 2.0), None)
    X[7, 1] = 0.0
    for reductions in scaling_reductions(law(a * sympy.tanh(b / c), (a, b, c)), X):
        for one in reductions:
            assert one.factor[1] >= 0 and (one.groups[:, 1] >= 0).all()


def test_negative_columns_are_columns_like_others(box, law):
    a, b, c = sympy.symbols("a b c", real=True)
    X = box(300, (-2.0, -0.5), (-2.0, -0.5), None)
    first = with_groups(scaling_reductions(law(a**2 * sympy.cosh(b / c), (a, b, c)), X), 1)[0]
    assert first.factor.tolist() == [2, 0, 0] and np.abs(first.groups).tolist() == [[0, 1, 1]]


def test_fractions(box, law):
    a, b, c = SYMBOLS[:3]
    y = law(sympy.sqrt(a) * b ** sympy.Rational(-2, 3), (a, b, c))
    first = next(scaling_reductions(y, box(200, None, None, None)))[0]
    np.testing.assert_allclose(first.factor, [0.5, -2 / 3, 0], atol=1e-12)


def test_products_are_whole_and_their_number_is_what_symmetries_leave(box, law):
    a, b, c, d = SYMBOLS[:4]
    y = law(sympy.sqrt(a) * sympy.tanh(sympy.sqrt(b * c) / d), (a, b, c, d))
    for reductions in scaling_reductions(y, box(200, None, None, None, None), most=2):
        assert 1 <= len(reductions) <= 2
        for one in reductions:
            np.testing.assert_allclose(one.groups, np.round(one.groups), atol=1e-9)
            assert np.linalg.matrix_rank(one.groups) == len(one.groups)


@pytest.mark.parametrize(
    "expression, factor, groups",
    [
        (A**2 * B / C, [2, 1, -1], []),
        (A * sympy.sin(B / C), [1, 0, 0], [[0, 1, -1]]),
        (A * sympy.exp(-A / B) * C**2, [1, 0, 2], [[1, -1, 0]]),
        (B * sympy.tanh(A * C), [0, 1, 0], [[1, 0, 1]]),
    ],
    ids=str,
)
def test_exponents_are_read_from_an_interpolant(box, law, outside, expression, factor, groups):
    X = box(300, None, None, None)
    surrogate = best_surrogate(X, law(expression, (A, B, C)).predict(X))
    assert surrogate is not None
    first = with_groups(scaling_reductions(surrogate, X), len(groups))[0]
    assert outside(first.factor - np.array(factor), np.reshape(groups, (-1, 3))) < 1e-9
    assert outside(first.groups, np.reshape(groups, (-1, 3))) < 1e-9


@given(st.integers(-20, 20), st.sampled_from([1, 2, 3]), st.floats(-4e-3, 4e-3))
def test_fractions_of_small_denominators_are_recognised(numerator, denominator, blur):
    exact = numerator / denominator
    rounded, misfit = nearest_rational(np.array([exact + blur]))
    assert abs(rounded[0] - exact) < 1e-12 and misfit == pytest.approx(abs(blur), abs=1e-12)


@given(st.lists(st.floats(-8, 8), max_size=4), st.booleans())
def test_the_misfit_is_the_largest_change(values, noisy):
    rounded, misfit = nearest_rational(np.array(values), noisy=noisy)
    assert misfit == pytest.approx(max((abs(v - r) for v, r in zip(values, rounded, strict=True)), default=0.0))
    assert misfit <= 0.5
    allowed = (1, 2) if noisy else (1, 2, 3)
    for value in rounded:
        assert any(abs(value * q - round(value * q)) < 1e-9 for q in allowed)


@pytest.mark.parametrize("value, expected", [(0.9, 1.0), (0.3, 0.0), (0.45, 0.5), (-1.55, -1.5), (-2.2, -2.0)])
def test_with_noise_halves_are_taken_only_far_from_integers(value, expected):
    assert nearest_rational(np.array([value]), noisy=True)[0][0] == expected


def test_candidates_are_ordered_from_many_symmetries_to_few(box, law):
    a, b, c, d = SYMBOLS[:4]
    X = box(200, None, None, None, None)
    numbers = [len(r[0].groups) for r in scaling_reductions(law(a * sympy.sin(b / c) + a * d / c, (a, b, c, d)), X)]
    assert numbers == sorted(numbers) and 2 in numbers
    assert all(p < q for p, q in itertools.pairwise(numbers))
